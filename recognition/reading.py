"""Reading a submission: the work of a recognition job."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

from phonereader.jobs.models import Job
from phonereader.jobs.runner import ExpectedError, Lease
from recognition.documents import result_document
from recognition.doubts import claim_of, claims, doubt
from recognition.models import Box, Reading, Submission
from recognition.reader.ink import BadInk, Ink, decode_picture, parse_strokes
from recognition.reader.number import Number, compose
from recognition.registry import loaded

if TYPE_CHECKING:  # torch is loaded by workers only
    from recognition.reader.reader import BoxReading


@dataclass(frozen=True)
class Outcome:
    submission: Submission
    boxes: list[Box]
    readings: list[BoxReading]
    number: Number
    version: int
    architecture: str
    timings: dict[str, float]


class ReadNumber:
    """Decode the ink, read it, write one reading a box and the number."""

    def prepare(self) -> None:
        self.version, self.reader = loaded.current()

    def run(self, job: Job, lease: Lease) -> Outcome:
        start = perf_counter()
        submission = Submission.objects.get(job=job)
        boxes = list(submission.boxes.order_by("position"))
        fetched = perf_counter()
        inks = [ink_of(box) for box in boxes]
        decoded = perf_counter()
        readings = self.reader.read(inks)
        read = perf_counter()
        number = compose(readings, submission.region or None)
        timings = {
            "fetch": fetched - start,
            "decode": decoded - fetched,
            "read": read - decoded,
            "number": perf_counter() - read,
        }
        return Outcome(
            submission,
            boxes,
            readings,
            number,
            self.version,
            self.reader.architecture,
            {step: round(seconds * 1000, 2) for step, seconds in timings.items()},
        )

    def save(self, job: Job, outcome: Outcome) -> dict[str, Any]:
        Submission.objects.filter(job=job).update(
            digits=outcome.number.digits,
            confidence=outcome.number.confidence,
            model_id=outcome.version,
            timings=outcome.timings,
        )
        readings = [
            Reading(
                box=box,
                model_id=outcome.version,
                state=reading.state,
                digit=reading.digit or "",
                confidence=reading.confidence,
                probabilities=None
                if reading.probabilities is None
                else [round(float(p), 6) for p in reading.probabilities],
                glyph=None if reading.glyph is None else reading.glyph.tobytes(),
            )
            for box, reading in zip(outcome.boxes, outcome.readings, strict=True)
        ]
        if outcome.submission.contributed:  # its row is locked: a claim comes before this, or after
            said = claims(job.id)
            for reading in readings:
                reading.doubt = doubt(reading, claim_of(said, reading.box.position))
        Reading.objects.bulk_create(readings)
        return result_document(outcome.number, outcome.readings, outcome.version, outcome.architecture)


def ink_of(box: Box) -> Ink:
    """The ink of a stored box, by the same way in as when it was accepted."""
    try:
        if box.picture is not None:
            return decode_picture(bytes(box.picture))
        return parse_strokes(box.strokes or {})
    except BadInk as error:  # accepted by an earlier version of the program, perhaps
        raise ExpectedError("bad_ink", f"Box {box.position}: {error}") from None
