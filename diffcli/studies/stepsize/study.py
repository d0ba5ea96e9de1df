"""The error of finite differences against the step size h: where truncation governs, where round-off does."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any

from diffcli.errors import LimitError
from diffcli.execute.interpreter import outputs as evaluate
from diffcli.graph.program import Graph
from diffcli.studies.assembly import assembled
from diffcli.studies.judge import Reference, judge
from diffcli.studies.probe import OutOfTime
from diffcli.studies.problem import problem
from diffcli.studies.records import JUDGE_DIGITS, OutputStudy, Study
from diffcli.studies.stepsize.curve import Curve, Sample, Walk
from diffcli.studies.stepsize.fit import Fit
from diffcli.studies.stepsize.precision import PRECISIONS, Precision
from diffcli.studies.values import SCHEMA, finite

Program = tuple[Graph, Sequence[Any]]
"""A program and a point."""
MOST_CURVES = 24
"""Derivatives ∂f_i/∂x_j that are studied at once."""
SECONDS = 30.0
"""When a study gives up."""
DECK = 1e-8
"""The step of the deck's snippet."""


@dataclass(frozen=True)
class Derivative:
    """How the error of one derivative ∂f_i/∂x_j depends on the step."""

    output: str
    variable: str
    value: str
    """By the judge."""
    derivatives: tuple[float, ...]
    """f', f'', …, f⁽⁷⁾ along the variable; empty where f does not have them."""
    curves: tuple[Curve, ...]
    unmoved: float | None
    """The largest step for which x + h is x; None if there is none."""

    def curve(self, scheme: str) -> Curve:
        """That of one scheme."""
        return next(curve for curve in self.curves if curve.scheme == scheme)

    @property
    def left_out(self) -> float | None:
        """The smallest step with which a quotient has points at which f is not finite."""
        steps = [s.h for curve in self.curves for s in curve.samples if s.value is None]
        return min(steps, default=None)


