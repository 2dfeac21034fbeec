"""Hints, by Redis' publish and subscribe, that a job changed: who waits for it then looks at the database.

A hint that is lost only delays. Without Redis there are none, and waiting looks at the database more often.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import cached_property
from uuid import UUID

import redis
from django.conf import settings
from django.db import transaction
from redis.asyncio import from_url as connect
from redis.exceptions import RedisError

from phonereader.jobs.outbox import Outbox

log = logging.getLogger(__name__)

CHANNEL = "phonereader.jobs"
PATIENCE = 1.0
"""Seconds that one hint may wait for a silent Redis."""
SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 10.0
"""Seconds between two attempts to subscribe, doubled each time."""


class Publisher:
    """Publishes the ids of jobs that changed, from a thread of its own."""

    def __init__(self) -> None:
        self.outbox: Outbox[UUID] = Outbox("hints", self._publish, self._hang_up, "hints dropped")

    @cached_property
    def _redis(self) -> redis.Redis:
        return redis.from_url(
            settings.REDIS_URL, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=None
        )

    def _publish(self, job_id: UUID) -> None:
        self._redis.publish(CHANNEL, str(job_id))

    def _hang_up(self) -> None:
        stale = self.__dict__.pop("_redis", None)
        if stale is not None:
            stale.close()


publisher = Publisher()


def changed(job_id: UUID) -> None:
    """Tell that a job changed, once the present transaction has committed."""
    if settings.REDIS_URL:
        transaction.on_commit(lambda: publisher.outbox.put(job_id), robust=True)


async def listen(heard: Callable[[UUID], object], connected: Callable[[bool], object]) -> None:
    """Call ``heard`` with each job that changed, for ever; ``connected`` says whether hints come just now."""
    pause = SHORTEST_PAUSE
    while settings.REDIS_URL:
        client = connect(settings.REDIS_URL, socket_connect_timeout=PATIENCE, health_check_interval=5)
        try:
            async with client, client.pubsub(ignore_subscribe_messages=True) as subscription:
                await subscription.subscribe(CHANNEL)
                connected(True)
                pause = SHORTEST_PAUSE
                while True:
                    message = await subscription.get_message(timeout=5)
                    if message is not None:
                        heard(UUID(message["data"].decode()))
        except (RedisError, OSError, ValueError) as error:
            log.info("no hints for %.1f s: %s", pause, error)
        finally:
            connected(False)
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
