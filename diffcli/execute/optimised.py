"""The same function of numbers with less to do: what runs, never what a trace shows.

Constants are folded, what changes nothing is left out, signs are taken up by the sum they stand in, and what both the
primal program and the adjoints need is computed once. IEEE 754 allows all of it for every double, infinities, nan and
the sign of zero included: results keep their bits. Small whole powers alone become products, which are the more
accurate. x + 0 stays where x may be −0, 0·x stays always: they change what they seem to repeat.
"""

import math
from collections.abc import Callable, Sequence

from diffcli.execute.floats import FLOATS, function
from diffcli.execute.interpreter import evaluate
from diffcli.graph.program import CONSTANT, INPUT, Builder, Graph, Node

MOST_FACTORS = 4
"""The largest power that is written as a product."""
COMMUTATIVE = frozenset(("add", "mul"))
COMPARISONS = frozenset(("lt", "le", "gt", "ge", "eq", "ne"))
THROUGH = frozenset(("add", "sub", "mul", "div", "neg"))
"""Through so many of these what a condition says is put into its branches: adjoints are chains of them."""
DEPTH = 3
MOST_TRIED = 1_000
"""Nodes up to which a program is written in several ways."""
_NEVER_MINUS_ZERO = frozenset(
    ("exp", "abs", "cosh", "hypot", "sigmoid", "softplus", "lt", "le", "gt", "ge", "eq", "ne")
)


def optimised(graph: Graph) -> Graph:
    """The program as it should run; inputs, outputs and their order stay. Programs of numbers only.

    Nodes that were tried on the way stay too: no output needs them.
    """
    found = _rebuilt(graph, Optimiser())
    if found.operations <= graph.operations:
        return found
    careful = Optimiser()
    careful.looks_into_branches = False
    return _rebuilt(graph, careful)


def _rebuilt(graph: Graph, optimiser: "Optimiser") -> Graph:
    new = dict[int, int]()
    for position, (node, needed) in enumerate(zip(graph.nodes, graph.needed, strict=True)):
        if node.op == INPUT:
            new[position] = optimiser.input(node.literal)
        elif needed and node.op == CONSTANT:
            new[position] = optimiser.constant(node.literal)
        elif needed:
            new[position] = optimiser.apply(node.op, *[new[argument] for argument in node.args])
    inputs = [new[position] for position in graph.inputs]
    return optimiser.graph(inputs, [new[position] for position in graph.outputs], graph.output_names)


def with_fewest_operations(graph: Graph, builders: Sequence["Optimiser"]) -> Graph:
    """The same function of numbers by each of the builders, of which the first suffices for a long program."""
    needed = graph.pruned()
    if len(needed.nodes) > MOST_TRIED:
        builders = builders[:1]
    return min((_evaluated(needed, builder) for builder in builders), key=lambda found: found.operations)


def _evaluated(graph: Graph, builder: "Optimiser") -> Graph:
    inputs = [builder.input(name) for name in graph.variables]
    found = evaluate(graph, builder, inputs)
    return builder.graph(inputs, [found[position] for position in graph.outputs], graph.output_names).pruned()


