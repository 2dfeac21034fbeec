from typing import Any

from celery import shared_task

from phonereader.jobs import runner
from phonereader.jobs.worker import process_name
from recognition.reading import ReadNumber


@shared_task(name="recognition.read")
def read(job_id: str, **_later: Any) -> None:
    runner.run(job_id, ReadNumber(), process_name())
