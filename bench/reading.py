"""`make bench-reading`: how well the reader reads people it has never seen, as tables and pictures.

Everything goes through the serving code, `Reader.read` on ink. The same seed, data and weights give the same
figures; only times depend on the machine.
"""

import argparse
import os
import sys
from pathlib import Path

import django
import numpy as np
import torch
from tqdm import tqdm

from bench.judge import Answers, Step, answers, figures_of, together
from bench.numbers import NumberAnswer, Written, number_figures, read_numbers, write_numbers
from bench.plots import confusion, panel, reliability
from bench.report import document
from bench.sheet import contact_sheet, errors_of
from bench.speed import WARM_UP, Speed, TimedReader, speeds
from recognition.reader.header import BadWeights
from recognition.reader.reader import Reader
from training.data import MissingData, sources
from training.unseen import MNIST, PAPER, PENS, PENS_DOTTED, PENS_PICTURE, PENS_STROKES, Part, Unseen, unseen

NUMBERS = 2_000
TIMED = 200
WRITTEN_IN = (PENS, PENS_STROKES, PAPER)
"""The sets that whole numbers are composed of."""
TIMED_KINDS = {"pictures of 280 px": PENS_PICTURE, "pictures of 50 px": PENS, "strokes": PENS_STROKES}


def bench(
    reader: TimedReader,
    sets: dict[str, Unseen],
    out: Path,
    heading: list[str],
    seed: int = 1,
    count: int = NUMBERS,
    timed: int = TIMED,
) -> str:
    """Judge a reader on sets of drawings; write reading.md and the pictures to the folder `out`, and return
    the tables. `count` whole numbers are composed of each set of WRITTEN_IN, `timed` of them are timed."""
    written = {
        name: write_numbers(sets[name].drawings, count, np.random.default_rng(seed))
        for name in WRITTEN_IN
        if name in sets
    }
    kinds = {kind: name for kind, name in TIMED_KINDS.items() if name in sets}
    total = sum(map(len, sets.values())) + sum(len(w.drawings) for each in written.values() for w in each)
    with tqdm(total=total + (WARM_UP + timed if kinds else 0), unit="box", mininterval=0.5) as bar:
        found = {name: answers(reader, each, _step(bar, name)) for name, each in sets.items()}
        numbers = {
            name: read_numbers(reader, sets[name], each, _step(bar, f"numbers, {name}"))
            for name, each in written.items()
        }
        speed = _speed(reader, sets, kinds, written, timed, _step(bar, "time"))
    text = _report(found, numbers, speed, heading, seed)
    out.mkdir(parents=True, exist_ok=True)
    (out / "reading.md").write_text(text)
    _pictures(found, numbers, sets, out)
    return text


def _step(bar: "tqdm[None]", name: str) -> Step:
    def step(done: int) -> None:
        if bar.desc != f"{name}: ":
            bar.set_description(name)
        bar.update(done)

    return step


def _speed(
    reader: TimedReader,
    sets: dict[str, Unseen],
    kinds: dict[str, str],
    written: dict[str, list[Written]],
    timed: int,
    step: Step,
) -> dict[str, Speed]:
    if not kinds:
        return {}
    some = written[PENS][:timed]
    inks = {
        kind: [[sets[name].ink(i) for i in each.drawings] for each in some] for kind, name in kinds.items()
    }
    return speeds(reader, inks, step)


def _report(
    found: dict[str, Answers],
    numbers: dict[str, list[NumberAnswer]],
    speed: dict[str, Speed],
    heading: list[str],
    seed: int,
) -> str:
    pooled = figures_of(together(_main(found)), seed) if len(_main(found)) == 2 else None
    return document(
        heading,
        {name: figures_of(each, seed) for name, each in found.items()},
        pooled,
        {name: number_figures(each, seed) for name, each in numbers.items()},
        numbers,
        speed,
    )


def _main(found: dict[str, Answers]) -> list[Answers]:
    """The answers to the two sets that bars are set for."""
    return [found[name] for name in (PENS, PAPER) if name in found]


def _pictures(
    found: dict[str, Answers], numbers: dict[str, list[NumberAnswer]], sets: dict[str, Unseen], out: Path
) -> None:
    people = [name for name in found if name not in (MNIST, PENS_DOTTED)]
    errors = [error for name in people for error in errors_of(found[name], sets[name])]
    title = f"{len(errors)} digits of unseen writers not read right"
    contact_sheet(errors, f"{title}: written → read (in brackets: refused)", out / "errors.png")
    if PENS_DOTTED in found:  # many, and of one cause
        dotted = errors_of(found[PENS_DOTTED], sets[PENS_DOTTED])
        title = f"{len(dotted)} dotted digits of unseen writers not read right"
        contact_sheet(dotted, f"{title}: written → read (in brackets: refused)", out / "errors-dotted.png")
    panels = {}
    if _main(found):
        panels["digits of unseen writers (50 px pens, paper)"] = panel(_main(found))
        confusion({name: found[name] for name in (PENS, PAPER) if name in found}, out / "confusion.png")
    for name, read in numbers.items():
        panels[f"whole numbers: {name}"] = (
            np.array([each.confidence for each in read]),
            np.array([each.right for each in read], dtype=np.bool_),
        )
    if panels:
        reliability(panels, out / "reliability.png")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "phonereader.settings")
    django.setup()
    from django.conf import settings

    from recognition.registry import SHIPPED

    parser = argparse.ArgumentParser(
        prog="bench.reading", description="How well the reader reads unseen writers."
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("PHONEREADER_TRAINING_DATA") or None)
    parser.add_argument("--weights", type=Path, default=SHIPPED)
    parser.add_argument("--writers", choices=["test", "tune"], default="test")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--numbers", type=int, default=NUMBERS, help="whole numbers of each kind")
    parser.add_argument("--out", type=Path, default=settings.DATA_DIR / "bench")
    chosen = parser.parse_args()
    if chosen.data is None:
        sys.exit("Name the folder with mnist/, pendigits/ and paper-digits/: make bench-reading DATA=folder")
    if chosen.numbers < 1:
        sys.exit("--numbers must be at least 1.")
    part: Part = "tune" if chosen.writers == "tune" else "test"
    try:
        sets = unseen(sources(Path(chosen.data)), part, chosen.seed)
        reader = Reader(chosen.weights.read_bytes())
    except (MissingData, BadWeights, OSError) as error:
        sys.exit(str(error))
    torch.set_num_threads(1)  # one core, and sums in one order
    who = "writers of the test" if part == "test" else "tuning writers"
    heading = [
        f"`{chosen.weights.name}` ({reader.architecture}, {reader.sha256[:12]}), {who}, seed {chosen.seed}."
    ]
    if part == "test" and reader.meta.get("writers") != "held-out":
        heading += ["", "**These weights do not say that they were trained without these writers.**"]
    print(bench(reader, sets, chosen.out, heading, chosen.seed, chosen.numbers))
    print(
        f"Written to {chosen.out}: reading.md, errors.png, errors-dotted.png, reliability.png, confusion.png."
    )


if __name__ == "__main__":
    main()
