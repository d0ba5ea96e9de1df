"""The record of `jvp`, `vjp` and `hessian --direction`: one product, without the matrix, by all methods."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import frexp, fsum, prod
from operator import mul
from typing import Any, Literal, NamedTuple

from diffcli.execute.flat import flattened, unflattened
from diffcli.graph.layout import components, output_elements
from diffcli.graph.program import Graph
from diffcli.methods.finite import EPSILON, PreparedFinite, resolution
from diffcli.methods.method import Compiler, GaveUp
from diffcli.methods.products import along, cotangent_sweep, tangent_sweep, weighted
from diffcli.methods.registry import prepare, start
from diffcli.methods.second_order import (
    FORWARD_OVER_REVERSE,
    REVERSE_OVER_REVERSE,
    SECOND_METHODS,
    PreparedSecondDifferences,
    SecondSymbolicJob,
    gradient_program,
    hessian_vector_program,
)
from diffcli.studies.assembly import Measured, assembled, function_seconds, measured
from diffcli.studies.curvature_elements import judge_curvature
from diffcli.studies.curvature_problem import curvature_problem
from diffcli.studies.hessian import refuse_several
from diffcli.studies.hessian_verdict import second_component
from diffcli.studies.judge_elements import judge_elements
from diffcli.studies.problem import problem
from diffcli.studies.records import JUDGE_DIGITS, Component, OutputStudy, Study
from diffcli.studies.reference import Slope
from diffcli.studies.running import Executor, executor_for, too_much
from diffcli.studies.study import Settings
from diffcli.studies.values import SCHEMA, Value, finite, finite_value, nested
from diffcli.studies.verdict import component, largest_in_array, status

Kind = Literal["jvp", "vjp", "hvp"]
SEEDS: dict[str, str] = {"jvp": "tangent", "vjp": "cotangent", "hvp": "direction"}
DIRECTION = "t"
"""What a derivative along a direction is called by: f(x + t·ẋ)."""


@dataclass(frozen=True)
class ProductStudy:
    """One product by all methods; the elements of `study` are those of the product."""

    kind: Kind
    study: Study
    variables: tuple[str, ...]
    seeds: Mapping[str, Value]
    """The tangents, cotangents or directions by name."""
    values: tuple[tuple[str, float], ...]
    """The elements of the outputs."""

    @property
    def exit_code(self) -> int:
        """As of `grad`."""
        return self.study.exit_code

    @property
    def names(self) -> tuple[str, ...]:
        """What the elements of the product are called after: outputs for J·ẋ, inputs for Jᵀȳ and H·v."""
        return tuple(name for name, _ in self.values) if self.kind == "jvp" else self.study.elements

    def cells(self, index: int) -> list[Component]:
        """The elements of the product by the method number `index`; none where it gave up."""
        results = [output.methods[index] for output in self.study.outputs]
        return [component for result in results for component in result.components]

    @property
    def slopes(self) -> list[Slope]:
        """The same by the judge."""
        return [slope for output in self.study.outputs for slope in output.reference.slopes]

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `diffcli jvp --format json`, and of the others."""
        record = self.study.to_dict()
        methods = self.study.outputs[0].methods
        return {
            "schema": SCHEMA,
            "command": "hessian" if self.kind == "hvp" else self.kind,
            **{key: record[key] for key in ("input", "expression", "point")},
            "variables": list(self.variables),
            SEEDS[self.kind]: {name: finite_value(value) for name, value in self.seeds.items()},
            "values": {name: finite(value) for name, value in self.values},
            "reference": {
                "digits": JUDGE_DIGITS,
                "product": {name: slope.value for name, slope in zip(self.names, self.slopes, strict=True)},
            },
            "product": {
                result.method: self._arranged([finite(c.value) for c in self.cells(index)])
                for index, result in enumerate(methods)
            },
            **{key: record[key] for key in ("outputs", "function_seconds", "verdict", "exit_code", "notes")},
        }

    def _arranged(self, numbers: Sequence[float | None]) -> dict[str, Any]:
        """By output element, or by variable as nested lists."""
        if self.kind == "jvp" or not numbers:
            return dict(zip(self.names, numbers, strict=False))
        result, first = {}, 0
        for name in self.study.variables:
            shape = self.study.shapes.get(name, ())
            size = prod(shape)
            result[name] = nested(numbers[first : first + size], shape)
            first += size
        return result


