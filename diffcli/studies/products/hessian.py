"""Products with the Hessian, H·v, by all methods: one sweep over the gradient program, and no matrix."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from diffcli.execute.flat import flattened
from diffcli.graph.layout import components
from diffcli.graph.program import Graph
from diffcli.methods.finite import EPSILON, resolution
from diffcli.methods.method import Compiler
from diffcli.methods.products import along, cotangent_sweep
from diffcli.methods.second_order import (
    FORWARD_OVER_REVERSE,
    REVERSE_OVER_REVERSE,
    SECOND_METHODS,
    PreparedSecondDifferences,
    SecondSymbolicJob,
    gradient_program,
    hessian_vector_program,
)
from diffcli.studies.assembly import Measured, assembled, function_seconds
from diffcli.studies.curvature.elements import judge_curvature
from diffcli.studies.curvature.problem import curvature_problem
from diffcli.studies.hessian import refuse_several
from diffcli.studies.hessian_verdict import second_component
from diffcli.studies.products.record import ProductStudy
from diffcli.studies.products.task import Task, carried_out, dot, length_factor, names_of_inputs, read, seeds_by_name
from diffcli.studies.records import JUDGE_DIGITS, OutputStudy
from diffcli.studies.reference import Slope
from diffcli.studies.study import Settings
from diffcli.studies.verdict import status


def hvp(
    graph: Graph,
    point: Sequence[Any],
    wrt: Sequence[int],
    directions: Sequence[Any],
    *,
    text: str = "",
    typed: str = "",
    notes: Sequence[str] = (),
    settings: Settings | None = None,
) -> ProductStudy:
    """H·v: the derivative of the gradient along `directions`, without the Hessian."""
    refuse_several(graph)
    task = Task(graph, point, wrt, directions, settings or Settings(tuple(SECOND_METHODS)))
    limit = task.settings.options.get("symbolic", {}).get("time_limit", 3.0)
    job = SecondSymbolicJob(graph, wrt, limit) if "symbolic" in task.settings.methods else None
    line = along(graph, wrt)
    judged = judge_curvature(
        line, [*point, *directions, 0.0], [line.inputs[graph.inputs.index(p)] for p in wrt], [line.inputs[-1]],
        JUDGE_DIGITS,
    )  # fmt: skip
    found = [_hvp_by(method, task, line, job) for method in task.settings.methods]
    seconds = function_seconds(graph, point, task.executor, task.settings.seconds)
    names = [element.name for element in components(graph, wrt)]
    slopes = tuple(
        replace(judged.entries[i, 0], name=name) if (i, 0) in judged.entries else _not_sampled(name)
        for i, name in enumerate(names)
    )
    reference, trouble = curvature_problem(judged, graph.output_names[0])
    reference = replace(reference, slopes=slopes)
    scale = max((abs(slope.nearest) for slope in slopes if slope.nearest is not None), default=0.0)
    value = flattened(task.executor.compiler(graph, "evaluation")(point))[0]
    is_single, results = resolution(point) > EPSILON, []
    for done in found:
        numbers = done.result if done.gave_up is None else []
        parts = [
            second_component(done.method, slope, x, scale, is_array=not graph.is_scalar, is_single=is_single)
            for slope, x in zip(slopes, numbers, strict=False)
        ]
        results.append(done.judged(status(parts) if parts else "ok", value, parts, seconds))
    output = OutputStudy(graph.output_names[0], value, reference, trouble, tuple(results))
    study = assembled(
        graph, point, wrt, [output], text=text, typed=typed, seconds=seconds, notes=(*notes, *judged.notes)
    )
    return ProductStudy(
        "hvp",
        study,
        names_of_inputs(graph, wrt),
        seeds_by_name(graph, wrt, directions),
        ((graph.output_names[0], value),),
    )


def _hvp_by(method: str, task: Task, line: Graph, job: SecondSymbolicJob | None) -> Measured:
    if method == FORWARD_OVER_REVERSE:
        sweep = hessian_vector_program(task.graph, task.wrt)
        return read(carried_out(task, method, lambda c: task.swept(sweep, len(task.wrt), c)))
    gradient = gradient_program(task.graph, task.wrt)
    if method == REVERSE_OVER_REVERSE:
        sweep = cotangent_sweep(gradient, task.wrt)
        return read(carried_out(task, method, lambda c: task.swept(sweep, len(task.wrt), c)))
    directions = flattened(task.seeds)
    if method == "finite":
        scale = length_factor(task, directions)
        place = [*task.point, *task.scaled(scale), 0.0]
        rows = [line.inputs[task.graph.inputs.index(position)] for position in task.wrt]
        step = task.settings.options.get("finite", {}).get("step")

        def differences(compiler: Compiler) -> Callable[[], Any]:
            prepared = PreparedSecondDifferences(line, rows, [line.inputs[-1]], compiler, step)
            return lambda: [row[0] / scale for row in prepared(place).rows]

        return carried_out(task, method, differences)
    done = carried_out(
        task, method, lambda compiler: task._replace(graph=gradient).whole("symbolic", compiler, {"job": job})
    )
    return done if done.result is None else done._replace(result=[dot(row, directions) for row in done.result])


def _not_sampled(name: str) -> Slope:
    return Slope(name, "not sampled", None, None, None, None, 0)
