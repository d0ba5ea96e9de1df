"""The screen of `jacobian`: the matrix by every method beside the judge, what it cost, and which mode is cheaper."""

from collections.abc import Sequence

from diffcli.graph.text import latex_name
from diffcli.render import numbers
from diffcli.render.costs import costs, entry_text
from diffcli.render.csv import Table as CsvTable
from diffcli.render.csv import study_table
from diffcli.render.derivatives import derivative
from diffcli.render.document import Block, Column, Document, Flow, Lines, Options, Section, Span, Table, Text, text
from diffcli.render.grad import counted
from diffcli.render.matrices import IN_FULL, Cell, Matrix, for_entries, is_large, matrix_blocks
from diffcli.render.opening import name_span, point_text, problem_blocks, title_text
from diffcli.render.verdict import listed, verdict_lines
from diffcli.studies.jacobian import JacobianStudy, Sweeps
from diffcli.studies.jacobian_identity import Identity
from diffcli.studies.records import OutputStudy, Study

FORWARD_SIDE = Span("⟨ȳ, J·ẋ⟩", latex=r"\langle \bar{y}, J \dot{x} \rangle")
REVERSE_SIDE = Span("⟨Jᵀȳ, ẋ⟩", latex=r"\langle J^{T} \bar{y}, \dot{x} \rangle")
LONGEST_FORMULA = 40
"""Characters of a formula that is short enough to be an entry."""
MOST_FORMULAS = 12


def document(record: JacobianStudy, options: Options) -> Document:
    """Everything `jacobian` has to say."""
    study = record.study
    blocks: list[Block] = [opening(study, options), *_values(study, options)]
    for output in study.outputs:
        if output.problem:
            blocks += problem_blocks(output.problem, study.source)
    if not study.elements:
        return Document((*blocks, Lines((text("There is no variable to differentiate by."),))))
    blocks += _matrices(study, options)
    blocks += [costs(study, "Jacobian", derivative), *_formulas(study), *_modes(record), *_identity(record.identity)]
    blocks.append(Lines(tuple(verdict_lines(study))))
    return Document(tuple(blocks))


def jacobian_table(record: JacobianStudy) -> CsvTable:
    """One row for each entry and method, the judge first."""
    return study_table(record.study)


def opening(study: Study, options: Options) -> Flow:
    """Function and point."""
    names = tuple(dict.fromkeys(output.name.partition("[")[0] for output in study.outputs))
    return Flow((title_text(study.pretty, study.latex, names, options), point_text(study.point, options)))


def _values(study: Study, options: Options) -> list[Block]:
    """The values of the outputs."""
    shown = study.outputs[: IN_FULL if options.is_interactive else None]
    rows = tuple(((name_span(o.name),), (numbers.value(o.value, options.digits),)) for o in shown)
    return [Table((Column(), Column(lead="= ")), (Section(rows),))]


def _matrices(study: Study, options: Options) -> list[Block]:
    rows = [name_span(output.name) for output in study.outputs]
    columns = [Span(f"∂/∂{name}", "quiet", rf"\partial/\partial {latex_name(name)}") for name in study.elements]
    entries, groups = len(rows) * len(columns), _equal_methods(study)
    options = for_entries(entries, options)
    matrices = [Matrix(text("judge", role="quiet"), lambda i, j: _judged(study.outputs[i], j, options))]
    if options.is_interactive and entries > IN_FULL:
        matrices, groups = ([] if is_large(entries, options) and groups else matrices), groups[-1:]
    for methods in groups:
        index = [result.method for result in study.outputs[0].methods].index(methods[0])
        matrices.append(Matrix(text(listed(methods), role="name"), _cell_of(study, index, options)))
    return matrix_blocks(rows, columns, matrices, options)


def _cell_of(study: Study, index: int, options: Options) -> Cell:
    return lambda i, j: entry_text(
        study.outputs[i].methods[index].components[j], study.outputs[i].reference.slopes[j].value, options
    )


def _equal_methods(study: Study) -> list[list[str]]:
    """The methods that found a matrix; those with the same numbers together."""
    found: dict[tuple[tuple[float | None, ...], ...], list[str]] = {}
    for index, result in enumerate(study.outputs[0].methods):
        rows = [output.methods[index].components for output in study.outputs]
        if all(rows):
            found.setdefault(tuple(tuple(c.value for c in row) for row in rows), []).append(result.method)
    return list(found.values())


def _judged(output: OutputStudy, index: int, options: Options) -> Text:
    slope = output.reference.slopes[index]
    if slope.status == "not sampled":
        return text("·", role="quiet")
    return (numbers.judged(slope.value, options.digits),) if slope.value is not None else text("none", role="bad")


def _formulas(study: Study) -> list[Block]:
    """The entries as formulas, where they are short."""
    found = [
        ((derivative(output.name, variable),), (Span(formula.pretty, "code", formula.latex),))
        for output in study.outputs
        for result in output.methods
        for variable, formula in (result.formula or {}).items()
        if len(formula.pretty) <= LONGEST_FORMULA and formula.plain != "0"
    ]
    if not found or len(found) > MOST_FORMULAS:
        return []
    return [Table((Column(), Column(lead="= ", flexible=True)), (Section(tuple(found)),), title="As formulas")]


def _modes(record: JacobianStudy) -> list[Block]:
    """Both modes, one by one and all at once; and which of them is cheaper here."""
    size = f"A = {counted(record.inputs, 'input', 'inputs')}, B = {counted(record.outputs, 'output', 'outputs')}: "
    what = f"{record.cheaper} is cheaper here" if record.cheaper else "neither mode is cheaper here"
    verdict = text(size, Span(what, "good" if record.cheaper else "plain"), f" ({record.why}).")
    return [sweeps_table(record.sweeps), Lines((verdict,))]


def sweeps_table(sweeps: Sequence[Sweeps]) -> Table:
    """What the modes take, one sweep after the other and all of them at once."""
    headers = ("", "sweeps", "operations", "time", "at once", "operations", "time")
    columns = tuple(Column(header, "right" if header else "left") for header in headers)
    return Table(columns, (Section(tuple(_mode_row(way) for way in sweeps)),))


def _mode_row(way: Sweeps) -> tuple[Text, ...]:
    return (
        text(way.mode, role="name"),
        text(str(way.cost.sweeps) if way.cost else "too many"),
        text(str(way.cost.operations) if way.cost else ""),
        text(numbers.seconds(way.timing.median if way.timing else None)),
        text(counted(way.at_once.sweeps, "run", "runs")),
        text(str(way.at_once.operations)),
        text(numbers.seconds(way.at_once_timing.median if way.at_once_timing else None)),
    )


def _identity(known: Identity | None) -> list[Block]:
    """The two sides of the identity that ties the modes together, and how far apart they are."""
    if known is None:
        return []
    rows = (
        ((FORWARD_SIDE,), (numbers.value(known.forward),), text("J·ẋ by one forward sweep", role="quiet")),
        ((REVERSE_SIDE,), (numbers.value(known.reverse),), text("Jᵀȳ by one reverse sweep", role="quiet")),
    )
    apart = text(f"{_apart(known.ulps)}; ẋ and ȳ are drawn at random (seed {known.seed}).")
    return [Table((Column(), Column(lead="= "), Column()), (Section(rows),)), Lines((apart,))]


def _apart(ulps: float) -> str:
    if not ulps:
        return "Both are the same number"
    return f"They are {'1 ulp' if ulps == 1 else f'{numbers.plain(round(ulps, 1))} ulps'} apart"
