"""What is kept of every number: the ink as it was sent, what was read, and by which model version."""

from typing import Any

from django.db import models

from phonereader.jobs.models import Job


class ModelVersion(models.Model):
    """Immutable weights with what describes them. The number of a version is its id and only rises."""

    version = models.AutoField(primary_key=True)
    architecture = models.CharField(max_length=64)
    glyph_version = models.PositiveSmallIntegerField(help_text="Of the function that makes glyphs from ink")
    weights = models.BinaryField(help_text="safetensors")
    sha256 = models.CharField(max_length=64, unique=True)
    metrics = models.JSONField(default=dict)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT)
    origin = models.CharField(
        max_length=200, help_text="Where it comes from: shipped, a file, a training run"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-version"]

    def __str__(self) -> str:
        return f"version {self.version} ({self.architecture})"


class Activation(models.Model):
    """A model version was put into service. The newest row names the active model."""

    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="activations")
    previous = models.ForeignKey(ModelVersion, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    by = models.CharField(max_length=200)
    reason = models.CharField(max_length=500)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.model} by {self.by}"


class Submission(models.Model):
    """One number as it was sent. It shares its id with its job."""

    class Source(models.TextChoices):
        API = "api"
        PAGE = "page"
        TUTORIAL = "tutorial", "tutorial's call"

    job = models.OneToOneField(Job, primary_key=True, on_delete=models.CASCADE, related_name="submission")
    source = models.CharField(max_length=16, choices=Source)
    region = models.CharField(max_length=2, blank=True, help_text="Hint: ISO 3166-1 alpha-2")
    contributed = models.BooleanField(default=False, help_text="May be reviewed and used for training")
    created_at = models.DateTimeField(auto_now_add=True)

    # Written once, with the result.
    digits = models.CharField(max_length=15, blank=True, db_index=True)
    confidence = models.FloatField(null=True)
    model = models.ForeignKey(ModelVersion, null=True, on_delete=models.PROTECT)
    timings = models.JSONField(default=dict, help_text="Milliseconds of each step of the reading")

    class Meta:
        ordering = ["-job_id"]

    def __str__(self) -> str:
        return self.digits or "not read"


class Box(models.Model):
    """One drawn digit, as it was sent: strokes, or the bytes of a picture."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="boxes")
    position = models.PositiveSmallIntegerField(help_text="From 1, in reading order")
    strokes = models.JSONField(null=True, help_text='{"strokes", "width", "height", "brush"} as sent')
    picture = models.BinaryField(null=True, help_text="The file as sent")

    class Meta:
        ordering = ["submission", "position"]
        verbose_name_plural = "boxes"
        constraints = [models.UniqueConstraint(fields=["submission", "position"], name="box_once")]

    def __str__(self) -> str:
        return f"box {self.position}"


class Correction(models.Model):
    """What a submitter says that the boxes say: a claim, never trained on before review."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="corrections")
    digits = models.CharField(max_length=15, help_text="One character a box, in order; - for no digit")
    by = models.CharField(max_length=200)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.digits


class Reading(models.Model):
    """What one model version read in a box."""

    class State(models.TextChoices):
        READ = "read"
        BLANK = "blank"
        UNREADABLE = "unreadable"

    box = models.ForeignKey(Box, on_delete=models.CASCADE, related_name="readings")
    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="readings")
    state = models.CharField(max_length=16, choices=State)
    digit = models.CharField(max_length=1, blank=True)
    confidence = models.FloatField(null=True)
    probabilities = models.JSONField(null=True, help_text="Of the digits 0 to 9")
    glyph = models.BinaryField(null=True, help_text="28x28 bytes, white on black, as the network saw it")
    doubt = models.FloatField(
        null=True, editable=False, help_text="How much a reviewer's word is wanted; null: it is not"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["box", "model"], name="reading_once")]
        indexes = [
            models.Index(
                fields=["doubt", "id"], name="reading_doubt", condition=models.Q(doubt__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return self.digit or self.state

    def alternatives(self) -> list[dict[str, Any]]:
        """The other digits, likeliest first."""
        ranked = sorted(enumerate(self.probabilities or []), key=lambda pair: -pair[1])
        return [{"digit": str(digit), "confidence": p} for digit, p in ranked if str(digit) != self.digit]
