"""IEEE 754 double precision on Python floats, standard library only.

Python's math module raises where IEEE 754 gives an infinity or a nan; here 1/0 is inf, ln(-1) is nan and
exp(1000) is inf, so that 1/(1 + exp(1000)) is 0 and not an error. This module defines what an operation means.
"""

import math
import operator
from collections.abc import Callable
from functools import cache
from typing import Any

from diffcli.execute import polygamma
from diffcli.execute.interpreter import outputs
from diffcli.execute.magnitudes import MAX_RECURRENCE
from diffcli.graph.ops import OPS

Function = Callable[..., float]
CONSTANTS = {"pi": math.pi, "e": math.e}
LARGEST_ORDER = 1000
"""Derivatives of digamma up to this one exist."""


BARE = frozenset(
    "exp expm1 ln log1p log2 log10 sqrt cbrt sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh abs "
    "hypot erf erfc gamma lgamma pow".split()
)
"""Primitives whose function in Python's math gives the same number whenever it does not raise."""


class FloatArithmetic:
    """The arithmetic of doubles for the interpreter."""

    @staticmethod
    def constant(literal: str) -> float:
        """The double nearest to the decimal."""
        return CONSTANTS[literal] if literal in CONSTANTS else float(literal)

    @staticmethod
    def apply(op: str, *args: float, **_: Any) -> float:
        """The primitive `op`; never raises."""
        return function(op)(*args)


FLOATS = FloatArithmetic()


@cache
def function(op: str) -> Function:
    """The IEEE function of a primitive: one of this module's, Python's own, or its definition in other rows."""
    if op in _OWN:
        return _OWN[op]
    name = OPS[op].call("math")
    if name and hasattr(math, name):
        return _without_exceptions(getattr(math, name))
    definition = OPS[op].definition_graph()
    return lambda *args: outputs(definition, FLOATS, args)[0]


@cache
def quick(op: str) -> Function:
    """The quickest function of a primitive, which may raise ArithmeticError or ValueError where `function` does not."""
    if op == "div":
        return operator.truediv
    if op not in BARE:
        return function(op)
    bare: Function = getattr(math, OPS[op].call("math") or op)
    return bare


def _without_exceptions(raising: Function) -> Function:
    """Overflow is an infinity with the sign of the argument, an invalid operation is nan (IEEE 754, section 7)."""

    def quiet(*args: float) -> float:
        try:
            return raising(*args)
        except OverflowError:
            return math.copysign(math.inf, args[0])
        except ValueError:
            return math.nan

    return quiet


def _divide(x: float, y: float) -> float:
    try:
        return x / y
    except ZeroDivisionError:
        return math.nan if x == 0 or math.isnan(x) else math.copysign(math.inf, x) * math.copysign(1.0, y)


def _power(x: float, y: float) -> float:
    try:
        return math.pow(x, y)
    except OverflowError:
        return -math.inf if x < 0 and y % 2 == 1 else math.inf
    except ValueError:
        if x == 0:
            return math.copysign(math.inf, x) if y % 2 == 1 else math.inf
        return math.nan


def _with_pole(raising: Function, pole: float, at: float) -> Function:
    quiet = _without_exceptions(raising)
    return lambda x: pole if x == at else quiet(x)


def _cosh(x: float) -> float:
    return _without_exceptions(math.cosh)(abs(x))


def _atanh(x: float) -> float:
    return math.copysign(math.inf, x) if abs(x) == 1 else _without_exceptions(math.atanh)(x)


def _sigmoid(x: float) -> float:
    """exp(x) is the sigmoid to the last bit where 1 + exp(-x) would overflow."""
    return 1 / (1 + math.exp(-x)) if x > -700 else math.exp(x)


def _rounded(rounding: Callable[[float], int]) -> Function:
    """Rounding to an integer that keeps infinities, nan and the sign of zero."""
    return lambda x: math.copysign(float(rounding(x)), x) if math.isfinite(x) else x


def _gamma(x: float) -> float:
    return math.copysign(math.inf, x) if x == 0 else _without_exceptions(math.gamma)(x)


def _sign(x: float) -> float:
    return x if x == 0 or math.isnan(x) else math.copysign(1.0, x)


def _lgamma(x: float) -> float:
    try:
        return math.lgamma(x)
    except (OverflowError, ValueError):
        return math.inf


def _polygamma(order: float, x: float) -> float:
    """By a series where that has the digits, else by mpmath, rounded once; nan where that takes too long."""
    if not (0 <= order <= LARGEST_ORDER and order == int(order)):
        return math.nan
    if order <= polygamma.MOST_ORDER:
        result = polygamma.polygamma(int(order), x)
        if x < -MAX_RECURRENCE or not polygamma.cancels(int(order), x, result):
            return result
    if not math.isfinite(x) or (x <= 0 and (x < -MAX_RECURRENCE or x == int(x))):
        return 0.0 if x == math.inf else math.nan
    import mpmath

    with mpmath.workdps(40):  # some are lost beside roots
        return float(mpmath.psi(int(order), mpmath.mpf(x)))


def _extremum(choose: Callable[[float, float], float]) -> Function:
    return lambda x, y: math.nan if math.isnan(x) or math.isnan(y) else choose(x, y)


def _choose(condition: float, x: float, y: float) -> float:
    return x if condition else y


_OWN: dict[str, Function] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": _divide,
    "neg": operator.neg,
    "pow": _power,
    "ln": _with_pole(math.log, -math.inf, 0.0),
    "log1p": _with_pole(math.log1p, -math.inf, -1.0),
    "log2": _with_pole(math.log2, -math.inf, 0.0),
    "log10": _with_pole(math.log10, -math.inf, 0.0),
    "cosh": _cosh,
    "atanh": _atanh,
    "sigmoid": _sigmoid,
    "floor": _rounded(math.floor),
    "ceil": _rounded(math.ceil),
    "round": _rounded(round),
    "min": _extremum(min),
    "max": _extremum(max),
    "sign": _sign,
    "gamma": _gamma,
    "lgamma": _lgamma,
    "digamma": lambda x: _polygamma(0.0, x),
    "polygamma": _polygamma,
    "where": _choose,
    "lt": lambda x, y: float(x < y),
    "le": lambda x, y: float(x <= y),
    "gt": lambda x, y: float(x > y),
    "ge": lambda x, y: float(x >= y),
    "eq": lambda x, y: float(x == y),
    "ne": lambda x, y: float(x != y),
}
