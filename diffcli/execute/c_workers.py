"""Threads that run a compiled loop: they are C, start at once, and sleep when there is nothing to do.

A thread of Python takes some 60 µs to wake, in which one thread alone computes 10⁵ points of a short program. These
wait awake for the next batch for a moment, and begin within a microsecond if it comes by then. Each begins with
a range of its own, in turns from its beginning and from its end, so that its cache keeps what is used again, and then
helps with the others'.

Examples A, B and C of the lectures took at 10⁴ points 9.5, 16.5 and 2.8 µs on two cores (one: 16.5, 30 and 2.7), at
10⁵ points 83, 152 and 19 µs (163, 300, 39; with threads of Python 118, 187, 39). Two milliseconds after the last batch,
when they sleep: 115, 180 and 37 µs. Where another process keeps a core busy, as long as one thread does.
"""

import ctypes
from collections import deque
from collections.abc import Callable
from functools import cache
from typing import Any

from diffcli.errors import LibraryError
from diffcli.execute.c_vectors import Toolchain
from diffcli.execute.c_workers_source import PARTS, TEXT, THREADED
from diffcli.execute.workers import cores, share

IN_PYTHON = 120_000
"""Nanoseconds of work from which on a second thread of Python pays."""
FEWEST = 8_192
"""The points that a thread of Python takes at least."""
ROUND = 10_000_000
"""Nanoseconds of work of a thread after which this one looks whether the user has interrupted it."""

Function = Any
"""A compiled loop: from one point to another, with places of the inputs, of the results, and numbers."""
Arguments = tuple[Any, Any, Any]


def run(
    made_by: Toolchain, function: Function, total: int, cost: float, arguments: Arguments, threads: int | None = None
) -> None:
    """Run a loop over so many points.

    Args:
        made_by: What has compiled it.
        function: The loop.
        total: How many points.
        cost: About how many nanoseconds one takes.
        arguments: Places of the inputs, of the results, and numbers.
        threads: How many threads share the points; by default as many as there are cores, if that pays.
    """
    is_alone = threads == 1 if threads else total * cost < THREADED
    together = None if is_alone else team(made_by)
    if together is None and not is_alone:
        _in_python(function, total, arguments, threads or (cores() if total * cost >= IN_PYTHON else 1))
        return
    length = round_of(cost, threads)
    for begin in range(0, total, length):
        end = min(begin + length, total)
        if together is None:
            function(begin, end, *arguments)
        else:
            together(function, begin, end, cost, threads or 0, *arguments)


def round_of(cost: float, threads: int | None = None) -> int:
    """How many points are computed at once."""
    return max(8, int(ROUND / cost) // 8 * 8) * min(threads or cores(), cores())


@cache
def team(made_by: Toolchain) -> Callable[..., None] | None:
    """What has threads of C share a range of points; None where there are none."""
    try:
        function = made_by.library(TEXT).share
    except (LibraryError, OSError, AttributeError):
        return None
    count, places = ctypes.c_longlong, [ctypes.c_void_p] * 3
    function.argtypes = [ctypes.c_void_p, count, count, ctypes.c_double, ctypes.c_int, *places]
    function.restype = None
    return function


def _in_python(function: Function, total: int, arguments: Arguments, threads: int) -> None:
    """By Python's threads, or without them in one piece."""
    if threads == 1:
        function(0, total, *arguments)
        return
    size = max(FEWEST, -total // (threads * PARTS) // 8 * -8)
    parts = deque((begin, min(begin + size, total)) for begin in range(0, total, size))

    def work() -> None:
        while True:
            try:
                begin, end = parts.popleft()
            except IndexError:
                return
            function(begin, end, *arguments)

    share(work, parts, threads)
