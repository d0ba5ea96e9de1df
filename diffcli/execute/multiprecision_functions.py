"""The primitives that mpmath lacks, computes over the complex numbers, or would compute beyond all limits.

Each entry makes the function of one primitive for a given `Multiprecision`; all others are called by the name that
the table has for them.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from diffcli.execute.magnitudes import (
    BITS_PER_DIGIT,
    LEAVES,
    MAX_BITS,
    MAX_EXPONENTIAL,
    MAX_GAMMA_DIGITS,
    MAX_RECURRENCE,
    MIN_EXPONENTIAL,
    STIRLING,
    VANISHES,
    Undefined,
    binary_exponent,
    decimal_exponent,
)

if TYPE_CHECKING:
    from diffcli.execute.multiprecision import Function, Multiprecision

ODD_QUARTERS, HALVES = "its argument is an odd multiple of pi/2", "its argument is a multiple of pi"
PER_E = 0.4342944819032518
"""Decimal digits per unit of a natural logarithm."""
LARGE = 1000.0
"""erf(1000) and erfc(-1000) differ from 1 and 2 by 10^-434298."""


def _beyond(op: str, *args: Any) -> Undefined:
    return Undefined(op, "limit", LEAVES, args)


def _vanishes(op: str, *args: Any) -> Undefined:
    return Undefined(op, "limit", VANISHES, args)


def _unknown(op: str, arithmetic: "Multiprecision", *args: Any) -> Undefined:
    """For a number so large that the digits after its point, or its last bits, are rounding errors."""
    arithmetic.unsettled = True
    return Undefined(op, "limit", "an argument is so large that its last digits are not known", args)


def _nearly_even(arithmetic: "Multiprecision", x: Any) -> None:
    """Cosines, also hyperbolic, of a small number differ from 1 by its square."""
    if x and binary_exponent(x) < 0:
        arithmetic.saturates(-2 * decimal_exponent(x))


def _trigonometric(op: str) -> Callable[["Multiprecision"], "Function"]:
    """A quotient of 1, sine and cosine, whose zeros at multiples of π/2 are exact."""

    def bind(arithmetic: "Multiprecision") -> "Function":
        def sine_and_cosine(x: Any) -> tuple[Any, Any]:
            cosine, sine = arithmetic.context.cos_sin(x)
            if arithmetic.is_negligible(sine, x):
                arithmetic.unsettled = True
                return arithmetic.zero, arithmetic.context.sign(cosine)
            if arithmetic.is_negligible(cosine, x):
                arithmetic.unsettled = True
                return arithmetic.context.sign(sine), arithmetic.zero
            return sine, cosine

        def function(x: Any) -> Any:
            if binary_exponent(x) > arithmetic.reach:
                return _unknown(op, arithmetic, x)
            _nearly_even(arithmetic, x)
            if op in ("sin", "tan") and not x:
                return x
            sine, cosine = sine_and_cosine(x) if x else (arithmetic.zero, arithmetic.one)
            if op in ("sin", "cos"):
                return sine if op == "sin" else cosine
            bottom, where = (cosine, ODD_QUARTERS) if op in ("tan", "sec") else (sine, HALVES)
            if not bottom:
                return Undefined(op, "pole", where, (x,))
            return {"tan": sine, "cot": cosine}.get(op, arithmetic.one) / bottom

        return function

    return bind


def _exp(arithmetic: "Multiprecision") -> "Function":
    def exp(x: Any) -> Any:
        if MIN_EXPONENTIAL <= x <= MAX_EXPONENTIAL:
            return arithmetic.context.exp(x)
        return _beyond("exp", x) if x > 0 else _vanishes("exp", x)

    return exp


def _expm1(arithmetic: "Multiprecision") -> "Function":
    def expm1(x: Any) -> Any:
        if x > MAX_EXPONENTIAL:
            return _beyond("expm1", x)
        arithmetic.saturates(-x * PER_E)
        return arithmetic.context.expm1(x) if x > -MAX_EXPONENTIAL else -arithmetic.one

    return expm1


def _hyperbolic(op: str) -> Callable[["Multiprecision"], "Function"]:
    def bind(arithmetic: "Multiprecision") -> "Function":
        function = getattr(arithmetic.context, op)

        def bounded(x: Any) -> Any:
            _nearly_even(arithmetic, x)
            return function(x) if abs(x) <= MAX_EXPONENTIAL else _beyond(op, x)

        return bounded

    return bind


def _power(arithmetic: "Multiprecision") -> "Function":
    context = arithmetic.context

    def logarithm(x: Any, y: Any) -> Any:
        with context.workprec(80):
            return y * context.ln(abs(x))

    def power(x: Any, y: Any) -> Any:
        if not x:
            return arithmetic.zero if y else arithmetic.one
        if x < 0 and binary_exponent(y) > arithmetic.reach:
            return _unknown("pow", arithmetic, x, y)
        if abs(y) * (abs(binary_exponent(x)) + 1) > MAX_BITS:
            size = logarithm(x, y)
            if not MIN_EXPONENTIAL <= size <= MAX_EXPONENTIAL:
                return _beyond("pow", x, y) if size > 0 else _vanishes("pow", x, y)
        return x**y

    return power


def _tanh(arithmetic: "Multiprecision") -> "Function":
    def tanh(x: Any) -> Any:
        arithmetic.saturates(min(abs(x), MAX_EXPONENTIAL) * 2 * PER_E)
        return arithmetic.context.tanh(x) if abs(x) < MAX_EXPONENTIAL else arithmetic.context.sign(x)

    return tanh


def _sigmoid(arithmetic: "Multiprecision") -> "Function":
    def sigmoid(x: Any) -> Any:
        arithmetic.saturates(min(abs(x), MAX_EXPONENTIAL) * PER_E)
        if x > MAX_EXPONENTIAL:
            return arithmetic.one
        power = arithmetic.context.exp(x) if x > MIN_EXPONENTIAL else None
        return _vanishes("sigmoid", x) if power is None else power / (arithmetic.one + power)

    return sigmoid


def _softplus(arithmetic: "Multiprecision") -> "Function":
    def softplus(x: Any) -> Any:
        if x > MAX_EXPONENTIAL or x < MIN_EXPONENTIAL:
            return x if x > 0 else _vanishes("softplus", x)
        arithmetic.saturates(abs(x) * PER_E)
        return arithmetic.context.log1p(arithmetic.context.exp(x))

    return softplus


def _complement(arithmetic: "Multiprecision", x: Any) -> Any:
    """The complement erfc(x) of erf at a positive x, to the digits of it that show beside 1."""
    invisible = float(x) ** 2 * PER_E
    arithmetic.saturates(invisible)
    bits = arithmetic.context.prec - int(invisible * BITS_PER_DIGIT)
    with arithmetic.context.workprec(max(60, bits + 20)):
        return arithmetic.context.erfc(x)


def _erf(arithmetic: "Multiprecision") -> "Function":
    def erf(x: Any) -> Any:
        if abs(x) < 5:
            return arithmetic.context.erf(x)
        return arithmetic.context.sign(x) * (
            arithmetic.one - _complement(arithmetic, min(abs(x), arithmetic.one * LARGE))
        )

    return erf


def _erfc(arithmetic: "Multiprecision") -> "Function":
    def erfc(x: Any) -> Any:
        if x < -5:
            return 2 * arithmetic.one - _complement(arithmetic, min(-x, arithmetic.one * LARGE))
        return arithmetic.context.erfc(x) if x < LARGE**30 else _vanishes("erfc", x)

    return erfc


def _rounding(op: str, name: str) -> Callable[["Multiprecision"], "Function"]:
    def bind(arithmetic: "Multiprecision") -> "Function":
        function = getattr(arithmetic.context, name)
        return lambda x: function(x) if binary_exponent(x) <= arithmetic.reach else _unknown(op, arithmetic, x)

    return bind


def _gamma_family(op: str, function: Callable[..., Any]) -> Callable[["Multiprecision"], "Function"]:
    """`function(context, *args)` where its cost is bounded: not with very many digits, nor far out below 0."""

    def bind(arithmetic: "Multiprecision") -> "Function":
        def bounded(*args: Any) -> Any:
            x = args[-1]
            if arithmetic.digits > MAX_GAMMA_DIGITS and abs(x) < STIRLING:
                return Undefined(op, "limit", f"{op} is not computed to more than {MAX_GAMMA_DIGITS} digits", args)
            if x < -MAX_RECURRENCE:
                return Undefined(op, "limit", f"{op} is not computed below -{MAX_RECURRENCE}", args)
            return _beyond(op, x) if op == "gamma" and x > 30_000 else function(arithmetic.context, *args)

        return bounded

    return bind


def _comparison(holds: Callable[[Any, Any], bool]) -> Callable[["Multiprecision"], "Function"]:
    return lambda arithmetic: lambda x, y: arithmetic.one if holds(x, y) else arithmetic.zero


FUNCTIONS: dict[str, Callable[["Multiprecision"], "Function"]] = {
    "add": lambda arithmetic: arithmetic.add,
    "sub": lambda arithmetic: arithmetic.subtract,
    "mul": lambda _: lambda x, y: x * y,
    "div": lambda _: lambda x, y: x / y,
    "neg": lambda _: lambda x: -x,
    "pow": _power,
    "cbrt": lambda arithmetic: lambda x: arithmetic.context.cbrt(x) if x >= 0 else -arithmetic.context.cbrt(-x),
    "exp": _exp,
    "expm1": _expm1,
    "tanh": _tanh,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "erf": _erf,
    "erfc": _erfc,
    "gamma": _gamma_family("gamma", lambda context, x: context.gamma(x)),
    "lgamma": _gamma_family("lgamma", lambda context, x: context.loggamma(x).real),  # complex below 0; ln|gamma| wanted
    "digamma": _gamma_family("digamma", lambda context, x: context.psi(0, x)),
    "polygamma": _gamma_family("polygamma", lambda context, n, x: context.psi(int(n), x)),
    "floor": _rounding("floor", "floor"),
    "ceil": _rounding("ceil", "ceil"),
    "round": _rounding("round", "nint"),
    "min": lambda _: min,
    "max": lambda _: max,
    "lt": _comparison(lambda x, y: x < y),
    "le": _comparison(lambda x, y: x <= y),
    "gt": _comparison(lambda x, y: x > y),
    "ge": _comparison(lambda x, y: x >= y),
    "eq": _comparison(lambda x, y: x == y),
    "ne": _comparison(lambda x, y: x != y),
    **{op: _hyperbolic(op) for op in ("sinh", "cosh")},
    **{op: _trigonometric(op) for op in ("sin", "cos", "tan", "sec", "csc", "cot")},
}
