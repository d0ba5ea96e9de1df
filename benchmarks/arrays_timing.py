"""Timings side by side: candidates run in turn, A B C A B C …, so that a busy machine slows them all alike."""

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from diffcli.execute.array_library import synchronise

ROUND = 0.002
"""Seconds that one candidate runs at least in one round, by repeating it."""


class Timing(NamedTuple):
    """One candidate beside the others."""

    seconds: float
    """Median of all rounds."""
    ratios: Mapping[str, tuple[float, float, float]]
    """To each other candidate: median over the rounds, and where the middle four fifths of them lie."""


def side_by_side(candidates: Mapping[str, Callable[[], Any]], seconds: float, namespace: Any) -> dict[str, Timing]:
    """Time all candidates for about `seconds` each; on a device each round waits until it is done."""
    repeats = {name: _repeats(run, namespace) for name, run in candidates.items()}
    rounds: dict[str, list[float]] = {name: [] for name in candidates}
    end = time.perf_counter() + seconds * len(candidates)
    while time.perf_counter() < end or len(next(iter(rounds.values()))) < 5:
        for name, run in candidates.items():
            rounds[name].append(_measured(run, repeats[name], namespace))
    return {
        name: Timing(statistics.median(mine), {other: _spread(mine, theirs) for other, theirs in rounds.items()})
        for name, mine in rounds.items()
    }


def _measured(run: Callable[[], Any], repeats: int, namespace: Any) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        run()
    synchronise(namespace)
    return (time.perf_counter() - start) / repeats


def _repeats(run: Callable[[], Any], namespace: Any) -> int:
    run()  # the first call prepares
    synchronise(namespace)
    return max(1, round(ROUND / max(_measured(run, 3, namespace), 1e-7)))


def _spread(mine: list[float], theirs: list[float]) -> tuple[float, float, float]:
    ratios = sorted(a / b for a, b in zip(mine, theirs, strict=True))
    return statistics.median(ratios), ratios[len(ratios) // 10], ratios[-1 - len(ratios) // 10]
