"""Training a network on glyphs: one loop, to be read from top to bottom.

Pure: no Django, no Celery, no files but the checkpoint. A run is fixed by its settings and data (on the same
machine with the same number of threads); stopped anywhere and resumed, it ends as if it had never stopped.
"""

import copy
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from recognition.reader.networks import NO_DIGIT, build, predict
from training.augment import augment
from training.recipes import Settings


@dataclass(frozen=True, eq=False)
class Glyphs:
    """Training data: glyphs uint8 (N, 28, 28) and labels (N,), 0 to 9; -1 can never be right."""

    glyphs: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def epoch(self, random: np.random.Generator) -> "Glyphs":
        """The same in every epoch."""
        del random
        return self


class Supply(Protocol):
    """Training data that may differ from epoch to epoch, but not in number."""

    def __len__(self) -> int: ...
    def epoch(self, random: np.random.Generator) -> Glyphs: ...


@dataclass(frozen=True)
class EpochReport:
    """Where a run stands after an epoch: `accuracy` by name of tuning set."""

    epoch: int
    epochs: int
    loss: float
    accuracy: dict[str, float]


@dataclass(frozen=True)
class Progress:
    """Where a run stands after a batch; `step` of `steps` over the whole run."""

    step: int
    steps: int
    loss: float


@dataclass
class Outcome:
    """A finished run: the averaged network, in eval mode, and its curve."""

    network: nn.Module
    history: list[EpochReport] = field(default_factory=list)


class Stopped(Exception):
    """A callback asked to stop; the checkpoint, when there is one, holds the run as it stood."""


class BadCheckpoint(ValueError):
    """A checkpoint that cannot be resumed; the message is one sentence."""


def train(
    settings: Settings,
    data: Supply,
    tune: dict[str, Glyphs],
    checkpoint: Path | None = None,
    resume: bool = False,
    on_batch: Callable[[Progress], bool | None] = lambda _: None,
    on_epoch: Callable[[EpochReport], bool | None] = lambda _: None,
    parent: nn.Module | None = None,
) -> Outcome:
    """Train a new network, or `parent` further, or go on from `checkpoint` when `resume` is set.

    A callback that returns False stops the run: it is saved and Stopped raised. The checkpoint is written
    after every epoch and when stopped. Raises BadCheckpoint for one of another run.
    """
    if not len(data):
        raise ValueError("There is nothing to train on.")
    torch.manual_seed(settings.seed)
    network = build(settings.architecture)
    if parent is not None:
        parent = copy.deepcopy(parent).eval().requires_grad_(False)
        network.load_state_dict(parent.state_dict())
    mixed = settings.mixed and torch.cpu.get_capabilities().get("avx512_bf16", False)
    layout = torch.channels_last if mixed else torch.contiguous_format
    network.to(memory_format=layout)  # type: ignore[call-overload]
    average = copy.deepcopy(network).requires_grad_(False)
    optimizer = torch.optim.AdamW(_groups(network, settings.weight_decay), lr=settings.learning_rate)
    run = _Run(settings, network, average, optimizer)
    if resume and checkpoint is not None:
        run.load(checkpoint)
    per_epoch = math.ceil(len(data) / settings.batch)
    steps = per_epoch * settings.epochs

    while run.epoch < settings.epochs:
        shown = data.epoch(np.random.default_rng((settings.seed, run.epoch)))
        glyphs, labels = torch.from_numpy(shown.glyphs), torch.from_numpy(shown.labels)
        random = _generator(settings.seed, run.epoch)
        order = torch.randperm(len(data), generator=random)
        if run.batch:  # resumed within an epoch: the order is drawn again, the rest goes on
            random.set_state(run.random_state)
        network.train()
        strength = settings.augmentation * (
            0.2 if run.epoch >= settings.epochs * (1 - settings.calm) else 1.0
        )
        for batch in range(run.batch, per_epoch):
            step = run.epoch * per_epoch + batch
            rate = one_cycle(step / steps, settings.learning_rate, settings.warm_up)
            for group in optimizer.param_groups:
                group["lr"] = rate
            chosen = order[batch * settings.batch : (batch + 1) * settings.batch]
            inputs = augment(glyphs[chosen].unsqueeze(1).float(), strength, random)
            with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
                logits = network(inputs.contiguous(memory_format=layout))
            loss = F.cross_entropy(logits.float(), labels[chosen], label_smoothing=settings.label_smoothing)
            if parent is not None and settings.hold:
                loss = loss + settings.hold * away_from(parent(inputs), logits.float(), labels[chosen])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            _follow(average, network, min(settings.averaging, (step + 1) / (step + 10)))
            run.batch = batch + 1
            value = float(loss.detach())
            run.loss += (value - run.loss) / (batch + 1)
            if on_batch(Progress(step + 1, steps, value)) is False:
                run.random_state = random.get_state()
                run.save(checkpoint)
                raise Stopped
        accuracy = {name: measure(average, part) for name, part in tune.items()}
        report = EpochReport(run.epoch + 1, settings.epochs, run.loss, accuracy)
        run.history.append(report)
        run.epoch, run.batch, run.loss = run.epoch + 1, 0, 0.0
        run.save(checkpoint)
        if on_epoch(report) is False and run.epoch < settings.epochs:
            raise Stopped
    return Outcome(average.eval(), run.history)


