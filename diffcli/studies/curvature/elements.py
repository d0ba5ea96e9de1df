"""The judge of second derivatives on whole programs: arrays are written out, and of many entries it takes a sample."""

import random
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any, NamedTuple

from diffcli.errors import LimitError
from diffcli.execute.expansion import MAX_OPERATIONS, expanded
from diffcli.execute.flat import flattened
from diffcli.graph.layout import components
from diffcli.graph.program import Graph
from diffcli.studies.curvature.judge import curvature, pair_name
from diffcli.studies.curvature.pattern import coupled, members
from diffcli.studies.judge import judge
from diffcli.studies.reference import Cause, Reference, Slope

MAX_WORK = 40_000
"""Entries times operations that the judge takes on; above it judges some of them, drawn at random."""
FEWEST = 8
MOST_ZEROS = 5000
"""Entries of a matrix in which all those that are 0 by structure are compared."""
SEED = 0
Entry = tuple[int, int]
"""Row and column, as numbers of elements; the row is not the larger one."""


class JudgedCurvature(NamedTuple):
    """What the judge says of the second derivatives of one output."""

    graph: Graph
    """The program that was judged: in numbers."""
    reference: Reference
    """Value and first derivatives by the inputs of the entries."""
    entries: Mapping[Entry, Slope]
    total: int
    """How many different entries there are."""
    coupled: int | None
    """How many of them are not 0 by structure alone; None if the program is too large to tell."""
    culprits: Mapping[str, int] = {}  # never changed
    """By the name of an entry the node that is not smooth."""
    notes: tuple[str, ...] = ()


def judge_curvature(
    graph: Graph, point: Sequence[Any], rows: Sequence[int], columns: Sequence[int] | None, digits: int
) -> JudgedCurvature:
    """The second derivatives of the only output by the elements of the inputs `rows` and `columns` (the same ones).

    With columns of their own the entries are (row, column) in that order, and all of the rows are meant.
    """
    try:
        expansion = expanded(graph, MAX_OPERATIONS)
    except LimitError as limit:
        return _not_judged(graph, rows, columns, limit.message)
    down = expansion.wrt(rows)
    table = Entries(expansion.graph, down, None if columns is None else expansion.wrt(columns))
    scalar, numbers_of_point = expansion.graph, flattened(point)
    judged, zeros = table.sample(max(FEWEST, MAX_WORK // max(1, scalar.operations)))
    pairs = [table.pair(entry) for entry in judged]
    concerned = {position for entry in (*judged, *zeros) for position in table.pair(entry)}
    reference = judge(scalar, numbers_of_point, [p for p in scalar.inputs if p in concerned], digits)[0]
    found = curvature(scalar, numbers_of_point, pairs, digits)
    without = {slope.name for slope in reference.slopes if slope.status not in ("smooth", "one-sided")}
    zero = Slope("", "smooth", "0", 0.0, "0", "0", digits, structural_zero=True)
    entries = {entry: one.slope for entry, one in zip(judged, found, strict=True)}
    entries |= {entry: replace(zero, name=table.name(entry)) for entry in zeros}
    if without or reference.value is None:  # where the function itself has no slope there is no slope of the slope
        entries = {e: replace(slope, status="undecided", value=None) for e, slope in entries.items()}
    note = f"the judge takes a sample: {len(entries)} of {table.total} second derivatives"
    notes = (note,) if len(entries) < table.total else ()
    culprits = {one.slope.name: one.culprit for one in found if one.culprit is not None}
    ordered = dict(sorted(entries.items()))
    return JudgedCurvature(scalar, reference, ordered, table.total, table.coupled, culprits, notes)


def _not_judged(graph: Graph, rows: Sequence[int], columns: Sequence[int] | None, why: str) -> JudgedCurvature:
    """For a program that is too large to be written out."""
    height = len(components(graph, rows))
    total = height * (height + 1) // 2 if columns is None else height * len(components(graph, columns))
    cause = Cause(graph.outputs[0], graph.nodes[graph.outputs[0]].op, "limit", why, "")
    return JudgedCurvature(graph, Reference(graph.output_names[0], None, None, (), cause, "limit"), {}, total, None)


class Entries:
    """The entries of a matrix of second derivatives; of a symmetric one (without columns of its own) one half."""

    def __init__(self, graph: Graph, rows: Sequence[int], columns: Sequence[int] | None) -> None:
        """Rows and columns are positions of inputs."""
        self._graph, self._rows = graph, rows
        self._columns, self._is_symmetric = (rows, True) if columns is None else (columns, False)
        every = list(dict.fromkeys((*self._rows, *self._columns)))
        number = {position: k for k, position in enumerate(every)}
        column = {number[position]: j for j, position in enumerate(self._columns)}
        pattern = coupled(graph, every)
        self._partners = [
            sorted(column[k] for k in members(pattern[number[p]]) if k in column and self._counts(i, column[k]))
            for i, p in enumerate(self._rows)
        ]
        self.coupled = sum(map(len, self._partners))
        height, width = len(self._rows), len(self._columns)
        self.total = height * (height + 1) // 2 if self._is_symmetric else height * width

    def _counts(self, i: int, j: int) -> bool:
        return i <= j or not self._is_symmetric

    def pair(self, entry: Entry) -> tuple[int, int]:
        """The positions of its two inputs, in their order in the program."""
        x, y = self._rows[entry[0]], self._columns[entry[1]]
        return (x, y) if x <= y else (y, x)

    def name(self, entry: Entry) -> str:
        """What stands behind ∂²y/∂."""
        x, y = self.pair(entry)
        return pair_name(self._graph.nodes[x].literal, self._graph.nodes[y].literal)

    def sample(self, most: int) -> tuple[list[Entry], list[Entry]]:
        """Entries that can differ from 0, at most so many; and some that cannot, all of them if they are not many."""
        generator = random.Random(SEED)  # noqa: S311 - reproducible, not secret
        if self.coupled <= most:
            chosen = [(i, j) for i, row in enumerate(self._partners) for j in row]
        else:
            numbers = sorted(generator.sample(range(self.coupled), most))
            starts = list(accumulate(map(len, self._partners), initial=0))
            rows = [bisect_right(starts, number) - 1 for number in numbers]
            chosen = [(i, self._partners[i][number - starts[i]]) for i, number in zip(rows, numbers, strict=True)]
        return chosen, self._zeros(generator, min(most, self.total - self.coupled))

    def _zeros(self, generator: random.Random, most: int) -> list[Entry]:
        known = [frozenset(row) for row in self._partners]
        height, width = len(self._rows), len(self._columns)
        if self.total <= MOST_ZEROS:
            every = ((i, j) for i in range(height) for j in range(width) if self._counts(i, j))
            return [(i, j) for i, j in every if j not in known[i]]
        drawn = ((generator.randrange(height), generator.randrange(width)) for _ in range(4 * most))
        return sorted({(i, j) for i, j in drawn if self._counts(i, j) and j not in known[i]})[:most]