class Task(NamedTuple):
    """What is asked: a function, a point, and the vectors that belong to it."""

    graph: Graph
    point: Sequence[Any]
    wrt: Sequence[int]
    seeds: Sequence[Any]
    """Tangents or directions of the inputs at `wrt`, or cotangents of all outputs."""
    settings: Settings

    @property
    def executor(self) -> Executor:
        """What runs all of it."""
        return executor_for(self.graph, self.point)

    def swept(self, program: Graph, first: int, compiler: Compiler) -> Callable[[], list[float]]:
        """One sweep of a program that has the seeds behind the inputs; its outputs from number `first` on count."""
        run, arguments = compiler(program, "sweep"), [*self.point, *self.seeds]
        return lambda: run(arguments)[first:]  # type: ignore[return-value]

    def scaled(self, factor: float) -> list[Any]:
        """The seeds, longer or shorter."""
        if all(isinstance(seed, float) for seed in self.seeds):
            return [seed * factor for seed in self.seeds]
        return unflattened([x * factor for x in flattened(self.seeds)], self.seeds)

    def whole(self, method: str, compiler: Compiler, options: Mapping[str, Any]) -> Callable[[], Any]:
        """The rows of the whole Jacobian, for methods that know no product."""
        if reason := too_much(method, self.graph, self.wrt):
            raise GaveUp(reason)
        prepared = prepare(method, self.graph, self.wrt, compiler, **options)
        return lambda: prepared(self.point).rows


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
    task = Task(graph, point, wrt, tangents, settings or Settings())
    options = _started(task, graph)
    line = along(graph, wrt)
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
    return ProductStudy("jvp", study, _names(graph, wrt), _seeds(graph, wrt, tangents), tuple(named))


def _jvp_by(method: str, task: Task, line: Graph, options: Mapping[str, Any], directions: list[float]) -> Measured:
    outputs = len(task.graph.outputs)
    if method == "forward":
        return _read(_measure(task, method, lambda c: task.swept(tangent_sweep(task.graph, task.wrt), outputs, c)))
    if method == "finite":
        scale = _scale(task, directions)
        place = [*task.point, *task.scaled(scale), 0.0]

        def differences(compiler: Compiler) -> Callable[[], Any]:
            prepared = PreparedFinite(line, [line.inputs[-1]], compiler, **options)
            return lambda: [row[0] / scale for row in prepared(place).rows]

        return _measure(task, method, differences)
    done = _measure(task, method, lambda compiler: task.whole(method, compiler, options))
    return done if done.result is None else done._replace(result=[_dot(row, directions) for row in done.result])


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
    options = _started(task, graph)
    total = weighted(graph)
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
        results.append(done.judged(status(parts) if parts else "ok", _dot(values, weights), parts, seconds))
    output = OutputStudy(
        reference.output, _dot(values, weights), reference, problem(judged.graph, reference), tuple(results)
    )
    study = assembled(
        graph, point, wrt, [output], text=text, typed=typed, seconds=seconds, notes=(*notes, *judged.notes)
    )
    shown = {
        name: value if isinstance(value, float) else value.tolist()
        for name, value in zip(graph.output_names, cotangents, strict=True)
    }
    return ProductStudy(
        "vjp", study, _names(graph, wrt), shown, tuple(zip(output_elements(graph), values, strict=True))
    )


