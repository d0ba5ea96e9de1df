"""What `train --show gradients` adds to the screen: the norm of the gradient by epoch and layer."""

from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Any

from diffcli.learn.training_record import Training
from diffcli.learn.vanishing import LayerNorms
from diffcli.render import numbers
from diffcli.render.document import Block, Column, Lines, Section, Table, Text, text
from diffcli.render.plot import Axis, Plot, Series

MARKERS = "o+x*s"
HEIGHT = 10
MOST_LAYERS, MOST_CURVES, MOST_POINTS = 8, 5, 500


def gradient_blocks(record: Training) -> list[Block]:
    """The table, how the first layer compares with the last, and both plots."""
    found = record.gradients
    if not found:
        return []
    return [_table(found), Lines((_finding(found),)), *gradient_plots(record)]


def gradient_plots(record: Training) -> list[Plot]:
    """By epoch with a curve for each of some layers; by layer with a curve for each of some epochs."""
    found, log = record.gradients, Axis("|∂L/∂W|", is_log=True)
    if not found:
        return []
    names = [name for name, _ in found[0].weights]
    layers = chosen(range(len(names)), MOST_CURVES)
    thin = found[:: max(1, len(found) // MOST_POINTS)]
    by_epoch = [
        Series(names[l], _shown((one.epoch, one.weights[l][1]) for one in thin), MARKERS[k], "solid", k)
        for k, l in enumerate(layers)
    ]
    by_layer = [
        Series(f"epoch {one.epoch}", _shown(enumerate((v for _, v in one.weights), start=1)), MARKERS[k], "solid", k)
        for k, one in enumerate(chosen(found, 3))
    ]
    plots = []
    if len(found) > 1:
        plots.append(Plot(Axis("epoch"), log, tuple(by_epoch), title="Gradient norm by epoch", height=HEIGHT))
    if len(names) > 1:
        plots.append(Plot(Axis("layer"), log, tuple(by_layer), title="Gradient norm by layer", height=HEIGHT))
    return plots


def chosen(items: Sequence[Any], most: int) -> list[Any]:
    """At most so many of them: the first, the last, and those between at equal distances."""
    if len(items) <= most:
        return list(items)
    return [items[round(k * (len(items) - 1) / (most - 1))] for k in range(most)]


def _shown(points: Iterable[tuple[int, float]]) -> tuple[tuple[float, float], ...]:
    return tuple((float(x), y) for x, y in points if isfinite(y))


def _table(found: Sequence[LayerNorms]) -> Table:
    """Rows are the epochs 0, 1, 2, 5, 10, …, columns are layers."""
    names = [name for name, _ in found[0].weights]
    layers, last = chosen(range(len(names)), MOST_LAYERS), found[-1].epoch
    columns = [Column("epoch", "right"), *(Column(names[l], "right") for l in layers)]
    columns.append(Column(f"{names[0]} / {names[-1]}", "right"))
    ends = (found[0].epoch, last)
    some = [one for one in found if one.epoch in ends or str(one.epoch).rstrip("0") in ("1", "2", "5")]
    rows = tuple((text(str(one.epoch)), *(_size(one.weights[l][1]) for l in layers), _size(one.ratio)) for one in some)
    return Table(tuple(columns), (Section(rows),), title="Norm of the gradient by layer, all training samples", gap=2)


def _size(value: float | None) -> Text:
    return text("—", role="quiet") if value is None or not isfinite(value) else text(numbers.rounded(value))


def _finding(found: Sequence[LayerNorms]) -> Text:
    first, last = found[0], found[-1]
    names = [name for name, _ in first.weights]
    if len(names) == 1 or first.ratio is None or last.ratio is None:
        return text("one layer: there is nothing for its gradient to be smaller than", role="quiet")
    return text(
        f"At the start the gradient of {names[0]} is {numbers.rounded(first.ratio)} times that of {names[-1]}, "
        f"after epoch {last.epoch} {numbers.rounded(last.ratio)} times; diffcli depth shows why."
    )
