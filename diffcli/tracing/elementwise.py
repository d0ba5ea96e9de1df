"""Universal functions of NumPy that are made of several primitives."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from diffcli.graph.composites import stack
from diffcli.graph.primitive import Term, function
from diffcli.graph.shapes import broadcast

if TYPE_CHECKING:
    from diffcli.tracing.recorder import Recorder

Lookup = Callable[..., Any]
"""A function of NumPy that is asked for values."""
where, maximum, minimum = function("where"), function("max"), function("min")
less, greater, equal, unequal = function("lt"), function("gt"), function("eq"), function("ne")
sin, floor, ln, absolute, sign = function("sin"), function("floor"), function("ln"), function("abs"), function("sign")


def number(x: Term, value: float) -> Term:
    """A number beside x."""
    return Term(x.builder, x.builder.constant(repr(value)))


def exp2(_: "Recorder", x: Term) -> Term:
    """2 to the power x."""
    return number(x, 2) ** x


def square(_: "Recorder", x: Term) -> Term:
    """x²."""
    return x**2


def reciprocal(_: "Recorder", x: Term) -> Term:
    """1/x."""
    return 1 / x


def positive(_: "Recorder", x: Term) -> Term:
    """X itself."""
    return x


def trunc(_: "Recorder", x: Term) -> Term:
    """Towards zero."""
    return sign(x) * floor(absolute(x))


def degrees(_: "Recorder", x: Term) -> Term:
    """Radians in degrees."""
    return x * number(x, 180 / math.pi)


def radians(_: "Recorder", x: Term) -> Term:
    """Degrees in radians."""
    return x * number(x, math.pi / 180)


def logaddexp(_: "Recorder", x: Term, y: Term) -> Term:
    """ln(exp(x) + exp(y)); by the primitive that is smooth also where both are equal."""
    shape = broadcast(x.shape, y.shape)
    both = stack([x.broadcast(shape), y.broadcast(shape)])
    return both.apply("logsumexp", axes=(0,), keepdims=False)


def logaddexp2(recorder: "Recorder", x: Term, y: Term) -> Term:
    """log2(2^x + 2^y)."""
    factor = number(x, math.log(2))
    return logaddexp(recorder, x * factor, y * factor) / factor


def fmax(_: "Recorder", x: Term, y: Term) -> Term:
    """The larger one; of a number and nan the number."""
    return where(unequal(x, x), y, where(unequal(y, y), x, maximum(x, y)))


def fmin(_: "Recorder", x: Term, y: Term) -> Term:
    """The smaller one; of a number and nan the number."""
    return where(unequal(x, x), y, where(unequal(y, y), x, minimum(x, y)))


def heaviside(_: "Recorder", x: Term, y: Term) -> Term:
    """0 below 0, 1 above, y at 0."""
    return where(less(x, 0), 0, where(greater(x, 0), 1, where(equal(x, 0), y, x)))


def copysign(recorder: "Recorder", x: Term, y: Term) -> Term:
    """|x| with the sign of y, which tells −0 from 0 and is looked up."""
    signs = np.copysign(1.0, recorder.concrete(y.position))
    return absolute(x) * recorder.term(signs)


def float_power(_: "Recorder", x: Term, y: Term) -> Term:
    """Power."""
    return x**y


def floor_divide(recorder: "Recorder", x: Term, y: Term) -> Term:
    """How often y goes into x: constant wherever it has a derivative, so its value is looked up."""
    return _looked_up(recorder, np.floor_divide, x, y)


def remainder(recorder: "Recorder", x: Term, y: Term) -> Term:
    """What is left of x, with the sign of y."""
    return _rest(recorder, np.remainder, np.floor_divide, x, y)


def fmod(recorder: "Recorder", x: Term, y: Term) -> Term:
    """What is left of x, with the sign of x."""
    return _rest(recorder, np.fmod, lambda a, b: np.sign(a) * np.sign(b) * (abs(a) // abs(b)), x, y)


def _rest(recorder: "Recorder", rest: Lookup, count: Lookup, x: Term, y: Term) -> Term:
    """The rest at x₀ and y₀, which has digits that x − q·y loses, and from there with the slopes 1 and −q."""
    found, times = _looked_up(recorder, rest, x, y), _looked_up(recorder, count, x, y)
    at_x, at_y = (np.asarray(recorder.concrete(term.position)) for term in (x, y))
    is_infinite = np.isinf(at_y)
    if is_infinite.any():  # x itself, where ∞ − ∞ must do no harm
        y, at_y = where(recorder.term(is_infinite), 0, y), np.where(is_infinite, 0, at_y)
    return found + ((x - recorder.term(at_x)) - times * (y - recorder.term(at_y)))


def _looked_up(recorder: "Recorder", count: Lookup, x: Term, y: Term) -> Term:
    values = (recorder.concrete(term.position) for term in (x, y))
    with np.errstate(all="ignore"):
        return recorder.term(count(*map(np.asarray, values)))


def _truth(x: Term) -> Term:
    return unequal(x, 0)


def logical_and(_: "Recorder", x: Term, y: Term) -> Term:
    """Both."""
    return greater(minimum(_truth(x), _truth(y)), 0)


def logical_or(_: "Recorder", x: Term, y: Term) -> Term:
    """One at least."""
    return greater(maximum(_truth(x), _truth(y)), 0)


def logical_xor(_: "Recorder", x: Term, y: Term) -> Term:
    """One and only one."""
    return unequal(_truth(x), _truth(y))


def logical_not(_: "Recorder", x: Term) -> Term:
    """The opposite."""
    return equal(x, 0)


# Not universal functions of NumPy, but as elementwise.

SERIES_TERMS = 11
"""(−1)^k u^(2k)/(2k+1)! for |u| < 1: the first one left out is below 1e-20."""


def sinc(_: "Recorder", x: Term) -> Term:
    """sin(πx)/(πx); by its series near 0, where the quotient has no derivative of full accuracy."""
    angle = x * Term(x.builder, x.builder.constant("pi"))
    is_small = less(absolute(angle), 1)
    near, far = where(is_small, angle, 0), where(is_small, 1, angle)
    square_of_angle, series = near * near, number(x, 1)
    for k in range(SERIES_TERMS - 1, 0, -1):
        series = 1 - square_of_angle / number(x, 2 * k * (2 * k + 1)) * series
    return where(is_small, series, sin(far) / far)


def clip(
    recorder: "Recorder",
    a: object,
    a_min: object = None,
    a_max: object = None,
    *,
    min: object = None,  # noqa: A002 - NumPy's name
    max: object = None,  # noqa: A002 - NumPy's name
) -> Term:
    """Between two bounds."""
    x = recorder.term(a)
    lowest, highest = (a_min if min is None else min), (a_max if max is None else max)
    if lowest is not None:
        x = maximum(x, recorder.term(lowest))
    return x if highest is None else minimum(x, recorder.term(highest))


def choice(recorder: "Recorder", condition: object, *branches: object) -> "Term | tuple[np.ndarray, ...]":
    """A where the condition holds, else b; without a and b, the indices where it holds."""
    if not branches:
        return tuple(np.nonzero(recorder.concrete(recorder.position(condition))))
    a, b = (recorder.term(branch) for branch in branches)
    return where(recorder.term(condition), a, b)


def select(recorder: "Recorder", condlist: "list[object]", choicelist: "list[object]", default: object = 0) -> Term:
    """The first choice whose condition holds."""
    result = recorder.term(default)
    for condition, chosen in zip(reversed(condlist), reversed(choicelist), strict=True):
        result = where(recorder.term(condition), recorder.term(chosen), result)
    return result


def rounded(recorder: "Recorder", a: object, decimals: int = 0) -> Term:
    """To a number of decimals, halves to even."""
    x = recorder.term(a)
    if decimals == 0:
        return x.apply("round")
    factor = number(x, float(10 ** abs(decimals)))
    return (x * factor).apply("round") / factor if decimals > 0 else (x / factor).apply("round") * factor


def nan_to_num(recorder: "Recorder", x: object, *, nan: float = 0.0) -> Term:
    """Numbers instead of nan and infinities."""
    term, largest = recorder.term(x), float(np.finfo(recorder.dtype).max)
    bounded = minimum(maximum(term, number(term, -largest)), number(term, largest))
    return where(unequal(term, term), number(term, nan), bounded)


def fix(recorder: "Recorder", x: Term) -> Term:
    """Towards zero."""
    return trunc(recorder, x)


def real(recorder: "Recorder", x: Term) -> Term:
    """Real numbers are their own real parts."""
    return positive(recorder, x)


def quotient_and_remainder(recorder: "Recorder", x: Term, y: Term) -> tuple[Term, Term]:
    """How often y goes into x, and what is left."""
    return floor_divide(recorder, x, y), remainder(recorder, x, y)


def fraction_and_whole(recorder: "Recorder", x: Term) -> tuple[Term, Term]:
    """Digits behind and before the point."""
    whole = trunc(recorder, x)
    return x - whole, whole
