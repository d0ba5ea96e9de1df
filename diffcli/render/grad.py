"""The screen of `grad`: value, every derivative by every method beside the judge, what it cost, the verdict."""

from collections.abc import Sequence

from diffcli.render import numbers
from diffcli.render.commands import next_commands
from diffcli.render.derivatives import SHOWN_IN_FULL, SHOWN_OF_MANY, derivative, derivative_blocks
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
    text,
)
from diffcli.render.opening import opening, problem_blocks
from diffcli.render.trace_tables import trace_blocks
from diffcli.render.verdict import verdict_lines
from diffcli.studies.accuracy import Error
from diffcli.studies.records import MethodResult, OutputStudy, Study

LONGEST_FORMULA, LONGEST_OF_MANY = 400, 120
"""Characters of a formula on a screen."""


def document(study: Study, options: Options) -> Document:
    """Everything `grad` has to say."""
    blocks: list[Block] = [opening(study, options)]
    shown = _outputs(study, options)
    problems = [output.problem for output in shown]
    for k, output in enumerate(shown):
        if (problem := problems[k]) and problem not in problems[:k]:
            blocks += problem_blocks(problem, study.source)
        blocks += derivative_blocks(study, output, options)
    if rest := len(study.outputs) - len(shown):
        blocks.append(Lines((text(f"… and {rest} more outputs; -o FILE or a pipe shows all of them", role="quiet"),)))
    blocks.append(_costs(study))
    blocks += [_formulas(output, options) for output in shown if any(m.formula for m in output.methods)]
    if study.trace:
        blocks += trace_blocks(study.trace, options)
    blocks.append(Lines(tuple(verdict_lines(study))))
    if commands := next_commands(study):
        blocks.append(Lines(commands, is_advice=True))
    return Document(tuple(blocks))


def _outputs(study: Study, options: Options) -> Sequence[OutputStudy]:
    """The outputs that are shown on a screen: all, or the first of many."""
    many = options.is_interactive and len(study.outputs) > SHOWN_IN_FULL
    return study.outputs[:SHOWN_OF_MANY] if many else study.outputs


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
    """The relative error; the absolute one where the derivative is 0."""
    return worst.absolute if worst.relative is None else worst.relative


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
    many = sum(len(method.formula or ()) for method in output.methods) > SHOWN_IN_FULL
    longest = LONGEST_OF_MANY if many else LONGEST_FORMULA
    for method in output.methods:
        for variable, formula in (method.formula or {}).items():
            shown = _cut(formula.pretty, longest if options.is_interactive else len(formula.pretty))
            label = text(method.method, role="name") if not rows else ()
            rows.append((label, (derivative(output.name, variable),), (Span(shown, "code", formula.latex),)))
    chosen = rows[:SHOWN_OF_MANY] if options.is_interactive and many else rows
    return Table((Column(), Column(), Column(lead="= ", flexible=True)), (Section(tuple(chosen)),))


def _cut(formula: str, length: int) -> str:
    return formula if len(formula) <= length else formula[:length] + " …"
