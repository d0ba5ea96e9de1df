"""What the judge says of a function at a point, as plain frozen data."""

from dataclasses import dataclass
from typing import Literal

SlopeStatus = Literal["smooth", "one-sided", "kink", "infinite", "outside", "overflow", "undecided", "not sampled"]
"""not sampled: of very many derivatives the judge takes a sample."""
ReferenceStatus = Literal["differentiable", "not differentiable", "outside", "overflow", "limit"]


@dataclass(frozen=True)
class Slope:
    """The derivative of one output by one input, or its one-sided derivatives."""

    name: str
    """The variable."""
    status: SlopeStatus
    value: str | None
    """As a decimal; None where there is no derivative."""
    nearest: float | None
    """The double nearest to the value."""
    left: str | None
    right: str | None
    """One-sided derivatives, "+inf" and "-inf" included; None where that side is outside the domain."""
    digits: int
    """How many digits of two different steps agree."""
    structural_zero: bool = False
    """Whether the output does not depend on the input at all."""


@dataclass(frozen=True)
class Cause:
    """The operation that keeps the function from having a derivative."""

    node: int
    """Its position in the graph."""
    op: str
    kind: str
    """outside, pole, tangent, kink, jump, overflow or limit."""
    where: str
    argument: str
    """The values of its arguments at the point."""


@dataclass(frozen=True)
class Reference:
    """The value of one output and its derivatives, right to the last digit given."""

    output: str
    value: str | None
    nearest_value: float | None
    slopes: tuple[Slope, ...]
    cause: Cause | None
    status: ReferenceStatus
