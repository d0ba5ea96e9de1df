"""Value and gradient of a program as a descent needs them, by any of the methods, with everything counted."""

import math
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any, NamedTuple

from diffcli.execute.flat import flattened, unflattened
from diffcli.graph.program import Graph
from diffcli.methods.method import GaveUp, Meter
from diffcli.methods.registry import prepare, start
from diffcli.studies.records import Cost
from diffcli.studies.running import executor_for, timed, too_much
from diffcli.studies.timing import measure

SECONDS = 0.0015
"""For how long one gradient is timed by itself."""


class Found(NamedTuple):
    """What a method says at a point."""

    value: float
    gradient: list[Any]
    """In the shapes of the parameters."""
    flat: tuple[float, ...]
    """All its elements."""

    @property
    def norm(self) -> float:
        """|g|."""
        return math.hypot(*self.flat)


class Gradients:
    """One method at work on one program: parameters in, value and gradient out."""

    def __init__(
        self, method: str, graph: Graph, wrt: Sequence[int], point: Sequence[Any], options: Mapping[str, Any]
    ) -> None:
        """The parameters are the inputs at the positions `wrt`; the others stay as in `point`. Raises GaveUp."""
        if reason := too_much(method, graph, wrt):
            raise GaveUp(reason)
        self.method, self.seconds = method, 0.0
        self._graph, self._wrt, self._options = graph, tuple(wrt), start(method, graph, wrt, **options)
        self._point, self._places = list(point), [graph.inputs.index(position) for position in wrt]
        self._executor, self._meter = executor_for(graph, point), Meter()
        self._prepared = prepare(method, graph, wrt, self._meter.wrap(self._executor.compiler), **self._options)
        self._function = self._executor.compiler(graph, "evaluation")

    def __call__(self, parameters: Sequence[Any]) -> Found:
        """Value and gradient; a value that the method has no use for is computed beside it and not counted."""
        point = self.full(parameters)
        began = perf_counter()
        values, rows = self._prepared(point)
        self.seconds += perf_counter() - began
        value = values[0] if values else flattened(self._function(point))[0]
        row = tuple(map(float, rows[0]))
        is_plain = all(type(x) is float for x in parameters)
        return Found(float(value), list(row) if is_plain else unflattened(row, parameters), row)

    def full(self, parameters: Sequence[Any]) -> tuple[Any, ...]:
        """The point of all inputs."""
        for place, value in zip(self._places, parameters, strict=True):
            self._point[place] = value
        return tuple(self._point)

    @property
    def last_point(self) -> tuple[Any, ...]:
        """The point of the last gradient."""
        return tuple(self._point)

    @property
    def cost(self) -> Cost:
        """What all gradients so far took."""
        return Cost(self._meter.evaluations, self._meter.sweeps, self._meter.operations)

    def time_of_one(self, parameters: Sequence[Any]) -> float:
        """How long one gradient takes, without the counting."""
        prepared = prepare(self.method, self._graph, self._wrt, self._executor.compiler, **self._options)
        return measure(timed(prepared, self.full(parameters)), SECONDS).median
