"""The registry of model versions: what is in service, and the network that a worker holds in memory."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import transaction

from recognition.models import Activation, ModelVersion
from recognition.reader.header import BadWeights, metadata, sha256, tensor_shapes

if TYPE_CHECKING:  # torch is for workers only
    from recognition.reader.reader import Reader

log = logging.getLogger(__name__)

SHIPPED = Path(__file__).parent / "weights" / "wide-vgg.safetensors"
WITH_THE_PROGRAM = "shipped with the program"
"""The origin of shipped weights."""
ACCURACY = "accuracy, "
"""What the names of a file's figures begin with; the set that they were measured on follows."""


class BadVersion(ValueError):
    """Weights that cannot become, or no longer are, a model version; the message is one sentence."""


def add(data: bytes, origin: str, parent: ModelVersion | None = None) -> ModelVersion:
    """Register weights as a new version; the same weights again give the version they have.

    The caller has checked that they load (``recognition.reader.weights.unpack``, which needs torch).
    Raises ``BadWeights`` for a file without a header, ``BadVersion`` for one that does not say what it is.
    """
    meta = metadata(data)
    try:
        architecture, glyph_version = meta["architecture"], int(meta["glyph_version"])
        metrics = {
            name.removeprefix(ACCURACY): float(value)
            for name, value in meta.items()
            if name.startswith(ACCURACY)
        }
    except (KeyError, ValueError):
        raise BadVersion("The file does not say which architecture and glyph version it is for.") from None
    version, _created = ModelVersion.objects.get_or_create(
        sha256=sha256(data),
        defaults={
            "architecture": architecture,
            "glyph_version": glyph_version,
            "weights": data,
            "metrics": metrics,
            "origin": origin,
            "parent": parent,
        },
    )
    return version


def upload(data: bytes, origin: str) -> ModelVersion:
    """Register a file that somebody sent, as far as it can be checked without torch: whole, finite numbers,
    and tensors like those of another version of its architecture. Workers check again when they load it.

    Raises ``BadWeights`` or ``BadVersion``.
    """
    architecture = metadata(data).get("architecture", "")
    other = ModelVersion.objects.filter(architecture=architecture).first()
    shapes = tensor_shapes(data)
    if other is not None and shapes != tensor_shapes(bytes(other.weights)):
        raise BadVersion(f"The file's weights do not fit the architecture {architecture}.")
    return add(data, origin)


@transaction.atomic
def activate(model: ModelVersion, by: str, reason: str) -> Activation:
    """Put a version into service; workers change to it within a second, and before their next job."""
    return Activation.objects.create(model=model, previous=active(), by=by, reason=reason)


def active() -> ModelVersion | None:
    newest = Activation.objects.select_related("model").defer("model__weights").first()
    return newest.model if newest else None


def ensure_shipped(**_signal: Any) -> None:
    """Register the shipped weights. They go into service in a new database, and where weights are active that
    came with an earlier version of the program, or that this one cannot use. An operator's choice stays.
    """
    if not SHIPPED.exists():
        return
    data = SHIPPED.read_bytes()
    if ModelVersion.objects.filter(sha256=sha256(data)).exists():
        return
    with transaction.atomic():
        before = active()
        version = add(data, origin=WITH_THE_PROGRAM)
        if before is None:
            activate(version, by="system", reason="first start")
        elif before.origin == WITH_THE_PROGRAM or before.glyph_version != version.glyph_version:
            activate(version, by="system", reason="newer weights came with the program")


class LoadedModel:
    """The active model in this process' memory. It changes between two jobs, never within one: a job keeps
    the reader that it was given. Threads may share it.
    """

    def __init__(self) -> None:
        self.version: int | None = None
        self.reader: Reader | None = None
        self._activation: int | None = None
        self._lock = threading.Lock()

    def current(self) -> tuple[int, Reader]:
        """The active version and its reader, loaded when another activation came since the last call.

        A version that cannot be loaded is passed over, with an error in the log, for the one that was
        active before it; raises ``BadVersion`` when there is none.
        """
        with self._lock:
            history = Activation.objects.values_list("id", "model_id")
            newest = history.first()
            if newest is not None and newest[0] != self._activation:
                for version in dict.fromkeys(model for _id, model in history):
                    if self._serve(version):
                        break
                self._activation = newest[0]
            if self.reader is None or self.version is None:
                self._activation = None
                raise BadVersion("There is no model version that can be loaded.")
            return self.version, self.reader

    def refresh(self) -> int | None:
        """The version held, after a look whether another was activated; for a process that waits for jobs."""
        if self.version is not None:
            self.current()
        return self.version

    def _serve(self, version: int) -> bool:
        if version != self.version:
            try:
                self.reader = load(version)
            except BadVersion as error:
                log.error("%s", error)
                return False
            self.version = version
            log.info("model version %d loaded", version)
        return True


def load(version: int) -> Reader:
    """Read a version's weights from the database and verify them; raises ``BadVersion``."""
    from recognition.reader.reader import Reader

    try:
        return Reader(weights_of(version))
    except BadWeights as error:
        raise BadVersion(f"Version {version} cannot be loaded: {error}") from None


def weights_of(version: int) -> bytes:
    """A version's weights, verified; raises ``BadVersion`` for damaged ones."""
    row = ModelVersion.objects.get(version=version)
    weights = bytes(row.weights)
    if sha256(weights) != row.sha256:
        raise BadVersion(f"The weights of version {version} are damaged: their SHA-256 does not match.")
    return weights


loaded = LoadedModel()
