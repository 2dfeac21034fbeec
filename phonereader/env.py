"""Loud readers of environment variables: a value that makes no sense stops the start.

Each variable may also be given as ``NAME_FILE``, the path of a file that holds the value (the way
container platforms hand out secrets). An empty value counts as not set.
"""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


def text(name: str, default: str = "") -> str:
    """The value of ``name`` or of the file that ``NAME_FILE`` names, stripped; else ``default``."""
    file = os.environ.get(f"{name}_FILE", "").strip()
    value = os.environ.get(name, "").strip()
    if file and value:
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set; set one of them.")
    if file:
        try:
            value = Path(file).read_text().strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE: cannot read {file}: {error.strerror}.") from None
    return value or default


def boolean(name: str, default: bool) -> bool:
    value = text(name).lower()
    if not value:
        return default
    if value in TRUE:
        return True
    if value in FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")


def integer(name: str, default: int, minimum: int = 0) -> int:
    value = text(name)
    if not value:
        return default
    if not value.isdecimal() or int(value) < minimum:
        raise ImproperlyConfigured(f"{name} must be a whole number of at least {minimum}, not {value!r}.")
    return int(value)


def words(name: str, default: list[str]) -> list[str]:
    """A list separated by commas."""
    value = text(name)
    return [word.strip() for word in value.split(",") if word.strip()] if value else default
