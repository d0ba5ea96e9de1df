"""The screen of `depth`: gradients of the first layer against the number of layers, beside what was to be expected."""

from collections.abc import Iterator, Sequence
from math import isfinite

from diffcli.learn.depth_record import PLAIN, STEEPEST, Case, DepthStudy
from diffcli.render import numbers
from diffcli.render.csv import Cell as CsvCell
from diffcli.render.csv import Table as CsvTable
from diffcli.render.depth_plot import helps, initialisations
from diffcli.render.document import (
    Block,
    Column,
    Document,
    Heading,
    Lines,
    Options,
    Role,
    Section,
    Span,
    Table,
    Text,
    text,
)

HEADER = ("activation", "initialisation", "change", "depth", "first_layer", "factor", "expected", "bound")
FACTORS = ("factor", "expected", "bound")
VANISHING, EXPLODING = 0.9, 1.1
"""Factors from layer to layer beyond which fifty layers make a difference of more than a hundred times."""
FATES: dict[str, Role] = {"vanish": "bad", "explode": "bad", "about the same in all layers": "good"}
PENALTY_ALONE = 100.0
"""A gradient so many times that of the plain network is the penalty's."""
PLOTTED = 2
"""Depths that make a curve."""


def document(record: DepthStudy, _options: Options) -> Document:
    """Tables and plots for plain networks, then for what is said to help."""
    chosen = record.settings
    first = text(
        Span("|∂L/∂W1|", "name"), f" at the start of training: {chosen.width} units in each hidden layer, "
        f"{chosen.rows} random samples, seed {chosen.seed}",
    )  # fmt: skip
    blocks: list[Block] = [Lines((first,)), _table(record, record.cases, "initialisation")]
    blocks.append(Lines(tuple(_rules(record))))
    has_curves = len(set(chosen.depths)) >= PLOTTED
    if has_curves:
        blocks += [initialisations(record, name) for name in chosen.activations]
    blocks += [Heading(text("What changes it")), _table(record, record.changes, "change")]
    blocks.append(Lines(tuple(_remarks(record))))
    if has_curves:
        blocks.append(helps(record, chosen.activations[0]))
    blocks.append(Lines(tuple(text(f"note: {note}", role="quiet") for note in record.notes)))
    return Document(tuple(block for block in blocks if not isinstance(block, Lines) or block.lines))


def _table(record: DepthStudy, cases: Sequence[Case], kind: str) -> Table:
    """A row for each network, a column for each depth; the factors are those of the deepest."""
    depths = record.settings.depths
    columns = [Column("layers")]
    for number, depth in enumerate(depths):  # where it is too narrow, every other depth goes first
        columns.append(Column(str(depth), "right", droppable=2 + number % 2 if 0 < number < len(depths) - 1 else 0))
    columns += [Column(name, "right") for name in FACTORS]
    sections = []
    for activation in record.settings.activations:
        own = [case for case in cases if case.activation == activation]
        rows = [_row(case, case.initialisation if kind == "initialisation" else case.change) for case in own]
        if kind == "initialisation" and activation == "sigmoid":
            rows.append(_chain_row(record))
        usual = f", {own[0].initialisation}" if kind == "change" else ""
        title = text(Span(activation, "heading"), f"{usual}   g' ≤ {STEEPEST[activation]:g}")
        sections.append(Section(tuple(rows), title))
    return Table(tuple(columns), tuple(sections), separator="blank", gap=2)


def _row(case: Case, name: str) -> tuple[Text, ...]:
    deepest = case.deepest
    factors = (deepest.factor, deepest.expected, deepest.bound)
    return (
        text(_short(name)),
        *(_size(one.first) for one in case.profiles),
        *(text("" if factor is None else numbers.rounded(factor)) for factor in factors),
    )


def _chain_row(record: DepthStudy) -> tuple[Text, ...]:
    """The product of the steepest slopes alone."""
    slope = f"{STEEPEST['sigmoid']:g}"
    return (text("0.25^depth", role="quiet"), *(_size(one) for one in record.chain), text(slope), (), text(slope))


def _size(norm: float) -> Text:
    """A norm of which only the size matters."""
    return text(numbers.rounded(norm, 2)) if isfinite(norm) else text("overflow", role="bad")


def _short(name: str) -> str:
    return name.replace("normal:sigma=", "σ = ").replace("normalisation", "norm")


def _rules(record: DepthStudy) -> Iterator[Text]:
    """What the columns say, and how the measured factors compare with the expected ones."""
    yield text(
        Span("factor", "name"), " |δ(l)|/|δ(l+1)| from a hidden layer to the one before it, in "
        f"{max(record.settings.depths)} layers (geometric mean); ", Span("expected", "name"), " √(n)·σ_W·rms g'; ",
        Span("bound", "name"), " max g' · the largest singular value of W",
    )  # fmt: skip
    if record.chain:
        yield text(Span("0.25^depth", "name"), " one sigmoid after the other with weight 1 at z = 0, by reverse mode")
    for fate, role in FATES.items():
        cases = [case for case in record.cases if _fate(case) == fate]
        if cases:
            yield text(Span(f"{fate}: ", role), _listed(record, cases))


def _fate(case: Case) -> str:
    """What becomes of the gradient with many layers."""
    factor = case.deepest.factor
    if not isfinite(case.deepest.first):
        return "explode"
    if factor is None:
        return ""
    return "vanish" if factor < VANISHING else "explode" if factor > EXPLODING else "about the same in all layers"


def _listed(record: DepthStudy, cases: Sequence[Case]) -> str:
    parts = []
    for activation in record.settings.activations:
        own = [_short(case.initialisation) for case in cases if case.activation == activation]
        if own:
            parts.append(f"{activation} with {', '.join(own)}")
    return "; ".join(parts)


def _remarks(record: DepthStudy) -> Iterator[Text]:
    """What each change does, in the numbers of the deepest network of the first activation."""
    own = [case for case in record.changes if case.activation == record.settings.activations[0]]
    plain = next((case for case in own if case.change == PLAIN), None)
    if plain is None or plain.deepest.factor is None:
        return
    name = plain.activation
    for case in own:
        found = case.deepest
        if case.change == PLAIN or found.factor is None:
            continue
        change = f"{name}, {case.change}: "
        finding = f"factor {found.factor:.3g} instead of {plain.deepest.factor:.3g}"
        if case.change.startswith("L2"):
            finding = f"the factor stays {found.factor:.3g}"
            if found.first > PENALTY_ALONE * plain.deepest.first:
                finding += (
                    f"; what is left, {numbers.rounded(found.first, 2)}, is the penalty's own λ·|W1| and no signal"
                )
        yield text(change, finding)


def depth_table(record: DepthStudy) -> CsvTable:
    """One row for each network."""
    return HEADER, _csv_rows(record)


def _csv_rows(record: DepthStudy) -> Iterator[tuple[CsvCell, ...]]:
    for case in (*record.cases, *record.changes):
        for one in case.profiles:
            found = one.first, one.factor, one.expected, one.bound
            yield case.activation, case.initialisation, case.change, one.depth, *found
