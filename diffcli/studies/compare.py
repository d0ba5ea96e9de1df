"""Several expressions at several points: how accurate the methods are and what they cost, side by side."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from diffcli.graph.program import Graph
from diffcli.methods.method import GaveUp
from diffcli.methods.registry import METHODS, prepare, start
from diffcli.studies.records import Cost, MethodResult, Study
from diffcli.studies.running import executor_for, timed, too_much
from diffcli.studies.sampling import random_points
from diffcli.studies.study import Settings, study
from diffcli.studies.timing import Timing, measure_together
from diffcli.studies.values import SCHEMA, finite

SECONDS_PER_RUN = 0.002


@dataclass(frozen=True)
class MethodSummary:
    """One method on one expression, over all its points."""

    method: str
    judged: int
    """Points at which the judge has a derivative."""
    agreed: int
    """Of these, the points at which all components are within the tolerance."""
    gave_up: str | None
    worst_relative: float | None
    """The largest relative error of any component at any point."""
    median_digits: float | None
    """The median over the points of the correct digits of the worst component; inf: all."""
    cost: Cost | None
    prepare_seconds: float | None
    timing: Timing | None
    relative_time: float | None = None
    """One gradient in units of one evaluation of f."""
    relative_to_fastest: float | None = None


@dataclass(frozen=True)
class Case:
    """One expression with its points."""

    name: str
    expression: str
    variables: tuple[str, ...]
    points: int
    without_derivative: int
    """Points at which the judge finds no derivative; they count neither for nor against a method."""
    function_seconds: float | None
    methods: tuple[MethodSummary, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """The record of `compare`."""

    cases: tuple[Case, ...]
    seed: int
    runs: int
    executor: str
    """What the programs of all methods of an expression were timed with."""
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """The worst over all expressions and points: 1 where a method is wrong, 3 where there is no derivative."""
        if any(case.without_derivative or not case.points for case in self.cases):
            return 3
        return int(
            any(method.agreed < method.judged for case in self.cases for method in case.methods if not method.gave_up)
        )

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `diffcli compare --format json`."""
        return {
            "schema": SCHEMA,
            "command": "compare",
            "executor": self.executor,
            "seed": self.seed,
            "runs": self.runs,
            "cases": [_case(case) for case in self.cases],
            "exit_code": self.exit_code,
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class Subject:
    """An expression to compare the methods on."""

    name: str
    graph: Graph
    point: tuple[Any, ...] | None
    """The point given or the example's own; None: draw all points."""


def compare(
    subjects: Sequence[Subject],
    *,
    methods: Sequence[str] = tuple(METHODS),
    points: int = 1,
    runs: int = 7,
    seed: int = 0,
    progress: Callable[[str], None] = lambda _: None,
) -> Comparison:
    """Study every subject at its own point and at `points` − 1 random ones; time all methods in turn, `runs` times."""
    cases = []
    for subject in subjects:
        progress(subject.name)
        cases.append(_compare_one(subject, tuple(methods), points, runs, seed))
    executors = dict.fromkeys(executor_for(subject.graph).name for subject in subjects)
    return Comparison(tuple(cases), seed, runs, " or ".join(executors))


def _compare_one(subject: Subject, methods: tuple[str, ...], count: int, runs: int, seed: int) -> Case:
    graph = subject.graph
    own = [] if subject.point is None else [subject.point]
    places = own + random_points(graph, count - len(own), seed)
    jobs = {method: start(method, graph, graph.inputs) for method in methods}
    settings = Settings(methods, started=jobs, seconds=0)
    studies = [study(graph, place, settings=settings) for place in places]
    notes = () if len(places) == count else (f"only {len(places)} of {count} random points had a finite gradient",)
    timings, function_seconds = _timings(graph, methods, jobs, places, runs) if places else ({}, None)
    summaries = [_summary(method, studies, timings.get(method), function_seconds) for method in methods]
    without = sum(done.verdict in ("no derivative", "not judged") for done in studies)
    return Case(
        subject.name, studies[0].expression if studies else subject.name, graph.variables, len(places), without,
        function_seconds, _relative_to_fastest(summaries), notes,
    )  # fmt: skip


def _timings(
    graph: Graph,
    methods: tuple[str, ...],
    jobs: Mapping[str, Mapping[str, Any]],
    places: Sequence[tuple[Any, ...]],
    runs: int,
) -> tuple[dict[str, Timing], float]:
    """One gradient by each method and one evaluation of f, timed in turn at the first point."""
    place, compiler = places[0], executor_for(graph, places[0]).compiler
    function = compiler(graph, "evaluation")
    calls: dict[str, Callable[[], object]] = {"f": lambda: function(place)}
    for method in methods:
        if too_much(method, graph, graph.inputs):
            continue
        try:
            prepared = prepare(method, graph, graph.inputs, compiler, **jobs[method])
        except GaveUp:
            continue
        calls[method] = timed(prepared, place)
    timings = measure_together(calls, SECONDS_PER_RUN, runs)
    return timings, timings.pop("f").median


def _summary(
    method: str, studies: Sequence[Study], timing: Timing | None, function_seconds: float | None
) -> MethodSummary:
    """What `method` did over all points of one expression."""
    by_point = [
        [result for output in done.outputs for result in output.methods if result.method == method] for done in studies
    ]
    judged = [results for results in by_point if all(r.status not in ("unjudged", "gave up") for r in results)]
    errors = [error for results in judged for result in results if (error := result.worst) is not None]
    relatives = [error.relative for error in errors if error.relative is not None]
    first: MethodResult | None = by_point[0][0] if by_point else None
    return MethodSummary(
        method=method,
        judged=len(judged),
        agreed=sum(all(result.status == "ok" for result in results) for results in judged),
        gave_up=first.notes[0] if first and first.status == "gave up" else None,
        worst_relative=max(relatives, default=None),
        median_digits=median(error.digits for error in errors) if errors else None,
        cost=first.cost if first else None,
        prepare_seconds=first.prepare_seconds if first else None,
        timing=timing,
        relative_time=timing.median / function_seconds if timing and function_seconds else None,
    )


def _relative_to_fastest(summaries: Sequence[MethodSummary]) -> tuple[MethodSummary, ...]:
    fastest = min((s.timing.median for s in summaries if s.timing), default=0.0)
    return tuple(replace(s, relative_to_fastest=s.timing.median / fastest) if s.timing else s for s in summaries)


def _case(case: Case) -> dict[str, Any]:
    return {
        **vars(case),
        "variables": list(case.variables),
        "methods": [_method(m) for m in case.methods],
        "notes": list(case.notes),
    }


def _method(summary: MethodSummary) -> dict[str, Any]:
    timing = summary.timing
    return {
        **vars(summary),
        "median_digits": finite(summary.median_digits),
        "worst_relative": finite(summary.worst_relative),
        "cost": summary.cost and summary.cost._asdict(),
        "timing": timing and {**timing._asdict(), "spread": timing.spread},
    }
