"""What tests share. Real parts only: databases, brokers, processes and a browser."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drawing import number_of_pictures
from tests.stack import BACKENDS, Backend, Stack

SERVICES = ("TEST_DATABASE_URL", "TEST_REDIS_URL", "TEST_AMQP_URL")
CI = os.environ.get("CI") == "true"


def pytest_configure(config: pytest.Config) -> None:
    missing = [name for name in SERVICES if not os.environ.get(name)]
    if CI and missing:
        pytest.exit(f"Under CI these must be set: {', '.join(missing)}", returncode=2)


@pytest.fixture(scope="session", params=BACKENDS, ids=lambda backend: backend.name)
def each_backend(request: pytest.FixtureRequest) -> Backend:
    """Each pair of database and broker whose services are named in the environment."""
    backend: Backend = request.param
    if backend.missing():
        pytest.skip(f"not set: {', '.join(backend.missing())}")
    return backend


@pytest.fixture(scope="module")
def each_stack(each_backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole program, as `make run` starts it, on each pair of database and broker."""
    with (
        each_backend.prepared() as environment,
        Stack(tmp_path_factory.mktemp("stack"), environment) as stack,
    ):
        yield stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole program with nothing around it: SQLite and embedded Redis."""
    with Stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture(scope="session")
def stack_url(stack: Stack) -> str:
    return stack.url


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """A real Chromium, headless."""
    from playwright.sync_api import sync_playwright

    from tests.find_browser import find_browser

    executable = find_browser()
    if executable is None:
        message = "no Chromium was found, and none could be installed"
        if CI:
            pytest.fail(message)
        pytest.skip(message)
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    flags += ["--disable-component-update", "--disable-sync"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=flags)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def pictures() -> list[bytes]:
    """Eleven PNGs of real handwriting that say 12125550123."""
    return number_of_pictures("12125550123")


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"
