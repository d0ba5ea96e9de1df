"""The screen of `paths`: every path with its product, group by group, and the sums beside the reverse sweep."""

from collections.abc import Iterator
from math import isfinite

from diffcli.graph.text import latex_name
from diffcli.render import numbers
from diffcli.render.csv import Cell
from diffcli.render.csv import Table as CsvTable
from diffcli.render.derivatives import derivative
from diffcli.render.document import Block, Column, Document, Flow, Lines, Options, Section, Span, Table, Text, text
from diffcli.render.opening import point_text, problem_blocks, title_text, values_text
from diffcli.render.trace_tables import trace_blocks
from diffcli.studies.paths import Group, Path, PathStudy

ARROW, TIMES = Span(" → ", "quiet", r" \to "), Span(" · ", "plain", r" \cdot ")
LONGEST_SUM = 6
"""Terms of a sum that is written out."""
ENDS = 6
"""Nodes at both ends of a long path that are shown on a screen."""
FEW_DIGITS = 6
"""Digits of factors and terms on a screen."""
MOST_ROWS = 24
"""Rows of a primal trace that are shown on a screen beside the paths."""
HEADER = ("output", "variable", "path", "nodes", "locals", "product", "remark")


def document(record: PathStudy, options: Options) -> Document:
    """Everything `paths` has to say."""
    trace = record.trace
    latex = trace.title if trace.style == "latex" else ""
    title = title_text(trace.title, latex, trace.output_names, options)
    point = point_text(dict(zip(trace.variables, trace.point, strict=True)), options)
    values = list(zip(trace.output_names, trace.values, strict=True))
    blocks: list[Block] = [Flow((title, point, *values_text(values, options)))]
    for problem in trace.problems:
        blocks += problem_blocks(problem, trace.source)
    if not options.is_interactive or len(trace.primal) <= MOST_ROWS:
        blocks += trace_blocks(trace._replace(adjoint=(), tangent={}), options)
    blocks += [_table(record, options)] if record.groups else [Lines((text("There is no variable to start from."),))]
    blocks.append(Lines(tuple(_verdict(record))))
    if record.notes:
        blocks.append(Lines(tuple(text(f"note: {note}", role="quiet") for note in record.notes)))
    return Document(tuple(blocks))


def _table(record: PathStudy, options: Options) -> Table:
    is_latex = record.trace.style == "latex"
    sections = tuple(_section(group, options, is_latex=is_latex) for group in record.groups)
    columns = (
        Column("path", flexible=True),
        Column("product of local partials", flexible=True),
        Column("", lead="= "),
        Column(),
    )
    return Table(columns, sections, separator="blank").trimmed()


def _section(group: Group, options: Options, *, is_latex: bool) -> Section:
    slope = derivative(group.output, group.variable)
    title = text(slope, f": {paths_text(group.count)} from ", _name(group.variable), " to ", _name(group.output))
    shown = [_row(path, options, is_latex=is_latex) for path in group.paths or group.examples]
    if not group.is_listed:
        rest = f"… and {numbers.grouped(group.count - len(group.examples))} more"
        shown.append((text(rest, role="quiet"), (), (), ()))
    return Section((*shown, _sum(group, slope, options)), title)


def _row(path: Path, options: Options, *, is_latex: bool) -> tuple[Text, ...]:
    names = [Span(name, "name", name if is_latex else "") for name in path.nodes]
    through = _joined(_elided(names, options), ARROW)
    factors = _joined(_elided([_factor(value, options) for value in path.locals], options), TIMES)
    remark = text(path.remark, role="bad" if path.product != path.product else "quiet")
    return through, factors, (numbers.value(path.product, options.digits),), remark


def _elided(parts: list[Span], options: Options) -> list[Span]:
    """On a screen both ends of a long path."""
    if not options.is_interactive or len(parts) <= 2 * ENDS:
        return parts
    return [*parts[:ENDS], Span("…", "quiet", r"\dots"), *parts[-ENDS:]]


def _joined(parts: list[Span], separator: Span) -> Text:
    """The parts with the separator between them, as pieces at which a line may break."""
    return tuple(span for part in parts for span in (separator, part))[1:]


def _factor(value: float, options: Options) -> Span:
    """A negative number in parentheses."""
    span = numbers.value(value, options.digits or (FEW_DIGITS if options.is_interactive else None))
    if not span.text.startswith(("−", "-")):
        return span
    return Span(f"({span.text})", span.role, rf"\left({span.latex}\right)")


def _sum(group: Group, slope: Span, options: Options) -> tuple[Text, ...]:
    """The sum over the paths: the terms, as far as they are few, and the derivative."""
    terms = [_factor(path.product, options) for path in group.paths]
    is_short = 1 < len(terms) <= LONGEST_SUM
    parts = _joined(terms, Span(" + ")) if is_short else text("sum over all paths" if group.count > 1 else "")
    return (slope,), parts, (numbers.value(group.total, options.digits),), _check(group, options)


def _check(group: Group, options: Options) -> Text:
    if group.agrees:
        return ()
    return text("the reverse sweep: ", numbers.value(group.sweep, options.digits), role="bad")


def _name(name: str) -> Span:
    return Span(name, "name", latex_name(name))


def _verdict(record: PathStudy) -> Iterator[Text]:
    chosen = dict.fromkeys(group.output for group in record.groups)
    for name, edges in zip(record.trace.output_names, record.edges, strict=True):
        if name in chosen:
            count = sum(group.count for group in record.groups if group.output == name)
            noun = "1 edge" if edges == 1 else f"{numbers.grouped(edges)} edges"
            of = f" to {name}" if len(chosen) > 1 else ""
            yield text(f"{paths_text(count)}{of} along {noun}; the reverse sweep touches every edge once.")
    if not all(isfinite(group.total) for group in record.groups):
        yield text("A sum over paths is ", Span("no number", "bad"), "; what the reverse sweep finds is none either.")
    elif record.groups and all(group.agrees for group in record.groups):
        yield text("Sums over paths ", Span("equal", "good"), " the derivatives of the reverse sweep.")


def paths_text(count: int) -> str:
    """1 path, 100 000 paths."""
    return "1 path" if count == 1 else f"{numbers.grouped(count)} paths"


def paths_table(record: PathStudy) -> CsvTable:
    """One row for each path that is listed, and one for each sum."""
    return HEADER, _csv_rows(record)


def _csv_rows(record: PathStudy) -> Iterator[tuple[Cell, ...]]:
    for group in record.groups:
        for number, path in enumerate(group.paths or group.examples, start=1):
            locals_text = " ".join(map(numbers.plain, path.locals))
            nodes = " ".join(path.nodes)
            yield group.output, group.variable, number, nodes, locals_text, path.product, path.remark or None
        yield group.output, group.variable, "sum", None, None, group.total, paths_text(group.count)
        yield group.output, group.variable, "sweep", None, None, group.sweep, None
