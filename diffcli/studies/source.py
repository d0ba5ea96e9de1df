"""The program of values or derivatives as straight lines, ready to be written in any language.

A line is a name, the operation behind it in terms of earlier names, and the rule of the trace that it follows. The
lines are the rows of the traces in the order in which they are computed. What a derivative needs twice and no row
of the trace names gets a line of its own: t1, t2, …

Names are symbols, never identifiers of a language: "x1" and "v5", "v5 bar" for an adjoint, "v5 dot" for a tangent.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from diffcli.graph.folding import FoldingBuilder
from diffcli.graph.numbering import numbering
from diffcli.graph.program import INPUT, Builder, Graph
from diffcli.graph.text import PLAIN, as_rule, program_text, write
from diffcli.methods.forward import directional_program
from diffcli.methods.reverse import Step, adjoint_program
from diffcli.studies.notation import Notation, StyleName
from diffcli.studies.writer import Writer, tangent_operation

if TYPE_CHECKING:
    from fractions import Fraction

Mode = Literal["primal", "forward", "reverse"]
BAR, DOT = " bar", " dot"
"""What follows the name of a node in the symbol of its adjoint and its tangent; no name of the user has a space."""

DEEPEST = 8
"""Operations within operations on one line: languages limit how deeply parentheses nest."""


class Line(NamedTuple):
    """One line: `symbol` becomes the value of `expression`, or grows by it."""

    symbol: str
    expression: Graph
    """Its inputs are named by symbols of earlier lines."""
    name: str
    """What the symbol is called in the trace."""
    rule: str
    """The rule in the words of the trace."""
    adds: bool = False
    is_seed: bool = False
    """Whether it is the 1 that a sweep starts from."""


class Procedure(NamedTuple):
    """One sweep."""

    about: str
    """The variable it differentiates by (forward mode) or the output it differentiates (reverse mode)."""
    lines: tuple[Line, ...]
    values: tuple[Graph, ...]
    """The outputs, each an expression like that of a line."""
    derivatives: tuple[Graph, ...]
    """By each variable asked for (reverse mode), or of each output (forward mode)."""


class SourceListing(NamedTuple):
    """A program of values or derivatives, in no language yet."""

    mode: Mode
    expression: str
    """As read."""
    variables: tuple[str, ...]
    trace_names: tuple[str, ...]
    """What the trace calls them: v₋₁, v₀."""
    wrt: tuple[str, ...]
    outputs: tuple[str, ...]
    procedures: tuple[Procedure, ...]
    point: tuple[float, ...] = ()
    """Where the program is to be run, if that was said."""


def source_listing(
    graph: Graph,
    mode: Mode,
    wrt: Sequence[int] | None = None,
    *,
    style: StyleName = "pretty",
    point: Sequence[Any] = (),
    written: Graph | None = None,
) -> SourceListing:
    """The lines of a program on numbers: its values, or with its derivatives by the inputs at the positions `wrt`.

    `written` is the program as the listing shows it, where `graph` is another form of it.
    """
    assert graph.is_scalar, "programs on arrays are written out in numbers first"
    numbers = numbering(graph)
    writer = Writer(graph, numbers, Notation(numbers, style))
    chosen = tuple(graph.inputs if wrt is None else wrt)
    return SourceListing(
        mode,
        program_text(written or graph, PLAIN),
        graph.variables,
        tuple(writer.notation.primal(position) for position in graph.inputs),
        tuple(graph.nodes[position].literal for position in chosen),
        graph.output_names,
        tuple(_procedures(writer, mode, chosen)),
        tuple(map(float, point)),
    )


def _procedures(writer: Writer, mode: Mode, wrt: Sequence[int]) -> Iterator[Procedure]:
    graph = writer.graph
    if mode == "primal":
        yield _primal(writer)
    elif mode == "forward":
        yield from (_forward(writer, seed) for seed in wrt)
    else:
        yield from (_reverse(writer, number, wrt) for number in range(len(graph.outputs)))


class _Lines:
    """Lines under construction: what each node of `program` is called so far, and what has been written."""

    def __init__(self, writer: Writer, program: Graph) -> None:
        self.writer, self.program = writer, program
        self.lines: list[Line] = []
        self.symbols = dict(zip(writer.graph.inputs, writer.graph.variables, strict=True))
        self._known = dict(self.symbols)
        for position in writer.numbers.order:
            self.symbols[position] = writer.numbers.labels[position]
        users = [node for node, needed in zip(program.nodes, program.needed, strict=True) if needed]
        self._uses = Counter(argument for node in users for argument in set(node.args))
        self._written: set[str] = set()
        self._numbers = FoldingBuilder(writer.graph)
        self._shared = 0
        self._letter = _free_letter((*self.symbols.values(), *writer.graph.output_names))

    def keep(self, positions: Iterable[int]) -> None:
        """Give lines of their own to nodes that many lines refer to."""
        self._uses.update(list(positions) * 2)

    def primal(self, position: int) -> None:
        """The line of a node of the primal program, if something needs it."""
        if self.program.needed[position]:
            operation = self.writer.operation(position)
            self.add(self.symbols[position], position, self.writer.names[position], operation)

    def all_primal(self) -> None:
        """The lines of the whole primal program."""
        for position in self.writer.numbers.order:
            self.primal(position)

    def seed(self, symbol: str, position: int, name: str) -> None:
        """The line v̄5 = 1, for an input of the program that is given here."""
        one = Builder()
        self.lines.append(Line(symbol, one.graph((), [one.constant("1")]), name, "1", is_seed=True))
        self._known[position] = symbol
        self._written.add(symbol)

    def add(self, symbol: str, position: int, name: str, rule: str, *, total: int | None = None) -> None:
        """A line that computes the node at `position`; with `total`, its sum with what the symbol was before."""
        self._share(position)
        is_derived = position >= len(self.writer.graph.nodes) or symbol.endswith((BAR, DOT))
        expression, adds = (
            self.expression(position, is_derived=is_derived),
            total is not None and symbol in self._written,
        )
        if adds:
            self._known = {node: known for node, known in self._known.items() if known != symbol}
        result = position if total is None else total
        if self.program.nodes[result].args:
            self._known.setdefault(result, symbol)
        self._written.add(symbol)
        self.lines.append(Line(symbol, expression, name, rule, adds))

    def prefer(self, position: int | None, symbol: str) -> None:
        """Where several names stand for one node, the one that the rule of the next line has."""
        if symbol in self._written and position in self._known:
            self._known[position] = symbol

    def expression(self, position: int, *, is_derived: bool = False) -> Graph:
        """A node in terms of what has a name; itself, if it has one.

        Derivatives know exactly what is a rational number in the text: in them 0.1 + 0.2 - 0.3 is 0.
        """
        folding, new = FoldingBuilder(), dict[int, int]()
        builder = folding if is_derived else Builder()
        for part in self._parts(position):
            node = self.program.nodes[part]
            number = self._rational(part) if is_derived and node.args else None
            if number is not None:
                new[part] = folding.number(number)
            elif part in self._known:
                new[part] = builder.input(self._known[part])
            elif node.args:
                new[part] = builder.apply(node.op, *[new[argument] for argument in node.args])
            else:
                new[part] = builder.constant(node.literal)
        graph = builder.graph((), [new[position]])
        inputs = [place for place, node in enumerate(graph.nodes) if node.op == INPUT and graph.needed[place]]
        return replace(graph, inputs=tuple(inputs))

    def _rational(self, position: int) -> "Fraction | None":
        return self._numbers.rational(position) if position < len(self.writer.graph.nodes) else None

    def _parts(self, position: int) -> list[int]:
        """The nodes of an expression, arguments first."""
        found, pending = set[int](), [position]
        while pending:
            part = pending.pop()
            if part not in found:
                found.add(part)
                pending.extend(() if part in self._known else self.program.nodes[part].args)
        return sorted(found)

    def _share(self, position: int) -> None:
        """Lines for the operations within a node that are needed more than once or nest too deeply."""
        depth = dict[int, int]()
        for part in self._parts(position)[:-1]:
            args = self.program.nodes[part].args
            depth[part] = 1 + max((depth.get(argument, 0) for argument in args), default=0)
            if part not in self._known and args and (self._uses[part] > 1 or depth[part] > DEEPEST):
                depth[part] = 0
                self._shared += 1
                symbol = f"{self._letter}{self._shared} shared"
                names = {**self.writer.names, **self._shared_names()}
                rule = write(self.program, part, names, as_rule(self.writer.style))
                self.lines.append(Line(symbol, self.expression(part), symbol.partition(" ")[0], rule))
                self._known[part] = symbol

    def _shared_names(self) -> dict[int, str]:
        return {
            position: symbol.partition(" ")[0] for position, symbol in self._known.items() if symbol.endswith("shared")
        }

    def finished(self, about: str, values: Sequence[int], derivatives: Sequence[int]) -> Procedure:
        """The procedure, which gives back these nodes."""
        return Procedure(
            about, tuple(self.lines), tuple(map(self.expression, values)), tuple(map(self.expression, derivatives))
        )


def _free_letter(taken: Sequence[str]) -> str:
    """The letter t, or with underscores if the user has names such as t1."""
    return next(t for t in ("t" + "_" * k for k in count()) if not any(re.fullmatch(rf"{t}\d+", x) for x in taken))


def _primal(writer: Writer) -> Procedure:
    lines = _Lines(writer, writer.graph)
    lines.all_primal()
    return lines.finished("", writer.graph.outputs, ())


def _forward(writer: Writer, seed: int) -> Procedure:
    """One sweep of forward mode: each node with its tangent, for the tangent 1 on one input."""
    graph, notation = writer.graph, writer.notation
    program = directional_program(graph, [seed])
    lines, active = _Lines(writer, program.graph), graph.active([seed])
    lines.seed(graph.nodes[seed].literal + DOT, program.graph.inputs[-1], notation.tangent(seed))
    for position in writer.numbers.order:
        lines.primal(position)
        tangent = program.tangents[position]
        if tangent is not None and program.graph.needed[tangent]:
            for argument in graph.nodes[position].args:
                lines.prefer(program.tangents[argument], lines.symbols.get(argument, "") + DOT)
            rule = tangent_operation(writer, position, active)
            lines.add(lines.symbols[position] + DOT, tangent, notation.tangent(position), rule)
    for output in graph.outputs:
        lines.prefer(program.tangents[output], lines.symbols.get(output, "") + DOT)
    return lines.finished(graph.nodes[seed].literal, graph.outputs, program.graph.outputs[len(graph.outputs) :])


def _reverse(writer: Writer, number: int, wrt: Sequence[int]) -> Procedure:
    """One sweep of reverse mode: the primal program, then the adjoints from the output back to the inputs."""
    graph, output, name = writer.graph, writer.graph.outputs[number], writer.graph.output_names[number]
    program = adjoint_program(graph, output, wrt, with_cotangent=True)
    lines = _Lines(writer, program.graph)
    lines.all_primal()
    if graph.active(wrt)[output]:
        adjoint = writer.notation.adjoint(output, name)
        lines.seed(lines.symbols[output] + BAR, program.seed, adjoint)
    lines.keep(step.guard for step in program.steps if step.guard is not None)
    adjoints = {output: program.seed}
    for step in program.steps:
        if program.graph.needed[step.total]:
            lines.prefer(adjoints.get(step.source), lines.symbols[step.source] + BAR)
            _adjoint(lines, step, name)
        adjoints[step.target] = step.total
    for position in wrt:
        lines.prefer(adjoints.get(position), lines.symbols[position] + BAR)
    return lines.finished(name, [output], program.graph.outputs[1:])


def _adjoint(lines: _Lines, step: Step, output: str) -> None:
    notation = lines.writer.notation
    passed = notation.adjoint(step.source, output)
    rule = lines.writer.contribution(passed, step, lines.program)
    name, symbol = notation.adjoint(step.target, output), lines.symbols[step.target] + BAR
    lines.add(symbol, step.contribution, name, rule, total=step.total if step.accumulated else None)
