"""Why finite differences are off: the step crosses something, is too large, or is too small; and which is better."""

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from time import perf_counter
from typing import Any, NamedTuple

from diffcli.execute.floats import FLOATS
from diffcli.execute.interpreter import outputs
from diffcli.execute.magnitudes import Undefined
from diffcli.graph.program import Graph
from diffcli.methods.finite import Stencil
from diffcli.studies.accuracy import exactly
from diffcli.studies.explanation.origin import UNIT, Comparison
from diffcli.studies.probe import OutOfTime

NOISY = 64 * UNIT
"""Relative error of f beyond which f itself, and not its difference, is to blame."""
DECADES = 17
"""How many powers of ten below the size of x steps are tried."""
ABOVE, LARGEST = 7, 300
"""How far above the size of x, and above 1, they are tried where no smaller one is good; and the largest exponent."""
GOOD = 1e-6
"""Relative error of a quotient beyond which larger steps are tried."""
PERIODIC = frozenset(("sin", "cos", "tan", "sec", "csc", "cot"))
TURN = 1.0
"""Radians of the argument of a periodic function within a step that are too many for differences."""


class Crossing(NamedTuple):
    """Something between the points of a difference that no smooth function has."""

    node: int
    kind: str
    """kink, jump, pole or domain."""
    where: str


class Samples(NamedTuple):
    """What a difference quotient was made of."""

    comparisons: tuple[Comparison, ...]
    """f at each offset, in doubles and exactly."""
    exact: Any
    """The quotient of the exact values; None where one is missing."""


class Difference:
    """One difference quotient of one output along one input."""

    def __init__(self, graph: Graph, point: Sequence[float], wrt: int, output: int, deadline: float) -> None:
        """Of the node `output` by the input at position `wrt`."""
        self.graph, self.wrt, self.output = graph, wrt, output
        self._point, self._index, self._deadline = list(point), graph.inputs.index(wrt), deadline
        self.x = self._point[self._index]

    def samples(self, stencil: Stencil, h: float) -> Samples:
        """Both kinds of values at the points of the stencil."""
        found = tuple(self._at(offset * h) for offset in stencil.offsets)
        values = [comparison.exact[self.output] for comparison in found]
        if any(type(value) is Undefined for value in values):
            return Samples(found, None)
        context = found[0].probe.arithmetic.context
        return Samples(found, stencil.quotient(values, context.mpf(h)))

    def _at(self, t: float) -> Comparison:
        point = list(self._point)
        point[self._index] = self.x + t
        return Comparison(self.graph, point, self._deadline)

    def rounding_of_step(self, stencil: Stencil, h: float) -> float:
        """By which part of itself the distance between two points of the difference is off: x + h is rounded."""
        _, to, origin = stencil.differences[0]
        first, last = stencil.offsets[origin] * h, stencil.offsets[to] * h
        return abs(((self.x + last) - (self.x + first)) / (last - first) - 1)

    def crossing(self, samples: Samples) -> Crossing | None:
        """The first node that is not smooth between the points of the difference."""
        active = self.graph.active([self.wrt])
        rows = [comparison.exact for comparison in samples.comparisons]
        for node in range(self.output + 1):
            op = self.graph.nodes[node].op
            if active[node] and self.graph.needed[node] and (found := self._crossed(node, op, rows)):
                return found
        return None

    def _crossed(self, node: int, op: str, rows: Sequence[Sequence[Any]]) -> Crossing | None:
        arguments = [[row[argument] for argument in self.graph.nodes[node].args] for row in rows]
        for row, args in zip(rows, arguments, strict=True):
            if type(row[node]) is Undefined and not any(type(arg) is Undefined for arg in args):
                kinds = {"outside": "domain", "pole": "pole"}
                return Crossing(node, kinds[row[node].kind], row[node].where) if row[node].kind in kinds else None
        cell = CELLS.get(op)
        if cell is None or any(type(arg) is Undefined for args in arguments for arg in args):
            return None
        kind, where, number = cell
        cells = {number(*args) for args in arguments}
        if number in (_sign, _compared, _base_sign, _denominator_sign):
            cells.discard(0)  # the point itself may lie on an edge
        return Crossing(node, kind, where) if len(cells) > 1 else None

    def turns(self, samples: Samples) -> tuple[int, float] | None:
        """The periodic function whose argument turns farthest within the step, if that is too far, and its radians."""
        first, *_, last = (comparison.exact for comparison in samples.comparisons)
        farthest: tuple[int, float] | None = None
        for node in range(self.output + 1):
            if self.graph.nodes[node].op in PERIODIC and self.graph.needed[node]:
                argument = self.graph.nodes[node].args[0]
                if Undefined in (type(first[argument]), type(last[argument])):
                    continue
                turn = float(abs(first[argument] - last[argument]))
                if turn > (farthest[1] if farthest else TURN):
                    farthest = node, turn
        return farthest

    def noisiest(self, samples: Samples) -> Comparison:
        """The point of the stencil at which f in doubles is worst."""
        return max(samples.comparisons, key=lambda comparison: comparison.relative_error(self.output))

    @cached_property
    def steps(self) -> tuple[float, ...]:
        """Powers of ten from where they are lost beside x to well above both 1 and |x|."""
        size = math.floor(math.log10(abs(self.x))) if self.x else 0
        exponents = {*range(size - DECADES, size + ABOVE), *range(-DECADES if size < 0 else 0, ABOVE)}
        found = (float(f"1e{exponent}") for exponent in sorted(exponents) if -300 < exponent < LARGEST)
        return tuple(h for h in found if self.x + h != self.x)

    def better_step(self, stencil: Stencil, truth: str) -> tuple[float, float] | None:
        """The power of ten that gives the best quotient, and its relative error; measured in doubles.

        A step counts for what it and one a little smaller give at worst: a quotient can be right by chance.
        """
        exact = exactly(truth)
        if not exact:
            return None
        best: tuple[float, float] | None = None
        for h in self.steps:
            if perf_counter() > self._deadline:
                raise OutOfTime
            if best and best[0] <= GOOD and h > max(1.0, abs(self.x)):
                break
            found = [self._slope(stencil, part * h) for part in (1.0, 0.7)]
            if all(map(math.isfinite, found)):
                error = max(float(abs((exactly(repr(slope)) - exact) / exact)) for slope in found)
                best = min(best or (math.inf, h), (error, h))
        return best and (best[1], best[0])

    def _slope(self, stencil: Stencil, h: float) -> float:
        position = self.graph.outputs.index(self.output)
        samples = []
        for offset in stencil.offsets:
            point = list(self._point)
            point[self._index] = self.x + offset * h
            samples.append([outputs(self.graph, FLOATS, point)[position]])
        return stencil.slopes(samples, h)[0] if h else math.nan


