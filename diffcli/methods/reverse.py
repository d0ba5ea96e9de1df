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
    guard: int | None = None
    """The condition under which the source is used at all, where that depends on a `where`."""


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
    guards = usage_conditions(graph, output, builder)
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
            guard = guards[source]
            if guard is not None:
                contribution = builder.apply("where", guard, contribution, builder.zero)
            before = adjoints.get(target)
            total = contribution if before is None else builder.apply("add", before, contribution)
            adjoints[target] = total
            steps.append(Step(target, source, argument, local, contribution, total, before is not None, guard))
    outputs = (output, *[adjoints.get(position, builder.zero) for position in wrt])
    names = ("y", *[f"{graph.nodes[position].literal}_bar" for position in wrt])
    program = replace(builder.graph(graph.inputs, outputs, names), names=graph.names)
    return AdjointProgram(program, builder.one, tuple(steps))


def usage_conditions(graph: Graph, output: int, builder: FoldingBuilder) -> dict[int, int | None]:
    """For every node that `output` is computed from, the condition under which it is used; None: always.

    `where(x > 0, sqrt(x), 0)` must not hand 0 · ∞ back through the branch that was not taken. A node is used if one
    of its users is, and through a branch of `where` only if that branch is taken. The conditions are nodes, 1 or 0.
    """
    used: dict[int, int | None] = {output: None}
    for position in range(output, -1, -1):
        if position not in used:
            continue
        node = graph.nodes[position]
        for argument, target in enumerate(node.args):
            condition = used[position]
            if node.op == "where" and argument:
                taken = node.args[0] if argument == 1 else builder.apply("eq", node.args[0], builder.zero)
                condition = taken if condition is None else builder.apply("min", condition, taken)
            other = used.get(target, condition)
            if condition is None or other is None:
                used[target] = None
            else:
                used[target] = condition if other == condition else builder.apply("max", other, condition)
    return used


class PreparedReverse:
    """Reverse mode made ready: one compiled adjoint program for each output."""

    notes: tuple[str, ...] = ()
    prepare_seconds: float | None = None

    def __init__(self, graph: Graph, wrt: Sequence[int], compiler: Compiler) -> None:
        """Compile an adjoint program for each output of `graph`, from the part of it that this output needs."""
        chosen = [graph.inputs.index(position) for position in wrt]
        self._sweeps = []
        for output, name in zip(graph.outputs, graph.output_names, strict=True):
            part = replace(graph, outputs=(output,), output_names=(name,)).pruned()
            program = adjoint_program(part, part.outputs[0], [part.inputs[k] for k in chosen])
            self._sweeps.append(compiler(program.graph, "sweep"))

    def __call__(self, point: Sequence[float]) -> Jacobian:
        """B sweeps, each giving one row of the Jacobian."""
        values, rows = [], []
        for sweep in self._sweeps:
            value, *row = sweep(point)
            values.append(value)
            rows.append(tuple(row))
        return Jacobian(tuple(values), tuple(rows))
