"""IEEE 754 single precision on Python floats: every operation is rounded to 24 bits.

The double-precision result rounded once more is the correctly rounded single of + − × ÷ and the square root (doubles
have more than twice the bits), and as good a result as a library can give of all other functions.
"""

import math
import struct
from typing import Any

from diffcli.execute.complexes import ComplexArithmetic
from diffcli.execute.floats import FLOATS


def single(x: float) -> float:
    """The single nearest to x; infinite beyond the largest."""
    try:
        rounded: float = struct.unpack("f", struct.pack("f", x))[0]
    except OverflowError:
        return math.copysign(math.inf, x)
    return rounded


class SingleArithmetic:
    """The arithmetic of singles for the interpreter."""

    @staticmethod
    def constant(literal: str) -> float:
        """The single nearest to the double nearest to the decimal."""
        return single(FLOATS.constant(literal))

    @staticmethod
    def apply(op: str, *args: float, **_: Any) -> float:
        """The primitive `op`; never raises."""
        return single(FLOATS.apply(op, *args))


class SingleComplexArithmetic(ComplexArithmetic):
    """The same for numbers x + ih whose two parts are singles."""

    @staticmethod
    def constant(literal: str) -> complex:
        """The single nearest to the decimal."""
        return complex(SingleArithmetic.constant(literal))

    def apply(self, op: str, *args: complex, **params: Any) -> complex:
        """The primitive `op`, both parts rounded."""
        result = super().apply(op, *args, **params)
        return complex(single(result.real), single(result.imag))
