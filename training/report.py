"""What a trained network is worth: its temperature, fitted on tuning digits, and its figures on test sets."""

import numpy as np
import torch
from torch import nn

from recognition.reader.networks import NO_DIGIT, REFUSING, predict
from training.evaluation import Figures, figures, fit_temperature
from training.trainer import Glyphs

MOST_REFUSED = 0.004
"""The part of real digits that may be refused by a network that has only its confidence to refuse by."""


def temperature(network: nn.Module, tune: dict[str, Glyphs]) -> float:
    """The temperature fitted on tuning writers of pens and paper; on MNIST only where there are none."""
    sets = [part for name, part in tune.items() if name != "mnist"] or list(tune.values())
    glyphs = torch.from_numpy(np.concatenate([part.glyphs for part in sets]))
    labels = torch.from_numpy(np.concatenate([part.labels for part in sets]))
    drawn = labels >= 0
    if not bool(drawn.any()):
        return 1.0
    return fit_temperature(predict(network, glyphs[drawn]), labels[drawn])


def certainty(network: nn.Module, architecture: str, tune: dict[str, Glyphs]) -> dict[str, str]:
    """What the reader must know to be honest, for the weights' header: temperature and least confidence."""
    scale = temperature(network, tune)
    found = {"temperature": f"{scale:.4f}"}
    if architecture not in REFUSING:
        found["least_confidence"] = f"{_least_confidence(network, scale, tune):.4f}"
    return found


def _least_confidence(network: nn.Module, scale: float, tune: dict[str, Glyphs]) -> float:
    """The certainty below which the reader refuses: a half, or less where that refused too many digits."""
    sure = []
    for part in tune.values():
        logits = predict(network, torch.from_numpy(part.glyphs[part.labels >= 0])).double()
        sure.append(torch.softmax(logits / scale, dim=1)[:, :NO_DIGIT].amax(dim=1).numpy())
    return float(min(0.5, np.quantile(np.concatenate(sure), MOST_REFUSED)))


def judge(network: nn.Module, scale: float, sets: dict[str, Glyphs]) -> dict[str, Figures]:
    """Figures of every set, probabilities at the given temperature."""
    found = {}
    for name, part in sets.items():
        logits = predict(network, torch.from_numpy(part.glyphs)).double()
        found[name] = figures(torch.softmax(logits / scale, dim=1)[:, :NO_DIGIT].numpy(), part.labels)
    return found
