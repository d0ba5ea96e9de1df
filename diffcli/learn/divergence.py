"""Why a descent went up, and which smaller rate does not: estimated from the path, then tried."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

from diffcli.learn.descent import Divergence, Step
from diffcli.learn.following import follow
from diffcli.learn.gradients import Gradients
from diffcli.learn.optimizers import Optimizer
from diffcli.learn.termination import Criteria

LIKELY = frozenset({"diverged", "left the domain", "no number"})
"""Endings that a smaller rate may mend."""
TRIALS, TRIAL_STEPS, TRIAL_SECONDS = 20, 300, 2.0
"""How many smaller rates are tried, for how many steps each, and for how long in all."""


def divergence(steps: Sequence[Step], gradients: Gradients, start: Sequence[Any], optimizer: Optimizer) -> Divergence:
    """What the path of a descent from `start` tells, and a rate that was tried."""
    lowest = min(steps, key=lambda step: step.value).number
    bound, rate = optimizer.bound, steps[lowest].rate
    curvature = _curvature(steps, lowest, bound / rate if bound is not None else math.inf)
    is_steep = curvature is not None and bound is not None and curvature * rate > bound
    first = bound / 2 / curvature * optimizer.rate / rate if is_steep and curvature and bound else optimizer.rate / 2
    return Divergence(lowest, curvature, bound, rate, _tried(first, gradients, start, optimizer))


def _curvature(steps: Sequence[Step], lowest: int, enough: float) -> float | None:
    """The largest |Δg|/|Δx| up to the step where the value began to rise; later ones if that explains nothing.

    Where the curvature changes from place to place, that of the beginning counts; on a quadratic any step is no more
    than L, and the later ones are the better estimates.
    """
    largest: float | None = None
    for step in steps:
        if step.curvature is not None and math.isfinite(step.curvature):
            largest = max(largest or 0.0, step.curvature)
        if step.number > lowest and largest is not None and largest > enough:
            break
    return largest


def _tried(first: float, gradients: Gradients, start: Sequence[Any], optimizer: Optimizer) -> float | None:
    """The largest of some smaller rates with which the descent goes down and stays inside the domain."""
    began = perf_counter()
    for rate in _smaller(first):
        left = TRIAL_SECONDS - (perf_counter() - began)
        if left <= 0 or not rate:
            return None
        criteria = Criteria(steps=TRIAL_STEPS, seconds=left)
        steps, ending, _, _ = follow(gradients, start, replace(optimizer, rate=rate), criteria)
        if ending.kind not in LIKELY and steps[-1].value <= steps[0].value:
            return rate
    return None


def _smaller(first: float) -> Iterator[float]:
    """Rates of one digit, 1, 2 or 5 times a power of ten, from `first` down."""
    exponent = math.floor(math.log10(first)) if first > 0 else 0
    candidates = (digit * 10.0**power for power in range(exponent, exponent - TRIALS, -1) for digit in (5, 2, 1))
    fitting = (float(f"{rate:.0e}") for rate in candidates if rate <= first * 1.0000001)
    yield from (rate for _, rate in zip(range(TRIALS), fitting, strict=False))
