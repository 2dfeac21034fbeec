"""Clients that submit numbers, try again with the same key until they are accepted, and keep records."""

import base64
import http.client
import json
import random
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from recognition.reader.ink import parse_strokes
from training.handwriting import hand, write
from training.render import Style, draw

SLOW, SIDE = 8, 2500
"""One in so many numbers is sent as pictures of so many pixels."""
PATIENCE = 20.0
"""Seconds that a client waits for one answer."""


@dataclass
class Accepted:
    """What a client was promised: a job for this number, at this time."""

    job: str
    number: int
    at: float
    took: float
    tries: int


def get(url: str, timeout: float = PATIENCE) -> Any:
    """The JSON (or text) at an address; None when there is no answer or no 200."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            body = answer.read()
    except (OSError, urllib.error.URLError):
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body


def numbers(count: int, seed: int) -> list[dict[str, Any]]:
    """Submissions to draw from: 3 to 11 boxes of strokes, each by one made hand."""
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        writer = hand(generator)
        boxes = []
        for digit in generator.integers(10, size=int(generator.integers(3, 12))):
            ink = write(writer, int(digit), generator)
            strokes = [np.round(stroke, 1).tolist() for stroke in ink.strokes]
            boxes.append({"strokes": strokes, "width": ink.width, "height": ink.height, "brush": ink.brush})
        found.append({"boxes": boxes})
    for number in found[::SLOW]:
        number["boxes"] = [large_picture(box) for box in number["boxes"]]
    return found


def large_picture(box: dict[str, Any]) -> dict[str, Any]:
    """The same box as a picture that takes a reader a while, so that faults meet jobs that run."""
    drawn = draw(parse_strokes(box), Style(side=280, brush=16)).grey
    file = BytesIO()
    Image.fromarray(drawn).resize((SIDE, SIDE), Image.Resampling.NEAREST).save(file, "PNG")
    return {"image": base64.b64encode(file.getvalue()).decode()}


@dataclass
class Clients:
    """Some threads that together submit ``jobs`` numbers at an even pace of ``pace`` a second."""

    sites: list[str]
    pool: list[dict[str, Any]]
    jobs: int
    pace: float
    seed: int
    step: Callable[[], object] = lambda: None
    accepted: list[Accepted] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def start(self, threads: int = 6) -> None:
        self._left = self.jobs
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._threads = [threading.Thread(target=self._run, args=(n,), daemon=True) for n in range(threads)]
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _run(self, number: int) -> None:
        choose = random.Random(f"{self.seed}/{number}")
        while True:
            with self._lock:
                if self._left == 0:
                    return
                self._left -= 1
                due = self._began + (self.jobs - self._left) / self.pace
            time.sleep(max(0.0, due - time.monotonic()))
            self._submit(choose)
            self.step()

    def _submit(self, choose: random.Random) -> None:
        key = str(uuid.uuid4())
        number = choose.randrange(len(self.pool))
        body = json.dumps(self.pool[number]).encode()
        # The same caller, whichever site it asks: the address.
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        for tries in range(1, 1000):
            began = time.monotonic()
            url = choose.choice(self.sites) + "/api/v1/recognitions/"
            try:
                request = urllib.request.Request(url, body, headers)
                with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                    job = json.loads(answer.read())["id"]
                    took = time.monotonic() - began
                    with self._lock:
                        self.accepted.append(Accepted(job, number, time.time(), took, tries))
                    return
            except urllib.error.HTTPError as error:
                if error.code != 503:  # the database does not answer: nothing was promised
                    self.refused.append(f"{error.code} {error.read()[:300]!r}")
                    return
            except (OSError, ValueError, http.client.HTTPException):
                pass
            time.sleep(choose.uniform(0.2, 1.0))
