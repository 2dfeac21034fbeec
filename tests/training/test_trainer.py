"""A run is fixed by its seed; stopped anywhere and resumed, it ends as if it had never stopped."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from recognition.reader.glyph import glyph
from recognition.reader.ink import Picture
from recognition.reader.networks import ARCHITECTURES
from tests.drawing import mnist
from training.recipes import RECIPES, Settings
from training.trainer import (
    BadCheckpoint,
    EpochReport,
    Glyphs,
    Outcome,
    Progress,
    Stopped,
    measure,
    one_cycle,
    train,
)  # fmt: skip

SETTINGS = Settings(architecture="feed-forward-15", epochs=3, seed=7, batch=50, learning_rate=1e-2)


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # batches are tiny
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def data() -> Glyphs:
    pixels, labels = mnist()
    made = [glyph(Picture(each)) for each in pixels[::8]]
    return Glyphs(np.stack([each for each in made if each is not None]), labels[::8].astype(np.int64))


def weights(outcome: Outcome) -> list[torch.Tensor]:
    return list(outcome.network.state_dict().values())


def same(one: Outcome, other: Outcome) -> bool:
    return all(torch.equal(a, b) for a, b in zip(weights(one), weights(other), strict=True))


def test_it_learns(data: Glyphs) -> None:
    outcome = train(replace(SETTINGS, epochs=6), data, {"itself": data})
    assert measure(outcome.network, data) > 0.85
    assert [report.epoch for report in outcome.history] == [1, 2, 3, 4, 5, 6]
    assert outcome.history[-1].accuracy["itself"] > outcome.history[0].accuracy["itself"]
    assert outcome.history[-1].loss < outcome.history[0].loss


def test_the_seed_decides(data: Glyphs) -> None:
    one, again = train(SETTINGS, data, {}), train(SETTINGS, data, {})
    assert same(one, again)
    assert not same(one, train(replace(SETTINGS, seed=8), data, {}))


@pytest.mark.parametrize("stop_at", [1, 9, 13, 26, 38])
def test_resumed_equals_uninterrupted(data: Glyphs, tmp_path: Path, stop_at: int) -> None:
    whole = train(SETTINGS, data, {"itself": data})
    checkpoint = tmp_path / "run.checkpoint"
    with pytest.raises(Stopped):
        train(SETTINGS, data, {"itself": data}, checkpoint, on_batch=lambda now: now.step < stop_at)
    seen: list[int] = []
    resumed = train(
        SETTINGS, data, {"itself": data}, checkpoint, resume=True, on_batch=lambda now: seen.append(now.step)
    )
    assert seen[0] == stop_at + 1
    assert same(whole, resumed)
    assert resumed.history == whole.history


def test_stopped_after_an_epoch(data: Glyphs, tmp_path: Path) -> None:
    checkpoint = tmp_path / "run.checkpoint"
    with pytest.raises(Stopped):
        train(SETTINGS, data, {}, checkpoint, on_epoch=lambda report: report.epoch < 2)
    resumed = train(SETTINGS, data, {}, checkpoint, resume=True)
    assert same(resumed, train(SETTINGS, data, {}))


def test_progress_is_told(data: Glyphs) -> None:
    batches: list[Progress] = []
    epochs: list[EpochReport] = []
    train(SETTINGS, data, {}, on_batch=batches.append, on_epoch=epochs.append)
    per_epoch = -(-len(data) // SETTINGS.batch)
    assert [each.step for each in batches] == list(range(1, 3 * per_epoch + 1))
    assert {each.steps for each in batches} == {3 * per_epoch}
    assert [each.epoch for each in epochs] == [1, 2, 3]


def test_checkpoints_of_other_runs_are_refused(data: Glyphs, tmp_path: Path) -> None:
    checkpoint = tmp_path / "run.checkpoint"
    with pytest.raises(BadCheckpoint, match="no checkpoint"):
        train(SETTINGS, data, {}, checkpoint, resume=True)
    train(SETTINGS, data, {}, checkpoint)
    with pytest.raises(BadCheckpoint, match="other settings"):
        train(replace(SETTINGS, seed=8), data, {}, checkpoint, resume=True)
    checkpoint.write_bytes(checkpoint.read_bytes()[:-200])
    with pytest.raises(BadCheckpoint, match="damaged"):
        train(SETTINGS, data, {}, checkpoint, resume=True)
    assert not list(tmp_path.glob("*.part"))


def test_nothing_to_train_on() -> None:
    with pytest.raises(ValueError, match="nothing"):
        train(SETTINGS, Glyphs(np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.int64)), {})


def test_the_rate_rises_and_falls() -> None:
    rates = [one_cycle(step / 100, 1.0, 0.2) for step in range(101)]
    assert max(rates) == pytest.approx(rates[20], abs=0.01)
    assert rates[0] < 0.05
    assert rates[-1] < 0.01
    assert sorted(rates[:21]) == rates[:21]
    assert sorted(rates[20:], reverse=True) == rates[20:]


def test_a_child_learns_what_is_new_and_holding_it_near_its_parent_keeps_the_rest(data: Glyphs) -> None:
    """It is taught to call sevens fours, and shown little of the rest."""
    parent = train(replace(SETTINGS, epochs=6), data, {}).network
    sevens = data.labels == 7
    new = Glyphs(data.glyphs[sevens], np.full(int(sevens.sum()), 4))
    rest = Glyphs(data.glyphs[~sevens], data.labels[~sevens])
    shown = Glyphs(
        np.concatenate([new.glyphs, rest.glyphs[::10]]), np.concatenate([new.labels, rest.labels[::10]])
    )
    settings = replace(SETTINGS, epochs=12, learning_rate=3e-3)
    free = train(settings, shown, {}, parent=parent).network
    held = train(replace(settings, hold=2.0), shown, {}, parent=parent).network
    assert measure(parent, new) < 0.1
    assert measure(held, new) > 0.8
    assert measure(held, rest) > measure(free, rest)


def test_a_parent_is_not_changed_by_its_child(data: Glyphs) -> None:
    parent = train(replace(SETTINGS, epochs=1), data, {}).network
    before = [value.clone() for value in parent.state_dict().values()]
    train(replace(SETTINGS, epochs=1), data, {}, parent=parent)
    assert all(torch.equal(a, b) for a, b in zip(before, parent.state_dict().values(), strict=True))


def test_every_network_has_a_recipe_of_its_name() -> None:
    assert RECIPES.keys() == ARCHITECTURES.keys()
    assert all(settings.architecture == name for name, settings in RECIPES.items())
