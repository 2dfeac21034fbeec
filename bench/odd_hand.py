"""A hand with habits that nobody's digits in the training data have, and that collide with no other digit."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from recognition.reader.ink import Strokes
from training.allographs import arc, corner
from training.handwriting import Forms, hand, write

HABITS: Forms = {
    0: {"odd": (1, [arc(0.3, 0.5, 0.28, 0.36, -80, -440, 14), [(0.3, 0.0), (0.3, 0.5), (0.3, 1.0)]])},
    1: {"odd": (1, [[(0.0, 0.86), (0.2, 0.4), *corner(0.42, 0.0), (0.41, 0.5), *corner(0.4, 1.0), (0.7, 0.99)]])},
    2: {
        "odd": (
            1,
            [
                [(0.02, 0.03), (0.3, 0.03), *corner(0.56, 0.02), (0.3, 0.5), *corner(0.02, 0.98), (0.6, 0.97)],
                [(0.08, 0.5), (0.3, 0.49), (0.54, 0.5)],
            ],
        )
    },
    3: {"odd": (1, [[(0.0, 0.16), *corner(0.3, 0.0), *corner(0.5, 0.22), *corner(0.2, 0.5), *corner(0.5, 0.76),
                     *corner(0.26, 1.0), (0.0, 0.86)]])},
    4: {"odd": (1, [[(0.36, 0.0), (0.2, 0.28), *corner(0.04, 0.56), (0.2, 0.53), *corner(0.44, 0.5), (0.3, 0.76),
                     (0.16, 1.0)]])},
    5: {"odd": (1, [[(0.5, 0.0), (0.3, 0.0), *corner(0.08, 0.0), (0.08, 0.2), *corner(0.08, 0.46), (0.3, 0.46),
                     *corner(0.5, 0.46), (0.5, 0.7), *corner(0.5, 1.0), (0.3, 1.0), (0.0, 1.0)]])},
    6: {"odd": (1, [[(0.06, 0.0), (0.06, 0.5), *corner(0.06, 0.98), (0.3, 0.98), *corner(0.52, 0.98),
                     (0.52, 0.8), *corner(0.52, 0.62), (0.3, 0.62), (0.08, 0.62)]])},
    7: {"odd": (1, [[(0.0, 0.02), (0.3, 0.02), *corner(0.56, 0.02), (0.42, 0.5), (0.3, 1.0)],
                    [(0.18, 0.4), (0.4, 0.38), (0.62, 0.36)], [(0.12, 0.58), (0.36, 0.56), (0.58, 0.54)]])},
    8: {"odd": (1, [arc(0.3, 0.2, 0.2, 0.2, -90, -450, 11), arc(0.3, 0.76, 0.25, 0.24, -90, -450, 11)])},
    9: {"odd": (1, [arc(0.26, 0.22, 0.24, 0.22, -30, -390, 11),
                    [(0.5, 0.1), (0.5, 0.5), (0.46, 0.86), (0.28, 1.0), (0.06, 0.92), (0.04, 0.76), (0.24, 0.66),
                     (0.6, 0.56)]])},
}  # fmt: skip


def odd_hand(random: np.random.Generator) -> Callable[[int], Strokes]:
    """One who writes like this: digit in, ink out, each time a little otherwise."""
    writer = replace(hand(random), forms=("odd",) * 10, slant=0.1, size=0.7, brush=16.0)
    return lambda digit: write(writer, digit, random, HABITS)
