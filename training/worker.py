"""Getting the children of the training and transfers workers ready: they report themselves.

Torch is loaded by the first work that needs it.
"""

from typing import Any

from celery import signals
from django.conf import settings

from phonereader.jobs import worker


@signals.worker_process_init.connect
def get_ready(**_kwargs: Any) -> None:
    for queue in (settings.QUEUE_TRAINING, settings.QUEUE_TRANSFERS):
        if worker.listens_to(queue):
            worker.start(queue, lambda: None)
