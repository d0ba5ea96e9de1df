"""How large numbers may grow in multiprecision arithmetic, and what stands where there is no number.

No format bounds the exponents there: mpmath computes sin(exp(exp(17))) until memory ends. These limits are checked
before it is called.
"""

from dataclasses import dataclass
from typing import Any

BITS_PER_DIGIT = 3.321928094887362
MAX_EXPONENT = 100_000
"""No intermediate value is larger than 10^100000."""
MAX_BITS = int(MAX_EXPONENT * BITS_PER_DIGIT) + 1
MIN_EXPONENTIAL, MAX_EXPONENTIAL = -(10**400), 230_258
"""e is raised to powers in between: the first is a harmless way to write 0, the second just below 10^100000."""
MIN_BITS = 2 * MIN_EXPONENTIAL
LEAVES = f"a value is larger than 10^{MAX_EXPONENT}"
VANISHES = "a value is too close to 0"
MAX_LITERAL = 4000
"""Digits of a literal."""
MAX_GAMMA_DIGITS, STIRLING = 600, 10**8
"""Digits of gamma and its relatives for arguments below the second number: more would take seconds."""
MAX_RECURRENCE = 10_000
"""Steps of a recurrence: mpmath's polygamma takes as many as its argument lies below 0."""
GAMMA_FAMILY = frozenset(("gamma", "lgamma", "digamma", "polygamma"))


@dataclass(frozen=True, eq=False)
class Undefined:
    """In place of a number: the first operation that has no finite real value, and why."""

    op: str
    kind: str
    """The kind of its singularity ("outside", "pole"), or "limit" for what is not computed."""
    where: str
    arguments: tuple[Any, ...] = ()


def binary_exponent(x: Any) -> int:
    """The m for which |x| of an mpmath number lies in [2^(m−1), 2^m); 0 for zero."""
    _, _, exponent, bits = x._mpf_
    return int(exponent + bits)


def decimal_exponent(x: Any) -> int:
    """The decimal exponent of an mpmath number, rounded towards zero; 0 for zero."""
    return decimal_digits(binary_exponent(x))


def decimal_digits(bits: int) -> int:
    """How many decimal digits so many bits are, rounded towards zero; bits may be beyond the range of floats."""
    return bits * 30103 // 100000 if bits >= 0 else -(-bits * 30103 // 100000)
