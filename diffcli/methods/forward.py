"""Forward mode with dual numbers: v + v̇ε with ε² = 0, carried through the program together.

One sweep gives the derivative of every output by one input, at a cost proportional to that of f; A inputs take
A sweeps. The parts of a dual number can be floats, 50-digit numbers or nodes of a graph. Here they are nodes:
the sweep writes down the tangent program of a seed once, and every executor can run it at many points.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, NamedTuple

from diffcli.execute.flat import flattened, unit_vectors
from diffcli.execute.interpreter import Arithmetic, Number, evaluate
from diffcli.graph.folding import FoldingBuilder
from diffcli.graph.ops import OPS
from diffcli.graph.primitive import Term
from diffcli.graph.program import Graph, Node
from diffcli.graph.structural import Structural
from diffcli.methods.method import Compiler, Jacobian


@dataclass(frozen=True, slots=True)
class Dual(Generic[Number]):
    """A value with its tangent; the tangent None is an exact zero (the value depends on no seeded input)."""

    primal: Number
    tangent: Number | None = None


@dataclass(frozen=True, slots=True)
class DualArithmetic(Generic[Number]):
    """Dual numbers over any arithmetic, for the interpreter."""

    base: Arithmetic[Number]

    def constant(self, literal: str) -> Dual[Number]:
        """A constant has no tangent."""
        return Dual(self.base.constant(literal))

    def apply(self, op: str, *args: Dual[Number], **_: Any) -> Dual[Number]:
        """The primitive `op` on values and tangents; element by element only."""
        return Dual(self.base.apply(op, *[arg.primal for arg in args]), self.tangent(op, args))

    def tangent(self, op: str, args: Sequence[Dual[Number]]) -> Number | None:
        """The chain rule: v̇ = Σ_k v̇_k · ∂v/∂v_k over the arguments that have a tangent."""
        primals = [arg.primal for arg in args]
        tangent: Number | None = None
        for argument, dual in enumerate(args):
            partial = OPS[op].partial(argument)
            if dual.tangent is None or partial is None:
                continue
            local = evaluate(partial, self.base, primals)[partial.outputs[0]]
            term = self.base.apply("mul", dual.tangent, local)
            tangent = term if tangent is None else self.base.apply("add", tangent, term)
        return tangent


class TangentProgram(NamedTuple):
    """The program of one forward sweep."""

    graph: Graph
    """The nodes of the primal program, then those of the tangents; outputs are f_1 … f_B, then ḟ_1 … ḟ_B."""
    tangents: tuple[int | None, ...]
    """For every node of the primal program the node that is its tangent; None where it is an exact zero."""


def tangent_program(graph: Graph, seed: int) -> TangentProgram:
    """One sweep with the tangent 1 on the input at position `seed`, a number, and none on the others."""
    builder = FoldingBuilder(graph)
    return _swept(builder, graph, {seed: builder.one}, graph.inputs)


def directional_program(graph: Graph, wrt: Sequence[int]) -> TangentProgram:
    """One sweep in any direction: for each input at a position in `wrt`, its tangent is one more input of the program.

    It computes f and J·ẋ. A tangent may have a smaller shape than its node while it is the same along an axis; the
    results have the shape of the output.
    """
    builder = FoldingBuilder(graph)
    seeds = {  # no name of the user has a space
        position: builder.input(f"{graph.nodes[position].literal} dot", shape=graph.nodes[position].shape)
        for position in wrt
    }
    return _swept(builder, graph, seeds, (*graph.inputs, *seeds.values()))


def _swept(builder: FoldingBuilder, graph: Graph, seeds: Mapping[int, int], inputs: Sequence[int]) -> TangentProgram:
    arithmetic = DualArithmetic(builder)
    active = graph.active(seeds)
    duals: list[Dual[int]] = []
    for position, node in enumerate(graph.nodes):  # the primal part of a node is the node itself
        tangent = seeds.get(position)
        if active[position] and node.args:
            args = [duals[argument] for argument in node.args]
            is_structural = OPS[node.op].is_structural
            tangent = structural_tangent(builder, node, args) if is_structural else arithmetic.tangent(node.op, args)
        duals.append(Dual(position, tangent))
    tangents = tuple(dual.tangent for dual in duals)
    found = [builder.zero if (t := tangents[position]) is None else t for position in graph.outputs]
    full = [
        Term(builder, tangent).broadcast(builder.shape(position)).position
        for position, tangent in zip(graph.outputs, found, strict=True)
    ]
    names = (*graph.output_names, *[f"{name}_dot" for name in graph.output_names])
    program = replace(builder.graph(inputs, (*graph.outputs, *full), names), names=graph.names)
    return TangentProgram(program, tangents)


def structural_tangent(builder: FoldingBuilder, node: Node, args: Sequence[Dual[int]]) -> int | None:
    """The same for an operation on arrays as a whole: the sum of what its rule makes of each tangent."""
    row, shapes = OPS[node.op], [builder.shape(arg.primal) for arg in args]
    assert isinstance(row, Structural)
    result: int | None = None
    for argument, dual in enumerate(args):
        if dual.tangent is not None:
            rule = row.rule("jvp", argument, shapes[argument], shapes, node.params)
            given = Term(builder, dual.tangent).broadcast(shapes[argument]).position
            term = evaluate(rule, builder, [given, *[arg.primal for arg in args]])[rule.outputs[0]]
            result = term if result is None else builder.apply("add", result, term)
    return result


class PreparedForward:
    """Forward mode made ready: one compiled tangent program for each input asked for."""

    notes: tuple[str, ...] = ()
    prepare_seconds: float | None = None

    def __init__(self, graph: Graph, wrt: Sequence[int], compiler: Compiler) -> None:
        """Compile a tangent program for each input position in `wrt`."""
        self._outputs = len(graph.outputs)
        self._sweeps = [compiler(tangent_program(graph, seed).graph, "sweep") for seed in wrt]

    def __call__(self, point: Sequence[Any]) -> Jacobian:
        """A sweeps, each giving one column of the Jacobian."""
        columns = [sweep(point) for sweep in self._sweeps]
        rows = tuple(zip(*[column[self._outputs :] for column in columns], strict=True))
        return Jacobian(tuple(columns[0][: self._outputs]), rows) if columns else Jacobian((), ((),) * self._outputs)


class PreparedForwardOnArrays:
    """The same for programs on arrays: one compiled program for all directions, run once for each element."""

    notes: tuple[str, ...] = ()
    prepare_seconds: float | None = None

    def __init__(self, graph: Graph, wrt: Sequence[int], compiler: Compiler) -> None:
        """Compile the program of one sweep in any direction."""
        self._outputs = len(graph.outputs)
        self._wrt = [graph.inputs.index(position) for position in wrt]
        self._sweep = compiler(directional_program(graph, wrt).graph, "sweep")

    def __call__(self, point: Sequence[Any]) -> Jacobian:
        """A sweeps, each giving one column of the Jacobian."""
        columns, values = [], tuple[float, ...]()
        for results in self.sweeps(point):
            columns.append(flattened(results[self._outputs :]))
            values = values or tuple(flattened(results[: self._outputs]))
        return Jacobian(values, tuple(zip(*columns, strict=True)))

    def sweeps(self, point: Sequence[Any]) -> Iterator[Sequence[Any]]:
        """What each sweep finds, as arrays: values, then derivatives of the outputs by one element."""
        for tangents in unit_vectors([point[index] for index in self._wrt]):
            yield self._sweep([*point, *tangents])
