"""A broker that neither answers nor refuses: submissions go on, and everything recovers by itself."""

import json
import time
import urllib.request
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.chaos.clients import numbers
from tests.chaos.story import Plan, recover, revived, world


def silence(plan: Plan, seconds: int) -> str:
    """Freeze the broker for so long, submit once a second meanwhile; how long the answers took, in words."""
    with TemporaryDirectory(prefix="phonereader-chaos-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with world(plan, folder) as here, revived(here.parts):
            sites = [part.url for part in here.parts if part.kind == "web"]
            body = json.dumps(numbers(1, plan.seed)[0]).encode()
            jobs, took = [], []
            here.broker.freeze()
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                began = time.monotonic()
                url = sites[len(jobs) % len(sites)] + "/api/v1/recognitions/"
                request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
                with urllib.request.urlopen(request, timeout=30) as answer:
                    assert answer.status == 202, answer.status
                    jobs.append(json.loads(answer.read())["id"])
                took.append(time.monotonic() - began)
                time.sleep(max(0.0, 1 - took[-1]))
            here.broker.thaw()
            thawed = time.monotonic()
            left = recover(jobs, sites, plan.recovery)
            return (
                f"{len(jobs)} submissions in {seconds} s of silence, each a 202; the longest answer took "
                f"{max(took):.2f} s. {len(jobs) - left} have ended {time.monotonic() - thawed:.1f} s later."
            )
