"""How long something takes: calibrated repetitions, median and spread."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True)
class Timing:
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
    """Time `call` for about `seconds`, in batches long enough for the clock; the first call warms up and calibrates."""
    start = perf_counter()
    call()
    once = max(perf_counter() - start, 1e-7)
    calls = max(1, int(seconds / batches / once))
    times = sorted(_batch(call, calls) for _ in range(batches if once < seconds else 1))
    return Timing(median(times), times[0], times[-1], len(times), calls)


def _batch(call: Callable[[], object], calls: int) -> float:
    start = perf_counter()
    for _ in range(calls):
        call()
    return (perf_counter() - start) / calls