def _sign(x: Any) -> int:
    return int(x > 0) - int(x < 0)


def _compared(x: Any, y: Any) -> int:
    return _sign(x - y)


def _denominator_sign(_: Any, y: Any) -> int:
    return _sign(y)


def _cell(x: Any) -> int:
    return int(x.context.floor(x))


def _half_turns(shift: float) -> Callable[[Any], int]:
    return lambda x: _cell(x / x.context.pi + shift)


def _base_sign(x: Any, y: Any) -> int:
    return 0 if y == int(y) and y >= 0 else _sign(x)


def _left_of_poles(x: Any) -> int:
    return _cell(x) if x < 0 else 0


CELLS: dict[str, tuple[str, str, Callable[..., int]]] = {
    **dict.fromkeys(("abs", "relu"), ("kink", "its argument changes sign", _sign)),
    **dict.fromkeys(("max", "min"), ("kink", "its larger argument changes", _compared)),
    **dict.fromkeys(("lt", "le", "gt", "ge", "eq", "ne"), ("switch", "its truth changes", _compared)),
    "sign": ("jump", "its argument changes sign", _sign),
    "floor": ("jump", "its argument passes an integer", _cell),
    "ceil": ("jump", "its argument passes an integer", lambda x: -_cell(-x)),
    "round": ("jump", "its argument passes half an integer", lambda x: _cell(x + 0.5)),
    "div": ("pole", "its denominator changes sign", _denominator_sign),
    "pow": ("pole", "its base changes sign", _base_sign),
    "cbrt": ("vertical tangent", "its argument changes sign", _sign),
    **dict.fromkeys(("tan", "sec"), ("pole", "its argument passes a pole", _half_turns(0.5))),
    **dict.fromkeys(("csc", "cot"), ("pole", "its argument passes a pole", _half_turns(0.0))),
    **dict.fromkeys(("gamma", "lgamma", "digamma"), ("pole", "its argument passes a pole", _left_of_poles)),
}  # fmt: skip
"""By operation: what is crossed where two of its arguments lie in different cells."""
