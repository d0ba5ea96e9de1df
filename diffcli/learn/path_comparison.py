"""Whether the methods take the same path: the largest distance between their points after as many steps."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from diffcli.learn.descent import MethodDescent

FINITE, ROUNDING = 1e-6, 1e-10
"""How far apart two paths may be, relative to max(1, |x|): with finite differences, and where rounding differs only."""
FINITE_SINGLE, ROUNDING_SINGLE = 1e-2, 1e-3


def compared(runs: Sequence[MethodDescent], *, is_single: bool) -> tuple[MethodDescent, ...]:
    """The descents with their distances from the first of them."""
    model = next((run for run in runs if run.steps), None)
    if model is None:
        return tuple(runs)
    return tuple(run if run is model or not run.steps else _beside(run, model, is_single=is_single) for run in runs)


def _beside(run: MethodDescent, model: MethodDescent, *, is_single: bool) -> MethodDescent:
    is_finite = "finite" in (run.method, model.method)
    tolerance = (FINITE_SINGLE if is_single else FINITE) if is_finite else (ROUNDING_SINGLE if is_single else ROUNDING)
    distances = list(_distances(run, model))
    worst = max((distance for distance, _ in distances), default=None)
    is_same = all(distance <= tolerance * max(1.0, size) for distance, size in distances)
    return replace(run, distance=worst, tolerance=tolerance, is_same_path=is_same if distances else None)


def _distances(run: MethodDescent, model: MethodDescent) -> Iterator[tuple[float, float]]:
    """Distance and |x| after every step that both have taken; of their ends alone where no points were kept."""
    pairs = [(ours.point, others.point) for ours, others in zip(run.steps, model.steps, strict=False)]
    if run.taken == model.taken:
        pairs.append((run.end, model.end))
    for ours, others in pairs:
        if ours is not None and others is not None:
            x, y = list(numbers(ours)), list(numbers(others))
            yield math.dist(x, y), math.hypot(*y)


def numbers(value: Any) -> Iterator[float]:
    """The numbers in nested lists and tuples, one after the other."""
    if isinstance(value, float):
        yield value
        return
    for part in value:
        yield from numbers(part)
