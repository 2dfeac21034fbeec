"""Callbacks that are to be made: written down when a job ends, and rung for until somebody makes them."""

import logging
from datetime import timedelta

from django.db.models.functions import Now

from phonereader.jobs import bell
from phonereader.jobs.models import Delivery, Job

log = logging.getLogger(__name__)

TASK = "jobs.deliver"
FIRST_RING = timedelta(seconds=5)
"""How long a callback that is due may stay unclaimed before the sweeper rings for it."""
SILENCE = timedelta(seconds=30)
"""Between two rings of the sweeper for the same callback."""
GIVE_UP = timedelta(days=1)
"""How long it is tried."""
BATCH = 1000


def announce(job: Job) -> None:
    """Have the end of the job told to its ``callback_url``, in the transaction that ends it."""
    delivery = Delivery.objects.create(
        job=job,
        revision=job.revision,
        due_at=Now(),
        ring_at=Now() + FIRST_RING,
        give_up_at=Now() + GIVE_UP,
    )
    bell.task_on_commit(TASK, delivery.id)


def ring_again() -> int:
    """Ring for every callback that is due and that nobody makes; how many that were."""
    due = Delivery.objects.filter(state=Delivery.State.DUE, ring_at__lte=Now())
    rows = list(due.order_by("ring_at").values_list("id", flat=True)[:BATCH])
    if not rows:
        return 0
    rung = 0
    with bell.connection() as broker:
        for delivery_id in rows:
            try:
                bell.send(TASK, str(delivery_id), broker)
            except Exception as error:  # whatever the transport raises; ring_at stays
                log.warning("The broker does not answer (%s); %d callbacks wait.", error, len(rows) - rung)
                break
            due.filter(id=delivery_id).update(ring_at=Now() + SILENCE)
            rung += 1
    return rung
