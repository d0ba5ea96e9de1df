"""Reverse mode: one sweep backwards over the program, at a cost proportional to that of f for any number of inputs.

The adjoint v̄_i = ∂y/∂v_i says how much the output changes with the node v_i. The sweep visits the nodes from the
output down and hands each adjoint on to the node's arguments: every edge is touched once. It does not compute
numbers: it writes down the adjoint program and the list of its steps. A step is a row of the adjoint trace that a
student reads, and the instruction that runs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import prod
from typing import Any, NamedTuple

from diffcli.execute.flat import flattened, unit_vectors, zeros
from diffcli.execute.interpreter import evaluate
from diffcli.graph.folding import FoldingBuilder
from diffcli.graph.numbering import evaluation_order
from diffcli.graph.ops import COMPARISONS, OPS
from diffcli.graph.primitive import Term
from diffcli.graph.program import INPUT, Graph, Node
from diffcli.graph.shapes import Shape, broadcast
from diffcli.graph.structural import Structural
from diffcli.methods.method import Compiler, Jacobian

_TRUTHS = frozenset(row.name for row in COMPARISONS)


class Step(NamedTuple):
    """v̄_target ← v̄_target + v̄_source · ∂v_source/∂v_target. All but `argument` are positions in the program."""

    target: int
    source: int
    argument: int
    """Which argument of the source the target is."""
    local: int | None
    """The local partial ∂v_source/∂v_target; None where the source is an operation on arrays as a whole."""
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
    """The node ȳ: the constant 1, or for an array (and where asked for) one more input."""
    steps: tuple[Step, ...]


def adjoint_program(graph: Graph, output: int, wrt: Sequence[int], *, with_cotangent: bool = False) -> AdjointProgram:
    """Sweep backwards from the node `output` to the inputs at the positions `wrt`.

    An output that is an array has one more input at the end, its cotangent ȳ, of the shape of the output. An adjoint
    may have a smaller shape than its node while it is the same along an axis; the results have the shape of the input.
    """
    builder = FoldingBuilder(graph)
    shape, name = builder.shape(output), graph.output_names[graph.outputs.index(output)]
    is_seeded = with_cotangent or shape != ()
    seed = builder.input(f"{name} bar", shape=shape) if is_seeded else builder.one  # no name of the user has a space
    adjoints = {output: seed}
    active = graph.active(wrt)  # constants and other inputs are skipped, never multiplied by zero
    guards = usage_conditions(graph, output, builder)
    steps: list[Step] = []
    for source in reversed(evaluation_order(graph)):
        if source not in adjoints:
            continue  # the output does not depend on this node
        node = graph.nodes[source]
        for argument, target in enumerate(node.args):
            if not active[target] or OPS[node.op].is_constant_in(argument):
                continue
            local, contribution = handed_on(builder, node, argument, adjoints[source])
            guard = guards[source]
            if guard is not None and local is None and builder.shape(guard):
                guard = None  # its elements are those of the source, not of the target; the adjoint is 0 there already
            if guard is not None:
                contribution = builder.apply("where", guard, contribution, builder.zero)
            goal = builder.shape(target)
            stretched = node.shape if local is not None else broadcast(builder.shape(contribution), goal)
            contribution = summed_to(builder, contribution, stretched, goal)
            before = adjoints.get(target)
            total = contribution if before is None else builder.apply("add", before, contribution)
            adjoints[target] = total
            steps.append(Step(target, source, argument, local, contribution, total, before is not None, guard))
    found = [broadcast_to(builder, adjoints.get(position, builder.zero), builder.shape(position)) for position in wrt]
    names = ("y", *[f"{graph.nodes[position].literal}_bar" for position in wrt])
    inputs = (*graph.inputs, seed) if is_seeded else graph.inputs
    program = replace(builder.graph(inputs, (output, *found), names), names=graph.names)
    return AdjointProgram(program, seed, tuple(steps))


def handed_on(builder: FoldingBuilder, node: Node, argument: int, adjoint: int) -> tuple[int | None, int]:
    """The local partial of a node by one argument, and what its adjoint contributes to that of the argument."""
    row = OPS[node.op]
    if isinstance(row, Structural):
        shapes = [builder.shape(position) for position in node.args]
        rule = row.rule("vjp", argument, node.shape, shapes, node.params)
        given = broadcast_to(builder, adjoint, node.shape)
        return None, evaluate(rule, builder, [given, *node.args])[rule.outputs[0]]
    partial = row.partial(argument)
    assert partial is not None, "arguments in which a node is constant are skipped"
    place = partial.outputs[0]
    if partial.nodes[place].op == INPUT:  # as in a product, the quickest way
        local = node.args[partial.inputs.index(place)]
    else:
        local = evaluate(partial, builder, node.args)[place]
    return local, builder.apply("mul", adjoint, local)


def summed_to(builder: FoldingBuilder, contribution: int, shape: Shape, goal: Shape) -> int:
    """A contribution for an array of shape `goal` that was broadcast to `shape`, summed over the axes of its copies.

    This is the only place where broadcasting is undone.
    """
    if shape == goal:
        return contribution
    found = builder.shape(contribution)
    new, offset = len(shape) - len(goal), len(shape) - len(found)
    sizes = (*(1,) * offset, *found)
    stretched = [axis for axis, size in enumerate(shape) if axis < new or size != goal[axis - new]]
    if not stretched:
        return contribution
    node = builder.nodes[contribution]
    if node.op == "neg":  # −Σx has one operation on an array less than Σ(−x)
        return builder.apply("neg", summed_to(builder, node.args[0], shape, goal))
    result = Term(builder, contribution).sum([axis - offset for axis in stretched if sizes[axis] != 1])
    if result.shape:
        result = result.reshape(tuple(1 if axis in stretched else sizes[axis] for axis in range(new, len(shape))))
    copies = prod(shape[axis] for axis in stretched if sizes[axis] == 1)  # equal along an axis: a product, not a sum
    return result.position if copies == 1 else (result * copies).position


def broadcast_to(builder: FoldingBuilder, position: int, shape: Shape) -> int:
    """A node of smaller shape, which stands for its copies, in full."""
    return Term(builder, position).broadcast(shape).position


def usage_conditions(graph: Graph, output: int, builder: FoldingBuilder) -> dict[int, int | None]:
    """For every node that `output` is computed from, the condition under which it is used; None: always.

    `where(x > 0, sqrt(x), 0)` must not hand 0 · ∞ back through the branch that was not taken. A node is used if one
    of its users is, and through a branch of `where` only if that branch is taken. The conditions are nodes, 1 or 0.
    A condition on arrays holds element by element, and only for arguments that have those elements.
    """
    if all(node.op != "where" for node in graph.nodes):
        return dict.fromkeys(range(output + 1))
    used: dict[int, int | None] = {output: None}
    for position in range(output, -1, -1):
        if position not in used:
            continue
        node = graph.nodes[position]
        for argument, target in enumerate(node.args):
            if OPS[node.op].is_constant_in(argument):
                continue  # no adjoint comes from there: it is 0 where only a condition needs the node
            condition = used[position]
            if node.op == "where" and argument:
                taken = (
                    _truth(builder, node.args[0]) if argument == 1 else builder.apply("eq", node.args[0], builder.zero)
                )
                condition = taken if condition is None else builder.apply("min", condition, taken)
            if condition is not None and builder.shape(condition):
                is_elementwise = not OPS[node.op].is_structural and graph.nodes[target].shape == node.shape
                condition = condition if is_elementwise else None
            other = used.get(target, condition)
            if condition is None or other is None:
                used[target] = None
            else:
                used[target] = condition if other == condition else builder.apply("max", other, condition)
    return used


def _truth(builder: FoldingBuilder, condition: int) -> int:
    """A condition as 1 or 0: any number except 0 holds."""
    return condition if builder.nodes[condition].op in _TRUTHS else builder.apply("ne", condition, builder.zero)


def parts(graph: Graph) -> Iterator[Graph]:
    """For each output the part of the program that it needs; inputs keep their order."""
    for output, name in zip(graph.outputs, graph.output_names, strict=True):
        yield replace(graph, outputs=(output,), output_names=(name,)).pruned()


class PreparedReverse:
    """Reverse mode made ready: one compiled adjoint program for each output."""

    notes: tuple[str, ...] = ()
    prepare_seconds: float | None = None

    def __init__(self, graph: Graph, wrt: Sequence[int], compiler: Compiler) -> None:
        """Compile an adjoint program for each output of `graph`, from the part of it that this output needs."""
        chosen = [graph.inputs.index(position) for position in wrt]
        programs = (adjoint_program(part, part.outputs[0], [part.inputs[k] for k in chosen]) for part in parts(graph))
        self._sweeps = [compiler(program.graph, "sweep") for program in programs]

    def __call__(self, point: Sequence[Any]) -> Jacobian:
        """B sweeps, each giving one row of the Jacobian."""
        values, rows = [], []
        for sweep in self._sweeps:
            value, *row = sweep(point)
            values.append(value)
            rows.append(tuple(row))
        return Jacobian(tuple(values), tuple(rows))


class PreparedReverseOnArrays(PreparedReverse):
    """The same for programs on arrays: the program of an output that is an array is run once for each element."""

    def __init__(self, graph: Graph, wrt: Sequence[int], compiler: Compiler) -> None:
        """Compile an adjoint program for each output of `graph`."""
        super().__init__(graph, wrt, compiler)
        self._shapes = [graph.nodes[position].shape for position in graph.outputs]

    def __call__(self, point: Sequence[Any]) -> Jacobian:
        """B sweeps, each giving one row of the Jacobian."""
        values, rows, before = list[float](), [], -1
        for output, (value, *row) in self.sweeps(point):
            rows.append(tuple(flattened(row)))
            values += flattened([value]) if output != before else []
            before = output
        return Jacobian(tuple(values), tuple(rows))

    def sweeps(self, point: Sequence[Any]) -> Iterator[tuple[int, Sequence[Any]]]:
        """The number of an output and what each sweep finds, as arrays: value, then derivatives of one element."""
        for output, (sweep, shape) in enumerate(zip(self._sweeps, self._shapes, strict=True)):
            for cotangent in unit_vectors([zeros(shape, point)]) if shape else [[]]:
                yield output, sweep([*point, *cotangent])
