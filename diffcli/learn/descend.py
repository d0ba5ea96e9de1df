"""Descents: the same one by each of the methods, from several starts, and what to do where one diverges."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from diffcli.errors import UsageError
from diffcli.graph.program import Graph
from diffcli.graph.shapes import shown
from diffcli.graph.text import LATEX, PLAIN, PRETTY, program_text
from diffcli.learn.descent import Descent, Ending, MethodDescent
from diffcli.learn.divergence import LIKELY, divergence
from diffcli.learn.following import explained, follow, values_of
from diffcli.learn.gradients import Gradients
from diffcli.learn.landscape import landscape
from diffcli.learn.optimizers import Optimizer, optimizer
from diffcli.learn.path_comparison import compared
from diffcli.learn.restarts import restarted
from diffcli.learn.termination import Criteria
from diffcli.methods.finite import EPSILON, resolution
from diffcli.methods.method import GaveUp
from diffcli.studies.records import Cost
from diffcli.studies.running import refuse_many

GRADIENT_DESCENT = optimizer("gradient-descent")
SGD = "without mini-batches of samples, as here, sgd is gradient descent"
SINGLE = "computed in single precision (float32)"


class Settings(NamedTuple):
    """What a descent is asked to do."""

    optimizer: Optimizer = GRADIENT_DESCENT
    methods: tuple[str, ...] = ("reverse",)
    criteria: Criteria = Criteria()
    restarts: int = 0
    """Random starts beside the given one."""
    seed: int = 0
    with_landscape: bool = False
    """Whether a function of two variables is computed around the path too, for a contour plot."""
    options: Mapping[str, Mapping[str, Any]] = {}  # never changed
    """Options by method: `finite` takes scheme and step, `symbolic` a time limit."""


def descend(
    graph: Graph,
    start: Sequence[Any],
    wrt: Sequence[int] | None = None,
    *,
    text: str = "",
    typed: str = "",
    notes: Sequence[str] = (),
    settings: Settings | None = None,
) -> Descent:
    """Descend from `start` (one float or array per input) along the inputs at the positions `wrt`; the others stay.

    Raises UsageError where the program does not give one number, or has nothing to descend along.
    """
    settings = settings or Settings()
    chosen = tuple(graph.inputs if wrt is None else wrt)
    refuse_what_has_no_minimum(graph, chosen)
    refuse_many(graph, chosen)
    parameters = [start[graph.inputs.index(position)] for position in chosen]
    runs = [_by_method(method, graph, start, chosen, parameters, settings) for method in settings.methods]
    is_single = resolution(start) > EPSILON
    record = Descent(
        input=typed or text,
        source=text,
        expression=program_text(graph, PLAIN),
        pretty=program_text(graph, PRETTY),
        latex=program_text(graph, LATEX),
        output=graph.output_names[0],
        variables=tuple(graph.nodes[position].literal for position in chosen),
        start=values_of(parameters),
        fixed=_fixed(graph, start, chosen),
        optimizer=settings.optimizer,
        criteria=settings.criteria.to_dict(),
        runs=compared(runs, is_single=is_single),
        seed=settings.seed,
        notes=(*notes, *([SINGLE] if is_single else []), *([SGD] if settings.optimizer.name == "sgd" else [])),
    )
    if settings.with_landscape:
        record = replace(record, landscape=landscape(graph, start, chosen, record.first))
    if settings.restarts and record.first.steps:
        found, own = restarted(graph, start, chosen, record.first, settings)
        record = replace(record, restarts=tuple(found), notes=(*record.notes, *own))
    return record


def refuse_what_has_no_minimum(graph: Graph, wrt: Sequence[int]) -> None:
    """A descent needs one number, and variables that it can change."""
    names, shape = graph.output_names, graph.nodes[graph.outputs[0]].shape
    if len(names) > 1:
        sums = " + ".join(f"{name}^2" for name in names)
        raise UsageError(
            f"a descent makes one number small, and this gives {len(names)}: {', '.join(names)}",
            hint=f"make one of them: name them and end with {sums}",
        )
    if shape:
        raise UsageError(
            f"a descent makes one number small, and this gives an array ({shown(shape)})", hint="such as sum((…)^2)"
        )
    if not wrt:
        raise UsageError("there is no variable to descend along", hint='diffcli descend "x^2 + y^2" --from x=1,y=2')


def _fixed(graph: Graph, start: Sequence[Any], wrt: Sequence[int]) -> dict[str, Any]:
    """The variables that stay as they are, by name."""
    others = ((position, x) for position, x in zip(graph.inputs, start, strict=True) if position not in wrt)
    named = ((graph.nodes[position].literal, x) for position, x in others)
    return {name: values_of([x])[0] for name, x in named if " " not in name}  # what a function captured has no name


def _by_method(
    method: str, graph: Graph, start: Sequence[Any], wrt: Sequence[int], parameters: Sequence[Any], settings: Settings
) -> MethodDescent:
    """The descent with the gradients of one method."""
    try:
        gradients = Gradients(method, graph, wrt, start, settings.options.get(method, {}))
    except GaveUp as reason:
        return MethodDescent(method, (), Ending("gave up", str(reason)), (), Cost(0, 0, 0), 0.0, None)
    steps, ending, end, is_broken = follow(gradients, parameters, settings.optimizer, settings.criteria)
    cost, seconds = gradients.cost, gradients.seconds  # before anything else is tried
    if is_broken:
        ending = explained(ending, graph, gradients.last_point, wrt, steps)
    found = divergence(steps, gradients, parameters, settings.optimizer) if steps and ending.kind in LIKELY else None
    one = gradients.time_of_one(parameters) if steps else None
    return MethodDescent(method, tuple(steps), ending, values_of(end), cost, seconds, one, found)
