from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Now

from phonereader.jobs import lifecycle
from phonereader.jobs.callbacks import deliver
from phonereader.jobs.models import Delivery, Job
from phonereader.jobs.states import Kind
from tests.api.conftest import submit_form, submit_json  # noqa: F401 (fixtures)
from tests.callbacks.receiver import Receiver, receiver

NewJob = Callable[[str], Job]


@pytest.fixture
def private(settings: Any) -> None:
    """Callbacks may go to this machine."""
    settings.WEBHOOK_PRIVATE_ADDRESSES = True


@pytest.fixture
def hook(private: None) -> Iterator[Receiver]:
    with receiver() as running:
        yield running


@pytest.fixture
def user(transactional_db: None) -> User:
    return User.objects.create_user("integrator")


@pytest.fixture
def new_job(user: User) -> NewJob:
    """A running job that is to be called back at an address."""

    def make(url: str) -> Job:
        job = lifecycle.create(Kind.RECOGNITION, user=user, callback_url=url)
        claimed = lifecycle.claim(job.id, "w1")
        assert claimed is not None
        return claimed

    return make


def send() -> Delivery:
    """Make the one callback there is, as a worker does; how it stands then."""
    deliver.deliver(Delivery.objects.get().id)
    return Delivery.objects.get()


def make_due() -> None:
    past = Now() - timedelta(seconds=1)
    Delivery.objects.filter(state=Delivery.State.DUE).update(due_at=past, ring_at=past)
