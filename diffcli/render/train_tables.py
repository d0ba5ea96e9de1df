"""The tables of `train`: the check of the gradient, the epochs, the final scores, the confusion matrix."""

from collections.abc import Iterator

from diffcli.learn.backprop_check import Check
from diffcli.learn.progress import Epoch
from diffcli.learn.training_record import Training
from diffcli.render import numbers
from diffcli.render.document import (
    Block,
    Column,
    Lines,
    Options,
    Section,
    Span,
    Table,
    Text,
    text,
)
from diffcli.studies.values import tidied

DIGITS = 4
MOST_CLASSES = 12
"""Classes of a confusion matrix that are shown on a screen."""


def check_table(record: Training) -> Iterator[Block]:
    """What the gradient was checked against, and the worst parameter."""
    columns = (
        Column(), Column("parameters", "right", droppable=2), Column("worst", droppable=1),
        Column("engine", "decimal", droppable=4), Column("expected", "decimal", droppable=3),
        Column("error", "right"), Column(),
    )  # fmt: skip
    if record.checks:
        section = Section(tuple(map(_check_row, record.checks)))
        yield Table(columns, (section,), title="Gradient check, before the first step")
    rules = ", ".join(f"{numbers.tolerance(check.tolerance)} ({check.against})" for check in record.checks)
    if record.is_checked:
        rule = f"error: relative to the largest derivative of the same array; limit {rules}"
        yield Lines((text(rule, role="quiet"),))
        return
    worst = next(check for check in record.checks if not check.is_right)
    message = f"The gradient is wrong: {worst.failed} of {worst.compared} derivatives differ from {worst.against}."
    yield Lines((text(f"{message} Nothing is trained with it.", role="bad"), text(f"limit {rules}", role="quiet")))


def _check_row(check: Check) -> tuple[Text, ...]:
    worst = check.worst
    return (
        text(f"against {check.against}"),
        text(f"{check.compared} of {check.total}"),
        text(worst.name, role="name"),
        _number(worst.found),
        _number(worst.expected),
        (numbers.error(worst.error),),
        (_verdict(check),),
    )


def _verdict(check: Check) -> Span:
    """Where the numbers are smaller than rounding, their difference says nothing."""
    if not check.is_right:
        return Span("off", "bad")
    return Span("ok", "good") if check.worst.error <= check.tolerance else Span("within rounding", "quiet")


def epoch_table(record: Training, options: Options) -> Table:
    """Some of the epochs: those numbered 1, 2, 5, 10, 20, …, the kept one and the last."""
    kept, last, digits = record.best_epoch, record.curves[-1].number, options.digits or DIGITS
    has_rate = record.optimizer.schedule.name != "constant"
    columns = (
        Column("epoch", "right"), Column("training loss", "decimal"), Column("accuracy", "right"),
        Column("validation loss", "decimal"), Column("accuracy", "right"),
        *([Column("rate", "decimal", droppable=1)] if has_rate else []), Column(),
    )  # fmt: skip
    chosen = [e for e in record.curves if e.number in (0, last, kept) or str(e.number).rstrip("0") in ("1", "2", "5")]
    rows = tuple(_epoch_row(e, digits, is_kept=e.number == kept, has_rate=has_rate) for e in chosen)
    return Table(columns, (Section(rows),)).trimmed()


def _epoch_row(epoch: Epoch, digits: int, *, is_kept: bool, has_rate: bool) -> tuple[Text, ...]:
    validation = (
        (_number(epoch.validation_loss, digits), _percent(epoch.validation_accuracy))
        if epoch.validation_loss is not None
        else ((), ())
    )
    return (
        text(str(epoch.number)),
        _number(epoch.training_loss, digits),
        _percent(epoch.training_accuracy),
        *validation,
        *([_number(epoch.rate, digits)] if has_rate else []),
        text("kept", role="good") if is_kept else (),
    )


def score_table(record: Training, options: Options) -> Table:
    """Loss and accuracy on each part of the data."""
    columns = (Column(), Column("samples", "right"), Column("loss", "decimal"), Column("accuracy", "right"))
    rows = tuple(
        (text(name, role="name"), text(str(score.samples)), _number(score.loss, options.digits or DIGITS),
         _percent(score.accuracy))
        for name, score in record.scores.items()
    )  # fmt: skip
    return Table(columns, (Section(rows),), title="Result, without penalty and dropout")


def confusion_matrix(record: Training, options: Options) -> Iterator[Block]:
    """Rows: what it is; columns: what it is taken for."""
    names, counts = record.data.classes, record.confusion
    part = "test" if record.data.parts[2] else "training"
    if options.is_interactive and len(names) > MOST_CLASSES:
        pairs = ((n, names[i], names[j]) for i, row in enumerate(counts) for j, n in enumerate(row) if i != j and n)
        wrong = sorted(pairs, reverse=True)
        lines = [text(f"{was} taken for {taken}: {n}") for n, was, taken in wrong[:MOST_CLASSES]]
        yield Lines((text(f"Most frequent mistakes on the {part} samples"), *lines))
        return
    columns = (Column("is ↓  taken for →"), *(Column(name, "right") for name in names))
    rows = tuple(
        (text(name, role="name"), *(_count(n, is_right=i == j) for j, n in enumerate(row)))
        for i, (name, row) in enumerate(zip(names, counts, strict=True))
    )
    yield Table(columns, (Section(rows),), title=f"Confusion matrix of the {part} samples")


def _count(count: int, *, is_right: bool) -> Text:
    if not count:
        return text("·", role="quiet")
    return text(str(count), role="good" if is_right else "bad")


def _number(value: float | None, digits: int = DIGITS) -> Text:
    if value is None:
        return text("—", role="quiet")
    shown = tidied(f"{value:.{digits}g}")
    return (Span(numbers.signed(shown), "value", numbers.latex(shown)),)


def _percent(value: float | None) -> Text:
    if value is None:
        return text("—", role="quiet")
    return (Span(f"{100 * value:.1f} %", "value", rf"{100 * value:.1f}\,\%"),)
