"""Reading boxes: ink to digits with honest certainty. `Reader` holds one network in memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from recognition.reader.glyph import glyph
from recognition.reader.header import BadWeights, sha256
from recognition.reader.ink import Ink
from recognition.reader.networks import NO_DIGIT, for_serving, predict
from recognition.reader.weights import unpack

BoxState = Literal["read", "blank", "unreadable"]

MOST_NO_DIGIT = 0.5
"""Above this probability of "no digit" the reader refuses: that is likelier than all digits together."""
LEAST_CONFIDENCE = 0.2
"""Below this it does not bet on a digit, unless the weights say otherwise (`least_confidence`). Between two
digits it does: which box is in doubt, and between which, is said by its alternatives."""
ALTERNATIVES = 3
LEAST_ALTERNATIVE = 0.0005


@dataclass(frozen=True, eq=False)
class BoxReading:
    """The network's answer for one box.

    `digit` is None unless read; `confidence` (calibrated, 0..1, of the best digit), `probabilities` (of
    0 to 9) and `glyph` (uint8 (28, 28)) are None when blank; `alternatives` are the next best digits.
    """

    state: BoxState
    digit: str | None = None
    confidence: float | None = None
    alternatives: tuple[tuple[str, float], ...] = ()
    probabilities: tuple[float, ...] | None = None
    glyph: NDArray[np.uint8] | None = None


BLANK = BoxReading("blank")


class Reader:
    """A network loaded once from packed weights. Raises BadWeights for bytes that are none.

    How many threads torch uses is the process's choice, not the reader's.
    """

    def __init__(self, weights: bytes) -> None:
        network, self.meta = unpack(weights)
        self.network = for_serving(network)
        self.architecture = self.meta["architecture"]
        self.sha256 = sha256(weights)
        self.temperature = _number(self.meta, "temperature", 1.0)
        self.least_confidence = _number(self.meta, "least_confidence", LEAST_CONFIDENCE)
        if self.temperature <= 0:
            raise BadWeights("The temperature of the weights must be above 0.")

    def read(self, inks: Sequence[Ink]) -> list[BoxReading]:
        """Read boxes, in order; all that hold ink go through the network in one batch."""
        glyphs = [glyph(ink) for ink in inks]
        drawn = [each for each in glyphs if each is not None]
        answers = iter(self.probabilities(np.stack(drawn)) if drawn else ())
        return [BLANK if each is None else self._reading(each, next(answers)) for each in glyphs]

    def probabilities(self, glyphs: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Calibrated probabilities (N, 10) of glyphs (N, 28, 28); what a row lacks to 1 is for "no digit"."""
        logits = predict(self.network, torch.from_numpy(glyphs))
        return torch.softmax(logits.double() / self.temperature, dim=1)[:, :NO_DIGIT].numpy()

    def refuses(self, probabilities: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which rows of `probabilities` (N, 10) the reader would not bet on: (N,)."""
        no_digit = 1 - probabilities.sum(axis=1) > MOST_NO_DIGIT
        return no_digit | (probabilities.max(axis=1, initial=0.0) < self.least_confidence)

    def _reading(self, drawn: NDArray[np.uint8], row: NDArray[np.float64]) -> BoxReading:
        order = np.argsort(-row, kind="stable")
        best = int(order[0])
        confidence = float(row[best])
        read = not self.refuses(row[None])[0]
        # An unreadable box bets on nothing, so its best digit is an alternative like the others.
        others = order[1 : ALTERNATIVES + 1] if read else order[:ALTERNATIVES]
        return BoxReading(
            state="read" if read else "unreadable",
            digit=str(best) if read else None,
            confidence=confidence,
            alternatives=tuple((str(i), float(row[i])) for i in others if row[i] >= LEAST_ALTERNATIVE),
            probabilities=tuple(float(value) for value in row),
            glyph=drawn,
        )


def _number(meta: dict[str, str], name: str, default: float) -> float:
    try:
        value = float(meta.get(name, default))
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise BadWeights(f"The weights' {name} is no number.")
    return value
