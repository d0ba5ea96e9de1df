"""The record of `paths`: every path from an input to the output, its product of local partials, and the sum."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple

from diffcli.graph.numbering import numbering
from diffcli.graph.program import Graph
from diffcli.studies.notation import Notation, StyleName
from diffcli.studies.paths_search import MOST_EDGES, Edge, Edges, edges, is_undefined, nodes_of, product
from diffcli.studies.trace import Trace, trace
from diffcli.studies.values import SCHEMA, exact_sum, finite

MOST = 100
"""Paths from one input to one output that are listed."""
EXAMPLES = 3
"""Paths that are shown where there are more than are listed."""
EXACT_DIGITS = 4000
"""Longer numbers are text in JSON, as Python itself refuses to read them."""
TOLERANCE = 1e-12
"""Sum and sweep may differ by so much for rounding, relative to the sum of absolute values."""


class Path(NamedTuple):
    """One path."""

    nodes: tuple[str, ...]
    """Names from the input to the output."""
    locals: tuple[float, ...]
    """The local partial of each edge."""
    product: float
    remark: str = ""
    """Why the product is no number, or nothing passes."""


@dataclass(frozen=True)
class Group:
    """All paths from one input to one output."""

    output: str
    variable: str
    count: int
    """Exact, however large."""
    paths: tuple[Path, ...]
    """Empty where there are more than are listed; also of very long ones, where they are together too long."""
    examples: tuple[Path, ...]
    """The first ones where there are more than are listed."""
    total: float
    """The sum over all paths: of the listed ones one by one, else edge by edge."""
    scale: float
    """The sum of the absolute values of all products."""
    sweep: float
    """The derivative by the reverse sweep."""

    @property
    def is_listed(self) -> bool:
        """Whether every path is shown."""
        return len(self.paths) == self.count

    @property
    def agrees(self) -> bool:
        """Whether the sum over the paths is what the sweep finds, up to rounding; or neither is a number."""
        if not math.isfinite(self.total) or not math.isfinite(self.sweep):
            return self.total == self.sweep or (math.isnan(self.total) and math.isnan(self.sweep))
        return not abs(self.total - self.sweep) > TOLERANCE * self.scale


@dataclass(frozen=True)
class PathStudy:
    """All paths of one program at one point."""

    trace: Trace
    """Its primal rows, the point, and the reverse sweep that finds the same derivatives."""
    groups: tuple[Group, ...]
    edges: tuple[int, ...]
    """For every output how many edges lead to it: as many steps as the reverse sweep has."""
    most: int
    """Paths that were to be listed at most."""

    @property
    def exit_code(self) -> int:
        """3 where there is no derivative, 1 where a sum over paths is no number though there is one, else 0."""
        is_found = all(group.agrees and math.isfinite(group.total) for group in self.groups)
        return self.trace.exit_code or int(not is_found)

    @property
    def undefined(self) -> bool:
        """Whether a product of 0 and ∞ is among the paths."""
        return any(path.remark == UNDEFINED for group in self.groups for path in group.paths)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said beneath."""
        return (*self.trace.notes, *((ZERO_TIMES_INFINITY,) if self.undefined else ()))

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `diffcli paths --format json`."""
        known = self.trace.to_dict()
        return {
            **{key: known[key] for key in ("schema", "input", "expression", "variables", "point", "value")},
            "schema": SCHEMA,
            "command": "paths",
            "primal": known["primal"],
            "edges": dict(zip(self.trace.output_names, self.edges, strict=True)),
            "paths": [_group_dict(group) for group in self.groups],
            "outputs": known["outputs"],
            "exit_code": self.exit_code,
            "notes": [*(problem.message for problem in self.trace.problems), *self.notes],
        }


UNDEFINED = "0 · ∞"
NOT_TAKEN = "branch not taken"
ZERO_TIMES_INFINITY = (
    "0 · ∞ is no number: one local partial on this path is 0, another infinite; which of them wins depends on how fast "
    "each is approached, and the product of their values cannot tell"
)


def _group_dict(group: Group) -> dict[str, Any]:
    return {
        "output": group.output,
        "variable": group.variable,
        "count": group.count if group.count < 10**EXACT_DIGITS else str(Decimal(group.count)),
        "is_listed": group.is_listed,
        "paths": [_path_dict(path) for path in group.paths],
        "examples": [_path_dict(path) for path in group.examples],
        "sum": finite(group.total),
        "sweep": finite(group.sweep),
        "agrees": group.agrees,
    }


def _path_dict(path: Path) -> dict[str, Any]:
    return {
        "nodes": list(path.nodes),
        "locals": [finite(value) for value in path.locals],
        "product": finite(path.product),
        **({"remark": path.remark} if path.remark else {}),
    }


def paths(
    graph: Graph,
    point: Sequence[float],
    wrt: Sequence[int] | None = None,
    outputs: Sequence[str] | None = None,
    *,
    most: int = MOST,
    style: StyleName = "unicode",
    text: str = "",
    typed: str = "",
    notes: Sequence[str] = (),
    written: Graph | None = None,
) -> PathStudy:
    """The paths of a program on numbers from the inputs at the positions `wrt` (all) to `outputs` (all).

    Where more than `most` paths lead from one input to one output, they are counted and summed edge by edge.
    """
    chosen = tuple(graph.inputs if wrt is None else wrt)
    record = trace(
        graph, point, chosen, tangent=False, style=style, text=text, typed=typed, notes=notes, written=written
    )
    names = _Names(graph, Notation(numbering(graph), style))
    groups: list[Group] = []
    sizes, room = [], MOST_EDGES
    for index, name in enumerate(graph.output_names):
        found = edges(graph, graph.outputs[index], chosen, point)
        sizes.append(found.count)
        if outputs is not None and name not in outputs:
            continue
        known = Sums(found, found.paths(), found.totals(), found.totals(of_sizes=True))
        for position, row in zip(chosen, record.gradient[index], strict=True):
            groups.append(names.group(known, position, name, row.value, most, room))
            room -= sum(len(path.locals) for path in (*groups[-1].paths, *groups[-1].examples))
    return PathStudy(record, tuple(groups), tuple(sizes), most)


class Sums(NamedTuple):
    """The edges to one output, and what dynamic programming finds along them for every node."""

    edges: Edges
    counts: dict[int, int]
    totals: dict[int, float]
    scales: dict[int, float]


class _Names(NamedTuple):
    """Puts paths into the names of the trace."""

    graph: Graph
    notation: Notation

    def group(self, known: Sums, start: int, output: str, sweep: float, most: int, room: int) -> Group:
        """All paths from one input, or the first few of them, with at most `room` edges if they are many."""
        variable, count = self.graph.nodes[start].literal, known.counts.get(start, 0)
        is_listed = count <= most and count * len(known.counts) <= room
        wanted = count if is_listed else EXAMPLES if EXAMPLES * len(known.counts) <= room else 0
        listed = tuple(self.path(start, path) for path in islice(known.edges.follow(start), wanted))
        total = exact_sum([path.product for path in listed]) if is_listed else known.totals.get(start, 0.0)
        shown, examples = (listed, ()) if is_listed else ((), listed)
        return Group(output, variable, count, shown, examples, total, known.scales.get(start, 0.0), sweep)

    def path(self, start: int, path: Sequence[Edge]) -> Path:
        """One path with what there is to say about it."""
        remark = UNDEFINED if is_undefined(path) else ""
        remark = remark if all(edge.is_open for edge in path) else NOT_TAKEN
        nodes = tuple(self.notation.primal(position) for position in nodes_of(start, path))
        return Path(nodes, tuple(edge.local for edge in path), product(path), remark)
