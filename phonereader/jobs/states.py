"""The states of a job and the moves between them: the only place that lists them.

queued ──> running ──> succeeded
  ^ │         │ └────> failed ──(retry by staff)──> queued
  │ └─────────┼──────> cancelled
  └───────────┘ a worker was lost, or handed the job back
"""

from django.db.models import IntegerChoices, TextChoices


class State(TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Kind(TextChoices):
    RECOGNITION = "recognition"
    TRAINING = "training"
    TRANSFER = "transfer"


class Priority(IntegerChoices):
    """The lower goes first."""

    INTERACTIVE = 0
    BULK = 1


TERMINAL = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED})

MOVES: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.RUNNING, State.CANCELLED, State.FAILED}),
    State.RUNNING: frozenset({State.QUEUED, State.SUCCEEDED, State.FAILED, State.CANCELLED}),
    State.FAILED: frozenset({State.QUEUED}),
    State.SUCCEEDED: frozenset(),
    State.CANCELLED: frozenset(),
}
