"""The screen of `trace --mode both`: one table of values, tangents, adjoints and local partials, and the cuts."""

from collections.abc import Iterator, Sequence
from math import isnan
from typing import Any, Literal

from diffcli.render import numbers
from diffcli.render.document import Align, Block, Column, Lines, Options, Section, Span, Table, Text, joined, text
from diffcli.render.table_layout import fits, natural_width
from diffcli.render.trace_tables import FEW_DIGITS, MARGIN, fitted, tangents, trace_blocks
from diffcli.render.verdict import listed
from diffcli.studies.both import Local, NodeRow
from diffcli.studies.both_cuts import Cut, Invariant
from diffcli.studies.sweeps import GIVEN, ONES
from diffcli.studies.trace import Trace

Partials = Literal["rules", "values", "none"]
"""What is shown of the local partials: formula and value, the value, or nothing."""
FEWEST_DIGITS = 4
"""Digits of seeds that share a table where there is no room for more."""
PRODUCT = Span("Σ v̄·v̇", latex=r"\sum \bar{v} \dot{v}")
WITHOUT_PARTIALS = "the local partials need a wider screen; with arrays, --scalars makes every element a node"
MOST_NAMED = 3
"""Cuts that are named where the sum is not what it should be."""


def both_blocks(trace: Trace, options: Options) -> list[Block]:
    """For every output the table of both modes, then the sums at the cuts."""
    assert trace.both is not None
    if not trace.both.nodes:
        return trace_blocks(trace._replace(adjoint=(), tangent={}), options)
    seeds = tuple(range(len(trace.sweeps)))
    size, partials = _arrangement(trace, options)
    blocks: list[Block] = []
    for output in range(len(trace.output_names)):
        blocks += fitted(
            lambda digits, output=output: _nodes(trace, output, seeds[:size], digits, partials),  # type: ignore[misc]
            options,
        )
    if partials == "none":
        blocks.append(Lines((text(WITHOUT_PARTIALS, role="quiet"),), is_advice=True))
    for start in range(size, len(seeds), size or 1):
        names = tuple(trace.sweeps[seed].name for seed in seeds[start : start + size])
        blocks += fitted(lambda digits, names=names: tangents(trace, names, digits), options)  # type: ignore[misc]
    for output_name in trace.output_names:
        blocks += _cut_tables(trace, [one for one in trace.both.invariants if one.output == output_name], options)
    return [*blocks, Lines(tuple(_verdict(trace, options)))] if trace.both.invariants else blocks


def _arrangement(trace: Trace, options: Options) -> tuple[int, Partials]:
    """How many seeds share the table of both modes, and how much of the local partials there is room for."""
    every = tuple(range(len(trace.sweeps)))
    if options.width is None:
        return len(every), "rules"
    few = options.digits or FEW_DIGITS
    tries: list[tuple[int, Partials, int]] = [(len(every), "rules", few)]
    tries += [(size, "values", FEWEST_DIGITS) for size in range(len(every), 0, -1)]
    for size, partials, digits in tries:
        if fits(_nodes(trace, 0, every[:size], min(digits, few), partials), options.width - MARGIN):
            return size, partials
    return min(len(every), 1), "none"


def _cut_tables(trace: Trace, found: Sequence[Invariant], options: Options) -> list[Block]:
    """The sums at the cuts, as many seeds beside each other as the screen has room for."""
    size = len(found)
    while size > 1 and options.width and natural_width(_cuts(trace, found[:size], FEW_DIGITS)) > options.width - MARGIN:
        size -= 1
    blocks: list[Block] = []
    for start in range(0, len(found), size or 1):
        group = found[start : start + size]
        blocks += fitted(lambda digits, group=group: _cuts(trace, group, digits), options)  # type: ignore[misc]
    return blocks


def _nodes(trace: Trace, output: int, seeds: Sequence[int], digits: int | None, partials: Partials) -> Table:
    assert trace.both is not None
    several = len(trace.output_names) > 1
    arrays = any(hasattr(row.value, "shape") for row in trace.both.nodes)
    align: Align = "left" if arrays else "decimal"
    columns = (
        Column("node"),
        Column("operation", flexible=True),
        Column("value", align, flexible=arrays),
        *(_seed_column(trace, seed, flexible=arrays) for seed in seeds),
        Column("adjoint", align, flexible=arrays),
        Column("local partial"),
        Column("", lead="= "),
        Column("", lead="= ", flexible=arrays),
    )
    groups = [[row for row in trace.both.nodes if row.is_input is is_input] for is_input in (True, False)]
    sections = tuple(
        Section(tuple(line for row in rows for line in _lines(trace, row, output, seeds, digits, partials)))
        for rows in groups
        if rows
    )
    title = f"Both modes, adjoints of {trace.output_names[output]}" if several else "Both modes"
    table = Table(columns, sections, title, separator="rule", gap=2)
    for index in {"rules": (), "values": (-2,), "none": (-1, -2, -3)}[partials]:
        table = table.without(len(columns) + index)
    return table.trimmed()


