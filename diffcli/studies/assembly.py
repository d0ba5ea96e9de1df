"""What the records of all commands say of function and point, put together in one place."""

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any, NamedTuple

from diffcli.graph.layout import components
from diffcli.graph.program import Graph
from diffcli.graph.text import LATEX, PLAIN, PRETTY, program_text
from diffcli.methods.finite import EPSILON, resolution
from diffcli.methods.method import Compiler, GaveUp, Meter
from diffcli.studies.records import Component, Cost, Formula, MethodResult, OutputStudy, Status, Study
from diffcli.studies.running import Executor, completed
from diffcli.studies.timing import Timing, measure

Work = Callable[[], Any]
LONG = 0.2
"""Seconds from which on something is not done again to be timed."""


class Measured(NamedTuple):
    """What came of one way to compute something."""

    method: str
    result: Any = None
    gave_up: str | None = None
    cost: Cost | None = None
    prepare_seconds: float | None = None
    timing: Timing | None = None
    notes: tuple[str, ...] = ()

    def judged(
        self,
        status: Status,
        value: float | None,
        components: Sequence[Component],
        function_seconds: float | None,
        formula: dict[str, Formula] | None = None,
    ) -> MethodResult:
        """The same with what the comparison with the judge says."""
        if self.gave_up is not None:
            reason = (self.gave_up,)
            return MethodResult(self.method, "gave up", None, (), None, self.prepare_seconds, None, None, notes=reason)
        times = self.timing.median / function_seconds if self.timing and function_seconds else None
        return MethodResult(
            self.method, status, value, tuple(components), self.cost, self.prepare_seconds, self.timing, times,
            formula, self.notes,
        )  # fmt: skip


def measured(
    method: str, prepare: Callable[[Compiler], Work], point: Sequence[Any], executor: Executor, seconds: float
) -> Measured:
    """Prepare something, run it once with everything counted, and time further runs for about `seconds`."""
    start, meter = perf_counter(), Meter()
    try:
        counted = prepare(meter.wrap(executor.compiler))
        prepared = perf_counter()
        result = counted()
        taken = perf_counter() - prepared
    except GaveUp as reason:
        return Measured(method, gave_up=str(reason), prepare_seconds=perf_counter() - start)
    cost = Cost(meter.evaluations, meter.sweeps, meter.operations)
    timing = None
    if seconds:
        again = completed(prepare(executor.compiler), point)
        timing = measure(again, seconds) if taken < LONG else Timing(taken, taken, taken, 1, 1)
    return Measured(method, result, None, cost, prepared - start, timing)


def function_seconds(graph: Graph, point: Sequence[Any], executor: Executor, seconds: float) -> float | None:
    """The median time of one evaluation of f."""
    function = executor.compiler(graph, "evaluation")
    return measure(completed(lambda: function(point), point), seconds).median if seconds else None


def assembled(
    graph: Graph,
    point: Sequence[Any],
    wrt: Sequence[int],
    outputs: Sequence[OutputStudy],
    *,
    entries: Sequence[str] | None = None,
    text: str,
    typed: str,
    seconds: float | None,
    notes: Sequence[str],
) -> Study:
    """A study of `outputs`: a component for each element of the inputs at `wrt`, or for each of `entries`."""
    named = dict(zip(graph.variables, point, strict=True))
    shapes = {name: tuple(shape) for name, value in named.items() if (shape := getattr(value, "shape", ()))}
    return Study(
        input=typed or text,
        source=text,
        expression=program_text(graph, PLAIN),
        pretty=program_text(graph, PRETTY),
        latex=program_text(graph, LATEX),
        variables=tuple(graph.nodes[position].literal for position in wrt) if entries is None else tuple(entries),
        elements=tuple(part.name for part in components(graph, wrt)) if entries is None else tuple(entries),
        point={name: value if isinstance(value, float) else value.tolist() for name, value in named.items()},
        outputs=tuple(outputs),
        function_seconds=seconds,
        notes=tuple(notes),
        dtype="float32" if resolution(point) > EPSILON else "float64",
        shapes={} if entries is not None else shapes,
    )
