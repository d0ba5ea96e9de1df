"""Value and gradient of a program of numbers by reverse mode, in the form that is soonest done with it."""

from collections.abc import Callable, Sequence
from functools import cached_property
from math import isfinite, isnan

from diffcli.execute.loop import looped
from diffcli.execute.python_source import compiled
from diffcli.graph.program import Graph
from diffcli.methods.reverse import adjoint_program
from diffcli.methods.tape import swept

SHORT = 300
"""Up to this many nodes the adjoint program is written and compiled at once: 50 µs a node, the sweep in numbers 0.6."""
LONGEST = 40_000
"""Beyond this many nodes Python's compiler takes seconds and gigabytes."""
CALLS = 300
"""After so many runs the sweep in numbers (0.2 µs a node) has taken about as long as compiling will, which saves two
thirds of it from then on."""

Program = Callable[[Sequence[float]], Sequence[float]]


def gradient_program(graph: Graph, output: int, wrt: Sequence[int]) -> Program:
    """From the values of all inputs to y and ∂y/∂x for the inputs at the positions `wrt`."""
    if len(graph.nodes) <= SHORT:
        return compiled(adjoint_program(graph, output, wrt).graph)
    return _Warming(graph, output, wrt) if len(graph.nodes) <= LONGEST else swept(graph, output, wrt)


class _Warming:
    """The sweep in numbers, until it has run so often that compiling pays.

    Where that gives nan beside a finite value the adjoint program is asked: it knows which partials are 0 whatever the
    point, as of xlogy(x, x) − xlogy(x, x).
    """

    def __init__(self, graph: Graph, output: int, wrt: Sequence[int]) -> None:
        self._task = graph, output, wrt
        self._calls = 0
        self._program = swept(graph, output, wrt)

    def __call__(self, point: Sequence[float]) -> Sequence[float]:
        self._calls += 1
        if self._calls == CALLS:
            self._program = compiled(self._adjoint, most=10 * LONGEST)
        value, *gradient = results = self._program(point)
        if self._calls < CALLS and isfinite(value) and any(map(isnan, gradient)):
            return self._careful(point)
        return results

    @cached_property
    def _adjoint(self) -> Graph:
        return adjoint_program(*self._task).graph

    @cached_property
    def _careful(self) -> Program:
        return looped(self._adjoint)
