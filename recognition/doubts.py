"""How much a reviewer's word about a box is wanted: a figure kept with its reading, so that an index orders
the boxes that wait. Only drawings that were contributed for training have one."""

from uuid import UUID

from recognition.models import Box, Correction, Reading, Submission

DISPUTED = 1.0
"""What a claim that disagrees with the reading adds: disputed boxes come first, whatever their certainty."""
NO_DIGIT = "-"


def doubt(reading: Reading, claim: str) -> float | None:
    """0 (sure) to 1 for one that nobody disputes, 1 to 2 for a disputed one; None of a blank box."""
    if reading.state == Reading.State.BLANK or reading.confidence is None:
        return None
    said = reading.digit if reading.state == Reading.State.READ else NO_DIGIT
    return 1 - reading.confidence + (DISPUTED if claim and claim != said else 0)


def claims(submission_id: UUID) -> str:
    """What the submitter last said, a character a box in order; empty when nothing was said."""
    newest = Correction.objects.filter(submission_id=submission_id).values_list("digits", flat=True)
    return newest.first() or ""


def claim_of(said: str, position: int) -> str:
    return said[position - 1 : position]


def correct(submission: Submission, digits: str, by: str) -> Correction:
    """Store a submitter's claim; boxes that still wait for a reviewer become disputed, or no longer are.

    The caller holds the submission's row (``locked``), so that a reading that is written at the same moment
    knows of the claim.
    """
    correction = Correction.objects.create(submission=submission, digits=digits, by=by)
    waiting = Reading.objects.filter(box__submission=submission, doubt__isnull=False)
    readings = list(waiting.select_related("box"))
    for reading in readings:
        reading.doubt = doubt(reading, claim_of(digits, reading.box.position))
    Reading.objects.bulk_update(readings, ["doubt"])
    return correction


def reviewed(box: Box) -> None:
    """Nobody needs to look at the box any more."""
    Reading.objects.filter(box=box, doubt__isnull=False).update(doubt=None)


def to_review(box: Box, submission: Submission) -> None:
    """The box waits for a reviewer again: its label was taken back."""
    reading = Reading.objects.filter(box=box, model_id=submission.model_id).first()
    if reading is not None and submission.contributed:
        reading.doubt = doubt(reading, claim_of(claims(submission.pk), box.position))
        reading.save(update_fields=["doubt"])


def locked(submission_id: UUID) -> Submission | None:
    """The submission with its row locked until the transaction ends; None when it was deleted.

    Whatever is written about a submission from outside its job takes this lock first, and so does its
    deletion: nothing is left behind.
    """
    return Submission.objects.select_for_update().filter(pk=submission_id).first()
