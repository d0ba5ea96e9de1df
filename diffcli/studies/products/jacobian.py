"""Products with the Jacobian, J·ẋ and Jᵀȳ, by all methods: one sweep for the mode that is made for it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from diffcli.execute.flat import flattened
from diffcli.graph.layout import output_elements
from diffcli.graph.program import Graph
from diffcli.methods.finite import EPSILON, PreparedFinite, resolution
from diffcli.methods.method import Compiler, GaveUp
from diffcli.methods.products import along, cotangent_sweep, tangent_sweep, weighted
from diffcli.studies.assembly import Measured, assembled, function_seconds
from diffcli.studies.judge_elements import judge_elements
from diffcli.studies.problem import problem
from diffcli.studies.products.record import ProductStudy
from diffcli.studies.products.task import (
    Task,
    carried_out,
    dot,
    length_factor,
    names_of_inputs,
    read,
    seeds_by_name,
    started,
)
from diffcli.studies.records import JUDGE_DIGITS, OutputStudy
from diffcli.studies.running import refuse_many, too_much
from diffcli.studies.study import Settings
from diffcli.studies.verdict import component, largest_in_array, status

DIRECTION = "t"
"""What a derivative along a direction is called by: f(x + t·ẋ)."""


def jvp(
    graph: Graph,
    point: Sequence[Any],
    wrt: Sequence[int],
    tangents: Sequence[Any],
    *,
    text: str = "",
    typed: str = "",
    notes: Sequence[str] = (),
    settings: Settings | None = None,
) -> ProductStudy:
    """J·ẋ: the derivative of all outputs along `tangents`, which has one float or array for each input at `wrt`."""
    task, line = Task(graph, point, wrt, tangents, settings or Settings()), along(graph, wrt)
    refuse_many(line, line.inputs[-1:])
    options = started(task, graph)
    judged = judge_elements(line, [*point, *tangents, 0.0], [line.inputs[-1]], JUDGE_DIGITS)
    directions = flattened(tangents)
    found = [_jvp_by(method, task, line, options.get(method, {}), directions) for method in task.settings.methods]
    seconds = function_seconds(graph, point, task.executor, task.settings.seconds)
    values = flattened(task.executor.compiler(graph, "evaluation")(point))
    is_single, outputs = resolution(point) > EPSILON, []
    for index, name in enumerate(output_elements(graph)):
        slopes = tuple(replace(slope, name=DIRECTION) for slope in judged.references[index].slopes)
        reference = replace(judged.references[index], slopes=slopes)
        results = []
        for done in found:
            numbers = [] if done.gave_up is not None else [done.result[index]]
            parts = [component(done.method, slopes[0], x, is_single=is_single) for x in numbers]
            results.append(done.judged(status(parts) if parts else "ok", values[index], parts, seconds))
        outputs.append(OutputStudy(name, values[index], reference, problem(judged.graph, reference), tuple(results)))
    study = assembled(
        graph, point, wrt, outputs, entries=[DIRECTION], text=text, typed=typed, seconds=seconds,
        notes=(*notes, *judged.notes),
    )  # fmt: skip
    named = zip(output_elements(graph), values, strict=True)
    return ProductStudy("jvp", study, names_of_inputs(graph, wrt), seeds_by_name(graph, wrt, tangents), tuple(named))


def _jvp_by(method: str, task: Task, line: Graph, options: Mapping[str, Any], directions: list[float]) -> Measured:
    outputs = len(task.graph.outputs)
    if method == "forward":
        return read(carried_out(task, method, lambda c: task.swept(tangent_sweep(task.graph, task.wrt), outputs, c)))
    if method == "finite":
        scale = length_factor(task, directions)
        place = [*task.point, *task.scaled(scale), 0.0]

        def differences(compiler: Compiler) -> Callable[[], Any]:
            prepared = PreparedFinite(line, [line.inputs[-1]], compiler, **options)
            return lambda: [row[0] / scale for row in prepared(place).rows]

        return carried_out(task, method, differences)
    done = carried_out(task, method, lambda compiler: task.whole(method, compiler, options))
    return done if done.result is None else done._replace(result=[dot(row, directions) for row in done.result])


def vjp(
    graph: Graph,
    point: Sequence[Any],
    wrt: Sequence[int],
    cotangents: Sequence[Any],
    *,
    text: str = "",
    typed: str = "",
    notes: Sequence[str] = (),
    settings: Settings | None = None,
) -> ProductStudy:
    """Jᵀȳ: the gradient of Σ ȳ_i f_i; `cotangents` has one float or array for each output."""
    task = Task(graph, point, wrt, cotangents, settings or Settings())
    total = weighted(graph)
    refuse_many(total, wrt)
    options = started(task, graph)
    judged = judge_elements(total, [*point, *cotangents], wrt, JUDGE_DIGITS)
    weights = flattened(cotangents)
    found = [_vjp_by(method, task, total, options.get(method, {}), weights) for method in task.settings.methods]
    values = flattened(task.executor.compiler(graph, "evaluation")(point))
    reference, is_single = judged.references[0], resolution(point) > EPSILON
    scales = largest_in_array(graph, wrt, reference)
    seconds = function_seconds(graph, point, task.executor, task.settings.seconds)
    results = []
    for done in found:
        numbers = done.result if done.gave_up is None else []
        parts = [
            component(done.method, slope, x, largest=largest, is_single=is_single)
            for slope, x, largest in zip(reference.slopes, numbers, scales, strict=False)
        ]
        results.append(done.judged(status(parts) if parts else "ok", dot(values, weights), parts, seconds))
    output = OutputStudy(
        reference.output, dot(values, weights), reference, problem(judged.graph, reference), tuple(results)
    )
    study = assembled(
        graph, point, wrt, [output], text=text, typed=typed, seconds=seconds, notes=(*notes, *judged.notes)
    )
    shown = {
        name: value if isinstance(value, float) else value.tolist()
        for name, value in zip(graph.output_names, cotangents, strict=True)
    }
    return ProductStudy(
        "vjp", study, names_of_inputs(graph, wrt), shown, tuple(zip(output_elements(graph), values, strict=True))
    )


def _vjp_by(method: str, task: Task, total: Graph, options: Mapping[str, Any], weights: list[float]) -> Measured:
    if method == "reverse":
        sweep = cotangent_sweep(task.graph, task.wrt)
        return read(carried_out(task, method, lambda c: task.swept(sweep, len(task.graph.outputs), c)))
    if method == "finite":
        place = [*task.point, *task.seeds]

        def differences(compiler: Compiler) -> Callable[[], Any]:
            if reason := too_much(method, total, task.wrt):
                raise GaveUp(reason)
            prepared = PreparedFinite(total, task.wrt, compiler, **options)
            return lambda: prepared(place).rows[0]

        return carried_out(task, method, differences)
    done = carried_out(task, method, lambda compiler: task.whole(method, compiler, options))
    if done.result is None:
        return done
    return done._replace(result=[dot(column, weights) for column in zip(*done.result, strict=True)])
