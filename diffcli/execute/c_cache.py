"""Compiled libraries, kept from one process to the next in a directory of the user's own.

A file is named by everything that it was made from, and ends with a digest of itself. It is built under another name
and moved to its own at once, so that two processes that build the same are both right, and whatever is cut off or
changed is built again. Nobody else may write to the directory: what is in it is run.
"""

import atexit
import hashlib
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

VARIABLE = "DIFFCLI_CACHE_DIR"
SUFFIX, UNFINISHED = ".so", ".part"
MOST_FILES, MOST_BYTES = 200, 100_000_000
ABANDONED = 3600
"""Seconds after which nobody works on an unfinished file any more."""
DIGEST = 64
"""Characters at the end of a file."""
VERSION = "1"
"""To be changed with what surrounds the generated text."""

Build = Callable[[Path], None]


def wanted_directory() -> Path | None:
    """Where libraries should be kept; None where the user has no home."""
    if os.environ.get(VARIABLE):
        return Path(os.environ[VARIABLE]).absolute()
    xdg = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(xdg):  # noqa: PTH117 - the standard ignores relative ones
        return Path(xdg) / "diffcli"
    try:
        home = Path.home()
    except RuntimeError:
        return None
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "diffcli"


def directory() -> Path:
    """A directory that only this user can write to: the wanted one, or else one that lasts as long as this process."""
    wanted = wanted_directory()
    return wanted if wanted is not None and _is_private(wanted) else _temporary(os.getpid())


def _is_private(path: Path) -> bool:
    """Make a directory, and see that it is this user's alone and can be written to."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        known = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(known.st_mode) and _is_own(known) and os.access(path, os.W_OK | os.X_OK)


def _is_own(known: os.stat_result) -> bool:
    return known.st_uid == os.getuid() and not known.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


@cache
def _temporary(process: int) -> Path:
    path = Path(tempfile.mkdtemp(prefix="diffcli-"))

    def remove() -> None:
        if os.getpid() == process:  # not in a child that was forked
            shutil.rmtree(path, ignore_errors=True)

    atexit.register(remove)
    return path


def key(*parts: str) -> str:
    """A name for what is made from these texts."""
    return hashlib.sha256("\0".join((VERSION, *parts)).encode()).hexdigest()[:40]


def cached(name: str) -> Path | None:
    """The whole library of this name, if there is one."""
    path = directory() / f"{name}{SUFFIX}"
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(descriptor, "rb") as file:
            is_own, content = _is_own(os.fstat(descriptor)), file.read()
    except OSError:
        return None
    return path if is_own and content[-DIGEST:] == _digest(content[:-DIGEST]) else None


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()


def built(name: str, build: Build) -> Path:
    """The library of this name, which `build` makes at a place of its own if it is not there."""
    path = cached(name)
    if path is not None:
        return path
    folder = directory()
    path = folder / f"{name}{SUFFIX}"
    descriptor, unfinished = tempfile.mkstemp(suffix=UNFINISHED, prefix=f"{name}-", dir=folder)
    os.close(descriptor)
    part = Path(unfinished)
    try:
        build(part)
        content = part.read_bytes()
        with part.open("ab") as file:
            file.write(_digest(content))
        part.chmod(0o700)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    _forget_oldest(folder, path)
    return path


def _forget_oldest(folder: Path, newest: Path) -> None:
    """Keep the directory small."""
    known: list[tuple[float, int, Path]] = []
    for path in folder.iterdir():
        try:
            status = path.stat()
        except OSError:
            continue
        if path.suffix == SUFFIX and path != newest:
            known.append((status.st_mtime, status.st_size, path))
        elif path.suffix == UNFINISHED and status.st_mtime < time.time() - ABANDONED:
            path.unlink(missing_ok=True)
    total = 0
    for number, (_, size, path) in enumerate(sorted(known, reverse=True), start=1):
        total += size
        if number >= MOST_FILES or total > MOST_BYTES:
            path.unlink(missing_ok=True)
