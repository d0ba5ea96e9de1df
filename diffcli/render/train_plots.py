"""The plots of `train`: loss and accuracy after every epoch, on the screen and as a picture."""

from collections.abc import Callable, Sequence

from diffcli.learn.progress import Epoch
from diffcli.learn.training_record import Training
from diffcli.render.plot import Axis, Mark, Plot, Series
from diffcli.render.train_gradients import gradient_plots

MOST_POINTS = 400
MARKED = 40
"""Epochs up to which every one has its marker."""
HEIGHT = 12
Pick = Callable[[Epoch], float | None]


def plots(record: Training) -> list[Plot]:
    """What a picture shows."""
    return [*curves(record), *gradient_plots(record)]


def curves(record: Training, *, has_markers: bool = False) -> list[Plot]:
    """Loss and accuracy."""
    return [losses(record, has_markers=has_markers), accuracies(record, has_markers=has_markers)]


def losses(record: Training, *, has_markers: bool) -> Plot:
    """The mean loss of the training and of the validation samples."""
    series = _series(record, lambda e: e.training_loss, lambda e: e.validation_loss, has_markers=has_markers)
    values = [y for one in series for _, y in one.points]
    is_log = bool(values) and min(values) > 0 and max(values) / min(values) > 20
    return Plot(Axis("epoch"), Axis("", is_log=is_log), series, _marks(record), title="loss", height=HEIGHT)


def accuracies(record: Training, *, has_markers: bool) -> Plot:
    """The share of samples whose class is found."""
    series = _series(record, lambda e: e.training_accuracy, lambda e: e.validation_accuracy, has_markers=has_markers)
    return Plot(Axis("epoch"), Axis(""), series, _marks(record), title="accuracy", height=HEIGHT)


def _series(record: Training, training: Pick, validation: Pick, *, has_markers: bool) -> tuple[Series, ...]:
    shown = _thinned(record.curves)
    found = []
    for tone, (name, marker, pick) in enumerate((("training", "o", training), ("validation", "x", validation))):
        points = tuple((float(e.number), y) for e in shown if (y := pick(e)) is not None)
        if points:
            is_marked = has_markers or len(shown) <= MARKED
            found.append(Series(name, points, marker if is_marked else "", "solid" if tone == 0 else "dotted", tone))
    return tuple(found)


def _marks(record: Training) -> tuple[Mark, ...]:
    return (Mark(float(record.best_epoch), "kept"),) if record.best_epoch is not None else ()


def _thinned(curves: Sequence[Epoch]) -> Sequence[Epoch]:
    stride = max(1, len(curves) // MOST_POINTS)
    return [*curves[:-1:stride], *curves[-1:]]
