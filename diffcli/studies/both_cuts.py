"""What ties the two modes together: the sum of v̄·v̇ is the same at every cut of the graph.

A cut parts the nodes that are computed already from the rest. Every edge that crosses it carries v̄_source·∂v_source/
∂v_target·v̇_target; an output that is computed already carries ȳ·ẏ. What is left of the program is a function of the
nodes that edges leave, their partial adjoints are its gradient, their tangents its direction: so the sum over the cut
is ẏ, wherever the cut is. At the first cut it is what the reverse sweep finds, at the last what the forward sweep does.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from diffcli.graph.program import Graph
from diffcli.methods.reverse import AdjointProgram, Step, adjoint_program
from diffcli.studies.node_values import in_full, node_values, unit
from diffcli.studies.values import exact_sum
from diffcli.studies.writer import Writer

TOLERANCE, SINGLE_TOLERANCE = 1e-12, 1e-4
"""Sums may differ by so much for rounding, relative to the largest sum of absolute values over a cut."""
MOST_TERMS = 2_000_000
"""Edges times cuts that are summed; where there are more, not every cut is."""


class Cut(NamedTuple):
    """The sum over the edges that cross a cut."""

    after: str
    """The last node that is computed already; empty where only the inputs are."""
    crossing: tuple[str, ...]
    """The nodes that edges across the cut leave."""
    total: float
    scale: float
    """The sum of absolute values."""


@dataclass(frozen=True)
class Invariant:
    """Σ v̄·v̇ of one output and one seed at the cuts."""

    output: str
    seed: str
    """The name of the forward sweep."""
    derivative: float
    """ẏ by the forward sweep."""
    cuts: tuple[Cut, ...]
    is_single: bool = False
    """Whether it was computed in single precision."""

    @property
    def tolerance(self) -> float:
        """How far apart rounding may take the sums."""
        scales = (cut.scale for cut in self.cuts if math.isfinite(cut.scale))
        return (SINGLE_TOLERANCE if self.is_single else TOLERANCE) * max(scales, default=0.0)

    @cached_property
    def violations(self) -> tuple[Cut, ...]:
        """The cuts at which the sum is not ẏ, or no number."""
        return tuple(cut for cut in self.cuts if not abs(cut.total - self.derivative) <= self.tolerance)


class Sensitivity(NamedTuple):
    """The reverse sweep of one output with its numbers."""

    output: int
    seed: Any
    steps: tuple[Step, ...]
    contributions: tuple[Any, ...]
    """For every step, in the shape of its target."""
    locals: tuple[Any, ...]
    closed: tuple[bool, ...]
    """For every step whether it leads into a branch that is not taken: nothing passes."""
    adjoints: dict[int, Any]


def sensitivity(graph: Graph, output: int, wrt: Sequence[int], point: Sequence[Any]) -> Sensitivity:
    """The reverse sweep of one output of `graph` at `point`."""
    position = graph.outputs[output]
    shape = graph.nodes[position].shape
    program = adjoint_program(graph, position, wrt)
    seed = unit(shape, point)
    values = node_values(program.graph, [*point, seed] if shape else point)
    adjoints = {position: in_full(seed, shape)}
    for step in program.steps:
        adjoints[step.target] = in_full(values[step.total], graph.nodes[step.target].shape)
    return Sensitivity(
        output,
        in_full(seed, shape),
        program.steps,
        tuple(in_full(values[step.contribution], graph.nodes[step.target].shape) for step in program.steps),
        tuple(
            None if step.local is None else in_full(values[step.local], program.graph.nodes[step.local].shape)
            for step in program.steps
        ),
        tuple(_is_closed(graph, program, step, values) for step in program.steps),
        adjoints,
    )


def _is_closed(graph: Graph, program: AdjointProgram, step: Step, values: Sequence[Any]) -> bool:
    """Whether a number is handed into a branch that is not taken, or out of a node that is not used."""
    if program.graph.nodes[step.contribution].shape:
        return False
    is_branch = graph.nodes[step.source].op == "where" and step.argument > 0
    is_unused = step.guard is not None and not program.graph.nodes[step.guard].shape and values[step.guard] == 0
    return bool(is_unused or (is_branch and step.local is not None and values[step.local] == 0))


class Crossing(NamedTuple):
    """The edges across one cut, the same for every seed."""

    after: str
    leaving: tuple[str, ...]
    """The nodes that they leave."""
    steps: tuple[int, ...]
    has_output: bool
    """Whether the output is computed already."""


def stride_of(terms: int) -> int:
    """At every how manieth cut the sum is taken, when that many terms are to be summed otherwise."""
    return max(-(-terms // MOST_TERMS), 1)


def sums(
    writer: Writer,
    one: Sensitivity,
    seeds: Sequence[str],
    tangents: Sequence[Mapping[int, Any]],
    stride: int,
    *,
    is_single: bool,
) -> Iterator[Invariant]:
    """The sums of one output at the cuts, for every seed."""
    output, name = writer.graph.outputs[one.output], writer.graph.output_names[one.output]
    cuts = list(crossings(writer, one, stride))
    for seed, known in zip(seeds, tangents, strict=True):
        final = _inner(one.seed, known.get(output, 0.0))  # a constant has no tangent
        terms = [
            0.0 if is_closed else _inner(contribution, known.get(step.target, 0.0))
            for step, contribution, is_closed in zip(one.steps, one.contributions, one.closed, strict=True)
        ]
        yield Invariant(name, seed, final, tuple(_cut(cut, terms, final) for cut in cuts), is_single)


def _cut(crossing: Crossing, terms: Sequence[float], final: float) -> Cut:
    across = [terms[index] for index in crossing.steps] + ([final] if crossing.has_output else [])
    return Cut(crossing.after, crossing.leaving, exact_sum(across), sum(map(abs, across)))


def _inner(left: Any, right: Any) -> float:
    """Σ of the products of elements."""
    product = left * right
    return float(product.sum()) if hasattr(product, "sum") else float(product)


def crossings(writer: Writer, one: Sensitivity, stride: int) -> Iterator[Crossing]:
    """The cuts in the order in which the nodes are computed: before the first operation, and after each of them."""
    graph, order, primals = writer.graph, writer.numbers.order, writer.names
    output = graph.outputs[one.output]
    place = {position: number for number, position in enumerate((*graph.inputs, *order))}
    into, out_of = dict[int, list[int]](), dict[int, list[int]]()
    for index, step in enumerate(one.steps):
        into.setdefault(step.source, []).append(index)
        out_of.setdefault(step.target, []).append(index)
    across = dict.fromkeys(index for position in graph.inputs for index in out_of.get(position, ()))
    has_output = not graph.nodes[output].args
    for number, position in enumerate((None, *order)):
        if position is not None:
            for index in into.get(position, ()):
                del across[index]
            across.update(dict.fromkeys(out_of.get(position, ())))
            has_output = has_output or position == output
        if number % stride == 0 or number == len(order):
            targets = sorted({one.steps[index].target for index in across}, key=place.__getitem__)
            names = [primals[target] for target in targets]
            names += [primals.get(output, graph.output_names[one.output])] if has_output else []
            yield Crossing("" if position is None else primals[position], tuple(names), tuple(across), has_output)
