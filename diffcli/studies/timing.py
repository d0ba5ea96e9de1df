"""How long something takes: calibrated repetitions, median and spread."""

from collections.abc import Callable, Mapping
from functools import partial
from statistics import median
from time import perf_counter
from typing import NamedTuple

LONG = 0.1
"""Seconds beside which it does not count that the first call warms up."""


class Timing(NamedTuple):
    """Seconds for one call, over several batches of calls."""

    median: float
    minimum: float
    maximum: float
    batches: int
    calls: int
    """Calls in each batch."""

    @property
    def spread(self) -> float:
        """Half the range of the batches relative to the median."""
        return (self.maximum - self.minimum) / 2 / self.median if self.median else 0.0


def measure(call: Callable[[], object], seconds: float = 0.003, batches: int = 5) -> Timing:
    """Time `call` for about `seconds` in all; one that takes longer is timed once, a long one without warming up."""
    once = _batch(call, 1)
    if once > LONG:
        return Timing(once, once, once, 1, 1)
    return measure_together({"": call}, seconds / batches, batches if once < seconds else 1)[""]


def measure_together(calls: Mapping[str, Callable[[], object]], seconds: float, batches: int) -> dict[str, Timing]:
    """Time several calls in turn, A B C A B C …, so that all of them meet the same state of the machine.

    Each batch repeats its call for about `seconds`; the first call of each warms up and calibrates.
    """
    return measure_batches({name: timed_batch(call) for name, call in calls.items()}, seconds, batches)


def measure_batches(runs: Mapping[str, Callable[[int], float]], seconds: float, batches: int) -> dict[str, Timing]:
    """The same where each candidate times itself: from a number of calls to the seconds of one of them."""
    repetitions = {name: max(1, int(seconds / run(1))) for name, run in runs.items() for _ in (run(1),)}
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(batches):
        for name, run in runs.items():
            times[name].append(run(repetitions[name]))
    return {
        name: Timing(median(taken), min(taken), max(taken), batches, repetitions[name]) for name, taken in times.items()
    }


def timed_batch(call: Callable[[], object]) -> Callable[[int], float]:
    """What `measure_batches` takes, for a call in this process."""
    return partial(_batch, call)


def _batch(call: Callable[[], object], calls: int) -> float:
    start = perf_counter()
    for _ in range(calls):
        call()
    return max(perf_counter() - start, 1e-9) / calls
