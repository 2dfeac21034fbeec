"""A worker that is told to stop: its children learn of it, and by when their work must be over.

The parent writes one number into memory that it shares with the children it forks. So no signal
interrupts their work at any odd moment, and no message has to reach a child that is busy.
"""

import ctypes
import mmap
import time
from typing import Any

from celery import signals
from django.conf import settings

_by = ctypes.c_double.from_buffer(mmap.mmap(-1, ctypes.sizeof(ctypes.c_double)))
"""When work must be over, by the clock that all processes of a machine share; 0 until told to stop."""


def told() -> bool:
    """Whether this worker is to stop. It takes no new jobs then."""
    return _by.value > 0


def deadline() -> float:
    """When its work must be over, by ``time.monotonic()``; meaningless before it was told to stop."""
    return float(_by.value)


def tell(seconds: float) -> None:
    _by.value = time.monotonic() + seconds


def forget() -> None:
    _by.value = 0


@signals.worker_shutting_down.connect
def _in_parent(**_kwargs: Any) -> None:
    tell(settings.JOB_STOP_SECONDS)
