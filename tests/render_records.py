"""Records for the tests of the renderers: real computations, with made-up times so that the text is always the same."""

from dataclasses import replace
from functools import cache

from diffcli.language import parse
from diffcli.studies.compare import Comparison, Subject, compare
from diffcli.studies.notation import StyleName
from diffcli.studies.records import MethodResult, Study
from diffcli.studies.study import Settings, study
from diffcli.studies.timing import Timing
from diffcli.studies.trace import Trace, trace

DECK_001 = "ln(x1) + x1*x2 - sin(x2)"
DECK_002 = "a = x*z; b = ln(x); c = sin(b); d = exp(a); e = a/b; f = c/a; d + e + f"
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
    """A trace in one mode."""
    is_reverse = mode == "reverse"
    graph = parse(text).graph
    return trace(graph, point, adjoint=is_reverse, tangent=not is_reverse, style=style, text=text, **options)


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
