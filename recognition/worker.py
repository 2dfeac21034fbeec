"""Getting a recognition worker's child ready: torch on one thread, the active model in memory."""

import logging
from typing import Any

from celery import signals
from django.conf import settings

from phonereader.jobs import worker
from recognition.registry import BadVersion, loaded

log = logging.getLogger(__name__)


@signals.worker_process_init.connect
def get_ready(**_kwargs: Any) -> None:
    # In the child: torch's threads do not survive a fork.
    if not worker.listens_to(settings.QUEUE_RECOGNITION):
        return
    import numpy as np
    import torch

    torch.set_num_threads(1)
    try:
        _version, reader = loaded.current()
        reader.probabilities(np.zeros((11, 28, 28), np.uint8))  # the first pass is the slow one
    except BadVersion as error:
        log.error("%s Numbers wait until there is one.", error)
    except Exception:  # a database that is away, say: the first job tries again
        log.exception("The model is not loaded yet.")
    worker.start(settings.QUEUE_RECOGNITION, loaded.refresh)
