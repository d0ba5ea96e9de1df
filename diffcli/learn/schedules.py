"""Learning-rate schedules: how η_t follows from the first rate η and the number t = 0, 1, … of steps taken before.

They are those of torch.optim.lr_scheduler (`StepLR`, `ExponentialLR`, `CosineAnnealingLR` up to its end, `LambdaLR`).
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from diffcli.errors import UsageError
from diffcli.learn import rules

Rule = Callable[..., float]
"""(η, t, its numbers by name) ↦ η_t."""


def constant(rate: float, t: int) -> float:  # noqa: ARG001 - all rules are called alike
    """η_t = η."""
    return rate


def step(rate: float, t: int, *, factor: float = 0.5, every: float = 100) -> float:
    """η_t = η · factor^⌊t/every⌋."""
    return rate * math.pow(factor, t // every)


def exponential(rate: float, t: int, *, factor: float = 0.99) -> float:
    """η_t = η · factor^t."""
    return rate * factor**t


def inverse(rate: float, t: int, *, decay: float = 0.01) -> float:
    """η_t = η / (1 + decay·t), the 1/t of Robbins and Monro, 1951."""
    return rate / (1 + decay * t)


def cosine(rate: float, t: int, *, steps: float = 1000, least: float = 0.0) -> float:
    """η_t = η_min + (η − η_min)(1 + cos(π t/T))/2 up to t = T, then η_min; T is `steps`, η_min is `least`.

    Loshchilov and Hutter, 2017, without restarts.
    """
    return least + (rate - least) * (1 + math.cos(math.pi * min(t / steps, 1))) / 2


SCHEDULES: dict[str, Rule] = {
    "constant": constant,
    "step": step,
    "exponential": exponential,
    "inverse": inverse,
    "cosine": cosine,
}
"""The schedules by name."""


@dataclass(frozen=True)
class Schedule:
    """A rule for the learning rate with its numbers."""

    name: str = "constant"
    numbers: Mapping[str, float] = field(default_factory=dict)

    def rate(self, rate: float, t: int) -> float:
        """The learning rate after t steps, where the first one is `rate`."""
        return SCHEDULES[self.name](rate, t, **self.numbers)

    @property
    def formula(self) -> str:
        """What the rule says of itself, in one line."""
        return rules.formula(SCHEDULES[self.name])


def schedule(name: str = "constant", **numbers: float) -> Schedule:
    """The schedule of this name; what is not given has its usual value. Raises UsageError for what does not exist."""
    if name not in SCHEDULES:
        raise UsageError(f"there is no schedule {name!r}", hint=f"one of {', '.join(SCHEDULES)}")
    known = rules.numbers(SCHEDULES[name])
    for key, value in numbers.items():
        if key not in known:
            raise UsageError(f"the schedule {name} has no {key!r}", hint=f"it has {', '.join(known) or 'no numbers'}")
        _check(key, value)
    return Schedule(name, {**known, **numbers})


def _check(key: str, value: float) -> None:
    is_fine = 0 < value <= 1 if key == "factor" else 0 <= value < math.inf if key == "least" else 0 < value < math.inf
    if not is_fine:
        wanted = {"factor": "above 0 and at most 1", "least": "0 or a positive number"}.get(key, "a positive number")
        raise UsageError(f"{key} of a schedule must be {wanted}, not {value:g}")
