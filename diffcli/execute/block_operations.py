"""A program of numbers rewritten so that every operation is one call of NumPy that can write where it is told to.

Only what runs is rewritten, never what a trace shows: definitions are put in place of operations that NumPy lacks,
small whole powers become products, and a sign is taken up by the sum it stands in.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from diffcli.execute import half_angles
from diffcli.execute.array_functions import SPECIAL
from diffcli.execute.floats import FLOATS, function
from diffcli.execute.interpreter import evaluate
from diffcli.graph.ops import OPS
from diffcli.graph.program import CONSTANT, Builder, Graph

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
MOST_FACTORS = 4


def call(op: str) -> Call | None:
    """NumPy's function for an operation, which takes `out`; None if there is none."""
    if op == "where":
        return choose
    if op in SPECIAL:
        return _one_by_one(op)
    name = OPS[op].call("array")
    found = COMPARISONS.get(op) or UFUNCS.get(op)
    if found is None and name:
        known = (getattr(np, alias) for alias in (name, *OPS[op].aliases) if hasattr(np, alias))
        found = next((one for one in known if isinstance(one, np.ufunc)), None)
    return found


def choose(condition: Any, x: Any, y: Any, out: Any = None) -> Any:
    """Elements of x where the condition holds, else of y; the result may lie where y is, not where x is."""
    holds = condition if condition.dtype == np.bool_ else condition != 0
    if out is None:
        return np.where(holds, x, y)
    np.copyto(out, y)
    np.copyto(out, x, where=holds)
    return out


def as_numbers(mask: Any, out: Any = None) -> Any:
    """1 where it holds, else 0."""
    if out is None:
        return mask.astype(np.float64)
    np.copyto(out, mask)
    return out


def _one_by_one(op: str) -> Call:
    """A special function that NumPy lacks, element by element."""
    one = function(op)
    each = np.frompyfunc(lambda *args: one(*map(float, args)), OPS[op].arity, 1)

    def run(*args: Any, out: Any = None) -> Any:
        if out is None:
            return np.asarray(each(*args), dtype=np.float64)
        out[...] = each(*args)
        return out

    return run


def rewritten(graph: Graph, *, by_half_angles: bool = False) -> Graph:
    """The same function of numbers, in operations that have a `call`; sines and cosines by tangents if asked so."""
    needed = graph.pruned()
    builder = _Builder()
    builder.by_half_angles = by_half_angles
    inputs = [builder.input(name) for name in needed.variables]
    found = evaluate(needed, builder, inputs)
    return builder.graph(inputs, [found[position] for position in needed.outputs], needed.output_names).pruned()


class _Builder(Builder):
    """`Builder.apply` that writes an operation in terms of others where that is quicker or NumPy lacks it."""

    by_half_angles = False

    def apply(self, op: str, *args: int, **_: Any) -> int:  # numbers have no parameters
        rule = _RULES.get(op)
        found = rule(self, *args) if rule else None
        if found is not None:
            return found
        if call(op) is not None:
            return super().apply(op, *args)
        definition = OPS[op].definition_graph()
        return evaluate(definition, self, args)[definition.outputs[0]]

    def number(self, position: int) -> float | None:
        """The value of a literal, also with a sign."""
        node = self.nodes[position]
        if node.op == "neg" and self.nodes[node.args[0]].op == CONSTANT:
            return -FLOATS.constant(self.nodes[node.args[0]].literal)
        return FLOATS.constant(node.literal) if node.op == CONSTANT else None

    def positive(self, position: int) -> int | None:
        """What stands behind a minus sign."""
        node = self.nodes[position]
        return node.args[0] if node.op == "neg" else None

    def sum(self, x: int, y: int) -> int | None:
        """(−x) + y is y − x, and x + (−y) is x − y, to the last bit."""
        first, second = self.positive(x), self.positive(y)
        if second is not None:
            return self.apply("sub", x, second)
        return None if first is None else self.apply("sub", y, first)

    def difference(self, x: int, y: int) -> int | None:
        """The difference x − (−y) is x + y."""
        second = self.positive(y)
        return None if second is None else self.apply("add", x, second)

    def size(self, x: int) -> int | None:
        """|−x| is |x|."""
        inner = self.positive(x)
        return None if inner is None else self.apply("abs", inner)

    def power(self, x: int, y: int) -> int | None:
        """Products for small whole exponents, a square root for 1/2; x^0.5 is ∞ at −∞ and +0 at −0."""
        exponent = self.number(y)
        if exponent == 0.5:
            root = self.apply("sqrt", super().apply("add", x, self.constant("0")))
            is_lowest = self.apply("eq", x, self.constant(f"-{INFINITY}"))
            return self.apply("where", is_lowest, self.constant(INFINITY), root)
        if exponent is None or exponent == 0 or abs(exponent) > MOST_FACTORS or exponent != int(exponent):
            return None
        product, factors = self._product(x, abs(int(exponent))), exponent
        return product if factors > 0 else self.apply("div", self.constant("1"), product)

    def _product(self, x: int, factors: int) -> int:
        if factors < 2:
            return x
        square = self.apply("mul", x, x)
        return (
            self.apply("mul", square, self._product(x, factors - 2))
            if factors == 3
            else (square if factors == 2 else self.apply("mul", square, square))
        )

    def logistic(self, x: int) -> int:
        """1/(1 + exp(−x)) for positive and exp(x)/(1 + exp(x)) for negative numbers: no exponential overflows."""
        one = self.constant("1")
        exponential = self.apply("exp", self.apply("neg", self.apply("abs", x)))
        numerator = self.apply("where", self.apply("lt", x, self.constant("0")), exponential, one)
        return self.apply("div", numerator, self.apply("add", one, exponential))

    def sine(self, x: int) -> int | None:
        """By the tangent of half the angle, unless it is a literal."""
        return half_angles.sine(self, x) if self.by_half_angles and self.number(x) is None else None

    def cosine(self, x: int) -> int | None:
        """The same."""
        return half_angles.cosine(self, x) if self.by_half_angles and self.number(x) is None else None

    def choice(self, condition: int, x: int, y: int) -> int | None:
        """Any number except 0 holds."""
        if self.nodes[condition].op in COMPARISONS:
            return None
        return self.apply("where", self.apply("ne", condition, self.constant("0")), x, y)


_RULES: dict[str, Callable[..., int | None]] = {
    "add": _Builder.sum,
    "sub": _Builder.difference,
    "abs": _Builder.size,
    "pow": _Builder.power,
    "sigmoid": _Builder.logistic,
    "sin": _Builder.sine,
    "cos": _Builder.cosine,
    "where": _Builder.choice,
}
