"""The error of one finite-difference scheme against its step, split into truncation and round-off."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

from diffcli.graph.program import Graph
from diffcli.methods.finite import COMPLEX, RICHARDSON, STENCILS
from diffcli.studies.stepsize.fit import DOMINANT, PURE, REACH, THEORIES, Fit, Theory, Truncation, fitted, longest_run
from diffcli.studies.stepsize.precision import Line, Precision
from diffcli.studies.stepsize.truth import TrueLine

DENSITY = 16
"""Steps in a decade."""
FIRST, LAST = 1, 16
"""The steps are 1e-1 … 1e-16."""
STEPS = tuple(
    float(f"1e-{k // DENSITY}") * 10 ** (-(k % DENSITY) / DENSITY) for k in range(DENSITY, LAST * DENSITY + 1)
)
WINDOW = DENSITY // 2
"""Round-off is random: its level at a step is taken from the steps within half a decade."""
RELIABLE = DENSITY // 4
"""A step is as good as the worst of so many neighbours: one lucky hit is no good step."""
COARSE = 8
"""Round-off falls like 1/h only where h is at least so many spacings of numbers at x."""
SCHEMES = ("forward", "centered", COMPLEX, "richardson")
Finding = Literal["", "no truncation", "no round-off", "no prediction", "no step", "lost", "not applicable"]


@dataclass(frozen=True)
class Sample:
    """One step."""

    h: float
    value: float | None
    """The difference quotient; None where it is not finite."""
    error: float | None
    """|value − f'|."""
    truncation: float | None
    """What the error would be without rounding."""
    round_off: float | None
    """What rounding adds or takes away."""
    moves: bool = True
    """Whether x + h differs from x."""


class Best(NamedTuple):
    """A step and the error there."""

    h: float
    error: float


@dataclass(frozen=True)
class Curve:
    """The error of one scheme for one derivative."""

    scheme: str
    samples: tuple[Sample, ...] = ()
    """From the largest step to the smallest."""
    finding: Finding = ""
    why: str = ""
    """Why the scheme is not applicable."""
    truncation: Fit | None = None
    round_off: Fit | None = None
    predicted: float | None = None
    """The best step by theory; of the complex step the largest that loses nothing."""
    measured: Best | None = None
    """The best step found, among neighbours that are all good."""
    straight_up_to: float | None = None
    """Where there is no truncation error for small steps, the largest of them; None if there is none for any step."""

    def sample(self, h: float) -> Sample | None:
        """What was found for a step."""
        return next((sample for sample in self.samples if sample.h == h), None)


