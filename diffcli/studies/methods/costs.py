"""What the four methods take, counted by wrapping what runs: against inputs, against outputs, and relative to f."""

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import NamedTuple

from diffcli.graph.program import Graph
from diffcli.methods.method import Compiler, GaveUp, Meter, Program, Work
from diffcli.methods.registry import METHODS, prepare, start
from diffcli.studies.methods.families import coupled, fixed_cost, fixed_cost_point
from diffcli.studies.methods.record import Measurement, Part, Unit
from diffcli.studies.records import Cost
from diffcli.studies.running import LOOP, STRAIGHT_LINE
from diffcli.studies.timing import measure_together
from diffcli.studies.values import rounded

NUMBERS = (1, 2, 4, 8, 16)
"""Of inputs, or of outputs."""
TOGETHER = 18
"""Inputs and outputs of the functions among which the crossover is looked for."""
PAIRS = tuple((inputs, TOGETHER - inputs) for inputs in (2, 4, 6, 8, 10, 12, 14, 16))
SIZES = (4, 16, 64, 256, 1024)
"""Inputs of a function whose cost grows with them."""
BATCH, BATCHES = 0.002, 7
SYMBOLIC_SECONDS = 2.0
"""How long SymPy may take for one function of a family, of which there are ten."""
NEAR = 1.5
"""The crossover in time may be so many times further than that of the counts before it is worth a note."""
COUNTED: tuple[tuple[str, Unit], ...] = tuple((name, "count") for name in METHODS)
TIMED: tuple[tuple[str, Unit], ...] = tuple((name, "seconds") for name in METHODS)


class Counted(NamedTuple):
    """What one Jacobian took, and how to compute it again."""

    cost: Cost
    again: Callable[[], object]


def counted(method: str, graph: Graph, point: Sequence[float], compiler: Compiler = STRAIGHT_LINE.compiler) -> Counted:
    """Run a method once with everything counted; raises GaveUp where it cannot answer."""
    meter = Meter()
    options = start(method, graph, graph.inputs, time_limit=SYMBOLIC_SECONDS) if method == "symbolic" else {}
    prepare(method, graph, graph.inputs, meter.wrap(compiler), **options)(point)
    plain = prepare(method, graph, graph.inputs, compiler, **options)
    return Counted(Cost(meter.evaluations, meter.sweeps, meter.operations), lambda: plain(point))


def inputs() -> Measurement:
    """Calls, sweeps, operations and time of a gradient against A."""
    parts = runs, _, times = _growing("A", lambda number: _all(number, 1))
    last = runs.rows[-1]
    calls, _, sweeps, once = last[1:]
    holds = runs.column("finite") == [2 * a for a in NUMBERS] and runs.column("forward") == list(NUMBERS)
    return Measurement(
        "inputs", "Cost against the number of inputs A (B = 1)", _subject(), parts,
        {
            "finite": f"{calls} calls of f at A = {last[0]}, 2 for each input; {_growth(times, 'finite')}",
            "forward": f"{sweeps} sweeps at A = {last[0]}, one for each input; {_growth(times, 'forward')}",
            "reverse": f"{once} sweep for any A; {_growth(times, 'reverse')}",
        },
        holds and set(runs.column("reverse")) == {1},
    )  # fmt: skip


def outputs() -> Measurement:
    """The same of a Jacobian against B."""
    parts = runs, _, times = _growing("B", lambda number: _all(1, number))
    last = runs.rows[-1]
    calls, _, once, sweeps = last[1:]
    holds = runs.column("reverse") == list(NUMBERS) and set(runs.column("forward")) == {1}
    return Measurement(
        "outputs", "Cost against the number of outputs B (A = 1)", _subject(), parts,
        {
            "finite": f"{calls} calls of f for any B: each gives all outputs; {_growth(times, 'finite')}",
            "forward": f"{once} sweep for all outputs; {_growth(times, 'forward')}",
            "reverse": f"{sweeps} sweeps at B = {last[0]}, one for each output; {_growth(times, 'reverse')}",
        },
        holds and set(runs.column("finite")) == {2},
    )  # fmt: skip


def crossover() -> Measurement:
    """Where forward and reverse mode take the same, by operations and by time, on functions with A + B fixed."""
    rows = []
    for a, b in PAIRS:
        graph, point = fixed_cost(a, b), fixed_cost_point(a)
        modes = {mode: counted(mode, graph, point) for mode in ("forward", "reverse")}
        times = measure_together({mode: one.again for mode, one in modes.items()}, BATCH, BATCHES)
        operations = [one.cost.operations for one in modes.values()]
        seconds = [timing.minimum for timing in times.values()]
        rows.append((a, b, *operations, operations[0] / operations[1], *seconds, seconds[0] / seconds[1]))
    columns: tuple[tuple[str, Unit], ...] = (
        ("A", "count"), ("B", "count"), ("operations forward", "count"), ("reverse", "count"), ("ratio", "ratio"),
        ("time forward", "seconds"), ("reverse ", "seconds"), ("ratio ", "ratio"),
    )  # fmt: skip
    by_counts = crossing([row[0] / row[1] for row in rows], [row[4] for row in rows])
    by_time = crossing([row[0] / row[1] for row in rows], [row[7] for row in rows])
    where = f"A/B = {by_counts:.2f} by operations, {by_time:.2f} by time"
    is_far = not 1 / NEAR <= by_time / by_counts <= NEAR
    return Measurement(
        "crossover", "Where forward and reverse mode take the same", _subject(f", A + B = {TOGETHER}"),
        (Part("forward against reverse", columns, tuple(rows)),),
        {"": f"forward is cheaper below, reverse above {where}"},
        1 / NEAR <= by_counts <= NEAR,
        ("the times cross elsewhere than the operations; measure again on a quiet machine",) if is_far else (),
    )  # fmt: skip


