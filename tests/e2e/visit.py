"""What the tests of the page share: shapes, and ways to disturb what page and site say to each other."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, Route

from tests.e2e.page_driver import PageDriver, Stroke

NUMBER = "12125550123"
SIZE, ERASER_RADIUS = 280, 22
SEVEN: Stroke = [(0.2 + 0.05 * i, 0.2) for i in range(13)] + [
    (0.8 - 0.02 * i, 0.2 + 0.03 * i) for i in range(1, 22)
]
"""One stroke: a bar to the right, then a slanting leg."""
NewPage = Callable[..., PageDriver]


def digits_of(text: str) -> str:
    return re.sub(r"\D", "", text)


def cut_the_network(page: Page, what: str) -> None:
    page.route(what, lambda route: route.abort("connectionfailed"))


def ask_without_waiting(page: Page) -> None:
    """The POST is answered at once, with a job that still waits or runs; what follows is polling."""

    def hurry(route: Route) -> None:
        headers = {name: value for name, value in route.request.headers.items() if name.lower() != "prefer"}
        route.continue_(headers=headers)

    page.route("**/api/v1/recognitions/", hurry)


def read_otherwise(page: Page, change: Callable[[dict[str, Any]], None]) -> None:
    """Changes the results that the page gets: which drawing is doubtful is for each reader to say."""

    def rewrite(route: Route) -> None:
        answer = route.fetch(headers={**route.request.headers, "prefer": "wait=30"})
        job = answer.json()
        change(job["result"])
        route.fulfill(response=answer, json=job)

    page.route("**/api/v1/recognitions/", rewrite)
