"""Judging a network on sets of samples: figures, confusions, and the errors themselves. Pure: no Django."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from recognition.reader.networks import NO_DIGIT
from recognition.reader.reader import Reader
from training.evaluation import figures
from training.gate import Paired

ERRORS = 200
"""So many errors of a set are kept, the surest first."""
SUSPECTS = 500
SURE = 0.9
"""A reader this sure of another digit makes the label suspect."""
DIGITS = 10
REFUSED = DIGITS
"""The column of a confusion matrix for what was refused."""


@dataclass(frozen=True, eq=False)
class JudgedBy:
    """Glyphs uint8 (N, 28, 28) with labels (N,) 0 to 9, or NO_DIGIT; `samples` are database ids, if any."""

    name: str
    glyphs: NDArray[np.uint8]
    labels: NDArray[np.int64]
    samples: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Answers:
    """What a reader says of a set: best digits, confidences, refusals (N,), and probabilities (N, 10)."""

    best: NDArray[np.int64]
    confidence: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    refused: NDArray[np.bool_]

    def right(self, labels: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Right is the digit, read, or a refusal of what is none."""
        return np.where(labels == NO_DIGIT, self.refused, (self.best == labels) & ~self.refused)


def answers(reader: Reader, judged: JudgedBy) -> Answers:
    """Read a set; in parts, so that a large one fits in memory."""
    parts = [
        reader.probabilities(part) for part in np.array_split(judged.glyphs, max(1, len(judged) // 2000))
    ]
    probabilities = np.concatenate(parts) if len(judged) else np.zeros((0, DIGITS))
    best = probabilities.argmax(axis=1) if len(judged) else np.zeros(0, np.int64)
    return Answers(best, probabilities.max(axis=1, initial=0.0), probabilities, reader.refuses(probabilities))


def paired(judged: JudgedBy, before: Answers, after: Answers) -> Paired:
    """Two readers' answers to the same samples."""
    was, now = before.right(judged.labels), after.right(judged.labels)
    return Paired(
        judged.name,
        len(judged),
        int(was.sum()),
        int(now.sum()),
        gained=int((now & ~was).sum()),
        lost=int((was & ~now).sum()),
    )


def report(judged: JudgedBy, found: Answers) -> dict[str, Any]:
    """Figures of a set as plain values: accuracy with its 95 % interval, calibration, per digit, confusions
    (rows: label, columns: answer, the last refused) and the errors, surest first."""
    digit = judged.labels != NO_DIGIT
    right = found.right(judged.labels)
    confusion = np.zeros((DIGITS, DIGITS + 1), np.int64)
    answer = np.where(found.refused, REFUSED, found.best)
    np.add.at(confusion, (judged.labels[digit], answer[digit]), 1)
    best = figures(found.probabilities[digit], judged.labels[digit])
    wrong = np.flatnonzero(~right)
    wrong = wrong[np.argsort(-found.confidence[wrong], kind="stable")][:ERRORS]
    return {
        "count": len(judged),
        "right": int(right.sum()),
        "accuracy": best.accuracy,
        "low": best.low,
        "high": best.high,
        "ece": best.ece,
        "refused": int((found.refused & digit).sum()),
        "per_digit": [
            [int((judged.labels == label).sum()), int((right & (judged.labels == label)).sum())]
            for label in range(DIGITS)
        ],
        "confusion": confusion.tolist(),
        "errors": [
            {
                "label": int(judged.labels[index]),
                "answer": int(answer[index]),
                "confidence": round(float(found.confidence[index]), 4),
                **(
                    {"sample": judged.samples[index]}
                    if judged.samples
                    else {"glyph": base64.b64encode(judged.glyphs[index].tobytes()).decode()}
                ),
            }
            for index in wrong
        ],
    }


def suspects(reader: Reader, judged: JudgedBy) -> list[list[Any]]:
    """Samples whose label the reader surely disagrees with, the surest first: [id, answer, confidence]."""
    with torch.inference_mode():
        found = answers(reader, judged)
    wrong = ~found.right(judged.labels) & ~found.refused & (found.confidence >= SURE)
    ranked = sorted(np.flatnonzero(wrong), key=lambda index: -found.confidence[index])[:SUSPECTS]
    return [
        [judged.samples[index], str(found.best[index]), round(float(found.confidence[index]), 4)]
        for index in ranked
    ]


def judge(
    candidate: Reader, active: Reader | None, sets: list[JudgedBy], check: Callable[[], None] = lambda: None
) -> tuple[dict[str, Any], list[Paired]]:
    """The candidate's report by set, and how it compares with the active reader on the same samples.

    `check` is called before each set, and may raise to stop."""
    reports: dict[str, Any] = {}
    pairs: list[Paired] = []
    with torch.inference_mode():
        for judged in sets:
            if not len(judged):
                continue
            check()
            after = answers(candidate, judged)
            reports[judged.name] = report(judged, after)
            if active is not None:
                before = answers(active, judged)
                pair = paired(judged, before, after)
                pairs.append(pair)
                reports[judged.name] |= {
                    "before": pair.before,
                    "gained": pair.gained,
                    "lost": pair.lost,
                    "p": pair.p,
                }
    return reports, pairs