def _vjp_by(method: str, task: Task, total: Graph, options: Mapping[str, Any], weights: list[float]) -> Measured:
    if method == "reverse":
        sweep = cotangent_sweep(task.graph, task.wrt)
        return _read(_measure(task, method, lambda c: task.swept(sweep, len(task.graph.outputs), c)))
    if method == "finite":
        place = [*task.point, *task.seeds]

        def differences(compiler: Compiler) -> Callable[[], Any]:
            if reason := too_much(method, total, task.wrt):
                raise GaveUp(reason)
            prepared = PreparedFinite(total, task.wrt, compiler, **options)
            return lambda: prepared(place).rows[0]

        return _measure(task, method, differences)
    done = _measure(task, method, lambda compiler: task.whole(method, compiler, options))
    if done.result is None:
        return done
    return done._replace(result=[_dot(column, weights) for column in zip(*done.result, strict=True)])


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
        "hvp", study, _names(graph, wrt), _seeds(graph, wrt, directions), ((graph.output_names[0], value),)
    )


def _hvp_by(method: str, task: Task, line: Graph, job: SecondSymbolicJob | None) -> Measured:
    if method == FORWARD_OVER_REVERSE:
        sweep = hessian_vector_program(task.graph, task.wrt)
        return _read(_measure(task, method, lambda c: task.swept(sweep, len(task.wrt), c)))
    gradient = gradient_program(task.graph, task.wrt)
    if method == REVERSE_OVER_REVERSE:
        sweep = cotangent_sweep(gradient, task.wrt)
        return _read(_measure(task, method, lambda c: task.swept(sweep, len(task.wrt), c)))
    directions = flattened(task.seeds)
    if method == "finite":
        scale = _scale(task, directions)
        place = [*task.point, *task.scaled(scale), 0.0]
        rows = [line.inputs[task.graph.inputs.index(position)] for position in task.wrt]
        step = task.settings.options.get("finite", {}).get("step")

        def differences(compiler: Compiler) -> Callable[[], Any]:
            prepared = PreparedSecondDifferences(line, rows, [line.inputs[-1]], compiler, step)
            return lambda: [row[0] / scale for row in prepared(place).rows]

        return _measure(task, method, differences)
    done = _measure(
        task, method, lambda compiler: task._replace(graph=gradient).whole("symbolic", compiler, {"job": job})
    )
    return done if done.result is None else done._replace(result=[_dot(row, directions) for row in done.result])


def _measure(task: Task, method: str, make: Callable[[Compiler], Callable[[], Any]]) -> Measured:
    return measured(method, make, task.point, task.executor, task.settings.seconds)


def _read(done: Measured) -> Measured:
    """The elements of the arrays that a sweep gave."""
    return done if done.result is None else done._replace(result=flattened(done.result))


def _started(task: Task, graph: Graph) -> dict[str, Mapping[str, Any]]:
    """Methods that go on beside other work, begun; only SymPy does."""
    return {
        method: start(method, graph, task.wrt, **task.settings.options.get(method, {}))
        for method in task.settings.methods
    }


def _scale(task: Task, directions: Sequence[float]) -> float:
    """A power of two by which the direction is made about as long as the scale of the point, for finite differences."""
    longest = max(map(abs, directions), default=0.0)
    if not longest:
        return 1.0
    here = flattened([task.point[task.graph.inputs.index(position)] for position in task.wrt])
    reach = max(1.0, *[abs(x) for x, direction in zip(here, directions, strict=True) if direction])
    return float(2.0 ** (frexp(reach)[1] - frexp(longest)[1]))


def _dot(x: Sequence[float], y: Sequence[float]) -> float:
    products: list[float] = list(map(mul, x, y))
    try:
        return fsum(products)
    except (OverflowError, ValueError):  # infinities of both signs
        return sum(products, 0.0)


def _seeds(graph: Graph, wrt: Sequence[int], seeds: Sequence[Any]) -> dict[str, Value]:
    values = (value if isinstance(value, float) else value.tolist() for value in seeds)
    return {graph.nodes[position].literal: value for position, value in zip(wrt, values, strict=True)}


def _names(graph: Graph, wrt: Sequence[int]) -> tuple[str, ...]:
    return tuple(graph.nodes[position].literal for position in wrt)


def _not_sampled(name: str) -> Slope:
    return Slope(name, "not sampled", None, None, None, None, 0)
