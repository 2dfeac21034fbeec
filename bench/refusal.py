"""How much ink that is no digit is refused: `python -m bench.refusal [weights]`.

Made boxes come from seeds that no training saw, photos from the packages scikit-learn and matplotlib: crops
of them, as somebody might send a picture of anything else.
"""

import argparse
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import django
import numpy as np
from matplotlib import cbook
from PIL import Image
from sklearn.datasets import load_sample_images

from recognition.reader.ink import Ink, Picture
from recognition.reader.reader import BoxState, Reader
from training.data import offline
from training.negatives import digits_together, scribble, sign, texture

COUNT = 500
SEED = 20_000_003


def photos(random: np.random.Generator) -> Iterator[Ink]:
    """COUNT square crops of photos, at 40 to 280 pixels."""
    portrait = Image.open(str(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)))
    sources = [portrait, *map(Image.fromarray, load_sample_images().images)]
    greys = [np.asarray(image.convert("L")) for image in sources]
    for _ in range(COUNT):
        grey = greys[int(random.integers(len(greys)))]
        side = int(random.integers(60, min(grey.shape)))
        top, left = (int(random.integers(0, length - side)) for length in grey.shape)
        size = int(random.choice([50, 100, 280]))
        crop = Image.fromarray(grey[top : top + side, left : left + side])
        yield Picture(np.asarray(crop.resize((size, size), Image.Resampling.BOX)))


def rows(reader: Reader) -> dict[str, Counter[BoxState]]:
    """The states of COUNT boxes of each kind."""
    digits = np.stack([ink.grey for ink in offline().inks if isinstance(ink, Picture)])

    def made(kind: str, random: np.random.Generator) -> Ink:
        if kind == "two or three digits":
            return digits_together(random, digits)
        return {"scribbles": scribble, "letters and signs": sign, "blotches": texture}[kind](random)

    found = {}
    for number, kind in enumerate(("scribbles", "letters and signs", "two or three digits", "blotches")):
        random = np.random.default_rng((SEED, number))
        found[kind] = Counter(reader.read([made(kind, random)])[0].state for _ in range(COUNT))
    random = np.random.default_rng((SEED, 9))
    found["crops of photos"] = Counter(reader.read([ink])[0].state for ink in photos(random))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path, nargs="?", help="unless given, the shipped ones")
    weights = parser.parse_args().weights
    if weights is None:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "phonereader.settings")
        django.setup()  # the registry knows which weights are shipped
        from recognition.registry import SHIPPED

        weights = SHIPPED
    reader = Reader(weights.read_bytes())
    print(f"| {COUNT} boxes each | refused or blank | read as a digit |\n| --- | --- | --- |")
    for kind, states in rows(reader).items():
        print(f"| {kind} | {1 - states['read'] / COUNT:.1%} | {states['read'] / COUNT:.1%} |")


if __name__ == "__main__":
    main()
