"""Whether something special happens at the point of a trace, and what the judge says of it."""

import math
from collections.abc import Sequence
from typing import Any

from diffcli.errors import LimitError
from diffcli.graph.ops import OPS
from diffcli.graph.program import Graph
from diffcli.studies.node_values import node_values
from diffcli.studies.values import Problem

MOST_OPERATIONS = 20_000
"""Programs on arrays with more operations on numbers are not searched."""


def find_problems(graph: Graph, point: Sequence[Any], values: Sequence[Any], wrt: Sequence[int]) -> tuple[Problem, ...]:
    """Ask the judge where something special happens at the point; ordinary traces need not wait for it."""
    if not graph.is_scalar:
        return _problems_of_elements(graph, point, wrt)
    if not _is_special(graph, values):
        return ()
    from diffcli.execute.flat import flattened
    from diffcli.studies.judge import judge
    from diffcli.studies.problem import problem

    found = (problem(graph, reference) for reference in judge(graph, flattened(point), wrt))
    return tuple(one for one in found if one is not None)


def _is_special(graph: Graph, values: Sequence[float]) -> bool:
    return any(
        node.args and (not math.isfinite(values[p]) or OPS[node.op].singular(*[values[a] for a in node.args]))
        for p, node in enumerate(graph.nodes)
    )


def _problems_of_elements(graph: Graph, point: Sequence[Any], wrt: Sequence[int]) -> tuple[Problem, ...]:
    """The same for a program on arrays, written out in numbers."""
    from diffcli.execute.expansion import expanded
    from diffcli.execute.flat import flattened
    from diffcli.studies.judge_elements import judge_elements
    from diffcli.studies.problem import problem
    from diffcli.studies.records import JUDGE_DIGITS

    try:
        numbers = expanded(graph, MOST_OPERATIONS).graph
    except LimitError:
        return ()
    if not _is_special(numbers, node_values(numbers, flattened(point))):
        return ()
    judged = judge_elements(graph, point, wrt, JUDGE_DIGITS)
    found = (problem(judged.graph, reference) for reference in judged.references)
    return tuple(one for one in found if one is not None)
