"""Threads that wait for work: they are started once and serve every batch of this process."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from operator import index
from typing import TYPE_CHECKING, Any, SupportsIndex

from diffcli.errors import UsageError

if TYPE_CHECKING:
    from collections import deque

MOST = 64
"""Threads of a process; whoever asks for more has these."""


def checked(threads: SupportsIndex | None) -> int | None:
    """A number of threads, or None for an automatic choice; raises UsageError."""
    try:
        number = None if threads is None else index(threads)
    except TypeError:
        number = 0
    if number is not None and number < 1:
        raise UsageError("threads is a whole number from 1 on, or None for as many as there are cores")
    return number


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def share(work: Callable[[], None], parts: "deque[Any]", threads: int) -> None:
    """Run `work`, which takes one part after the other, in this thread and in as many more as there are to be."""
    others = min(threads, len(parts), MOST + 1) - 1
    if others < 1:
        work()
        return
    pool = _pool(os.getpid())
    futures = [pool.submit(work) for _ in range(others)]
    try:
        work()
    finally:
        parts.clear()  # when this thread was interrupted the others stop too
        begun = [future for future in futures if not future.cancel()]
        wait(begun)  # they may still read and write arrays that the caller is about to give up
    for future in begun:
        future.result()


@cache
def _pool(process: int) -> ThreadPoolExecutor:  # noqa: ARG001 - a forked child has no threads
    return ThreadPoolExecutor(MOST, thread_name_prefix="diffcli")
