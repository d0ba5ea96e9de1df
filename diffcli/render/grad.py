"""The screen of `grad`: value, every derivative by every method beside the judge, what it cost, the verdict."""

import math
from collections.abc import Sequence

from diffcli.graph.text import latex_name
from diffcli.render import numbers
from diffcli.render.commands import next_commands
from diffcli.render.document import (
    Block,
    Column,
    Document,
    Lines,
    Options,
    Section,
    Span,
    Table,
    Text,
    joined,
    text,
)
from diffcli.render.opening import opening, problem_blocks
from diffcli.render.trace_tables import trace_blocks
from diffcli.render.verdict import verdict_lines
from diffcli.studies.accuracy import Error
from diffcli.studies.judge import Slope
from diffcli.studies.records import Component, MethodResult, OutputStudy, Study

SHOWN_IN_FULL = 12
"""On a screen, functions of more variables than this are summarised …"""
SHOWN_OF_MANY = 8
"""… by this many of them, the worst."""
LONGEST_FORMULA = 400


def document(study: Study, options: Options) -> Document:
    """Everything `grad` has to say."""
    blocks: list[Block] = [opening(study, options)]
    for output in study.outputs:
        if output.problem:
            blocks += problem_blocks(output.problem, study.source)
        blocks += _derivatives(study, output, options)
    blocks.append(_costs(study))
    blocks += [_formulas(output, options) for output in study.outputs if any(m.formula for m in output.methods)]
    if study.trace:
        blocks += trace_blocks(study.trace, options)
    blocks.append(Lines(tuple(verdict_lines(study))))
    if commands := next_commands(study):
        blocks.append(Lines(commands, is_advice=True))
    return Document(tuple(blocks))


def _derivatives(study: Study, output: OutputStudy, options: Options) -> list[Block]:
    if not study.variables:
        return [Lines((text("There is no variable to differentiate by."),))]
    chosen = _chosen(output, len(study.elements)) if options.is_interactive else range(len(study.elements))
    columns = (
        Column(),
        Column(),
        Column("derivative"),
        Column("error"),
        Column("digits"),
        Column(),
    )
    sections = tuple(_group(output, k, options) for k in chosen)
    table = Table(columns, sections, separator="blank").trimmed()
    heading = (text(Span(output.name, "name"), " = ", numbers.value(output.value, options.digits)),)
    titled: list[Block] = [Lines(heading)] if len(study.outputs) > 1 else []
    rest = len(study.elements) - len(chosen)
    return [*titled, table, *([_summary(output, rest, chosen)] if rest else [])]


def _chosen(output: OutputStudy, count: int) -> Sequence[int]:
    """The variables that are shown on a screen: all, or the worst of many in their order."""
    if count <= SHOWN_IN_FULL:
        return range(count)

    def badness(k: int) -> float:
        components = [method.components[k] for method in output.methods if method.components]
        wrong = any(component.within is False for component in components)
        return -math.inf if wrong else min((c.error.digits for c in components if c.error), default=-1.0)

    return sorted(sorted(range(count), key=badness)[:SHOWN_OF_MANY])


def _summary(output: OutputStudy, rest: int, chosen: Sequence[int]) -> Lines:
    hidden = [c for m in output.methods for k, c in enumerate(m.components) if k not in set(chosen)]
    wrong = sum(component.within is False for component in hidden)
    fact = "none of them worse" if wrong else "all within tolerance"
    return Lines((text(f"… and {rest} more variables, {fact}; -o FILE or a pipe shows all of them", role="quiet"),))


def _group(output: OutputStudy, index: int, options: Options) -> Section:
    slope = output.reference.slopes[index]
    label = derivative(output.name, slope.name)
    rows = [_judge_row(label, slope, options)]
    rows += [
        ((), text(method.method, role="name"), *_cells(method, index, slope, options)) for method in output.methods
    ]
    return Section(tuple(rows))


def derivative(output: str, variable: str) -> Span:
    """∂y/∂x1."""
    return Span(f"∂{output}/∂{variable}", "title", rf"\partial {latex_name(output)}/\partial {latex_name(variable)}")


