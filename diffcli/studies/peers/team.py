"""The peers of one comparison: each in its process, from the first expression to the last."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from diffcli.errors import LibraryError
from diffcli.graph.program import Graph
from diffcli.methods.symbolic_worker import encoded
from diffcli.studies.peers.process import Process
from diffcli.studies.peers.registry import PEERS, installed
from diffcli.studies.records import Component, MethodResult, Study
from diffcli.studies.verdict import component, status

SECONDS_TO_PREPARE = 45.0
"""Importing, translating, compiling; PyTorch's compiler takes some seconds when it works for the first time."""
SECONDS_TO_RUN = 10.0
LIKE = "reverse"
"""Peers are held to the same tolerance as this method."""


@dataclass
class Member:
    """One peer at work on one program."""

    peer: str
    process: Process
    version: str = ""
    prepare_seconds: float | None = None
    problem: str | None = None
    """not applicable or failed; then there are no results."""
    reason: str = ""
    results: tuple[MethodResult, ...] = ()
    """One for each point."""

    def ask(self, do: str, limit: float, **details: Any) -> dict[str, Any]:
        """The answer of the process; nothing where that has a problem, which is kept."""
        if self.problem:
            return {}
        answer = self.process.answer(do, limit, **details)
        self.problem, self.reason = answer.get("problem"), answer.get("reason", "")
        return {} if self.problem else answer

    def seconds(self, calls: int) -> float:
        """The time of one gradient over a batch of them; infinite where the peer breaks down."""
        return float(self.ask("time", SECONDS_TO_RUN + 0.01 * calls, calls=calls).get("seconds", math.inf))


class Team:
    """Several peers."""

    def __init__(self, names: Sequence[str]) -> None:
        """Start their processes, which import them while other things are done here."""
        self._processes = {name: Process(name) for name in names}

    @property
    def names(self) -> tuple[str, ...]:
        """The peers, in their order."""
        return tuple(self._processes)

    def at_work(self, name: str, graph: Graph, points: Sequence[Sequence[Any]], studies: Sequence[Study]) -> Member:
        """One peer with its results at all points, compared with the judge of the studies."""
        if not self._processes[name].is_alive:
            self._processes[name] = Process(name)
        member = Member(name, self._processes[name])
        if reason := _unsuitable(graph):
            member.problem, member.reason = "not applicable", reason
            return member
        work = {"graph": encoded(graph), "point": points[0], "threads": os.cpu_count() or 1}
        answer = member.ask("prepare", SECONDS_TO_PREPARE, **work)
        member.version, member.prepare_seconds = answer.get("version", ""), answer.get("seconds")
        results = []
        for point, study in zip(points, studies, strict=True):
            found = member.ask("evaluate", SECONDS_TO_RUN, point=point)
            if not found:
                return member
            results.append(_result(member, found, study))
        member.results = tuple(results)
        return member

    def end(self) -> None:
        """End all processes."""
        for process in self._processes.values():
            process.end()


def _unsuitable(graph: Graph) -> str:
    if not graph.is_scalar:
        return "it computes with arrays, and peers get programs on numbers"
    return "" if len(graph.outputs) == 1 else "peers get programs with one output"


def _result(member: Member, found: dict[str, Any], study: Study) -> MethodResult:
    """The answer at one point beside the judge's."""
    slopes = study.outputs[0].reference.slopes
    pairs = zip(slopes, found["gradient"], strict=True)
    components: tuple[Component, ...] = tuple(component(LIKE, slope, value) for slope, value in pairs)
    return MethodResult(
        member.peer, status(components), found["value"], components, None, member.prepare_seconds, None, None
    )


def usable_peers(names: Sequence[str] | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The peers to compare with, and a note for each that is not installed; all peers where none is named.

    Raises LibraryError where one that is named is not installed.
    """
    wanted = tuple(PEERS) if names is None else tuple(names)
    there = installed(wanted)
    missing = [name for name in wanted if name not in there]
    if missing and names is not None:
        raise LibraryError(f"the peer {missing[0]} is not installed", hint=PEERS[missing[0]].command)
    return there, tuple(f"{name} is not installed: {PEERS[name].command}" for name in missing)
