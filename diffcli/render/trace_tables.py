"""The tables of a trace: the primal trace with the adjoint trace or the tangent traces beside it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from diffcli.graph.shapes import Shape, shown
from diffcli.render import numbers
from diffcli.render.document import (
    Block,
    Column,
    Flow,
    Lines,
    Options,
    Section,
    SideBySide,
    Span,
    Table,
    Text,
    text,
)
from diffcli.render.opening import EQUALS
from diffcli.render.table_layout import fits, natural_width, table_lines
from diffcli.studies.rows import AdjointRow, Row
from diffcli.studies.sweeps import GIVEN, ONES, Sweep
from diffcli.studies.trace import Trace

PRECISIONS = (None, 12, 9, 6, 5, 4, 3)
"""Digits to try, most first, until a trace fits the screen."""
SEEDS_BESIDE = 8
"""At most so many seeds share a table on a screen."""
TALLER = 1.5
"""More digits make a table at most so many times as high."""
FEW_DIGITS = 6
"""Digits of seeds that share a table."""
MARGIN, ROOM = 2, 7
"""Columns beside a table; and those for the margin and the gap of two tables."""
NAME, RULE = Column("name"), Column("operation", lead="= ", flexible=True)
VALUE, REMARK = Column("value", lead="= "), Column(is_close=True)
SHAPE = Column("shape")
LATEX_REMARK = r"\text{(accumulate)}"


def trace_blocks(trace: Trace, options: Options) -> list[Block]:
    """The traces alone."""
    if trace.adjoint:
        return _with_adjoints(trace, options)
    if trace.tangent:
        return _with_tangents(trace, options)
    return [_primal(trace, options.digits)]


def _with_adjoints(trace: Trace, options: Options) -> list[Block]:
    blocks: list[Block] = []
    for index, name in enumerate(trace.output_names):
        title = "Reverse adjoint trace" + (f" of {name}" if len(trace.output_names) > 1 else "")

        def adjoint(digits: int | None, index: int = index, title: str = title) -> Table:
            return _adjoint(trace, index, title, digits, options)

        blocks += _beside(trace, adjoint, options) if index == 0 else fitted(adjoint, options)
        blocks.append(_gradient(trace, index, options))
    return blocks


def _beside(trace: Trace, derivative: Callable[[int | None], Table], options: Options) -> list[Block]:
    """Primal and derivative trace beside each other, or one below the other where the digits need the width."""
    left, right = _primal(trace, options.digits), derivative(options.digits)
    if options.width is None or options.digits is not None:
        return [SideBySide(left, right)]
    if natural_width(left) + natural_width(right) + ROOM <= options.width:
        return [SideBySide(left, right)]
    return [*fitted(lambda digits: _primal(trace, digits), options), *fitted(derivative, options)]


def fitted(table: Callable[[int | None], Table], options: Options) -> list[Block]:
    """The table with as many digits as the width allows; where these are not all, a note says so."""
    if options.width is None or options.digits is not None:
        return [table(options.digits)]
    room = options.width - MARGIN
    tallest = TALLER * len(table_lines(table(PRECISIONS[-1]), room))
    fitting = (d for d in PRECISIONS if fits(table(d), room) and len(table_lines(table(d), room)) <= tallest)
    digits = next(fitting, PRECISIONS[-1])
    shown, full = table(digits), table(None)
    if shown == full:
        return [shown]
    note = f"{digits} digits fit the width of this screen; --digits {numbers.ROUND_OFF} shows all, as a pipe does"
    return [shown, Lines((text(note, role="quiet"),), is_advice=True)]


def _primal(trace: Trace, digits: int | None) -> Table:
    sections = [_rows(trace, rows, digits) for rows in (trace.inputs, trace.primal, trace.outputs) if rows]
    columns = (NAME, RULE, SHAPE, _value_column(trace)) if _has_arrays(trace) else (NAME, RULE, VALUE)
    return Table(columns, tuple(sections), "Forward primal trace", separator="rule", is_equations=True)


def _has_arrays(trace: Trace) -> bool:
    """Whether some row is an array; then every row of the primal trace has a cell for its shape."""
    return any(hasattr(row.value, "shape") for row in (*trace.inputs, *trace.primal))


def _value_column(trace: Trace) -> Column:
    return replace(VALUE, flexible=True) if _has_arrays(trace) else VALUE


def _shape(value: Any) -> Text:
    shape: Shape = getattr(value, "shape", ())
    sizes = r" \times ".join(map(str, shape))
    return (Span(shown(shape), "quiet", rf"\in \mathbb{{R}}^{{{sizes}}}"),) if shape else ()


def _rows(trace: Trace, rows: Iterable[Row], digits: int | None) -> Section:
    has_arrays = _has_arrays(trace)
    cells = []
    for row in rows:
        shape = (_shape(row.value),) if has_arrays else ()
        value = numbers.value(row.value, digits, with_shape=False)
        cells.append((_name(trace, row.name), _rule(trace, row), *shape, (value,)))
    return Section(tuple(cells))


def _name(trace: Trace, name: str) -> Text:
    return (Span(name, "name", name if trace.style == "latex" else ""),)


def _formula(trace: Trace, operation: str) -> Text:
    return (Span(operation, "plain", operation if trace.style == "latex" else ""),)


def _rule(trace: Trace, row: Row) -> Text:
    """The operation; nothing where a name merely stands for itself."""
    return _formula(trace, row.operation) if row.operation != row.name else ()


def _adjoint(trace: Trace, index: int, title: str, digits: int | None, options: Options) -> Table:
    rows = trace.adjoint[index]
    ordered = rows if options.order == "computation" else tuple(reversed(rows))
    section = Section(tuple(_adjoint_row(trace, row, digits) for row in ordered))
    columns = (NAME, RULE, REMARK, _value_column(trace))
    return Table(columns, (section,), title, is_equations=True).trimmed()


def _adjoint_row(trace: Trace, row: AdjointRow, digits: int | None) -> tuple[Text, ...]:
    remark = (Span("(accumulate)", "quiet", LATEX_REMARK),) if row.accumulated else ()
    operation = () if row.source is None and row.operation == "1" else _formula(trace, row.operation)
    return _name(trace, row.name), operation, remark, (numbers.value(row.value, digits),)


def _gradient(trace: Trace, index: int, options: Options) -> Flow:
    """x̄1 = v̄₋₁ = 5.5, for every variable."""
    parts = []
    for row in trace.gradient[index]:
        through = text(EQUALS, _formula(trace, row.operation)) if row.operation != row.name else ()
        parts.append(text(_name(trace, row.name), through, EQUALS, numbers.value(row.value, options.digits)))
    return Flow(tuple(parts))


def _with_tangents(trace: Trace, options: Options) -> list[Block]:
    names = tuple(trace.tangent)
    size = min(len(names), SEEDS_BESIDE) if options.is_interactive else len(names)
    while size > 1 and not _fits(trace, names[:size], options):
        size -= 1
    groups = [names[start : start + size] for start in range(0, len(names), size)]
    first = _beside(trace, lambda digits: tangents(trace, groups[0], digits), options)
    rest = (fitted(lambda digits, group=group: tangents(trace, group, digits), options) for group in groups[1:])  # type: ignore[misc]
    return [*first, *(block for blocks in rest for block in blocks)]


def _fits(trace: Trace, names: Sequence[str], options: Options) -> bool:
    """Whether these seeds fit one table, with as few digits as a table of several is worth."""
    table = tangents(trace, names, options.digits or FEW_DIGITS)
    return options.width is None or natural_width(table) + MARGIN <= options.width


def tangents(trace: Trace, names: Sequence[str], digits: int | None) -> Table:
    """One table for several seeds: name, rule, and a column of numbers for each seed."""
    steps = list(zip(*(trace.tangent[name] for name in names), strict=True))
    sections = (
        Section(tuple(_seed_row(trace, index, names) for index in range(len(trace.seeds)))),
        Section(
            tuple(
                (_name(trace, rows[0].name), _formula(trace, rows[0].operation), *_values(rows, digits))
                for rows in steps
            )
        ),
        Section(tuple(_output_row(trace, pair, names, digits) for pair in trace.tangent_outputs if pair[0] != pair[1])),
    )
    kept = tuple(section for section in sections if section.rows)
    columns = (NAME, RULE, *(_seed_column(trace, name) for name in names))
    plural = "s" if len(names) > 1 else ""
    return Table(columns, kept, f"Forward tangent trace{plural}", separator="rule", is_equations=True)


def _sweep(trace: Trace, name: str) -> Sweep:
    return next(sweep for sweep in trace.sweeps if sweep.name == name)


def _seed_column(trace: Trace, name: str) -> Column:
    title, has_arrays = _sweep(trace, name).title, _has_arrays(trace)
    formula = title if trace.style == "latex" and name not in (ONES, GIVEN) else ""
    return Column(title, "left" if has_arrays else "decimal", role="name", latex=formula, flexible=has_arrays)


def _values(rows: Iterable[Row], digits: int | None) -> tuple[Text, ...]:
    return tuple((numbers.value(row.value, digits),) for row in rows)


def _seed_row(trace: Trace, index: int, names: Sequence[str]) -> tuple[Text, ...]:
    node, seed = trace.seeds[index]
    starts = tuple((numbers.value(_sweep(trace, name).tangents[index]),) for name in names)
    return _name(trace, node), _formula(trace, seed) if seed != node else (), *starts


def _output_row(trace: Trace, pair: tuple[str, str], names: Sequence[str], digits: int | None) -> tuple[Text, ...]:
    name, source = pair
    return (
        _name(trace, name),
        _formula(trace, source),
        *((numbers.value(_final(trace, source, seed), digits),) for seed in names),
    )


def _final(trace: Trace, source: str, sweep: str) -> Any:
    """The tangent called `source` in a sweep: of a step, of an input, or 0 for a constant."""
    for row in trace.tangent[sweep]:
        if row.name == source:
            return row.value
    inputs = (index for index, (node, _) in enumerate(trace.seeds) if node == source)
    return next((_sweep(trace, sweep).tangents[index] for index in inputs), 0.0)
