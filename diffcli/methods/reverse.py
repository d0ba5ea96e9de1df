"""Reverse mode: one sweep backwards over the program, at a cost proportional to that of f for any number of inputs.

The adjoint v̄_i = ∂y/∂v_i says how much the output changes with the node v_i. The sweep visits the nodes from the
output down and hands each adjoint on to the node's arguments: every edge is touched once. It does not compute
numbers: it writes down the adjoint program and the list of its steps. A step is a row of the adjoint trace that a
student reads, and the instruction that runs.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from diffcli.execute.interpreter import evaluate
from diffcli.graph.folding import FoldingBuilder
from diffcli.graph.numbering import numbering
from diffcli.graph.ops import OPS
from diffcli.graph.program import Graph
from diffcli.methods.method import Compiler, Jacobian


class Step(NamedTuple):
    """v̄_target ← v̄_target + v̄_source · ∂v_source/∂v_target. All but `argument` are positions in the program."""

    target: int
    source: int
    argument: int
    """Which argument of the source the target is."""
    local: int
    """The local partial ∂v_source/∂v_target."""
    contribution: int
    total: int
    """The adjoint of the target after this step."""
    accumulated: bool
    """Whether the target had a contribution before, to which this one is added."""


class AdjointProgram(NamedTuple):
    """The program of one reverse sweep."""

    graph: Graph
    """The nodes of the primal program, then those of the adjoints; outputs are y, then x̄_1 … x̄_A."""
    seed: int
    """The node ȳ = 1."""
    steps: tuple[Step, ...]


def adjoint_program(graph: Graph, output: int, wrt: Sequence[int]) -> AdjointProgram:
    """Sweep backwards from the node `output` to the inputs at the positions `wrt`."""
    builder = FoldingBuilder(graph)
    adjoints = {output: builder.one}  # the seed ȳ = 1
    active = graph.active(wrt)  # constants and other inputs are skipped, never multiplied by zero
    guards = branch_guards(graph)
    steps: list[Step] = []
    for source in reversed(numbering(graph).order):
        if source not in adjoints:
            continue  # the output does not depend on this node
        node = graph.nodes[source]
        for argument, target in enumerate(node.args):
            partial = OPS[node.op].partial(argument)
            if not active[target] or partial is None:
                continue
            local = evaluate(partial, builder, node.args)[partial.outputs[0]]
            contribution = builder.apply("mul", adjoints[source], local)
            for condition, holds in guards[source]:
                branches = (contribution, builder.zero) if holds else (builder.zero, contribution)
                contribution = builder.apply("where", condition, *branches)
            before = adjoints.get(target)
            total = contribution if before is None else builder.apply("add", before, contribution)
            adjoints[target] = total
            steps.append(Step(target, source, argument, local, contribution, total, accumulated=before is not None))
    outputs = (output, *[adjoints.get(position, builder.zero) for position in wrt])
    names = ("y", *[f"{graph.nodes[position].literal}_bar" for position in wrt])
    program = replace(builder.graph(graph.inputs, outputs, names), names=graph.names)
    return AdjointProgram(program, builder.one, tuple(steps))


def branch_guards(graph: Graph) -> list[frozenset[tuple[int, bool]]]:
    """For every node the conditions (node, value) under which its value is used at all.

    `where(x > 0, sqrt(x), 0)` must not hand 0 · ∞ back through the branch that was not taken.
    """
    guards: list[frozenset[tuple[int, bool]] | None] = [None] * len(graph.nodes)
    for position in graph.outputs:
        guards[position] = frozenset()
    for position in range(len(graph.nodes) - 1, -1, -1):
        node, own = graph.nodes[position], guards[position]
        if own is None:
            continue
        for argument, target in enumerate(node.args):
            branch = {(node.args[0], argument == 1)} if node.op == "where" and argument else set()
            before = guards[target]
            guards[target] = own | branch if before is None else before & (own | branch)
    return [guard or frozenset() for guard in guards]


class PreparedReverse:
    """Reverse mode made ready: one compiled adjoint program for each output."""

    notes: tuple[str, ...] = ()

    def __init__(self, graph: Graph, wrt: Sequence[int], compiler: Compiler) -> None:
        """Compile an adjoint program for each output of `graph`."""
        self._sweeps = [compiler(adjoint_program(graph, output, wrt).graph, "sweep") for output in graph.outputs]

    def __call__(self, point: Sequence[float]) -> Jacobian:
        """B sweeps, each giving one row of the Jacobian."""
        values, rows = [], []
        for sweep in self._sweeps:
            value, *row = sweep(point)
            values.append(value)
            rows.append(tuple(row))
        return Jacobian(tuple(values), tuple(rows))
