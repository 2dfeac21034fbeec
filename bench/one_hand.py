"""`python -m bench.one_hand`: does it help to read the boxes of a number together?

One person writes all boxes of a number, and a flagged 1 next to a barred 7 is no 7. This trains a small
attention over the boxes' features, on top of a network that stays as it is, on numbers by made hands and by
restyled training writers, and compares whole numbers with and without it. What came of it is in
docs/decisions/one-hand.md.
"""

import argparse
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import django
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm, trange

from bench.numbers import LENGTH, write_numbers
from recognition.reader.glyph import glyph
from recognition.reader.ink import Ink, Strokes
from recognition.reader.networks import NO_DIGIT
from recognition.reader.reader import Reader
from training import splits
from training.data import Drawings, MissingData, Sources, sources
from training.handwriting import hand, write
from training.render import PAGE, draw, restyled, scan
from training.unseen import PAPER, PENS, PENS_STROKES, Part, unseen

HANDS, UNSEEN_HANDS, TIMES = 1_500, 400, 3
"""Made hands to train on and to judge by, and how often each writes every digit."""
STYLES, PER_STYLE = 30, 60
"""Ways in which each training writer is restyled, alike for all of a way's drawings, and drawings in each."""
STEPS, BATCH, MOST = 3_000, 64, 15
NUMBERS = 2_000


@dataclass(frozen=True, eq=False)
class Seen:
    """What the network makes of drawings: features (N, D), logits (N, 11), labels (N,), hands (N,)."""

    features: Tensor
    logits: Tensor
    labels: Tensor
    hands: NDArray[np.int64]

    def rows(self) -> list[list[Tensor]]:
        """By hand, by digit: the indices of its drawings. Hands that lack a digit are left out."""
        labels = self.labels.numpy()
        found = []
        for each in np.unique(self.hands):
            own = [np.flatnonzero((self.hands == each) & (labels == digit)) for digit in range(10)]
            if all(map(len, own)):
                found.append([torch.from_numpy(rows) for rows in own])
        return found


