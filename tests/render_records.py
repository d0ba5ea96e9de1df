"""Records for the tests of the renderers: real computations, with made-up times so that the text is always the same."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from diffcli.graph.program import Graph
from diffcli.language import parse
from diffcli.studies.compare import Comparison, Subject, compare
from diffcli.studies.notation import StyleName
from diffcli.studies.records import MethodResult, Study
from diffcli.studies.scalars import in_scalars
from diffcli.studies.study import Settings, study
from diffcli.studies.timing import Timing
from diffcli.studies.trace import Trace, trace

DECK_001 = "ln(x1) + x1*x2 - sin(x2)"
DECK_002 = "a = x*z; b = ln(x); c = sin(b); d = exp(a); e = a/b; f = c/a; d + e + f"
EXAMPLE_E = "z = W @ x + b; p = softmax(z); H = -sum(y*ln(p))"
POINT_E = {"W": [[1, -1], [0.5, 2]], "x": [1, 2], "b": [0.1, -0.2], "y": [1, 0]}
QUICK = ("finite", "forward", "reverse")
MADE_UP = Timing(1.2e-6, 1.1e-6, 1.4e-6, 5, 100)


@cache
def study_of(text: str, *point: float, methods: tuple[str, ...] = QUICK) -> Study:
    """A study without timing; the times shown are made up."""
    settings = Settings(methods, seconds=0)
    record = study(parse(text).graph, point, text=text, settings=settings)
    outputs = tuple(replace(o, methods=tuple(map(_with_times, o.methods))) for o in record.outputs)
    return replace(record, outputs=outputs, function_seconds=2.5e-7)


def _with_times(method: MethodResult) -> MethodResult:
    return replace(method, prepare_seconds=1.5e-4, timing=MADE_UP, relative_time=4.8)


def trace_of(text: str, *point: float, mode: str = "reverse", style: StyleName = "pretty", **options: object) -> Trace:
    """A trace in one mode or in both."""
    adjoint, tangent = mode != "forward", mode != "reverse"
    return trace(parse(text).graph, point, adjoint=adjoint, tangent=tangent, style=style, text=text, **options)


@cache
def comparison_of(*texts: str) -> Comparison:
    """Several expressions at three random points each, with made-up times."""
    record = compare(
        [Subject(text, parse(text).graph, None) for text in texts], methods=QUICK, points=3, runs=1, seed=7
    )
    cases = []
    for case in record.cases:
        methods = (
            replace(m, prepare_seconds=1.5e-4, timing=MADE_UP, relative_time=4.8, relative_to_fastest=1.0)
            for m in case.methods
        )
        cases.append(replace(case, methods=tuple(methods), function_seconds=2.5e-7))
    return replace(record, cases=tuple(cases))


def array_graph(text: str, at: Mapping[str, Any]) -> tuple[Graph, tuple[Any, ...]]:
    """A program on arrays, and its point in the order of its inputs."""
    known = {name: np.asarray(value, dtype=float) for name, value in at.items()}
    graph = parse(text, bound=tuple(at), shapes={name: array.shape for name, array in known.items()}).graph
    values = (known[name] for name in graph.variables)
    return graph, tuple(value if value.shape else float(value) for value in values)


def positions(graph: Graph, names: str | None) -> tuple[int, ...] | None:
    """The inputs called by these letters; None for all."""
    by_name = dict(zip(graph.variables, graph.inputs, strict=True))
    return None if names is None else tuple(by_name[name] for name in names)


def array_trace(text: str, at: Mapping[str, Any], wrt: str | None = None, **options: Any) -> Trace:
    """The traces of a program on arrays."""
    graph, point = array_graph(text, at)
    return trace(graph, point, positions(graph, wrt), text=text, **options)


def array_study(text: str, at: Mapping[str, Any], wrt: str | None = None, methods: tuple[str, ...] = QUICK) -> Study:
    """A study of a program on arrays with made-up times."""
    graph, point = array_graph(text, at)
    record = study(graph, point, positions(graph, wrt), text=text, settings=Settings(methods, seconds=0))
    outputs = tuple(replace(o, methods=tuple(map(_with_times, o.methods))) for o in record.outputs)
    return replace(record, outputs=outputs, function_seconds=2.5e-7)


NETWORK = "h = tanh(A @ x + c); z = B @ h; L = logsumexp(z) - z[1]"


def network_point() -> dict[str, Any]:
    """Weights that look random and are the same everywhere."""
    waves = np.sin(np.arange(1, 100) ** 2 * 0.7)
    return {"A": waves[:20].reshape(4, 5), "x": waves[20:25], "c": waves[25:29], "B": waves[29:41].reshape(3, 4)}


def scalar_trace() -> Trace:
    """Example E with every element a node."""
    graph, point = array_graph(EXAMPLE_E, POINT_E)
    return trace(*in_scalars(graph, point, graph.inputs[:3]), tangent=False, style="pretty", written=graph)
