"""Graph ▶ SymPy: an expression for every output, built so that SymPy stays quick and sees no text of the user.

Symbols carry names of ours. Chains of + and of · become one sum and one product: added one by one, 2000 terms take
SymPy 22 s. A symbol also stands for every node that SymPy need not look into, because its derivative is zero:
subexpressions of constants (sqrt(2/pi), gamma(10^6), 9^9^9), and comparisons, sign, floor, ceil, round.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sympy
from sympy import Expr, Rational, Symbol

from diffcli.execute.interpreter import evaluate, outputs
from diffcli.graph.folding import FoldingBuilder
from diffcli.graph.ops import OPS
from diffcli.graph.program import CONSTANT, INPUT, Builder, Graph, Node
from diffcli.methods.method import GaveUp
from diffcli.methods.sympy_notation import XLogY

LOCALLY_CONSTANT = frozenset(("sign", "floor", "ceil", "round", "lt", "le", "gt", "ge", "eq", "ne"))
MAX_BITS = 2000
"""The size of a number that SymPy may be led to compute exactly, as in (2x)^n = 2^n·x^n."""
FUNCTIONS: dict[str, Callable[..., Expr]] = {
    "exp": sympy.exp,
    "expm1": lambda x: sympy.exp(x) - 1,
    "log": sympy.log,
    "sqrt": sympy.sqrt,
    "sin": sympy.sin,
    "cos": sympy.cos,
    "tan": sympy.tan,
    "sec": sympy.sec,
    "csc": sympy.csc,
    "cot": sympy.cot,
    "asin": sympy.asin,
    "acos": sympy.acos,
    "atan": sympy.atan,
    "atan2": sympy.atan2,
    "sinh": sympy.sinh,
    "cosh": sympy.cosh,
    "tanh": sympy.tanh,
    "asinh": sympy.asinh,
    "acosh": sympy.acosh,
    "atanh": sympy.atanh,
    "softplus": lambda x: sympy.log(1 + sympy.exp(x)),
    "Min": sympy.Min,
    "Max": sympy.Max,
    "erf": sympy.erf,
    "erfc": sympy.erfc,
    "gamma": sympy.gamma,
    "lgamma": sympy.loggamma,
    "digamma": lambda x: sympy.polygamma(0, x),
    "polygamma": sympy.polygamma,
    "xlogy": XLogY,
}
"""What the names in the table of primitives mean; nothing is ever looked up in SymPy by name."""


@dataclass(frozen=True)
class Chain:
    """A sum or a product whose parts are still being collected."""

    combine: Callable[..., Expr]
    parts: list[Expr]


@dataclass(frozen=True)
class KnownPrimitives:
    """Nodes in terms of primitives that SymPy knows, as an arithmetic for the interpreter."""

    builder: FoldingBuilder

    def constant(self, literal: str) -> int:
        """A literal."""
        return self.builder.constant(literal)

    def apply(self, op: str, *args: int, **_: Any) -> int:
        """The primitive itself, or its definition in others."""
        if op in _KNOWN or OPS[op].call("sympy") in FUNCTIONS:
            return Builder.apply(self.builder, op, *args)  # the user's nodes as they are, not folded
        if OPS[op].definition is None:
            raise GaveUp(f"SymPy has no function for {op}")
        return outputs(OPS[op].definition_graph(), self, args)[0]


class Expressions:
    """The outputs of a graph as SymPy expressions."""

    def __init__(self, graph: Graph) -> None:
        """Translate all nodes that the outputs need."""
        self.builder = FoldingBuilder(graph)
        """The nodes of `graph`, and those that are added since."""
        self.meanings: dict[Symbol, int] = {}
        """The node that each symbol stands for."""
        known = evaluate(graph, KnownPrimitives(self.builder), graph.inputs)
        for position in range(len(self.builder.nodes)):
            self.builder.rational(position)  # arguments first, so that no later question has to go deep
        self._expressions: dict[int, Expr | Chain] = {}
        self._translate_all([known[position] for position in graph.outputs])
        self.outputs = tuple(self[known[position]] for position in graph.outputs)

    def __getitem__(self, position: int) -> Expr:
        """The expression of a node."""
        expression = self._expressions[position]
        if isinstance(expression, Chain):
            expression = self._expressions[position] = expression.combine(*expression.parts)
        return expression

    def symbol(self, position: int) -> Symbol:
        """The symbol that stands for a node."""
        symbol = Symbol(f"s{position:06d}", real=True)  # SymPy orders by name
        self.meanings[symbol] = position
        return symbol

    def _translate_all(self, roots: Sequence[int]) -> None:
        nodes = self.builder.nodes
        self._uses = _uses(nodes, roots)
        self._constant: dict[int, bool] = {}
        for position in sorted(self._uses):
            node = nodes[position]
            self._constant[position] = node.op != INPUT and all(self._constant[argument] for argument in node.args)
            self._expressions[position] = self._translated(position, node)

    def _translated(self, position: int, node: Node) -> Expr | Chain:
        if node.op == INPUT or node.op in LOCALLY_CONSTANT:
            return self.symbol(position)
        if self._constant[position]:
            return self._number(position, node)
        if node.op in _CHAINS:
            return self._chain(node)
        if node.op in _STRUCTURES:
            return _STRUCTURES[node.op](self, *node.args)
        return FUNCTIONS[OPS[node.op].call("sympy") or ""](*[self[argument] for argument in node.args])

    def _number(self, position: int, node: Node) -> Expr:
        """A rational exactly; other constants are none of SymPy's business, except pi and e themselves."""
        rational = self.builder.rational(position)
        if rational is not None:
            return Rational(rational.numerator, rational.denominator)
        named = {"pi": sympy.pi, "e": sympy.E}.get(node.literal) if node.op == CONSTANT else None
        return named or self.symbol(position)

    def _chain(self, node: Node) -> Chain:
        """Take over the longer of the two argument's chains if nobody else needs it, and append the other."""
        combine, invert = _CHAINS[node.op]
        if node.op == "neg":
            return Chain(combine, [-self[node.args[0]]])
        left, right = node.args
        if invert is None and len(self._own_chain(right, combine)) > len(self._own_chain(left, combine)):
            left, right = right, left
        parts = self._own_chain(left, combine) or [self[left]]
        parts.append(invert(self[right]) if invert else self[right])
        return Chain(combine, parts)

    def _own_chain(self, position: int, combine: Callable[..., Expr]) -> list[Expr]:
        chain = self._expressions[position]
        mine = isinstance(chain, Chain) and chain.combine is combine and self._uses[position] == 1
        return chain.parts if mine and isinstance(chain, Chain) else []

    def power(self, base: int, exponent: int) -> Expr:
        """A rational exponent stays unknown to SymPy where it would raise a huge number to it."""
        x, y = self[base], self[exponent]
        if isinstance(y, Rational):
            number = x.as_coeff_Mul()[0] if not x.is_Rational else x
            bits = max(int(number.p).bit_length(), int(number.q).bit_length()) - 1
            if bits * abs(y) > MAX_BITS:
                y = self.symbol(exponent)
        return x**y

    def absolute(self, argument: int) -> Expr:
        """|u|, or sign(u)·u where SymPy would fear that u is complex (it does of ln x)."""
        u = self[argument]
        return sympy.Abs(u) if u.is_extended_real else self._sign(argument) * u

    def real_cube_root(self, argument: int) -> Expr:
        """sign(u)·(sign(u)·u)^(1/3)."""
        sign = self._sign(argument)
        return sign * (sign * self[argument]) ** Rational(1, 3)

    def _sign(self, position: int) -> Symbol:
        return self.symbol(self.builder.apply("sign", position))

    def where(self, condition: int, x: int, y: int) -> Expr:
        """A choice by the symbol of the condition, so that SymPy never asks when it holds."""
        chosen = Symbol(f"c{condition:06d}")
        self.meanings[chosen] = condition
        return sympy.Piecewise((self[x], chosen), (self[y], True))


def _uses(nodes: Sequence[Node], roots: Sequence[int]) -> Counter[int]:
    """How often each needed node is used."""
    uses = Counter(roots)
    for position in range(len(nodes) - 1, -1, -1):
        if position in uses:
            uses.update(nodes[position].args)
    return uses


_CHAINS: dict[str, tuple[Callable[..., Expr], Callable[[Expr], Expr] | None]] = {
    "add": (sympy.Add, None),
    "sub": (sympy.Add, lambda x: -x),
    "neg": (sympy.Add, lambda x: -x),
    "mul": (sympy.Mul, None),
    "div": (sympy.Mul, lambda x: 1 / x),
}
_STRUCTURES: dict[str, Callable[..., Expr]] = {
    "pow": Expressions.power,
    "abs": Expressions.absolute,
    "cbrt": Expressions.real_cube_root,
    "where": Expressions.where,
}
_KNOWN = LOCALLY_CONSTANT | _CHAINS.keys() | _STRUCTURES.keys()
