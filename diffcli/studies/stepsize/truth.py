"""What difference quotients would be without rounding, and the derivatives that decide how far they are off.

All of it from values of f in many digits, as the judge takes them; no rule of differentiation is read.
"""

from collections.abc import Sequence
from typing import Any

from diffcli.execute.magnitudes import BITS_PER_DIGIT, Undefined
from diffcli.graph.program import Graph
from diffcli.methods.finite import Stencil
from diffcli.studies.probe import Probe

DIGITS = 50
SIZES = (20, 24)
"""log10 of 1/h for the derivatives, relative to the scale of the point; their relative error is about h²."""
AGREEMENT, NOTHING = 1e-9, 1e-20
"""How well both have to agree, and how small a derivative is that need not."""
ORDERS = 7
"""The highest derivative taken."""
SIDE = 4
"""Points on each side of x that the derivatives are taken from."""
ROOM = 60
"""Digits for steps down to 1e-16: the difference of two values, and what is left of it beside f'."""


class TrueLine:
    """f along one input, in so many digits that nothing below is rounding error."""

    def __init__(self, graph: Graph, point: Sequence[float], wrt: int, deadline: float) -> None:
        """The line through `point` along the input at the position `wrt`; raises OutOfTime."""
        self._probe = Probe(graph, point, DIGITS, deadline)
        self._wrt = wrt
        self._context = self._probe.arithmetic.context
        self._scale, self._lost = self._probe.scale(wrt, is_careful=False)
        self._digits = self._probe.floor + ROOM + self._lost
        self._known: dict[float, list[Any]] = {}

    def at(self, t: float) -> list[Any]:
        """All outputs at the real number x + t; None where f is undefined."""
        if t not in self._known:
            base = self._probe.base(self._digits, self._digits)
            numerator, denominator = t.as_integer_ratio()
            values = self._probe.shifted(base, self._wrt, numerator, denominator.bit_length() - 1)
            self._known[t] = [_number(values[position]) for position in self._probe.graph.outputs]
        return self._known[t]

    def quotients(self, stencil: Stencil, h: float) -> list[Any]:
        """The difference quotient of every output without rounding; None where a point is outside the domain."""
        samples = [self.at(offset * h) for offset in stencil.offsets]
        return [self._quotient(stencil, values, h) for values in zip(*samples, strict=True)]

    def _quotient(self, stencil: Stencil, values: Sequence[Any], h: float) -> Any:
        if any(value is None for value in values):
            return None
        return stencil.quotient(values, self._context.mpf(h))

    def number(self, text: str | float) -> Any:
        """A number in this arithmetic."""
        return self._context.mpf(text)

    def taylor(self) -> list[tuple[float, ...] | None]:
        """For every output f', f'', …, f⁽⁷⁾ at x; None where f is not smooth enough to have them.

        Nine values around x are those of a polynomial of degree 8, whose derivatives are taken. Where f is smooth,
        much smaller steps give the same ones.
        """
        coarse, fine = (self._taylor(size) for size in SIZES)
        return [a if a and b and self._agree(a, b) else None for a, b in zip(coarse, fine, strict=True)]

    def _taylor(self, size: int) -> list[tuple[float, ...] | None]:
        """The same from steps of 10^-`size` relative to the scale of the point."""
        floor = self._probe.floor + (ORDERS + 1) * size
        digits = floor + self._lost + ROOM
        base = self._probe.base(digits, digits)
        bits = int((size - self._scale) * BITS_PER_DIGIT)
        steps = range(-SIDE, SIDE + 1)
        rows = [base if k == 0 else self._probe.shifted(base, self._wrt, k, bits) for k in steps]
        matrix = self._context.matrix([[self._context.mpf(k) ** order for order in range(len(rows))] for k in steps])
        inverse = matrix**-1
        found: list[tuple[float, ...] | None] = []
        for position in self._probe.graph.outputs:
            values = [_number(row[position]) for row in rows]
            found.append(None if None in values else self._derivatives(inverse, values, bits, floor))
        return found

    def _derivatives(self, inverse: Any, values: Sequence[Any], bits: int, digits: int) -> tuple[float, ...]:
        context = self._context
        size = max(map(abs, values))
        result = []
        for order in range(1, ORDERS + 1):
            coefficient = sum(inverse[order, k] * value for k, value in enumerate(values))
            if abs(coefficient) <= size * context.mpf(10) ** -digits:
                coefficient = context.mpf(0)  # only rounding error is left of it
            result.append(float(context.ldexp(coefficient * context.factorial(order), order * bits)))
        return tuple(result)

    def _agree(self, coarse: Sequence[float], fine: Sequence[float]) -> bool:
        """Whether two step sizes give the same derivatives, but for those that are nothing beside the others."""
        scale = [10.0 ** (self._scale * order) for order in range(1, ORDERS + 1)]
        nothing = NOTHING * max(abs(a) * s for a, s in zip(coarse, scale, strict=True))
        pairs = zip(coarse, fine, scale, strict=True)
        return all(abs(a - b) <= AGREEMENT * max(abs(a), abs(b)) or abs(a) * s <= nothing for a, b, s in pairs)


def _number(value: Any) -> Any:
    return None if value is None or type(value) is Undefined else value
