"""`diffcli train`: networks trained by diffcli's own gradients, checked before the first step."""

from typing import Annotated

import typer

from diffcli.cli.threads import limit_threads
from diffcli.cli.train_options import Plotted, Recipe, Task
from diffcli.cli.train_scale import Scale
from diffcli.errors import UsageError

SHOWN = ("program", "point", "deltas", "check", "confusion", "gradients")
Show = Annotated[
    str | None,
    typer.Option("--show", metavar="NAME,…", show_default=False,
                 help="confusion, gradients; program, point, deltas, check (instead of training)."),
]  # fmt: skip
Sample = Annotated[int, typer.Option("--sample", min=0, help="The sample of --show deltas and point.")]


def train(
    task: Task,
    *,
    recipe: Recipe,
    show: Show = None,
    sample: Sample = 0,
    result: Plotted,
    scale: Scale,
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
    limit_threads(recipe.threads)
    from diffcli.cli.picture import place
    from diffcli.cli.train_job import read_job, read_settings, write_program
    from diffcli.cli.train_run import run

    shown = _shown(show)
    to = place(result)
    only_written, trains = bool(shown & {"program", "point"}), not shown & {"deltas", "check"}
    settings = read_settings(
        recipe, scale.dtype, sample=sample if "deltas" in shown else None, confusion="confusion" in shown
    )
    job = read_job(task, settings, trains=trains and not only_written)
    if only_written:
        write_program(job, shown, sample)
        return 0
    return run(job, to, result.digits, scale, trains=trains, with_norms="gradients" in shown)


def _shown(text: str | None) -> set[str]:
    names = [name.strip() for name in (text or "").split(",") if name.strip()]
    if unknown := [name for name in names if name not in SHOWN]:
        raise UsageError(f"--show: there is no {unknown[0][:40]!r}", hint=f"it takes {', '.join(SHOWN)}")
    return set(names)
