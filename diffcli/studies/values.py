"""What all records have in common."""

import math
from typing import NamedTuple

SCHEMA = "diffcli/1"


def finite(value: float | None) -> float | None:
    """The number, or None where JSON has no word for it."""
    return value if value is not None and math.isfinite(value) else None


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


def tidied(text: str) -> str:
    """1e-07 as 1e-7, 1e+16 as 1e16, 2.0 as 2, -0.0 as -0."""
    mantissa, mark, exponent = text.partition("e")
    mantissa = mantissa.removesuffix(".0")
    return f"{mantissa}e{int(exponent)}" if mark else mantissa