class Optimiser(Builder):
    """`Builder.apply` that adds the cheapest node with the same value."""

    looks_into_branches = True
    """Whether what a condition says is put into its branches: nodes are written anew that others may use as before."""

    def __init__(self, *, pulls_signs: bool = False) -> None:
        """Begin empty.

        Args:
            pulls_signs: Whether (−x)·y is written −(x·y): a sum may take up the sign, or several results each need one.
        """
        super().__init__()
        self._pulls_signs = pulls_signs
        self._numbers: dict[int, float] = {}

    def apply(self, op: str, *args: int, **_: object) -> int:  # numbers have no parameters
        """The operation `op` on nodes that are already there, or the node that has its value."""
        value = self._folded(op, args)
        if value is not None:
            return self.number(value)
        rule = RULES.get(op)
        found = rule(self, *args) if rule else None
        if found is not None:
            return found
        if op in COMMUTATIVE and args[0] > args[1]:
            args = (args[1], args[0])
        return self._add(Node(op, args), None)

    def _folded(self, op: str, args: Sequence[int]) -> float | None:
        """What the operation gives in every run; an infinity and nan have no literal."""
        values = []
        for argument in args:
            value = self._numbers.get(argument)
            if value is None:
                return None
            values.append(value)
        result = function(op)(*values)
        return result if math.isfinite(result) else None

    def constant(self, literal: str, *_: object) -> int:
        """A constant; two texts of the same double are the same node."""
        value = FLOATS.constant(literal)
        return self.number(value) if math.isfinite(value) else super().constant(literal)

    def number(self, value: float) -> int:
        """A finite double as a node."""
        position = super().constant(repr(value))
        self._numbers[position] = value
        return position

    def value(self, position: int) -> float | None:
        """The double that a node is in every run, if it is one and finite."""
        return self._numbers.get(position)

    def opposite(self, position: int) -> int | None:
        """What stands behind a minus sign."""
        node = self.nodes[position]
        return node.args[0] if node.op == "neg" else None

    def sum(self, x: int, y: int) -> int | None:
        """(−x) + y is y − x, x + (−y) is x − y; x + 0 is x unless x may be −0."""
        for term, other in ((x, y), (y, x)):
            opposite = self.opposite(term)
            if opposite is not None:
                return self.apply("sub", other, opposite)
            if self.value(term) == 0 and (self._is_minus_zero(term) or self._is_never_minus_zero(other)):
                return other
        return self._joined(x, y) if self.looks_into_branches else None

    def _joined(self, x: int, y: int) -> int | None:
        """Two choices on one condition, as adjoints of both branches make them, are one where each adds 0 to a term."""
        for one, other in ((x, y), (y, x)):
            node = self.nodes[one]
            condition = node.args[0] if node.op == "where" else one
            if node.op != "where" or self.nodes[condition].op not in COMPARISONS:
                continue
            branches = [
                [self._given(term, condition, holds=holds, depth=0) for term in (x, y)] for holds in (True, False)
            ]
            is_choice = other == condition or self.nodes[other].args[:1] == (condition,)
            if is_choice and all(any(self.value(term) == 0 for term in terms) for terms in branches):
                return self.apply("where", condition, *[self.apply("add", *terms) for terms in branches])
        return None

    def difference(self, x: int, y: int) -> int | None:
        """The difference x − (−y) is x + y, x − 0 is x."""
        opposite = self.opposite(y)
        if opposite is not None:
            return self.apply("add", x, opposite)
        return x if self.value(y) == 0 and not self._is_minus_zero(y) else None

    def product(self, x: int, y: int) -> int | None:
        """1·x is x, (−1)·x is −x, (−x)·(−y) is x·y, and a number takes up a sign: 2·(−x) is (−2)·x."""
        for factor, other in ((x, y), (y, x)):
            number, opposite = self.value(factor), self.opposite(other)
            if number == 1:
                return other
            if number == -1:
                return self.apply("neg", other)
            if number is not None and opposite is not None:
                return self.apply("mul", self.number(-number), opposite)
        return self._without_signs("mul", x, y)

    def quotient(self, x: int, y: int) -> int | None:
        """Division by ±1 goes, by another power of two is a multiplication; (−x)/(−y) is x/y."""
        divisor = self.value(y)
        if divisor is not None and abs(math.frexp(divisor)[0]) == 0.5 and abs(math.log2(abs(divisor))) < 1000:
            return self.apply("mul", x, self.number(1 / divisor))
        return self._without_signs("div", x, y)

    def _without_signs(self, op: str, x: int, y: int) -> int | None:
        opposites = self.opposite(x), self.opposite(y)
        signs = sum(opposite is not None for opposite in opposites)
        if signs == 0 or (signs == 1 and not self._pulls_signs):
            return None
        result = self.apply(op, *[a if b is None else b for a, b in zip((x, y), opposites, strict=True)])
        return result if signs == 2 else self.apply("neg", result)

    def negative(self, x: int) -> int | None:
        """−(−x) is x."""
        return self.opposite(x)

    def size(self, x: int) -> int | None:
        """|−x| is |x|."""
        opposite = self.opposite(x)
        return None if opposite is None else self.apply("abs", opposite)

    def power(self, x: int, y: int) -> int | None:
        """Products for small whole exponents, and what is divided by them for negative ones."""
        exponent = self.value(y)
        if exponent is None or abs(exponent) > MOST_FACTORS or exponent != int(exponent):
            return None
        if exponent < 0:
            return self.apply("div", self.number(1.0), self.apply("pow", x, self.number(-exponent)))
        square = self.apply("mul", x, x) if exponent > 1 else x
        products = {0: lambda: self.number(1.0), 3: lambda: self.apply("mul", square, x)}
        products[4] = lambda: self.apply("mul", square, square)
        return products.get(int(exponent), lambda: square)()

    def choice(self, condition: int, x: int, y: int) -> int | None:
        """A condition that is known chooses at once, and between two of the same there is nothing to choose."""
        known = self.value(condition)
        if x == y or known:
            return x
        if known is not None:
            return y
        return self._comparison(condition, x, y) if self.nodes[condition].op in COMPARISONS else None

    def _comparison(self, condition: int, x: int, y: int) -> int | None:
        """What is known of a comparison, which is 1 or 0, is put into the branches."""
        opposite = self._negated(condition)
        if opposite is not None:
            return self.apply("where", opposite, y, x)
        if not self.looks_into_branches:
            return None
        if self.value(x) == 1 and self.value(y) == 0 and not self._is_minus_zero(y):
            return condition
        branches = self._given(x, condition, holds=True), self._given(y, condition, holds=False)
        return None if branches == (x, y) else self.apply("where", condition, *branches)

    def _negated(self, condition: int) -> int | None:
        """The comparison of which this says that it does not hold: its number is 0."""
        node = self.nodes[condition]
        is_negation = node.op == "eq" and self.value(node.args[1]) == 0 and self.nodes[node.args[0]].op in COMPARISONS
        return node.args[0] if is_negation else None

    def _given(self, position: int, condition: int, *, holds: bool, depth: int = DEPTH) -> int:
        """The node that has the same value wherever a comparison holds, or does not."""
        if position == condition:
            return self.number(float(holds))
        node = self.nodes[position]
        if node.op == "where" and node.args[0] == condition:
            return self._given(node.args[1 if holds else 2], condition, holds=holds, depth=depth)
        if not depth or node.op not in THROUGH:
            return position
        args = [self._given(argument, condition, holds=holds, depth=depth - 1) for argument in node.args]
        return position if args == list(node.args) else self.apply(node.op, *args)

    def _is_minus_zero(self, position: int) -> bool:
        value = self.value(position)
        return value == 0 and math.copysign(1.0, value) < 0

    def _is_never_minus_zero(self, position: int) -> bool:
        """Whether the sign of zero need not be kept; a sum is −0 only if both of its terms are."""
        value = self.value(position)
        if value is not None:
            return not self._is_minus_zero(position)
        node = self.nodes[position]
        return node.op in _NEVER_MINUS_ZERO or (node.op == "mul" and node.args[0] == node.args[1])


RULES: dict[str, Callable[..., int | None]] = {
    "add": Optimiser.sum,
    "sub": Optimiser.difference,
    "mul": Optimiser.product,
    "div": Optimiser.quotient,
    "neg": Optimiser.negative,
    "abs": Optimiser.size,
    "pow": Optimiser.power,
    "where": Optimiser.choice,
}
