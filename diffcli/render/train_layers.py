"""The layer tables of `train --show deltas`: z, a and δ of every layer for one sample."""

from collections.abc import Iterator

from diffcli.learn.training_record import Deltas, LayerTable
from diffcli.render import numbers
from diffcli.render.document import (
    Block,
    Column,
    Heading,
    Lines,
    Options,
    Section,
    Table,
    text,
)

MOST_ROWS = 12
"""Units of a layer that are shown on a screen."""
NARROW_DIGITS, WIDE = 11, 100
"""Digits in the layer tables on a screen of fewer columns."""


def layer_tables(known: Deltas, options: Options) -> Iterator[Block]:
    """A table for each layer: z, a, δ by the recursion and by the engine."""
    x = ", ".join(numbers.signed(numbers.plain(value, options.digits or 6)) for value in known.x[:MOST_ROWS])
    more = f", … ({len(known.x)} numbers)" if len(known.x) > MOST_ROWS else ""
    loss = numbers.value(known.loss, options.digits)
    yield Heading(text(f"Sample {known.sample}, label {known.label}: a(1) = x = ({x}{more}), loss L = ", loss))
    for layer in known.layers:
        yield _layer(layer, known, options)
    g = {"sigmoid": "a(1 − a)", "tanh": "1 − a²", "relu": "[a > 0]"}[known.activation]
    last = known.layers[-1].number
    output = f"a({last}) = {known.output}(z({last})), δ({last}) = a({last}) − y"
    rules = [f"z({last}) = W({last - 1}) a({last - 1}) + b({last - 1}), {output}"]
    if len(known.layers) > 1:
        rules.append(f"a(l) = {known.activation}(z(l)), δ_i(l) = {g} Σ_k δ_k(l+1) W_ki(l)")
    rules.append("∂L/∂W_ij(l) = δ_i(l+1) a_j(l), ∂L/∂b_i(l) = δ_i(l+1); engine: ∂L/∂b by reverse mode")
    yield Lines(tuple(text(rule, role="quiet") for rule in rules))


def _layer(layer: LayerTable, known: Deltas, options: Options) -> Table:
    """One row for each unit; on a narrow screen the engine's column goes first."""
    l, is_last = layer.number, layer.number == known.layers[-1].number
    digits = options.digits or (NARROW_DIGITS if options.is_interactive and (options.width or 0) < WIDE else None)
    named = {f"z({l})": layer.z, f"a({l})": layer.a, **({"y": known.y} if is_last else {}), f"δ({l})": layer.delta}
    columns = (
        Column("unit", "right"),
        *(Column(name, "decimal") for name in named),
        Column("engine", "decimal", droppable=1),
    )
    rows = [
        (text(str(k + 1)), *((numbers.value(x, digits),) for x in unit))
        for k, unit in enumerate(zip(*named.values(), layer.engine, strict=True))
    ]
    hidden = len(rows) - MOST_ROWS if options.is_interactive else 0
    some = f" (the first {MOST_ROWS} of {len(rows)} units)" if hidden > 0 else ""
    title = f"Layer {l}, {'output' if is_last else 'hidden'} layer{some}"
    return Table(columns, (Section(tuple(rows[:MOST_ROWS] if hidden > 0 else rows)),), title)
