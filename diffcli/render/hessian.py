"""The screen of `hessian`: the matrix by every method beside the judge, its symmetry, and what it cost."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from diffcli.graph.text import latex_name
from diffcli.render import numbers
from diffcli.render.costs import costs, entry_text
from diffcli.render.csv import Cell as CsvCell
from diffcli.render.csv import Table as CsvTable
from diffcli.render.document import Block, Column, Document, Lines, Options, Section, Span, Table, Text, text
from diffcli.render.jacobian import LONGEST_FORMULA, MOST_FORMULAS, sweeps_table
from diffcli.render.matrices import IN_FULL, Cell, Matrix, for_entries, is_large, matrix_blocks
from diffcli.render.opening import opening, problem_blocks
from diffcli.render.verdict import listed, verdict_lines
from diffcli.studies.hessian import HessianStudy

MOST_CSV = 100_000
"""Entries of a matrix that is written out as comma-separated values; of larger ones those that the judge took."""
CSV_HEADER = (
    "row", "column", "method", "value", "judge", "absolute_error", "relative_error", "ulps", "digits", "within",
)  # fmt: skip


def document(record: HessianStudy, options: Options) -> Document:
    """Everything `hessian` has to say."""
    study, output = record.study, record.study.outputs[0]
    blocks: list[Block] = [opening(study, options)]
    if output.problem:
        blocks += problem_blocks(output.problem, study.source)
    if not record.elements:
        return Document((*blocks, Lines((text("There is no variable to differentiate by."),))))
    blocks += _matrices(record, options)
    named = replace(study, outputs=(replace(output, name=f"²{output.name}"),), shapes=record.shapes)
    blocks += [costs(named, "Hessian", second), *_formulas(record)]
    blocks += [sweeps_table(record.sweeps)] if record.sweeps else []
    blocks.append(Lines(tuple(_remarks(record))))
    blocks.append(Lines(tuple(verdict_lines(named))))
    return Document(tuple(blocks))


def second(output: str, entry: str) -> Span:
    """∂²y/∂x∂z, from ²y and x∂z."""
    name = output.removeprefix("²")
    if entry.endswith("²"):
        below = rf"\partial {latex_name(entry.removesuffix('²'))}^2"
    else:
        below = " ".join(rf"\partial {latex_name(part)}" for part in entry.split("∂"))
    return Span(f"∂²{name}/∂{entry}", "title", rf"\partial^2 {latex_name(name)}/{below}")


def _matrices(record: HessianStudy, options: Options) -> list[Block]:
    names = [Span(name, "name", latex_name(name)) for name in record.elements]
    entries, groups = len(names) ** 2, _equal_methods(record)
    options = for_entries(entries, options)
    matrices = [Matrix(text("judge", role="quiet"), lambda i, j: _judged(record, i, j, options))]
    if options.is_interactive and entries > IN_FULL:
        matrices, groups = ([] if is_large(entries, options) and groups else matrices), groups[-1:]
    matrices += [Matrix(text(listed(methods), role="name"), _cells(record, methods[0], options)) for methods in groups]
    return matrix_blocks(names, names, matrices, options)


def _equal_methods(record: HessianStudy) -> list[list[str]]:
    """The methods that found a matrix; those with the same numbers together."""
    found: list[list[str]] = []
    for method, rows in record.matrices.items():
        same = next((names for names in found if record.matrices[names[0]] == rows), None)
        if same is None:
            found.append([method])
        else:
            same.append(method)
    return found


def _judged(record: HessianStudy, i: int, j: int, options: Options) -> Text:
    slope = record.judged.entries.get((min(i, j), max(i, j)))
    if slope is None or slope.status == "not sampled":
        return text("·", role="quiet")
    return (numbers.judged(slope.value, options.digits),) if slope.value is not None else text("none", role="bad")


def _cells(record: HessianStudy, method: str, options: Options) -> Cell:
    rows = record.matrices[method]
    slopes = record.judged.entries
    result = next(result for result in record.study.outputs[0].methods if result.method == method)
    components = dict(zip(slopes, result.components, strict=False))

    def cell(i: int, j: int) -> Text:
        entry = (min(i, j), max(i, j))
        component = components.get(entry)
        if component is None or component.value != rows[i][j]:
            return (numbers.value(rows[i][j], options.digits),)
        return entry_text(component, slopes[entry].value, options)

    return cell


def _formulas(record: HessianStudy) -> list[Block]:
    """The entries as formulas, where they are short."""
    found = [
        ((second(record.study.outputs[0].name, entry),), (Span(formula.pretty, "code", formula.latex),))
        for result in record.study.outputs[0].methods
        for entry, formula in (result.formula or {}).items()
        if len(formula.pretty) <= LONGEST_FORMULA and formula.plain != "0"
    ]
    if not found or len(found) > MOST_FORMULAS:
        return []
    return [Table((Column(), Column(lead="= ", flexible=True)), (Section(tuple(found)),), title="As formulas")]


def _remarks(record: HessianStudy) -> Iterator[Text]:
    """Structure, products and the scale of errors."""
    judged, product = record.judged, record.product
    if symmetry := _symmetry(record):
        yield symmetry
    if judged.coupled is not None and judged.coupled < judged.total:
        yield text(f"Only {judged.coupled} of {judged.total} different entries can differ from 0.")
    if product.of_function:
        ratio = product.operations / product.of_function
        yield text(
            f"H·v without H: one sweep over the gradient program, {product.operations} operations, "
            f"{numbers.times(ratio)} times those of f (--direction)."
        )
    if not record.shapes and any(slope.value == "0" for slope in judged.entries.values()):
        yield text("Where an entry is exactly 0, errors are relative to the largest entry.", role="quiet")


def _symmetry(record: HessianStudy) -> Text:
    """Largest |H − Hᵀ|: 0 for all methods, or by method."""
    found: dict[str, list[str]] = {}
    for method in record.matrices:
        found.setdefault(numbers.error(record.asymmetry(method)).text, []).append(method)
    if not found:
        return ()
    sizes = [f"{size} ({'all' if len(found) == 1 else listed(methods)})" for size, methods in found.items()]
    return text(Span("Largest |H − Hᵀ|", latex=r"\max |H - H^{T}|"), f": {', '.join(sizes)}.")


def hessian_table(record: HessianStudy) -> CsvTable:
    """One row for each entry and method."""
    return CSV_HEADER, _csv_rows(record)


def _csv_rows(record: HessianStudy) -> Iterator[Sequence[CsvCell]]:
    names, slopes = record.elements, record.judged.entries
    size = len(names)
    every = ((i, j) for i in range(size) for j in range(size))
    shown = every if size * size <= MOST_CSV else iter(slopes)
    components = {
        result.method: dict(zip(slopes, result.components, strict=False)) for result in record.study.outputs[0].methods
    }
    for i, j in shown:
        entry = (min(i, j), max(i, j))
        slope = slopes.get(entry)
        for method, rows in record.matrices.items():
            component = components[method].get(entry)
            error = component.error if component else None
            errors = (error.absolute, error.relative, error.ulps, error.digits) if error else (None,) * 4
            yield (
                names[i], names[j], method, rows[i][j], slope.value if slope else None, *errors,
                component.within if component else None,
            )  # fmt: skip
