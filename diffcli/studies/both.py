"""Both modes in one table: value, tangent, adjoint and local partials of every node, and what ties them together."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from diffcli.methods.reverse import Step
from diffcli.studies.both_cuts import Invariant, Sensitivity, sensitivity, stride_of, sums
from diffcli.studies.notation import StyleName
from diffcli.studies.rows import Row
from diffcli.studies.sweeps import Sweep
from diffcli.studies.values import finite, plain
from diffcli.studies.writer import Writer


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


def both(
    writer: Writer,
    wrt: Sequence[int],
    point: Sequence[Any],
    values: Sequence[Any],
    forward: Sequence[tuple[Sweep, Sequence[Row]]],
) -> Both:
    """Join the sweeps of both modes; `values` are those of all nodes, `forward` the forward sweeps with their rows."""
    graph, order = writer.graph, writer.numbers.order
    found = [sensitivity(graph, k, wrt, point) for k in range(len(graph.outputs))]
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
    names = [sweep.name for sweep, _ in forward]
    stride = stride_of(sum(len(one.steps) for one in found) * (len(order) + 1) * len(forward))
    invariants = (one for output in found for one in sums(writer, output, names, tangents, stride, is_single=is_single))
    return Both(rows, tuple(invariants))


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
