"""The formats by name: which can be read, and which written."""

from collections.abc import Callable, Iterable
from typing import BinaryIO

from training.formats import folders, idx, label_studio, unipen
from training.formats.files import Files
from training.formats.items import FOLDERS, IDX, LABEL_STUDIO, UNIPEN, Found, Item, Written

READERS: dict[str, Callable[[Files], Found]] = {
    FOLDERS: folders.read,
    IDX: idx.read,
    UNIPEN: unipen.read,
    LABEL_STUDIO: label_studio.read,
}
WRITERS: dict[str, Callable[[Iterable[Item], BinaryIO], Written]] = {
    IDX: idx.write,
    FOLDERS: folders.write,
    LABEL_STUDIO: label_studio.write,
}
