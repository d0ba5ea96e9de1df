"""Second derivatives: every method applied to what another one wrote down.

The reverse sweep is a program; so the Hessian is the Jacobian of the gradient program. Forward mode over it takes A
sweeps, each with the tangents of all adjoints; reverse mode over it takes A sweeps as well, and SymPy differentiates
its own formulas once more. Finite differences stay with values of f alone.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from typing import Any, NamedTuple

from diffcli.execute.flat import Elements, flattened
from diffcli.graph.layout import components
from diffcli.graph.program import Graph
from diffcli.methods import symbolic
from diffcli.methods.finite import Stencil, resolution
from diffcli.methods.method import Compiler, GaveUp, Jacobian, Program
from diffcli.methods.products import tangent_sweep
from diffcli.methods.reverse import adjoint_program

FORWARD_OVER_REVERSE, REVERSE_OVER_REVERSE = "forward-over-reverse", "reverse-over-reverse"
MAX_SYMBOLIC = 2500
"""Second derivatives that SymPy is asked for."""
MAX_EVALUATIONS = 40_000
MAX_WORK = 50_000_000
"""Evaluations, and evaluations times operations, that second differences may take: about two seconds."""
OVERHEAD = 50
"""What an evaluation costs beside its operations, in operations."""
SHRINKINGS = 4
PLAIN = Stencil((1, -1), (), 1, 2.0 ** (-52 / 4))
"""Steps of eps^(1/4): the error of second differences falls with h² and its rounding error grows with 1/h²."""


class SecondMethod(NamedTuple):
    """How far a method for second derivatives may be off, relative to the truth."""

    tolerance: float
    single_tolerance: float
    over_gradient: str = ""
    """The method that is applied to the gradient program."""


SECOND_METHODS = {
    "finite": SecondMethod(1e-4, 1e-1),
    "symbolic": SecondMethod(1e-11, 1e-3, "symbolic"),
    FORWARD_OVER_REVERSE: SecondMethod(1e-11, 1e-3, "forward"),
    REVERSE_OVER_REVERSE: SecondMethod(1e-11, 1e-3, "reverse"),
}


def gradient_program(graph: Graph, wrt: Sequence[int]) -> Graph:
    """The program of the gradient of the one output; its inputs are those of `graph`, at the same positions."""
    program = adjoint_program(graph, graph.outputs[0], wrt).graph
    return replace(program, outputs=program.outputs[1:], output_names=program.output_names[1:])


def hessian_vector_program(graph: Graph, wrt: Sequence[int]) -> Graph:
    """One forward sweep over the gradient program: after the inputs come the directions; outputs are ∇f, then H·v."""
    return tangent_sweep(gradient_program(graph, wrt), wrt)


class PreparedSecondDifferences:
    """Second derivatives from values of f alone: four evaluations for each pair of inputs.

    ∂²f/∂x_i∂x_j ≈ (f(+,+) − f(+,−) − f(−,+) + f(−,−)) / 4 h_i h_j; on the diagonal two of the four points are the
    point itself.
    """

    notes: tuple[str, ...] = ()
    prepare_seconds: float | None = None

    def __init__(
        self,
        graph: Graph,
        rows: Sequence[int],
        columns: Sequence[int] | None,
        compiler: Compiler,
        step: float | None = None,
    ) -> None:
        """Compile f; the matrix has a row for each element of `rows`, and a column for each of `columns` (the same)."""
        self._rows = [component.number for component in components(graph, rows)]
        self._columns = None if columns is None else [component.number for component in components(graph, columns)]
        width = (len(self._rows) + 1) / 2 if self._columns is None else len(self._columns)
        evaluations = int(4 * len(self._rows) * width)
        if evaluations > MAX_EVALUATIONS or evaluations * (graph.operations + OVERHEAD) > MAX_WORK:
            raise GaveUp(f"{evaluations} evaluations of {graph.operations} operations would take too long")
        self._is_scalar, self._step = graph.is_scalar, step
        self._program = compiler(graph, "evaluation")

    def __call__(self, point: Sequence[Any]) -> Jacobian:
        """The matrix."""
        is_flat = self._is_scalar and all(isinstance(value, float) for value in point)
        moving: list[float] | Elements = list(point) if is_flat else Elements(point)
        plane = _Plane(self._program, moving, PLAIN.at_resolution(resolution(point)), self._step)
        if self._columns is not None:
            return Jacobian((), tuple(tuple(plane.second(i, j) for j in self._columns) for i in self._rows))
        rows = [[0.0] * len(self._rows) for _ in self._rows]
        for k, i in enumerate(self._rows):
            for other in range(k + 1):
                rows[k][other] = rows[other][k] = plane.second(i, self._rows[other])
        return Jacobian((), tuple(map(tuple, rows)))


class _Plane:
    """f around the point in the planes of two inputs."""

    def __init__(self, program: Program, point: list[float] | Elements, stencil: Stencil, step: float | None) -> None:
        self._program, self._point, self._stencil, self._step = program, point, stencil, step
        self._here: float | None = None

    def second(self, i: int, j: int) -> float:
        """One second difference; near an edge of the domain with smaller steps."""
        result = float("nan")
        for shrinking in range(SHRINKINGS if self._step is None else 1):
            h, k = (self._size(index) / 16**shrinking for index in (i, j))
            result = self._difference(i, j, h, k)
            if isfinite(result):
                break
        return result

    def _size(self, index: int) -> float:
        return self._step or self._stencil.default_step(self._point[index])

    def _difference(self, i: int, j: int, h: float, k: float) -> float:
        if i == j:
            here = self._here = self._value() if self._here is None else self._here
            return (self._value((i, 2 * h)) - 2 * here + self._value((i, -2 * h))) / (4 * h) / h
        above = self._value((i, h), (j, k)) - self._value((i, h), (j, -k))
        below = self._value((i, -h), (j, k)) - self._value((i, -h), (j, -k))
        return (above - below) / (4 * h) / k

    def _value(self, *moves: tuple[int, float]) -> float:
        """F at a distance from the point."""
        before = [self._point[index] for index, _ in moves]
        for index, distance in moves:
            self._point[index] += distance
        result = self._program(self._point if isinstance(self._point, list) else self._point.values)
        for (index, _), x in zip(moves, before, strict=True):
            self._point[index] = x
        return flattened(result)[0]


class SecondSymbolicJob:
    """Formulas of second derivatives that are being computed in a child process: SymPy is asked twice."""

    def __init__(self, graph: Graph, wrt: Sequence[int], time_limit: float) -> None:
        """Begin; the time limit holds for both questions together."""
        self._graph, self._wrt, self._time_limit = graph, tuple(wrt), time_limit
        self.seconds = 0.0
        """How long it took (known after `result`)."""
        self.written_out = 0
        """Operations of the second derivatives when nothing is shared (known after `result`)."""
        self._found: Graph | GaveUp = GaveUp("it was never begun")
        self._thread = threading.Thread(target=self._converse, daemon=True)
        self._thread.start()

    def result(self) -> Graph:
        """The formulas of the gradient, then of all second derivatives row by row; raises `GaveUp`."""
        self._thread.join()
        if isinstance(self._found, GaveUp):
            raise self._found
        return self._found

    def _converse(self) -> None:
        began = time.perf_counter()
        try:
            self._found = self._asked(began)
        except GaveUp as reason:
            self._found = reason
        self.seconds = time.perf_counter() - began

    def _asked(self, began: float) -> Graph:
        elements = components(self._graph, self._wrt)
        if len(elements) ** 2 > MAX_SYMBOLIC:
            raise GaveUp(f"{len(elements) ** 2} second derivatives are too many for SymPy")
        first = symbolic.start(self._graph, self._wrt, self._time_limit).result()
        gradient = replace(first, outputs=first.outputs[1:], output_names=first.output_names[1:]).pruned()
        wrt = [gradient.inputs[element.number] for element in elements]
        rest = max(self._time_limit - (time.perf_counter() - began), 0.1)
        job = symbolic.start(gradient, wrt, rest)
        found = job.result()
        self.written_out = job.written_out
        return found
