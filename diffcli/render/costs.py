"""What each method of a study takes and how far off it is, as one table."""

import math
from collections.abc import Callable
from operator import itemgetter

from diffcli.render import numbers
from diffcli.render.document import Column, Options, Section, Span, Table, Text, text
from diffcli.render.grad import work
from diffcli.studies.accuracy import Error
from diffcli.studies.records import Component, MethodResult, Study

Label = Callable[[str, str], Span]
"""What a derivative is called, from the names of output and component."""


def costs(study: Study, what: str, label: Label) -> Table:
    """For each method its worst entry and its cost."""
    columns = [
        Column(), Column("worst error", "decimal"), Column("digits", "decimal"), Column("at", droppable=1),
        Column("what it takes", flexible=True), Column("prepare", "right", droppable=2), Column(what, "right"),
        Column("× f", "right"),
    ]  # fmt: skip
    rows = [_row(study, index, result, label) for index, result in enumerate(study.outputs[0].methods)]
    return Table(tuple(columns), (Section(tuple(rows)),)).trimmed()


def _row(study: Study, index: int, result: MethodResult, label: Label) -> tuple[Text, ...]:
    worst = _worst(study, index, label)
    return (
        text(result.method, role="name"),
        (numbers.error(relative(worst[1])),) if worst else (),
        (numbers.digits(worst[1].digits),) if worst else (),
        (worst[0],) if worst and worst[1].digits < math.inf else (),
        text(work(result)),
        text(numbers.seconds(result.prepare_seconds)),
        text(numbers.seconds(result.timing.median if result.timing else None)),
        text(numbers.times(result.relative_time)),
    )


def _worst(study: Study, index: int, label: Label) -> tuple[Span, Error] | None:
    """The entry with the fewest correct digits, and its error; one that should be 0, and nearly is, has no digits."""
    found = [
        (_digits(component, component.error), output.name, component.variable, component.error)
        for output in study.outputs
        for component in output.methods[index].components
        if component.error is not None
    ]
    worst = min(found, key=itemgetter(0), default=None)
    return worst and (label(worst[1], worst[2]), worst[3])


def _digits(component: Component, error: Error) -> float:
    return math.inf if component.within and error.relative is None else error.digits


def relative(error: Error) -> float:
    """The relative error, where that says more than the absolute one."""
    return error.absolute if error.relative is None or error.digits == math.inf else error.relative


def entry_text(component: Component, reference: str | None, options: Options) -> Text:
    """One entry by a method, with a bar behind the digits that agree with the judge."""
    if component.value is None:
        return text("no number", role="bad")
    if component.error is None or reference is None or component.error.digits == math.inf:
        return (numbers.value(component.value, options.digits),)
    return numbers.compared(component.value, reference, options.digits)
