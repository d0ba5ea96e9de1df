"""Graph ▶ SymPy: an expression for every node, built so that SymPy stays quick and sees no text of the user.

Symbols carry names of ours. Chains of + and of · become one sum and one product: added one by one, 2000 terms take
SymPy 22 s. A symbol also stands for every node that SymPy need not look into, because its derivative is zero:
subexpressions of constants (sqrt(2/pi), gamma(10^6), 9^9^9), and comparisons, sign, floor, ceil, round.
"""

from collections.abc import Callable
from dataclasses import dataclass

import sympy
from sympy import Expr, Rational, Symbol

from diffcli.execute.interpreter import evaluate
from diffcli.graph.folding import FoldingBuilder
from diffcli.graph.ops import OPS
from diffcli.graph.program import CONSTANT, INPUT, Graph, Node
from diffcli.methods.method import GaveUp

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
}
"""What the names in the table of primitives mean; nothing is ever looked up in SymPy by name."""


@dataclass
class Chain:
    """A sum or product whose terms are still being collected; `grown` by the node that uses it."""

    combine: Callable[..., Expr]
    parts: list[Expr]


class Expressions:
    """The nodes of one graph as SymPy expressions."""

    def __init__(self, graph: Graph) -> None:
        """Translate all nodes that the outputs need."""
        self.builder = FoldingBuilder(graph)
        self.nodes: dict[Symbol, int] = {}
        """The node that a symbol stands for."""
        outputs = [self._with_definitions(graph)[position] for position in graph.outputs]
        self._uses, self._constant = self._analysed(outputs)
        self._translated: dict[int, Expr | Chain] = {}
        for position in sorted(self._uses):
            self._translated[position] = self._translate(position, self.builder.nodes[position])
        self.outputs = [self.expression(position) for position in outputs]

    def symbol(self, position: int) -> Symbol:
        """The symbol that stands for a node."""
        symbol = Symbol(f"s{position:06d}", real=True)
        self.nodes[symbol] = position
        return symbol

    def expression(self, position: int) -> Expr:
        """The finished expression of a node."""
        translated = self._translated[position]
        if isinstance(translated, Chain):
            translated = self._translated[position] = translated.combine(*translated.parts)
        return translated

    def _with_definitions(self, graph: Graph) -> list[int]:
        """Write out primitives that SymPy has no name for; returns where each node is then."""
        moved: list[int] = []
        for position, node in enumerate(graph.nodes):
            arguments = tuple(moved[argument] for argument in node.args)
            if node.args and not _is_known(node.op):
                moved.append(self._defined(node.op, arguments))
            else:
                moved.append(position if arguments == node.args else self.builder.apply(node.op, *arguments))
        return moved

    def _defined(self, op: str, arguments: tuple[int, ...]) -> int:
        if OPS[op].definition is None:
            raise GaveUp(f"SymPy has no function for {op}")
        definition = OPS[op].definition_graph()
        return evaluate(definition, _Defining(self), arguments)[definition.outputs[0]]

    def apply(self, op: str, *arguments: int) -> int:
        """A node on nodes, in primitives that SymPy knows."""
        return self.builder.apply(op, *arguments) if _is_known(op) else self._defined(op, arguments)
