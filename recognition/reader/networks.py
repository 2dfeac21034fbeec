"""The networks, selectable by name: glyphs (N, 1, 28, 28) as float 0..255 in, logits (N, 10) out, or
(N, 11) from those that are taught to refuse: the last is that of "no digit".

Normalisation is part of the network, so weights alone say everything. `feed-forward-15`,
`feed-forward-42` and `lenet` are those of Germanov's tutorial (2023) on digits 28x28.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

MEAN = 33.0
STD = 79.0
"""About those of a glyph's pixels (0..255). Constants: a new base of data must not change the network."""


class Normalise(nn.Module):
    """Glyph values 0..255 to about zero mean and unit variance."""

    def forward(self, glyphs: Tensor) -> Tensor:
        return (glyphs - MEAN) / STD


def feed_forward(hidden: int) -> nn.Module:
    """784-hidden-10, the tutorial's first network."""
    return nn.Sequential(Normalise(), nn.Flatten(), nn.Linear(784, hidden), nn.ReLU(), nn.Linear(hidden, 10))


def lenet() -> nn.Module:
    """LeNet-5 in the tutorial's form (relu, max pooling): 44,426 parameters."""
    return nn.Sequential(
        Normalise(),
        nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(256, 120), nn.ReLU(),
        nn.Linear(120, 84), nn.ReLU(),
        nn.Linear(84, 10),
    )  # fmt: skip


def _block(inputs: int, outputs: int, kernel: int = 3) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, kernel, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]


def small_vgg() -> nn.Module:
    """Five 3x3 convolutions in VGG's manner, each with batch normalisation, and one dense layer.

    Borders are not padded: a glyph's are empty, and every layer without them costs less.
    """
    return nn.Sequential(
        Normalise(),
        *_block(1, 32), *_block(32, 32), nn.MaxPool2d(2),
        *_block(32, 64), *_block(64, 64), nn.MaxPool2d(2),
        *_block(64, 128),
        nn.Flatten(), nn.Dropout(0.2),
        nn.Linear(512, 11),
    )  # fmt: skip


def wide_vgg() -> nn.Module:
    """small-vgg with half as many features again for less work: one 5x5 convolution stands for the two of 3x3
    on the whole glyph, which took half of its time.
    """
    return nn.Sequential(
        Normalise(),
        *_block(1, 32, 5), nn.MaxPool2d(2),
        *_block(32, 96), *_block(96, 96), nn.MaxPool2d(2),
        *_block(96, 192),
        nn.Flatten(), nn.Dropout(0.2),
        nn.Linear(768, 11),
    )  # fmt: skip


ARCHITECTURES: dict[str, Callable[[], nn.Module]] = {
    "feed-forward-15": lambda: feed_forward(15),
    "feed-forward-42": lambda: feed_forward(42),
    "lenet": lenet,
    "small-vgg": small_vgg,
    "wide-vgg": wide_vgg,
}


REFUSING = frozenset({"small-vgg", "wide-vgg"})
"""The architectures with an eleventh output, for boxes that hold ink but no digit."""
NO_DIGIT = 10
"""The label of such boxes."""


def build(architecture: str) -> nn.Module:
    """A new network with fresh random weights. Raises KeyError for an unknown name."""
    return ARCHITECTURES[architecture]()


def for_serving(network: nn.Module) -> nn.Module:
    """The same function, faster: batch normalisation folded into the convolutions, channels last."""
    layers: list[nn.Module] = []
    for layer in network.children():
        if isinstance(layer, nn.BatchNorm2d) and layers and isinstance(layers[-1], nn.Conv2d):
            layers[-1] = fuse_conv_bn_eval(layers[-1], layer)
        else:
            layers.append(layer)
    faster = nn.Sequential(*layers).eval()
    return faster.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def parameter_count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def predict(network: nn.Module, glyphs: Tensor, batch: int = 1000) -> Tensor:
    """Logits (N, 10 or 11) of uint8 glyphs (N, 28, 28), in batches, without gradients and in eval mode."""
    was_training = network.training
    network.eval()
    with torch.inference_mode():
        parts = [network(part.unsqueeze(1).float()) for part in torch.split(glyphs, batch)]
    network.train(was_training)
    return torch.cat(parts) if parts else torch.zeros(0, 10)