class Beside(nn.Module):
    """Attention of each box to the others of its number: what to add to its ten digits' logits.

    Features (B, N, D), logits (B, N, 11) and which boxes are there (B, N) in, (B, N, 10) out. A box alone
    attends to nothing, and nothing is added.
    """

    def __init__(self, features: int, width: int = 32, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.look = nn.Linear(features, 2 * width)
        self.value = nn.Linear(width + NO_DIGIT + 1, 2 * width)
        self.own = nn.Linear(features, width)
        self.answer = nn.Sequential(
            nn.Linear(3 * width + NO_DIGIT + 1, 2 * width), nn.ReLU(), nn.Linear(2 * width, NO_DIGIT)
        )
        nn.init.zeros_(self.answer[-1].weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.answer[-1].bias)  # type: ignore[arg-type]

    def forward(self, features: Tensor, logits: Tensor, there: Tensor) -> Tensor:
        sure = logits.softmax(-1)
        own = functional.relu(self.own(features))
        value = self.value(torch.cat([own, sure], -1))
        query, key = self.look(features).chunk(2, -1)
        query, key, value = (self._split(each) for each in (query, key, value))
        others = there[:, None, :] & ~torch.eye(there.shape[1], dtype=torch.bool)
        alone = ~others.any(-1, keepdim=True)
        seen = functional.scaled_dot_product_attention(query, key, value, (others | alone)[:, None])
        seen = seen.transpose(1, 2).flatten(2)
        more: Tensor = self.answer(torch.cat([own, seen, sure], -1))
        return more.masked_fill(alone, 0.0)

    def _split(self, each: Tensor) -> Tensor:
        several: Tensor = each.unflatten(-1, (self.heads, -1))
        return several.transpose(1, 2)


def look(reader: Reader, inks: Iterable[Ink], labels: NDArray[np.int64], hands: NDArray[np.int64]) -> Seen:
    """Features and logits of drawings; what is taken for blank is left out."""
    glyphs = [glyph(ink) for ink in inks]
    there = np.array([each is not None for each in glyphs])
    network = reader.network
    body, head = network[:-1], network[-1]  # type: ignore[index]
    features = []
    with torch.inference_mode():
        for part in torch.split(torch.from_numpy(np.stack([g for g in glyphs if g is not None])), 1000):
            features.append(body(part.unsqueeze(1).float()))
        together = torch.cat(features)
        logits = head(together) / reader.temperature
    scaled = functional.layer_norm(together, together.shape[1:])
    return Seen(scaled.clone(), logits.clone(), torch.from_numpy(labels[there]), hands[there])


def by_made_hands(reader: Reader, count: int, seed: int) -> Seen:
    """Every digit TIMES times by each of `count` hands that nobody has; a hand's ink is sent in one way."""
    random = np.random.default_rng(seed)
    inks, labels, hands = [], [], []
    for number in range(count):
        writer, way = hand(random), int(random.integers(3))
        for digit in list(range(10)) * TIMES:
            inks.append(_sent(write(writer, digit, random), way, random))
            labels.append(digit)
            hands.append(number)
    return look(reader, tqdm(inks, "made hands"), np.array(labels), np.array(hands))


def by_writers(reader: Reader, drawings: Drawings, seed: int) -> Seen:
    """The training writers' digits, restyled: all drawings of a style alike, as if another person wrote."""
    random = np.random.default_rng(seed)
    inks, labels, hands = [], [], []
    for writer in np.unique(drawings.writers):
        own = np.flatnonzero(drawings.writers == writer)
        for style in range(STYLES):
            hand = int(writer) * 1_000 + style
            for index in random.choice(own, PER_STYLE):
                ink = drawings.inks[index]
                assert isinstance(ink, Strokes)
                inks.append(_sent(restyled(ink, np.random.default_rng([seed, hand])), style % 2, random))
                labels.append(drawings.labels[index])
                hands.append(hand)
    return look(reader, tqdm(inks, "training writers"), np.array(labels), np.array(hands))


def _sent(ink: Ink, way: int, random: np.random.Generator) -> Ink:
    if not isinstance(ink, Strokes) or way == 0:
        return ink
    return draw(ink, PAGE) if way == 1 else scan(ink, random)


def trained(parts: list[Seen], seed: int) -> Beside:
    """Attention that was trained on numbers of 1 to MOST boxes, each by one hand."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    beside = Beside(parts[0].features.shape[1])
    optimiser = torch.optim.AdamW(beside.parameters(), 2e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, STEPS)
    rows = [part.rows() for part in parts]
    for step in trange(STEPS, desc="training"):
        part = step % len(parts)
        chosen, there = _numbers(rows[part], random)
        seen = parts[part]
        logits = seen.logits[chosen]
        more = beside(seen.features[chosen], logits, there)
        loss = functional.cross_entropy((logits[..., :NO_DIGIT] + more)[there], seen.labels[chosen][there])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return beside.eval()


def _numbers(rows: list[list[Tensor]], random: np.random.Generator) -> tuple[Tensor, Tensor]:
    chosen = torch.zeros(BATCH, MOST, dtype=torch.int64)
    there = torch.zeros(BATCH, MOST, dtype=torch.bool)
    for number in range(BATCH):
        own = rows[int(random.integers(len(rows)))]
        for box in range(int(random.integers(1, MOST + 1))):
            drawn = own[int(random.integers(10))]
            chosen[number, box] = drawn[int(random.integers(len(drawn)))]
            there[number, box] = True
    return chosen, there


def alike(seen: Seen, chosen: Tensor, strength: float) -> Tensor:
    """Without training: what to add when boxes that look alike vote for each other."""
    features = functional.normalize(seen.features[chosen], dim=-1)
    near = features @ features.transpose(-1, -2) * 8
    near = near.masked_fill(torch.eye(chosen.shape[1], dtype=torch.bool), -torch.inf).softmax(-1)
    return strength * torch.log((near @ seen.logits[chosen].softmax(-1))[..., :NO_DIGIT] + 1e-2)


def judged(seen: Seen, drawings: Drawings, ways: list[Beside], seed: int) -> str:
    """Cells: digits and whole numbers right, as they are, with each attention, with votes."""
    written = write_numbers(drawings, NUMBERS, np.random.default_rng(seed))
    chosen = torch.tensor([each.drawings for each in written])
    labels, logits = seen.labels[chosen], seen.logits[chosen]
    there = torch.ones_like(chosen, dtype=torch.bool)
    with torch.inference_mode():
        more = [way(seen.features[chosen], logits, there) for way in ways] + [alike(seen, chosen, 0.25)]
    cells = []
    for added in [torch.zeros(1), *more]:
        right = (logits[..., :NO_DIGIT] + added).argmax(-1) == labels
        cells.append(f"{right.float().mean():.2%} / {right.all(-1).float().mean():.1%}")
    return " | ".join(cells)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "phonereader.settings")
    django.setup()
    from recognition.registry import SHIPPED

    parser = argparse.ArgumentParser(prog="bench.one_hand", description="Do boxes read together read better?")
    parser.add_argument("--data", type=Path, default=os.environ.get("PHONEREADER_TRAINING_DATA"))
    parser.add_argument("--weights", type=Path, default=SHIPPED)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    if chosen.data is None:
        parser.error("name the folder with pendigits/ and paper-digits/: --data folder")
    torch.set_num_threads(1)
    print(table(Reader(chosen.weights.read_bytes()), sources(Path(chosen.data)), chosen.seed))


def table(reader: Reader, data: Sources, seed: int) -> str:
    """Train, judge on hands and writers that neither network nor attention has seen, and tell."""
    if data.pendigits is None:
        raise MissingData("There is no pendigits/ in the data folder.")
    made = by_made_hands(reader, HANDS, 100 + seed)
    real = by_writers(reader, data.pendigits.of(splits.PENDIGITS["train"]), seed)
    ways = [trained([made, real], seed), trained([real], seed)]
    held = by_made_hands(reader, UNSEEN_HANDS, 200 + seed)
    lines = [
        f"{LENGTH} boxes a number, {NUMBERS} numbers a row; digits right / whole numbers right.",
        "",
        "| | each box alone | attention, made hands and writers | attention, writers | votes |",
        "| --- | --- | --- | --- | --- |",
        f"| unseen made hands | {judged(held, _as_drawings(held), ways, seed)} |",
    ]
    parts: tuple[Part, ...] = ("tune", "test")
    for part in parts:
        sets = unseen(data, part, seed)
        for name in (PENS, PENS_STROKES, PAPER):
            drawn = sets[name]
            inks = [drawn.ink(index) for index in range(len(drawn))]
            seen = look(reader, inks, drawn.drawings.labels, drawn.drawings.writers)
            lines.append(f"| {part}: {name} | {judged(seen, _as_drawings(seen), ways, seed)} |")
    return "\n".join(lines)


def _as_drawings(seen: Seen) -> Drawings:
    """So that numbers are composed of what was looked at; the ink is no longer needed."""
    nothing = Strokes((), 1.0, 1.0, 1.0)
    return Drawings((nothing,) * len(seen.hands), seen.labels.numpy(), seen.hands)


if __name__ == "__main__":
    main()
