from datetime import timedelta

import pytest
from django.db.models.functions import Now

from phonereader.jobs import lifecycle
from phonereader.jobs.models import Job
from phonereader.jobs.states import Kind


@pytest.fixture
def job(transactional_db: None) -> Job:
    """A queued job, committed."""
    return lifecycle.create(Kind.RECOGNITION)


def let_lease_run_out(job: Job) -> None:
    Job.objects.filter(id=job.id).update(lease_until=Now() - timedelta(seconds=1))


def let_pause_pass(job: Job) -> None:
    past = Now() - timedelta(seconds=1)
    Job.objects.filter(id=job.id).update(due_at=past, not_before=past)


def reread(job: Job) -> Job:
    return Job.objects.get(id=job.id)
