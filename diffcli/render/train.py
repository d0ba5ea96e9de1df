"""The screen of `train`: the recipe of the lectures, the check of the gradient, the curves and the final table."""

from collections.abc import Iterator, Sequence

from diffcli.graph.shapes import shown as shape_text
from diffcli.learn.backprop_check import Check
from diffcli.learn.progress import DIVERGED, PATIENCE, Epoch
from diffcli.learn.training_record import Deltas, LayerTable, Training
from diffcli.render import numbers
from diffcli.render.csv import Cell
from diffcli.render.csv import Table as CsvTable
from diffcli.render.document import (
    Block,
    Column,
    Document,
    Flow,
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
from diffcli.render.grad import counted
from diffcli.render.shell import quoted
from diffcli.render.train_gradients import gradient_blocks
from diffcli.render.train_plots import curves
from diffcli.studies.values import tidied

DIGITS = 4
MOST_ROWS = 12
"""Units of a layer, and classes of a confusion matrix, that are shown on a screen."""
MOST_SHAPES = 8
NARROW_DIGITS, WIDE = 11, 100
"""Digits in the layer tables on a screen of fewer columns."""
HEADER = ("epoch", "training_loss", "training_accuracy", "validation_loss", "validation_accuracy", "rate")


def document(record: Training, options: Options) -> Document:
    """Everything `train` has to say."""
    blocks: list[Block] = [_opening(record), _recipe(record), *_checks(record)]
    if record.deltas:
        blocks += _deltas(record.deltas, options)
    if record.curves:
        blocks += [_epochs(record, options), *curves(record, has_markers=True), *gradient_blocks(record)]
        blocks += [Lines(tuple(_ending(record))), _scores(record, options)]
    if record.confusion:
        blocks += _confusion(record, options)
    footer = tuple(_footer(record))
    return Document((*blocks, Lines(footer)) if footer else tuple(blocks))


def training_table(record: Training) -> CsvTable:
    """One row for each epoch; without training a row for each unit of the layer tables, or for each check."""
    if record.curves:
        return HEADER, (tuple(epoch) for epoch in record.curves)
    if record.deltas:
        rows: Iterator[Sequence[Cell]] = (
            (layer.number, k + 1, *unit)
            for layer in record.deltas.layers
            for k, unit in enumerate(zip(layer.z, layer.a, layer.delta, layer.engine, strict=True))
        )
        return ("layer", "unit", "z", "a", "delta", "engine"), rows
    checks = ((c.against, c.compared, c.failed, c.worst.name, c.worst.error, c.tolerance) for c in record.checks)
    return ("against", "compared", "failed", "worst", "error", "tolerance"), checks


def _opening(record: Training) -> Flow:
    shapes = [f"{name} {shape_text(shape)}" for name, shape in record.parameters.items()]
    more = f", and {len(shapes) - MOST_SHAPES} more" if len(shapes) > MOST_SHAPES else ""
    size = f"{numbers.grouped(record.size)} parameters: {', '.join(shapes[:MOST_SHAPES])}{more}"
    return Flow((text(Span(record.network, "title")), text(size)))


def _recipe(record: Training) -> Table:
    """Data, decision function, loss, minimise."""
    columns = (Column(), Column(flexible=True))
    function, loss = _program(record.text)
    minimise = list(_minimise(record)) if record.curves else []
    rows = [
        (text("data", role="name"), text(_data(record))),
        *((text("decision function" if not k else "", role="name"), line) for k, line in enumerate(function)),
        *((text("loss" if not k else "", role="name"), line) for k, line in enumerate(loss)),
        *((text("minimise" if not k else "", role="name"), line) for k, line in enumerate(minimise)),
    ]
    return Table(columns, (Section(tuple(rows)),))


def _data(record: Training) -> str:
    known = record.data
    training, validation, test = known.parts
    scale = "a common deviation" if known.has_one_unit else "deviation 1"
    scaled = f"; features scaled to mean 0 and {scale} over training" if known.is_standardised else ""
    parts = f"; {training} for training, {validation} for validation, {test} for test" if validation or test else ""
    samples = counted(known.samples, "sample", "samples")
    return f"{known.name}: {samples}, {known.features} features, {len(known.classes)} classes{parts}{scaled}"


def _program(program: str) -> tuple[list[Text], list[Text]]:
    """The lines of the decision function, and the last, the loss; remarks stand beside."""
    lines = [line for line in program.splitlines() if line.strip()]
    statements = [line for line in lines if not line.lstrip().startswith("#")]
    remark = next((line for line in reversed(lines) if line.lstrip().startswith("# loss:")), "")
    function = [text(line, role="code") for line in statements[:-1]]
    loss = [text(line, role="code") for line in statements[-1:]]
    return function, [*loss, *([text(remark.removeprefix("# loss:").strip(), role="quiet")] if remark else [])]


def _minimise(record: Training) -> Iterator[Text]:
    chosen, known = record.optimizer, record.options
    values = {"η": chosen.rate, **chosen.hyperparameters}
    own = ", ".join(f"{name} = {numbers.plain(value)}" for name, value in values.items())
    schedule = f"; {chosen.schedule.name} schedule" if chosen.schedule.name != "constant" else ""
    yield text(Span(chosen.name, "name"), f" with {own}{schedule}; gradients by reverse mode")
    parts = [f"mini-batches of {known['batch']}", f"{known['init']} initialisation", f"seed {known['seed']}"]
    parts += [f"L2 with λ = {numbers.plain(known['l2'])}"] if known["l2"] else []
    parts += [f"dropout {numbers.plain(known['dropout'])}"] if known["dropout"] else []
    yield text(", ".join(parts), role="quiet")


def _checks(record: Training) -> Iterator[Block]:
    """What the gradient was checked against, and the worst parameter."""
    columns = (
        Column(), Column("parameters", "right", droppable=2), Column("worst", droppable=1),
        Column("engine", "decimal", droppable=4), Column("expected", "decimal", droppable=3),
        Column("error", "right"), Column(),
    )  # fmt: skip
    if record.checks:
        section = Section(tuple(map(_check_row, record.checks)))
        yield Table(columns, (section,), title="Gradient check, before the first step")
    rules = ", ".join(f"{numbers.tolerance(check.tolerance)} ({check.against})" for check in record.checks)
    if record.is_checked:
        rule = f"error: relative to the largest derivative of the same array; limit {rules}"
        yield Lines((text(rule, role="quiet"),))
        return
    worst = next(check for check in record.checks if not check.is_right)
    message = f"The gradient is wrong: {worst.failed} of {worst.compared} derivatives differ from {worst.against}."
    yield Lines((text(f"{message} Nothing is trained with it.", role="bad"), text(f"limit {rules}", role="quiet")))


def _check_row(check: Check) -> tuple[Text, ...]:
    worst = check.worst
    return (
        text(f"against {check.against}"),
        text(f"{check.compared} of {check.total}"),
        text(worst.name, role="name"),
        _number(worst.found),
        _number(worst.expected),
        (numbers.error(worst.error),),
        (_verdict(check),),
    )


def _verdict(check: Check) -> Span:
    """Where the numbers are smaller than rounding, their difference says nothing."""
    if not check.is_right:
        return Span("off", "bad")
    return Span("ok", "good") if check.worst.error <= check.tolerance else Span("within rounding", "quiet")


def _number(value: float | None, digits: int = DIGITS) -> Text:
    if value is None:
        return text("—", role="quiet")
    shown = tidied(f"{value:.{digits}g}")
    return (Span(numbers.signed(shown), "value", numbers.latex(shown)),)


def _percent(value: float | None) -> Text:
    if value is None:
        return text("—", role="quiet")
    return (Span(f"{100 * value:.1f} %", "value", rf"{100 * value:.1f}\,\%"),)


# Layer tables.


def _deltas(known: Deltas, options: Options) -> Iterator[Block]:
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


# Curves and results.


def _epochs(record: Training, options: Options) -> Table:
    """Some of the epochs: those numbered 1, 2, 5, 10, 20, …, the kept one and the last."""
    kept, last, digits = record.best_epoch, record.curves[-1].number, options.digits or DIGITS
    has_rate = record.optimizer.schedule.name != "constant"
    columns = (
        Column("epoch", "right"), Column("training loss", "decimal"), Column("accuracy", "right"),
        Column("validation loss", "decimal"), Column("accuracy", "right"),
        *([Column("rate", "decimal", droppable=1)] if has_rate else []), Column(),
    )  # fmt: skip
    chosen = [e for e in record.curves if e.number in (0, last, kept) or str(e.number).rstrip("0") in ("1", "2", "5")]
    rows = tuple(_epoch_row(e, digits, is_kept=e.number == kept, has_rate=has_rate) for e in chosen)
    return Table(columns, (Section(rows),)).trimmed()


def _epoch_row(epoch: Epoch, digits: int, *, is_kept: bool, has_rate: bool) -> tuple[Text, ...]:
    validation = (
        (_number(epoch.validation_loss, digits), _percent(epoch.validation_accuracy))
        if epoch.validation_loss is not None
        else ((), ())
    )
    return (
        text(str(epoch.number)),
        _number(epoch.training_loss, digits),
        _percent(epoch.training_accuracy),
        *validation,
        *([_number(epoch.rate, digits)] if has_rate else []),
        text("kept", role="good") if is_kept else (),
    )


def _ending(record: Training) -> Iterator[Text]:
    last, known = record.curves[-1].number, record.options
    count = f"{last} epoch{'s' if last != 1 else ''}"
    if record.resumed_at is not None:
        yield text(f"Resumed from {record.checkpoint} after epoch {record.resumed_at}.", role="quiet")
    if record.ending == DIVERGED:
        yield text(f"Stopped after {count}: ", Span("the loss is no finite number any more", "bad"), ".")
        yield text(
            "Likely cause: the learning rate ",
            numbers.plain(record.optimizer.rate),
            " is too large; try ",
            Span(f"--rate {_smaller_rate(record)}", "code"),
        )
        return
    role: Role = "good" if record.ending == PATIENCE else "plain"
    patience = f"{known['patience']} epochs without a lower validation loss"
    why = Span(patience if record.ending == PATIENCE else "all epochs done", role)
    yield text(f"Stopped after {count}: ", why, f"; {numbers.seconds(record.seconds)}.")
    if record.best_epoch == 0 and last:
        yield text("Kept: the parameters at the start, because no later validation loss was less.")
        yield text("The learning rate may be too large; try ", Span(f"--rate {_smaller_rate(record)}", "code"))
    elif record.best_epoch is not None and record.best_epoch != last:
        yield text(f"Kept: the parameters after epoch {record.best_epoch}, where the validation loss was least.")


def _smaller_rate(record: Training) -> str:
    """A tenth of the rate, or the usual one where that is still smaller."""
    return numbers.plain(min(record.optimizer.rate / 10, record.optimizer.row.rate))


def _scores(record: Training, options: Options) -> Table:
    columns = (Column(), Column("samples", "right"), Column("loss", "decimal"), Column("accuracy", "right"))
    rows = tuple(
        (text(name, role="name"), text(str(score.samples)), _number(score.loss, options.digits or DIGITS),
         _percent(score.accuracy))
        for name, score in record.scores.items()
    )  # fmt: skip
    return Table(columns, (Section(rows),), title="Result, without penalty and dropout")


def _confusion(record: Training, options: Options) -> Iterator[Block]:
    """Rows: what it is; columns: what it is taken for."""
    names, counts = record.data.classes, record.confusion
    part = "test" if record.data.parts[2] else "training"
    if options.is_interactive and len(names) > MOST_ROWS:
        pairs = ((n, names[i], names[j]) for i, row in enumerate(counts) for j, n in enumerate(row) if i != j and n)
        wrong = sorted(pairs, reverse=True)
        lines = [text(f"{was} taken for {taken}: {n}") for n, was, taken in wrong[:MOST_ROWS]]
        yield Lines((text(f"Most frequent mistakes on the {part} samples"), *lines))
        return
    columns = (Column("is ↓  taken for →"), *(Column(name, "right") for name in names))
    rows = tuple(
        (text(name, role="name"), *(_count(n, is_right=i == j) for j, n in enumerate(row)))
        for i, (name, row) in enumerate(zip(names, counts, strict=True))
    )
    yield Table(columns, (Section(rows),), title=f"Confusion matrix of the {part} samples")


def _count(count: int, *, is_right: bool) -> Text:
    if not count:
        return text("·", role="quiet")
    return text(str(count), role="good" if is_right else "bad")


def _footer(record: Training) -> Iterator[Text]:
    if record.data.source:
        yield text(f"data: {record.data.source}", role="quiet")
    yield from (text(f"note: {note}", role="quiet") for note in record.notes)
    if record.curves and record.ending != DIVERGED:
        command = f"diffcli train {quoted(record.network)} --data {quoted(record.data.name)} --show program"
        yield text("Next: ", Span(command, "code"), " writes the program, ", *_more(record))


def _more(record: Training) -> tuple[Span | str, ...]:
    """What to look at after that: the gradient of every layer, and after that why it is so."""
    if record.gradients:
        return (Span("diffcli depth", "code"), " shows why gradients vanish")
    return (Span("--show gradients", "code"), " the gradient of every layer")