class Walk:
    """All that is computed along one input, for all outputs."""

    def __init__(self, graph: Graph, point: Sequence[float], wrt: int, precision: Precision, deadline: float) -> None:
        """Nothing is evaluated yet; raises OutOfTime when the deadline has passed."""
        self.precision = precision
        self.line = Line(graph, point, graph.inputs.index(wrt), precision)
        self.true = TrueLine(graph, point, wrt, deadline)
        self.steps = tuple(precision.rounded(h) for h in STEPS)

    @cached_property
    def taylor(self) -> list[tuple[float, ...] | None]:
        """The derivatives of every output; taken only where some step gives a number."""
        return self.true.taylor()

    def curves(self, output: int, derivative: str) -> tuple[Curve, ...]:
        """The curves of all schemes for one output, of which the derivative is known."""
        noise = _levels([self._noise(output, h) for h in self.steps])
        return tuple(self._curve(scheme, output, derivative, noise) for scheme in SCHEMES)

    def _noise(self, output: int, h: float) -> list[float]:
        """How far f as computed is from f at the points that the quotients with this step use."""
        errors = []
        for offset in RICHARDSON.offsets:
            found = self.line.at(offset, h)[output]
            true = self.true.at(offset * h)[output] if math.isfinite(found) else None
            if true is not None and math.isfinite(error := float(found - true)):
                errors.append(error)
        return errors

    def _curve(self, scheme: str, output: int, derivative: str, noise: Sequence[float | None]) -> Curve:
        if scheme == COMPLEX and self.line.without_complex:
            missing = " and ".join(self.line.without_complex)
            return Curve(scheme, finding="not applicable", why=f"there is no {missing} of a complex number here")
        samples = tuple(self._samples(scheme, output, derivative))
        known = [k for k, sample in enumerate(samples) if sample.error is not None]
        if not known:
            return Curve(scheme, samples, "no step")
        if float(derivative) and not any(sample.value for sample in samples):
            return Curve(scheme, samples, "lost")
        theory, derivatives = THEORIES[scheme], self.taylor[output]
        leading = theory.truncation(derivatives, samples[known[0]].h) if derivatives else None
        flat = self.precision.epsilon * abs(float(derivative)) if scheme == COMPLEX else 0.0
        best = _measured(samples, flat)
        regions = _regions(samples, leading, COARSE * self.precision.spacing(self.line.x))
        if leading is None:
            if not derivatives:
                return Curve(scheme, samples, "no prediction", "", *regions, None, best)
            return Curve(
                scheme, samples, "no truncation", "", *regions, None, best, _straight_up_to(samples, self._unit)
            )
        valid = [(samples[k].h, noise[k]) for k in known]
        if scheme == COMPLEX:
            valid = [(samples[known[0]].h, flat)]
        predicted = _predicted(theory, leading, valid)
        end = _straight_up_to(samples, self._unit) if predicted[1] == "no truncation" else None
        return Curve(scheme, samples, predicted[1], "", *regions, predicted[0], best, end)

    @property
    def _unit(self) -> float:
        return self.precision.epsilon

    def _samples(self, scheme: str, output: int, derivative: str) -> Iterator[Sample]:
        exact = self.true.number(derivative)
        for h in self.steps:
            is_complex = scheme == COMPLEX
            value = (self.line.complex_steps(h) if is_complex else self.line.quotients(STENCILS[scheme], h))[output]
            truncated = self._truncation(scheme, output, h, exact) if math.isfinite(value) else None
            if not math.isfinite(value) or (truncated is None and not is_complex):
                yield Sample(h, None, None, None, None)
                continue
            error = self.true.number(value) - exact
            moves = is_complex or self.line.moves(h)
            rest = None if truncated is None else float(abs(error - truncated))
            yield Sample(h, value, float(abs(error)), None if truncated is None else float(abs(truncated)), rest, moves)

    def _truncation(self, scheme: str, output: int, h: float, exact: Any) -> Any:
        """The error without rounding; None where a point is outside the domain, or nothing is known."""
        if scheme == COMPLEX:
            return self._complex_truncation(output, h)
        true = self.true.quotients(STENCILS[scheme], h)[output]
        return None if true is None else true - exact

    def _complex_truncation(self, output: int, h: float) -> Any:
        """As a series: −h² f'''/6 + h⁴ f⁽⁵⁾/120 − h⁶ f⁽⁷⁾/5040."""
        derivatives = self.taylor[output]
        if derivatives is None:
            return None
        terms = ((-1) ** (k // 2) * derivatives[k] * h**k / math.factorial(k + 1) for k in (2, 4, 6))
        return self.true.number(sum(terms))


def _levels(groups: Sequence[Sequence[float]]) -> list[float | None]:
    """The standard deviation of what neighbouring groups hold; None where there is nothing."""
    levels: list[float | None] = []
    for k in range(len(groups)):
        found = [e for group in groups[max(k - WINDOW, 0) : k + WINDOW + 1] for e in group]
        middle = math.fsum(e / len(found) for e in found)
        levels.append(_root_mean_square([e - middle for e in found]) if found else None)
    return levels


def _root_mean_square(values: Sequence[float]) -> float:
    return math.hypot(*values) / math.sqrt(len(values)) if values else 0.0


def _round_off_levels(samples: Sequence[Sample]) -> list[float]:
    """The size of the round-off in the neighbourhood of each step."""
    rounding = [
        [s.round_off for s in samples[max(k - WINDOW, 0) : k + WINDOW + 1] if s.round_off is not None]
        for k in range(len(samples))
    ]
    return [_root_mean_square(found) for found in rounding]


def _regions(samples: Sequence[Sample], leading: Truncation | None, coarse: float) -> tuple[Fit | None, Fit | None]:
    """The lines through the errors where truncation governs, and where round-off does."""
    levels = _round_off_levels(samples)
    is_truncation, is_rounding = [], []
    for sample, level in zip(samples, levels, strict=True):
        truncation = sample.truncation or 0.0
        is_pure = leading is not None and abs(truncation / (leading.at(sample.h) or 1.0) - 1) <= PURE
        is_known = sample.error is not None and sample.truncation is not None
        is_truncation.append(is_known and is_pure and truncation > DOMINANT * level)
        is_rounding.append(is_known and level > DOMINANT * truncation and sample.h >= coarse)
    return _fit(samples, is_truncation), _fit(samples, is_rounding)


def _straight_up_to(samples: Sequence[Sample], unit: float) -> float | None:
    """The largest step before the truncation error, of which there is none near x, is more than any rounding.

    A larger step reaches where f is another function: beyond a kink or a jump, or what is only small near x.
    """
    size = max((abs(s.value) for s in samples if s.value is not None), default=0.0)
    levels = _round_off_levels(samples)
    beyond = [
        k for k, (sample, level) in enumerate(zip(samples, levels, strict=True))
        if sample.truncation is not None and sample.truncation > DOMINANT * max(level, unit * size)
    ]  # fmt: skip
    following = samples[beyond[-1] + 1 :] if beyond else ()
    return following[0].h if following else None


def _fit(samples: Sequence[Sample], chosen: Sequence[bool]) -> Fit | None:
    run = set(longest_run([sample.h for sample in samples], chosen))
    return fitted([(s.h, s.error) for s in samples if s.h in run and s.error is not None])


def _predicted(
    theory: Theory, leading: Truncation, noise: Sequence[tuple[float, float | None]]
) -> tuple[float | None, Finding]:
    """The step at which theory expects the least error, from the largest step down.

    The round-off of f depends on the step where x is near 0, so the first step is taken that is not above the best
    step for the round-off found there.
    """
    largest = noise[0][0]
    for h, level in noise:
        if level is None:
            continue
        if theory.amplification:
            best = theory.best(leading, level)
        else:  # nothing cancels: any step whose truncation is below the spacing of numbers
            best = math.pow(level / leading.coefficient, 1 / leading.order)
        if h == largest and best > REACH * largest:
            return None, "no truncation"
        if best >= h or not theory.amplification:
            return best, ""
    return None, "no round-off"


def _measured(samples: Sequence[Sample], flat: float) -> Best | None:
    """The step whose neighbours are all good too; where many are equally good, or below `flat`, the largest."""
    worst = []
    for k, sample in enumerate(samples):
        near = [s.error for s in samples[max(k - RELIABLE, 0) : k + RELIABLE + 1] if s.error is not None]
        if sample.error is not None and near:
            worst.append((max(near), sample))
    least = min((error for error, _ in worst), default=0.0)
    enough = max(least, flat)
    return next((Best(s.h, s.error) for error, s in worst if error <= enough and s.error is not None), None)
