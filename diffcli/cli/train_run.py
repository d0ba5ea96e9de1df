"""A training from its first step to its record: with a progress bar, until Ctrl-C."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from diffcli.cli.train_scale import Scale, spread

if TYPE_CHECKING:
    from diffcli.cli.picture import Place
    from diffcli.learn.progress import Epoch
    from diffcli.learn.train import Job

INTERRUPTED = 130
"""The exit code."""


def run(job: "Job", to: "Place", digits: int | None, scale: Scale, *, trains: bool, with_norms: bool = False) -> int:
    """Train or only check, write the record, and return the exit code."""
    from dataclasses import replace

    from diffcli.learn.train import train as study
    from diffcli.learn.training import Interrupted
    from diffcli.learn.vanishing import Watch

    watch = Watch()
    try:
        with spread(job, scale) as notes, until_interrupted() as should_stop, progress_bar(job) as on_epoch:
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
