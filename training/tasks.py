"""Celery's tasks of learning."""

from phonereader.jobs.states import Kind
from phonereader.jobs.tasks import job_task
from training.work import TrainNetwork

train = job_task("training.train", Kind.TRAINING, TrainNetwork)
