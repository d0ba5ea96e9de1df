"""Rewritings of a program on arrays before it runs; none changes a result beyond its last digits.

A trace never sees them. Functions that a library does not have become their definitions, signs move to where they
cost nothing, and an array that repeats one number becomes that number where the other operands have its shape anyway.
"""

from collections.abc import Sequence

from diffcli.execute.array_functions import needs_definition
from diffcli.execute.array_library import Library
from diffcli.execute.interpreter import outputs
from diffcli.graph.ops import OPS
from diffcli.graph.program import CONSTANT, INPUT, Builder, Graph, Node
from diffcli.graph.shapes import broadcast

MOVES = frozenset(("broadcast", "reshape", "transpose", "index"))
"""Operations that leave an array of equal elements one of equal elements."""


def rewritten(graph: Graph, library: Library) -> Graph:
    """The same program as `library` runs it best."""
    rewriter = Rewriter(library)
    positions: list[int] = []
    for node in graph.nodes:
        positions.append(rewriter.add(node, [positions[argument] for argument in node.args]))
    inputs = [positions[position] for position in graph.inputs]
    results = [positions[position] for position in graph.outputs]
    return rewriter.graph(inputs, results, graph.output_names).pruned()


class Rewriter(Builder):
    """A builder that adds nodes in their better form."""

    def __init__(self, library: Library) -> None:
        """Begin empty."""
        super().__init__()
        self.library = library
        self.repeated: dict[int, int] = {}
        """Arrays of equal elements: the node of the number they repeat."""

    def add(self, node: Node, args: Sequence[int]) -> int:
        """A node of the old program on arguments of the new one."""
        if node.op == INPUT:
            return self.input(node.literal, shape=node.shape)
        if node.op == CONSTANT:
            return self.constant(node.literal)
        if OPS[node.op].is_structural:
            return self._moved(node, args)
        if node.shape and any(argument in self.repeated for argument in args):
            args = self._without_copies(node, args)
        if node.op == "mul" and (x := self._argument_of_slope(*args)) is not None:
            return self._slope_of_sigmoid(x)
        if needs_definition(self.library, node.op):
            return outputs(OPS[node.op].definition_graph(), self, args)[0]
        return self._signed(node.op, *args)

    def _moved(self, node: Node, args: Sequence[int]) -> int:
        position = self.apply(node.op, *args, **dict(node.params))
        if node.op in MOVES and (args[0] in self.repeated or not self.shape(args[0])):
            self.repeated[position] = self.repeated.get(args[0], args[0])
        return position

    def _without_copies(self, node: Node, args: Sequence[int]) -> list[int]:
        """Numbers in place of repeated ones, as long as the result keeps its shape."""
        chosen = list(args)
        for k, argument in enumerate(args):
            fewer = [*chosen[:k], self.repeated.get(argument, argument), *chosen[k + 1 :]]
            if broadcast(*map(self.shape, fewer)) == node.shape:
                chosen = fewer
        return chosen

    def _argument_of_slope(self, *factors: int) -> int | None:
        """The x of sigmoid(x)·sigmoid(−x)."""
        for one, other in (factors, factors[::-1]):
            if self.nodes[one].op == self.nodes[other].op == "sigmoid":
                x, opposite = self.nodes[one].args[0], self.nodes[self.nodes[other].args[0]]
                if opposite == Node("neg", (x,), shape=opposite.shape):
                    return x
        return None

    def _slope_of_sigmoid(self, x: int) -> int:
        """With e = exp(−|x|) it is e/(1 + e)²: one exponential in place of two, and nothing cancels."""
        exponential = self.apply("exp", self.apply("neg", self.apply("abs", x)))
        denominator = self.apply("add", self.constant("1"), exponential)
        return self.apply("div", exponential, self.apply("mul", denominator, denominator))

    def _signed(self, op: str, *args: int) -> int:
        """A sum with −y is a difference, and −(−x) is x, to the last bit."""
        signs = [self.nodes[argument].op == "neg" for argument in args]
        inner = [self.nodes[argument].args[0] if sign else argument for argument, sign in zip(args, signs, strict=True)]
        if op == "neg" and signs[0]:
            return inner[0]
        if op == "add" and signs[1]:
            return self.apply("sub", args[0], inner[1])
        if op == "add" and signs[0]:
            return self.apply("sub", args[1], inner[0])
        if op == "sub" and signs[1]:
            return self.apply("add", args[0], inner[1])
        return self.apply(op, *args)
