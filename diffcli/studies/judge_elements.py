"""The judge on programs on arrays: they are written out in numbers, and of very many derivatives it takes a sample."""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from diffcli.errors import LimitError
from diffcli.execute.expansion import MAX_OPERATIONS, expanded
from diffcli.execute.flat import flattened
from diffcli.graph.layout import components, output_elements
from diffcli.graph.program import Graph
from diffcli.studies.judge import judge
from diffcli.studies.reference import Cause, Reference, Slope

MAX_WORK = 1_500_000
"""Derivatives times nodes that the judge takes on; above it judges some of them, drawn at random."""
FEWEST = 4
SEED = 0


class Judged(NamedTuple):
    """What the judge says of every element of every output."""

    graph: Graph
    """The program that was judged: in numbers."""
    references: tuple[Reference, ...]
    notes: tuple[str, ...] = ()
    is_judged: bool = True
    """False for a program that is too large to be written out in numbers."""


def judge_elements(graph: Graph, point: Sequence[Any], wrt: Sequence[int], digits: int) -> Judged:
    """The value and the derivatives of every element of every output by every element of the inputs `wrt`."""
    if graph.is_scalar:
        return Judged(graph, judge(graph, flattened(point), wrt, digits))
    try:
        expansion = expanded(graph, MAX_OPERATIONS)
    except LimitError as limit:
        return Judged(graph, tuple(_not_judged(graph, wrt, limit.message)), is_judged=False)
    elements = expansion.wrt(wrt)
    count = min(len(elements), max(FEWEST, MAX_WORK // len(expansion.graph.nodes)))
    sample = sorted(random.Random(SEED).sample(range(len(elements)), count))  # noqa: S311 - reproducible, not secret
    references = judge(expansion.graph, flattened(point), [elements[number] for number in sample], digits)
    if count == len(elements):
        return Judged(expansion.graph, references)
    names = [component.name for component in components(graph, wrt)]
    note = f"the judge takes a sample: {count} of {len(elements)} derivatives"
    return Judged(expansion.graph, tuple(_with_all(reference, sample, names) for reference in references), (note,))


def _with_all(reference: Reference, sample: Sequence[int], names: Sequence[str]) -> Reference:
    """The reference with a slope for every element, most of them not sampled."""
    slopes = [_not_sampled(name) for name in names]
    for number, slope in zip(sample, reference.slopes, strict=True):
        slopes[number] = slope
    return replace(reference, slopes=tuple(slopes))


def _not_sampled(name: str) -> Slope:
    return Slope(name, "not sampled", None, None, None, None, 0)


def _not_judged(graph: Graph, wrt: Sequence[int], why: str) -> list[Reference]:
    """For a program that is too large to be written out."""
    slopes = tuple(_not_sampled(component.name) for component in components(graph, wrt))
    cause = Cause(graph.outputs[0], graph.nodes[graph.outputs[0]].op, "limit", why, "")
    return [Reference(name, None, None, slopes, cause, "limit") for name in output_elements(graph)]
