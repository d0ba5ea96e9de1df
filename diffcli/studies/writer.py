"""What the steps of a program are called and which rule each applies, in the names of the trace."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from diffcli.execute.interpreter import evaluate
from diffcli.graph.folding import FoldingBuilder
from diffcli.graph.numbering import Numbering
from diffcli.graph.ops import OPS
from diffcli.graph.program import Graph
from diffcli.graph.shapes import Shape, broadcast
from diffcli.graph.style import ELEMENTWISE
from diffcli.graph.text import ATOM, LATEX, PLAIN, PRETTY, Piece, Style, as_operation, as_rule, pieces, write
from diffcli.methods.reverse import Step
from diffcli.studies.array_rules import Operation, copied, summed, written_rule
from diffcli.studies.notation import Notation, StyleName

STYLES: dict[StyleName, Style] = {"unicode": PRETTY, "pretty": PRETTY, "latex": LATEX, "ascii": PLAIN}
TIMES: dict[StyleName, str] = {"unicode": " · ", "pretty": " · ", "latex": r" \cdot ", "ascii": " * "}


class LocalPartial(NamedTuple):
    """A local partial in words."""

    piece: Piece
    is_reciprocal: bool
    """Whether it is 1/(what is written)."""
    is_array: bool


@dataclass(frozen=True)
class Writer:
    """Puts the rows of one graph into words."""

    graph: Graph
    numbers: Numbering
    notation: Notation

    @cached_property
    def numbers_in_text(self) -> FoldingBuilder:
        """Tells which nodes are plain rational numbers: they are written as such."""
        return FoldingBuilder(self.graph)

    @property
    def style(self) -> Style:
        """How mathematics is written in this notation."""
        return STYLES[self.notation.style]

    @cached_property
    def names(self) -> dict[int, str]:
        """What every input and numbered node is called."""
        return {position: self.notation.primal(position) for position in self.numbers.labels}

    def operation(self, position: int) -> str:
        """What a node computes, from the names of its arguments."""
        return write(self.graph, position, self.names, as_operation(self.style))

    def local(self, source: int, argument: int) -> LocalPartial:
        """The local partial in terms of the source's arguments."""
        node = self.graph.nodes[source]
        partial = OPS[node.op].partial(argument)
        assert partial is not None, "steps exist only along arguments with a partial"
        rule, names = FoldingBuilder(), {}
        arguments = []
        for target in node.args:
            number = self.numbers_in_text.rational(target)
            shape = self.graph.nodes[target].shape
            arguments.append(rule.input(str(target), shape=shape) if number is None else rule.number(number))
            if number is None:
                names[arguments[-1]] = self.names.get(target) or self.operation(target)
        position = evaluate(partial, rule, arguments)[partial.outputs[0]]
        top = rule.nodes[position]
        is_reciprocal = top.op == "div" and rule.is_literal(top.args[0], "1")
        position = top.args[1] if is_reciprocal else position
        piece = Piece(names[position], ATOM) if position in names else None
        if piece is None:
            piece = pieces(rule.graph((), (position,)), [position], names, self._rules)[position]
        return LocalPartial(piece, is_reciprocal, bool(rule.shape(position)))

    def product(self, passed: str, source: int, argument: int) -> str:
        """`passed` times the local partial: v̄3 · cos v0, v̄1/v-1, v̄5 · (−1)."""
        piece, is_reciprocal, is_array = self.local(source, argument)
        if is_reciprocal:
            return (
                f"{passed} / {self._factor(piece, above=20)}"
                if not self.style.is_latex
                else rf"\frac{{{passed}}}{{{piece.text}}}"
            )
        times = self.style.symbols.get(ELEMENTWISE) if is_array else None
        return f"{passed}{times or TIMES[self.notation.style]}{self._factor(piece, above=19)}"

    def contribution(self, passed: str, step: Step, program: Graph) -> str:
        """What a step adds to the adjoint of its target: the product, or the rule of an operation on arrays.

        Where the target was broadcast its copies are summed; what is the same for all elements is repeated for them.
        """
        node, goal = self.graph.nodes[step.source], self.graph.nodes[step.target].shape
        if step.local is None:
            piece, shape = self._rule("vjp", step.source, step.argument, passed)
        else:
            piece, shape = Piece(self.product(passed, step.source, step.argument), 20), node.shape
        if step.guard is not None:  # what is not used hands nothing back, whatever its partial is
            piece = Piece(f"where({self.condition(program, step.guard)}, {piece.text}, 0)", ATOM)
        piece = summed(piece, broadcast(shape, goal), goal, self._rules)
        piece = copied(piece, shape, goal, self._times, self._rules)
        return piece.bare or piece.text

    def tangent(self, passed: str, source: int, argument: int) -> str:
        """What the tangent of an argument adds to that of an operation on arrays as a whole."""
        piece, shape = self._rule("jvp", source, argument, passed)
        piece = copied(piece, shape, self.graph.nodes[source].shape, self._times, self._rules)
        return piece.bare or piece.text

    def _rule(self, mode: str, source: int, argument: int, passed: str) -> tuple[Piece, Shape]:
        node = self.graph.nodes[source]
        names = [self.names.get(target) or self.operation(target) for target in node.args]
        shapes = [self.graph.nodes[target].shape for target in node.args]
        return written_rule(Operation(node, self.names[source], names, shapes), mode, argument, passed, self._rules)

    def sum_of(self, left: str, right: str) -> str:
        """Two terms, the second in parentheses where it has a sign."""
        return f"{left} + {self.style.parenthesised(right) if right.startswith(('-', '−')) else right}"

    @property
    def _rules(self) -> Style:
        return as_rule(self.style)

    def _times(self, left: str, right: str) -> str:
        return f"{left}{TIMES[self.notation.style]}{right}"

    def condition(self, program: Graph, position: int) -> str:
        """A condition of the derivative program by its name, or written out."""
        return self.names.get(position) or write(program, position, self.names, as_rule(self.style))

    def _factor(self, piece: Piece, above: int) -> str:
        if piece.text.startswith(("-", "−")) or piece.precedence <= above:
            return self.style.parenthesised(piece.bare or piece.text)
        return piece.bare or piece.text


def tangent_operations(writer: Writer, wrt: Sequence[int]) -> tuple[str, ...]:
    """What every step of a forward sweep computes, in terms of the tangents of all inputs at the positions `wrt`."""
    active = writer.graph.active(wrt)
    return tuple(tangent_operation(writer, position, active) for position in writer.numbers.order)


def tangent_operation(writer: Writer, position: int, active: Sequence[bool]) -> str:
    """v̇2 = v̇-1 · v0 + v̇0 · v-1, whichever of the tangents are zero for this seed."""
    node, minus = writer.graph.nodes[position], writer.style.symbols.get("sub", " - ").strip()
    text = ""
    for argument, target in enumerate(node.args):
        if not active[target] or OPS[node.op].is_constant_in(argument):
            continue
        passed = writer.notation.tangent(target)
        if OPS[node.op].is_structural:
            term = writer.tangent(passed, position, argument)
            text = writer.sum_of(text, term) if text else term
            continue
        local = writer.local(position, argument).piece.text
        is_negative = local == f"{minus}1"
        term = passed if is_negative or local == "1" else writer.product(passed, position, argument)
        sign = minus if is_negative else "+"
        text += f" {sign} {term}" if text else f"{minus if is_negative else ''}{term}"
    return text or "0"
