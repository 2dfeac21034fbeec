from typing import Any

from celery import shared_task

from phonereader.jobs import sweeper


@shared_task(name="jobs.sweep")
def sweep(**_later: Any) -> None:
    sweeper.sweep()
