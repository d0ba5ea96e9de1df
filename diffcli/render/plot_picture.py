"""A plot as a picture: png or svg, by matplotlib."""

import io
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from diffcli.errors import LibraryError
from diffcli.render.document import printable
from diffcli.render.plot import Plot, Region, Series, Surface
from diffcli.render.plot_axes import Scale, scales

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SUFFIXES = (".png", ".svg")
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#7a5c00")
"""Told apart by people who see no red or no green, and on paper (Okabe and Ito)."""
LINES = {"none": "none", "solid": "-", "dotted": ":"}
WIDTH, HEIGHT, STRIP = 8.0, 4.8, 0.28
"""Inches of a plot; and of the strip below it for each series that has regions."""
DOTS = 150
"""Per inch, of a png."""
SETTINGS: dict[Any, Any] = {"svg.hashsalt": "diffcli", "svg.fonttype": "none", "font.size": 10}
"""The same plot is the same file; text in an svg stays text."""


def require_matplotlib() -> None:
    """Raise LibraryError where matplotlib is not installed; loads nothing."""
    if find_spec("matplotlib") is None:
        raise LibraryError(
            "pictures of plots need matplotlib, which is not installed", hint="pip install 'diffcli[plot]'"
        )


def picture(plots: Sequence[Plot], suffix: str) -> bytes:
    """The plots below each other as the content of a file with that suffix; raises LibraryError."""
    require_matplotlib()
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(WIDTH, sum(map(_height, plots))), layout="constrained")
        for part, plot in zip(_parts(figure, plots), plots, strict=True):
            _draw(part, plot)
        stream = io.BytesIO()
        undated = {"Date": None} if suffix == ".svg" else {"Software": None}
        figure.savefig(stream, format=suffix[1:], dpi=DOTS, metadata=undated)
    return stream.getvalue()


def _rows(plot: Plot) -> int:
    return len({region.marker for region in plot.regions})


def _height(plot: Plot) -> float:
    return HEIGHT + STRIP * _rows(plot)


def _parts(figure: Any, plots: Sequence[Plot]) -> Sequence[Any]:
    parts: Sequence[Any] = figure.subfigures(len(plots), 1, squeeze=False, height_ratios=list(map(_height, plots)))[
        :, 0
    ]
    return parts


def _draw(part: Any, plot: Plot) -> None:
    x, y = scales(plot)
    rows = _rows(plot)
    grid = part.subplots(
        2 if rows else 1, 1, squeeze=False, sharex=True, height_ratios=[HEIGHT, rows * STRIP][: 1 + bool(rows)]
    )
    axes, lowest = grid[0, 0], grid[-1, 0]
    axes.set_title(_literal(plot.title))
    axes.set_ylabel(_literal(plot.y.label))
    lowest.set_xlabel(_literal(plot.x.label))
    for scale, name in ((x, "x"), (y, "y")):
        _set_scale(axes, scale, name)
    if plot.surface:
        _contours(axes, plot.surface)
    for mark in plot.marks:
        axes.axvline(mark.at, color="0.5", linewidth=0.9, linestyle="--")
    for series in plot.series:
        _line(axes, series, y)
    _mark_labels(axes, plot)
    if sum(series.is_listed for series in plot.series):
        axes.legend(loc="best", fontsize=8, framealpha=0.9)
    axes.grid(visible=True, color="0.92", linewidth=0.6)
    axes.set_axisbelow(True)
    if rows:
        _regions(lowest, plot.regions, x)


def _set_scale(axes: "Axes", scale: Scale, name: str) -> None:
    low = scale.low / 10 if scale.has_zero else scale.low
    high = scale.high
    if scale.axis.is_log:
        getattr(axes, f"set_{name}scale")("log")
        low, high = low / 1.5, high * 1.5
    getattr(axes, f"set_{name}lim")(low, high)
    if scale.has_zero:
        ticks = [(v or scale.low / 10, f"$10^{{{label[2:]}}}$" if v else label) for v, label in scale.ticks(8)]
        getattr(axes, f"set_{name}ticks")([v for v, _ in ticks], [label for _, label in ticks], minor=False)


def _line(axes: "Axes", series: Series, y: Scale) -> None:
    points = [(a, b or (y.low / 10 if y.has_zero else b)) for a, b in series.points]
    axes.plot(
        [a for a, _ in points],
        [b for _, b in points],
        marker=series.marker or "none",
        markersize=4,
        linestyle=LINES[series.line],
        linewidth=1.4,
        color=COLOURS[series.tone % len(COLOURS)],
        label=_literal(series.name) if series.is_listed else "_",
    )


def _mark_labels(axes: "Axes", plot: Plot) -> None:
    """Beside the upper ends of their lines, each a little lower than the one before."""
    for k, mark in enumerate(sorted(plot.marks, key=lambda m: m.at)):
        axes.annotate(
            _literal(mark.label), (mark.at, 1), (3, -10 - 11 * k), xycoords=("data", "axes fraction"),
            textcoords="offset points", fontsize=8, color="0.3",
        )  # fmt: skip


def _contours(axes: "Axes", surface: Surface) -> None:
    drawn = axes.contour(
        surface.x, surface.y, surface.values, levels=list(surface.levels), colors="0.65", linewidths=0.8
    )
    axes.clabel(drawn, fontsize=7, fmt="%.3g")


def _regions(axes: "Axes", regions: Sequence[Region], x: Scale) -> None:
    """A bar for each region, one row for each series."""
    markers = list(dict.fromkeys(region.marker for region in regions))
    for region in regions:
        row, colour = markers.index(region.marker), COLOURS[region.tone % len(COLOURS)]
        axes.barh(row, region.end - region.start, 0.8, left=region.start, color=colour, alpha=0.25, edgecolor=colour)
        share = x.place(region.end) - x.place(region.start)
        label = next((text for text in region.labels if len(text) < share * 95), "")
        middle = x.value((x.place(region.end) + x.place(region.start)) / 2)
        axes.text(middle, row, _literal(label), ha="center", va="center", fontsize=7)
    axes.set_yticks(range(len(markers)), markers, fontsize=8)
    axes.set_ylim(len(markers) - 0.5, -0.5)
    axes.tick_params(left=False)


def _literal(text: str) -> str:
    """The text as it is: matplotlib would read mathematics between dollars."""
    return printable(text).replace("$", r"\$")
