"""Celery's tasks of learning, and of data in and out."""

from phonereader.jobs.states import Kind
from phonereader.jobs.tasks import job_task
from training.transfers import RunTransfer
from training.work import TrainNetwork

train = job_task("training.train", Kind.TRAINING, TrainNetwork)
transfer = job_task("transfers.run", Kind.TRANSFER, RunTransfer)
