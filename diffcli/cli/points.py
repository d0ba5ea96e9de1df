"""`diffcli grad EXPR --points FILE`: value and gradient at every row of a file."""

import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from diffcli.cli.invocation import example_of, positions, read_text
from diffcli.cli.output import forget_output, mode_of
from diffcli.cli.user_function import is_function, refuse_file
from diffcli.errors import PointError, UsageError
from diffcli.language.limits import parse_limits
from diffcli.language.points import PointValue, parse_point
from diffcli.language.reading import Reading, parse
from diffcli.render.document import printable
from diffcli.render.shell import quoted

if TYPE_CHECKING:
    from diffcli.studies.point_files import PointFile

NOT_FINITE = 3


class Order(NamedTuple):
    """The words of the command that say what to compute."""

    expression: str | None
    file: Path | None
    at: Sequence[str]
    wrt: str | None
    limits: Sequence[str]


def grad_at_points(order: Order, points: Path, output: Path | None) -> int:
    """Write value and gradient at every row of `points`; the exit code is 3 if some are not finite."""
    from diffcli.render.point_files import WRITERS
    from diffcli.studies.point_files import opened
    from diffcli.studies.points import table

    to = None if output is None or str(output) == "-" else output
    suffix = to.suffix.lower() if to else ".csv"
    if suffix not in WRITERS:
        raise UsageError(f"gradients are written to {' or '.join(WRITERS)}", hint="or to standard output with -o -")
    if to is not None and not to.parent.is_dir():  # said before the work, not after it
        raise UsageError(f"cannot write {quoted(str(to))}: its folder does not exist", kind="file")
    count = wrong = 0
    with opened(points) as file:
        reading, fixed = _read(order, file)
        result = table(reading.graph, positions(reading, order.wrt), file, fixed)
        _say(*[f"note: {note}" for note in (*reading.notes, *result.notes)])
        with _written(to) as stream, _progress(is_shown=to is not None or not sys.stdout.isatty()) as advance:
            writer = WRITERS[suffix](stream, result.header)
            for block in result.rows:
                writer.write(block.table)
                count, wrong = count + len(block.table), wrong + block.not_finite
                advance(block.done, count)
            writer.finish()
    if wrong:
        _say(f"{wrong} of {count} points have no finite gradient; they are written as nan or inf")
    return NOT_FINITE if wrong else 0


def _read(order: Order, file: "PointFile") -> tuple[Reading, dict[str, float]]:
    """The expression, and the values of the variables that are no columns."""
    bounds = parse_limits(order.limits)
    text = read_text(order.expression, order.file, bounds)
    if is_function(text):
        raise UsageError("points from files are for expressions; for Python functions they are planned")
    refuse_file(text)
    source, own = example_of(text, bounds)
    given = parse_point(order.at, bounds)
    names = file.names or ()
    reading = parse(source, bound=(*own, *given, *names), limits=bounds)
    unused = next((name for name in given if name not in reading.variables), None)
    if unused is not None:
        raise PointError(
            f"{unused!r} is given a value but is no variable of the expression",
            hint=f"the variables are {', '.join(reading.variables) or 'none'}",
        )
    if names:  # an example brings values for what is no column
        given = {name: value for name, value in own.items() if name not in names} | given
    return reading, {name: _number(value) for name, value in given.items() if name in reading.variables}


def _number(value: PointValue) -> float:
    if not isinstance(value.value, float):
        raise PointError(f"{value.name} is an array; with --points every variable is a number")
    return value.value


def _say(*lines: str) -> None:
    for line in lines:
        encoding = sys.stderr.encoding or "ascii"
        sys.stderr.write(f"{printable(line).encode(encoding, 'backslashreplace').decode(encoding)}\n")


@contextmanager
def _written(file: Path | None) -> Iterator[IO[bytes]]:
    """Standard output, or a file that appears under its name only when all of it is written."""
    try:
        if file is None:
            sys.stdout.flush()
            yield sys.stdout.buffer
            sys.stdout.flush()
        else:
            with _whole(file) as stream:
                yield stream
    except BrokenPipeError:  # the reader went away, as `| head` does
        forget_output()
    except OSError as problem:
        where = quoted(str(file)) if file else "to standard output"
        raise UsageError(f"cannot write {where}: {problem.strerror}", kind="file") from None


@contextmanager
def _whole(file: Path) -> Iterator[IO[bytes]]:
    """A temporary file beside `file`, put in its place at the end; away if anything goes wrong."""
    mode = mode_of(file)
    if not stat.S_ISREG(mode):  # a device
        with file.open("wb") as stream:
            yield stream
        return
    file = file.resolve()  # a link stays a link
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name[:40]}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
        Path(temporary).chmod(stat.S_IMODE(mode))
        Path(temporary).replace(file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


@contextmanager
def _progress(*, is_shown: bool) -> Iterator[Callable[[float, int], None]]:
    """A progress bar on standard error; nothing away from a terminal."""
    if not is_shown or not sys.stderr.isatty():
        yield lambda _, __: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    shown: tuple[Any, ...] = (
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*shown, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda done, count: bar.update(task, completed=done, description=f"{count} points")
