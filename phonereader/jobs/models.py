"""What every job shares: its row, the log of its transitions, and the workers that were seen alive."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.crypto import constant_time_compare, salted_hmac
from uuid6 import uuid7

from phonereader.jobs.states import TERMINAL, Kind, Priority, State


def new_id() -> uuid.UUID:
    """UUIDv7: sorts by time, and its 74 random bits make it unguessable."""
    return uuid.UUID(int=uuid7().int)


def first_id(moment: datetime) -> uuid.UUID:
    """The lowest id of the jobs that were accepted at a moment or later, by the clock of the web process."""
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80)


class Job(models.Model):
    """A durable unit of work. Only ``lifecycle`` writes ``state``; ``revision`` rises with each transition.

    ``attempt`` starts anew when staff retry a failed job, so it cannot tell a returning worker of an
    earlier life from the present one; ``revision`` can, and every write of a worker is fenced by it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=16, choices=Kind)
    state = models.CharField(max_length=16, choices=State, default=State.QUEUED)
    priority = models.SmallIntegerField(
        choices=Priority, default=Priority.INTERACTIVE, db_default=Priority.INTERACTIVE
    )
    revision = models.PositiveIntegerField(default=0)
    attempt = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField()
    progress = models.FloatField(default=0.0, help_text="0 to 1")
    cancel_requested = models.BooleanField(default=False)
    result = models.JSONField(null=True)
    error = models.JSONField(null=True, help_text='{"kind": "expected" | "internal", "code", "detail"}')

    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True, help_text="When the sweeper rings for it (again), while queued")
    not_before = models.DateTimeField(null=True, help_text="Between attempts: nobody claims it earlier")
    rings = models.PositiveSmallIntegerField(default=0, help_text="How often the sweeper has rung for it")
    lease_until = models.DateTimeField(null=True, help_text="By the database's clock, while running")
    worker = models.CharField(max_length=200, blank=True)

    forgotten_at = models.DateTimeField(null=True, help_text="Whoever submitted it had it deleted")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    caller = models.CharField(max_length=100, blank=True, help_text="user:…, session:… or address:…")
    idempotency_key = models.CharField(max_length=255, null=True)  # noqa: DJ001 (NULLs are distinct)
    request_digest = models.CharField(max_length=64, blank=True)
    callback_url = models.CharField(
        max_length=2000, blank=True, db_default="", help_text="Where its end is told"
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["caller", "idempotency_key"], name="job_idempotency"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="job_state"),
            models.UniqueConstraint(
                fields=["kind"],
                condition=Q(kind=Kind.TRAINING, state=State.RUNNING),
                name="one_training_at_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["kind", "due_at"], condition=Q(state="queued"), name="job_queued"),
            models.Index(fields=["kind", "priority", "id"], condition=Q(state="queued"), name="job_turns"),
            models.Index(fields=["lease_until"], condition=Q(state="running"), name="job_running"),
            models.Index(fields=["state", "-id"], name="job_state_newest"),
            models.Index(fields=["created_at"], name="job_created"),
            # The rare kinds, which else would have to be looked for among a million recognitions.
            models.Index(fields=["-id"], condition=Q(kind="training"), name="job_trainings"),
            models.Index(fields=["-id"], condition=Q(kind="transfer"), name="job_transfers"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def ended(self) -> bool:
        return self.state in TERMINAL

    @property
    def key(self) -> str:
        """The secret that the answer to the POST holds: who has it may cancel, correct and delete."""
        return salted_hmac("phonereader.jobs.key", str(self.id), algorithm="sha256").hexdigest()[:43]

    def opens_with(self, key: str) -> bool:
        return constant_time_compare(self.key, key)

    @property
    def seconds_waited(self) -> float | None:
        return (self.started_at - self.created_at).total_seconds() if self.started_at else None

    @property
    def seconds_run(self) -> float | None:
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()


class Transition(models.Model):
    """One line of a job's history, written in the transaction that changed its state."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="transitions")
    revision = models.PositiveIntegerField()
    at = models.DateTimeField()
    before = models.CharField(max_length=16, blank=True)
    after = models.CharField(max_length=16)
    attempt = models.PositiveSmallIntegerField()
    actor = models.CharField(max_length=200, help_text="The worker, user or part that did it")
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["job", "revision"]
        constraints = [models.UniqueConstraint(fields=["job", "revision"], name="transition_once")]

    def __str__(self) -> str:
        return f"{self.before or '·'} → {self.after}"


class Delivery(models.Model):
    """A callback: the end of a job, to be told to its address. Written in the transaction that ended it."""

    class State(models.TextChoices):
        DUE = "due"
        DELIVERED = "delivered"
        REFUSED = "refused"
        GIVEN_UP = "given up"
        SUPERSEDED = "superseded"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False, help_text="The webhook-id")
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="deliveries")
    revision = models.PositiveIntegerField(help_text="The job's, when it ended")
    state = models.CharField(max_length=16, choices=State, default=State.DUE)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True, help_text="Nobody sends it earlier")
    ring_at = models.DateTimeField(null=True, help_text="When the sweeper rings for it (again)")
    give_up_at = models.DateTimeField()
    last_at = models.DateTimeField(null=True, help_text="When the last attempt ended")
    status = models.PositiveSmallIntegerField(null=True, help_text="Of the last answer")
    answer = models.CharField(max_length=500, blank=True, help_text="What came of the last attempt")

    class Meta:
        ordering = ["-id"]
        verbose_name = "callback"
        constraints = [models.UniqueConstraint(fields=["job", "revision"], name="delivery_once")]
        indexes = [
            models.Index(fields=["ring_at"], condition=Q(state="due"), name="delivery_due"),
            models.Index(fields=["state", "-id"], name="delivery_state_newest"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class WebhookSecret(models.Model):
    """What the callbacks of a user's jobs are signed with."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    secret = models.CharField(max_length=100)
    previous = models.CharField(
        max_length=100, blank=True, help_text="Signs, too, for a day after the change"
    )
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"of {self.user}"


class Tally(models.Model):
    """One row: what ``phonereader.jobs.tally`` has counted, and up to which line of the log."""

    upto = models.BigIntegerField(default=0)
    counts = models.JSONField(default=dict)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="tally_once")]

    def __str__(self) -> str:
        return f"up to transition {self.upto}"


class WorkerProcess(models.Model):
    """A worker process that reports itself every few seconds; the database's clock says when it last did."""

    name = models.CharField(max_length=200, primary_key=True)
    queue = models.CharField(max_length=32)
    model_version = models.PositiveIntegerField(null=True, help_text="The version it holds in memory")
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["queue", "name"]
        verbose_name_plural = "worker processes"

    def __str__(self) -> str:
        return self.name
