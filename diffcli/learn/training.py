"""The training itself: mini-batches in random order, a gradient and a step for each, and when to stop."""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from diffcli.learn.checkpoint import Checkpoint
from diffcli.learn.data import Split
from diffcli.learn.network import Network
from diffcli.learn.objective import Objective
from diffcli.learn.optimizers import Optimizer
from diffcli.learn.progress import DIVERGED, EPOCHS, PATIENCE, Epoch, Progress, note_epoch

Array = Any


class Plan(NamedTuple):
    """What every step of a training needs to know."""

    optimizer: Optimizer
    epochs: int = 100
    batch: int = 32
    penalty: float = 0.0
    """λ of the L2 penalty."""
    dropout: float = 0.0
    """The share of the hidden units that is left out."""
    patience: int = 20
    """Epochs without a lower validation loss after which it stops; 0: never."""


class Interrupted(Exception):  # noqa: N818 - no error
    """Somebody asked to stop; the state is between two mini-batches."""


def train(
    objective: Objective,
    data: Split,
    plan: Plan,
    progress: Progress,
    *,
    checkpoint: Checkpoint | None = None,
    on_epoch: Callable[[Epoch], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> None:
    """Go on until the epochs are done, patience ends or the loss is no number; all changes are made in place."""
    while not progress.ending:
        if progress.epoch >= plan.epochs:
            progress.ending = EPOCHS
            break
        for loss in epoch(objective, data, plan, progress):
            if not math.isfinite(loss):
                progress.ending = DIVERGED
                break
            if should_stop():
                if checkpoint:
                    checkpoint.write(progress)
                raise Interrupted
            if checkpoint and checkpoint.is_due():
                checkpoint.write(progress)
        if progress.ending:
            break
        finish_epoch(objective, data, plan, progress)
        on_epoch(progress.curves[-1])
    if checkpoint:
        checkpoint.write(progress)


def epoch(objective: Objective, data: Split, plan: Plan, progress: Progress) -> Any:
    """The rest of the running epoch: a step for each mini-batch, whose loss is yielded after it."""
    x, y = data.training.x[progress.order], data.training.y[progress.order]
    while progress.position < len(x):
        rows = slice(progress.position, progress.position + plan.batch)
        yield step(objective, plan, progress, x[rows], y[rows])


def step(objective: Objective, plan: Plan, progress: Progress, x: Array, y: Array) -> float:
    """One mini-batch: its gradient, and a step of the optimizer against it; the loss before the step."""
    masks = drawn_masks(objective.network, len(x), plan.dropout, progress.random, objective.dtype)
    loss = objective.gradient(x, y, masks, plan.penalty)
    progress.position += len(x)
    if math.isfinite(loss):
        (change,), progress.memory = plan.optimizer.changes([objective.derivatives], progress.memory)
        objective.parameters -= change
    return loss


def finish_epoch(objective: Objective, data: Split, plan: Plan, progress: Progress) -> None:
    """Note where the curves are, shuffle for the next epoch, and see whether patience is at its end."""
    progress.epoch, progress.position = progress.epoch + 1, 0
    note_epoch(progress, objective, data, plan.optimizer.rate_at(progress.memory["t"]))
    progress.order = progress.random.permutation(len(data.training))
    if not math.isfinite(progress.curves[-1].training_loss):
        progress.ending = DIVERGED
    elif plan.patience and len(data.validation) and progress.epoch - progress.best_epoch >= plan.patience:
        progress.ending = PATIENCE


def drawn_masks(network: Network, rows: int, dropout: float, random: Any, dtype: Any) -> Sequence[Array]:
    """For each hidden unit and sample 0 with the probability of dropout, else 1/(1 − dropout).

    So the expected activation is that without dropout, and evaluations need no correction (inverted dropout).
    Srivastava et al., 2014; deck 002.
    """
    import numpy as np

    kept = dtype.type(1 / (1 - dropout))
    return [np.where(random.random(network.shape(name, rows)) < dropout, dtype.type(0), kept) for name in network.masks]
