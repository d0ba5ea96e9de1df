"""An explanation as plain frozen data."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from diffcli.studies.values import finite

VALUE = "value"
"""In the place of a method: the value of the function itself is off."""
Cause = Literal[
    "cancellation", "argument reduction", "ill-conditioned operation", "overflow", "underflow", "0·∞", "rounding",
    "literal", "inaccurate function", "kink", "jump", "switch", "pole", "domain", "vertical tangent", "step too large",
    "step too small", "rule at a kink", "ill-conditioned point", "branch", "fixed step",
]  # fmt: skip


class Reason(NamedTuple):
    """Why one number is off."""

    cause: Cause
    text: str
    row: str | None = None
    """The row of the trace where it arises: v4, v̄-1, v̇3; None for a part of a formula."""
    operation: str | None = None
    digits_lost: float | None = None
    """Decimal digits that are lost in this row."""
    better_step: float | None = None
    """Of finite differences."""
    advice: str = ""
    """What that step gives."""

    @property
    def sentence(self) -> str:
        """Cause and advice."""
        return f"{self.text}; {self.advice}" if self.advice else self.text


class Suggestion(NamedTuple):
    """A rewrite that was measured."""

    before: str
    after: str
    expression: str
    """The whole program with it, in plain text that reads in again."""
    error_before: float
    """The worst relative error of value and derivatives by reverse mode."""
    error_after: float


@dataclass(frozen=True)
class Explanation:
    """A cause, and the methods it concerns."""

    output: str
    methods: tuple[str, ...]
    """VALUE stands for the function itself; none for what is no method's fault."""
    variables: tuple[str, ...]
    reason: Reason
    rewrite: Suggestion | None = None
    is_error: bool = True
    """Whether something is off; else it is only good to know."""

    def to_dicts(self) -> list[dict[str, Any]]:
        """For JSON: one object for each method."""
        rewrite = self.rewrite and {
            "before": self.rewrite.before,
            "after": self.rewrite.after,
            "expression": self.rewrite.expression,
            "error_before": finite(self.rewrite.error_before),
            "error_after": self.rewrite.error_after,
        }
        lost = self.reason.digits_lost
        return [
            {
                "output": self.output,
                "method": method,
                "variables": list(self.variables),
                **self.reason._asdict(),
                "text": self.reason.sentence,
                "digits_lost": None if lost is None else round(lost, 1),
                "rewrite": rewrite,
                "is_error": self.is_error,
            }
            for method in self.methods or (None,)
        ]
