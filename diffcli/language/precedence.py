"""How tightly everything binds, and what waits on the parser's two stacks.

comparison   <  <=  >  >=  ==  !=     only in the condition of where
sum          +  -
product      *  /  @  and juxtaposition   1/2x is (1/2)·x
function     sin 2x y                  without parentheses it takes the run of factors after it
sign         -                         -x^2 is -(x^2)
power        ^                         from right to left, 2^3^2 is 2^(3^2)
part         x[0]  x[1:3]  x.T         of the operand that has just ended
"""

from typing import Any, NamedTuple

from diffcli.graph.ops import OPS
from diffcli.language.array_functions import Function
from diffcli.language.tokens import Token

BINARY = {row.symbol: row for row in OPS.values() if row.symbol and row.arity == 2}
"""The infix operators, as the table of primitives has them."""

BOTTOM, BRACKET, OPERATOR = -1, 0, 1
COMPARISON, PRODUCT, SIGN = OPS["lt"].precedence, OPS["mul"].precedence, OPS["neg"].precedence
FUNCTION = PRODUCT + 1
"""A function without parentheses ends at any operator that binds like * or more loosely, …"""
RUN = PRODUCT + 2
"""… but the juxtapositions in the run after it belong to its argument."""


class Operand(NamedTuple):
    """A finished operand: its node, and the range of the text with its brackets."""

    position: int
    start: int
    end: int


class Pending(NamedTuple):
    """An operator, a function without parentheses or a bracket that waits for its right-hand side."""

    precedence: int
    op: str
    token: Token
    row: Function | None = None
    """The function whose call it is."""
    exponent: str = ""
    """n in sin^n x."""
    base: int = 0
    """How many operands lie before a bracket."""
    implicit: bool = False
    """Whether a product was written by juxtaposition."""
    keywords: dict[str, Any] | None = None
    """What a call was given by keyword: axis=0."""
