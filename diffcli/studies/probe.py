"""The values of a program at a point and close beside it, in as many digits as asked for.

Only values of the primal are ever computed here: the judge must not know the table's partial derivatives.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, NamedTuple

from diffcli.execute.magnitudes import (
    BITS_PER_DIGIT,
    GAMMA_FAMILY,
    MAX_GAMMA_DIGITS,
    STIRLING,
    Undefined,
    decimal_exponent,
)
from diffcli.execute.multiprecision import Multiprecision
from diffcli.graph.folding import FoldingBuilder
from diffcli.graph.program import CONSTANT, INPUT, Graph

STEPS = (40, 70, 140, 280, 560, 1120, 2240)
"""log10 of 1/h, relative to the scale of the point."""
ROUNDING = 6
"""Digits that the rounding errors of the operations themselves may spoil."""
GUARD = 15
"""Digits beyond those wanted."""
MAX_SPREAD = 2500
"""More digits than this are not spent because of large and small intermediates."""
MAX_DIGITS = 4000
CONFIRM = 4
"""A zero is believed when it is still one with so many times the digits."""


TOO_FINE = Undefined("", "limit", "a step would need too many digits")


class OutOfTime(Exception):  # noqa: N818 - an outcome the judge reports, no error
    """The time budget is used up."""


@dataclass(frozen=True)
class Quotients:
    """The difference quotients of one output on both sides of the point, for one step."""

    size: int
    """log10 of 1/h relative to the scale of the point."""
    right: Any
    left: Any
    central: Any
    """Each an `mpf`, or `Undefined` where the function is."""


class _Step(NamedTuple):
    """How a program is evaluated beside the point."""

    size: int
    """log10 of 1/h relative to the scale of the point."""
    bits: int
    """h is 2^-bits."""
    digits: int
    """Enough for quotients of the second order in h."""
    visible: int
    """The digits without which the effect of h would be taken for rounding error."""


class Probe:
    """A program at one point, ready to be evaluated there and beside it."""

    def __init__(self, graph: Graph, point: Sequence[float], digits: int, deadline: float) -> None:
        """Find out with how many digits the value of every node is settled; `deadline` is by `perf_counter`."""
        self.graph = graph
        self.arithmetic = Multiprecision()
        self.wanted = digits
        self._deadline = deadline
        self._point = dict(zip(graph.inputs, point, strict=True))
        self._steps = [
            (position, node.op, node.args)
            for position, node in enumerate(graph.nodes)
            if node.args and graph.needed[position]
        ]
        self._rationals = _rationals(graph)
        self._active: dict[int, tuple[bool, ...]] = {}
        self._bases: dict[int, list[Any]] = {}
        self.spread = 0
        """Decimal exponents between the largest and the smallest intermediate value, and 1."""
        self.hidden = 0
        """Digits by which saturated values such as tanh(100) differ from a constant, and their slopes from 0."""
        self.smallest = 0
        """The decimal exponent of the smallest intermediate value that is below 1."""
        self.most = MAX_DIGITS
        """Digits that are never exceeded."""
        self.floor = self._settle()

    def active(self, wrt: int) -> tuple[bool, ...]:
        """For every node, whether it depends on the input at the position `wrt`."""
        if wrt not in self._active:
            self._active[wrt] = self.graph.active([wrt])
        return self._active[wrt]

    def base(self, digits: int | None = None, visible: int = 0) -> list[Any]:
        """The values of all nodes at the point; those that no output needs are None.

        Of the digits, those beyond `visible` may be given to rounding errors if the program has a wide range.
        """
        digits = self.floor if digits is None else digits
        room = digits - max(visible, self.wanted)
        self.arithmetic.set_digits(digits, slack=max(ROUNDING, min(ROUNDING + self.spread, room)))
        if digits not in self._bases:
            self._bases[digits] = self._evaluate_base()
        return self._bases[digits]

    def quotients(self, wrt: int, size: int, outputs: Sequence[int], *, is_careful: bool) -> list[Quotients]:
        """The quotients of the nodes `outputs` for a step of 10^-`size` relative to the scale of the input at `wrt`.

        `is_careful` makes the step small also against the smallest intermediate value, for points at which the
        function may not be smooth.
        """
        step = self._step(wrt, size, is_careful=is_careful)
        if step.visible + ROUNDING > step.digits:
            return [Quotients(size, TOO_FINE, TOO_FINE, TOO_FINE) for _ in outputs]
        for digits in (step.digits, min(CONFIRM * step.digits, self.most)):
            base = self.base(digits, step.visible)
            self.arithmetic.unsettled = False
            right, left = (self.shifted(base, wrt, sign, step.bits) for sign in (1, -1))
            result = [self._quotients(base[o], right[o], left[o], step) for o in outputs]
            if not self.arithmetic.unsettled:
                break
        return result

    def node_slopes(self, wrt: int, size: int) -> list[Any]:
        """The central difference quotient of every node that depends on the input at `wrt`, else None."""
        step = self._step(wrt, size, is_careful=False)
        base = self.base(step.digits, step.visible)
        right, left = (self.shifted(base, wrt, sign, step.bits) for sign in (1, -1))
        return [
            self._scaled(self.arithmetic.apply("sub", x, y), step.bits - 1) if is_active and x is not None else None
            for x, y, is_active in zip(right, left, self.active(wrt), strict=True)
        ]

    def beside(self, wrt: int, size: int) -> list[Any]:
        """The values of all nodes just to the right of the point along the input at `wrt`."""
        step = self._step(wrt, size, is_careful=False)
        return self.shifted(self.base(step.digits, step.visible), wrt, 1, step.bits)

    def value(self, output: int) -> Any:
        """The value of the node `output` to the digits wanted, or None if its digits never settle."""
        before = self.base()[output]
        for size in STEPS:
            now = self.base(min(self.floor + 2 * size, self.most))[output]
            if type(now) is Undefined or self.arithmetic.agreeing_digits(before, now) >= self.wanted:
                return now
            before = now
        return None

    def _settle(self) -> int:
        """The digits with which the values at the point are known to `wanted` digits and all zeros confirmed."""
        digits = self.wanted + GUARD
        values = self._measure(digits)
        if self._has_costly_gamma(values):
            self.most = MAX_GAMMA_DIGITS
        enough = min(self.wanted + GUARD + self.spread + self.hidden, self.most)
        if digits < enough:
            digits = enough
            values = self._measure(digits)
        doubtful = [values[o] for o in self.graph.outputs if type(values[o]) is Undefined and values[o].kind != "limit"]
        if not self.arithmetic.unsettled and not doubtful:
            return digits
        confirmed = min(CONFIRM * digits, self.most)
        again = self._measure(confirmed)
        known = all(type(values[o]) is type(again[o]) for o in self.graph.outputs)
        return digits if known and self.arithmetic.unsettled else confirmed

    def _has_costly_gamma(self, values: Sequence[Any]) -> bool:
        arguments = [values[args[-1]] for _, op, args in self._steps if op in GAMMA_FAMILY]
        return any(type(x) is not Undefined and abs(x) < STIRLING for x in arguments)

    def _measure(self, digits: int) -> list[Any]:
        self.arithmetic.unsettled, self.arithmetic.hidden = False, 0
        values = self.base(digits)
        exponents = [decimal_exponent(v) for v in values if v is not None and type(v) is not Undefined and v]
        self.smallest = max(min(exponents, default=0), -MAX_SPREAD) if min(exponents, default=0) < 0 else 0
        spread = max(0, *exponents) - min(0, *exponents) if exponents else 0
        self.hidden = min(self.arithmetic.hidden, MAX_SPREAD)
        self.spread = min(max(spread, self.hidden), MAX_SPREAD)
        return values

    def _evaluate_base(self) -> list[Any]:
        values: list[Any] = [None] * len(self.graph.nodes)
        for position, node in enumerate(self.graph.nodes):
            if node.op == INPUT:
                values[position] = self.arithmetic.context.mpf(self._point[position])
            elif node.op == CONSTANT and self.graph.needed[position]:
                values[position] = self.arithmetic.constant(node.literal)
        for position, value in self._rationals.items():
            values[position] = self.arithmetic.rational(value)
        self._run([step for step in self._steps if step[0] not in self._rationals], values)
        return values

    def shifted(self, base: list[Any], wrt: int, sign: int, bits: int) -> list[Any]:
        """All values where the input at `wrt` is moved by `sign`·2^-`bits`; what does not depend on it is reused."""
        values = list(base)
        values[wrt] = base[wrt] + self.arithmetic.context.ldexp(sign, -bits)
        active = self.active(wrt)
        self._run([step for step in self._steps if active[step[0]]], values)
        return values

    def _run(self, steps: Sequence[tuple[int, str, tuple[int, ...]]], values: list[Any]) -> None:
        apply, deadline = self.arithmetic.apply, self._deadline
        for position, op, args in steps:
            values[position] = apply(op, *[values[argument] for argument in args])
            if perf_counter() > deadline:
                raise OutOfTime

    def scale(self, wrt: int, *, is_careful: bool) -> tuple[int, int]:
        """The decimal exponent of the scale of an input, and the digits of x + h before the first that h changes."""
        x = self._bases[self.floor][wrt]
        scale = self.smallest if is_careful or not x else min(decimal_exponent(x), 0)
        return scale, max(0, decimal_exponent(x) - scale)

    def _step(self, wrt: int, size: int, *, is_careful: bool) -> "_Step":
        scale, lost = self.scale(wrt, is_careful=is_careful)
        digits = min(self.floor + 2 * size + lost, self.most)
        return _Step(size, int((size - scale) * BITS_PER_DIGIT), digits, self.wanted + size + lost)

    def _quotients(self, here: Any, right: Any, left: Any, step: "_Step") -> Quotients:
        apply = self.arithmetic.apply
        return Quotients(
            step.size,
            self._scaled(apply("sub", right, here), step.bits),
            self._scaled(apply("sub", here, left), step.bits),
            self._scaled(apply("sub", right, left), step.bits - 1),
        )

    def _scaled(self, difference: Any, bits: int) -> Any:
        return difference if type(difference) is Undefined else self.arithmetic.context.ldexp(difference, bits)


def _rationals(graph: Graph) -> dict[int, Any]:
    """The exact values of operations on literals, so that (−8)^(6/3) has the exponent 2."""
    constant: list[bool] = []
    for node in graph.nodes:
        constant.append(node.op == CONSTANT or (bool(node.args) and all(constant[a] for a in node.args)))
    positions = [p for p, node in enumerate(graph.nodes) if constant[p] and node.args and graph.needed[p]]
    if not positions:
        return {}
    folding = FoldingBuilder(graph)
    values = {position: folding.rational(position) for position in range(len(graph.nodes)) if constant[position]}
    return {position: value for position in positions if (value := values[position]) is not None}
