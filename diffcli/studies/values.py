"""What all records have in common."""

import math
from collections.abc import Sequence
from decimal import Decimal
from math import prod
from typing import Any, NamedTuple

from diffcli.graph.shapes import Shape

SCHEMA = "diffcli/1"
LONGEST_COUNT = 24
"""Digits of a whole number that is written out."""
GROUPED_FROM = 10_000
Value = float | list[Any]
"""A number, or an array as nested lists."""


def finite(value: float | None) -> float | None:
    """The number, or None where JSON has no word for it."""
    return value if value is not None and math.isfinite(value) else None


def finite_value(value: Value) -> float | list[Any] | None:
    """The same for arrays, element by element."""
    return [finite_value(element) for element in value] if isinstance(value, list) else finite(value)


def plain(value: Any) -> Any:
    """A number or an array for JSON."""
    return None if value is None else finite_value(value.tolist() if hasattr(value, "shape") else value)


def exact_sum(terms: Sequence[float]) -> float:
    """The sum without rounding in between; of what is not finite, and beyond all doubles, as IEEE 754 has it."""
    try:
        return math.fsum(terms) if all(map(math.isfinite, terms)) else sum(terms, start=0.0)
    except OverflowError:
        return sum(terms, start=0.0)


def nested(elements: Sequence[Any], shape: Shape) -> Any:
    """Elements one after the other as nested lists of that shape; the only one of them for a number."""
    if not shape:
        return elements[0]
    width = prod(shape[1:])
    return [nested(elements[width * row : width * (row + 1)], shape[1:]) for row in range(shape[0])]


def shape_of(value: Value) -> Shape:
    """The shape of nested lists."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        value = value[0] if value else 0.0
    return tuple(shape)


class Problem(NamedTuple):
    """What keeps the function from having a derivative at the point, in words."""

    message: str
    details: str
    """One-sided slopes, arguments at the point."""
    start: int | None
    end: int | None
    """Where in the text the cause stands."""


def shortened(number: str, digits: int = 17) -> str:
    """A long decimal cut to `digits` significant digits, with an ellipsis if something was cut."""
    mantissa, mark, exponent = _without_long_integer(number.lower(), digits).partition("e")
    seen = 0
    for length, character in enumerate(mantissa, start=1):
        seen += character.isdigit() and (seen > 0 or character != "0")
        if seen == digits and mantissa[length:].strip(".0"):
            return f"{mantissa[:length]}…{mark}{exponent}"
    return tidied(f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}{mark}{exponent}")


def _without_long_integer(number: str, digits: int) -> str:
    """123456.7 as 1.234567e5 where fewer digits are wanted than stand before its point."""
    sign, unsigned = ("-", number[1:]) if number.startswith("-") else ("", number)
    whole, _, fraction = unsigned.partition(".")
    if "e" in number or len(whole) <= digits:
        return number
    return f"{sign}{whole[0]}.{whole[1:]}{fraction}e{len(whole) - 1}"


def rounded(number: float, digits: int = 3) -> str:
    """A number of which only the size matters: 1.8e-5, 0.95, 12."""
    return tidied(f"{number:.{digits}g}")


def grouped(count: int) -> str:
    """100 000: a whole number in groups of three digits; beyond many digits its size."""
    if count >= 10**LONGEST_COUNT:
        return f"about {Decimal(count):.2e}".replace("e+", "e")
    return f"{count:,}".replace(",", " ") if count >= GROUPED_FROM else str(count)


def tidied(text: str) -> str:
    """1e-07 as 1e-7, 1e+16 as 1e16, 2.0 as 2, -0.0 as -0."""
    mantissa, mark, exponent = text.partition("e")
    mantissa = mantissa.removesuffix(".0")
    return f"{mantissa}e{int(exponent)}" if mark else mantissa
