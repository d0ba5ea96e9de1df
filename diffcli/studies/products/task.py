"""What is asked of a product, and how each way of computing it is carried out."""

import sys
from collections.abc import Callable, Mapping, Sequence
from math import frexp, fsum, ldexp
from operator import mul
from typing import Any, NamedTuple

from diffcli.execute.flat import flattened, unflattened
from diffcli.graph.program import Graph
from diffcli.methods.method import Compiler, GaveUp
from diffcli.methods.registry import prepare, start
from diffcli.studies.assembly import Measured, measured
from diffcli.studies.running import Executor, executor_for, too_much
from diffcli.studies.study import Settings
from diffcli.studies.values import Value


class Task(NamedTuple):
    """What is asked: a function, a point, and the vectors that belong to it."""

    graph: Graph
    point: Sequence[Any]
    wrt: Sequence[int]
    seeds: Sequence[Any]
    """Tangents or directions of the inputs at `wrt`, or cotangents of all outputs."""
    settings: Settings

    @property
    def executor(self) -> Executor:
        """What runs all of it."""
        return executor_for(self.graph, self.point)

    def swept(self, program: Graph, first: int, compiler: Compiler) -> Callable[[], list[float]]:
        """One sweep of a program that has the seeds behind the inputs; its outputs from number `first` on count."""
        run, arguments = compiler(program, "sweep"), [*self.point, *self.seeds]
        return lambda: run(arguments)[first:]  # type: ignore[return-value]

    def scaled(self, factor: float) -> list[Any]:
        """The seeds, longer or shorter."""
        if all(isinstance(seed, float) for seed in self.seeds):
            return [seed * factor for seed in self.seeds]
        return unflattened([x * factor for x in flattened(self.seeds)], self.seeds)

    def whole(self, method: str, compiler: Compiler, options: Mapping[str, Any]) -> Callable[[], Any]:
        """The rows of the whole Jacobian, for methods that know no product."""
        if reason := too_much(method, self.graph, self.wrt):
            raise GaveUp(reason)
        prepared = prepare(method, self.graph, self.wrt, compiler, **options)
        return lambda: prepared(self.point).rows


def carried_out(task: Task, method: str, make: Callable[[Compiler], Callable[[], Any]]) -> Measured:
    """One way to compute the product, counted and timed."""
    return measured(method, make, task.point, task.executor, task.settings.seconds)


def read(done: Measured) -> Measured:
    """The same with the elements of the arrays that a sweep gave."""
    return done if done.result is None else done._replace(result=flattened(done.result))


def started(task: Task, graph: Graph) -> dict[str, Mapping[str, Any]]:
    """Methods that go on beside other work, begun; only SymPy does."""
    return {
        method: start(method, graph, task.wrt, **task.settings.options.get(method, {}))
        for method in task.settings.methods
    }


def length_factor(task: Task, directions: Sequence[float]) -> float:
    """A power of two by which the direction is made about as long as the scale of the point, for finite differences."""
    longest = max(map(abs, directions), default=0.0)
    if not longest:
        return 1.0
    here = flattened([task.point[task.graph.inputs.index(position)] for position in task.wrt])
    reach = max(1.0, *[abs(x) for x, direction in zip(here, directions, strict=True) if direction])
    return ldexp(1.0, min(frexp(reach)[1] - frexp(longest)[1], sys.float_info.max_exp - 1))


def dot(x: Sequence[float], y: Sequence[float]) -> float:
    """Their scalar product, with one rounding of the sum."""
    products: list[float] = list(map(mul, x, y))
    try:
        return fsum(products)
    except (OverflowError, ValueError):  # infinities of both signs
        return sum(products, 0.0)


def seeds_by_name(graph: Graph, wrt: Sequence[int], seeds: Sequence[Any]) -> dict[str, Value]:
    """The tangents or directions as the record shows them."""
    values = (value if isinstance(value, float) else value.tolist() for value in seeds)
    return {graph.nodes[position].literal: value for position, value in zip(wrt, values, strict=True)}


def names_of_inputs(graph: Graph, wrt: Sequence[int]) -> tuple[str, ...]:
    """What the inputs at the positions `wrt` are called."""
    return tuple(graph.nodes[position].literal for position in wrt)
