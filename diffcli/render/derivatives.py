"""The table of derivatives on the screen of `grad`: each by every method beside the judge.

Elements of small arrays have rows of their own; of a large array the table says what its derivatives are like, and
where the worst of them is.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from math import prod
from typing import NamedTuple

from diffcli.graph.shapes import Shape, shown
from diffcli.graph.text import latex_name
from diffcli.render import numbers
from diffcli.render.document import Block, Column, Lines, Options, Section, Span, Table, Text, joined, text
from diffcli.studies.judge import Slope
from diffcli.studies.records import Component, MethodResult, OutputStudy, Study
from diffcli.studies.values import nested

SHOWN_IN_FULL = 12
"""On a screen, functions of more variables than this are summarised …"""
SHOWN_OF_MANY = 8
"""… by this many of them, the worst."""
MOST_ROWS = 5000
"""Derivatives of array elements that have rows of their own where nothing is summarised."""
SHORT = 3
"""Derivatives by an array that stand in its one row."""
DIGITS = 3
"""Of these."""


class Variable(NamedTuple):
    """One variable and where its elements stand among all."""

    name: str
    shape: Shape
    start: int
    end: int

    @property
    def elements(self) -> range:
        """The numbers of its elements."""
        return range(self.start, self.end)


def derivative(output: str, variable: str) -> Span:
    """∂y/∂x1."""
    return Span(f"∂{output}/∂{variable}", "title", rf"\partial {latex_name(output)}/\partial {latex_name(variable)}")


class Naming(NamedTuple):
    """What derivatives are called: those by one variable, and all of them."""

    label: Callable[[str, str], Span] = derivative
    header: str = "derivative"


BY_VARIABLE = Naming()


def variables(study: Study) -> Iterator[Variable]:
    """The variables differentiated by."""
    start = 0
    for name in study.variables:
        shape = study.shapes.get(name, ())
        yield Variable(name, shape, start, start + prod(shape))
        start += prod(shape)


def derivative_blocks(study: Study, output: OutputStudy, options: Options) -> list[Block]:
    """The derivatives of one output."""
    if not study.variables:
        return [Lines((text("There is no variable to differentiate by."),))]
    heading = (text(Span(output.name, "name"), " = ", numbers.value(output.value, options.digits)),)
    titled: list[Block] = [Lines(heading)] if len(study.outputs) > 1 else []
    most = SHOWN_IN_FULL if options.is_interactive else MOST_ROWS
    if study.shapes and len(study.elements) > most:
        return [*titled, *by_variables(study, output, options)]
    return [*titled, *_by_elements(study, output, options)]


def _by_elements(study: Study, output: OutputStudy, options: Options) -> list[Block]:
    count = len(study.elements)
    chosen = _worst(output, [range(k, k + 1) for k in range(count)]) if options.is_interactive else range(count)
    table = _table(tuple(_element(output, k, options) for k in chosen), "error")
    return [table, *_rest(output, count - len(chosen), [k for k in range(count) if k not in set(chosen)])]


def by_variables(study: Study, output: OutputStudy, options: Options, naming: Naming = BY_VARIABLE) -> list[Block]:
    """The derivatives by each variable in one section, those by a large array described by their range and norm."""
    known = list(variables(study))
    chosen = _worst(output, [variable.elements for variable in known]) if options.is_interactive else range(len(known))
    sections = tuple(
        _array(output, known[k], options, naming)
        if known[k].shape
        else _element(output, known[k].start, options, naming)
        for k in chosen
    )
    hidden = [k for number, variable in enumerate(known) if number not in set(chosen) for k in variable.elements]
    return [_table(sections, "worst error", naming), *_rest(output, len(known) - len(chosen), hidden)]


def _table(sections: tuple[Section, ...], error: str, naming: Naming = BY_VARIABLE) -> Table:
    columns = (Column(), Column(), Column(naming.header, flexible=True), Column(error), Column("digits"), Column())
    return Table(columns, sections, separator="blank").trimmed()


def _worst(output: OutputStudy, groups: Sequence[range]) -> Sequence[int]:
    """Which groups of derivatives are shown on a screen: all, or the worst of many in their order."""
    if len(groups) <= SHOWN_IN_FULL:
        return range(len(groups))

    def badness(number: int) -> float:
        found = [method.components[k] for method in output.methods if method.components for k in groups[number]]
        wrong = any(component.within is False for component in found)
        return -math.inf if wrong else min((c.error.digits for c in found if c.error), default=-1.0)

    return sorted(sorted(range(len(groups)), key=badness)[:SHOWN_OF_MANY])


def _rest(output: OutputStudy, count: int, elements: Sequence[int]) -> list[Block]:
    """How many derivatives are not shown, and how these are."""
    if not count:
        return []
    hidden = [method.components[k] for method in output.methods if method.components for k in elements]
    verdicts = {component.within for component in hidden if component.is_sampled}
    fact = "none of them worse" if False in verdicts else "all within tolerance" if True in verdicts else "not judged"
    return [Lines((text(f"… and {count} more variables, {fact}; -o FILE or a pipe shows all of them", role="quiet"),))]


def _element(output: OutputStudy, index: int, options: Options, naming: Naming = BY_VARIABLE) -> Section:
    slope = output.reference.slopes[index]
    label = naming.label(output.name, slope.name)
    rows = [_judge_row(label, slope, options)]
    rows += [
        ((), text(method.method, role="name"), *_cells(method, index, slope, options)) for method in output.methods
    ]
    return Section(tuple(rows))


def _judge_row(label: Span, slope: Slope, options: Options) -> tuple[Text, ...]:
    agree = text(f"{slope.digits} agree", role="quiet") if slope.value is not None and slope.digits else ()
    remark = {"one-sided": "one-sided", "overflow": "too large for a double"}.get(slope.status, "")
    return ((label,), text("judge", role="quiet"), _judged(slope, options), (), agree, text(remark, role="quiet"))


def _judged(slope: Slope, options: Options) -> Text:
    if slope.value is not None:
        return (numbers.judged(slope.value, options.digits),)
    if slope.status == "not sampled":
        return text("not asked", role="quiet")
    if slope.left is None and slope.right is None:
        return text("none", role="bad")
    sides = (("left", slope.left), ("right", slope.right))
    return joined((text(f"{side} ", numbers.judged(number) if number else "none") for side, number in sides), ", ")


def _cells(method: MethodResult, index: int, slope: Slope, options: Options) -> tuple[Text, ...]:
    if not method.components:
        return _without(method)
    component = method.components[index]
    if component.value is None:
        return text("no number", role="bad"), (), (), ()
    if component.error is None or slope.value is None:
        return (numbers.value(component.value, options.digits),), (), (), ()
    status = text("off", role="bad") if component.within is False else ()
    error = (numbers.error(component.error.absolute),)
    return _compared(component, slope.value, options), error, (numbers.digits(component.error.digits),), status


def _without(method: MethodResult) -> tuple[Text, ...]:
    """The cells of a method that has no derivatives."""
    return text(method.status, role="quiet"), (), (), ()


def _compared(component: Component, reference: str, options: Options) -> Text:
    assert component.value is not None, "only numbers are compared"
    if component.error is not None and component.error.digits == math.inf:
        return (numbers.value(component.value, options.digits),)
    return numbers.compared(component.value, reference, options.digits)


# Arrays in one row for each method.


def _array(output: OutputStudy, variable: Variable, options: Options, naming: Naming) -> Section:
    slopes = [output.reference.slopes[k] for k in variable.elements]
    found = [method.components[variable.start : variable.end] for method in output.methods]
    label = naming.label(output.name, variable.name)
    rows = [((label,), text("judge", role="quiet"), *_array_judged(slopes, variable))]
    for method, components in zip(output.methods, found, strict=True):
        cells = _array_cells(components, variable, options) if components else _without(method)
        rows.append(((), text(method.method, role="name"), *cells))
    aside = (shown(variable.shape), _norm(output.reference.slopes, found, variable))
    for number, words in enumerate(aside[: len(output.methods)], start=1):
        rows[number] = (text(words, role="quiet"), *rows[number][1:])
    return Section(tuple(rows))


def _norm(slopes: Sequence[Slope], found: Sequence[Sequence[Component]], variable: Variable) -> str:
    """The norm of the derivatives: the judge's, else that of the first method that has them all."""
    columns: list[list[str | float | None]] = [[slopes[k].value for k in variable.elements]]
    columns += [[component.value for component in components] for components in found if components]
    complete = next((column for column in columns if None not in column), [])
    values = [float(value) for value in complete if value is not None]
    return f"norm {numbers.rounded(math.hypot(*values))}" if values else ""


