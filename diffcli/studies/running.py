"""Running one method: preparing it, counting what one gradient takes, timing it."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from math import prod
from time import perf_counter
from typing import Any, NamedTuple

from diffcli.errors import LimitError
from diffcli.execute.loop import looped
from diffcli.execute.python_source import compiled
from diffcli.graph.program import Graph
from diffcli.methods.method import Compiler, GaveUp, Jacobian, Meter, Prepared, Program, Work
from diffcli.methods.registry import prepare
from diffcli.studies.records import Cost
from diffcli.studies.timing import Timing, measure


class Executor(NamedTuple):
    """The kind of executor that all methods of a study share, so that times show the algorithms."""

    name: str
    compiler: Compiler


def _straight_line(graph: Graph, work: Work) -> Program:
    return _complex(graph) if work == "complex evaluation" else compiled(graph)


def _loop(graph: Graph, work: Work) -> Program:
    return _complex(graph) if work == "complex evaluation" else looped(graph)


def _complex(graph: Graph) -> Program:
    from diffcli.execute import complexes

    return complexes.compiled(graph)


def _on_arrays(graph: Graph, work: Work) -> Program:
    """Programs on arrays by an array library; formulas in numbers, which a method may have, as before."""
    if work == "complex evaluation":
        return _complex(graph)
    from diffcli.execute import array_source

    on_arrays = array_source.compiled(graph)
    if not graph.is_scalar:
        return on_arrays
    on_numbers = compiled(graph)
    return lambda values: on_numbers(values) if not values or isinstance(values[0], float) else on_arrays(values)


STRAIGHT_LINE = Executor("straight-line Python", _straight_line)
LOOP = Executor("a loop over the graph", _loop)
ARRAYS = Executor("an array library", _on_arrays)
MAX_WORK = 20_000
"""Nodes times sweeps above which compiling takes longer than it saves."""


MAX_ENTRIES = 20_000
"""Derivatives of several outputs that are computed and shown one by one."""
MAX_GRADIENT = 2_000_000
"""Derivatives of one output."""
OVERHEAD = 20_000
"""Operations on numbers that take as long as running a program on arrays takes beside them."""
MAX_ARRAY_WORK = 10_000_000_000
"""Operations on numbers that a method may spend on one Jacobian of a program on arrays: some seconds."""


def executor_for(graph: Graph, point: Sequence[Any] = ()) -> Executor:
    """Straight-line source for small programs, a loop for those with many nodes or inputs; for arrays a library."""
    if not graph.is_scalar or not all(isinstance(value, float) for value in point):
        return ARRAYS
    return STRAIGHT_LINE if len(graph.nodes) * (len(graph.inputs) + 1) <= MAX_WORK else LOOP


class Run(NamedTuple):
    """What came of one method at one point."""

    method: str
    jacobian: Jacobian | None = None
    gave_up: str | None = None
    prepared: Prepared | None = None
    cost: Cost | None = None
    prepare_seconds: float | None = None
    timing: Timing | None = None
    notes: tuple[str, ...] = ()


def run(
    method: str,
    graph: Graph,
    wrt: Sequence[int],
    point: Sequence[float],
    options: Mapping[str, Any],
    seconds: float,
    executor: Executor,
) -> Run:
    """Prepare `method`, compute one Jacobian with everything counted, and time further ones for about `seconds`."""
    start, meter = perf_counter(), Meter()
    if reason := too_much(method, graph, wrt):
        return Run(method, gave_up=reason)
    try:
        prepared = prepare(method, graph, wrt, meter.wrap(executor.compiler), **options)
    except GaveUp as reason:
        job = options.get("job")  # which may have begun before
        seconds = job.seconds if job else perf_counter() - start
        return Run(method, gave_up=str(reason), prepare_seconds=seconds)
    prepare_seconds = prepared.prepare_seconds or perf_counter() - start
    jacobian = prepared(point) if executor is not ARRAYS else _in_floats(prepared(point))
    cost = Cost(meter.evaluations, meter.sweeps, meter.operations)
    if executor is STRAIGHT_LINE:  # whose runs are so short that counting them would show in the times
        prepared = prepare(method, graph, wrt, executor.compiler, **options)
        prepared(point)  # which leaves its notes
    timing = measure(timed(prepared, point), seconds) if seconds else None
    return Run(method, jacobian, None, prepared, cost, prepare_seconds, timing, tuple(prepared.notes))


def _in_floats(jacobian: Jacobian) -> Jacobian:
    """Numbers of an array library, where a program on numbers ran in one, as Python's."""
    return Jacobian(tuple(map(float, jacobian.values)), tuple(tuple(map(float, row)) for row in jacobian.rows))


def timed(prepared: Prepared, point: Sequence[Any]) -> Callable[[], object]:
    """One Jacobian as it is timed: with arrays only the sweeps, not the reading of their elements."""
    sweeps = getattr(prepared, "sweeps", None)
    if sweeps is None:
        return lambda: prepared(point)
    return completed(lambda: deque(sweeps(point), maxlen=0), point)


def completed(call: Callable[[], object], point: Sequence[Any]) -> Callable[[], object]:
    """The call, and then the wait for the device the arrays of `point` are on: it works on after a call returns."""
    if all(isinstance(value, float) for value in point):
        return call
    from diffcli.execute.array_library import library_of, synchronise

    namespace = library_of(point).namespace

    def complete() -> None:
        call()
        synchronise(namespace)

    return complete if namespace.__name__ == "cupy" else call


def too_much(method: str, graph: Graph, wrt: Sequence[int]) -> str | None:
    """Why a method that runs a program on arrays once for each of their elements is not worth waiting for."""
    if graph.is_scalar:
        return None
    if entries := too_many_entries(graph, wrt):
        return f"{entries} derivatives one by one would take too long; --wrt chooses fewer inputs"
    runs = {"finite": 2, "forward": 1}.get(method, 0) * sum(prod(graph.nodes[position].shape) for position in wrt)
    if runs * (graph.operations + OVERHEAD) <= MAX_ARRAY_WORK:
        return None
    what = "evaluations" if method == "finite" else "sweeps"
    return f"{runs} {what} of {graph.operations} operations would take too long; --wrt chooses fewer inputs"


def too_many_entries(graph: Graph, wrt: Sequence[int]) -> str | None:
    """The size of a Jacobian with more entries than can be looked at; one row is a gradient and may be longer."""
    rows, columns = (sum(prod(graph.nodes[position].shape) for position in some) for some in (graph.outputs, wrt))
    return f"{rows}×{columns}" if rows * columns > (MAX_ENTRIES if rows > 1 else MAX_GRADIENT) else None


def refuse_many(graph: Graph, wrt: Sequence[int]) -> None:
    """Refuse programs on arrays whose derivatives are too many to be looked at one by one."""
    if not graph.is_scalar and (entries := too_many_entries(graph, wrt)):
        raise LimitError(
            f"these are {entries} derivatives, of outputs by variables: too many to study one by one",
            hint="--wrt chooses some variables, y[0] one output; jvp and vjp give products without the derivatives",
        )
