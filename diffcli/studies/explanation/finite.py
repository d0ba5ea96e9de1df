"""What is to blame where finite differences are off: the step, or the values of f themselves."""

import math
from collections.abc import Mapping, Sequence

from diffcli.execute.magnitudes import Undefined
from diffcli.methods.finite import STENCILS, Stencil
from diffcli.methods.registry import METHODS
from diffcli.studies.explanation.need import FIXED_STEP
from diffcli.studies.explanation.origin import Comparison
from diffcli.studies.explanation.record import Reason
from diffcli.studies.explanation.rows import Rows
from diffcli.studies.explanation.steps import NOISY, Difference, Samples
from diffcli.studies.explanation.words import crossed, lost_beside, origin_reason, rounded_off, truncated, turned
from diffcli.studies.values import rounded

WORTH_IT = 10.0
"""How many times smaller the error with a better step must be."""
NO_DIGIT = 0.3
"""Relative errors of numbers without a right digit."""


def finite_reason(
    difference: Difference, rows: Rows, stencil: Stencil, h: float, found: float | None, truth: str
) -> Reason:
    """Why a difference quotient is off, with the step that would have been better."""
    samples = difference.samples(stencil, h)
    reason = _reason(difference, samples, rows, stencil, h, found, truth)
    reason = _with_better_step(difference, reason, stencil, found, truth)
    is_small = reason.row is None and reason.cause == "cancellation" and (reason.better_step or 0.0) > h
    return reason._replace(cause="step too small", text=f"the step is too small: {reason.text}") if is_small else reason


def _reason(
    difference: Difference, samples: Samples, rows: Rows, stencil: Stencil, h: float, found: float | None, truth: str
) -> Reason:
    variable = difference.graph.nodes[difference.wrt].literal
    crossing = difference.crossing(samples)
    if crossing and (samples.exact is None or _is_truncation(samples, found, truth)):
        return crossed(crossing, rows.primal(crossing.node), h, variable)
    noisiest = difference.noisiest(samples)
    is_noisy = noisiest.relative_error(difference.output) > NOISY
    if found is None or samples.exact is None or (is_noisy and not _is_truncation(samples, found, truth)):
        origin = noisiest.origin(difference.output)
        return origin_reason(noisiest, origin, rows.primal(origin.node), rows)
    if _is_truncation(samples, found, truth):
        if difference.rounding_of_step(stencil, h) > _truncation(samples, truth) / 2:
            return lost_beside(h, difference.x, variable)
        if turns := difference.turns(samples):
            return turned(rows.primal(turns[0]), h, turns[1])
        return truncated(h, _truncation(samples, truth))
    first, second = (samples.comparisons[k].floats[difference.output] for k in (0, 1))
    return rounded_off(h, (first, second))


def _is_truncation(samples: Samples, found: float | None, truth: str) -> bool:
    """Whether the exact quotient is farther from the derivative than the computed one is from the exact quotient."""
    if found is None:
        return True
    number = samples.comparisons[0].probe.arithmetic.context.mpf
    return bool(abs(samples.exact - number(truth)) > abs(number(found) - samples.exact))


def _truncation(samples: Samples, truth: str) -> float:
    true = samples.comparisons[0].probe.arithmetic.context.mpf(truth)
    return float(abs(samples.exact - true) / abs(true)) if true else float(abs(samples.exact))


def _with_better_step(
    difference: Difference, reason: Reason, stencil: Stencil, found: float | None, truth: str
) -> Reason:
    best = difference.better_step(stencil, truth)
    if best is None:
        return reason
    h, error = best
    true = float(truth)
    now = abs((found - true) / true) if found is not None and true else math.inf
    if error < min(now / WORTH_IT, 1e-3):
        return reason._replace(advice=f"--h {rounded(h)} has an error of {rounded(error)}", better_step=h)
    if error <= METHODS["finite"].tolerance:
        return reason
    steps = difference.steps
    tried = f"none of the steps {rounded(steps[0])} … {rounded(steps[-1])}"
    if error > NO_DIGIT:
        return reason._replace(advice=f"{tried} gives a single digit")
    return reason._replace(advice=f"{tried} does better than {rounded(min(error, now))}")


def good_to_know(
    rows: Rows, point: Sequence[float], wrt: int, mended: Mapping[int, tuple[Stencil, float]], deadline: float
) -> Reason | None:
    """What a step had to avoid where the difference is right: the edge of the domain, or spacing beyond it."""
    graph, index = rows.graph, rows.graph.inputs.index(wrt)
    x, name = point[index], graph.nodes[wrt].literal
    usual = STENCILS["centered"].default_step(x)
    if index in mended:
        for h in (usual, -usual):
            comparison = Comparison(graph, [*point[:index], x + h, *point[index + 1 :]], deadline)
            if (node := _undefined_node(comparison)) is not None:
                named, (stencil, taken) = rows.primal(node), mended[index]
                text = f"{name} ± {rounded(usual)} leaves the domain: {named.equation}, {comparison.exact[node].where}"
                side = f" to the {stencil.side} alone" if stencil.side else ""
                advice = f"h = {rounded(taken)}{side} stays inside"
                return Reason("domain", text, named.row, named.operation, better_step=taken, advice=advice)
    if x + FIXED_STEP == x:
        spacing = f"where doubles are {rounded(math.ulp(x))} apart"
        text = f"a fixed step such as {rounded(FIXED_STEP)} is lost beside {name} = {rounded(x)}, {spacing}"
        return Reason("fixed step", text, better_step=usual, advice=f"h = {rounded(usual)} was taken")
    return None


def _undefined_node(comparison: Comparison) -> int | None:
    found = (node for node, value in enumerate(comparison.exact) if type(value) is Undefined and value.kind != "limit")
    return next(found, None)
