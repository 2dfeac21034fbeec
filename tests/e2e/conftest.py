"""The page in a fresh browser profile, with the real stack behind it."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage

from tests.e2e.page_driver import PageDriver
from tests.e2e.visit import NewPage


@pytest.fixture
def new_page(browser: Browser, stack_url: str) -> Iterator[NewPage]:
    """Opens the page in a fresh browser profile; at the end nothing may have gone wrong in its scripts."""
    wrong: list[str] = []
    contexts = []

    def listen(message: ConsoleMessage) -> None:
        # What a broken or refused request logs is the browser's line, not the page's.
        if message.type == "error" and "Failed to load resource" not in message.text:
            wrong.append(message.text)

    def make(**options: Any) -> PageDriver:
        context = browser.new_context(**({"viewport": {"width": 1280, "height": 800}} | options))
        contexts.append(context)
        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        driver = PageDriver(page, stack_url)
        driver.open()
        return driver

    yield make
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def driver(new_page: NewPage) -> PageDriver:
    return new_page()
