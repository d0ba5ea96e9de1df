"""The traces of the lectures: forward primal, reverse adjoint, forward tangent, one row per step."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from diffcli.graph.numbering import numbering
from diffcli.graph.program import Graph
from diffcli.graph.shapes import shown
from diffcli.graph.text import PLAIN, program_text, write
from diffcli.studies.node_values import in_full, node_values
from diffcli.studies.notation import Kind, Notation, StyleName
from diffcli.studies.problem_search import find_problems
from diffcli.studies.rows import AdjointRow, Row, reverse_rows
from diffcli.studies.sweeps import Sweep, Sweeps, forward_sweeps
from diffcli.studies.values import SCHEMA, Problem, plain
from diffcli.studies.writer import STYLES, Writer

if TYPE_CHECKING:
    from diffcli.studies.both import Both


class Trace(NamedTuple):
    """All traces of one program at one point."""

    input: str
    """As typed: text or @NAME."""
    source: str
    """The text that was read; places refer to it."""
    expression: str
    """As read, in plain text that reads in again."""
    title: str
    """The same as it is written in the style of the trace."""
    variables: tuple[str, ...]
    point: tuple[Any, ...]
    """Floats, and NumPy arrays."""
    inputs: tuple[Row, ...]
    primal: tuple[Row, ...]
    outputs: tuple[Row, ...]
    """y = v5; empty where the last operation carries the output's own name."""
    values: tuple[Any, ...]
    output_names: tuple[str, ...]
    adjoint: tuple[tuple[AdjointRow, ...], ...]
    """For every output its reverse sweep, in the order of computation."""
    gradient: tuple[tuple[Row, ...], ...]
    """For every output the rows x̄_j = v̄_i."""
    tangent: dict[str, tuple[Row, ...]]
    """For every seed its forward sweep."""
    sweeps: tuple[Sweep, ...] = ()
    """What each of these sweeps starts from."""
    seeds: tuple[tuple[str, str], ...] = ()
    """For every input the tangent its sweeps start from: v̇-1 = ẋ1."""
    tangent_outputs: tuple[tuple[str, str], ...] = ()
    """For every output the tangent it ends in: ẏ = v̇5."""
    style: StyleName = "unicode"
    """How names and operations are written."""
    both: "Both | None" = None
    """What joins the sweeps of both modes, where it was asked for."""
    problems: tuple[Problem, ...] = ()
    """Why some output has no derivative at this point."""
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """3 where there is no derivative, else 0: a trace judges no method."""
        return 3 if self.problems else 0

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `diffcli trace --format json`."""
        return {
            "schema": SCHEMA,
            "command": "trace",
            "input": self.input,
            "expression": self.expression,
            "variables": list(self.variables),
            "point": dict(zip(self.variables, map(plain, self.point), strict=True)),
            "value": plain(self.values[0]),
            **self.rows_dict(),
            "outputs": [{"name": n, "value": plain(v)} for n, v in zip(self.output_names, self.values, strict=True)],
            "exit_code": self.exit_code,
            "notes": [*(problem.message for problem in self.problems), *self.notes],
        }

    def rows_dict(self) -> dict[str, Any]:
        """The rows; `adjoint` holds those of the first output, `adjoints` those of every output."""
        adjoints = {
            name: [_adjoint_dict(row) for row in rows]
            for name, rows in zip(self.output_names, self.adjoint, strict=False)
        }
        tangents = {seed: [_row_dict(row) for row in rows] for seed, rows in self.tangent.items()}
        return {
            "inputs": [_row_dict(row) for row in self.inputs],
            "primal": [_row_dict(row) for row in self.primal],
            **({"adjoint": next(iter(adjoints.values())), "adjoints": adjoints} if adjoints else {}),
            **({"tangent": tangents} if tangents else {}),
            **(self.both.to_dict() if self.both else {}),
        }


def _row_dict(row: Row | AdjointRow) -> dict[str, Any]:
    shape = {"shape": list(row.value.shape)} if hasattr(row.value, "shape") else {}
    return {"name": row.name, "operation": row.operation, **shape, "value": plain(row.value)}


def _adjoint_dict(row: AdjointRow) -> dict[str, Any]:
    return {
        **_row_dict(row),
        "from": row.source,
        "local": plain(row.local),
        "contribution": plain(row.contribution),
        "accumulated": row.accumulated,
    }


def trace(
    graph: Graph,
    point: Sequence[Any],
    wrt: Sequence[int] | None = None,
    *,
    adjoint: bool = True,
    tangent: bool = True,
    joined: bool = False,
    cotangents: Sequence[Any] | None = None,
    tangents: Sequence[Any] | None = None,
    style: StyleName = "unicode",
    kind: Kind = "bar",
    text: str = "",
    typed: str = "",
    notes: Sequence[str] = (),
    written: Graph | None = None,
) -> Trace:
    """Trace `graph` at `point`, differentiating by the inputs at the positions `wrt` (all).

    The point has one float per input, or arrays of one library. A reverse sweep starts from 1, for an output that is
    an array from ones, or from `cotangents`, one for each output. Forward sweeps start from each element of the inputs,
    from ones where these are many, or from `tangents`, one for each input at `wrt`. Where they are `joined`, the record
    has both modes node by node, and the sums that are equal at every cut. `written` is the program as the
    record shows it, where `graph` is another form of it.
    """
    chosen = tuple(graph.inputs if wrt is None else wrt)
    numbers = numbering(graph)
    writer = Writer(graph, numbers, Notation(numbers, style, kind))
    raw = node_values(graph, point)
    values = [in_full(value, node.shape) for value, node in zip(raw, graph.nodes, strict=True)]
    given = [None] * len(graph.outputs) if cotangents is None else cotangents
    reverse = [reverse_rows(writer, k, chosen, point, given[k]) for k in range(len(given))] if adjoint else []
    forward = forward_sweeps(writer, chosen, point, tangents) if tangent else []
    primal, name, tangent_of = writer.notation.primal, writer.notation.name, writer.notation.tangent_of
    return Trace(
        input=typed or text,
        source=text,
        expression=program_text(written or graph, PLAIN),
        title=program_text(written or graph, STYLES[style]),
        variables=graph.variables,
        point=tuple(values[p] for p in graph.inputs),
        inputs=tuple(Row(primal(p), name(graph.nodes[p].literal), values[p]) for p in graph.inputs),
        primal=tuple(Row(primal(p), writer.operation(p), values[p]) for p in numbers.order),
        outputs=_output_rows(writer, values),
        values=tuple(values[p] for p in graph.outputs),
        output_names=graph.output_names,
        adjoint=tuple(rows for rows, _ in reverse),
        gradient=tuple(found for _, found in reverse),
        tangent={sweep.name: rows for sweep, rows in forward},
        sweeps=tuple(sweep for sweep, _ in forward),
        seeds=tuple((writer.notation.tangent(p), tangent_of(graph.nodes[p].literal)) for p in graph.inputs),
        tangent_outputs=tuple(
            (tangent_of(output), writer.notation.tangent(p) if p in numbers.labels else "0")
            for p, output in zip(graph.outputs, graph.output_names, strict=True)
        ),
        style=style,
        both=_joined(writer, chosen, point, values, forward) if joined else None,
        problems=find_problems(graph, point, values, chosen),
        notes=(*notes, *(_cotangent_notes(writer) if adjoint and cotangents is None else ())),
    )


def _joined(writer: Writer, wrt: Sequence[int], point: Sequence[Any], values: Sequence[Any], forward: Sweeps) -> "Both":
    from diffcli.studies.both import both  # only where it is asked for

    return both(writer, wrt, point, values, forward)


def _cotangent_notes(writer: Writer) -> list[str]:
    """Which function an array's reverse sweep differentiates."""
    graph, notation = writer.graph, writer.notation
    return [
        f"{notation.adjoint_of(output, output)} = ones({shown(shape)}): the gradient of the sum of the elements of "
        f"{notation.name(output)}"
        for position, output in zip(graph.outputs, graph.output_names, strict=True)
        if (shape := graph.nodes[position].shape)
    ]


def _output_rows(writer: Writer, values: Sequence[Any]) -> tuple[Row, ...]:
    """The rows y = v5, for outputs whose last operation does not carry their name itself."""
    graph, labels = writer.graph, writer.numbers.labels
    return tuple(
        Row(
            writer.notation.name(output),
            writer.notation.primal(p) if p in labels else write(graph, p, writer.names, writer.style),
            values[p],
        )
        for p, output in zip(graph.outputs, graph.output_names, strict=True)
        if labels.get(p) != output
    )
