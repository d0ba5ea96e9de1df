"""The rows of a trace: what each step is called, which rule it applies, and its number."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from diffcli.execute.floats import FLOATS
from diffcli.execute.interpreter import evaluate
from diffcli.graph.folding import FoldingBuilder
from diffcli.graph.numbering import Numbering
from diffcli.graph.ops import OPS
from diffcli.graph.program import Graph
from diffcli.graph.text import ATOM, LATEX, PLAIN, PRETTY, Piece, Style, as_operation, as_rule, pieces, write
from diffcli.methods.forward import tangent_program
from diffcli.methods.reverse import Step, adjoint_program
from diffcli.studies.notation import Notation, StyleName

STYLES: dict[StyleName, Style] = {"unicode": PRETTY, "pretty": PRETTY, "latex": LATEX, "ascii": PLAIN}
TIMES: dict[StyleName, str] = {"unicode": " · ", "pretty": " · ", "latex": r" \cdot ", "ascii": " * "}


class Row(NamedTuple):
    """One line of a trace: name = operation = value."""

    name: str
    operation: str
    value: float


class AdjointRow(NamedTuple):
    """One step of the reverse sweep."""

    name: str
    operation: str
    value: float
    source: str | None = None
    """The adjoint that is handed on; None for the seed."""
    local: float | None = None
    """The value of the local partial."""
    contribution: float | None = None
    accumulated: bool = False


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

    def local(self, source: int, argument: int) -> tuple[Piece, bool]:
        """The local partial in terms of the source's arguments; whether it is 1/(what is written)."""
        node = self.graph.nodes[source]
        partial = OPS[node.op].partial(argument)
        assert partial is not None, "steps exist only along arguments with a partial"
        rule, names = FoldingBuilder(), {}
        arguments = []
        for target in node.args:
            number = self.numbers_in_text.rational(target)
            arguments.append(rule.input(str(target)) if number is None else rule.number(number))
            if number is None:
                names[arguments[-1]] = self.names.get(target) or self.operation(target)
        position = evaluate(partial, rule, arguments)[partial.outputs[0]]
        top = rule.nodes[position]
        is_reciprocal = top.op == "div" and rule.is_literal(top.args[0], "1")
        position = top.args[1] if is_reciprocal else position
        graph = rule.graph((), (position,))
        if position in names:
            return Piece(names[position], ATOM), is_reciprocal
        return pieces(graph, [position], names, as_rule(self.style))[position], is_reciprocal

    def product(self, passed: str, source: int, argument: int) -> str:
        """`passed` times the local partial: v̄3 · cos v0, v̄1/v-1, v̄5 · (−1)."""
        piece, is_reciprocal = self.local(source, argument)
        if is_reciprocal:
            return (
                f"{passed} / {self._factor(piece, above=20)}"
                if not self.style.is_latex
                else rf"\frac{{{passed}}}{{{piece.text}}}"
            )
        return f"{passed}{TIMES[self.notation.style]}{self._factor(piece, above=19)}"

    def condition(self, program: Graph, position: int) -> str:
        """A condition of the derivative program by its name, or written out."""
        return self.names.get(position) or write(program, position, self.names, as_rule(self.style))

    def _factor(self, piece: Piece, above: int) -> str:
        if piece.text.startswith(("-", "−")) or piece.precedence <= above:
            return self.style.parenthesised(piece.bare or piece.text)
        return piece.bare or piece.text


def reverse_rows(
    writer: Writer, output: int, wrt: Sequence[int], point: Sequence[float]
) -> tuple[tuple[AdjointRow, ...], tuple[Row, ...]]:
    """The reverse sweep of one output in the order of computation, and what it found: x̄1 = v̄-1."""
    name = writer.graph.output_names[output]
    program = adjoint_program(writer.graph, writer.graph.outputs[output], wrt)
    values = evaluate(program.graph, FLOATS, point)
    steps = [_adjoint_row(writer, name, program.graph, step, values) for step in program.steps]
    found = [
        Row(
            writer.notation.adjoint_of(writer.graph.nodes[p].literal, name),
            writer.notation.adjoint(p, name),
            values[adjoint],
        )
        for p, adjoint in zip(wrt, program.graph.outputs[1:], strict=True)
    ]
    return (_seed_row(writer, output), *steps), tuple(found)


def _seed_row(writer: Writer, output: int) -> AdjointRow:
    position, name = writer.graph.outputs[output], writer.graph.output_names[output]
    label = writer.numbers.labels.get(position, name)
    seed = "1" if label == name else writer.notation.adjoint_of(name, name)
    return AdjointRow(writer.notation.adjoint_of(label, name), seed, 1.0)


def _adjoint_row(writer: Writer, output: str, program: Graph, step: Step, values: Sequence[float]) -> AdjointRow:
    name, passed = writer.notation.adjoint(step.target, output), writer.notation.adjoint(step.source, output)
    product = writer.product(passed, step.source, step.argument)
    if step.guard is not None:  # what is not used hands nothing back, whatever its partial is
        product = f"where({writer.condition(program, step.guard)}, {product}, 0)"
    operation = f"{name} + {product}" if step.accumulated else product
    return AdjointRow(
        name,
        operation,
        values[step.total],
        passed,
        None if step.local is None else values[step.local],
        values[step.contribution],
        step.accumulated,
    )


def tangent_rows(writer: Writer, seed: int, wrt: Sequence[int], point: Sequence[float]) -> tuple[Row, ...]:
    """The forward sweep with the tangent 1 on the input at position `seed`."""
    program = tangent_program(writer.graph, seed)
    values = evaluate(program.graph, FLOATS, point)
    active = writer.graph.active(wrt)
    rows = []
    for position in writer.numbers.order:
        tangent = program.tangents[position]
        value = 0.0 if tangent is None else values[tangent]
        rows.append(Row(writer.notation.tangent(position), _tangent_operation(writer, position, active), value))
    return tuple(rows)


def _tangent_operation(writer: Writer, position: int, active: Sequence[bool]) -> str:
    """v̇2 = v̇-1 · v0 + v̇0 · v-1, whichever of the tangents are zero for this seed."""
    node, minus = writer.graph.nodes[position], writer.style.symbols.get("sub", " - ").strip()
    text = ""
    for argument, target in enumerate(node.args):
        if not active[target] or OPS[node.op].partial(argument) is None:
            continue
        passed = writer.notation.tangent(target)
        local = writer.local(position, argument)[0].text
        is_negative = local == f"{minus}1"
        term = passed if is_negative or local == "1" else writer.product(passed, position, argument)
        sign = minus if is_negative else "+"
        text += f" {sign} {term}" if text else f"{minus if is_negative else ''}{term}"
    return text or "0"
