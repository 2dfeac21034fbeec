"""The settings of a training run, and those that suit each architecture. Needs no torch."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Settings:
    """What fixes a run, besides its data. The defaults suit the tutorial's small networks."""

    architecture: str = "lenet"  # a name in recognition.reader.networks.ARCHITECTURES
    epochs: int = 40  # passes over the training glyphs
    seed: int = 1  # initial weights, order and augmentation
    batch: int = 128  # glyphs a step
    learning_rate: float = 4e-3  # highest rate of the one-cycle schedule
    warm_up: float = 0.15  # part of the run in which the rate rises
    weight_decay: float = 0.01  # AdamW's
    label_smoothing: float = 0.02  # some labels are wrong: never bet everything
    augmentation: float = 0.5  # strength of augmentation, 0 to 1; small networks want little
    calm: float = 0.15  # last part of the run, with a fifth of the augmentation: ends on true shapes
    averaging: float = 0.998  # decay of the weights' moving average, which is what a run yields
    rich: bool = False  # other renderings in each epoch, and boxes that hold no digit: wants capacity
    mixed: bool = False  # convolve in bfloat16, where the processor can: half the time
    hold: float = 0.0  # weight of staying near the parent's answers where the parent is right


_RICH = Settings(
    epochs=20,
    weight_decay=0.02,
    augmentation=0.7,
    calm=0.2,
    averaging=0.999,
    rich=True,
    mixed=True,
)

RECIPES = {
    "feed-forward-15": Settings("feed-forward-15"),
    "feed-forward-42": Settings("feed-forward-42"),
    "lenet": Settings("lenet"),
    "small-vgg": replace(_RICH, architecture="small-vgg"),
    "wide-vgg": replace(_RICH, architecture="wide-vgg", epochs=30),
}
"""By architecture: how it is trained from nothing."""

DEFAULT = "wide-vgg"


def recipe(architecture: str) -> Settings:
    """How an architecture is trained from nothing. Raises KeyError for an unknown name."""
    return RECIPES[architecture]


def further(architecture: str) -> Settings:
    """How a trained network learns from some hundred new samples without forgetting the rest."""
    return replace(
        recipe(architecture),
        epochs=8,
        learning_rate=1e-3,
        warm_up=0.1,
        augmentation=0.5,
        averaging=0.99,
        hold=1.0,
    )
