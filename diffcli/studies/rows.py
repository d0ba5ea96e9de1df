"""The rows of a trace: what each step is called, what it computes, and its number."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from diffcli.graph.program import Graph
from diffcli.methods.forward import TangentProgram, directional_program, tangent_program
from diffcli.methods.reverse import Step, adjoint_program
from diffcli.studies.array_rules import ones
from diffcli.studies.node_values import in_full, node_values, unit
from diffcli.studies.writer import Writer


class Row(NamedTuple):
    """One line of a trace: name = operation = value."""

    name: str
    operation: str
    value: Any
    """A float, or a NumPy array."""


class AdjointRow(NamedTuple):
    """One step of the reverse sweep."""

    name: str
    operation: str
    value: Any
    source: str | None = None
    """The adjoint that is handed on; None for the seed."""
    local: Any = None
    """The value of the local partial; None for operations on arrays as a whole, which have none."""
    contribution: Any = None
    accumulated: bool = False


def reverse_rows(
    writer: Writer, output: int, wrt: Sequence[int], point: Sequence[Any], cotangent: Any = None
) -> tuple[tuple[AdjointRow, ...], tuple[Row, ...]]:
    """The reverse sweep of one output in the order of computation, and what it found: x̄1 = v̄-1.

    It starts from 1 (for an array ones), or from the cotangent that is given.
    """
    graph, name = writer.graph, writer.graph.output_names[output]
    shape = graph.nodes[graph.outputs[output]].shape
    program = adjoint_program(graph, graph.outputs[output], wrt, with_cotangent=cotangent is not None)
    seed = unit(shape, point) if cotangent is None else cotangent
    is_seeded = len(program.graph.inputs) > len(graph.inputs)
    values = node_values(program.graph, [*point, seed] if is_seeded else point)
    steps = [_adjoint_row(writer, name, program.graph, step, values) for step in program.steps]
    found = [
        Row(
            writer.notation.adjoint_of(graph.nodes[p].literal, name),
            writer.notation.adjoint(p, name),
            in_full(values[adjoint], graph.nodes[p].shape),
        )
        for p, adjoint in zip(wrt, program.graph.outputs[1:], strict=True)
    ]
    return (_seed_row(writer, output, in_full(seed, shape), is_given=cotangent is not None), *steps), tuple(found)


def _seed_row(writer: Writer, output: int, value: Any, *, is_given: bool) -> AdjointRow:
    position, name = writer.graph.outputs[output], writer.graph.output_names[output]
    shape = writer.graph.nodes[position].shape
    label = writer.numbers.labels.get(position, name)
    start = "given" if is_given else ones(shape, writer.style) if shape else "1"
    seed = start if label == name else writer.notation.adjoint_of(name, name)
    return AdjointRow(writer.notation.adjoint_of(label, name), seed, value)


def _adjoint_row(writer: Writer, output: str, program: Graph, step: Step, values: Sequence[Any]) -> AdjointRow:
    name, passed = writer.notation.adjoint(step.target, output), writer.notation.adjoint(step.source, output)
    shape, contribution = writer.graph.nodes[step.target].shape, writer.contribution(passed, step, program)
    return AdjointRow(
        name,
        writer.sum_of(name, contribution) if step.accumulated else contribution,
        in_full(values[step.total], shape),
        passed,
        None if step.local is None else in_full(values[step.local], program.nodes[step.local].shape),
        in_full(values[step.contribution], shape),
        step.accumulated,
    )


def tangent_rows(writer: Writer, seed: int, operations: Sequence[str], point: Sequence[float]) -> tuple[Row, ...]:
    """The forward sweep with the tangent 1 on the input at position `seed`, in a program on numbers.

    The operations are those of `tangent_operations`, which are the same for every seed.
    """
    return _tangents(writer, tangent_program(writer.graph, seed), operations, point)


def directional_rows(
    writer: Writer,
    wrt: Sequence[int],
    operations: Sequence[str],
    point: Sequence[Any],
    directions: Sequence[Sequence[Any]],
) -> list[tuple[Row, ...]]:
    """Forward sweeps, each with a tangent for every input at the positions `wrt`."""
    program = directional_program(writer.graph, wrt)
    return [_tangents(writer, program, operations, [*point, *tangents]) for tangents in directions]


def _tangents(
    writer: Writer, program: TangentProgram, operations: Sequence[str], point: Sequence[Any]
) -> tuple[Row, ...]:
    values = node_values(program.graph, point)
    rows = []
    for position, operation in zip(writer.numbers.order, operations, strict=True):
        tangent = program.tangents[position]
        value = in_full(0.0 if tangent is None else values[tangent], writer.graph.nodes[position].shape)
        rows.append(Row(writer.notation.tangent(position), operation, value))
    return tuple(rows)
