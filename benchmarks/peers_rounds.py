"""Candidates side by side: each in a process of its own, timed in turns so that a busy machine slows them all alike."""

import random
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from diffcli.studies.accuracy import error
from diffcli.studies.peers.process import Process

PREPARE, RUN = 120.0, 60.0
"""Seconds after which a candidate is given up."""
BUDGET, FEWEST = 20.0, 2
"""Seconds after which no further round of a workload begins, when there are a few."""
TRIES = 5
"""How often a few calls are timed to see how many of them fill a turn."""
PAUSE = 0.01
"""Seconds between two turns, so that the threads of the last one are asleep."""
WRONG = 1e-8
"""A relative error that no rounding explains in these workloads."""


class Result(NamedTuple):
    """One candidate on one workload."""

    seconds: float | None = None
    """Median over the rounds."""
    low: float | None = None
    """The times of the middle four fifths of the rounds lie from here …"""
    high: float | None = None
    """… to here."""
    ratio: tuple[float, float, float] | None = None
    """Its time over the reference's in the same round: median, and the range of the middle four fifths."""
    error: float | None = None
    """The largest relative error of value or gradient against the judge."""
    first: float | None = None
    """Seconds from the beginning to the first result, compiling included."""
    problem: str = ""


class Candidate:
    """A process that is asked for one workload after another."""

    def __init__(self, name: str) -> None:
        """Start it."""
        self.name = name
        self.process = Process(name, module="peers_server", memory=2**36)
        self.problem, self.first, self.samples = "", 0.0, []  # type: tuple[str, float, list[Any]]

    def ask(self, do: str, limit: float, **details: Any) -> dict[str, Any]:
        """The answer; a problem is kept, and nothing more is asked until the next workload."""
        if self.problem:
            return {}
        answer = self.process.answer(do, limit, **details)
        self.problem = f"{answer['problem']}: {answer['reason']}" if "problem" in answer else ""
        return {} if self.problem else answer

    def prepare(self, kind: str, details: dict[str, Any]) -> None:
        """Have it prepare a workload."""
        if not self.process.is_alive:
            self.process = Process(self.name, module="peers_server", memory=2**36)
        self.problem = ""
        answer = self.ask("prepare", PREPARE, kind=kind, **details)
        self.first, self.samples = answer.get("seconds", 0.0), answer.get("samples", [])

    def seconds(self, calls: int) -> float:
        """The time of one call over several."""
        return float(self.ask("time", RUN, calls=calls).get("seconds", float("inf")))


Judge = Callable[[Any], tuple[str, list[str | None]]]
"""From a point to the value and the partials as decimals; None for partials that are not judged."""


def side_by_side(
    candidates: Sequence[Candidate], kind: str, details: dict[str, Any], judge: Judge, turn: float, rounds: int
) -> dict[str, Result]:
    """Time all candidates in turns, in another order each round; ratios are to the first one.

    Each is timed for about `turn` seconds in a round, after as many in which its threads wake and find their cores.
    """
    for candidate in candidates:
        candidate.prepare(kind, details)
    errors = {candidate.name: _error(candidate.samples, judge) for candidate in candidates if not candidate.problem}
    calls = {candidate.name: _calls(candidate, turn) for candidate in candidates}
    times: dict[str, list[float]] = {candidate.name: [] for candidate in candidates}
    chance, end = random.Random(0), time.monotonic() + BUDGET  # noqa: S311 - no secrets
    for done in range(rounds):
        if done >= FEWEST and time.monotonic() > end:
            break
        for candidate in chance.sample(candidates, len(candidates)):
            time.sleep(PAUSE)
            candidate.seconds(calls[candidate.name])
            times[candidate.name].append(candidate.seconds(calls[candidate.name]))
    reference = times[candidates[0].name]
    return {
        candidate.name: _result(candidate, times[candidate.name], reference, errors.get(candidate.name))
        for candidate in candidates
    }


def _calls(candidate: Candidate, turn: float) -> int:
    once = candidate.seconds(1)
    if once < turn:
        once = min(candidate.seconds(3) for _ in range(TRIES))
    return max(1, round(turn / once)) if once else 1


def _error(samples: Sequence[Any], judge: Judge) -> float:
    """The largest relative error at the sampled points."""
    worst = 0.0
    for point, value, partials in samples:
        true_value, true_partials = judge(point)
        pairs = [(value, true_value), *zip(partials, true_partials, strict=True)]
        relative = [error(found, true).relative for found, true in pairs if true is not None]
        worst = max([worst, *[float(one) for one in relative if one is not None]])
    return worst


def _result(candidate: Candidate, mine: list[float], reference: list[float], worst: float | None) -> Result:
    if candidate.problem:
        return Result(problem=candidate.problem)
    ratios = sorted(a / b for a, b in zip(mine, reference, strict=True))
    low, high = _middle(sorted(mine))
    return Result(
        statistics.median(mine), low, high, (statistics.median(ratios), *_middle(ratios)), worst, candidate.first
    )


def _middle(ordered: Sequence[float]) -> tuple[float, float]:
    """Where the middle four fifths lie."""
    return ordered[len(ordered) // 10], ordered[-1 - len(ordered) // 10]
