"""Several expressions at several points: how accurate the methods are and what they cost, side by side."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from diffcli.study.records import SCHEMA, Cost, finite
from diffcli.study.timing import Timing


@dataclass(frozen=True)
class MethodSummary:
    """One method on one expression, over all its points."""

    method: str
    judged: int
    """Points at which the judge has a derivative."""
    agreed: int
    """Of these, the points at which all components are within the tolerance."""
    gave_up: str | None
    worst_relative: float | None
    """The largest relative error of any component at any point."""
    median_digits: float | None
    """The median over the points of the correct digits of the worst component; inf: all."""
    cost: Cost | None
    prepare_seconds: float | None
    timing: Timing | None
    relative_time: float | None
    """One gradient in units of one evaluation of f."""
    relative_to_fastest: float | None


@dataclass(frozen=True)
class Case:
    """One expression with its points."""

    name: str
    expression: str
    variables: tuple[str, ...]
    points: int
    without_derivative: int
    """Points at which the judge finds no derivative; they are not counted for or against a method."""
    function_seconds: float | None
    methods: tuple[MethodSummary, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """The record of `compare`."""

    cases: tuple[Case, ...]
    seed: int
    runs: int
    executor: str
    """The kind of executor that all methods were timed on."""
    notes: tuple[str, ...] = ()
