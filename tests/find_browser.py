"""Finds the Chromium that the browser tests drive: ``python -m tests.find_browser [--install]``."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
IN_PLAYWRIGHTS_CACHE = (
    "chromium-*/chrome-linux*/chrome",
    "chromium_headless_shell-*/chrome*-linux*/*headless*shell",
    "chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
)


def candidates() -> Iterator[str]:
    for name in NAMES:
        if path := shutil.which(name):
            yield path
    home = Path.home()
    caches = [home / ".cache/ms-playwright", home / "Library/Caches/ms-playwright"]
    if chosen := os.environ.get("PLAYWRIGHT_BROWSERS_PATH"):
        caches.insert(0, Path(chosen))
    for cache in caches:
        for pattern in IN_PLAYWRIGHTS_CACHE:
            yield from map(str, sorted(cache.glob(pattern), reverse=True))


def starts(path: str) -> bool:
    """Some systems have a command of this name that only says what to install."""
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def find_browser() -> str | None:
    """The path of a Chromium that starts, or None."""
    return next(filter(starts, candidates()), None)


def attempt(*command: str) -> bool:
    print("+", *command, file=sys.stderr)
    try:
        return subprocess.run(command, stdout=sys.stderr, timeout=600, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired) as error:
        print(error, file=sys.stderr)
        return False


def install() -> str | None:
    """Install one where that is possible; its path, or None."""
    if sys.platform == "linux" and os.geteuid() == 0 and shutil.which("apt-get"):
        os.environ.setdefault("DEBIAN_FRONTEND", "noninteractive")
        packages = ("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium")
        if attempt("apt-get", "update", "-qq") and attempt(*packages) and (path := find_browser()):
            return path
    attempt(sys.executable, "-m", "playwright", "install", "chromium")
    return find_browser()


def main() -> None:
    path = find_browser()
    if path is None and "--install" in sys.argv[1:]:
        path = install()
    print(path or "No Chromium was found or could be installed: the browser tests will be skipped.")


if __name__ == "__main__":
    main()
