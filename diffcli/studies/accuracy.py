"""How far a double is from the reference of the judge, in exact rational arithmetic."""

import math
from fractions import Fraction
from typing import NamedTuple

FAR = 1000
"""10^-1000 is 0 and 10^1000 is infinite to every double, as is 10^-43429436, which would take minutes to write out."""


class Error(NamedTuple):
    """The distance of a computed number from the reference, in four measures."""

    absolute: float
    relative: float | None
    """None where the reference is 0."""
    ulps: float
    """In units in the last place of the double nearest to the reference."""
    digits: float
    """Correct decimal digits; infinite where no double is closer to the reference."""


SINGLE = 2**29
"""How many times the spacing of numbers in single precision is that of doubles."""


def error(computed: float, reference: str, *, is_single: bool = False) -> Error:
    """The error of `computed` against the decimal `reference`; a computed nan or infinity is infinitely wrong.

    `is_single`: it was computed in single precision, and so are the units in the last place.
    """
    if not math.isfinite(computed):
        return Error(math.inf, math.inf, math.inf, 0.0)
    exact = exactly(reference)
    distance = abs(Fraction(computed) - exact)
    ulps = _as_float(distance / _ulp(exact, is_single=is_single))
    relative = _as_float(distance / abs(exact)) if exact else None
    is_nearest = computed == _as_float(exact) or (is_single and ulps <= 1 / 2)
    return Error(_as_float(distance), relative, ulps, math.inf if is_nearest else _correct_digits(relative))


def within(computed: float, reference: str, atol: float, rtol: float, *, is_single: bool = False) -> bool:
    """Whether |a − b| ≤ atol + rtol·|b|, or a is one of the two doubles around b (subnormals have few digits)."""
    if not math.isfinite(computed):
        return False
    exact = exactly(reference)
    distance = abs(Fraction(computed) - exact)
    return distance <= Fraction(atol) + Fraction(rtol) * abs(exact) or distance <= _ulp(exact, is_single=is_single)


def exactly(reference: str) -> Fraction:
    """The decimal as a fraction; exponents far outside the doubles are brought nearer, where they count the same."""
    mantissa, mark, exponent = reference.partition("e")
    if mark and abs(int(exponent)) > FAR:
        return Fraction(f"{mantissa}e{math.copysign(FAR, int(exponent)):.0f}")
    return Fraction(reference)


def _correct_digits(relative: float | None) -> float:
    if relative is None:
        return 0.0
    return max(0.0, -math.log10(relative)) if relative else math.inf


def _ulp(exact: Fraction, *, is_single: bool = False) -> Fraction:
    nearest = _as_float(exact)
    spacing = math.ulp(nearest) if math.isfinite(nearest) else math.ulp(math.nextafter(math.inf, 0.0))
    return Fraction(spacing) * (SINGLE if is_single else 1)


def _as_float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
