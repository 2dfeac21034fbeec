"""A Redis that falls silent just when a worker acknowledges a message does not deafen the worker."""

from pathlib import Path

import pytest
from kombu import Connection, Consumer, Queue

from phonereader.celery import app  # mends kombu
from tests.chaos.services import Redis

assert app


def test_a_worker_whose_acknowledgement_failed_takes_the_next_message(tmp_path: Path) -> None:
    redis = Redis(tmp_path)
    redis.start()
    received = []
    try:
        with Connection(redis.url, transport_options={"socket_timeout": 1}) as broker:
            channel = broker.channel()
            queue = Queue("bells")(channel)
            queue.declare()
            for ring in ("first", "second"):
                broker.Producer(channel).publish(ring, routing_key="bells")
            consumer = Consumer(channel, [queue], prefetch_count=1, on_message=received.append)
            with consumer:
                broker.drain_events(timeout=20)
                redis.freeze()
                with pytest.raises(channel.connection_errors):
                    received[0].ack()
                redis.thaw()
                assert channel.qos.can_consume()
                broker.drain_events(timeout=20)
        assert [message.payload for message in received] == ["first", "second"]
    finally:
        redis.thaw()
        redis.kill()
