"""The record of `hessian`: all second derivatives of one output by four methods, each compared with the judge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from diffcli.errors import LimitError, UsageError
from diffcli.execute.flat import flattened
from diffcli.graph.layout import components
from diffcli.graph.program import Graph
from diffcli.graph.shapes import Shape
from diffcli.methods.finite import EPSILON, resolution
from diffcli.methods.second_order import (
    SECOND_METHODS,
    PreparedSecondDifferences,
    SecondSymbolicJob,
    gradient_program,
    hessian_vector_program,
)
from diffcli.methods.symbolic import PreparedSymbolic
from diffcli.studies.assembly import Measured, assembled, function_seconds, measured
from diffcli.studies.curvature.elements import JudgedCurvature, judge_curvature
from diffcli.studies.curvature.judge import pair_name
from diffcli.studies.curvature.problem import curvature_problem
from diffcli.studies.hessian_verdict import most_wrong, second_component
from diffcli.studies.jacobian import OneByOne, Sweeps, sweeps
from diffcli.studies.records import JUDGE_DIGITS, Component, Formula, OutputStudy, Study
from diffcli.studies.running import Executor, executor_for, run
from diffcli.studies.study import Settings, formulas_of
from diffcli.studies.values import SCHEMA, finite
from diffcli.studies.verdict import status

MAX_ENTRIES = 4_000_000
"""Entries of a Hessian that is computed at all."""
MAX_FORMULAS = 8
"""Rows of a Hessian whose entries are written as formulas."""
Rows = tuple[tuple[float, ...], ...]


class Product(NamedTuple):
    """What a product H·v takes without H, in counted operations."""

    operations: int
    """Of one forward sweep over the gradient program; gradient included."""
    of_function: int


@dataclass(frozen=True)
class HessianStudy:
    """The Hessian by all methods; `study` compares the entries that the judge took."""

    study: Study
    variables: tuple[str, ...]
    elements: tuple[str, ...]
    """The elements of the inputs: the names of rows and columns."""
    matrices: Mapping[str, Rows]
    """By method, of those that found one."""
    judged: JudgedCurvature
    scale: float
    """The size of the largest entry: where the exact entry is 0, errors are relative to it."""
    sweeps: tuple[Sweeps, ...]
    """Forward and reverse mode over the gradient program."""
    product: Product
    shapes: Mapping[str, Shape]
    """Of the inputs that are arrays."""

    @property
    def exit_code(self) -> int:
        """As of `grad`."""
        return self.study.exit_code

    def asymmetry(self, method: str) -> float | None:
        """The largest |H − Hᵀ|; None where the method found no matrix."""
        rows = self.matrices.get(method)
        if rows is None:
            return None
        pairs = zip(rows, zip(*rows, strict=True), strict=True)
        return max((abs(x - y) for row, column in pairs for x, y in zip(row, column, strict=True)), default=0.0)

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `diffcli hessian --format json`."""
        record, reference = self.study.to_dict(), self.study.outputs[0].reference
        judged = [
            {"row": self.elements[i], "column": self.elements[j], "value": slope.value, "status": slope.status}
            for (i, j), slope in self.judged.entries.items()
        ]
        return {
            "schema": SCHEMA,
            "command": "hessian",
            **{key: record[key] for key in ("input", "expression", "point", "value")},
            "variables": list(self.variables),
            "elements": list(self.elements),
            "reference": {"digits": JUDGE_DIGITS, "value": reference.value, "entries": judged},
            "problem": record["reference"]["problem"],
            "hessian": {name: [[finite(x) for x in row] for row in rows] for name, rows in self.matrices.items()},
            "methods": {result.method: self._method(result.method, record) for result in self.study.outputs[0].methods},
            "scale": finite(self.scale),
            "hessian_vector_product": self.product._asdict(),
            **{key: record[key] for key in ("function_seconds", "verdict", "exit_code", "notes")},
        }

    def _method(self, name: str, record: Mapping[str, Any]) -> dict[str, Any]:
        found = {key: value for key, value in record["methods"][name].items() if key != "gradient"}
        result = {**found, "asymmetry": finite(self.asymmetry(name))}
        for way in self.sweeps:
            if way.mode == name:
                seconds = way.at_once_timing and way.at_once_timing.median
                result["at_once"] = {**way.at_once._asdict(), "seconds": seconds}
        return result


def hessian(
    graph: Graph,
    point: Sequence[Any],
    wrt: Sequence[int] | None = None,
    *,
    text: str = "",
    typed: str = "",
    notes: Sequence[str] = (),
    settings: Settings | None = None,
) -> HessianStudy:
    """Study all second derivatives of the one output of `graph`; raises UsageError where there are several."""
    settings = settings or Settings(tuple(SECOND_METHODS))
    chosen = tuple(graph.inputs if wrt is None else wrt)
    refuse_several(graph)
    elements = [component.name for component in components(graph, chosen)]
    if len(elements) ** 2 > MAX_ENTRIES:
        raise LimitError(
            f"this Hessian has {len(elements)}×{len(elements)} entries; the limit is {MAX_ENTRIES}",
            hint="--direction gives its product with a vector without its entries; --wrt chooses some inputs",
        )
    trial = _Trial(graph, point, chosen, settings)
    found = [trial.measured(method) for method in settings.methods]
    ways = trial.sweeps(found)
    judged = trial.judged
    output = trial.output(found)
    study = assembled(
        graph, point, chosen, [output], entries=[slope.name for slope in judged.entries.values()], text=text,
        typed=typed, seconds=trial.seconds, notes=(*notes, *judged.notes),
    )  # fmt: skip
    matrices = {done.method: done.result for done in found if done.result is not None}
    product = Product(hessian_vector_program(graph, chosen).operations, graph.operations)
    names = tuple(graph.nodes[position].literal for position in chosen)
    shapes = {node.literal: node.shape for node in (graph.nodes[p] for p in graph.inputs) if node.shape}
    return HessianStudy(study, names, tuple(elements), matrices, judged, trial.scale, ways, product, shapes)


def refuse_several(graph: Graph) -> None:
    """A Hessian belongs to one number."""
    shapes = [graph.nodes[position].shape for position in graph.outputs]
    if len(shapes) > 1:
        names = " and ".join(graph.output_names[:3])
        raise UsageError(
            f"a Hessian belongs to one output; this program has {len(shapes)} ({names})",
            hint="give one expression; jacobian takes several",
        )
    if shapes[0]:
        raise UsageError(
            "a Hessian belongs to a number; this output is an array", hint="sum(…) or an index makes a number of it"
        )


class _Trial:
    """One point, at which all methods meet the judge."""

    def __init__(self, graph: Graph, point: Sequence[Any], wrt: Sequence[int], settings: Settings) -> None:
        self._graph, self._point, self._wrt, self._settings = graph, point, wrt, settings
        options = settings.options.get("symbolic", {})
        is_asked = "symbolic" in settings.methods
        self._job = SecondSymbolicJob(graph, wrt, options.get("time_limit", 3.0)) if is_asked else None
        self._executor: Executor = executor_for(graph, point)
        self._gradient = gradient_program(graph, wrt)
        self.judged = judge_curvature(graph, point, wrt, None, JUDGE_DIGITS)  # while SymPy starts
        self.seconds = function_seconds(graph, point, self._executor, settings.seconds)
        nearest = [abs(s.nearest) for s in self.judged.entries.values() if s.nearest is not None]
        self.scale = max(nearest, default=0.0)
        self._formulas: dict[str, Formula] = {}

    def measured(self, method: str) -> Measured:
        """One method."""
        if method == "finite":
            step = self._settings.options.get("finite", {}).get("step")
            return measured(
                method,
                lambda compiler: _differences(self._graph, self._wrt, self._point, compiler, step),
                self._point,
                self._executor,
                self._settings.seconds,
            )
        options = {"job": self._job} if method == "symbolic" else {}
        name = SECOND_METHODS[method].over_gradient
        done = run(name, self._gradient, self._wrt, self._point, options, self._settings.seconds, self._executor)
        rows = done.jacobian.rows if done.jacobian else None
        if isinstance(done.prepared, PreparedSymbolic):
            names = [component.name for component in components(self._graph, self._wrt)]
            self._formulas = _formulas(done.prepared.formulas, names)
        return Measured(method, rows, done.gave_up, done.cost, done.prepare_seconds, done.timing, done.notes)

    def sweeps(self, found: Sequence[Measured]) -> tuple[Sweeps, ...]:
        """The two modes over the gradient, one by one and all at once; for methods that were asked for."""
        ways = []
        for done in found:
            mode = SECOND_METHODS[done.method].over_gradient
            if mode in ("forward", "reverse") and done.result is not None:
                known = OneByOne(done.cost, done.timing, done.result)
                way = sweeps(
                    mode, self._gradient, self._point, self._wrt, known, self._executor, self._settings.seconds
                )
                ways.append(way._replace(mode=done.method))
        return tuple(ways)

    def output(self, found: Sequence[Measured]) -> OutputStudy:
        """The output with the judged entries as components."""
        value = flattened(self._executor.compiler(self._graph, "evaluation")(self._point))[0]
        results = []
        for done in found:
            judged = self._components(done) if done.result is not None else []
            formulas = self._formulas if done.method == "symbolic" else None
            results.append(
                done.judged(status(judged) if judged else "unjudged", value, judged, self.seconds, formulas or None)
            )
        reference, trouble = curvature_problem(self.judged, self._graph.output_names[0])
        return OutputStudy(self._graph.output_names[0], value, reference, trouble, tuple(results))

    def _components(self, done: Measured) -> list[Component]:
        """The judged entries; of the two that must be equal the one that is further off."""
        is_single, is_array, rows = resolution(self._point) > EPSILON, not self._graph.is_scalar, done.result
        return [
            most_wrong(
                second_component(done.method, slope, value, self.scale, is_array=is_array, is_single=is_single)
                for value in {rows[i][j], rows[j][i]}
            )
            for (i, j), slope in self.judged.entries.items()
        ]


def _differences(graph: Graph, wrt: Sequence[int], point: Sequence[Any], compiler: Any, step: float | None) -> Any:
    prepared = PreparedSecondDifferences(graph, wrt, None, compiler, step)
    return lambda: prepared(point).rows


def _formulas(formulas: Graph, elements: Sequence[str]) -> dict[str, Formula]:
    """The second derivatives as formulas, by the names of their entries, of a small matrix."""
    size = len(elements)
    if size > MAX_FORMULAS:
        return {}
    pairs = [(i, j) for i in range(size) for j in range(i, size)]
    found = formulas_of(formulas, [formulas.outputs[size + i * size + j] for i, j in pairs])
    return {pair_name(elements[i], elements[j]): formula for (i, j), formula in zip(pairs, found, strict=True)}
