"""What is learned from: samples with the history of their labels, training runs, judgements, transfers."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from phonereader.jobs.models import Job
from recognition.models import Box, ModelVersion, Reading

NO_DIGIT = "-"
"""The label of ink that is no digit."""
LABELS = [*"0123456789", NO_DIGIT]


class Sample(models.Model):
    """A glyph with a label that training may use, or judges by: ``split`` is decided once, for ever.

    It holds its own copy of the ink, because it outlives the submission it came from, and because a later
    version of the glyph function makes its glyph anew. ``digit`` is what its newest label says, empty when
    that was withdrawn; only ``training.samples`` writes either.
    """

    class Split(models.TextChoices):
        TRAIN = "train"
        HOLDOUT = "holdout"

    box = models.OneToOneField(Box, null=True, blank=True, on_delete=models.SET_NULL, related_name="sample")
    origin = models.CharField(max_length=200, db_index=True, help_text="Drawings of one origin share a split")
    split = models.CharField(max_length=8, choices=Split)
    digit = models.CharField(max_length=1, blank=True, choices=[(label, label) for label in LABELS])
    strokes = models.JSONField(null=True)
    picture = models.BinaryField(null=True)
    ink_sha256 = models.CharField(
        max_length=64, db_index=True, help_text="The same ink is not taken in twice"
    )
    glyph = models.BinaryField(help_text="28x28 bytes, white on black")
    glyph_version = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    labelled_at = models.DateTimeField(help_text="When its newest label was given")

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=Q(digit__in=["", *LABELS]), name="sample_digit")]
        indexes = [models.Index(fields=["split", "digit"], name="sample_split_digit")]

    def __str__(self) -> str:
        return f"{self.digit or 'no label'} ({self.split})"


class Label(models.Model):
    """A reviewer's word about what a sample says. Never changed or deleted: relabelling adds a row."""

    class Via(models.TextChoices):
        REVIEW = "review"
        BULK = "bulk", "in bulk"
        SECOND = "second", "second look"
        IMPORT = "import"

    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, related_name="labels")
    text = models.CharField(max_length=1, blank=True, help_text="0 to 9, - for no digit, empty: withdrawn")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    by = models.CharField(max_length=200)
    via = models.CharField(max_length=8, choices=Via)
    at = models.DateTimeField(auto_now_add=True)
    undoes = models.OneToOneField(
        "self", null=True, editable=False, on_delete=models.CASCADE, related_name="undone_by"
    )

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["user", "id"], name="label_user_id")]

    def __str__(self) -> str:
        return f"{self.text or 'withdrawn'} by {self.by}"


class Review(Reading):
    """A box that waits for a reviewer, as the reading that is in doubt."""

    class Meta:
        proxy = True
        verbose_name = "digit to review"
        verbose_name_plural = "digits to review"


class ReviewLock(models.Model):
    """Keeps a box for one reviewer for a while; one whose time is over counts as none."""

    box = models.OneToOneField(Box, primary_key=True, on_delete=models.CASCADE, related_name="review_lock")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.box} for {self.user}"


class TrainingRun(models.Model):
    """A training job with its settings, data snapshot, curves and outcome. It shares its id with its job."""

    class Start(models.TextChoices):
        ACTIVE = "active", "from the active model"
        SCRATCH = "scratch", "from scratch"

    job = models.OneToOneField(Job, primary_key=True, on_delete=models.CASCADE, related_name="training_run")
    architecture = models.CharField(max_length=64)
    start = models.CharField(max_length=8, choices=Start)
    epochs = models.PositiveSmallIntegerField()
    seed = models.PositiveIntegerField()
    trigger = models.CharField(max_length=16, help_text="admin, api or schedule")
    parent = models.ForeignKey(
        ModelVersion, null=True, on_delete=models.PROTECT, related_name="+", help_text="What it starts from"
    )
    model = models.OneToOneField(
        ModelVersion,
        null=True,
        on_delete=models.PROTECT,
        related_name="training_run",
        help_text="Its outcome",
    )
    snapshot = models.JSONField(default=dict, help_text="The data it trains on: counts and their hash")
    curve = models.JSONField(default=list, help_text="A point for each epoch")
    live = models.JSONField(default=dict, help_text="Where it stands: epoch, batch, seconds left")
    log = models.TextField(blank=True)

    class Meta:
        ordering = ["-job_id"]

    def __str__(self) -> str:
        return f"{self.architecture} {self.start}"


class Checkpoint(models.Model):
    """Where a training run stands, so that another worker can go on from there."""

    run = models.OneToOneField(
        TrainingRun, primary_key=True, on_delete=models.CASCADE, related_name="checkpoint"
    )
    data = models.BinaryField(help_text="As training.trainer wrote it; loaded as plain tensors only")
    epoch = models.PositiveSmallIntegerField()
    at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"epoch {self.epoch}"


class Judgement(models.Model):
    """What the gate says of a model version, against the one that was active then. The newest row counts."""

    model = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="judgements")
    against = models.ForeignKey(ModelVersion, null=True, on_delete=models.SET_NULL, related_name="+")
    passed = models.BooleanField()
    sentence = models.CharField(max_length=1000, help_text="Why it passed or not")
    report = models.JSONField(default=dict, help_text="Figures of each set, per digit, confusions, errors")
    suspects = models.JSONField(
        default=list, help_text="Samples whose label it surely disagrees with: [id, answer, confidence]"
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return "passed" if self.passed else "refused"


class Transfer(models.Model):
    """Data in or out, or a shadow run, as a job. It shares its id with its job."""

    class What(models.TextChoices):
        IMPORT = "import"
        EXPORT = "export"
        SHADOW = "shadow", "shadow run"

    job = models.OneToOneField(Job, primary_key=True, on_delete=models.CASCADE, related_name="transfer")
    what = models.CharField(max_length=8, choices=What)
    options = models.JSONField(default=dict, help_text="Format, source, version, number of submissions")
    file = models.BinaryField(null=True, help_text="What is imported, or was exported")
    file_name = models.CharField(max_length=200, blank=True)
    report = models.JSONField(default=dict)

    class Meta:
        ordering = ["-job_id"]

    def __str__(self) -> str:
        return self.what


class Difference(models.Model):
    """A box that a shadow run's version reads otherwise than was read; it goes with the drawing."""

    transfer = models.ForeignKey(Transfer, on_delete=models.CASCADE, related_name="differences")
    box = models.ForeignKey(Box, on_delete=models.CASCADE, related_name="+")
    before = models.CharField(
        max_length=1, blank=True, help_text="A digit, ? for unreadable, empty for blank"
    )
    after = models.CharField(max_length=1, blank=True)
    sure_before = models.FloatField(null=True)
    sure_after = models.FloatField(null=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.before} -> {self.after}"


class Schedule(models.Model):
    """When the program retrains by itself: one row, off unless switched on in the admin."""

    enabled = models.BooleanField(default=False)
    new_labels = models.PositiveIntegerField(
        null=True, blank=True, default=500, help_text="Retrain when so many labels are new; empty: never"
    )
    at = models.TimeField(
        null=True, blank=True, help_text="Retrain every day at this time (UTC); empty: never"
    )
    epochs = models.PositiveSmallIntegerField(null=True, blank=True)
    last_checked_at = models.DateTimeField(null=True, editable=False)
    last_outcome = models.CharField(max_length=200, blank=True, editable=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="schedule_once")]

    def __str__(self) -> str:
        return "on" if self.enabled else "off"

    @classmethod
    def the(cls, **defaults: Any) -> "Schedule":
        return cls.objects.get_or_create(id=1, defaults=defaults)[0]
