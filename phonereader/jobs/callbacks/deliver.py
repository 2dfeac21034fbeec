"""Making a callback: claim it, sign it, send it, and write down what came of it.

A callback is made at least once: one whose worker died, or whose answer was lost, is made again with the
same ``webhook-id``. Threads of the worker make them, so that a slow receiver holds up no other task.
"""

import logging
import random
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now
from rest_framework.renderers import JSONRenderer

from phonereader.jobs.callbacks import secrets
from phonereader.jobs.callbacks.address import BadAddress, resolve, target_of
from phonereader.jobs.callbacks.post import Answer, NoAnswer, post
from phonereader.jobs.documents import JobSerializer
from phonereader.jobs.models import Delivery, Job
from phonereader.jobs.outbox import Outbox

log = logging.getLogger(__name__)

THREADS = 4
CLAIM = timedelta(seconds=60)
"""How long the one who claimed a callback may take, before another makes it."""
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 3600.0
"""Seconds before the second attempt at most, doubled with each further one, and their limit."""
LONGEST_WISH = 6 * 3600.0
"""Seconds that a receiver can put an attempt off by ``Retry-After``."""


class NotToSend(Exception):
    """Nothing is sent, now or later; the state and the reason say why."""

    def __init__(self, state: Delivery.State, reason: str) -> None:
        super().__init__(reason)
        self.state = state


def deliver(delivery_id: UUID) -> None:
    """Make the callback if it is due and nobody else does. Raises nothing."""
    try:
        delivery = claim(delivery_id)
        if delivery is not None:
            settle(delivery, attempt(delivery))
    except Exception:  # the database is away, say; the claim runs out, and the sweeper rings again
        log.exception("callback %s", delivery_id)
    finally:
        connection.close()


couriers: Outbox[UUID] = Outbox("callbacks", deliver, lambda: None, "left to the sweeper", threads=THREADS)


def claim(delivery_id: UUID) -> Delivery | None:
    """Take a callback that is due; None when it is not (or no longer, or not yet) to be had."""
    due = Delivery.objects.filter(id=delivery_id, state=Delivery.State.DUE, due_at__lte=Now())
    if not due.update(attempts=F("attempts") + 1, due_at=Now() + CLAIM, ring_at=Now() + CLAIM):
        return None
    return Delivery.objects.select_related("job__user").get(id=delivery_id)


def attempt(delivery: Delivery) -> Answer | NoAnswer | NotToSend:
    """Send it once."""
    try:
        if delivery.revision != delivery.job.revision:
            raise NotToSend(Delivery.State.SUPERSEDED, "The job was tried again; its next end will be told.")
        user = delivery.job.user
        if user is None or not user.is_active:
            raise NotToSend(Delivery.State.REFUSED, "The user whose job it was is gone.")
        target = target_of(delivery.job.callback_url)
        addresses = resolve(target)
        body = payload(delivery.job)
        return post(target, addresses, body, headers(user, delivery, body))
    except BadAddress as error:
        return NotToSend(Delivery.State.REFUSED, str(error))
    except (NoAnswer, NotToSend) as error:
        return error
    except OSError as error:
        return NoAnswer(f"the name cannot be resolved: {error.strerror or error}")
    except Exception as error:  # a bug, perhaps: it is tried as long as others are, and not for ever
        log.exception("callback %s", delivery.id)
        return NoAnswer(f"not sent: {type(error).__name__}")


def payload(job: Job) -> bytes:
    """The body, in the form that Standard Webhooks recommends."""
    document: dict[str, Any] = {
        "type": f"job.{job.state}",
        "timestamp": job.finished_at,
        "data": JobSerializer(job).data,
    }
    return bytes(JSONRenderer().render(document))


def headers(user: User, delivery: Delivery, body: bytes) -> dict[str, str]:
    at = datetime.now(UTC)
    return {
        "Content-Type": "application/json",
        "User-Agent": "Phonereader",
        "webhook-id": str(delivery.id),
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": secrets.signature(user, str(delivery.id), at, body.decode()),
    }


def settle(delivery: Delivery, result: Answer | NoAnswer | NotToSend) -> None:
    """Write down what came of an attempt, unless another one was begun meanwhile."""
    status = result.status if isinstance(result, Answer) else None
    changes: dict[str, Any] = {"last_at": Now(), "status": status}
    changes |= {"state": Delivery.State.REFUSED, "due_at": None, "ring_at": None}
    if isinstance(result, NotToSend):
        changes |= {"state": result.state, "answer": str(result)[:500]}
    elif status is not None and status < 300:
        changes |= {"state": Delivery.State.DELIVERED, "answer": f"{status}"}
    elif status is not None and status != 429 and status < 500:
        changes |= {"answer": f"{status}" + (": redirects are not followed" if status < 400 else "")}
    else:
        wish = result.retry_after if isinstance(result, Answer) else None
        pause = timedelta(seconds=max(pause_after(delivery.attempts), wished(wish)))
        changes |= {"answer": f"{status or result}"[:500], "state": Delivery.State.GIVEN_UP}
        if datetime.now(UTC) + pause < delivery.give_up_at:
            changes |= {"state": Delivery.State.DUE, "due_at": Now() + pause, "ring_at": Now() + pause}
    ours = Delivery.objects.filter(
        id=delivery.id, state=Delivery.State.DUE, attempts=delivery.attempts, give_up_at=delivery.give_up_at
    )
    if ours.update(**changes):
        log.info(
            "callback %s of job %s: attempt %d, %s (%s)",
            delivery.id,
            delivery.job_id,
            delivery.attempts,
            changes["state"],
            changes["answer"],
            extra={"job": str(delivery.job_id)},
        )


def pause_after(attempts: int) -> float:
    """Seconds until the next attempt: a random part of a limit that doubles, but at least half of it."""
    longest = min(FIRST_PAUSE * 2 ** min(attempts - 1, 30), LONGEST_PAUSE)
    return random.uniform(longest / 2, longest)  # noqa: S311 (no secret)


def wished(retry_after: str | None) -> float:
    """Seconds that ``Retry-After`` asks for, as a number or a date; 0 when it makes no sense."""
    text = (retry_after or "").strip()
    if text.isdecimal():
        return min(float(text), LONGEST_WISH)
    try:
        seconds = parsedate_to_datetime(text).timestamp() - datetime.now(UTC).timestamp()
    except (ValueError, OverflowError):
        return 0.0
    return min(max(seconds, 0.0), LONGEST_WISH)
