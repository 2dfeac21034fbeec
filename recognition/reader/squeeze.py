"""The tutorial's way from a picture to the network's input, kept for comparison only.

It fits the whole box into 28x28 as it is: no ink box, no centring, whatever the pen.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from recognition.reader.ink import Picture


def squeeze(picture: Picture) -> NDArray[np.uint8]:
    """Dark ink on light, inverted and squeezed to uint8 (28, 28)."""
    small = cv2.resize(255 - picture.grey, (28, 28), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)
