"""What a rule that is a function says of itself: its formula stands in its docstring, its numbers in its signature."""

from collections.abc import Callable
from inspect import Parameter, signature
from typing import Any


def formula(rule: Callable[..., Any]) -> str:
    """The first paragraph of its docstring, in one line."""
    return " ".join((rule.__doc__ or "").partition("\n\n")[0].split())


def arguments(rule: Callable[..., Any]) -> tuple[str, ...]:
    """The names of its positional parameters."""
    return tuple(p.name for p in signature(rule).parameters.values() if p.kind is Parameter.POSITIONAL_OR_KEYWORD)


def numbers(rule: Callable[..., Any]) -> dict[str, float]:
    """Its keyword-only parameters with their usual values."""
    return {p.name: p.default for p in signature(rule).parameters.values() if p.kind is Parameter.KEYWORD_ONLY}
