"""``/healthz``: this process answers. ``/readyz``: numbers sent now will be read now."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse

from phonereader.jobs import bell, worker

_broker_thread = ThreadPoolExecutor(1, thread_name_prefix="readyz")


def healthz(_request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def readyz(_request: HttpRequest) -> JsonResponse:
    """200 when database, broker and a worker with a loaded model are there; else 503 with the reasons."""
    reasons: dict[str, str] = {}
    broker = _broker_thread.submit(_ring_through)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if not worker.alive(settings.QUEUE_RECOGNITION).filter(model_version__isnull=False).exists():
            reasons["worker"] = "No recognition worker with a loaded model reports itself."
    except DatabaseError:
        reasons["database"] = "The database does not answer."
    try:
        broker.result(timeout=3)
    except Exception:  # whatever the transport raises
        reasons["broker"] = "The broker does not answer."
    body: dict[str, Any] = {"status": "unavailable" if reasons else "ok", "reasons": reasons}
    return JsonResponse(body, status=503 if reasons else 200)


def _ring_through() -> None:
    with bell.connection() as broker:
        broker.ensure_connection(max_retries=1, interval_start=0, timeout=2)
        channel: Any = broker.default_channel
        if broker.transport.driver_type == "redis":
            channel.client.ping()
