"""Getting the training worker's child ready: it reports itself; torch is loaded by the first run."""

from typing import Any

from celery import signals
from django.conf import settings

from phonereader.jobs import worker


@signals.worker_process_init.connect
def get_ready(**_kwargs: Any) -> None:
    if worker.listens_to(settings.QUEUE_TRAINING):
        worker.start(settings.QUEUE_TRAINING, lambda: None)
