"""`python -m bench.learning`: what some hundred reviewed digits of an odd hand teach, and what they cost.

Goes the way of the product, on a database of its own: numbers are submitted, every box is labelled, a
training run makes a judged version. With --data, that is also judged on MNIST's test and on recorded writers
that neither saw; the run itself uses the offline base data.
"""

import argparse
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from time import perf_counter
from typing import Any

import numpy as np

from bench.odd_hand import odd_hand
from recognition.reader.ink import Strokes
from recognition.reader.reader import Reader
from training.data import Drawings, sources
from training.unseen import MNIST, PENS, PENS_STROKES, Unseen, unseen

UNSEEN = 40
"""Drawings of each digit by the odd hand that judge."""


def submitted_and_labelled(draw: Callable[[int], Strokes], labels: int, shuffled: bool, seed: int) -> int:
    """Send numbers until there are so many labels; with `shuffled`, the labels are anybody's guess."""
    from recognition.models import Submission
    from recognition.submissions import Sender, SentBox, submit
    from training import samples

    random = np.random.default_rng((seed, 1))
    given = 0
    while given < labels:
        digits = [int(digit) for digit in random.integers(10, size=min(11, labels - given))]
        boxes = [SentBox(strokes=document(draw(digit))) for digit in digits]
        job = submit(boxes, "", True, Sender(caller="bench", source=Submission.Source.PAGE))
        for box, digit in zip(job.submission.boxes.order_by("position"), digits, strict=True):
            label = int(random.integers(10)) if shuffled else digit
            samples.label_box(box, str(label), samples.Reviewer("bench"))
        given += len(digits)
    return given


def document(ink: Strokes) -> dict[str, Any]:
    """Strokes as the API takes them."""
    strokes = [np.round(stroke, 2).tolist() for stroke in ink.strokes]
    return {"strokes": strokes, "width": ink.width, "height": ink.height, "brush": ink.brush}


def retrained(epochs: int | None) -> tuple[Any, float]:
    """The run of a training job, and the seconds it took."""
    from phonereader.jobs import runner
    from training import runs
    from training.models import TrainingRun
    from training.work import TrainNetwork

    job = runs.start(runs.Wanted(epochs=epochs), "bench")
    start = perf_counter()
    runner.run(job.id, TrainNetwork(), "bench")
    took = perf_counter() - start
    run = TrainingRun.objects.select_related("job", "model").get(job=job)
    if run.model is None:
        sys.exit(f"The run {run.job.state}: {run.job.error}")
    return run, took


def right(reader: Reader, drawn: Unseen) -> float:
    """The part read right; a refusal is not right."""
    inks = [drawn.ink(index) for index in range(len(drawn))]
    readings = [each for start in range(0, len(inks), 500) for each in reader.read(inks[start : start + 500])]
    return float(
        np.mean(
            [each.digit == str(label) for each, label in zip(readings, drawn.drawings.labels, strict=True)]
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="bench.learning", description="What reviewed digits of an odd hand teach."
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("PHONEREADER_TRAINING_DATA") or None)
    parser.add_argument("--labels", type=int, default=300)
    parser.add_argument("--epochs", type=int, help="unless given, those of the recipe")
    parser.add_argument(
        "--shuffled", action="store_true", help="label at random: what the gate should refuse"
    )
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    folder = mkdtemp(prefix="phonereader-bench-")
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "phonereader.settings",
        "PHONEREADER_DATA_DIR": folder,
        "PHONEREADER_TRAINING_DATA": "",
    }
    os.environ.pop("DATABASE_URL", None)
    try:
        print(bench(chosen))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def bench(chosen: argparse.Namespace) -> str:
    """The report of one run, as text."""
    import django

    django.setup()
    from django.core.management import call_command

    from recognition import registry

    call_command("migrate", verbosity=0)
    draw = odd_hand(np.random.default_rng(chosen.seed))
    given = submitted_and_labelled(draw, chosen.labels, chosen.shuffled, chosen.seed)
    digits = np.repeat(np.arange(10), UNSEEN)
    sets = {
        "the odd hand, unseen drawings": Unseen(
            "odd", Drawings(tuple(draw(int(digit)) for digit in digits), digits, digits * 0)
        )
    }
    if chosen.data is not None:
        recorded = unseen(sources(Path(chosen.data)), "test", 1)
        sets |= {name: recorded[name] for name in (MNIST, PENS, PENS_STROKES) if name in recorded}
    run, took = retrained(chosen.epochs)
    before, after = registry.load(1), registry.load(run.model.version)
    judgement = run.model.judgements.get()
    lines = [
        f"{given} labels, {run.snapshot['samples']} to train on; {run.epochs} epochs, {took:.0f} s in all.",
        "",
        "| read right | before | after | |",
        "| --- | --- | --- | --- |",
    ]
    for name, drawn in sets.items():
        was, now = right(before, drawn), right(after, drawn)
        lines.append(f"| {name} | {was:.2%} | {now:.2%} | {100 * (now - was):+.2f} points |")
    return "\n".join([*lines, "", judgement.sentence])


if __name__ == "__main__":
    main()