@dataclass(frozen=True)
class StepsizeStudy:
    """The record of `stepsize`."""

    study: Study
    derivatives: tuple[Derivative, ...]
    independent: tuple[tuple[str, str], ...]
    """Pairs of output and variable of which the output does not depend on the variable."""
    precision: Precision

    @property
    def exit_code(self) -> int:
        """0, or 3 where an output has no derivative."""
        return 3 if any(output.problem for output in self.study.outputs) else 0

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `diffcli stepsize --format json`."""
        record = self.study.to_dict()
        return {
            "schema": SCHEMA,
            "command": "stepsize",
            **{key: record[key] for key in ("input", "expression", "variables", "point")},
            "dtype": self.precision.name,
            "epsilon": self.precision.epsilon,
            "outputs": [{key: output[key] for key in ("name", "value", "reference")} for output in record["outputs"]],
            "derivatives": [_derivative_dict(derivative) for derivative in self.derivatives],
            "independent": [{"output": output, "variable": variable} for output, variable in self.independent],
            "exit_code": self.exit_code,
            "notes": list(self.study.notes),
        }


def _derivative_dict(found: Derivative) -> dict[str, Any]:
    return {
        "output": found.output,
        "variable": found.variable,
        "judge": found.value,
        "higher_derivatives": [finite(value) for value in found.derivatives],
        "schemes": {curve.scheme: _curve_dict(curve) for curve in found.curves},
    }


def _curve_dict(curve: Curve) -> dict[str, Any]:
    return {
        "status": curve.finding or "ok",
        "why": curve.why or None,
        "truncation": _fit_dict(curve.truncation),
        "round_off": _fit_dict(curve.round_off),
        "predicted_best_h": finite(curve.predicted),
        "measured_best": curve.measured and curve.measured._asdict(),
        "straight_up_to": curve.straight_up_to,
        "samples": [_sample_dict(sample) for sample in curve.samples],
    }


def _fit_dict(fit: Fit | None) -> dict[str, float] | None:
    return fit and {"slope": fit.slope, "level": fit.level, "from": fit.start, "to": fit.end}


def _sample_dict(sample: Sample) -> dict[str, Any]:
    return {key: value if isinstance(value, bool) else finite(value) for key, value in asdict(sample).items()}


def stepsize(
    graph: Graph,
    point: Sequence[float],
    wrt: Sequence[int] | None = None,
    *,
    dtype: str = "float64",
    written: Program | None = None,
    text: str = "",
    typed: str = "",
    notes: Sequence[str] = (),
    seconds: float = SECONDS,
) -> StepsizeStudy:
    """Study the finite differences of a program on numbers at `point`; raises LimitError where that is too much.

    `written` is the program on arrays that it comes from, and its point: they are shown.
    """
    precision = PRECISIONS[dtype]
    chosen = tuple(graph.inputs if wrt is None else wrt)
    if len(chosen) * len(graph.outputs) > MOST_CURVES:
        raise LimitError(
            f"these are {len(chosen) * len(graph.outputs)} derivatives; stepsize studies up to {MOST_CURVES}",
            hint=f"choose some variables: --wrt {graph.nodes[chosen[0]].literal}",
        )
    rounded = tuple(precision.rounded(x) for x in point)
    deadline = perf_counter() + seconds
    references = judge(graph, rounded, chosen, JUDGE_DIGITS)
    try:
        found = tuple(_derivatives(graph, rounded, chosen, references, precision, deadline))
    except OutOfTime:
        raise LimitError(
            f"the step sizes of this program take more than {seconds:g} s",
            hint=f"choose one variable: --wrt {graph.nodes[chosen[0]].literal}",
        ) from None
    values = evaluate(graph, precision.real, list(rounded))
    shown = [
        OutputStudy(reference.output, value, reference, problem(graph, reference), ())
        for reference, value in zip(references, values, strict=True)
    ]
    own = [_rounded_note(graph, point, rounded)] if rounded != tuple(point) else []
    program, place = written or (graph, rounded)
    study = assembled(
        program, place, chosen, shown, entries=[graph.nodes[position].literal for position in chosen],
        text=text, typed=typed, seconds=None, notes=(*notes, *own),
    )  # fmt: skip
    independent = tuple(
        (reference.output, slope.name)
        for reference in references
        if reference.status == "differentiable"
        for slope in reference.slopes
        if slope.structural_zero
    )
    return StepsizeStudy(study, found, independent, precision)


def _derivatives(
    graph: Graph,
    point: Sequence[float],
    wrt: Sequence[int],
    references: Sequence[Reference],
    precision: Precision,
    deadline: float,
) -> Iterator[Derivative]:
    for number, position in enumerate(wrt):
        slopes = [r.slopes[number] for r in references]
        is_wanted = [
            r.status == "differentiable" and not slope.structural_zero
            for r, slope in zip(references, slopes, strict=True)
        ]
        if not any(is_wanted):
            continue
        walk = Walk(graph, point, position, precision, deadline)
        unmoved = max((h for h in walk.steps if not walk.line.moves(h)), default=None)
        for output, (reference, slope) in enumerate(zip(references, slopes, strict=True)):
            if is_wanted[output] and slope.value is not None:
                curves = walk.curves(output, slope.value)
                has_values = any(sample.value is not None for curve in curves for sample in curve.samples)
                known = (walk.taylor[output] or ()) if has_values else ()
                yield Derivative(reference.output, slope.name, slope.value, known, curves, unmoved)


def _rounded_note(graph: Graph, point: Sequence[float], rounded: Sequence[float]) -> str:
    changed = [name for name, x, y in zip(graph.variables, point, rounded, strict=True) if x != y]
    infinite = [y for y in rounded if not math.isfinite(y)]
    if infinite:
        raise LimitError("a number of the point is too large for single precision", hint="--dtype float64")
    return f"{', '.join(changed)}: rounded to single precision, and judged there"
