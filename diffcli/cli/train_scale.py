"""Where `train` computes: this process, a GPU, worker processes, other machines."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from diffcli.cli import options
from diffcli.errors import UsageError

if TYPE_CHECKING:
    from diffcli.learn.train import Job

Workers = Annotated[
    int | None,
    typer.Option("--workers", min=1, max=64, help="Spread each mini-batch over so many processes, by Dask.",
                 show_default="this process"),
]  # fmt: skip
Scheduler = Annotated[
    str | None,
    typer.Option("--scheduler", metavar="tcp://host:8786", help="Spread it over the workers of this Dask scheduler.",
                 show_default=False),
]  # fmt: skip


@dataclass(frozen=True)
class Scale:
    """Where it computes, and in which precision."""

    dtype: options.DTypeOption = None
    workers: Workers = None
    scheduler: Scheduler = None
    array_library: options.ArrayLibraryOption = None


@contextmanager
def spread(job: "Job", scale: Scale) -> Iterator[list[str]]:
    """While this is entered, the gradients of the job come from there; yields what is to be said of it afterwards."""
    notes: list[str] = []
    workers, scheduler, library = scale.workers, scale.scheduler, scale.array_library
    if library is options.ArrayLibrary.CUPY:
        if workers or scheduler:
            raise UsageError("--array-library cupy and --workers do not go together", hint="choose one of them")
        from diffcli.learn.device import DeviceObjective

        job.objective = DeviceObjective(job.objective, library.value)
        notes.append("computed on a GPU with CuPy; the optimizer on the host")
    if not (workers or scheduler):
        yield notes
        return
    from diffcli.learn.workers import SpreadObjective, team

    with team(workers, scheduler) as members:
        whole, job.objective = job.objective, SpreadObjective(job.objective, members)
        try:
            yield notes
        finally:
            job.objective = whole
        where = f"the workers of {scheduler}" if scheduler else "worker processes"
        notes.append(
            f"gradients of {members.shares} share{'s' if members.shares > 1 else ''} of each mini-batch by {where}, "
            "summed in the order of the samples"
        )
        if lost := members.lost():
            were = "worker was" if lost == 1 else "workers were"
            notes.append(f"{lost} {were} lost on the way; others computed the shares again, to the same numbers")
