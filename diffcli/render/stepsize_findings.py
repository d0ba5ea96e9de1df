"""What the errors against the steps mean, in sentences."""

from collections.abc import Iterator, Sequence

from diffcli.render import numbers
from diffcli.render.verdict import listed
from diffcli.studies.stepsize.curve import Curve
from diffcli.studies.stepsize.study import DECK, Derivative, StepsizeStudy

FINDINGS = {
    "no truncation": "no truncation error here: the larger h the better",
    "no round-off": "truncation is above round-off at every step: the smaller h the better",
    "no prediction": "no prediction, as the higher derivatives of f do not exist at this point, or are too large",
    "lost": "every difference is 0: f is computed to be the same number on both sides of the point",
    "no step": "no step gives a finite number: f as computed is not finite on both sides of the point",
}
LOSS = 1e4
"""Units in the last place that the complex step loses only where f itself is computed badly."""
NOTABLE = 2.0
"""The deck's step is mentioned where its error is so many times that of the best one."""


def findings(found: Derivative, record: StepsizeStudy) -> Iterator[str]:
    """What the numbers mean, a line for each finding."""
    for finding, words in FINDINGS.items():
        curves = [c for c in found.curves if c.finding == finding and c.scheme != "complex-step"]
        if schemes := [c.scheme for c in curves if c.straight_up_to is None]:
            yield f"{listed(schemes)}: {words}."
        yield from _ends(found, [c for c in curves if c.straight_up_to is not None])
    if not any(sample.error for curve in found.curves for sample in curve.samples):
        yield "No quotient has any error, so there is nothing to draw."
    yield from _deck(found)
    yield from _complex(found.curve("complex-step"), LOSS * record.precision.epsilon * abs(float(found.value)))
    yield from _left_out(found)
    if found.unmoved is not None:
        x = found.variable
        yield f"h ≤ {step(found.unmoved)}: {x} + h or {x} − h is {x} itself, so nothing is left of the derivative."


def _ends(found: Derivative, curves: Sequence[Curve]) -> Iterator[str]:
    """How far those reach that have no truncation error near x."""
    for curve in curves:
        worst = max((s for s in curve.samples if s.error is not None), key=lambda s: s.truncation or 0.0)
        yield (
            f"{curve.scheme}: no truncation error up to h = {step(curve.straight_up_to)}; larger steps reach where"
            f" {found.output} behaves otherwise, as beyond a kink or a jump"
            f" (error {numbers.error(worst.error).text} at h = {step(worst.h)})."
        )


def _deck(found: Derivative) -> Iterator[str]:
    """What the deck's step costs."""
    centered = found.curve("centered")
    best, deck = centered.measured, error_at(centered, DECK)
    if best is None or deck is None or deck <= NOTABLE * best.error or best.h <= DECK:
        return
    if found.unmoved is not None and found.unmoved >= DECK:
        of_best = f"the error of h = {step(best.h)} is {numbers.error(best.error).text}"
        yield f"centered: at h = 1e-8, the deck's, {found.variable} + h is {found.variable}; {of_best}."
        return
    ratio = deck / best.error if best.error else 0.0
    times = (
        f"{float(f'{ratio:.2g}'):.0f} times"
        if 0 < ratio < 1e5
        else f"{step(float(f'{ratio:.0e}'))} times"
        if ratio
        else "all of"
    )
    yield (
        f"centered: at h = 1e-8, the deck's, round-off costs {times} the accuracy of h = {step(best.h)}"
        f" (error {numbers.error(deck).text} against {numbers.error(best.error).text})."
    )


def _complex(curve: Curve, large: float) -> Iterator[str]:
    """What there is to say of the complex step; `large` is an error that is none of the step's."""
    if curve.measured and curve.measured.error > large:
        least = numbers.error(curve.measured.error).text
        yield f"complex-step: no step errs by less than {least}: f itself loses the digits in its own operations."
    elif curve.finding == "not applicable":
        yield f"complex-step: not applicable, as {curve.why}."
    elif curve.finding == "no truncation":
        yield "complex-step: nothing is subtracted, so nothing cancels, and there is no truncation: any h will do."
    elif curve.finding == "no step":
        yield "complex-step: no step gives a finite number."
    elif curve.predicted:
        yield f"complex-step: nothing is subtracted, so nothing cancels: any h up to {step(curve.predicted)} will do."


def _left_out(found: Derivative) -> Iterator[str]:
    """The steps that leave the domain, or end at a pole."""
    ranges: dict[str, list[str]] = {}
    for curve in found.curves:
        missing = [s.h for s in curve.samples if s.value is None]
        if missing and curve.finding != "no step":
            ranges.setdefault(_range(missing, curve.samples[0].h), []).append(curve.scheme)
    for steps, schemes in ranges.items():
        yield f"left out {steps}: f is not finite at a point that is needed ({listed(schemes)})."


def _range(missing: Sequence[float], largest: float) -> str:
    """Which steps these are."""
    if max(missing) == largest:
        return f"from h = {step(min(missing))} on"
    return (
        f"at h = {step(missing[0])}" if len(missing) == 1 else f"from h = {step(min(missing))} to {step(max(missing))}"
    )


def step(h: float | None) -> str:
    """A step, of which only the size matters."""
    return "" if h is None else numbers.tolerance(h)


def error_at(curve: Curve, h: float) -> float | None:
    """The error at the step nearest to h."""
    near = min(curve.samples, key=lambda s: abs(s.h - h), default=None)
    return near.error if near else None
