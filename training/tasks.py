"""Celery's tasks of learning, and of data in and out."""

from typing import Any

from celery import shared_task

from phonereader.jobs.states import Kind
from phonereader.jobs.tasks import job_task
from training import schedule, transfers
from training.models import Transfer
from training.shadow import ShadowRun
from training.transfer_works import ExportSamples, ImportSamples
from training.transfers import RunTransfer
from training.work import TrainNetwork

transfers.WORKS.update(
    {
        Transfer.What.IMPORT: ImportSamples,
        Transfer.What.EXPORT: ExportSamples,
        Transfer.What.SHADOW: ShadowRun,
    }
)

train = job_task("training.train", Kind.TRAINING, TrainNetwork)
transfer = job_task("transfers.run", Kind.TRANSFER, RunTransfer)


@shared_task(name="schedule.check")
def check_schedule(**_later: Any) -> None:
    schedule.check()
