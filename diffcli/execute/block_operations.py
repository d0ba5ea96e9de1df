"""A program of numbers rewritten so that every operation is one call of NumPy that can write where it is told to.

Only what runs is rewritten, never what a trace shows: it is optimised, and definitions are put in place of operations
that NumPy lacks.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from diffcli.execute import half_angles
from diffcli.execute.interpreter import evaluate
from diffcli.execute.optimised import Optimiser, with_fewest_operations
from diffcli.execute.special_functions import SPECIAL
from diffcli.graph.ops import OPS
from diffcli.graph.program import Graph

Call = Callable[..., Any]
COMPARISONS: dict[str, np.ufunc] = {
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "eq": np.equal,
    "ne": np.not_equal,
}
UFUNCS: dict[str, np.ufunc] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "neg": np.negative,
    "pow": np.power,
    "round": np.rint,
    "sign": np.sign,
    "cbrt": np.cbrt,
}
"""Operations whose name in NumPy is not that of the table."""
INFINITY = "1e999"
"""A literal too large for a double."""
ONE = np.int8(1)
MANY = 1_000
"""From so many points on several quick calls are quicker than a slow one."""
SMALL, LARGE = 1e-280, 1e300
"""Between these a sum of two squares has all its digits, whatever is lost of the smaller one."""


def call(op: str) -> Call | None:
    """NumPy's function for an operation, which takes `out`; None if there is none."""
    if op == "where":
        return choose
    if op == "hypot":
        return hypotenuse
    if op in SPECIAL:
        return SPECIAL[op]
    name = OPS[op].call("array")
    found = COMPARISONS.get(op) or UFUNCS.get(op)
    if found is None and name:
        known = (getattr(np, alias) for alias in (name, *OPS[op].aliases) if hasattr(np, alias))
        found = next((one for one in known if isinstance(one, np.ufunc)), None)
    return found


def choose(condition: Any, x: Any, y: Any, out: Any = None) -> Any:
    """Elements of x where the condition holds, else of y; the result may lie where y is, not where x is.

    Many are all from one of both, or are chosen by their bits: a processor that has to guess each choice takes several
    times as long when the guesses fail.
    """
    holds = condition if condition.dtype == np.bool_ else condition != 0
    if out is None:
        return np.where(holds, x, y)
    if out.size < MANY or not (x.dtype == y.dtype == np.float64 and holds.shape == out.shape):
        np.copyto(out, y)
        np.copyto(out, x, where=holds)
        return out
    count = np.count_nonzero(holds)
    if count in (0, out.size):
        np.copyto(out, x if count else y)
    else:
        _choose_bits(holds.view(np.int8), x.view(np.int64), y.view(np.int64), out.view(np.int64))
    return out


def _choose_bits(holds: Any, x: Any, y: Any, out: Any) -> None:
    """The bits x ^ ((x ^ y) & mask), which are fewer operations where one of both is 0, as adjoints of branches are."""
    if not (y.shape or y):
        np.bitwise_and(x, np.negative(holds), out=out)
        return
    mask = np.subtract(holds, ONE)  # all bits where it does not hold
    if not (x.shape or x):
        np.bitwise_and(y, mask, out=out)
        return
    mask = mask.astype(np.int64)
    np.bitwise_xor(x, y, out=out)
    np.bitwise_and(out, mask, out=out)
    np.bitwise_xor(out, x, out=out)


def hypotenuse(x: Any, y: Any, out: Any = None) -> Any:
    """The square root of x² + y²; NumPy's own takes several times as long, one number after the other.

    The result may lie neither where x nor where y is.
    """
    if out is None or out.size < MANY:
        return np.hypot(x, y, out=out)
    np.multiply(y, y, out=out)
    np.add(out, x * x, out=out)
    if out.min() > SMALL and out.max() < LARGE:  # neither holds where there is a nan
        return np.sqrt(out, out=out)
    x, y = np.abs(x), np.abs(y)
    larger = np.maximum(x, y)
    np.divide(np.minimum(x, y), larger, out=out)
    np.multiply(out, out, out=out)
    np.add(out, 1.0, out=out)
    np.sqrt(out, out=out)
    np.multiply(out, larger, out=out)
    is_nan = np.isnan(out)
    if is_nan.any():  # two zeros, two infinities, or nan
        np.hypot(x, y, out=out, where=is_nan)
    return out


def as_numbers(mask: Any, out: Any = None) -> Any:
    """1 where it holds, else 0."""
    if out is None:
        return mask.astype(np.float64)
    np.copyto(out, mask)
    return out


def rewritten(graph: Graph, *, by_half_angles: bool = False) -> Graph:
    """The same function of numbers, in operations that have a `call`; sines and cosines by tangents if asked so."""
    return with_fewest_operations(graph, [_Builder(by_half_angles), _Builder(by_half_angles, pulls_signs=True)])


class _Builder(Optimiser):
    """Writes an operation in terms of others where that is quicker or NumPy lacks it."""

    def __init__(self, by_half_angles: bool, *, pulls_signs: bool = False) -> None:
        """Begin empty."""
        super().__init__(pulls_signs=pulls_signs)
        self.by_half_angles = by_half_angles

    def apply(self, op: str, *args: int, **_: Any) -> int:  # numbers have no parameters
        rule = _RULES.get(op)
        found = rule(self, *args) if rule else None
        if found is not None:
            return found
        if call(op) is not None:
            return super().apply(op, *args)
        definition = OPS[op].definition_graph()
        return evaluate(definition, self, args)[definition.outputs[0]]

    def root(self, x: int, y: int) -> int | None:
        """A square root for the power 1/2; x^0.5 is ∞ at −∞ and +0 at −0."""
        if self.value(y) != 0.5:
            return None
        root = self.apply("sqrt", self.apply("add", x, self.number(0.0)))
        is_lowest = self.apply("eq", x, self.constant(f"-{INFINITY}"))
        return self.apply("where", is_lowest, self.constant(INFINITY), root)

    def logistic(self, x: int) -> int:
        """1/(1 + exp(−x)) for positive and exp(x)/(1 + exp(x)) for negative numbers: no exponential overflows."""
        exponential = self.apply("exp", self.apply("neg", self.apply("abs", x)))
        numerator = self.apply("max", exponential, self.apply("ge", x, self.number(0.0)))  # exp(−|x|) is at most 1
        return self.apply("div", numerator, self.apply("add", self.number(1.0), exponential))

    def sine(self, x: int) -> int | None:
        """By the tangent of half the angle, unless it is a literal."""
        return half_angles.sine(self, x) if self.by_half_angles and self.value(x) is None else None

    def cosine(self, x: int) -> int | None:
        """The same."""
        return half_angles.cosine(self, x) if self.by_half_angles and self.value(x) is None else None

    def choice(self, condition: int, x: int, y: int) -> int | None:
        """Any number except 0 holds."""
        if self.nodes[condition].op in COMPARISONS or self.value(condition) is not None:
            return None
        return self.apply("where", self.apply("ne", condition, self.number(0.0)), x, y)


_RULES: dict[str, Callable[..., int | None]] = {
    "pow": _Builder.root,
    "sigmoid": _Builder.logistic,
    "sin": _Builder.sine,
    "cos": _Builder.cosine,
    "where": _Builder.choice,
}
