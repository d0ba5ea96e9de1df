"""A builder that tidies what derivative rules emit: constants folded, factors 1 and 0 and terms 0 dropped.

Partials are written once for all arguments: ∂(x^y)/∂x = y·x^(y−1). Inlined for x^2 this builder turns it into 2·x,
which is what the trace prints and what runs. The user's own nodes are never touched: they are there already.
Only numbers that stand in the text as literals are folded, exactly, in rational arithmetic.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from diffcli.graph.program import CONSTANT, Builder, Graph

if TYPE_CHECKING:
    from fractions import Fraction

MAX_DIGITS = 40
MAX_POWER = 64


class FoldingBuilder(Builder):
    """`Builder.apply` with the identities of a ring, none of which changes a finite result."""

    def __init__(self, start: Graph | None = None) -> None:
        """Begin empty, or with the nodes of `start`."""
        super().__init__(start)
        self._rationals: dict[int, Fraction | None] = {}
        for position in range(len(self.nodes)):
            self.rational(position)  # arguments first, so that no later question has to go deep
        self.zero = self.constant("0")
        self.one = self.constant("1")

    def apply(self, op: str, *args: int, **params: Any) -> int:
        """The operation `op` on nodes that are already there, simplified where a literal allows it.

        What comes back may have a smaller shape that broadcasts to the one expected: 0·x is the number 0.
        """
        simplify = _IDENTITIES.get(op)
        simpler = simplify(self, *args) if simplify else None
        if simpler is None:
            simpler = self._folded_number(op, args)
        elif (value := self._rationals.get(simpler)) is not None:  # 1·(0.1 + 0.2 − 0.3) is the number 0, as written
            simpler = self.number(value)
        return super().apply(op, *args, **params) if simpler is None else simpler

    def rational(self, position: int) -> "Fraction | None":
        """The exact value of a subexpression of literals and the four operations, else None."""
        try:
            return self._rationals[position]
        except KeyError:
            found = self._rationals[position] = self._rational(position)
            return found

    def _rational(self, position: int) -> "Fraction | None":
        node = self.nodes[position]
        if node.op == CONSTANT:
            return _literal_value(node.literal)
        if node.op not in _EXACT:
            return None
        return self._exact(node.op, node.args)

    def _exact(self, op: str, args: tuple[int, ...]) -> "Fraction | None":
        known = []
        for argument in args:
            value = self.rational(argument)
            if value is None:  # most are, and of most the first
                return None
            known.append(value)
        result = _EXACT[op](*known)
        if result is None or max(abs(result.numerator), result.denominator) >= 10**MAX_DIGITS:
            return None
        return result

    def _folded_number(self, op: str, args: tuple[int, ...]) -> int | None:
        value = self._exact(op, args) if op in _EXACT else None
        return None if value is None else self.number(value)

    def number(self, value: "Fraction") -> int:
        """A rational number: a decimal literal where it has one, else a quotient of two."""
        literal = _decimal_text(value)
        if literal is not None:
            return self.constant(literal)
        numerator, denominator = self.constant(str(value.numerator)), self.constant(str(value.denominator))
        return super().apply("div", numerator, denominator)

    def is_literal(self, position: int, literal: str) -> bool:
        """Whether the node is this literal."""
        return self.nodes[position].op == CONSTANT and self.nodes[position].literal == literal

    def sum_identity(self, x: int, y: int) -> int | None:
        """0 + y is y, x + 0 is x."""
        if self.is_literal(x, "0"):
            return y
        return x if self.is_literal(y, "0") else None

    def difference_identity(self, x: int, y: int) -> int | None:
        """0 − y is −y, x − 0 is x."""
        if self.is_literal(x, "0"):
            return self.apply("neg", y)
        return x if self.is_literal(y, "0") else None

    def product_identity(self, x: int, y: int) -> int | None:
        """A factor 1 or −1 goes, a factor 0 makes 0; gates, signs and reciprocals as below."""
        for factor, other in ((x, y), (y, x)):
            if self.is_literal(factor, "1"):
                return other
            if self.is_literal(factor, "-1"):
                return self.apply("neg", other)
            if self.is_literal(factor, "0"):
                return factor
        return self._gated_product(x, y) or self._product_with_sign_or_reciprocal(x, y)

    def _gated_product(self, x: int, y: int) -> int | None:
        """X · [condition ? 1 : 0] selects instead of multiplying, so that an infinite x is not turned into nan."""
        gate = self.nodes[y]
        if gate.op != "where" or {gate.args[1], gate.args[2]} != {self.zero, self.one}:
            return None
        chosen = (x, self.zero) if gate.args[1] == self.one else (self.zero, x)
        return super().apply("where", gate.args[0], *chosen)

    def _product_with_sign_or_reciprocal(self, x: int, y: int) -> int | None:
        """x·(−y) is −(x·y) and x·(1/y) is x/y, with one rounding less."""
        if self.nodes[y].op == "neg" and self.rational(y) is None:
            return self.apply("neg", self.apply("mul", x, self.nodes[y].args[0]))
        if self.nodes[y].op == "div" and self.is_literal(self.nodes[y].args[0], "1"):
            return self.apply("div", x, self.nodes[y].args[1])
        return None

    def quotient_identity(self, x: int, y: int) -> int | None:
        """A divisor 1 goes, a dividend 0 stays 0."""
        if self.is_literal(y, "1"):
            return x
        return x if self.is_literal(x, "0") else None

    def power_identity(self, x: int, y: int) -> int | None:
        """x^0 is 1, x^1 is x."""
        exponent = self.rational(y)
        if exponent == 0:
            return self.one
        return x if exponent == 1 else None

    def negation_identity(self, x: int) -> int | None:
        """−0 is 0, −(−x) is x."""
        if self.is_literal(x, "0"):
            return x
        return self.nodes[x].args[0] if self.nodes[x].op == "neg" else None


_IDENTITIES: dict[str, Callable[..., int | None]] = {
    "add": FoldingBuilder.sum_identity,
    "sub": FoldingBuilder.difference_identity,
    "mul": FoldingBuilder.product_identity,
    "div": FoldingBuilder.quotient_identity,
    "pow": FoldingBuilder.power_identity,
    "neg": FoldingBuilder.negation_identity,
}


def _power_of_rationals(x: "Fraction", y: "Fraction") -> "Fraction | None":
    if y.denominator != 1 or abs(y) > MAX_POWER or (x == 0 and y < 0):
        return None
    return x ** int(y)


_EXACT: dict[str, Callable[..., "Fraction | None"]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y if y else None,
    "pow": _power_of_rationals,
    "neg": lambda x: -x,
}


def _literal_value(literal: str) -> "Fraction | None":
    """The number a literal stands for; None for pi, e and exponents too large to be worth folding."""
    from fractions import Fraction  # imported where a rule is inlined, so that `--help` does not pay for it

    mantissa, _, exponent = literal.lower().partition("e")
    if not mantissa.strip("-.").replace(".", "").isdecimal() or abs(int(exponent or 0)) > MAX_DIGITS:
        return None
    return Fraction(literal) if len(mantissa) <= MAX_DIGITS else None


def _decimal_text(value: "Fraction") -> str | None:
    """The exact decimal of a rational whose denominator is of the form 2^a 5^b, else None."""
    for places in range(MAX_DIGITS):
        scaled = value * 10**places
        if scaled.denominator == 1:
            digits = str(abs(scaled.numerator)).rjust(places + 1, "0")
            text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
            return f"-{text}" if value < 0 else text
    return None
