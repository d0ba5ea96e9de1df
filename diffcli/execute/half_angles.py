"""Sine and cosine from the tangent of half the angle, where NumPy computes tangents many times quicker than sines.

With t = tan(x/2), sin x = 2t/(1 + t²), which never exceeds 1, and cos x = sin x/tan x, both to a few units in the last
place for all x. Below 1e-8 in size, x and 1 are nearer; there the quotients would lose digits or be 0/0.
"""

import math
from functools import cache

import numpy as np

from diffcli.graph.program import Builder

TINY = "1e-8"
QUICK_TANGENTS = frozenset(("X86_V4", "AVX512_SKX"))
"""The instructions for which NumPy has tangents of many numbers at once; it names them anew now and then."""
TRIED = (0.0, 1e-9, 0.5, 1.0, 1.5707963267948966, 2.5, 3.141592653589793, 6.2, 1e3, 12345.678, 1e10, 1e22, 1e200)
MOST_ULPS = 4


def sine(builder: Builder, x: int) -> int:
    """The node sin(x)."""
    return builder.apply("where", _is_tiny(builder, x), x, _quotient(builder, x))


def cosine(builder: Builder, x: int) -> int:
    """The node cos(x), which never exceeds 1."""
    one, lowest = builder.constant("1"), builder.constant("-1")
    found = builder.apply("div", _quotient(builder, x), builder.apply("tan", x))
    found = builder.apply("max", builder.apply("min", found, one), lowest)
    return builder.apply("where", _is_tiny(builder, x), one, found)


def _quotient(builder: Builder, x: int) -> int:
    tangent = builder.apply("tan", builder.apply("mul", x, builder.constant("0.5")))
    square = builder.apply("mul", tangent, tangent)
    return builder.apply(
        "div", builder.apply("add", tangent, tangent), builder.apply("add", square, builder.constant("1"))
    )


def _is_tiny(builder: Builder, x: int) -> int:
    return builder.apply("lt", builder.apply("abs", x), builder.constant(TINY))


@cache
def pay() -> bool:
    """Whether tangents are quick and accurate here."""
    try:
        known = np.show_config(mode="dicts")["SIMD Extensions"]
        names = {*known.get("baseline", ()), *known.get("found", ())}
    except (AttributeError, KeyError, TypeError):
        return False
    return bool(names & QUICK_TANGENTS) and _is_accurate()


def _is_accurate() -> bool:
    angles = np.array([sign * angle for angle in TRIED for sign in (1, -1)])
    exact = np.array([math.tan(angle) for angle in angles.tolist()])
    return bool(np.all(np.abs(np.tan(angles) - exact) <= MOST_ULPS * np.spacing(np.abs(exact))))
