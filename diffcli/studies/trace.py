"""The traces of the lectures: forward primal, reverse adjoint, forward tangent, one row per step."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from diffcli.execute.floats import FLOATS
from diffcli.execute.interpreter import evaluate
from diffcli.graph.numbering import numbering
from diffcli.graph.ops import OPS
from diffcli.graph.program import Graph
from diffcli.graph.text import PLAIN, program_text, write
from diffcli.studies.notation import Kind, Notation, StyleName
from diffcli.studies.rows import STYLES, AdjointRow, Row, Writer, reverse_rows, tangent_rows
from diffcli.studies.values import SCHEMA, Problem, finite


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
    point: tuple[float, ...]
    inputs: tuple[Row, ...]
    primal: tuple[Row, ...]
    outputs: tuple[Row, ...]
    """y = v5; empty where the last operation carries the output's own name."""
    values: tuple[float, ...]
    output_names: tuple[str, ...]
    adjoint: tuple[tuple[AdjointRow, ...], ...]
    """For every output its reverse sweep, in the order of computation."""
    gradient: tuple[tuple[Row, ...], ...]
    """For every output the rows x̄_j = v̄_i."""
    tangent: dict[str, tuple[Row, ...]]
    """For every seed its forward sweep."""
    seeds: tuple[tuple[str, str], ...] = ()
    """For every input the tangent its sweeps start from: v̇-1 = ẋ1."""
    tangent_outputs: tuple[tuple[str, str], ...] = ()
    """For every output the tangent it ends in: ẏ = v̇5."""
    style: StyleName = "unicode"
    """How names and operations are written."""
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
            "point": dict(zip(self.variables, map(finite, self.point), strict=True)),
            "value": finite(self.values[0]),
            **self.rows_dict(),
            "outputs": [{"name": n, "value": finite(v)} for n, v in zip(self.output_names, self.values, strict=True)],
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
        }


def _row_dict(row: Row | AdjointRow) -> dict[str, Any]:
    return {"name": row.name, "operation": row.operation, "value": finite(row.value)}


def _adjoint_dict(row: AdjointRow) -> dict[str, Any]:
    return {
        **_row_dict(row),
        "from": row.source,
        "local": finite(row.local),
        "contribution": finite(row.contribution),
        "accumulated": row.accumulated,
    }


def trace(
    graph: Graph,
    point: Sequence[float],
    wrt: Sequence[int] | None = None,
    *,
    adjoint: bool = True,
    tangent: bool = True,
    style: StyleName = "unicode",
    kind: Kind = "bar",
    text: str = "",
    typed: str = "",
    notes: Sequence[str] = (),
) -> Trace:
    """Trace `graph` at `point` (one float per input), differentiating by the inputs at the positions `wrt` (all)."""
    chosen = tuple(graph.inputs if wrt is None else wrt)
    numbers = numbering(graph)
    writer = Writer(graph, numbers, Notation(numbers, style, kind))
    values = evaluate(graph, FLOATS, point)
    sweeps = [reverse_rows(writer, k, chosen, point) for k in range(len(graph.outputs))] if adjoint else []
    primal, name, tangent_of = writer.notation.primal, writer.notation.name, writer.notation.tangent_of
    return Trace(
        input=typed or text,
        source=text,
        expression=program_text(graph, PLAIN),
        title=program_text(graph, STYLES[style]),
        variables=graph.variables,
        point=tuple(point),
        inputs=tuple(Row(primal(p), name(graph.nodes[p].literal), values[p]) for p in graph.inputs),
        primal=tuple(Row(primal(p), writer.operation(p), values[p]) for p in numbers.order),
        outputs=_output_rows(writer, values),
        values=tuple(values[p] for p in graph.outputs),
        output_names=graph.output_names,
        adjoint=tuple(rows for rows, _ in sweeps),
        gradient=tuple(found for _, found in sweeps),
        tangent={graph.nodes[p].literal: tangent_rows(writer, p, chosen, point) for p in chosen} if tangent else {},
        seeds=tuple((writer.notation.tangent(p), tangent_of(graph.nodes[p].literal)) for p in graph.inputs),
        tangent_outputs=tuple(
            (tangent_of(output), writer.notation.tangent(p) if p in numbers.labels else "0")
            for p, output in zip(graph.outputs, graph.output_names, strict=True)
        ),
        style=style,
        problems=find_problems(graph, point, values, chosen),
        notes=tuple(notes),
    )


def _output_rows(writer: Writer, values: Sequence[float]) -> tuple[Row, ...]:
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


def find_problems(
    graph: Graph, point: Sequence[float], values: Sequence[float], wrt: Sequence[int]
) -> tuple[Problem, ...]:
    """Ask the judge where something special happens at the point; ordinary traces need not wait for it."""
    special = any(
        node.args and (not math.isfinite(values[p]) or OPS[node.op].singular(*[values[a] for a in node.args]))
        for p, node in enumerate(graph.nodes)
    )
    if not special:
        return ()
    from diffcli.studies.judge import judge
    from diffcli.studies.problem import problem

    found = (problem(graph, reference) for reference in judge(graph, point, wrt))
    return tuple(one for one in found if one is not None)
