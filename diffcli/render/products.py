"""The screens of `jvp`, `vjp` and `hessian --direction`: one product by all methods beside the judge."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from diffcli.graph.text import latex_name
from diffcli.render import numbers
from diffcli.render.costs import costs, entry_text
from diffcli.render.csv import Cell as CsvCell
from diffcli.render.csv import Table as CsvTable
from diffcli.render.derivatives import MOST_ROWS, Naming, Variable, by_variables
from diffcli.render.document import (
    Block,
    Column,
    Document,
    Flow,
    Lines,
    Options,
    Section,
    Span,
    Table,
    Text,
    joined,
    text,
)
from diffcli.render.opening import EQUALS, name_span, point_text, problem_blocks, title_text
from diffcli.render.verdict import verdict_lines
from diffcli.studies.products.record import ProductStudy
from diffcli.studies.records import OutputStudy, Study
from diffcli.studies.reference import Slope
from diffcli.studies.values import nested

CSV_HEADER = (
    "element", "method", "status", "value", "absolute_error", "relative_error", "ulps", "digits", "within",
    "function_evaluations", "sweeps", "operations", "evaluate_seconds", "relative_time",
)  # fmt: skip
SHOWN_IN_FULL, SHOWN_OF_MANY = 8, 6
"""Elements of a product that are shown on a screen: all, or the first of many."""
PRODUCTS = {
    "jvp": Span("J·ẋ", "title", r"J \dot{x}"),
    "vjp": Span("Jᵀȳ", "title", r"J^{T} \bar{y}"),
    "hvp": Span("H·v", "title", "H v"),
}
MARKS = {"jvp": ("\u0307", "dot"), "vjp": ("\u0304", "bar"), "hvp": ("", "")}
SEEDS = {"jvp": ("ẋ", r"\dot{x}"), "vjp": ("ȳ", r"\bar{y}"), "hvp": ("v", "v")}
MEANINGS = {
    "jvp": "the derivative of every output along ẋ: one forward sweep, whatever the number of inputs",
    "vjp": "the gradient of Σ ȳ·f: one reverse sweep, whatever the number of inputs",
    "hvp": "the derivative of the gradient along v: one sweep over the gradient program, and no matrix",
}


def document(record: ProductStudy, options: Options) -> Document:
    """Everything there is to say of a product."""
    study = record.study
    names = tuple(dict.fromkeys(name.partition("[")[0] for name, _ in record.values))
    blocks: list[Block] = [
        Flow((title_text(study.pretty, study.latex, names, options), point_text(study.point, options), _seeds(record))),
        *_values(record, options),
    ]
    blocks.append(Lines((text(PRODUCTS[record.kind], f" is {MEANINGS[record.kind]}.", role="quiet"),)))
    for output in study.outputs:
        if output.problem:
            blocks += problem_blocks(output.problem, study.source)
    if not record.slopes:
        return Document((*blocks, Lines((text("There is no variable to differentiate by."),))))
    blocks += _elements(record, options)
    blocks.append(
        costs(study, "product", lambda output, part: _label(record, output if record.kind == "jvp" else part))
    )
    blocks.append(Lines(tuple(verdict_lines(study))))
    return Document(tuple(blocks))


def product_table(record: ProductStudy) -> CsvTable:
    """One row for each element and method, the judge first."""
    return CSV_HEADER, _csv_rows(record)


def _seeds(record: ProductStudy) -> Text:
    sign, latex = SEEDS[record.kind]
    parts = [text(name_span(name), EQUALS, numbers.value(value)) for name, value in record.seeds.items()]
    return text("along " if record.kind != "vjp" else "with ", Span(sign, "name", latex), ": ", joined(parts, ", "))


def _values(record: ProductStudy, options: Options) -> list[Block]:
    values: Sequence[tuple[str, Any]] = record.values
    if len(values) > _most(options):
        numbers_of = [value for _, value in values]
        values = [(v.name, nested(numbers_of[v.start : v.end], v.shape)) for v in arrays(name for name, _ in values)]
    shown = values[: SHOWN_IN_FULL if options.is_interactive else None]
    rows = tuple(((name_span(name),), (numbers.value(value, options.digits),)) for name, value in shown)
    return [Table((Column(), Column(lead="= ")), (Section(rows),))] if rows else []


def _label(record: ProductStudy, name: str) -> Span:
    """What an element of the product is called: ẏ1, x̄, or (H·v) x."""
    base, bracket, rest = name.partition("[")
    mark, command = MARKS[record.kind]
    if not command:
        return Span(f"(H·v) {name}", "title", rf"(H v)_{{{latex_name(name)}}}")
    return Span(
        f"{base[0]}{mark}{base[1:]}{bracket}{rest}", "title", rf"\{command}{{{latex_name(base)}}}{bracket}{rest}"
    )


def _most(options: Options) -> int:
    """Elements that are listed one by one."""
    return SHOWN_IN_FULL if options.is_interactive else MOST_ROWS


def arrays(names: Iterable[str]) -> list[Variable]:
    """The arrays whose elements these names are, in order: y[0,0], y[0,1], s are y of shape 1×2, and s."""
    found: list[Variable] = []
    for name, group in groupby(enumerate(names), key=lambda pair: pair[1].partition("[")[0]):
        members = list(group)
        (start, _), (last, element) = members[0], members[-1]
        indices = element[len(name) :].strip("[]")
        shape = tuple(int(index) + 1 for index in indices.split(",")) if indices else ()
        found.append(Variable(name, shape, start, last + 1))
    return found


def _as_one(record: ProductStudy) -> tuple[Study, OutputStudy]:
    """The product as the derivatives of one output, whose variables are the arrays of which it has the elements."""
    study, first, known = record.study, record.study.outputs[0], arrays(record.names)
    slopes = [replace(slope, name=name) for slope, name in zip(record.slopes, record.names, strict=True)]
    methods = []
    for index, method in enumerate(first.methods):
        cells = zip(record.cells(index), record.names, strict=False)
        methods.append(replace(method, components=tuple(cell._replace(variable=name) for cell, name in cells)))
    output = replace(first, reference=replace(first.reference, slopes=tuple(slopes)), methods=tuple(methods))
    shapes = {array.name: array.shape for array in known if array.shape}
    return replace(study, variables=tuple(array.name for array in known), shapes=shapes), output


def _elements(record: ProductStudy, options: Options) -> list[Block]:
    count = len(record.names)
    if count > _most(options) and any("[" in name for name in record.names):
        naming = Naming(lambda _, name: _label(record, name), "product")
        return by_variables(*_as_one(record), options, naming)
    shown = count if count <= SHOWN_IN_FULL or not options.is_interactive else SHOWN_OF_MANY
    columns = (Column(), Column(), Column("product"), Column("error"), Column("digits"), Column())
    methods = [result.method for result in record.study.outputs[0].methods]
    cells = [record.cells(index) for index in range(len(methods))]
    sections = []
    for k, (name, slope) in enumerate(zip(record.names[:shown], record.slopes, strict=False)):
        rows: list[tuple[Text, ...]] = [
            ((_label(record, name),), text("judge", role="quiet"), _judged(slope, options), (), (), ())
        ]
        for method, found in zip(methods, cells, strict=True):
            if not found:
                rows.append(((), text(method, role="name"), text("gave up", role="quiet"), (), (), ()))
                continue
            component = found[k]
            error = component.error
            rows.append((
                (),
                text(method, role="name"),
                entry_text(component, slope.value, options),
                (numbers.error(error.absolute),) if error else (),
                (numbers.digits(error.digits),) if error else (),
                text("off", role="bad") if component.within is False else (),
            ))  # fmt: skip
        sections.append(Section(tuple(rows)))
    blocks: list[Block] = [Table(columns, tuple(sections), separator="blank").trimmed()]
    if shown < count:
        rest = f"… and {count - shown} more elements; -o FILE or a pipe shows all of them"
        blocks.append(Lines((text(rest, role="quiet"),)))
    return blocks


def _judged(slope: Slope, options: Options) -> Text:
    if slope.status == "not sampled":
        return text("not sampled", role="quiet")
    return (numbers.judged(slope.value, options.digits),) if slope.value is not None else text("none", role="bad")


def _csv_rows(record: ProductStudy) -> Iterator[Sequence[CsvCell]]:
    methods = record.study.outputs[0].methods
    cells = [record.cells(index) for index in range(len(methods))]
    for k, (name, slope) in enumerate(zip(record.names, record.slopes, strict=True)):
        yield (name, "judge", slope.status, slope.value, *(None,) * (len(CSV_HEADER) - 4))
        for result, found in zip(methods, cells, strict=True):
            component, cost = found[k] if found else None, result.cost
            error = component.error if component else None
            yield (
                name, result.method, result.status, component and component.value,
                *((error.absolute, error.relative, error.ulps, error.digits) if error else (None,) * 4),
                component.within if component else None,
                *((cost.function_evaluations, cost.sweeps, cost.operations) if cost else (None,) * 3),
                result.timing.median if result.timing else None, result.relative_time,
            )  # fmt: skip
