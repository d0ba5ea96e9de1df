"""Numbers that users write, such as pi/2 or 1/3, rounded to a double as late as possible.

Rational arithmetic is exact, so 1/3, 0.1 + 0.2 and 2^-1074 are rounded once, and so are pi/3 and 2e, whose constants
have 60 digits; functions are computed in double precision.
"""

import math
import operator
from collections.abc import Callable
from typing import NamedTuple

from diffcli.errors import PointError
from diffcli.graph.ops import OPS
from diffcli.graph.program import CONSTANT, Graph

LARGEST = 40_000
"""Rationals with more bits than this are rounded."""
CONSTANTS = {
    "pi": "3.14159265358979323846264338327950288419716939937510582097494",
    "e": "2.71828182845904523536028747135266249775724709369995957496697",
}
DOUBLES: dict[str, Callable[..., float]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "neg": operator.neg,
    "abs": abs,
    "min": min,
    "max": max,
    "round": round,
}
"""What Python's math has no name for; all its other functions are used as they are."""


class Rational(NamedTuple):
    """numerator / denominator, the denominator positive; not reduced."""

    numerator: int
    denominator: int

    def __float__(self) -> float:
        """The nearest double."""
        return self.numerator / self.denominator


Number = Rational | float


def decimal(literal: str) -> Rational:
    """The exact value of a decimal literal."""
    mantissa, _, exponent = literal.lower().partition("e")
    whole, _, fraction = mantissa.partition(".")
    power = int(exponent or 0) - len(fraction)
    digits = int(whole + fraction)
    return Rational(digits * 10**power, 1) if power >= 0 else Rational(digits, 10**-power)


def evaluate(graph: Graph) -> tuple[float, bool]:
    """The value of a graph without inputs, and whether the double is exactly that value."""
    values: list[Number] = []
    for node in graph.nodes:
        if node.op == CONSTANT:
            values.append(decimal(CONSTANTS.get(node.literal, node.literal)))
            continue
        args = [values[argument] for argument in node.args]
        exact = _rational(node.op, args) if all(isinstance(arg, Rational) for arg in args) else None
        values.append(_double(node.op, [float(arg) for arg in args]) if exact is None else exact)
    result = values[graph.outputs[0]]
    double = float(result)
    if not math.isfinite(double):
        raise OverflowError
    if isinstance(result, float) or any(node.literal in CONSTANTS for node in graph.nodes):
        return double, False
    numerator, denominator = double.as_integer_ratio()
    return double, numerator * result.denominator == result.numerator * denominator


def _rational(op: str, args: list[Number]) -> Rational | None:  # noqa: PLR0911 - one line per operation
    """The exact result, or None where it is not rational or too large."""
    (a, b), (c, d) = args[0], args[-1]  # type: ignore[misc]
    if sum(number.bit_length() for number in (a, b, c, d)) > LARGEST:
        return None
    if op == "add":
        return Rational(a * d + c * b, b * d)
    if op == "sub":
        return Rational(a * d - c * b, b * d)
    if op == "mul":
        return Rational(a * c, b * d)
    if op == "div" and c:
        return Rational(a * d, b * c) if c > 0 else Rational(-a * d, -b * c)
    if op == "neg":
        return Rational(-a, b)
    if op == "pow" and c % d == 0 and abs(c // d) * max(a.bit_length(), b.bit_length()) < LARGEST:
        return _power(a, b, c // d)
    if op == "sqrt" and a >= 0 and math.isqrt(a) ** 2 == a and math.isqrt(b) ** 2 == b:
        return Rational(math.isqrt(a), math.isqrt(b))
    return None


def _power(a: int, b: int, exponent: int) -> Rational | None:
    if exponent >= 0:
        return Rational(a**exponent, b**exponent)
    sign = -1 if a < 0 and exponent % 2 else 1
    return Rational(sign * b**-exponent, abs(a) ** -exponent) if a else None


def _double(op: str, args: list[float]) -> float:
    """The result in double precision; ArithmeticError and ValueError where there is none."""
    function = DOUBLES.get(op) or getattr(math, OPS[op].call("math") or "", None)
    if function is None:
        raise PointError(f"{op} cannot be computed in a point", hint="write its value as a number")
    return float(function(*args))
