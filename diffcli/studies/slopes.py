"""From difference quotients for ever smaller steps to what the function's slope is, or why it has none.

The steps are 10^-40, 10^-70, 10^-140, … of the scale of the point. A quotient that two steps give with the same digits
has a limit; one that falls like a power of h has the limit 0; one that grows like a power of 1/h, or like its
logarithm, is infinite. What fits none of these stays undecided.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from diffcli.execute.magnitudes import Undefined, decimal_exponent
from diffcli.execute.multiprecision import Multiprecision
from diffcli.studies.probe import CONFIRM, Quotients

PATIENCE = 3
"""A side on which the function is undefined for so many steps in a row is outside its domain."""
SlopeStatus = Literal["smooth", "one-sided", "kink", "infinite", "outside", "undecided"]


@dataclass(frozen=True)
class Limit:
    """What the quotients on one side tend to."""

    kind: Literal["finite", "infinite", "outside"]
    value: Any = None
    """The limit; of an infinite one any number with its sign."""
    digits: int = 0
    """How many digits agree."""


@dataclass(frozen=True)
class Decision:
    """The slope of one output by one input."""

    status: SlopeStatus
    value: Any = None
    left: Limit | None = None
    right: Limit | None = None
    digits: int = 0


UNDECIDED = Decision("undecided")


class Settler:
    """Decides on slopes from quotients; `smallest` is the decimal exponent of the smallest intermediate value."""

    def __init__(self, arithmetic: Multiprecision, wanted: int, smallest: int) -> None:
        """Ask for `wanted` digits."""
        self._arithmetic = arithmetic
        self._wanted = wanted
        self._smallest = smallest

    def decision(self, history: Sequence[Quotients], *, is_suspect: bool) -> Decision | None:
        """What the quotients so far show, or None if smaller steps are needed.

        `is_suspect` says that some primitive is not smooth at the point; else the function is analytic there, and its
        central quotients converge fast.
        """
        if len(history) < 2:
            return None
        if not is_suspect:
            smooth = self._smooth(history)
            if smooth is not None or len(history) < PATIENCE:
                return smooth
            if not _ends_undefined(history):
                return None
        return self._by_sides(history)

    def _smooth(self, history: Sequence[Quotients]) -> Decision | None:
        before, now = history[-2:]
        if any(type(q) is Undefined for q in (before.right, before.left, now.right, now.left)):
            return None
        limit = self._finite(before.central, now.central) or self._vanishing(
            [before.central, now.central], [before.size, now.size], self._smallest - CONFIRM * self._wanted
        )
        if limit is None or not self._sides_meet(before, now):
            return None
        return Decision("smooth", limit.value, limit, limit, limit.digits)

    def _sides_meet(self, before: Quotients, now: Quotients) -> bool:
        """Whether the quotients from the right and from the left differ by something that vanishes with h."""
        gap = abs(now.right - now.left)
        if not gap or decimal_exponent(gap) < decimal_exponent(abs(now.right) + abs(now.left)) - 10:
            return True
        first = abs(before.right - before.left)
        fallen = decimal_exponent(first) - decimal_exponent(gap)
        return bool(first) and fallen > (now.size - before.size) / 2

    def _by_sides(self, history: Sequence[Quotients]) -> Decision | None:
        sizes = [q.size for q in history]
        right = self._limit([q.right for q in history], sizes)
        left = self._limit([q.left for q in history], sizes)
        if right is None or left is None:
            return None
        digits = min(side.digits for side in (left, right) if side.kind == "finite") if _any_finite(left, right) else 0
        kinds = {left.kind, right.kind}
        if kinds == {"outside"}:
            return Decision("outside", None, left, right)
        if "infinite" in kinds:
            return Decision("infinite", None, left, right)
        if "outside" in kinds:
            only = right if left.kind == "outside" else left
            return Decision("one-sided", only.value, left, right, digits)
        if self._agree(left.value, right.value):
            return Decision("smooth", right.value, left, right, digits)
        return Decision("kink", None, left, right, digits)

    def _agree(self, x: Any, y: Any) -> bool:
        return bool(x == y) or self._arithmetic.agreeing_digits(x, y) >= self._wanted - 2

    def _limit(self, quotients: Sequence[Any], sizes: Sequence[int]) -> Limit | None:
        """The limit on one side."""
        recent = quotients[-PATIENCE:]
        if any(type(q) is Undefined for q in recent):
            is_outside = len(recent) == PATIENCE and all(type(q) is Undefined and q.kind != "limit" for q in recent)
            return Limit("outside") if is_outside else None
        return (
            self._finite(*recent[-2:])
            or self._vanishing(recent, sizes[-len(recent) :], self._smallest - self._wanted)
            or self._infinite(recent, sizes[-len(recent) :])
        )

    def _finite(self, before: Any, now: Any) -> Limit | None:
        digits = self._arithmetic.agreeing_digits(before, now)
        return Limit("finite", now, min(digits, self._wanted)) if digits >= self._wanted else None

    def _vanishing(self, quotients: Sequence[Any], sizes: Sequence[int], below: int) -> Limit | None:
        """0 where the quotients fall like a power of h, and far below everything else in the program."""
        exponents = [decimal_exponent(q) if q else -(10**9) for q in quotients]
        falls = [
            (before - now) > 0.004 * (later - earlier)
            for before, now, earlier, later in zip(exponents, exponents[1:], sizes, sizes[1:], strict=False)
        ]
        if exponents[-1] <= below and all(falls):
            return Limit("finite", self._arithmetic.zero, self._wanted)
        return None

    def _infinite(self, quotients: Sequence[Any], sizes: Sequence[int]) -> Limit | None:
        """Infinity where the quotients grow at least as fast as the logarithm of 1/h."""
        if len(quotients) < PATIENCE:
            return None
        rates = [abs(now) - abs(before) for before, now in pairwise(quotients) if before * now > 0]
        per_digit = [rate / (later - earlier) for rate, earlier, later in zip(rates, sizes, sizes[1:], strict=False)]
        if len(per_digit) == PATIENCE - 1 and per_digit[0] > 0 and per_digit[1] >= per_digit[0] * 49 / 50:
            return Limit("infinite", quotients[-1])
        return None


def _ends_undefined(history: Sequence[Quotients]) -> bool:
    return all(type(q.right) is Undefined or type(q.left) is Undefined for q in history[-PATIENCE:])


def _any_finite(left: Limit, right: Limit) -> bool:
    return "finite" in (left.kind, right.kind)