def _array_judged(slopes: Sequence[Slope], variable: Variable) -> tuple[Text, ...]:
    asked = [slope for slope in slopes if slope.status != "not sampled"]
    values = [float(slope.value) for slope in asked if slope.value is not None]
    if not asked:
        return text("not asked", role="quiet"), (), (), ()
    digits = min((slope.digits for slope in asked if slope.value is not None and slope.digits), default=0)
    agree = text(f"{digits} agree", role="quiet") if digits else ()
    missing = text(f"{len(asked) - len(values)} without a number", role="bad") if len(values) < len(asked) else ()
    if len(asked) < len(slopes):
        values_asked = numbers.summary(values, with_shape=False, with_norm=False)
        return (values_asked,), (), agree, text(f"{len(asked)} asked", role="quiet")
    return (_described(values, variable, None),) if values else (), (), agree, missing


def _array_cells(components: Sequence[Component], variable: Variable, options: Options) -> tuple[Text, ...]:
    values = [math.nan if c.value is None else c.value for c in components]
    shown_values = (_described(values, variable, options.digits),)
    compared = [component for component in components if component.error is not None]
    if any(component.tolerance is not None and component.value is None for component in components):
        return shown_values, (), (), text("no number", role="bad")
    if not compared:
        return shown_values, (), (), ()
    worst = min(compared, key=lambda c: (c.within is not False, c.error.digits if c.error else math.inf))
    assert worst.error is not None, "only these are compared"
    place = text(f"at {worst.variable}", role="quiet") if worst.error.digits < math.inf else ()
    off = text("off ", role="bad") if worst.within is False else ()
    return shown_values, (numbers.error(worst.error.absolute),), (numbers.digits(worst.error.digits),), (*off, *place)


def _described(values: Sequence[float], variable: Variable, digits: int | None) -> Span:
    """A few numbers in full, many by their range and norm."""
    if len(values) <= SHORT:
        return numbers.value(nested(values, variable.shape), digits or DIGITS)
    return numbers.summary(values, with_shape=False, with_norm=False)
