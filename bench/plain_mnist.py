"""`make bench-training`: time to 99 % on MNIST, a plain PyTorch script beside this project's trainer.

The plain script is of the kind that PyTorch's examples hold: two convolutions, dropout, two dense layers,
Adadelta, batches of 64. Both train on the first 55,000 training digits, in one run, on the same number of
threads, and are asked after every epoch how many of MNIST's tuning slice (never of its test) they read.
"""

import argparse
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from recognition.reader.glyph import glyph
from recognition.reader.ink import Picture
from recognition.reader.networks import ARCHITECTURES
from training.data import Drawings, MissingData, mnist, offline
from training.recipes import recipe
from training.splits import MNIST_TUNE
from training.trainer import EpochReport, Glyphs, Progress, Stopped, train

WANTED = 0.99
BATCH = 64


@dataclass(frozen=True)
class Race:
    """How a training went: seconds until the wanted accuracy (None: not reached), epochs, the last
    accuracy (0..1), and seconds of preparation, which `seconds` includes."""

    name: str
    seconds: float | None
    epochs: int
    accuracy: float
    prepared: float = 0.0


# --- The plain script -------------------------------------------------------------------------------


class Plain(nn.Module):
    """1,199,882 parameters; pictures (N, 1, 28, 28) of 0..1, normalised, in, log probabilities out."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)
        )
        self.classes = nn.Sequential(nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10))

    def forward(self, pictures: Tensor) -> Tensor:
        return F.log_softmax(self.classes(self.features(pictures).flatten(1)), dim=1)


def plain(drawings: Drawings, judged: Drawings, epochs: int, seed: int, wanted: float = WANTED) -> Race:
    """Train the plain network until it reads `wanted` of `judged`, for at most so many epochs."""
    torch.manual_seed(seed)
    start = perf_counter()
    (pictures, labels), (seen, truth) = _tensors(drawings), _tensors(judged)
    prepared = perf_counter() - start
    network = Plain()
    optimizer = torch.optim.Adadelta(network.parameters(), lr=1.0)
    slower = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.7)
    accuracy = 0.0
    batches = -(-len(labels) // BATCH)
    with tqdm(total=epochs * batches, desc="plain PyTorch", unit="batch", mininterval=0.5) as bar:
        for epoch in range(1, epochs + 1):
            network.train()
            for chosen in torch.randperm(len(labels)).split(BATCH):
                optimizer.zero_grad()
                F.nll_loss(network(pictures[chosen]), labels[chosen]).backward()
                optimizer.step()
                bar.update()
            slower.step()
            network.eval()
            with torch.inference_mode():
                answers = torch.cat([network(part).argmax(dim=1) for part in seen.split(1000)])
            accuracy = float((answers == truth).float().mean())
            if accuracy >= wanted:
                return Race("plain PyTorch", perf_counter() - start, epoch, accuracy, prepared)
    return Race("plain PyTorch", None, epochs, accuracy, prepared)


def _tensors(drawings: Drawings) -> tuple[Tensor, Tensor]:
    pictures = np.stack([ink.grey for ink in drawings.inks if isinstance(ink, Picture)])
    scaled = (torch.from_numpy(pictures).unsqueeze(1).float() / 255 - 0.1307) / 0.3081
    return scaled, torch.from_numpy(drawings.labels)


# --- This project's trainer -------------------------------------------------------------------------


def ours(
    architecture: str, drawings: Drawings, judged: Drawings, epochs: int, seed: int, wanted: float = WANTED
) -> Race:
    """Train by this project's recipe, cut to so many epochs, until `judged` is read; making the glyphs, which
    a first training has to do, counts."""
    start = perf_counter()
    data, tune = _glyphs(drawings), _glyphs(judged)
    prepared = perf_counter() - start
    reached: list[tuple[float, EpochReport]] = []
    last: list[EpochReport] = []
    chosen = replace(recipe(architecture), epochs=epochs, seed=seed)
    bar = tqdm(desc=architecture, unit="batch", mininterval=0.5)

    def on_batch(progress: Progress) -> None:
        bar.total = progress.steps
        bar.update(progress.step - bar.n)

    def on_epoch(report: EpochReport) -> bool:
        last.append(report)
        if report.accuracy["mnist"] >= wanted:
            reached.append((perf_counter() - start, report))
        return not reached

    try:
        train(chosen, data, {"mnist": tune}, on_batch=on_batch, on_epoch=on_epoch)
    except Stopped:
        pass
    finally:
        bar.close()
    seconds = reached[0][0] if reached else None
    return Race(architecture, seconds, last[-1].epoch, last[-1].accuracy["mnist"], prepared)


def _glyphs(drawings: Drawings) -> Glyphs:
    made = [glyph(ink) for ink in drawings.inks]
    kept = [index for index, each in enumerate(made) if each is not None]
    return Glyphs(np.stack([each for each in made if each is not None]), drawings.labels[kept])


# --- Side by side -----------------------------------------------------------------------------------


def report(races: list[Race], threads: int, wanted: float = WANTED) -> str:
    """A table as Markdown; the last column is the time in parts of the plain script's."""
    lines = [
        f"Time to {wanted:.0%} of MNIST's tuning slice, {threads} threads; preparing the pictures counts.",
        "",
        "| training | time | of this, preparing | epochs | accuracy | ratio |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    base = races[0].seconds
    for race in races:
        time = "not reached" if race.seconds is None else f"{race.seconds:.1f} s"
        ratio = "" if race.seconds is None or base is None else f"{race.seconds / base:.2f}"
        cells = [race.name, time, f"{race.prepared:.1f} s", f"{race.epochs}", f"{race.accuracy:.2%}", ratio]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.plain_mnist", description="Time to 99 % on MNIST.")
    parser.add_argument("--data", type=Path, default=os.environ.get("PHONEREADER_TRAINING_DATA") or None)
    parser.add_argument("--architecture", choices=sorted(ARCHITECTURES), action="append")
    parser.add_argument("--epochs", type=int, default=14, help="at most, of the plain script")
    parser.add_argument("--own-epochs", type=int, default=3, help="of this project's schedule")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    try:
        every = offline() if chosen.data is None else mnist(_folder(Path(chosen.data)), train=True)
    except MissingData as error:
        sys.exit(str(error))
    torch.set_num_threads(chosen.threads)
    order = np.arange(len(every))
    last = order % 10 == 9 if chosen.data is None else order >= len(every) - MNIST_TUNE
    drawings, judged = every.at(order[~last]), every.at(order[last])
    races = [plain(drawings, judged, chosen.epochs, chosen.seed)]
    for architecture in chosen.architecture or ["wide-vgg", "lenet"]:
        races.append(ours(architecture, drawings, judged, chosen.own_epochs, chosen.seed))
    print(report(races, chosen.threads))


def _folder(data: Path) -> Path:
    return data / "mnist" if (data / "mnist").is_dir() else data


if __name__ == "__main__":
    main()