def _seed_column(trace: Trace, seed: int, *, flexible: bool) -> Column:
    sweep = trace.sweeps[seed]
    is_formula = trace.style == "latex" and sweep.name not in (ONES, GIVEN)
    header = f"tangent, {sweep.title}" if not is_formula else sweep.title
    latex = rf"\text{{tangent, }} {sweep.title}" if is_formula else ""
    return Column(header, "left" if flexible else "decimal", latex=latex, flexible=flexible)


def _lines(
    trace: Trace, row: NodeRow, output: int, seeds: Sequence[int], digits: int | None, partials: Partials
) -> Iterator[tuple[Text, ...]]:
    """The line of a node with its first local partial, and one more for each further argument."""
    first, *others = tuple(local for local in row.locals if local.value is not None) or (None,)
    adjoint = row.adjoints[output]
    cells = (_value(row.value, digits), *(_value(row.tangents[seed], digits) for seed in seeds))
    found = (_value(adjoint, digits) if adjoint is not None else (),)
    yield (
        _formula(trace, row.name, "name"),
        _formula(trace, row.operation),
        *cells,
        *found,
        *_local(trace, first, digits),
    )
    for local in others if partials != "none" else ():
        yield (*((),) * (len(cells) + 3), *_local(trace, local, digits))


def _local(trace: Trace, local: Local | None, digits: int | None) -> tuple[Text, Text, Text]:
    """Name, rule and value of a local partial; the value once where the rule is the number itself."""
    if local is None:
        return (), (), ()
    value = _value(local.value, digits)
    is_itself = local.rule in ("", value[0].text, value[0].latex)
    rule = () if is_itself else _formula(trace, local.rule)
    return _formula(trace, local.name), rule, value


def _value(value: Any, digits: int | None) -> Text:
    return (numbers.value(value, digits),)


def _formula(trace: Trace, formula: str, role: str = "plain") -> Text:
    return (Span(formula, role, formula if trace.style == "latex" else ""),)  # type: ignore[arg-type]


def _cuts(trace: Trace, group: Sequence[Invariant], digits: int | None) -> Table:
    """One row for each cut, one column for each seed."""
    several = len(trace.output_names) > 1
    seeds = [_seed(trace, one) for one in group]
    columns = (
        Column("cut after"),
        Column("edges leave", flexible=True),
        *(Column(f"{PRODUCT.text} for {seed.text}", "decimal", latex=_header(seed)) for seed in seeds),
    )
    rows = []
    for cuts in zip(*(one.cuts for one in group), strict=True):
        first = cuts[0]
        after = _formula(trace, first.after, "name") if first.after else text("the inputs", role="quiet")
        names = joined((_formula(trace, name, "name") for name in first.crossing), ", ")
        sums = tuple(_total(one, cut, digits) for one, cut in zip(group, cuts, strict=True))
        rows.append((after, names, *sums))
    of = f" of {group[0].output}" if several else ""
    return Table(columns, (Section(tuple(rows)),), f"Cuts of the graph{of}")


def _header(seed: Span) -> str:
    return rf"{PRODUCT.latex} \text{{ for }} {seed.latex}" if seed.latex else ""


def _total(one: Invariant, cut: Cut, digits: int | None) -> Text:
    span = numbers.value(cut.total, digits)
    return (Span(span.text, "bad", span.latex),) if cut in one.violations else (span,)


def _seed(trace: Trace, one: Invariant) -> Span:
    """What a sweep starts from, as an equation or in words."""
    title = next(sweep.title for sweep in trace.sweeps if sweep.name == one.seed)
    is_formula = trace.style == "latex" and one.seed not in (ONES, GIVEN)
    return Span(title, latex=title if is_formula else "")


def _verdict(trace: Trace, options: Options) -> Iterator[Text]:
    """Where the sum is the same at every cut and what it is, and where it is not."""
    assert trace.both is not None
    wrong = [one for one in trace.both.invariants if one.violations]
    for one in wrong:
        named = [cut.after or "the inputs" for cut in one.violations[:MOST_NAMED]]
        more = f" and {len(one.violations) - len(named)} more" if len(one.violations) > len(named) else ""
        title = text(_seed(trace, one), f" of {one.output}" if len(trace.output_names) > 1 else "")
        first = one.violations[0].total
        if isnan(first):
            problem = text(
                " is ", Span("no number", "bad"), " for ", title, f" after {listed(named)}{more}: 0 · ∞ there."
            )
        else:
            sums = numbers.value(first, options.digits), " instead of ", numbers.value(one.derivative, options.digits)
            problem = text(" is ", Span("not equal", "bad"), " at every cut for ", title, ": ", *sums)
            problem = text(problem, f" after {listed(named)}{more}.")
        yield text(PRODUCT, problem)
    if not wrong:
        several = len(trace.output_names) > 1
        found = [
            text(
                numbers.value(one.derivative, options.digits),
                " for ",
                _seed(trace, one),
                f" of {one.output}" if several else "",
            )
            for one in trace.both.invariants
        ]
        yield text(PRODUCT, " is ", Span("the same", "good"), " at every cut: ", joined(found, ", "), ".")
    yield text(
        "The forward sweep carries v̇ up to a cut, the reverse sweep v̄ down to it; their product is ẏ.", role="quiet"
    )
