"""`diffcli train`: networks trained by diffcli's own gradients, checked before the first step."""

import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from diffcli.cli import options, train_scale
from diffcli.cli.groups import Result
from diffcli.errors import UsageError

if TYPE_CHECKING:
    from diffcli.learn.progress import Epoch
    from diffcli.learn.train import Job, Settings

SHOWN = ("program", "point", "deltas", "check", "confusion", "gradients")
INTERRUPTED = 130
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
Network = Annotated[
    str | None,
    typer.Argument(
        metavar="NETWORK",
        help="linear, logistic, mlp:64, mlp:64,32:relu; @NAME of an example; a file with a program.",
        show_default=False,
    ),
]
DataOption = Annotated[
    str | None,
    typer.Option("--data", "-d", metavar="NAME|FILE", help="digits, iris, moons[:count,noise]; a .csv or .npz file.",
                 show_default=False),
]  # fmt: skip
Label = Annotated[
    str | None,
    typer.Option("--label", help="The column (or array) of the labels.", show_default="the last column, or y"),
]
Classes = Annotated[
    str | None, typer.Option("--classes", metavar="a,b,…", help="All labels that may occur.", show_default=False)
]
Hidden = Annotated[
    str | None,
    typer.Option("--hidden", metavar="64,32", help="Widths of the hidden layers of a program.", show_default="32 each"),
]
Start = Annotated[
    list[str] | None,
    typer.Option("--at", "-a", metavar="W1=@w.npy", help="Starting values of parameters.", show_default="by --init"),
]
Epochs = Annotated[int, typer.Option("--epochs", "-e", min=0, max=1_000_000, help="At most so many epochs.")]
Batch = Annotated[int, typer.Option("--batch", "-b", min=1, max=1_000_000, help="Samples of a mini-batch.")]
OptimizerOption = Annotated[
    str, typer.Option("--optimizer", metavar="NAME[:beta=0.9,…]", help="sgd, momentum, nesterov, rmsprop, adam, ….")
]
Rate = Annotated[float | None, typer.Option("--rate", "-r", help="The learning rate.", show_default="the optimizer's")]
ScheduleOption = Annotated[
    str | None,
    typer.Option("--schedule", metavar="NAME[:factor=0.5,…]", help="How the rate falls, step by step.",
                 show_default="constant"),
]  # fmt: skip
L2 = Annotated[float, typer.Option("--l2", min=0, help="λ of the penalty λ/2·Σ W² on all weights but the biases.")]
Dropout = Annotated[float, typer.Option("--dropout", min=0, max=0.99, help="Share of the hidden units left out.")]
Patience = Annotated[
    int, typer.Option("--patience", min=0, help="Stop after so many epochs without a lower validation loss; 0: never.")
]
Init = Annotated[
    str | None, typer.Option("--init", help="glorot, he, normal:sigma=0.1.", show_default="he for relu, else glorot")
]
SplitOption = Annotated[str, typer.Option("--split", help="Shares of training, validation and test, in each class.")]
Standardise = Annotated[
    bool, typer.Option("--standardise/--raw", help="Scale features to mean 0 and deviation 1 over training.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Of split, initialisation, order and dropout.")]
Threads = Annotated[
    int, typer.Option("--threads", min=1, max=256, help="Of matrix products. The last digits can depend on it.")
]
CheckpointOption = Annotated[
    Path | None,
    typer.Option("--checkpoint", metavar="run.npz", help="Keep the state here, and go on from it.", show_default=False),
]
CheckpointSeconds = Annotated[float, typer.Option("--checkpoint-seconds", min=0, help="How often it is written.")]
Resume = Annotated[bool, typer.Option("--resume", help="The checkpoint must be there.")]
Show = Annotated[
    str | None,
    typer.Option("--show", metavar="NAME,…", show_default=False,
                 help="confusion, gradients; program, point, deltas, check (instead of training)."),
]  # fmt: skip
Sample = Annotated[int, typer.Option("--sample", min=0, help="The sample of --show deltas and point.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Write to this file: .png .svg (curves) .csv .json .md .tex .txt.",
                 show_default=False),
]  # fmt: skip


