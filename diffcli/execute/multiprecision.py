"""As many digits as asked for, by mpmath: the arithmetic of the judge and of the tests of the table's rows.

Nothing here raises. What has no finite real value becomes an `Undefined` that says why and travels through every
operation except the branch that `where` does not take. Rounding never answers a question of yes or no: a sum that is
zero within the rounding of its terms becomes an exact zero, a number within rounding of one at which a primitive is
special becomes that number, and `unsettled` tells the caller to ask again with more digits.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from diffcli.execute.interpreter import outputs
from diffcli.execute.magnitudes import (
    BITS_PER_DIGIT,
    LEAVES,
    MAX_BITS,
    MAX_EXPONENT,
    MAX_LITERAL,
    MIN_BITS,
    VANISHES,
    Undefined,
    binary_exponent,
    decimal_digits,
)
from diffcli.execute.multiprecision_functions import FUNCTIONS
from diffcli.graph.ops import OPS

Function = Callable[..., Any]


class Multiprecision:
    """Arithmetic with a settable number of digits for the interpreter; a number is an mpmath `mpf` or `Undefined`."""

    def __init__(self, digits: int = 60) -> None:
        """Begin with a context of its own: mpmath's global precision is not touched."""
        from mpmath import MPContext

        self.context: Any = MPContext()
        self.unsettled = False
        """Whether rounding has been interpreted since this was last set to False."""
        self.hidden = 0
        """Digits by which a value such as tanh(100) differs from 1: no exponent shows them."""
        self._functions: dict[str, Function] = {}
        self.set_digits(digits)

    def set_digits(self, digits: int, slack: int = 6) -> None:
        """Work with `digits` decimal digits, of which the last `slack` may be rounding error."""
        self.digits = digits
        self.context.prec = int(digits * BITS_PER_DIGIT) + 1
        self.reach: int = self.context.prec - int(slack * BITS_PER_DIGIT)
        """Binary digits that are right."""
        self.zero, self.one = self.context.mpf(0), self.context.mpf(1)

    def constant(self, literal: str) -> Any:
        """The number a literal stands for, rounded to the working precision."""
        if literal in ("pi", "e"):
            return +getattr(self.context, literal)
        mantissa, _, exponent = literal.lower().partition("e")
        if len(mantissa) > MAX_LITERAL or len(exponent) > 19 or abs(int(exponent or 0)) > MAX_EXPONENT:
            return Undefined("constant", "limit", "a literal has too many digits or too large an exponent")
        return self.context.mpf(literal)

    def rational(self, value: Fraction) -> Any:
        """A rational number, rounded once."""
        return self.context.mpf(value.numerator) / value.denominator

    def apply(self, op: str, *args: Any) -> Any:
        """The primitive `op`; never raises."""
        if op == "where":
            condition, x, y = args
            return condition if type(condition) is Undefined else x if condition else y
        for argument in args:
            if type(argument) is Undefined:
                return argument
        if op not in _ENTIRE:
            args = self.settled(op, args)
            singularity = OPS[op].singular(*args)
            if singularity is not None and singularity.kind in ("outside", "pole"):
                return Undefined(op, singularity.kind, singularity.where, args)
        result = (self._functions.get(op) or self._function(op))(*args)
        if type(result) is Undefined or MIN_BITS <= binary_exponent(result) <= MAX_BITS:
            return result
        return Undefined(op, "limit", LEAVES if abs(result) > 1 else VANISHES, args)

    def settled(self, op: str, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments; those within rounding of a value at which `op` is special are put on that value."""
        if op in _SPECIAL_AT_INTEGERS:
            return tuple(self.near(x, self.context.nint(x)) for x in args)
        if op in _SPECIAL_AT_TIES:
            return (args[0], self.near(args[1], args[0]))
        if op == "round":
            return (self.near(2 * args[0], self.context.nint(2 * args[0])) / 2,)
        if op == "pow" and args[0] <= 0:
            return (args[0], self.near(args[1], self.context.nint(args[1])))
        return args

    def near(self, x: Any, special: Any) -> Any:
        """`special` if x lies within rounding of it, else x."""
        if x != special and self.is_negligible(x - special, x):
            self.unsettled = True
            return special
        return x

    def is_negligible(self, small: Any, large: Any) -> bool:
        """Whether `small` is zero within the rounding of `large`."""
        return bool(large) and (not small or binary_exponent(small) < binary_exponent(large) - self.reach)

    def add(self, x: Any, y: Any) -> Any:
        """The sum, an exact zero where all digits cancel."""
        return self._after_cancellation(x + y, x)

    def subtract(self, x: Any, y: Any) -> Any:
        """The difference, an exact zero where all digits cancel; x − x is 0 beyond doubt."""
        return self.zero if x is y else self._after_cancellation(x - y, x)

    def _after_cancellation(self, z: Any, x: Any) -> Any:
        if self.is_negligible(z, x):
            self.unsettled = True
            return self.zero
        return z

    def saturates(self, digits: float) -> None:
        """Note that a result differs from a constant by 10^-digits only."""
        if digits > self.hidden:
            self.hidden = int(min(digits, MAX_EXPONENT))

    def agreeing_digits(self, x: Any, y: Any) -> int:
        """How many leading decimal digits of two numbers agree, at most the working digits."""
        difference = x - y
        if not difference:
            return self.digits
        digits = decimal_digits(binary_exponent(y) - 1 - binary_exponent(difference)) if y else 0
        return max(0, min(self.digits, digits))

    def decimal(self, value: Any, digits: int) -> str:
        """The value as decimal text, rounded to `digits` significant digits, without trailing zeros."""
        text: str = self.context.nstr(value, digits, min_fixed=-5, max_fixed=digits)
        return text.replace(".0e", "e").removesuffix(".0")

    def _function(self, op: str) -> Function:
        name = OPS[op].call("mpmath")
        if op in FUNCTIONS:
            function = FUNCTIONS[op](self)
        elif name:
            function = getattr(self.context, name)
        else:
            definition = OPS[op].definition_graph()

            def function(*args: Any) -> Any:
                return outputs(definition, self, args)[0]

        self._functions[op] = function
        return function


_ENTIRE = frozenset(
    (
        "add",
        "sub",
        "mul",
        "neg",
        "exp",
        "expm1",
        "sin",
        "cos",
        "tan",
        "tanh",
        "sinh",
        "cosh",
        "atan",
        "asinh",
        "erf",
        "erfc",
    )
)
"""Without special points that the table tells from the arguments."""
_SPECIAL_AT_INTEGERS = frozenset(
    (
        "floor", "ceil", "gamma", "lgamma", "digamma", "polygamma", "asin", "acos", "acosh", "atanh",
        "ln", "log1p", "log2", "log10",
    )
)  # fmt: skip
_SPECIAL_AT_TIES = frozenset(("lt", "le", "gt", "ge", "eq", "ne", "min", "max"))
