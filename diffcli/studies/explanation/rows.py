"""What the steps of a program are called in an explanation: as in the trace, or for formulas as they are written."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from diffcli.graph.numbering import numbering
from diffcli.graph.program import Graph
from diffcli.graph.text import PRETTY, names_of, write
from diffcli.methods.forward import tangent_program
from diffcli.methods.reverse import AdjointProgram, adjoint_program
from diffcli.studies.notation import Notation
from diffcli.studies.values import tidied
from diffcli.studies.writer import Writer, tangent_operation

LONGEST = 60
"""Characters of an operation."""


class Named(NamedTuple):
    """A row of a trace, or a part of a formula."""

    row: str | None
    """v4, v̄-1, v̇3; None for a part of a formula."""
    operation: str
    is_whole: bool = True
    """Whether the node is what the row computes, not a part of that."""

    @property
    def equation(self) -> str:
        """v4 = v3 − 1."""
        return f"{self.row} = {self.operation}" if self.row else self.operation


@dataclass(frozen=True)
class Rows:
    """Names the nodes of a program and of its derivative programs, which begin with the same nodes."""

    graph: Graph
    wrt: Sequence[int]
    is_numbered: bool = True
    """Whether its trace has the numbers of these nodes: programs on arrays that are written out have none."""
    _adjoints: dict[int, AdjointProgram] = field(default_factory=dict)

    @cached_property
    def _writer(self) -> Writer:
        numbers = numbering(self.graph)
        return Writer(self.graph, numbers, Notation(numbers, "unicode", "bar"))

    def name(self, position: int) -> str:
        """What an argument is called: a row of the trace, a variable or a constant."""
        if self.is_numbered and self.graph.nodes[position].args:
            return self._writer.names.get(position) or self.written(self.graph, position)
        return self.written(self.graph, position)

    def primal(self, position: int) -> Named:
        """A node of the program itself."""
        if not self.is_numbered or position not in self._writer.names:
            return Named(None, self.written(self.graph, position))
        return Named(self._writer.names[position], _short(self._writer.operation(position)))

    def in_formulas(self, formulas: Graph, position: int) -> Named:
        """A node of the formulas that the symbolic method found."""
        if position < len(self.graph.nodes):
            return self.primal(position)
        return Named(None, self.written(formulas, position))

    def adjoint_program(self, output: int) -> AdjointProgram:
        """The reverse sweep of the output with this number."""
        if output not in self._adjoints:
            self._adjoints[output] = adjoint_program(self.graph, self.graph.outputs[output], self.wrt)
        return self._adjoints[output]

    def in_adjoint(self, output: int, position: int) -> Named:
        """A node of the reverse sweep: the row that computes it."""
        program, name = self.adjoint_program(output), self.graph.output_names[output]
        if position < len(self.graph.nodes):
            return self.primal(position)
        step = next((s for s in program.steps if position <= max(s.contribution, s.total)), None)
        if step is None or not self.is_numbered:
            return Named(None, self.written(program.graph, position))
        notation = self._writer.notation
        target, passed = notation.adjoint(step.target, name), notation.adjoint(step.source, name)
        operation = self._writer.contribution(passed, step, program.graph)
        operation = self._writer.sum_of(target, operation) if step.accumulated else operation
        return Named(target, _short(operation), is_whole=position == step.total)

    def in_tangent(self, seed: int, position: int) -> Named:
        """A node of the forward sweep from the input at `seed`: the row that computes it."""
        if position < len(self.graph.nodes):
            return self.primal(position)
        program = tangent_program(self.graph, seed)
        known = [(tangent, p) for p, tangent in enumerate(program.tangents) if tangent is not None]
        row = min(((tangent, p) for tangent, p in known if tangent >= position), default=None)
        if row is None or not self.is_numbered or row[1] not in self._writer.names:
            return Named(None, self.written(program.graph, position))
        active = self.graph.active([seed])
        operation = tangent_operation(self._writer, row[1], active)
        return Named(self._writer.notation.tangent(row[1]), _short(operation), is_whole=position == row[0])

    def written(self, graph: Graph, position: int) -> str:
        """A node of any of the programs in terms of the variables."""
        return _short(write(graph, position, names_of(graph, PRETTY), PRETTY))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + " …"


def shown(value: float) -> str:
    """A double in all its digits, with a true minus sign."""
    return tidied(repr(value)).replace("-", "−", 1) if value < 0 else tidied(repr(value))
