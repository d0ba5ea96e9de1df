"""Where a result goes and in which format: terminal, standard output or a file that is whole or absent."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from diffcli.cli.groups import Result
from diffcli.errors import DiffcliError, UsageError
from diffcli.render.document import Options, printable
from diffcli.render.registry import SUFFIXES, error_text, render
from diffcli.render.registry import show as show_on_terminal
from diffcli.render.shell import quoted
from diffcli.studies.notation import StyleName
from diffcli.whole_file import whole_file

PATIENCE = 1.0
"""Seconds of silence after which a sign of life appears."""
MANY = 2
"""From this many expressions on a progress bar is shown."""
LONGEST_NAME = 40
"""Characters of an expression beside the progress bar."""
UNICODE_PROBE = "v̄₅ · ẋ − ∂ ¦ …"


class Destination(NamedTuple):
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
        if self.format == "latex":
            return "latex"
        if self.ascii:
            return "ascii"
        return "unicode" if self.format in ("json", "csv") else "pretty"


def destination(result: Result, pictures: Sequence[str] = ()) -> Destination:
    """Decide by --format, --output, the terminal, NO_COLOR and the encoding; `pictures` are suffixes for elsewhere."""
    chosen, file = result.form, result.output
    to_file = file is not None and str(file) != "-"
    name = chosen.value if chosen else SUFFIXES.get(file.suffix.lower(), "") if file is not None and to_file else "rich"
    if not name:
        raise UsageError(
            f"no format belongs to the suffix of {quoted(str(file))}",
            hint=f"use one of {' '.join((*pictures, *SUFFIXES))} or --format",
        )
    if file is not None and to_file and not file.parent.is_dir():  # said before the work, not after it
        raise UsageError(f"cannot write {quoted(str(file))}: its folder does not exist", kind="file")
    at_terminal = not to_file and sys.stdout.isatty()
    encoding = "utf-8" if to_file else sys.stdout.encoding or "ascii"
    return Destination(
        format=name,
        file=file if to_file else None,
        ascii=result.ascii_only or not carries_unicode(encoding),
        color=at_terminal and _wants_color(),
        width=shutil.get_terminal_size().columns if at_terminal else None,
    )


def _wants_color() -> bool:
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def carries_unicode(encoding: str) -> bool:
    """Whether an encoding has the characters of a trace."""
    try:
        UNICODE_PROBE.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def show(record: Any, to: Destination, options: Options | None = None) -> None:
    """Write a record where it was asked for; a file appears under its name only when all of it is written."""
    options = replace(options or Options(), width=to.width, color=to.color, ascii=to.ascii)
    if to.file is not None:
        write_whole(render(record, to.format, options), to.file)
    elif to.format == "rich":
        write_out(lambda: show_on_terminal(record, sys.stdout, options))
    else:
        write_out(lambda: sys.stdout.write(render(record, to.format, options)))


def write_out(write: Callable[[], object]) -> None:
    """Write to standard output by `write`."""
    try:
        write()
        sys.stdout.flush()
    except BrokenPipeError:  # the reader went away, as `| head` does: that is no error, and nothing more is written
        forget_output()
    except OSError as problem:
        forget_output()
        raise UsageError(f"cannot write to standard output: {problem.strerror}", kind="file") from None


def forget_output() -> None:
    """What is still waiting to be written, when the process ends, goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_whole(content: str | bytes, file: Path) -> None:
    """Write a file that appears under its name only when all of it is written; raises UsageError."""
    try:
        with whole_file(file) as stream:
            stream.write(content.encode() if isinstance(content, str) else content)
    except OSError as problem:
        raise UsageError(f"cannot write {quoted(str(file))}: {problem.strerror}", kind="file") from None


def write_error(problem: DiffcliError, *, as_json: bool, ascii_only: bool) -> None:
    """An error: for people on standard error, for programs on standard output."""
    from diffcli.render import errors
    from diffcli.render.terminal import print_document

    if as_json:
        plain = Options(ascii=ascii_only or not carries_unicode(sys.stdout.encoding or "ascii"))
        sys.stdout.write(error_text(problem, "json", plain))
        return
    options = Options(
        width=shutil.get_terminal_size().columns if sys.stderr.isatty() else None,
        color=sys.stderr.isatty() and _wants_color(),
        ascii=ascii_only or not carries_unicode(sys.stderr.encoding or "ascii"),
    )
    print_document(errors.document(problem), sys.stderr, options)


@contextmanager
def busy(message: str) -> Iterator[None]:
    """A sign of life on standard error after a second of silence; nothing away from a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    import threading

    done = threading.Event()

    def wait() -> None:
        if not done.wait(PATIENCE):
            from rich.console import Console

            with Console(stderr=True).status(message):
                done.wait()

    thread = threading.Thread(target=wait)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def busy_with_sympy(seconds: float) -> AbstractContextManager[None]:
    """A sign of life while the methods run, of which the symbolic one may take so long."""
    return busy(f"working; SymPy may take up to {seconds:g} s")


@contextmanager
def progress(total: int) -> Iterator[Callable[[str], None]]:
    """A progress bar on standard error while a study of several expressions runs; nothing away from a terminal."""
    if not sys.stderr.isatty() or total < MANY:
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        started = False

        def advance(name: str) -> None:
            nonlocal started
            bar.update(task, advance=int(started), description=printable(name[:LONGEST_NAME])[:LONGEST_NAME])
            started = True

        yield advance
