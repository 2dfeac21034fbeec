"""Model versions: shipped, exported, imported, activated; a damaged one is refused."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from recognition import registry
from recognition.models import Activation, ModelVersion

pytestmark = [pytest.mark.core, pytest.mark.django_db]


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Other weights, in a file."""
    from recognition.reader.networks import build
    from recognition.reader.weights import pack

    file = tmp_path / "other.safetensors"
    file.write_bytes(pack(build("feed-forward-15"), {"architecture": "feed-forward-15"}))
    return file


def _lenet() -> bytes:
    from recognition.reader.networks import build
    from recognition.reader.weights import pack

    return pack(build("lenet"), {"architecture": "lenet"})


def test_the_shipped_weights_are_version_1_and_active_from_the_start() -> None:
    version = ModelVersion.objects.get()
    assert bytes(version.weights) == registry.SHIPPED.read_bytes()
    assert version.architecture == "wide-vgg"
    assert registry.active() == version
    registry.ensure_shipped()
    assert ModelVersion.objects.count() == Activation.objects.count() == 1


def test_export_and_import_change_nothing(tmp_path: Path) -> None:
    file = tmp_path / "active.safetensors"
    call_command("export_model", str(file))
    assert file.read_bytes() == registry.SHIPPED.read_bytes()
    call_command("import_model", str(file))
    assert ModelVersion.objects.count() == 1


def test_an_imported_version_is_served_once_it_is_activated(other: Path) -> None:
    memory = registry.LoadedModel()
    first, _reader = memory.current()
    call_command("import_model", str(other))
    assert memory.current()[0] == first
    call_command("import_model", str(other), "--activate", "smaller")
    second, reader = memory.current()
    assert second > first
    assert reader.architecture == "feed-forward-15"
    newest = Activation.objects.first()
    assert newest is not None
    assert (newest.previous_id, newest.model_id, newest.reason) == (first, second, "smaller")


@pytest.mark.parametrize("damage", [b"", b"no weights", b"\xff" * 100])
def test_a_file_that_holds_no_weights_is_refused_in_one_line(tmp_path: Path, damage: bytes) -> None:
    file = tmp_path / "bad.safetensors"
    file.write_bytes(damage)
    with pytest.raises(CommandError) as refusal:
        call_command("import_model", str(file))
    assert "\n" not in str(refusal.value)
    assert ModelVersion.objects.count() == 1


def test_damaged_weights_in_the_database_leave_the_previous_version_in_service(other: Path) -> None:
    memory = registry.LoadedModel()
    first, reader = memory.current()
    call_command("import_model", str(other), "--activate", "to be damaged")
    version = ModelVersion.objects.get(architecture="feed-forward-15")
    flipped = bytearray(version.weights)
    flipped[-1] ^= 1
    ModelVersion.objects.filter(pk=version.pk).update(weights=bytes(flipped))
    assert memory.current() == (first, reader)
    assert registry.LoadedModel().current()[0] == first  # a worker that starts now
    ModelVersion.objects.update(weights=bytes(flipped))
    with pytest.raises(registry.BadVersion):
        registry.LoadedModel().current()


def test_newer_shipped_weights_take_the_place_of_those_that_came_before(
    other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = registry.active()
    monkeypatch.setattr(registry, "SHIPPED", other)
    registry.ensure_shipped()
    after = registry.active()
    assert after is not None
    assert after != before
    assert bytes(after.weights) == other.read_bytes()
    registry.ensure_shipped()
    assert ModelVersion.objects.count() == Activation.objects.count() == 2


def test_newer_shipped_weights_leave_an_operators_choice_in_service(
    other: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_command("import_model", str(other), "--activate", "ours")
    chosen = registry.active()
    newer = tmp_path / "newer.safetensors"
    newer.write_bytes(_lenet())
    monkeypatch.setattr(registry, "SHIPPED", newer)
    registry.ensure_shipped()
    assert registry.active() == chosen
    assert ModelVersion.objects.filter(architecture="lenet", activations=None).exists()


def test_a_process_that_waits_changes_to_another_version_by_itself(other: Path) -> None:
    memory = registry.LoadedModel()
    assert memory.refresh() is None, "nothing is loaded before it is wanted"
    first, reader = memory.current()
    call_command("import_model", str(other), "--activate", "smaller")
    assert memory.refresh() != first
    assert memory.reader is not reader
