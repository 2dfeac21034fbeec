"""Glyphs that took long to make are kept in a folder, under a key that covers the code which made them."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

import recognition.reader as reader
from recognition.reader.glyph import GLYPH_VERSION

Arrays = dict[str, NDArray[Any]]


def code(*modules: ModuleType) -> bytes:
    """A digest of the code from ink to glyph and of `modules`: when they change, nothing kept is used."""
    digest = hashlib.sha256(str(GLYPH_VERSION).encode())
    folder = Path(str(reader.__file__)).parent
    files = [folder / f"{name}.py" for name in ("glyph", "ground", "background", "dots")]
    for path in [*files, *(Path(str(module.__file__)) for module in modules)]:
        digest.update(path.read_bytes())
    return digest.digest()


def kept(folder: Path | None, key: bytes, make: Callable[[], Arrays]) -> Arrays:
    """The arrays kept under a key, made and kept when there are none. Without a folder: made."""
    if folder is None:
        return make()
    path = folder / f"glyphs-{hashlib.sha256(key).hexdigest()[:24]}.npz"
    if path.is_file():
        with np.load(path) as found:
            return {name: found[name] for name in found.files}
    made = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        np.savez(file, **made)  # type: ignore[arg-type]
    part.replace(path)
    return made
