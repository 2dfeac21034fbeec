from collections.abc import Iterator

import pytest

from phonereader.jobs import lifecycle
from phonereader.jobs.models import Job
from phonereader.jobs.states import Kind
from tests.live.site import Site, serve


@pytest.fixture
def site(transactional_db: None) -> Iterator[Site]:
    with serve() as running:
        yield running


@pytest.fixture
def job(transactional_db: None) -> Job:
    """A queued job, committed; the test itself plays the worker."""
    return lifecycle.create(Kind.RECOGNITION)
