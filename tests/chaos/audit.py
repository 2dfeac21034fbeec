"""Asks the database what became of the promises; run in a process of its own, in the story's environment.

Takes the clients' records as a file, prints what it found as JSON.
"""

import base64
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import django


def audit(records: dict[str, Any]) -> dict[str, Any]:
    from django.db.models import Count

    from phonereader.jobs.models import Job, Transition
    from phonereader.jobs.states import Kind
    from recognition.models import Box, Reading, Submission

    expected = [digits_of(number) for number in records["pool"]]
    accepted: dict[str, int] = records["accepted"]
    jobs = {str(job.id): job for job in Job.objects.all()}
    broken: list[str] = []
    for job_id, number in accepted.items():
        job = jobs.get(job_id)
        if job is None:
            broken.append(f"job {job_id} is not in the database")
        elif job.state != "succeeded":
            broken.append(f"job {job_id} is {job.state}: {job.error}")
        elif job.result is None or job.result["digits"] != expected[number]:
            broken.append(f"job {job_id} read {job.result and job.result['digits']}, not {expected[number]}")
    successes = Counter(
        str(each) for each in Transition.objects.filter(after="succeeded").values_list("job", flat=True)
    )
    doubled = [job_id for job_id, count in successes.items() if count > 1]
    read_twice = Reading.objects.values("box").annotate(count=Count("id")).filter(count__gt=1).count()
    unknown = [
        job_id for job_id, job in jobs.items() if job.kind == Kind.RECOGNITION and job_id not in accepted
    ]
    for poison in records["poison"]:
        job = jobs[poison]
        if (
            job.state != "failed"
            or job.attempt != job.max_attempts
            or (job.error or {}).get("code") != "worker_lost"
        ):
            broken.append(f"the poison job {poison} is {job.state} after {job.attempt} attempts: {job.error}")
    boxes = sum(len(records["pool"][number]["boxes"]) for number in accepted.values())
    counts = {
        "submissions": (Submission.objects.count(), len(accepted)),
        "boxes": (Box.objects.count(), boxes),
        "readings": (Reading.objects.count(), boxes),
    }
    orphans = [f"{found} {name}, not {meant}" for name, (found, meant) in counts.items() if found != meant]
    return {
        "states": Counter(jobs[job_id].state for job_id in accepted if job_id in jobs),
        "broken": broken,
        "doubled": len(doubled) + read_twice,
        "unknown": unknown,
        "orphans": orphans,
        "attempts": Counter(jobs[job_id].attempt for job_id in accepted if job_id in jobs),
        "lives": {
            job_id: [jobs[job_id].created_at.timestamp(), jobs[job_id].finished_at.timestamp()]
            for job_id in accepted
            if job_id in jobs and jobs[job_id].finished_at
        },
    }


def digits_of(number: dict[str, Any]) -> str:
    """What a direct call of the reader makes of a number."""
    from recognition.reader.ink import decode_picture, parse_strokes
    from recognition.reader.number import compose
    from recognition.registry import loaded

    _version, reader = loaded.current()
    inks = [
        decode_picture(base64.b64decode(box["image"])) if "image" in box else parse_strokes(box)
        for box in number["boxes"]
    ]
    return compose(reader.read(inks)).digits


if __name__ == "__main__":
    django.setup()
    print(json.dumps(audit(json.loads(Path(sys.argv[1]).read_text()))))