def _judge_row(label: Span, slope: Slope, options: Options) -> tuple[Text, ...]:
    agree = text(f"{slope.digits} agree", role="quiet") if slope.value is not None and slope.digits else ()
    remark = {"one-sided": "one-sided", "overflow": "too large for a double"}.get(slope.status, "")
    return ((label,), text("judge", role="quiet"), _judged(slope, options), (), agree, text(remark, role="quiet"))


def _judged(slope: Slope, options: Options) -> Text:
    if slope.value is not None:
        return (numbers.judged(slope.value, options.digits),)
    if slope.left is None and slope.right is None:
        return text("none", role="bad")
    sides = (("left", slope.left), ("right", slope.right))
    return joined((text(f"{side} ", numbers.judged(number) if number else "none") for side, number in sides), ", ")


def _cells(method: MethodResult, index: int, slope: Slope, options: Options) -> tuple[Text, ...]:
    if not method.components:
        return text(method.status, role="quiet"), (), (), ()
    component = method.components[index]
    if component.value is None:
        return text("no number", role="bad"), (), (), ()
    if component.error is None or slope.value is None:
        return (numbers.value(component.value, options.digits),), (), (), ()
    status = text("off", role="bad") if component.within is False else ()
    error = (numbers.error(component.error.absolute),)
    return _compared(component, slope.value, options), error, (numbers.digits(component.error.digits),), status


def _compared(component: Component, reference: str, options: Options) -> Text:
    assert component.value is not None, "only numbers are compared"
    if component.error is not None and component.error.digits == math.inf:
        return (numbers.value(component.value, options.digits),)
    return numbers.compared(component.value, reference, options.digits)


def _costs(study: Study) -> Table:
    columns = (
        Column(),
        Column("worst error", "decimal"),
        Column("digits", "decimal"),
        Column("what it takes", flexible=True),
        Column("prepare", "right"),
        Column("gradient", "right"),
        Column("× f", "right"),
    )
    rows = tuple(_cost_row(study, index, method) for index, method in enumerate(study.outputs[0].methods))
    return Table(columns, (Section(rows),))


def _cost_row(study: Study, index: int, method: MethodResult) -> tuple[Text, ...]:
    found = [output.methods[index].worst for output in study.outputs]
    worst = min((error for error in found if error is not None), key=lambda error: error.digits, default=None)
    return (
        text(method.method, role="name"),
        (numbers.error(_relative(worst)),) if worst else (),
        (numbers.digits(worst.digits),) if worst else (),
        text(work(method)),
        text(numbers.seconds(method.prepare_seconds)),
        text(numbers.seconds(method.timing.median if method.timing else None)),
        text(numbers.times(method.relative_time)),
    )


def _relative(worst: Error) -> float:
    """The relative error, where that says more than the absolute one."""
    return worst.absolute if worst.relative is None or worst.digits == math.inf else worst.relative


def work(method: MethodResult) -> str:
    """What one gradient takes: 4 calls of f (symbolic: of its formulas), or 2 sweeps; or why there is none."""
    if method.cost is None:
        return "; ".join((method.status, *method.notes)) if method.status == "gave up" else method.status
    cost = method.cost
    parts = (
        counted(cost.function_evaluations, "call", "calls"),
        counted(cost.sweeps, "sweep", "sweeps"),
        counted(cost.operations, "operation", "operations"),
    )
    return ", ".join(part for part in parts if part)


def counted(number: int, one: str, many: str) -> str:
    """1 sweep, 2 sweeps, or nothing for 0."""
    return "" if not number else f"{number} {one if number == 1 else many}"


def _formulas(output: OutputStudy, options: Options) -> Table:
    rows: list[tuple[Text, ...]] = []
    for method in output.methods:
        for variable, formula in (method.formula or {}).items():
            shown = _cut(formula.pretty, LONGEST_FORMULA if options.is_interactive else len(formula.pretty))
            label = text(method.method, role="name") if not rows else ()
            rows.append((label, (derivative(output.name, variable),), (Span(shown, "code", formula.latex),)))
    chosen = rows[:SHOWN_OF_MANY] if options.is_interactive and len(rows) > SHOWN_IN_FULL else rows
    return Table((Column(), Column(), Column(lead="= ", flexible=True)), (Section(tuple(chosen)),))


def _cut(formula: str, length: int) -> str:
    return formula if len(formula) <= length else formula[:length] + " …"
