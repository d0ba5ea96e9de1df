"""The record of `jacobian`: all ∂f_i/∂x_j by every method, and what the two modes take for this many of both."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

from diffcli.errors import LimitError
from diffcli.graph.program import Graph
from diffcli.methods.at_once import at_once
from diffcli.methods.method import Meter
from diffcli.studies.jacobian_identity import Identity, identity
from diffcli.studies.records import Cost, Study
from diffcli.studies.running import MAX_ENTRIES, Executor, executor_for, run, timed
from diffcli.studies.study import Settings, study
from diffcli.studies.timing import Timing, measure
from diffcli.studies.values import SCHEMA, finite

MODES = ("forward", "reverse")


class Sweeps(NamedTuple):
    """What the Jacobian takes in one mode, one sweep after the other and all at once."""

    mode: str
    cost: Cost | None
    """One by one; None where that would take too long."""
    timing: Timing | None
    at_once: Cost
    """Its sweeps are runs of a program for many seeds."""
    at_once_timing: Timing | None
    largest_difference: float
    """Between the entries of both ways: rounding only."""


@dataclass(frozen=True)
class JacobianStudy:
    """The Jacobian by all methods, and the cost of both modes."""

    study: Study
    sweeps: tuple[Sweeps, ...]
    """Forward, then reverse."""
    identity: Identity | None
    """None where a side of it is not finite."""

    @property
    def inputs(self) -> int:
        """A: how many numbers it is differentiated by."""
        return len(self.study.elements)

    @property
    def outputs(self) -> int:
        """B: how many numbers the function gives."""
        return len(self.study.outputs)

    @property
    def cheaper(self) -> str | None:
        """The mode with fewer operations, one sweep after the other; None if they take the same number."""
        counts = {way.mode: way.cost.operations for way in self.sweeps if way.cost}
        if len(set(counts.values())) < len(MODES):
            return None
        return min(counts, key=lambda mode: counts[mode])

    @property
    def why(self) -> str:
        """The reason, from what was counted."""
        forward, reverse = (way.cost for way in self.sweeps)
        if forward is None or reverse is None:
            return "a mode was not run: its sweeps would take too long"
        if self.cheaper is None:
            return f"both take {forward.operations} operations"
        few, many = sorted((forward, reverse), key=lambda cost: cost.operations)
        if few.sweeps < many.sweeps:
            return f"{few.sweeps} against {many.sweeps} sweeps"
        each = [round(cost.operations / max(cost.sweeps, 1), 1) for cost in (few, many)]
        return f"a sweep takes {each[0]:g} operations on average, one of the other mode {each[1]:g}"

    @property
    def exit_code(self) -> int:
        """As of `grad`."""
        return self.study.exit_code

    def matrix(self, method: str) -> list[list[float | None]]:
        """The B rows of A entries that a method found; empty where it found none."""
        rows = [result for output in self.study.outputs for result in output.methods if result.method == method]
        return [[finite(c.value) for c in row.components] for row in rows] if all(r.components for r in rows) else []

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `diffcli jacobian --format json`."""
        record = self.study.to_dict()
        first = self.study.outputs[0].methods
        return {
            **{key: record[key] for key in ("schema", "input", "expression", "variables", "point")},
            "schema": SCHEMA,
            "command": "jacobian",
            "rows": [output.name for output in self.study.outputs],
            "columns": list(self.study.elements),
            "reference": {
                "digits": record["reference"]["digits"],
                "jacobian": [[slope.value for slope in output.reference.slopes] for output in self.study.outputs],
            },
            "jacobian": {result.method: self.matrix(result.method) for result in first},
            "modes": {way.mode: _sweeps_dict(way) for way in self.sweeps},
            "cheaper": self.cheaper,
            "why": self.why,
            "identity": self.identity and {**self.identity._asdict(), "ulps": self.identity.ulps},
            **{key: record[key] for key in ("outputs", "function_seconds", "verdict", "exit_code", "notes")},
        }


def _sweeps_dict(way: Sweeps) -> dict[str, Any]:
    return {
        **(way.cost._asdict() if way.cost else {"sweeps": None, "operations": None}),
        "seconds": way.timing and way.timing.median,
        "at_once": {**way.at_once._asdict(), "seconds": way.at_once_timing and way.at_once_timing.median},
        "largest_difference": finite(way.largest_difference),
    }


def jacobian(
    graph: Graph,
    point: Sequence[Any],
    wrt: Sequence[int] | None = None,
    *,
    text: str = "",
    typed: str = "",
    notes: Sequence[str] = (),
    settings: Settings | None = None,
) -> JacobianStudy:
    """Study all ∂f_i/∂x_j of `graph` at `point`; raises LimitError where there are too many."""
    settings = settings or Settings()
    chosen = tuple(graph.inputs if wrt is None else wrt)
    _refuse_large(graph, chosen)
    record = study(graph, point, chosen, text=text, typed=typed, notes=notes, settings=settings)
    executor = executor_for(graph, point)
    first = {result.method: result for result in record.outputs[0].methods}
    ways = []
    for mode in MODES:
        known = first.get(mode)  # what the study found of it need not be timed again
        done = run(mode, graph, chosen, point, {}, 0 if known else settings.seconds, executor)
        rows = done.jacobian.rows if done.jacobian else None
        one_by_one = OneByOne(done.cost, known.timing if known else done.timing, rows)
        ways.append(sweeps(mode, graph, point, chosen, one_by_one, executor, settings.seconds))
    return JacobianStudy(record, tuple(ways), identity(graph, point, chosen, executor.compiler))


def _refuse_large(graph: Graph, wrt: Sequence[int]) -> None:
    rows = sum(prod(graph.nodes[position].shape) for position in graph.outputs)
    columns = sum(prod(graph.nodes[position].shape) for position in wrt)
    if rows * columns > MAX_ENTRIES:
        raise LimitError(
            f"this Jacobian has {rows}×{columns} entries; the limit is {MAX_ENTRIES}",
            hint="--wrt chooses some inputs; jvp and vjp give its products without its entries",
        )
    if not rows:
        raise LimitError("there is no Jacobian: the outputs have no elements")


class OneByOne(NamedTuple):
    """What one sweep after the other gave and took."""

    cost: Cost | None
    timing: Timing | None
    rows: Sequence[Sequence[float]] | None


def sweeps(
    mode: str,
    graph: Graph,
    point: Sequence[Any],
    wrt: Sequence[int],
    known: OneByOne,
    executor: Executor,
    seconds: float,
) -> Sweeps:
    """What one mode takes both ways, where one by one is known already."""
    meter = Meter()
    rows = at_once(mode, graph, wrt, meter.wrap(executor.compiler))(point).rows
    together = at_once(mode, graph, wrt, executor.compiler)
    timing = measure(timed(together, point), seconds) if seconds else None
    difference = _largest_difference(rows, known.rows) if known.rows is not None else 0.0
    cost = Cost(meter.evaluations, meter.sweeps, meter.operations)
    return Sweeps(mode, known.cost, known.timing, cost, timing, difference)


def _largest_difference(ours: Sequence[Sequence[float]], others: Sequence[Sequence[float]]) -> float:
    pairs = (pair for row, other in zip(ours, others, strict=True) for pair in zip(row, other, strict=True))
    return max((abs(x - y) for x, y in pairs if x != y and x - y == x - y), default=0.0)