def sweep() -> Measurement:
    """What a reverse sweep takes relative to f, as the inputs become many."""
    rows = []
    for size in SIZES:
        graph, point = coupled(size), [0.3 + 0.001 * j for j in range(size)]
        program = LOOP.compiler(graph, "evaluation")
        reverse = counted("reverse", graph, point, LOOP.compiler)
        times = measure_together({"f": lambda p=program, x=point: p(x), "sweep": reverse.again}, BATCH, BATCHES)  # type: ignore[misc]
        seconds = [timing.minimum for timing in times.values()]
        counts = (graph.operations, reverse.cost.operations)
        rows.append((size, *counts, counts[1] / counts[0], *seconds, seconds[1] / seconds[0]))
    columns: tuple[tuple[str, Unit], ...] = (
        ("A", "count"), ("operations of f", "count"), ("of the sweep", "count"), ("ratio", "ratio"),
        ("time of f", "seconds"), ("of the sweep ", "seconds"), ("ratio ", "ratio"),
    )  # fmt: skip
    ratios, times_f = [row[3] for row in rows], [row[6] for row in rows]
    least, most = min(ratios), max(ratios)
    text = (
        f"one sweep takes {rounded(least, 2)} to {rounded(most, 2)} times the operations of f for A = {SIZES[0]} … "
        f"{SIZES[-1]}, {rounded(min(times_f), 2)} to {rounded(max(times_f), 2)} times its time"
    )
    return Measurement(
        "sweep", "One reverse sweep relative to f", "f = Σ sin(x_j·x_{j+1}), whose cost grows with A",
        (Part("f and its gradient", columns, tuple(rows)),), {"reverse": text}, most / least < NEAR,
    )  # fmt: skip


def requirements() -> Measurement:
    """What each method runs: f itself, or programs written from it."""
    graph, point = fixed_cost(4, 1), fixed_cost_point(4)
    rows = []
    for method in METHODS:
        asked: list[Graph] = []

        def watched(program: Graph, work: Work, asked: list[Graph] = asked) -> Program:
            asked.append(program)
            return STRAIGHT_LINE.compiler(program, work)

        with suppress(GaveUp):
            prepare(method, graph, graph.inputs, watched)(point)
        written = [program for program in asked if program != graph]
        rows.append((method, len(asked), len(written), sum(program.operations for program in written)))
    columns: tuple[tuple[str, Unit], ...] = (
        ("method", "text"), ("programs it runs", "count"), ("not f itself", "count"), ("their operations", "count"),
    )  # fmt: skip
    by_name = {row[0]: row for row in rows}
    return Measurement(
        "requirements", "What each method needs", _subject(", A = 4, B = 1"), (Part("programs", columns, tuple(rows)),),
        {
            "finite": "runs f itself and nothing else",
            "symbolic": f"{by_name['symbolic'][2]} program of formulas that SymPy found",
            "forward": f"{by_name['forward'][2]} tangent programs, one for each input, written from f's algorithm",
            "reverse": f"{by_name['reverse'][2]} adjoint program, written from f's algorithm",
        },
        [row[2] for row in rows] == [0, 1, 4, 1],
    )  # fmt: skip


def crossing(places: Sequence[float], ratios: Sequence[float]) -> float:
    """Where the ratio is 1, interpolated between neighbours on logarithmic scales; nan if it is nowhere."""
    for (x, below), (y, above) in pairwise(zip(places, ratios, strict=True)):
        if (below < 1) != (above < 1) or above == 1:
            part = math.log(below) / (math.log(below) - math.log(above))
            return math.exp(math.log(x) + part * (math.log(y) - math.log(x)))
    return math.nan


class _Taken(NamedTuple):
    runs: int | None = None
    operations: int | None = None
    seconds: float | None = None


def _all(inputs: int, outputs: int) -> dict[str, _Taken]:
    """All methods on one function of the family; nothing was taken by one that gave up."""
    graph, point = fixed_cost(inputs, outputs), fixed_cost_point(inputs)
    found = {}
    for method in METHODS:
        with suppress(GaveUp):
            found[method] = counted(method, graph, point)
    times = measure_together({method: one.again for method, one in found.items()}, BATCH, BATCHES)
    taken = {
        method: _Taken(one.cost.function_evaluations + one.cost.sweeps, one.cost.operations, times[method].minimum)
        for method, one in found.items()
    }
    return {method: taken.get(method, _Taken()) for method in METHODS}


def _growing(label: str, taken: Callable[[int], dict[str, _Taken]]) -> tuple[Part, Part, Part]:
    """Runs, operations and time of all methods for growing numbers of inputs or outputs."""
    found = [(number, taken(number)) for number in NUMBERS]

    def part(title: str, columns: tuple[tuple[str, Unit], ...], of: str) -> Part:
        rows = tuple((number, *(getattr(row[name], of) for name in METHODS)) for number, row in found)
        return Part(title, ((label, "count"), *columns), rows)

    return (
        part("runs: calls of f, of formulas, sweeps", COUNTED, "runs"),
        part("operations", COUNTED, "operations"),
        part("time", TIMED, "seconds"),
    )


def _growth(times: Part, method: str) -> str:
    """How much longer it takes at the end of a table of times than at its beginning."""
    column = times.column(method)
    return f"{rounded(column[-1] / column[0], 2)} times the time"


def _subject(more: str = "") -> str:
    graph = fixed_cost(1, 1)
    return f"f: R^A → R^B of fixed cost, {graph.operations} operations: v ← sin(v + x_j) again and again{more}"
