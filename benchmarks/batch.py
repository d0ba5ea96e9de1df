"""Value and gradient at many points against plain NumPy and a loop in C written by hand, side by side in one run.

    python benchmarks/batch.py [SECONDS] [POINTS …]

For examples A, B and C of the lectures. All candidates run in turn; printed are how many times faster than plain NumPy
each is, the median over the rounds, and where the middle four fifths of them lie. The largest difference between NumPy
and ours, relative to the largest number of its kind, is printed as well. The loop by hand is compiled with our flags
and runs in as many threads; with it, and with a copy of large arrays past the cache (its bandwidth is printed below),
ours is compared where outputs are reused.
"""

import os
import platform
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from arrays_timing import Timing, side_by_side
from batch_by_hand import ByHand, copy_of, is_possible

import diffcli

POINTS = (10**3, 10**5, 10**7)


class Example(NamedTuple):
    """An expression, its transcription, and where its points lie."""

    text: str
    numpy: Callable[[Any, Any], tuple[Any, tuple[Any, Any]]]
    low: float
    high: float
    c: str
    """The lines of one point in C: inputs a and b, outputs y, ga, gb."""


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
    "A": Example(
        "ln(x1) + x1*x2 - sin(x2)", deck_001, 0.5, 5.0, "y = log(a) + a * b - sin(b); ga = 1 / a + b; gb = a - cos(b);"
    ),
    "B": Example(
        "exp(x*z) + x*z/ln(x) + sin(ln(x))/(x*z)",
        deck_002,
        1.2,
        3.0,
        "const double p = a * b, l = log(a), s = sin(l), d = exp(p), e = p / l, f = s / p;"
        "const double gl = cos(l) / p - e / l, gp = d + 1 / l - f / p;"
        "y = d + e + f; ga = gl / a + gp * b; gb = gp * a;",
    ),
    "C": Example(
        "(a+b)*(b+1)", deck_004, -2.0, 2.0, "const double c = a + b, d = b + 1; y = c * d; ga = d; gb = c + d;"
    ),
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
    c = is_possible()
    heads = ["points", "example", "plain NumPy, ns/point", "NumPy", "NumPy, `out=`", "NumPy, `out=`, one thread"]
    heads += ["C", "C, `out=`", "by hand in C, `out=`", "ours/by hand", "GB/s", "of a copy"] if c else []
    print(f"| {' | '.join([*heads, 'difference'])} |")
    print(f"| ---: | --- |{' ---: |' * (len(heads) - 1)}")
    for count in counts:
        for name, example in EXAMPLES.items():
            print(row(count, name, example, seconds, with_c=c), flush=True)


def row(count: int, name: str, example: Example, seconds: float, *, with_c: bool) -> str:
    """One line of the table."""
    points = np.random.default_rng(0).uniform(example.low, example.high, (2, count))
    function = diffcli.value_and_grad(example.text, executor="numpy")
    out = function.batch(*points)
    runs = {
        "numpy": lambda: example.numpy(*points),
        "batch": lambda: function.batch(*points),
        "reused": lambda: function.batch(*points, out=out),
        "one": lambda: function.batch(*points, out=out, threads=1),
    }
    found = [(out[0], *out[1])]
    if with_c:
        compiled, by_hand, copy = diffcli.value_and_grad(example.text, executor="c"), ByHand(example.c), copy_of(count)
        value, partials = compiled.batch(*points)
        found.append((value, *partials))
        runs |= {
            "c": lambda: compiled.batch(*points),
            "c reused": lambda: compiled.batch(*points, out=out),
            "hand": lambda: by_hand(points, (out[0], *out[1])),
            "copy": copy,
        }
    expected = example.numpy(*points)
    expected = (expected[0], *expected[1])
    difference = max(
        float(np.max(np.abs(a - b)) / np.max(np.abs(b))) for one in found for a, b in zip(one, expected, strict=True)
    )
    del expected, found
    timings = side_by_side(runs, seconds, np)
    cells = [ratio(timings["numpy"], name) for name in runs if name not in ("numpy", "copy")]
    if with_c:
        reused, gigabytes = timings["c reused"], 5 * 8 * count / 1e9
        against_copy = 2.5 * timings["copy"].seconds / reused.seconds
        cells += [f"{reused.seconds / timings['hand'].seconds:.2f}", f"{gigabytes / reused.seconds:.1f}"]
        cells.append(f"{against_copy:.0%}")
    ns = timings["numpy"].seconds / count * 1e9
    return f"| {count:.0e} | {name} | {ns:.1f} | {' | '.join(cells)} | {difference:.0e} |"


def ratio(numpy: Timing, other: str) -> str:
    """How many times faster the other is."""
    return "{:.2f} ({:.2f} … {:.2f})".format(*numpy.ratios[other])


if __name__ == "__main__":
    main()
