"""What `train` is asked for, read from its options: the settings, the network and its data, and its program."""

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from diffcli.cli import options
from diffcli.cli.train_options import Recipe, Task
from diffcli.errors import UsageError

if TYPE_CHECKING:
    from diffcli.learn.train import Job, Settings


def read_settings(recipe: Recipe, dtype: options.DType | None, *, sample: int | None, confusion: bool) -> "Settings":
    """What a training is asked to do, checked before the work: names, shares, and where the checkpoint stands."""
    from diffcli.learn.data import read_shares
    from diffcli.learn.specification import read_optimizer
    from diffcli.learn.train import Settings

    _check_files(recipe)
    return Settings(
        optimizer=read_optimizer(recipe.optimizer, recipe.rate, recipe.schedule),
        epochs=recipe.epochs,
        batch=recipe.batch,
        l2=recipe.l2,
        dropout=recipe.dropout,
        patience=recipe.patience,
        initialisation=recipe.init,
        shares=read_shares(recipe.split),
        is_standardised=recipe.standardise,
        seed=recipe.seed,
        dtype=dtype.value if dtype else "float64",
        threads=recipe.threads,
        checkpoint=recipe.checkpoint,
        checkpoint_seconds=recipe.checkpoint_seconds,
        resume=recipe.resume,
        sample=sample,
        with_confusion=confusion,
    )


def _check_files(recipe: Recipe) -> None:
    """What is wrong with the checkpoint."""
    path = recipe.checkpoint
    if path is None:
        if recipe.resume:
            raise UsageError("--resume needs the checkpoint", hint="--checkpoint run.npz --resume")
    elif not path.resolve().parent.is_dir() or path.is_dir():
        raise UsageError(f"cannot write the checkpoint '{path}'", hint="its folder must exist", kind="file")


def read_job(task: Task, settings: "Settings", *, trains: bool) -> "Job":
    """Network and data, read and set up; raises UsageError where one is missing."""
    from dataclasses import replace

    from diffcli.learn.train import prepare
    from diffcli.learn.train_requests import of_example, read_network, read_samples

    network, data = task.network, task.data
    if network is None:
        raise UsageError("which network?", hint="diffcli train mlp:64 --data digits")
    start = _values(task.at or ())
    if data is None:
        if trains or not network.startswith("@"):
            from diffcli.render.shell import quoted

            hint = f"diffcli train {quoted(network)} --data digits (or iris, moons)"
            raise UsageError("--data is missing", hint=hint)
        found, samples = of_example(network, start)
        return prepare(found, samples, replace(settings, is_standardised=False))
    samples = read_samples(data, seed=settings.seed, label=task.label, classes=task.classes)
    found = read_network(network, samples, hidden=task.hidden, start=start, dropout=settings.dropout > 0,
                         penalty=settings.l2 > 0)  # fmt: skip
    return prepare(found, samples, settings)


def _values(at: Sequence[str]) -> Mapping[str, Any]:
    """The arrays of --at by name."""
    from diffcli.language.points import parse_point
    from diffcli.learn.train_requests import arrays_of

    return arrays_of(parse_point(at))


def write_program(job: "Job", wanted: set[str], sample: int) -> None:
    """The program, or a point of one sample with the parameters as they are, alone on standard output."""
    from diffcli.cli.output import write_out
    from diffcli.learn.train_requests import point_of

    parts = [job.network.text] if "program" in wanted else []
    parts += [point_of(job, sample)] if "point" in wanted else []
    write_out(lambda: sys.stdout.write("\n".join(parts) + "\n"))
