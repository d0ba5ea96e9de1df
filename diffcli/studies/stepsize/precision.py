"""A derivative by a finite difference with a given step, in double or single precision: every operation rounded."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from diffcli.errors import LimitError
from diffcli.execute.complexes import ComplexArithmetic, unsupported
from diffcli.execute.floats import FLOATS
from diffcli.execute.interpreter import outputs
from diffcli.execute.singles import SingleArithmetic, SingleComplexArithmetic, single
from diffcli.graph.program import Graph
from diffcli.methods.finite import EPSILON, SINGLE_EPSILON, Stencil

Values = Sequence[float]


@dataclass(frozen=True)
class Precision:
    """What numbers are."""

    name: str
    epsilon: float
    """The spacing of numbers beside 1."""
    rounded: Callable[[float], float]
    real: Any
    complex: Any
    """The arithmetics for the interpreter."""

    def spacing(self, x: float) -> float:
        """The distance from x to the next number."""
        return math.ulp(x) * self.epsilon / EPSILON


PRECISIONS = {
    "float64": Precision("float64", EPSILON, lambda x: x, FLOATS, ComplexArithmetic()),
    "float32": Precision("float32", SINGLE_EPSILON, single, SingleArithmetic(), SingleComplexArithmetic()),
}


class Line:
    """f along one input, as the precision computes it; nothing is computed twice."""

    def __init__(self, graph: Graph, point: Sequence[float], index: int, precision: Precision) -> None:
        """The line through `point` along the input number `index`."""
        self.x = point[index]
        self._graph, self._point, self._index, self._precision = graph, list(point), index, precision
        self._known: dict[float, Values] = {}
        self.without_complex = _without_complex(graph)
        """Functions that complex arithmetic does not have here."""

    def at(self, offset: float, h: float) -> Values:
        """All outputs at x + offset·h."""
        rounded = self._precision.rounded
        moved = rounded(self.x + rounded(offset * h))
        if moved not in self._known:
            self._point[self._index] = moved
            self._known[moved] = outputs(self._graph, self._precision.real, self._point)
        return self._known[moved]

    def quotients(self, stencil: Stencil, h: float) -> list[float]:
        """The difference quotient of every output."""
        rounded = self._precision.rounded
        samples = [self.at(offset, h) for offset in stencil.offsets]
        run = rounded(stencil.divisor * h)
        totals = [0.0] * len(samples[0])
        for weight, to, origin in stencil.differences:
            for k, (a, b) in enumerate(zip(samples[to], samples[origin], strict=True)):
                totals[k] = rounded(totals[k] + rounded(rounded(weight * rounded(a - b)) / run))
        return totals

    def complex_steps(self, h: float) -> list[float]:
        """Im f(x + ih) / h of every output; nan where f(x) itself is not finite."""
        numbers = [complex(x, h if k == self._index else 0.0) for k, x in enumerate(self._point)]
        numbers[self._index] = complex(self.x, h)
        found = outputs(self._graph, self._precision.complex, numbers)
        return [self._precision.rounded(z.imag / h) if math.isfinite(z.real) else math.nan for z in found]

    def moves(self, h: float) -> bool:
        """Whether x + h and x − h are other numbers than x."""
        rounded = self._precision.rounded
        return rounded(self.x + h) != self.x != rounded(self.x - h)


def _without_complex(graph: Graph) -> tuple[str, ...]:
    try:
        return unsupported(graph)
    except LimitError:
        return ()
