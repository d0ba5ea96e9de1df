"""Where a result goes and in which format: terminal, standard output or a file that is whole or absent."""

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from diffcli.cli.options import Format
from diffcli.errors import UsageError
from diffcli.study.notation import StyleName

SUFFIXES = {".md": "markdown", ".tex": "latex", ".json": "json", ".csv": "csv", ".txt": "rich"}
UNICODE_PROBE = "v̄₅ · ẋ − ∂ ¦ …"


@dataclass(frozen=True)
class Destination:
    """Format, file and width of an output."""

    format: str
    file: Path | None
    ascii: bool
    color: bool
    width: int | None
    """Columns of the terminal; None where lines may be as long as they like."""

    @property
    def style(self) -> StyleName:
        """How names and formulas of a trace are written for this destination."""
        if self.ascii:
            return "ascii"
        return {"json": "unicode", "csv": "unicode", "latex": "latex"}.get(self.format, "pretty")  # type: ignore[return-value]


def destination(chosen: Format | None, file: Path | None, *, ascii_only: bool) -> Destination:
    """Decide by --format, --output, the terminal, NO_COLOR and the encoding."""
    to_file = file is not None and str(file) != "-"
    name = chosen.value if chosen else SUFFIXES.get(file.suffix, "") if file is not None and to_file else "rich"
    if not name:
        raise UsageError(f"no format belongs to the suffix of {str(file)!r}", hint=f"use one of {' '.join(SUFFIXES)} or --format")
    at_terminal = not to_file and sys.stdout.isatty()
    encoding = "utf-8" if to_file else sys.stdout.encoding or "ascii"
    return Destination(
        format=name,
        file=file if to_file else None,
        ascii=ascii_only or not _carries_unicode(encoding),
        color=at_terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb",
        width=os.get_terminal_size(sys.stdout.fileno()).columns if at_terminal else None,
    )


def _carries_unicode(encoding: str) -> bool:
    try:
        UNICODE_PROBE.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def deliver(text: str, to: Destination) -> None:
    """Write a finished text; a file appears under its name only when all of it is written."""
    if to.file is None:
        sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
        sys.stdout.flush()
        return
    try:
        _write_whole(text if text.endswith("\n") else f"{text}\n", to.file)
    except OSError as problem:
        raise UsageError(f"cannot write {str(to.file)!r}: {problem.strerror}", kind="file") from None


def _write_whole(text: str, file: Path) -> None:
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name[:40]}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        mask = os.umask(0)
        os.umask(mask)
        Path(temporary).chmod(0o666 & ~mask)
        Path(temporary).replace(file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise

