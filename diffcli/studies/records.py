"""What a study found, as plain frozen data: renderers read it, `to_dict()` is the JSON of the interface."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, Literal, NamedTuple

from diffcli.graph.shapes import Shape
from diffcli.studies.accuracy import Error
from diffcli.studies.explanation.record import Explanation
from diffcli.studies.judge import Reference
from diffcli.studies.timing import Timing
from diffcli.studies.trace import Trace
from diffcli.studies.values import SCHEMA, Problem, Value, finite, finite_value, nested

JUDGE_DIGITS = 50
Arrangement = Callable[[Sequence[Any]], dict[str, Any]]
"""What belongs to each element, arranged by variable: arrays are nested lists."""
Status = Literal["ok", "off", "no number", "gave up", "not applicable", "unjudged"]
"""ok and off by the tolerance; no number: nan or infinite; unjudged: the judge has no derivative to compare with."""


class Tolerance(NamedTuple):
    """|method − judge| ≤ absolute + relative · |judge|, or one unit in the last place."""

    absolute: float
    relative: float


class Component(NamedTuple):
    """One derivative ∂f_i/∂x_j by one method."""

    variable: str
    value: float | None
    """None where the method gives no finite number."""
    error: Error | None
    tolerance: Tolerance | None
    within: bool | None
    """Whether it is within the tolerance; None where there is nothing to compare."""
    is_sampled: bool = True
    """Whether the judge was asked: of very many derivatives it takes a sample."""


class Cost(NamedTuple):
    """What one gradient (all outputs, all inputs) takes, counted while it runs."""

    function_evaluations: int
    sweeps: int
    operations: int


class Formula(NamedTuple):
    """A derivative in mathematical notation."""

    plain: str
    """Reads in again."""
    pretty: str
    latex: str


@dataclass(frozen=True)
class MethodResult:
    """What one method says about one output."""

    method: str
    status: Status
    value: float | None
    components: tuple[Component, ...]
    cost: Cost | None
    prepare_seconds: float | None
    timing: Timing | None
    """Of one gradient; None where it was not timed."""
    relative_time: float | None
    """The median time of one gradient over that of one evaluation of f."""
    formula: Mapping[str, Formula] | None = None
    """Symbolic only: the derivative by each variable as a formula."""
    notes: tuple[str, ...] = ()

    @property
    def beside_larger(self) -> tuple[Component, ...]:
        """The components that count as right only because others in their array are much larger."""
        return tuple(
            c
            for c in self.components
            if c.within and c.error and c.tolerance and c.error.relative is not None
            if c.error.relative > c.tolerance.relative and c.error.ulps > 1
        )

    @property
    def worst(self) -> Error | None:
        """The error of the worst component."""
        known = [component.error for component in self.components if component.error is not None]
        return min(known, key=lambda error: (error.digits, -(error.relative or 0.0)), default=None)


@dataclass(frozen=True)
class OutputStudy:
    """One output of the program: value, judge, methods."""

    name: str
    value: float | None
    reference: Reference
    problem: Problem | None
    """Why there is no derivative here; None where there is one."""
    methods: tuple[MethodResult, ...]


@dataclass(frozen=True)
class Study:
    """The record of `grad`."""

    input: str
    """As typed: text or @NAME."""
    source: str
    """The text that was read; places refer to it."""
    expression: str
    """As read, in plain text that reads in again."""
    pretty: str
    """As read, with mathematical characters."""
    latex: str
    variables: tuple[str, ...]
    """Those differentiated by."""
    elements: tuple[str, ...]
    """The elements of these: W[0,0], W[0,1], …; a number is its own element."""
    point: Mapping[str, Value]
    outputs: tuple[OutputStudy, ...]
    function_seconds: float | None
    """The median time of one evaluation of f."""
    notes: tuple[str, ...] = ()
    trace: Trace | None = None
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    """Of the variables that are arrays."""
    dtype: str = "float64"
    """The precision the methods computed in."""
    explanations: tuple[Explanation, ...] = ()
    """Why methods are off, and what else is special at the point."""

    @property
    def verdict(self) -> Literal["agree", "disagree", "no derivative", "not judged"]:
        """Follows from the numbers shown: see `Status` and `Tolerance`."""
        unsettled = [output.reference.status for output in self.outputs if output.problem]
        if unsettled and all(status == "limit" for status in unsettled):
            return "not judged"
        if any(output.problem for output in self.outputs):
            return "no derivative"
        wrong = any(method.status in ("off", "no number") for output in self.outputs for method in output.methods)
        return "disagree" if wrong else "agree"

    def _arranged(self, entries: Sequence[Any]) -> dict[str, Any]:
        if not entries:
            return {}
        result, start = {}, 0
        for name in self.variables:
            shape = self.shapes.get(name, ())
            end = start + prod(shape)
            result[name] = nested(entries[start:end], shape)
            start = end
        return result

    @property
    def exit_code(self) -> int:
        """0 all requested methods agree with the judge, 1 one does not, 3 there is no derivative, or none is known."""
        return {"agree": 0, "disagree": 1, "no derivative": 3, "not judged": 3}[self.verdict]

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `diffcli grad --format json`; strict JSON, no nan or infinity."""
        outputs = [_output(output, self._arranged) for output in self.outputs]
        first = {key: value for key, value in outputs[0].items() if key != "name"}
        return {
            "schema": SCHEMA,
            "command": "grad",
            "input": self.input,
            "expression": self.expression,
            "variables": list(self.variables),
            "point": {name: finite_value(value) for name, value in self.point.items()},
            **first,
            "outputs": outputs,
            "dtype": self.dtype,
            "function_seconds": self.function_seconds,
            "verdict": self.verdict,
            "exit_code": self.exit_code,
            "notes": list(self.notes),
            "explanations": [entry for one in self.explanations for entry in one.to_dicts()],
            **(self.trace.rows_dict() if self.trace else {}),
        }


def _output(output: OutputStudy, arranged: Arrangement) -> dict[str, Any]:
    return {
        "name": output.name,
        "value": finite(output.value),
        "reference": _reference(output, arranged),
        "methods": {method.method: _method(method, arranged) for method in output.methods},
    }


def _reference(output: OutputStudy, arranged: Arrangement) -> dict[str, Any]:
    slopes = output.reference.slopes
    one_sided = [slope for slope in slopes if slope.status not in ("smooth", "overflow")]
    return {
        "digits": JUDGE_DIGITS,
        "value": output.reference.value,
        "gradient": arranged([slope.value for slope in slopes]),
        "one_sided": {slope.name: {"left": slope.left, "right": slope.right} for slope in one_sided},
        "status": output.reference.status,
        "problem": output.problem and output.problem.message,
    }


def _method(result: MethodResult, arranged: Arrangement) -> dict[str, Any]:
    evaluate = result.timing.median if result.timing else None
    return {
        "status": result.status,
        "value": finite(result.value),
        "gradient": arranged([finite(c.value) for c in result.components]),
        "error": arranged([c.error and _error(c.error) for c in result.components]),
        "tolerance": arranged([c.tolerance and c.tolerance._asdict() for c in result.components]),
        "seconds": {"prepare": result.prepare_seconds, "evaluate": evaluate},
        "relative_time": result.relative_time,
        "cost": result.cost and result.cost._asdict(),
        **(
            {"formula": {name: formula.plain for name, formula in result.formula.items()}}
            if result.formula is not None
            else {}
        ),
        "notes": list(result.notes),
    }


def _error(error: Error) -> dict[str, float | None]:
    return {
        "absolute": finite(error.absolute),
        "relative": finite(error.relative),
        "ulps": finite(error.ulps),
        "digits": finite(error.digits),
    }
