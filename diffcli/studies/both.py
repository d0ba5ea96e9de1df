"""Both modes in one table: value, tangent, adjoint and local partials of every node, and what ties them together.

A cut parts the nodes that are computed already from the rest. Every edge that crosses it carries v̄_source·∂v_source/
∂v_target·v̇_target; an output that is computed already carries ȳ·ẏ. What is left of the program is a function of the
nodes that edges leave, their partial adjoints are its gradient, their tangents its direction: so the sum over the cut
is ẏ, wherever the cut is. At the first cut it is what the reverse sweep finds, at the last what the forward sweep does.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from diffcli.graph.program import Graph
from diffcli.methods.reverse import AdjointProgram, Step, adjoint_program
from diffcli.studies.node_values import in_full, node_values, unit
from diffcli.studies.notation import StyleName
from diffcli.studies.rows import Row, Writer
from diffcli.studies.sweeps import Sweep
from diffcli.studies.values import finite, plain

TOLERANCE, SINGLE_TOLERANCE = 1e-12, 1e-4
"""Sums may differ by so much for rounding, relative to the largest sum of absolute values over a cut."""
MOST_TERMS = 2_000_000
"""Edges times cuts that are summed; where there are more, not every cut is."""


class Local(NamedTuple):
    """The local partial along one edge."""

    name: str
    """∂v2/∂v-1."""
    target: str
    """The name of the argument."""
    rule: str
    """The partial as a formula; empty for operations on arrays as a whole."""
    value: Any
    """None for operations on arrays as a whole."""


class NodeRow(NamedTuple):
    """Everything about one node."""

    name: str
    operation: str
    value: Any
    tangents: tuple[Any, ...]
    """One for each forward sweep."""
    adjoints: tuple[Any, ...]
    """One for each output; None where no sweep comes by."""
    locals: tuple[Local, ...]
    is_input: bool = False


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


class Both(NamedTuple):
    """The record of `trace --mode both`, beside the traces themselves."""

    nodes: tuple[NodeRow, ...]
    """Inputs first."""
    invariants: tuple[Invariant, ...]
    """For every output and every forward sweep."""

    def to_dict(self) -> dict[str, Any]:
        """What it adds to the JSON object of `diffcli trace`."""
        return {
            "nodes": [self._node_dict(row) for row in self.nodes],
            "cuts": [
                {
                    "output": one.output,
                    "seed": one.seed,
                    "derivative": finite(one.derivative),
                    "is_equal": not one.violations,
                    "sums": [
                        {"after": cut.after or None, "crossing": list(cut.crossing), "sum": finite(cut.total)}
                        for cut in one.cuts
                    ],
                }
                for one in self.invariants
            ],
        }

    def _node_dict(self, row: NodeRow) -> dict[str, Any]:
        seeds = dict.fromkeys(one.seed for one in self.invariants)
        outputs = dict.fromkeys(one.output for one in self.invariants)
        return {
            "name": row.name,
            "operation": row.operation,
            "value": plain(row.value),
            "tangents": dict(zip(seeds, map(plain, row.tangents), strict=False)),
            "adjoints": dict(zip(outputs, map(plain, row.adjoints), strict=False)),
            "locals": [{**local._asdict(), "value": plain(local.value)} for local in row.locals],
        }


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


def both(
    writer: Writer,
    wrt: Sequence[int],
    point: Sequence[Any],
    values: Sequence[Any],
    forward: Sequence[tuple[Sweep, Sequence[Row]]],
) -> Both:
    """Join the sweeps of both modes; `values` are those of all nodes, `forward` the forward sweeps with their rows."""
    graph, order = writer.graph, writer.numbers.order
    found = [_sensitivity(graph, k, wrt, point) for k in range(len(graph.outputs))]
    tangents = [
        dict(zip((*graph.inputs, *order), (*sweep.tangents, *(row.value for row in rows)), strict=True))
        for sweep, rows in forward
    ]
    positions = (*graph.inputs, *order)
    locals_of = _locals(writer, found)
    rows = tuple(
        NodeRow(
            writer.notation.primal(p),
            writer.operation(p) if graph.nodes[p].args else writer.notation.name(graph.nodes[p].literal),
            values[p],
            tuple(sweep[p] for sweep in tangents),
            tuple(one.adjoints.get(p) for one in found),
            tuple(locals_of.get(p, ())),
            not graph.nodes[p].args,
        )
        for p in positions
    )
    is_single = any(str(getattr(value, "dtype", "")).endswith("float32") for value in point)
    invariants = tuple(
        Invariant(
            graph.output_names[one.output],
            sweep.name,
            _inner(one.seed, _tangent(graph.outputs[one.output], known)),
            tuple(_cuts(writer, one, known)),
            is_single,
        )
        for one in found
        for (sweep, _), known in zip(forward, tangents, strict=True)
    )
    return Both(rows, invariants)


def _sensitivity(graph: Graph, output: int, wrt: Sequence[int], point: Sequence[Any]) -> Sensitivity:
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


def _locals(writer: Writer, found: Sequence[Sensitivity]) -> dict[int, list[Local]]:
    """For every node the local partials by its arguments, from the first sweep that comes by."""
    result: dict[int, dict[int, Local]] = {}
    for one in found:
        for step, value in zip(one.steps, one.locals, strict=True):
            known = result.setdefault(step.source, {})
            if step.argument not in known:
                rule = "" if step.local is None else _rule(writer, step)
                names = writer.notation.primal(step.source), writer.notation.primal(step.target)
                known[step.argument] = Local(_quotient(*names, writer.notation.style), names[1], rule, value)
    return {source: [known[argument] for argument in sorted(known)] for source, known in result.items()}


def _rule(writer: Writer, step: Step) -> str:
    piece, is_reciprocal, _ = writer.local(step.source, step.argument)
    if not is_reciprocal:
        return piece.bare or piece.text
    if writer.style.is_latex:
        return rf"\frac{{1}}{{{piece.text}}}"
    return f"1/{piece.text}" if piece.precedence > 20 else f"1/({piece.bare or piece.text})"


def _quotient(source: str, target: str, style: StyleName) -> str:
    if style == "latex":
        return rf"\partial {source}/\partial {target}"
    symbol = "d" if style == "ascii" else "∂"
    return f"{symbol}{source}/{symbol}{target}"


def _tangent(position: int, tangents: dict[int, Any]) -> Any:
    """The tangent of a node; a constant has none."""
    return tangents.get(position, 0.0)


def _inner(left: Any, right: Any) -> float:
    """Σ of the products of elements."""
    product = left * right
    return float(product.sum()) if hasattr(product, "sum") else float(product)


def _cuts(writer: Writer, one: Sensitivity, tangents: dict[int, Any]) -> Iterator[Cut]:
    """The sums at the cuts, in the order in which the nodes are computed."""
    graph, order = writer.graph, writer.numbers.order
    output = graph.outputs[one.output]
    primals, name = writer.names, graph.output_names[one.output]
    numbers = {position: number for number, position in enumerate((*graph.inputs, *order))}
    leaving: dict[int, list[tuple[int, float]]] = {}
    for step, contribution, is_closed in zip(one.steps, one.contributions, one.closed, strict=True):
        term = 0.0 if is_closed else _inner(contribution, _tangent(step.target, tangents))
        leaving.setdefault(step.target, []).append((step.source, term))
    final = _inner(one.seed, _tangent(output, tangents))
    stride = -(-len(one.steps) * (len(order) + 1) // MOST_TERMS) or 1
    computed = {p for p, node in enumerate(graph.nodes) if not node.args}
    live = {p: edges for p, edges in leaving.items() if p in computed}
    for number, position in enumerate((None, *order)):
        if position is not None:
            computed.add(position)
            live |= {position: leaving[position]} if position in leaving else {}
            for argument in graph.nodes[position].args:
                if argument in live and all(source in computed for source, _ in live[argument]):
                    del live[argument]
        if number % stride and number < len(order):
            continue
        terms = [term for edges in live.values() for source, term in edges if source not in computed]
        names = [primals[p] for p in sorted(live, key=numbers.__getitem__)]
        if output in computed:
            terms.append(final)
            names.append(primals.get(output, name))
        after = "" if position is None else primals[position]
        yield Cut(after, tuple(names), _sum(terms), sum(map(abs, terms)))


def _sum(terms: Sequence[float]) -> float:
    return math.fsum(terms) if all(map(math.isfinite, terms)) else sum(terms)
