"""Optimizers and schedules as people write them: "adam", "momentum:beta=0.8", "step:factor=0.1,every=50"."""

import math

from diffcli.errors import UsageError
from diffcli.learn.optimizers import Optimizer, optimizer
from diffcli.learn.schedules import Schedule, schedule


def read_optimizer(text: str, rate: float | None = None, schedule_text: str | None = None) -> Optimizer:
    """The optimizer of a text, with the schedule of another."""
    name, numbers = parts(text, "momentum:beta=0.8")
    return optimizer(name, rate, read_schedule(schedule_text) if schedule_text else None, **numbers)


def read_schedule(text: str) -> Schedule:
    """The schedule of a text."""
    name, numbers = parts(text, "step:factor=0.1,every=50")
    return schedule(name, **numbers)


def written(name: str, numbers: dict[str, float]) -> str:
    """The text that reads in again."""
    return f"{name}:{','.join(f'{key}={value:.17g}' for key, value in numbers.items())}" if numbers else name


def parts(text: str, example: str) -> tuple[str, dict[str, float]]:
    """Name and numbers of such a text."""
    name, colon, rest = text.strip().partition(":")
    numbers: dict[str, float] = {}
    for piece in rest.split(",") if colon else ():
        key, equals, value = (part.strip() for part in piece.partition("="))
        number = _number(value)
        if not equals or not key.isidentifier() or number is None:
            raise UsageError(f"{piece.strip()[:40]!r} is no name with a number", hint=f"for example {example}")
        if key in numbers or key in ("name", "rate", "schedule"):
            wrong = "is given twice" if key in numbers else "has its own option"
            raise UsageError(f"{key!r} {wrong}", hint=f"for example {example}")
        numbers[key] = number
    return name, numbers


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
