"""One expression at one point: the four methods side by side, each measured against the judge."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from diffcli.execute.flat import flattened
from diffcli.graph.program import Graph
from diffcli.graph.text import LATEX, PLAIN, PRETTY, names_of, write
from diffcli.methods.finite import EPSILON, resolution
from diffcli.methods.method import Program
from diffcli.methods.registry import METHODS, start
from diffcli.studies.assembly import assembled
from diffcli.studies.directions import along_random_directions
from diffcli.studies.explanation.need import Explained, is_remarkable, is_value_wrong
from diffcli.studies.judge import Reference
from diffcli.studies.judge_elements import Judged, judge_elements
from diffcli.studies.problem import problem, signed
from diffcli.studies.records import JUDGE_DIGITS, Formula, MethodResult, OutputStudy, Study
from diffcli.studies.running import Run, completed, executor_for, refuse_many, run
from diffcli.studies.timing import measure
from diffcli.studies.verdict import component, largest_in_array, status

MAX_FORMULAS = 500
"""Derivatives whose formulas are written out."""
SINGLE_NOTE = "computed in single precision (float32)"
SYMBOLIC_NOTE = "; the formulas of symbolic in double precision"


class Settings(NamedTuple):
    """What a study is asked to do."""

    methods: tuple[str, ...] = tuple(METHODS)
    options: Mapping[str, Mapping[str, Any]] = {}  # never changed
    """Options by method: `finite` takes scheme and step, `symbolic` a time limit."""
    started: Mapping[str, Mapping[str, Any]] = {}  # never changed
    """What `start` gave for methods that were started before; it serves any number of points."""
    seconds: float = 0.0015
    """For how long each method is timed; 0 for not at all."""
    explains: bool = True
    """Whether the causes of errors are searched."""


def study(
    graph: Graph,
    point: Sequence[Any],
    wrt: Sequence[int] | None = None,
    *,
    text: str = "",
    typed: str = "",
    notes: Sequence[str] = (),
    settings: Settings | None = None,
) -> Study:
    """Study `graph` at `point`, differentiating by the inputs at the positions `wrt` (all).

    The point has one float per input, or arrays of one library; then the methods run on arrays of that library, and
    every element is a variable.
    """
    settings = settings or Settings()
    chosen = tuple(graph.inputs if wrt is None else wrt)
    refuse_many(graph, chosen)
    options = {
        method: settings.started.get(method) or start(method, graph, chosen, **settings.options.get(method, {}))
        for method in settings.methods
    }
    judged = judge_elements(graph, point, chosen, JUDGE_DIGITS)  # while SymPy starts in its own process
    executor = executor_for(graph, point)
    function = executor.compiler(graph, "evaluation")
    call = completed(lambda: function(point), point)
    seconds = measure(call, settings.seconds).median if settings.seconds else None
    runs = [
        run(method, graph, chosen, point, options[method], settings.seconds, executor) for method in settings.methods
    ]
    values, is_single = flattened(function(point)), resolution(point) > EPSILON
    outputs = []
    for index, reference in enumerate(judged.references):
        scales = largest_in_array(graph, chosen, reference)
        results = tuple(
            _result(done, index, values[index], reference, scales, seconds, is_single=is_single) for done in runs
        )
        found = problem(judged.graph, reference)
        outputs.append(OutputStudy(reference.output, values[index], reference, found, results))
    explained = Explained()
    is_searched = settings.explains and judged.is_judged and not is_single
    if is_searched and is_remarkable(judged.graph, flattened(point), outputs, runs):
        from diffcli.studies.explanation.inquiry import Subject, explain

        subject = Subject(judged.graph, flattened(point), graph.is_scalar, settings.options.get("finite", {}))
        explained = explain(subject, outputs, runs)
    own = (
        *judged.notes,
        *([SINGLE_NOTE + SYMBOLIC_NOTE * ("symbolic" in settings.methods)] if is_single else []),
        *_unjudged_notes(graph, point, chosen, function, runs, judged),
        *(note for output in outputs for note in _value_notes(output, is_single=is_single)),
        *explained.notes,
    )
    record = assembled(graph, point, chosen, outputs, text=text, typed=typed, seconds=seconds, notes=(*notes, *own))
    return replace(record, explanations=explained.explanations)


def _unjudged_notes(
    graph: Graph, point: Sequence[Any], wrt: Sequence[int], function: Program, runs: Sequence[Run], judged: Judged
) -> list[str]:
    """What else confirms the derivatives of a program on arrays that is too large for the judge."""
    if graph.is_scalar or judged.is_judged:
        return []
    found = [(done.method, done.jacobian) for done in runs if done.jacobian and done.method != "finite"]
    return along_random_directions(graph, point, wrt, function, found)


def _result(
    done: Run,
    index: int,
    value: float,
    reference: Reference,
    scales: Sequence[float],
    function_seconds: float | None,
    *,
    is_single: bool,
) -> MethodResult:
    if done.jacobian is None:
        return MethodResult(
            done.method, "gave up", None, (), None, done.prepare_seconds, None, None, notes=(done.gave_up or "",)
        )
    row = done.jacobian.rows[index] if done.jacobian.rows else ()
    components = tuple(
        component(done.method, slope, found, largest=largest, is_single=is_single)
        for slope, found, largest in zip(reference.slopes, row, scales, strict=bool(row))
    )
    relative_time = done.timing.median / function_seconds if done.timing and function_seconds else None
    return MethodResult(
        method=done.method,
        status=status(components) if components else "ok",
        value=done.jacobian.values[index] if done.jacobian.values else value,  # finite: f(x) is not part of its cost
        components=components,
        cost=done.cost,
        prepare_seconds=done.prepare_seconds,
        timing=done.timing,
        relative_time=relative_time,
        formula=_formulas(done, index, tuple(c.variable for c in components)),
        notes=done.notes,
    )


def _formulas(done: Run, index: int, variables: Sequence[str]) -> dict[str, Formula] | None:
    """The derivative of one output by each variable, where the method has formulas."""
    formulas: Graph | None = getattr(done.prepared, "formulas", None)
    if formulas is None:
        return None
    width = len(variables)
    if width > MAX_FORMULAS:
        return None
    first = len(formulas.outputs) // (width + 1) + index * width
    positions = formulas.outputs[first : first + width]
    return dict(zip(variables, formulas_of(formulas, positions), strict=True))


def formulas_of(formulas: Graph, positions: Sequence[int]) -> list[Formula]:
    """Some nodes of a program of symbolic derivatives, each in every notation."""
    known = [(style, names_of(formulas, style)) for style in (PLAIN, PRETTY, LATEX)]
    return [
        Formula(*(names.get(position) or write(formulas, position, names, style) for style, names in known))
        for position in positions
    ]


def _value_notes(output: OutputStudy, *, is_single: bool) -> list[str]:
    """The value itself can be wrong in floating point: cancellation, overflow of an intermediate."""
    if not is_value_wrong(output, is_single=is_single):
        return []
    value = math.nan if output.value is None else output.value
    found = "undefined" if math.isnan(value) else repr(value).removesuffix(".0")
    true = signed(output.reference.value or "")
    return [f"the value of {output.name} itself is off: {found} in floating point, {true} by the judge"]
