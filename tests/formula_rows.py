"""The rows of tests/data/*.jsonl (expressions, points, 50-digit derivatives) and how far a method is off on one."""

import json
import math
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from diffcli.execute.floats import FLOATS
from diffcli.execute.interpreter import evaluate, outputs
from diffcli.graph.program import Graph
from diffcli.language import parse
from diffcli.methods.reverse import adjoint_program


@dataclass(frozen=True)
class Row:
    """One expression at one point with its true gradient."""

    name: str
    graph: Graph
    point: tuple[float, ...]
    gradient: tuple[Decimal, ...]
    hard: bool

    def error(self, gradient) -> float:
        """The worst |a − b| / max(|b|, 1e-8 · Σ|contributions|) of all components; inf where a is not finite."""
        return max(map(self._error, gradient, self.gradient, self._sizes()))

    @staticmethod
    def _error(computed: float, true: Decimal, size: float) -> float:
        if not math.isfinite(computed):
            return math.inf
        scale = max(abs(true), Decimal(size) * Decimal("1e-8"))
        off = abs(Decimal(computed) - true)
        return float(off / scale) if scale else (math.inf if off else 0.0)

    def _sizes(self) -> list[float]:
        """For each input the sum of the absolute values of what the reverse sweep adds up."""
        program = adjoint_program(self.graph, self.graph.outputs[0], self.graph.inputs)
        values = evaluate(program.graph, FLOATS, self.point)
        return [
            sum(abs(values[step.contribution]) for step in program.steps if step.target == position)
            for position in self.graph.inputs
        ]


def interpreted(graph, _work):
    """A compiler for methods: the interpreter on doubles, which defines the semantics."""
    return lambda values: outputs(graph, FLOATS, values)


@cache
def rows(name: str) -> tuple[Row, ...]:
    """The rows of one file."""
    lines = (Path(__file__).parent / "data" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(_row(json.loads(line)) for line in lines)


def _row(case) -> Row:
    graph = parse(case["expr"], bound=case["vars"]).graph
    return Row(
        case["name"],
        graph,
        tuple(float(case["point"][name]) for name in graph.variables),
        tuple(Decimal(case["gradient"][name]) for name in graph.variables),
        case.get("float64_hard", False),
    )
