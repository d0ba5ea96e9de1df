"""Several expressions at several points: how accurate the methods are and what they cost, side by side."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any, TypeVar

from diffcli.graph.program import Graph
from diffcli.methods.method import GaveUp
from diffcli.methods.registry import METHODS, prepare, start
from diffcli.studies.explanation.points import MOST_STUDIES, AtPoints, over_points
from diffcli.studies.peers.team import Member, Team
from diffcli.studies.records import Cost, MethodResult, Study
from diffcli.studies.running import executor_for, timed, too_much
from diffcli.studies.sampling import random_points
from diffcli.studies.study import Settings, study
from diffcli.studies.timing import Timing, measure_batches, timed_batch
from diffcli.studies.values import SCHEMA, finite

SECONDS_PER_RUN = 0.002
Summary = TypeVar("Summary", bound="MethodSummary")
FUNCTION = "one evaluation of f"


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
class PeerSummary(MethodSummary):
    """The same for another library; it never counts for the verdict."""

    version: str = ""
    problem: str | None = None
    """not applicable or failed, where there are no results; `gave_up` says why."""


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
    peers: tuple[PeerSummary, ...] = ()
    explanations: tuple[AtPoints, ...] = ()
    """Why methods are off."""


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
    peers: Sequence[str] = (),
    notes: Sequence[str] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> Comparison:
    """Study every subject at its own point and at `points` − 1 random ones; time all methods in turn, `runs` times.

    `peers` are other libraries, by their names in `peers.registry`: each runs in a process of its own.
    """
    cases = []
    team = Team(peers)
    try:
        for subject in subjects:
            progress(subject.name)
            cases.append(_compare_one(subject, tuple(methods), points, runs, seed, team, progress))
    finally:
        team.end()
    executors = dict.fromkeys(executor_for(subject.graph).name for subject in subjects)
    return Comparison(tuple(cases), seed, runs, " or ".join(executors), tuple(notes))


def _compare_one(
    subject: Subject,
    methods: tuple[str, ...],
    count: int,
    runs: int,
    seed: int,
    team: Team,
    progress: Callable[[str], None],
) -> Case:
    graph = subject.graph
    own = [] if subject.point is None else [subject.point]
    places = own + random_points(graph, count - len(own), seed)
    jobs = {method: start(method, graph, graph.inputs) for method in methods}
    settings = Settings(methods, started=jobs, seconds=0)
    studies = [
        study(graph, place, settings=settings._replace(explains=number < MOST_STUDIES))
        for number, place in enumerate(places)
    ]
    notes = () if len(places) == count else (f"only {len(places)} of {count} random points had a finite gradient",)
    members = []
    for peer in team.names if places else ():
        progress(f"{subject.name}: {peer}")
        members.append(team.at_work(peer, graph, places, studies))
    timings, function_seconds = _timings(graph, methods, jobs, places, runs, members) if places else ({}, None)
    summaries = [_summary(method, studies, timings.get(method), function_seconds) for method in methods]
    others = [_peer_summary(member, timings.get(member.peer), function_seconds) for member in members]
    fastest = min((s.timing.median for s in (*summaries, *others) if s.timing), default=0.0)
    without = sum(done.verdict in ("no derivative", "not judged") for done in studies)
    return Case(
        subject.name, studies[0].expression if studies else subject.name, graph.variables, len(places), without,
        function_seconds, _relative_to(fastest, summaries), notes, _relative_to(fastest, others),
        over_points(studies),
    )  # fmt: skip


def _timings(
    graph: Graph,
    methods: tuple[str, ...],
    jobs: Mapping[str, Mapping[str, Any]],
    places: Sequence[tuple[Any, ...]],
    runs: int,
    members: Sequence[Member],
) -> tuple[dict[str, Timing], float]:
    """One gradient by each method and peer and one evaluation of f, timed in turn at the first point."""
    place, compiler = places[0], executor_for(graph, places[0]).compiler
    function = compiler(graph, "evaluation")
    calls: dict[str, Callable[[int], float]] = {FUNCTION: timed_batch(lambda: function(place))}
    for method in methods:
        if too_much(method, graph, graph.inputs):
            continue
        try:
            prepared = prepare(method, graph, graph.inputs, compiler, **jobs[method])
        except GaveUp:
            continue
        calls[method] = timed_batch(timed(prepared, place))
    calls |= {member.peer: member.seconds for member in members if not member.problem}
    timings = measure_batches(calls, SECONDS_PER_RUN, runs)
    return timings, timings.pop(FUNCTION).median


def _summary(
    method: str, studies: Sequence[Study], timing: Timing | None, function_seconds: float | None
) -> MethodSummary:
    """What `method` did over all points of one expression."""
    by_point = [
        [result for output in done.outputs for result in output.methods if result.method == method] for done in studies
    ]
    first: MethodResult | None = by_point[0][0] if by_point else None
    return MethodSummary(
        method=method,
        **_accuracy(by_point),
        gave_up=first.notes[0] if first and first.status == "gave up" else None,
        cost=first.cost if first else None,
        prepare_seconds=first.prepare_seconds if first else None,
        **_times(timing, function_seconds),
    )


def _peer_summary(member: Member, timing: Timing | None, function_seconds: float | None) -> PeerSummary:
    """What a peer did over all points of one expression."""
    return PeerSummary(
        method=member.peer,
        **_accuracy([] if member.problem else [[result] for result in member.results]),
        gave_up=member.reason if member.problem else None,
        cost=None,
        prepare_seconds=member.prepare_seconds,
        **_times(None if member.problem else timing, function_seconds),
        version=member.version,
        problem=member.problem,
    )


def _accuracy(by_point: Sequence[Sequence[MethodResult]]) -> dict[str, Any]:
    """The results of one method at each point, all outputs, against the judge's."""
    judged = [results for results in by_point if all(r.status not in ("unjudged", "gave up") for r in results)]
    errors = [error for results in judged for result in results if (error := result.worst) is not None]
    return {
        "judged": len(judged),
        "agreed": sum(all(result.status == "ok" for result in results) for results in judged),
        "worst_relative": max((error.relative for error in errors if error.relative is not None), default=None),
        "median_digits": median(error.digits for error in errors) if errors else None,
    }


def _times(timing: Timing | None, function_seconds: float | None) -> dict[str, Any]:
    ratio = timing.median / function_seconds if timing and function_seconds else None
    return {"timing": timing, "relative_time": ratio}


def _relative_to(fastest: float, summaries: Sequence[Summary]) -> tuple[Summary, ...]:
    return tuple(replace(s, relative_to_fastest=s.timing.median / fastest) if s.timing else s for s in summaries)


def _case(case: Case) -> dict[str, Any]:
    return {
        **vars(case),
        "variables": list(case.variables),
        "methods": [_method(m) for m in case.methods],
        "peers": [_method(m) for m in case.peers],
        "notes": list(case.notes),
        "explanations": [entry for one in case.explanations for entry in one.to_dicts()],
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
