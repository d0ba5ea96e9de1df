"""Value and gradient at every point of a file, block by block: memory does not grow with the file."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from diffcli.errors import PointError, UsageError
from diffcli.execute.blocks import Batch
from diffcli.graph.program import Graph
from diffcli.language.characters import shown
from diffcli.methods.reverse import adjoint_program
from diffcli.studies.point_files import PointFile

NUMBERS_AT_ONCE = 2_000_000
"""Numbers of a block: those read and those computed."""
MOST_ROWS = 131_072


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


def table(graph: Graph, wrt: Sequence[int], file: PointFile, fixed: Mapping[str, float]) -> Table:
    """Value and partials of the one output by the inputs `wrt` at every point of an open file.

    Args:
        graph: A program of numbers.
        wrt: Positions of inputs.
        file: Has a column for every variable that is not fixed: by its name, else in the order of the variables.
        fixed: The values of variables that are the same at all points.

    Raises:
        UsageError: The program has several outputs, or arrays.
        PointError: The columns do not fit the variables; later, while the rows are read, what is wrong with them.
    """
    if len(graph.outputs) != 1 or not graph.is_scalar:
        what = "one output is needed" if graph.is_scalar else "a point of a file has one number for each variable"
        raise UsageError(f"{what}; --at takes all programs")
    names = columns(graph.variables, file, fixed)
    if not names:
        raise PointError("no variable is left for the columns of the file")
    header = ("value", *[f"d_{graph.nodes[position].literal}" for position in wrt])
    notes = () if file.names else (f"the file names no columns; they are taken as {', '.join(names)}",)
    return Table(header, _rows(graph, wrt, file, {**fixed}, names), notes)


def columns(variables: Sequence[str], file: PointFile, fixed: Mapping[str, float]) -> tuple[str, ...]:
    """The variables in the order of the columns; raises PointError where they do not fit."""
    free = tuple(name for name in variables if name not in fixed)
    given = file.names
    if given is None:
        if file.width != len(free):
            count = f"{file.width} column{'s' if file.width > 1 else ''}"
            raise PointError(
                f"the file has {count} for {len(free)} variables ({', '.join(free) or 'none'})",
                hint="a first line of names says which is which; --at fixes others",
            )
        return free
    for name in given:
        if name not in variables:
            names = ", ".join(variables) or "none"
            raise PointError(f"the column '{shown(name[:40])}' is no variable", hint=f"the variables are {names}")
        if name in fixed:
            raise PointError(f"{name} is a column of the file and given by --at", hint="leave out one of them")
    missing = [name for name in free if name not in given]
    if missing:
        raise PointError(
            f"no column is named {', '.join(missing)}",
            hint=f"the columns are {', '.join(given)}; --at {missing[0]}=1 fixes a variable",
        )
    return given


def _rows(
    graph: Graph, wrt: Sequence[int], file: PointFile, fixed: Mapping[str, float], names: Sequence[str]
) -> Iterator[Result]:
    batch = Batch(adjoint_program(graph, graph.outputs[0], wrt).graph)
    width = 1 + len(wrt)
    for block in file.blocks(max(1, min(MOST_ROWS, NUMBERS_AT_ONCE // (file.width + width)))):
        known = {**fixed, **dict(zip(names, block.columns, strict=True))}
        results = np.empty((width, len(block.columns[0])))
        batch([known[name] for name in graph.variables], list(results))
        results[1:, np.isnan(results[0])] = np.nan  # outside the domain of the function there is no derivative either
        wrong = len(results[0]) - int(np.count_nonzero(np.isfinite(results).all(axis=0)))
        yield Result(np.ascontiguousarray(results.T), wrong, block.done)
