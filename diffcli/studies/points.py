"""Values and gradients at every point of a file, block by block: memory does not grow with the file."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from diffcli.errors import PointError, UsageError
from diffcli.execute.blocks import Batch
from diffcli.graph.program import Graph
from diffcli.language.characters import shown
from diffcli.methods.reverse import adjoint_program, parts

if TYPE_CHECKING:
    from diffcli.functions import ValueAndGradient
    from diffcli.studies.point_files import PointFile

NUMBERS_AT_ONCE = 2_000_000
"""Numbers of a block: those read and those computed."""
MOST_ROWS = 131_072

Array = Any
Evaluate = Callable[[Mapping[str, Any], Sequence[Array]], None]
"""From the values of the variables, numbers or columns, to as many columns of results as there are to be."""


class Subject(NamedTuple):
    """What is computed at every point."""

    variables: tuple[str, ...]
    header: tuple[str, ...]
    """The names of the columns of results."""
    values: tuple[int, ...]
    """Which of these are values; the partials of each stand behind it."""
    evaluate: Evaluate


class Result(NamedTuple):
    """Some rows of the table of values and partials."""

    table: Any
    """One row for each point: the value, then the partials."""
    not_finite: int
    """At how many of these points the value or a partial is not finite."""
    done: float
    """The part of the file that is read, from 0 to 1."""


class Table(NamedTuple):
    """What comes out for a file of points."""

    header: tuple[str, ...]
    """The names of the columns: value, d_x1, d_x2, …"""
    rows: Iterator[Result]
    notes: tuple[str, ...]


def of_program(graph: Graph, wrt: Sequence[int]) -> Subject:
    """Value and partials by the inputs `wrt` of every output of a program of numbers; raises UsageError for arrays."""
    if not graph.is_scalar:
        raise UsageError("a point of a file has one number for each variable; --at takes arrays")
    chosen = [graph.inputs.index(position) for position in wrt]
    names = [graph.variables[number] for number in chosen]
    programs = [adjoint_program(part, part.outputs[0], [part.inputs[k] for k in chosen]) for part in parts(graph)]
    batches, width = [Batch(program.graph) for program in programs], 1 + len(wrt)

    def evaluate(known: Mapping[str, Any], results: Sequence[Array]) -> None:
        point = [known[name] for name in graph.variables]
        for number, batch in enumerate(batches):
            batch(point, results[number * width : (number + 1) * width])

    values = tuple(range(0, width * len(batches), width))
    if len(batches) == 1:
        return Subject(graph.variables, ("value", *[f"d_{name}" for name in names]), values, evaluate)
    header = [column for y in graph.output_names for column in (y, *[f"d_{y}_{name}" for name in names])]
    return Subject(graph.variables, tuple(header), values, evaluate)


def of_function(function: "ValueAndGradient", variables: Sequence[str], wrt: Sequence[str]) -> Subject:
    """Value and partials of a Python function of numbers, whose `argnums` are those of the variables `wrt`."""

    def evaluate(known: Mapping[str, Any], results: Sequence[Array]) -> None:
        value, partials = function.batch(*[known[name] for name in variables])
        for result, found in zip(results, (value, *partials), strict=True):
            result[...] = found

    return Subject(tuple(variables), ("value", *[f"d_{name}" for name in wrt]), (0,), evaluate)


def table(subject: Subject, file: "PointFile", fixed: Mapping[str, Any]) -> Table:
    """Values and partials at every point of an open file.

    Args:
        subject: What is computed.
        file: Has a column for every variable that is not fixed: by its name, else in the order of the variables.
        fixed: The values of variables that are the same at all points.

    Raises:
        PointError: The columns do not fit the variables; later, while the rows are read, what is wrong with them.
    """
    names = columns(subject.variables, file, fixed)
    if not names:
        raise PointError("no variable is left for the columns of the file")
    notes = () if file.names else (f"the file names no columns; they are taken as {', '.join(names)}",)
    return Table(subject.header, _rows(subject, file, fixed, names), notes)


def columns(variables: Sequence[str], file: "PointFile", fixed: Mapping[str, Any]) -> tuple[str, ...]:
    """The variables in the order of the columns; raises PointError where they do not fit."""
    free = tuple(name for name in variables if name not in fixed)
    given = file.names
    if given is None:
        if file.width != len(free):
            count = f"{file.width} column{'s' if file.width != 1 else ''}"
            raise PointError(
                f"the file has {count} for {len(free)} variables ({', '.join(free) or 'none'})",
                hint="a first line of names says which is which; --at fixes others",
            )
        return free
    for name in given:
        if name not in variables:
            names = ", ".join(variables) or "none"
            is_whole_line = len(given) == 1 and any(mark in name for mark in ";\t ")
            hint = "columns are separated by commas" if is_whole_line else f"the variables are {names}"
            raise PointError(f"the column '{shown(name[:40])}' is no variable", hint=hint)
        if name in fixed:
            raise PointError(f"{name} is a column of the file and given by --at", hint="leave out one of them")
    missing = [name for name in free if name not in given]
    if missing:
        raise PointError(
            f"no column is named {', '.join(missing)}",
            hint=f"the columns are {', '.join(given)}; --at {missing[0]}=1 fixes a variable",
        )
    return given


def _rows(subject: Subject, file: "PointFile", fixed: Mapping[str, Any], names: Sequence[str]) -> Iterator[Result]:
    width = len(subject.header)
    for block in file.blocks(max(1, min(MOST_ROWS, NUMBERS_AT_ONCE // (file.width + width)))):
        results = np.empty((width, len(block.columns[0])))
        subject.evaluate({**fixed, **dict(zip(names, block.columns, strict=True))}, list(results))
        for value, end in zip(subject.values, (*subject.values[1:], width), strict=True):
            # outside the domain of the function there is no derivative either
            results[value + 1 : end, np.isnan(results[value])] = np.nan
        wrong = len(results[0]) - int(np.count_nonzero(np.isfinite(results).all(axis=0)))
        yield Result(np.ascontiguousarray(results.T), wrong, block.done)
