"""The plots of `depth`: the first layer's gradient against the number of layers."""

from diffcli.learn.depth_record import Case, DepthStudy
from diffcli.render.plot import Axis, Plot, Series

MARKERS = "o+x*svdph"
HEIGHT = 12
"""Lines of each plot on a terminal."""
AXES = Axis("hidden layers"), Axis("|∂L/∂W1|", is_log=True)


def plots(record: DepthStudy) -> tuple[Plot, ...]:
    """One for each activation with its initialisations, and one for what is said to help."""
    return tuple(
        plot for name in record.settings.activations for plot in (initialisations(record, name), helps(record, name))
    )


def initialisations(record: DepthStudy, activation: str) -> Plot:
    """The gradients of plain networks of one activation."""
    cases = [case for case in record.cases if case.activation == activation]
    series = [_series(case, case.initialisation, tone) for tone, case in enumerate(cases)]
    if activation == "sigmoid":
        points = tuple(zip(map(float, record.settings.depths), record.chain, strict=True))
        series.append(Series("0.25^depth", points, "", "dotted", len(cases)))
    return Plot(*AXES, tuple(series), title=f"{activation}: initialisations", height=HEIGHT)


def helps(record: DepthStudy, activation: str) -> Plot:
    """The gradients of one activation, plain and with what is said to help."""
    cases = [case for case in record.changes if case.activation == activation]
    series = tuple(_series(case, case.change, tone) for tone, case in enumerate(cases))
    usual = cases[0].initialisation if cases else ""
    return Plot(*AXES, series, title=f"{activation}, {usual}: what changes it", height=HEIGHT)


def _series(case: Case, name: str, tone: int) -> Series:
    points = tuple((float(one.depth), one.first) for one in case.profiles)
    return Series(name, points, MARKERS[tone % len(MARKERS)], "solid", tone)
