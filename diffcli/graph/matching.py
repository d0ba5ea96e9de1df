"""Whether a part of a program has the form of a formula: nodes are compared, never text.

Factors and terms may stand in either order, a + (−b) is a − b, u·u is u^2, 1.0 is 1.
"""

from collections.abc import Iterable, Iterator, Mapping

from diffcli.graph.folding import FoldingBuilder
from diffcli.graph.program import CONSTANT, INPUT, Graph

Bindings = Mapping[int, int]
"""For placeholders of the pattern the nodes that stand for them."""
COMMUTATIVE = frozenset(("add", "mul"))


class Matcher:
    """Compares parts of one program with patterns."""

    def __init__(self, graph: Graph) -> None:
        """Look at every node once."""
        self._nodes = graph.nodes
        self._numbers = FoldingBuilder(graph)

    def matches(self, pattern: Graph, position: int) -> Iterator[Bindings]:
        """Every way in which the node has the form of the pattern, a small graph with one output."""
        return self._same(pattern, FoldingBuilder(pattern), pattern.outputs[0], position, {})

    def _same(
        self, pattern: Graph, numbers: FoldingBuilder, wanted: int, position: int, bound: Bindings
    ) -> Iterator[Bindings]:
        """As deep as the pattern, which is small."""
        node, target = pattern.nodes[wanted], self._nodes[position]
        if node.op == INPUT:
            if bound.get(wanted, position) == position:
                yield {**bound, wanted: position}
            return
        if node.op == CONSTANT:
            number = numbers.rational(wanted)
            is_same = target.literal == node.literal if number is None else number == self._numbers.rational(position)
            if is_same:
                yield bound
            return
        if node.op == "pow" and numbers.rational(node.args[1]) == 2 and self._is_square(position):
            yield from self._same(pattern, numbers, node.args[0], target.args[0], bound)
        for pairs in self._pairs(node.op, node.args, position):
            yield from self._all(pattern, numbers, list(pairs), bound)

    def _all(
        self, pattern: Graph, numbers: FoldingBuilder, pairs: list[tuple[int, int]], bound: Bindings
    ) -> Iterator[Bindings]:
        if not pairs:
            yield bound
            return
        (wanted, position), *rest = pairs
        for found in self._same(pattern, numbers, wanted, position, bound):
            yield from self._all(pattern, numbers, rest, found)

    def _pairs(self, op: str, wanted: tuple[int, ...], position: int) -> Iterator[Iterable[tuple[int, int]]]:
        """The ways to read a node as the operation `op`: which argument of the pattern each of its own may be."""
        node = self._nodes[position]
        if node.op == op:
            yield zip(wanted, node.args, strict=True)
            if op in COMMUTATIVE:
                yield zip(wanted, node.args[::-1], strict=True)
        elif op == "sub" and node.op == "add":
            for first, second in (node.args, node.args[::-1]):
                if self._nodes[second].op == "neg":
                    yield zip(wanted, (first, self._nodes[second].args[0]), strict=True)

    def _is_square(self, position: int) -> bool:
        node = self._nodes[position]
        return node.op == "mul" and node.args[0] == node.args[1]