def train(
    network: Network = None,
    data: DataOption = None,
    label: Label = None,
    classes: Classes = None,
    hidden: Hidden = None,
    at: Start = None,
    *,
    epochs: Epochs = 100,
    batch: Batch = 32,
    optimizer: OptimizerOption = "adam",
    rate: Rate = None,
    schedule: ScheduleOption = None,
    l2: L2 = 0.0,
    dropout: Dropout = 0.0,
    patience: Patience = 20,
    init: Init = None,
    split: SplitOption = "70,15,15",
    standardise: Standardise = True,
    seed: Seed = 0,
    threads: Threads = 1,
    checkpoint: CheckpointOption = None,
    checkpoint_seconds: CheckpointSeconds = 1.0,
    resume: Resume = False,
    show: Show = None,
    sample: Sample = 0,
    form: options.FormatOption = None,
    output: Output = None,
    digits: options.Digits = None,
    ascii_only: options.Ascii = False,
    dtype: options.DTypeOption = None,
    workers: train_scale.Workers = None,
    scheduler: train_scale.Scheduler = None,
    array_library: options.ArrayLibraryOption = None,
    debug: options.Debug = False,  # noqa: ARG001 - read where errors are reported
) -> int:
    """Train a network: its gradient is checked first, then curves and a final table show what was learned.

    \b
    diffcli train mlp:64 --data digits
    diffcli train logistic --data moons --show confusion -o curves.png
    diffcli train mlp:32,16:relu --data flowers.csv --l2 1e-4 --dropout 0.2
    diffcli train mlp:64 --data digits --checkpoint run.npz
    (killed or interrupted, the same command goes on where it was)
    diffcli train @mlp-sigmoid --show deltas
    (z, a and δ of every layer for one sample; --show program: for grad)
    diffcli train mlp:16,16,16,16:sigmoid --data digits --show gradients
    diffcli train mlp:64 --data digits --workers 2

    See also: diffcli depth, why gradients vanish or explode in deep networks; diffcli cost, what differences cost;
    diffcli descend, the same optimizers on a formula.
    """
    from diffcli.cli.picture import place

    limit_threads(threads)
    from diffcli.learn.data import read_shares
    from diffcli.learn.specification import read_optimizer
    from diffcli.learn.train import Settings

    wanted = _shown(show)
    to = place(Result(form, output, ascii_only=ascii_only))
    settings = Settings(
        read_optimizer(optimizer, rate, schedule), epochs, batch, l2, dropout, patience, init, read_shares(split),
        standardise, seed, dtype.value if dtype else "float64", threads, checkpoint, checkpoint_seconds, resume,
        sample if "deltas" in wanted else None, "confusion" in wanted,
    )  # fmt: skip
    _check_files(settings)
    job = _job(network, data, settings, label=label, classes=classes, hidden=hidden, at=at or (),
               trains=not wanted & {"program", "point", "deltas", "check"})  # fmt: skip
    if wanted & {"program", "point"}:
        _write_program(job, wanted, sample)
        return 0
    scale = train_scale.Scale(workers, scheduler, array_library)
    return _run(job, to, digits, scale, trains=not wanted & {"deltas", "check"}, with_norms="gradients" in wanted)


def limit_threads(count: int) -> None:
    """Small products are quicker on one thread, and the same on any machine; read where NumPy is loaded first."""
    if "numpy" not in sys.modules:
        os.environ.update(dict.fromkeys(THREADS, str(count)))


def _shown(text: str | None) -> set[str]:
    names = [name.strip() for name in (text or "").split(",") if name.strip()]
    if unknown := [name for name in names if name not in SHOWN]:
        raise UsageError(f"--show: there is no {unknown[0][:40]!r}", hint=f"it takes {', '.join(SHOWN)}")
    return set(names)


def _check_files(settings: "Settings") -> None:
    """What is wrong with the checkpoint is said before the work."""
    path = settings.checkpoint
    if path is None:
        if settings.resume:
            raise UsageError("--resume needs the checkpoint", hint="--checkpoint run.npz --resume")
    elif not path.resolve().parent.is_dir() or path.is_dir():
        raise UsageError(f"cannot write the checkpoint '{path}'", hint="its folder must exist", kind="file")


