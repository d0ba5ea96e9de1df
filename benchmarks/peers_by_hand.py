"""What is written by hand for the benchmarks: value and gradient of three examples, and a loop with its adjoint."""

from collections.abc import Callable
from typing import Any, NamedTuple

Function = Callable[..., Any]


class Example(NamedTuple):
    """An expression of the lectures, its transcription, its point, and where many points lie."""

    text: str
    transcription: Callable[[Function, Function, Function, Function], Function]
    point: tuple[float, float]
    low: float
    high: float


def deck_001(log: Function, sin: Function, cos: Function, _: Function) -> Function:
    """Example A: ln(x1) + x1·x2 − sin(x2)."""

    def value_and_gradient(x1: Any, x2: Any) -> Any:
        return log(x1) + x1 * x2 - sin(x2), (1 / x1 + x2, x1 - cos(x2))

    return value_and_gradient


def deck_002(log: Function, sin: Function, cos: Function, exp: Function) -> Function:
    """Example B: e^(xz) + xz/ln(x) + sin(ln(x))/(xz), with the intermediates of the deck."""

    def value_and_gradient(x: Any, z: Any) -> Any:
        a = x * z
        b = log(x)
        c = sin(b)
        d = exp(a)
        e = a / b
        f = c / a
        adjoint_b = cos(b) / a - e / b
        adjoint_a = d + 1 / b - f / a
        return d + e + f, (adjoint_b / x + adjoint_a * z, adjoint_a * x)

    return value_and_gradient


def deck_004(*_: Function) -> Function:
    """Example C: (a + b)(b + 1)."""

    def value_and_gradient(a: Any, b: Any) -> Any:
        c = a + b
        d = b + 1
        return c * d, (d, c + d)

    return value_and_gradient


EXAMPLES = {
    "A": Example("ln(x1) + x1*x2 - sin(x2)", deck_001, (2.0, 5.0), 0.5, 5.0),
    "B": Example("exp(x*z) + x*z/ln(x) + sin(ln(x))/(x*z)", deck_002, (2.0, 3.0), 1.2, 3.0),
    "C": Example("(a+b)*(b+1)", deck_004, (2.0, 1.0), -2.0, 2.0),
}


def in_python(name: str) -> Function:
    """An example with the functions of Python's math."""
    from math import cos, exp, log, sin

    return EXAMPLES[name].transcription(log, sin, cos, exp)


def in_numpy(name: str) -> Function:
    """An example with NumPy's functions."""
    import numpy as np

    return EXAMPLES[name].transcription(np.log, np.sin, np.cos, np.exp)


STEPS = 1000
LOGISTIC_POINT = (2.9, 0.3)
"""r and x0; with this r the iteration settles, and the derivative by x0 becomes small and stays a double."""


def logistic(r: Any, x: Any) -> Any:
    """The iterated map x ← r·x·(1 − x) for numbers of any kind."""
    for _ in range(STEPS):
        x = r * x * (1 - x)
    return x


def logistic_with_adjoint(r: float, x: float) -> tuple[float, tuple[float, float]]:
    """Value and gradient by r and x0: the loop, and the loop backwards."""
    kept = []
    for _ in range(STEPS):
        kept.append(x)
        x = r * x * (1 - x)
    r_bar, x_bar = 0.0, 1.0
    for v in reversed(kept):
        r_bar += x_bar * v * (1 - v)
        x_bar *= r * (1 - 2 * v)
    return x, (r_bar, x_bar)