def one_cycle(part: float, highest: float, warm_up: float) -> float:
    """The learning rate at a part (0..1) of the run: half a cosine up from a 25th, then down to almost 0."""
    if part < warm_up:
        return highest * (0.04 + 0.96 * 0.5 * (1 - math.cos(math.pi * part / warm_up)))
    return highest * (1e-3 + 0.5 * (1 + math.cos(math.pi * (part - warm_up) / (1 - warm_up))))


def away_from(parent: Tensor, logits: Tensor, labels: Tensor) -> Tensor:
    """How far answers are from the parent's (Kullback-Leibler), where the parent answers right: what it gets
    wrong is to be learned, the rest not forgotten (distillation; Li and Hoiem, 2016)."""
    right = (parent.argmax(dim=1) == labels).float()
    apart = F.kl_div(logits.log_softmax(dim=1), parent.log_softmax(dim=1), reduction="none", log_target=True)
    return (apart.sum(dim=1) * right).mean()


def measure(network: nn.Module, data: Glyphs) -> float:
    """Accuracy (0..1) of the best digit, whether or not it would be refused."""
    logits = predict(network, torch.from_numpy(data.glyphs))[:, :NO_DIGIT]
    return float((logits.argmax(dim=1) == torch.from_numpy(data.labels)).float().mean()) if len(data) else 0.0


def _groups(network: nn.Module, decay: float) -> list[dict[str, object]]:
    """Weights decay; biases and norms do not."""
    weights = [parameter for parameter in network.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in network.parameters() if parameter.ndim <= 1]
    return [{"params": weights, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


def _follow(average: nn.Module, network: nn.Module, decay: float) -> None:
    with torch.no_grad():
        state = network.state_dict()
        for name, value in average.state_dict().items():
            if value.is_floating_point():
                value.lerp_(state[name], 1 - decay)
            else:
                value.copy_(state[name])


def _generator(seed: int, epoch: int) -> torch.Generator:
    return torch.Generator().manual_seed((seed * 1_000_003 + epoch) % 2**63)


@dataclass
class _Run:
    """What a checkpoint must hold for a run to go on exactly."""

    settings: Settings
    network: nn.Module
    average: nn.Module
    optimizer: torch.optim.Optimizer
    epoch: int = 0
    batch: int = 0
    loss: float = 0.0
    random_state: Tensor = field(default_factory=lambda: torch.zeros(0, dtype=torch.uint8))
    history: list[EpochReport] = field(default_factory=list)

    def save(self, path: Path | None) -> None:
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        state = {
            "settings": asdict(self.settings),
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "position": [self.epoch, self.batch, self.loss],
            "random_state": self.random_state,
            "history": [asdict(report) for report in self.history],
        }
        torch.save(state, part)
        part.replace(path)

    def load(self, path: Path) -> None:
        try:
            state = torch.load(path, weights_only=True)  # tensors and plain values only: no code is run
            if state["settings"] != asdict(self.settings):
                raise BadCheckpoint(f"The checkpoint {path} belongs to a run with other settings.")
            self.network.load_state_dict(state["network"])
            self.average.load_state_dict(state["average"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.epoch, self.batch, self.loss = state["position"]
            self.random_state = state["random_state"]
            self.history = [EpochReport(**report) for report in state["history"]]
        except FileNotFoundError:
            raise BadCheckpoint(f"There is no checkpoint {path}.") from None
        except BadCheckpoint:
            raise
        except Exception:  # torch raises many kinds on damaged files
            raise BadCheckpoint(f"The checkpoint {path} is damaged.") from None