def _job(
    network: str | None, data: str | None, settings: "Settings", *, label: str | None, classes: str | None,
    hidden: str | None, at: Sequence[str], trains: bool,
) -> "Job":  # fmt: skip
    """Network and data, read and set up."""
    from dataclasses import replace

    from diffcli.learn.train import prepare
    from diffcli.learn.train_requests import of_example, read_network, read_samples

    if network is None:
        raise UsageError("which network?", hint="diffcli train mlp:64 --data digits")
    start = _values(at)
    if data is None:
        if trains or not network.startswith("@"):
            from diffcli.render.shell import quoted

            hint = f"diffcli train {quoted(network)} --data digits (or iris, moons)"
            raise UsageError("--data is missing", hint=hint)
        found, samples = of_example(network, start)
        return prepare(found, samples, replace(settings, is_standardised=False))
    samples = read_samples(data, seed=settings.seed, label=label, classes=classes)
    found = read_network(network, samples, hidden=hidden, start=start, dropout=settings.dropout > 0,
                         penalty=settings.l2 > 0)  # fmt: skip
    return prepare(found, samples, settings)


def _values(at: Sequence[str]) -> Mapping[str, Any]:
    """The arrays of --at by name."""
    from diffcli.language.points import parse_point
    from diffcli.learn.train_requests import arrays_of

    return arrays_of(parse_point(at))


def _write_program(job: "Job", wanted: set[str], sample: int) -> None:
    """The program, or a point of one sample with the parameters as they are, alone on standard output."""
    from diffcli.cli.output import write_out
    from diffcli.learn.train_requests import point_of

    parts = [job.network.text] if "program" in wanted else []
    parts += [point_of(job, sample)] if "point" in wanted else []
    write_out(lambda: sys.stdout.write("\n".join(parts) + "\n"))


def _run(
    job: "Job", to: Any, digits: int | None, scale: train_scale.Scale, *, trains: bool, with_norms: bool = False
) -> int:
    from dataclasses import replace

    from diffcli.learn.train import train as study
    from diffcli.learn.training import Interrupted
    from diffcli.learn.vanishing import Watch

    watch = Watch()
    try:
        with train_scale.spread(job, scale) as notes, until_interrupted() as should_stop, progress_bar(job) as on_epoch:
            noted = watch.noting(job, on_epoch) if trains and with_norms else on_epoch
            record = study(job, on_epoch=noted, should_stop=should_stop, trains=trains)
    except (Interrupted, KeyboardInterrupt):
        _say_how_to_go_on(job)
        return INTERRUPTED
    from diffcli.render.train_plots import plots

    record = replace(record, gradients=tuple(watch.norms), notes=(*record.notes, *notes))
    to.write(record, plots, digits)
    return record.exit_code


def _say_how_to_go_on(job: "Job") -> None:
    epoch, path = job.progress.epoch, job.settings.checkpoint
    if path is not None:
        how = f"the same command goes on from {path}"
    else:
        how = "with --checkpoint run.npz the same command would go on from here"
    sys.stderr.write(f"interrupted after epoch {epoch}; {how}\n")


@contextmanager
def until_interrupted() -> Iterator[Any]:
    """Whether Ctrl-C was pressed: the running step is finished first; a second time it stops at once."""
    pressed = False

    def note(*_: object) -> None:
        nonlocal pressed
        pressed = True
        signal.signal(signal.SIGINT, previous)

    try:
        previous = signal.signal(signal.SIGINT, note)
    except ValueError:  # not in the main thread
        yield lambda: False
        return
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, previous)


@contextmanager
def progress_bar(job: "Job") -> Iterator[Any]:
    """Epochs, losses and accuracy on standard error; nothing away from a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("epoch"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
               TextColumn("{task.description}", markup=False))  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=job.settings.epochs, completed=job.progress.epoch)

        def on_epoch(epoch: "Epoch") -> None:
            bar.update(task, completed=epoch.number, description=_described(epoch))

        yield on_epoch


def _described(epoch: "Epoch") -> str:
    text = f"loss {epoch.training_loss:.3g}"
    if epoch.validation_loss is not None and epoch.validation_accuracy is not None:
        text += f", validation {epoch.validation_loss:.3g}, {100 * epoch.validation_accuracy:.1f} %"
    return text
