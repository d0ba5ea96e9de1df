"""From the words of a command to a graph and a point: text, file, standard input or example; `--at`; `--wrt`."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffcli.cli.groups import Arrays, Bounds, Derivative, Evaluation
from diffcli.cli.names import chosen_names
from diffcli.cli.request import Request
from diffcli.cli.user_function import is_function, read_function, refuse_file
from diffcli.errors import DiffcliError, PointError, UsageError
from diffcli.language.array_value import ArrayValue
from diffcli.language.limits import Limits, parse_limits
from diffcli.language.points import PointValue, match_point, parse_point, point_shapes
from diffcli.language.reading import Reading, parse
from diffcli.methods.registry import METHODS
from diffcli.render.shell import quoted

if TYPE_CHECKING:
    from diffcli.execute.array_library import Library
    from diffcli.studies.compare import Subject


STANDARD_INPUT = "-"


def read_text(expression: str | None, file: Path | None, limits: Limits) -> str:
    """The text of the expression, wherever it comes from; at most as much as the limit on its length allows."""
    if (expression is None) == (file is None):
        raise UsageError(
            "give one expression" if expression is None else "give an expression or --file, not both",
            hint='such as "x^2*y" --at x=3,y=2, or the example @deck-001',
        )
    if file is not None or expression == STANDARD_INPUT:
        return _read_file(file or Path(STANDARD_INPUT), limits)
    return expression or ""


def _read_file(file: Path, limits: Limits) -> str:
    try:
        with nullcontext(sys.stdin) if str(file) == STANDARD_INPUT else file.open(encoding="utf-8") as stream:
            return stream.read(limits.length + 1)
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8 text"
        raise UsageError(f"cannot read {quoted(str(file))}: {reason}", kind="file") from None


def read_request(asked: Evaluation, bounds: Bounds | None = None, *, needs_point: bool = True) -> Request:
    """Read expression and point; with an array library or a type named, the point consists of its arrays.

    Without `needs_point` no point need be given; the variables are numbers then.
    """
    limits = parse_limits(bounds.limit or () if bounds else ())
    wrt = asked.wrt if isinstance(asked, Derivative) else None
    array_library, dtype = (bounds.array_library, bounds.dtype) if isinstance(bounds, Arrays) else (None, None)
    text, given = read_text(asked.expression, asked.file, limits), parse_point(asked.at or (), limits)
    if is_function(text):
        request = read_function(text, given, lambda values: native(values, array_library, dtype), wrt)
        return request._replace(limits=limits)
    refuse_file(text)
    source, own = example_of(text, limits)
    known = {**own, **given}
    reading = parse(source, bound=tuple(known), limits=limits, shapes=point_shapes(known))
    point = native(_point(reading, known), array_library, dtype) if known or needs_point else ()
    notes = (*reading.notes, *(f"{value.name}: {value.note}" for value in known.values() if value.note))
    return Request(text, reading, point, positions(reading, wrt), notes, limits)


def native(values: Sequence[float | ArrayValue], array_library: str | None, dtype: str | None) -> tuple[Any, ...]:
    """The values as the executors take them: floats alone as they are, else arrays of one library."""
    if array_library is None and dtype is None and all(isinstance(value, float) for value in values):
        return tuple(values)
    from diffcli.execute.array_library import Library, named

    types = {value.dtype for value in values if isinstance(value, ArrayValue)}
    common = dtype or ("float32" if types == {"float32"} else "float64")
    namespace = named(array_library or "numpy")
    library = Library(namespace, getattr(namespace, common))
    if common == "float32":
        _refuse_large(values, float(namespace.finfo(library.dtype).max))
    is_kept = array_library is None and dtype is None
    return tuple(_native(value, library) if isinstance(value, ArrayValue) or not is_kept else value for value in values)


def _refuse_large(values: Sequence[float | ArrayValue], largest: float) -> None:
    """Refuse numbers that would be infinite in single precision."""
    for value in values:
        elements = value.elements if isinstance(value, ArrayValue) else (value,)
        if max(map(abs, elements), default=0.0) > largest:
            raise PointError(
                "a number of the point is too large for single precision",
                hint="the largest is about 3.4e38; --dtype float64 takes all numbers",
            )


def _native(value: float | ArrayValue, library: "Library") -> Any:
    if isinstance(value, ArrayValue):
        return library.asarray(value.elements).reshape(value.shape)
    return library.asarray(value)


def example_of(text: str, limits: Limits) -> tuple[str, dict[str, PointValue]]:
    """The text and the point that @NAME stands for; any other text as it is, without a point."""
    if not text.lstrip().startswith("@"):
        return text, {}
    from diffcli.language import library

    example = library.example(text.strip())
    return example.text, parse_point([example.at] if example.at else [], limits)


def _point(reading: Reading, known: Mapping[str, PointValue]) -> tuple[float | ArrayValue, ...]:
    """The point in the order of the variables; to someone who gave none, one inside the domain is proposed."""
    try:
        return match_point(reading, known)
    except PointError as problem:
        if not known:
            from diffcli.studies.sampling import propose

            point = propose(reading.graph)
            problem.correction = ",".join(f"{name}={value}" for name, value in point.items()) if point else None
        raise


def positions(reading: Reading, wrt: str | None) -> tuple[int, ...]:
    """The inputs named by --wrt, in the order given; all of them without it."""
    by_name = dict(zip(reading.variables, reading.graph.inputs, strict=True))
    return tuple(by_name[name] for name in chosen_names("--wrt", wrt, "variable", tuple(by_name)))


def method_names(text: str | None) -> tuple[str, ...]:
    """The methods named by --methods, in the order of the table; all of them without it."""
    chosen = chosen_names("--methods", text, "method", tuple(METHODS))
    return tuple(name for name in METHODS if name in chosen)


def read_subjects(
    expressions: Sequence[str], *, file: Path | None, at: Sequence[str], tag: str | None, limits: Sequence[str]
) -> "list[Subject]":
    """The expressions of `compare`: texts and @NAMEs, the lines of a file, or the examples."""
    bounds = parse_limits(limits)
    texts = [
        text for word in expressions for text in (_lines(Path(word), bounds) if word == STANDARD_INPUT else [word])
    ]
    texts += _lines(file, bounds) if file is not None else []
    texts = texts or _example_names(tag)
    given = parse_point(at, bounds)
    try:
        subjects = [_subject(text, given, bounds) for text in texts]
    except DiffcliError as problem:
        if len(texts) > 1:
            problem.correction = None  # it is meant for one of them only
        raise
    _refuse_unused(given, subjects)
    return subjects


def _lines(file: Path, limits: Limits) -> list[str]:
    text = _read_file(file, limits)
    limits.check("length", len(text), f"{quoted(str(file))} is too long")
    return [line.strip() for line in text.splitlines() if line.strip()]


def _refuse_unused(given: Mapping[str, PointValue], subjects: "Sequence[Subject]") -> None:
    variables = tuple(dict.fromkeys(name for subject in subjects for name in subject.graph.variables))
    unused = next((name for name in given if name not in variables), None)
    if unused is not None:
        raise PointError(
            f"{unused!r} is given a value but is no variable of any expression",
            hint=f"the variables are {', '.join(variables) or 'none'}",
        )


def _example_names(tag: str | None) -> list[str]:
    """The examples with a tag, or all that the methods are expected to agree on."""
    from diffcli.language import library
    from diffcli.studies.catalogue import example_list

    if tag:
        return [name for name, *_ in example_list(tag).rows]
    return [f"@{entry.name}" for entry in library.examples().values() if entry.expect == library.AGREE]


def _subject(text: str, given: Mapping[str, PointValue], limits: Limits) -> "Subject":
    from diffcli.studies.compare import Subject

    refuse_file(text)
    source, own = example_of(text, limits)
    values = {**own, **given}
    reading = parse(source, bound=tuple(values), limits=limits, shapes=point_shapes(values))
    known = {name: value for name, value in values.items() if name in reading.variables}
    return Subject(text, reading.graph, native(match_point(reading, known), None, None) if known else None)
