"""Files that are whole or absent: written without a name, or beside their place, and put there at the end.

For everything that is written to a file: results, gradients at many points, checkpoints.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

SUFFIX = ".tmp"
"""Of what has a name before it is whole, and stays when the process is killed."""


@contextmanager
def whole_file(file: Path) -> Iterator[IO[bytes]]:
    """A temporary file, put in the place of `file` at the end; away if anything goes wrong."""
    mode = _mode(file)
    if not stat.S_ISREG(mode):  # a device
        with file.open("wb") as stream:
            yield stream
        return
    file = file.resolve()  # a link stays a link
    temporary: str | None = None
    if _has_nameless_files(file):
        handle = os.open(file.parent, os.O_TMPFILE | os.O_RDWR, 0o600)
    else:
        import tempfile

        handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=_prefix(file), suffix=SUFFIX)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fchmod(handle, stat.S_IMODE(mode))
            os.fsync(handle)  # a name is not given to what could still be lost
            temporary = temporary or _named(handle, file)
        Path(temporary).replace(file)
    except BaseException:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise
    with suppress(OSError):  # not every system can do that
        _keep_names(file.parent)


def remove_leftovers(file: Path) -> None:
    """Remove what a killed process left half-written beside the file."""
    file = file.resolve()
    name = "".join(f"[{c}]" if c in "*?[" else c for c in _prefix(file))
    for leftover in file.parent.glob(f"{name}*{SUFFIX}"):
        with suppress(OSError):
            leftover.unlink()


def _keep_names(folder: Path) -> None:
    """Bring the names in a folder on to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _has_nameless_files(file: Path) -> bool:
    """Whether a file beside `file` can begin without a name: nothing of it stays when the process is killed."""
    try:
        handle = os.open(file.parent, os.O_TMPFILE | os.O_RDWR, 0o600)
    except (AttributeError, OSError):  # Linux has them, on most of its file systems
        return False
    try:
        Path(_named(handle, file)).unlink()
    except OSError:
        return False
    finally:
        os.close(handle)
    return True


def _named(handle: int, file: Path) -> str:
    """Give a file without a name one beside `file`."""
    import secrets  # a file is the exception: most results go to the terminal

    name = str(file.parent / f"{_prefix(file)}{os.getpid()}.{secrets.token_hex(4)}{SUFFIX}")
    os.link(f"/proc/self/fd/{handle}", name, src_dir_fd=handle, follow_symlinks=True)  # a name that is taken is refused
    return name


def _prefix(file: Path) -> str:
    return f".{file.name[:40]}."


def _mode(file: Path) -> int:
    """Kind and permissions of a file; of one that does not exist, those it would be created with."""
    try:
        return file.stat().st_mode
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return stat.S_IFREG | 0o666 & ~mask
