"""The screen of `train`: the recipe of the lectures, the check of the gradient, the curves and the final table."""

from collections.abc import Iterator, Sequence

from diffcli.graph.shapes import shown as shape_text
from diffcli.learn.progress import DIVERGED, PATIENCE
from diffcli.learn.training_record import Training
from diffcli.render import numbers
from diffcli.render.csv import Cell
from diffcli.render.csv import Table as CsvTable
from diffcli.render.document import (
    Block,
    Column,
    Document,
    Flow,
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
from diffcli.render.train_layers import layer_tables
from diffcli.render.train_plots import curves
from diffcli.render.train_tables import check_table, confusion_matrix, epoch_table, score_table

MOST_SHAPES = 8
HEADER = ("epoch", "training_loss", "training_accuracy", "validation_loss", "validation_accuracy", "rate")


def document(record: Training, options: Options) -> Document:
    """Everything `train` has to say."""
    blocks: list[Block] = [_opening(record), _recipe(record), *check_table(record)]
    if record.deltas:
        blocks += layer_tables(record.deltas, options)
    if record.curves:
        blocks += [epoch_table(record, options), *curves(record, has_markers=True), *gradient_blocks(record)]
        blocks += [Lines(tuple(_ending(record))), score_table(record, options)]
    if record.confusion:
        blocks += confusion_matrix(record, options)
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
