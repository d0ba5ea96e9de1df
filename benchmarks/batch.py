"""Value and gradient at many points against a transcription to plain NumPy, side by side in one run.

    python benchmarks/batch.py [SECONDS] [POINTS …]

For examples A, B and C of the lectures. All candidates run in turn; printed are how many times faster than plain NumPy
each is, the median over the rounds, and where the middle four fifths of them lie. The largest difference between the
two, relative to the largest number of its kind, is printed as well.
"""

import os
import platform
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from arrays_timing import Timing, side_by_side

import diffcli

POINTS = (10**3, 10**5, 10**7)


class Example(NamedTuple):
    """An expression, its transcription, and where its points lie."""

    text: str
    numpy: Callable[[Any, Any], tuple[Any, tuple[Any, Any]]]
    low: float
    high: float


def deck_001(x1: Any, x2: Any) -> tuple[Any, tuple[Any, Any]]:
    """Example A: ln(x1) + x1·x2 − sin(x2)."""
    return np.log(x1) + x1 * x2 - np.sin(x2), (1 / x1 + x2, x1 - np.cos(x2))


def deck_002(x: Any, z: Any) -> tuple[Any, tuple[Any, Any]]:
    """Example B: e^(xz) + xz/ln(x) + sin(ln(x))/(xz), with the intermediates of the deck."""
    a = x * z
    b = np.log(x)
    c, d = np.sin(b), np.exp(a)
    e, f = a / b, c / a
    adjoint_b = np.cos(b) / a - e / b
    adjoint_a = d + 1 / b - f / a
    return d + e + f, (adjoint_b / x + adjoint_a * z, adjoint_a * x)


def deck_004(a: Any, b: Any) -> tuple[Any, tuple[Any, Any]]:
    """Example C: (a + b)(b + 1)."""
    c, d = a + b, b + 1
    return c * d, (d, c + d)


EXAMPLES = {
    "A": Example("ln(x1) + x1*x2 - sin(x2)", deck_001, 0.5, 5.0),
    "B": Example("exp(x*z) + x*z/ln(x) + sin(ln(x))/(x*z)", deck_002, 1.2, 3.0),
    "C": Example("(a+b)*(b+1)", deck_004, -2.0, 2.0),
}


def main() -> None:
    """Measure and print a table."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    counts = [int(float(word)) for word in sys.argv[2:]] or POINTS
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, {threads} cores; medians of rounds that take")
    print(
        f"turns, 10 % … 90 % of the rounds in brackets. Where it pays {threads} threads run, except in the last column.\n"
    )
    print("| points | example | plain NumPy, ns/point | batch | with `out=` | with `out=`, one thread | difference |")
    print("| ---: | --- | ---: | ---: | ---: | ---: | ---: |")
    for count in counts:
        for name, example in EXAMPLES.items():
            print(row(count, name, example, seconds), flush=True)


def row(count: int, name: str, example: Example, seconds: float) -> str:
    """One line of the table."""
    points = np.random.default_rng(0).uniform(example.low, example.high, (2, count))
    function = diffcli.value_and_grad(example.text)
    out = function.batch(*points)
    expected = example.numpy(*points)
    difference = max(
        float(np.max(np.abs(a - b)) / np.max(np.abs(b)))
        for a, b in zip((out[0], *out[1]), (expected[0], *expected[1]), strict=True)
    )
    del expected
    timings = side_by_side(
        {
            "numpy": lambda: example.numpy(*points),
            "batch": lambda: function.batch(*points),
            "reused": lambda: function.batch(*points, out=out),
            "one": lambda: function.batch(*points, out=out, threads=1),
        },
        seconds,
        np,
    )
    ours = " | ".join(ratio(timings["numpy"], other) for other in ("batch", "reused", "one"))
    return f"| {count:.0e} | {name} | {timings['numpy'].seconds / count * 1e9:.1f} | {ours} | {difference:.0e} |"


def ratio(numpy: Timing, other: str) -> str:
    """How many times faster the other is."""
    return "{:.2f} ({:.2f} … {:.2f})".format(*numpy.ratios[other])


if __name__ == "__main__":
    main()
