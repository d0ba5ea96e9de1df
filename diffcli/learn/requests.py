"""What Python programs ask of a descent: texts and functions, with everything else by name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

from diffcli.errors import UsageError
from diffcli.graph.program import Graph
from diffcli.learn import descend as descents
from diffcli.learn.descent import Descent
from diffcli.learn.specification import read_optimizer
from diffcli.learn.termination import Criteria
from diffcli.methods.registry import METHODS

BRANCHED = "the function branches on values; the branches taken at the start are followed everywhere"


class Place(NamedTuple):
    """A program, where to start, and along which of its inputs."""

    graph: Graph
    start: tuple[Any, ...]
    wrt: tuple[int, ...]
    text: str
    notes: tuple[str, ...]


def of_text(text: str, start: Mapping[str, Any], fixed: Mapping[str, Any]) -> Place:
    """A text at a start; the variables in `fixed` stay as they are."""
    from diffcli.text_points import read

    twice = next((name for name in start if name in fixed), None)
    if twice is not None:
        raise UsageError(f"{twice!r} is given twice", hint="start has the variables that descend, at the others")
    reading, point = read(text, {**start, **fixed})
    graph = reading.graph
    wrt = tuple(position for position in graph.inputs if graph.nodes[position].literal not in fixed)
    return Place(graph, tuple(point), wrt, text, reading.notes)


def of_function(function: Callable[..., Any], args: Sequence[Any], argnums: int | Sequence[int] | None) -> Place:
    """A function, recorded at the start."""
    from diffcli.function_recordings import RecordedFunction
    from diffcli.tracing import record

    chosen = RecordedFunction(function, argnums).chosen(len(args))
    recording = record(function, args, None, chosen)
    notes = (*recording.notes, *([BRANCHED] if recording.has_branched else []))
    graph = recording.graph
    return Place(graph, recording.values, recording.inputs(graph), "", notes)


def settings(
    method: str | Sequence[str],
    optimizer: str,
    rate: float | None,
    schedule: str | None,
    restarts: int,
    seed: int,
    criteria: Mapping[str, Any],
) -> descents.Settings:
    """All of it checked."""
    names = [method] if isinstance(method, str) else list(method)
    names = list(reversed(METHODS)) if names == ["all"] else names
    if unknown := [name for name in names if name not in METHODS]:
        raise UsageError(f"there is no method {unknown[0]!r}", hint=f"one of {', '.join(METHODS)}, or all")
    known = [field.name for field in fields(Criteria)]
    if unknown := [name for name in criteria if name not in known]:
        raise UsageError(f"there is no criterion {unknown[0]!r}", hint=f"the criteria are {', '.join(known)}")
    return descents.Settings(
        read_optimizer(optimizer, rate, schedule), tuple(names), Criteria(**criteria), restarts, seed
    )


def descend(place: Place, chosen: descents.Settings) -> Descent:
    """The descent."""
    graph, start, wrt, text, notes = place
    return descents.descend(graph, start, wrt, text=text, typed=text, notes=notes, settings=chosen)
