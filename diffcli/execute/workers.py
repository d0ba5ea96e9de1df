"""Threads that wait for work: they are started once and serve every batch of this process."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections import deque


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def share(work: Callable[[], None], parts: "deque[Any]", threads: int) -> None:
    """Run `work`, which takes one part after the other, in this thread and in as many more as there are to be."""
    others = min(threads, len(parts)) - 1
    if others < 1:
        work()
        return
    pool = _pool(os.getpid(), others)
    futures = [pool.submit(work) for _ in range(others)]
    try:
        work()
    finally:
        parts.clear()  # when this thread was interrupted the others stop too
    for future in futures:
        if not future.cancel():  # what has not begun has nothing to do any more
            future.result()


@cache
def _pool(process: int, threads: int) -> ThreadPoolExecutor:  # noqa: ARG001 - a forked child has no threads
    return ThreadPoolExecutor(threads, thread_name_prefix="diffcli")
