"""`diffcli grad EXPR --points FILE`: value and gradient at every row of a file."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from diffcli.cli.groups import Bounds, Derivative
from diffcli.cli.invocation import example_of, positions, read_text
from diffcli.cli.names import chosen_names
from diffcli.cli.output import forget_output
from diffcli.cli.user_function import is_function, refuse_file
from diffcli.errors import PointError, UsageError
from diffcli.language.limits import parse_limits
from diffcli.language.points import PointValue, parse_point
from diffcli.language.reading import parse
from diffcli.render.document import printable
from diffcli.render.shell import quoted
from diffcli.whole_file import whole_file

if TYPE_CHECKING:
    from diffcli.studies.point_files import PointFile
    from diffcli.studies.points import Subject

NOT_FINITE = 3


def grad_at_points(asked: Derivative, bounds: Bounds, points: Path, output: Path | None) -> int:
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
    if to is not None and to.exists() and points.exists() and to.samefile(points):
        raise UsageError(f"{quoted(str(to))} holds the points, which would be lost", hint="name another file with -o")
    count = wrong = 0
    with opened(points) as file:
        subject, fixed, notes = _read(asked, bounds, file)
        result = table(subject, file, fixed)
        _say(*[f"note: {note}" for note in (*notes, *result.notes)])
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


def _read(asked: Derivative, bounds: Bounds, file: "PointFile") -> tuple["Subject", dict[str, Any], tuple[str, ...]]:
    """What to compute, the values of the variables that are no columns, and notes."""
    limits = parse_limits(bounds.limit or ())
    text = read_text(asked.expression, asked.file, limits)
    given = parse_point(asked.at or (), limits)
    if is_function(text):
        return _read_function(text, given, file, asked.wrt)
    refuse_file(text)
    from diffcli.studies.points import of_program

    source, own = example_of(text, limits)
    names = file.names or ()
    reading = parse(source, bound=(*own, *given, *names), limits=limits)
    unused = next((name for name in given if name not in reading.variables), None)
    if unused is not None:
        raise PointError(
            f"{unused!r} is given a value but is no variable of the expression",
            hint=f"the variables are {', '.join(reading.variables) or 'none'}",
        )
    if names:  # an example brings values for what is no column
        given = {name: value for name, value in own.items() if name not in names} | given
    fixed = {name: _number(value) for name, value in given.items() if name in reading.variables}
    return of_program(reading.graph, positions(reading, asked.wrt)), fixed, reading.notes


def _read_function(
    text: str, given: Mapping[str, PointValue], file: "PointFile", wrt: str | None
) -> tuple["Subject", dict[str, Any], tuple[str, ...]]:
    """The same for a function of a Python file, whose parameters are columns or given by --at, arrays among them."""
    from diffcli.functions import ValueAndGradient
    from diffcli.studies.points import of_function
    from diffcli.text_points import as_value
    from diffcli.tracing.user_file import load, parameters

    function = load(text.strip())
    known = parameters(function)
    for name in given:
        if name not in known:
            raise PointError(
                f"{name!r} is given a value but is no parameter of the function",
                hint=f"its parameters are {', '.join(known)}",
            )
    is_needed = {
        name: one.default is one.empty or name in given or name in (file.names or ()) for name, one in known.items()
    }
    variables = [name for name, flag in is_needed.items() if flag]
    if variables != list(known)[: len(variables)]:
        raise PointError(
            "the parameters before the last one given need values too", hint=f"they are {', '.join(known)}"
        )
    values = {name: as_value(value.value) for name, value in given.items()}
    numbers = [name for name in variables if not hasattr(values.get(name), "shape")]
    chosen = chosen_names("--wrt", wrt, "variable", numbers)
    found = ValueAndGradient(function, [variables.index(name) for name in chosen])
    fixed = {name: value[None] if hasattr(value, "shape") else value for name, value in values.items()}
    return of_function(found, variables, chosen), fixed, ()


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
            with whole_file(file) as stream:
                yield stream
    except BrokenPipeError:  # the reader went away, as `| head` does
        forget_output()
    except OSError as problem:
        where = quoted(str(file)) if file else "to standard output"
        raise UsageError(f"cannot write {where}: {problem.strerror}", kind="file") from None


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
