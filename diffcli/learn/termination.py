"""When a descent ends: the criteria, any of which may fire, and the signs that it goes nowhere."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from diffcli.errors import UsageError
from diffcli.learn.descent import Ending, Step
from diffcli.studies.values import rounded

FAR = 1e8
"""A descent that is this many times farther away, or higher, than where it began has diverged."""
FEWEST = 20
"""Steps after which a value above that of the start is no transient any more."""


@dataclass(frozen=True)
class Criteria:
    """What ends a descent. None: this criterion is not used."""

    gradient: float | None = 1e-6
    """|g| is at most this."""
    value: float | None = None
    """The value changed by at most this times max(1, |f|) in the last step."""
    point: float | None = 0.0
    """The last step was at most this times max(1, |x|) long; 0: only where rounding leaves the point as it is."""
    target: float | None = None
    """The value is at most this."""
    steps: int = 1000
    """At most so many."""
    least_steps: int = 0
    """The gradient and the changes of value and point count only from this step on."""
    seconds: float = 30.0

    def __post_init__(self) -> None:
        """No comparison with nan ever ends a descent, and an infinite bound ends it at once."""
        for name, number in asdict(self).items():
            if number is not None and (not math.isfinite(number) or (number < 0 and name != "target")):
                wanted = "a number" if name == "target" else "0 or a positive number"
                raise UsageError(f"the criterion '{name}' must be {wanted}, not {number:g}")

    def to_dict(self) -> dict[str, float | None]:
        """By name."""
        return asdict(self)

    def ending(self, steps: Sequence[Step], size: float, seconds: float) -> Ending | None:
        """The first criterion that fires at the last of the steps; `size` is |x| there."""
        now = steps[-1]
        before = steps[-2] if len(steps) > 1 else None
        if self.target is not None and now.value <= self.target:
            return Ending("target", f"value at most {_short(self.target)}")
        if now.number >= self.least_steps:
            if self.gradient is not None and now.gradient_norm <= self.gradient:
                return Ending("gradient", f"gradient norm at most {_short(self.gradient)}")
            if before and (found := self._small_change(before, now, size)):
                return found
        if now.number >= self.steps:
            return Ending("steps", f"all {self.steps} steps are used up")
        if seconds > self.seconds:
            return Ending("time", f"{_short(self.seconds)} s are used up")
        return None

    def _small_change(self, before: Step, now: Step, size: float) -> Ending | None:
        if self.value is not None and abs(now.value - before.value) <= self.value * max(1.0, abs(now.value)):
            return Ending("value", f"change of value at most {_short(self.value)}·max(1, |f|)")
        if self.point is not None and now.length <= self.point * max(1.0, size):
            still = "the step no longer changes the point"
            return Ending("point", f"change of point at most {_short(self.point)}·max(1, |x|)" if self.point else still)
        return None


def runaway(steps: Sequence[Step], size: float, first_size: float) -> Ending | None:
    """Whether the descent has gone so far up or away that it does not come back; `size` is |x| at the last step."""
    first, now = steps[0], steps[-1]
    if not math.isfinite(size) or now.value > first.value + FAR * max(1.0, abs(first.value)):
        return diverged(steps)
    if size > FAR * max(1.0, first_size):
        if now.value >= first.value:
            return diverged(steps)
        return unbounded(steps) if now.gradient_norm > 0 else None  # flat there: it falls no further
    return None


def has_risen(steps: Sequence[Step]) -> bool:
    """Whether a descent that ran out of steps was on its way up."""
    first, now = steps[0], steps[-1]
    return now.number >= FEWEST and now.value > first.value and now.value > steps[len(steps) // 2].value


def diverged(steps: Sequence[Step], beyond: str = "") -> Ending:
    """The value grows; `beyond` says where it has no number any more."""
    lowest = min(steps, key=lambda step: step.value)
    to = beyond or f"to {_short(steps[-1].value)}"
    return Ending("diverged", f"the value grew from {_short(lowest.value)} (step {lowest.number}) {to}")


def unbounded(steps: Sequence[Step], beyond: str = "") -> Ending:
    """The value falls and falls."""
    to = beyond or f"to {_short(steps[-1].value)}"
    return Ending("unbounded", f"the value fell {to} and went on falling: no minimum in sight")


def _short(value: float) -> str:
    """Three digits, with a true minus sign: 1e-6, −0.25."""
    text = rounded(value)
    return f"−{text[1:]}" if text.startswith("-") else text
