"""The plot of `stepsize`: error against h on logarithmic axes, with lines, regions and marks."""

from collections.abc import Iterator

from diffcli.render import numbers
from diffcli.render.plot import Axis, Mark, Plot, Region, Series
from diffcli.studies.stepsize.curve import DENSITY, Curve
from diffcli.studies.stepsize.fit import Fit
from diffcli.studies.stepsize.study import DECK, Derivative, StepsizeStudy

MARKERS = {"forward": "o", "centered": "+", "complex-step": "x", "richardson": "*"}
ON_TERMINAL, IN_PICTURE = 4, 8
"""Points in a decade."""


def plots(record: StepsizeStudy) -> tuple[Plot, ...]:
    """The plots of all derivatives, for a picture."""
    return tuple(plot(found, IN_PICTURE) for found in record.derivatives)


def plot(found: Derivative, density: int) -> Plot:
    """The errors of one derivative."""
    curves = [(tone, curve) for tone, curve in enumerate(found.curves) if curve.samples]
    return Plot(
        Axis("h", is_log=True),
        Axis("|error|", is_log=True),
        (*(_series(curve, tone, density) for tone, curve in curves), *(s for t, c in curves for s in _lines(c, t))),
        tuple(_marks(found)),
        tuple(region for tone, curve in curves for region in _regions(curve, tone)),
        title=f"Error of ∂{found.output}/∂{found.variable} against h",
    )


def _series(curve: Curve, tone: int, density: int) -> Series:
    chosen = curve.samples[:: DENSITY // density]
    points = tuple((s.h, s.error) for s in chosen if s.error is not None)
    return Series(curve.scheme, points, MARKERS[curve.scheme], tone=tone)


def _lines(curve: Curve, tone: int) -> Iterator[Series]:
    """The fitted lines."""
    for fit in (curve.truncation, curve.round_off):
        if fit is not None:
            ends = tuple((h, fit.at(h)) for h in (fit.start, fit.end))
            yield Series(f"{curve.scheme}, fitted", ends, "", "dotted", tone, is_listed=False)


def _marks(found: Derivative) -> Iterator[Mark]:
    yield Mark(DECK, "1e-8 (deck)")
    centered = found.curve("centered")
    largest = max((s.h for s in centered.samples), default=0.0)
    if centered.predicted is not None:
        yield Mark(min(centered.predicted, largest), "predicted best h (centered)")
    if centered.measured is not None and centered.finding == "":
        yield Mark(centered.measured.h, "measured")


def _regions(curve: Curve, tone: int) -> Iterator[Region]:
    for kind, fit in (("round-off", curve.round_off), ("truncation", curve.truncation)):
        if fit is not None:
            yield Region(fit.start, fit.end, _labels(kind, fit), MARKERS[curve.scheme], tone)


def _labels(kind: str, fit: Fit) -> tuple[str, ...]:
    slope = numbers.signed(f"{fit.slope + 0.0:.2f}".replace("-0.00", "0.00"))
    return f"{kind}, slope {slope}", f"{kind} {slope}", slope
