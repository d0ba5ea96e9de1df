"""Whether a second derivative is right: tolerances, and the scale of those that are exactly 0."""

import math
from collections.abc import Iterable

from diffcli.methods.second_order import SECOND_METHODS
from diffcli.studies.accuracy import error, within
from diffcli.studies.records import Component, Tolerance
from diffcli.studies.reference import Slope
from diffcli.studies.verdict import JUDGED


def second_component(
    method: str, slope: Slope, value: float, scale: float, *, is_array: bool = False, is_single: bool = False
) -> Component:
    """One second derivative by one method beside the judge's; where that is 0, errors are relative to `scale`.

    Within arrays they always are: rounding errors of one element are as large as those of its neighbours.
    """
    number = value if math.isfinite(value) else None
    if slope.status not in JUDGED or slope.value is None:
        return Component(slope.name, number, None, None, None, is_sampled=slope.status != "not sampled")
    row = SECOND_METHODS[method]
    relative = row.single_tolerance if is_single else row.tolerance
    limits = Tolerance(relative * (scale or 1.0) if is_array or slope.value == "0" else 0.0, relative)
    if number is None:
        return Component(slope.name, None, None, limits, within=False)
    is_within = within(number, slope.value, limits.absolute, limits.relative, is_single=is_single)
    return Component(slope.name, number, error(number, slope.value, is_single=is_single), limits, is_within)


def most_wrong(components: Iterable[Component]) -> Component:
    """Of several values for the same derivative the one that is furthest off; without a number before any other."""
    return min(components, key=lambda c: -1.0 if c.value is None else c.error.digits if c.error else 0.0)
