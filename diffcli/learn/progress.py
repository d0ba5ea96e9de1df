"""The state of a training: all that has to be known to go on, between any two mini-batches."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from diffcli.learn.data import Split
from diffcli.learn.initialisation import initialise
from diffcli.learn.metrics import score
from diffcli.learn.objective import Objective
from diffcli.learn.optimizers import Optimizer, State, restored, saved

Array = Any
NEVER = float("inf")
EPOCHS, PATIENCE, DIVERGED = "epochs", "patience", "diverged"
ENDINGS = ("", EPOCHS, PATIENCE, DIVERGED)
MOST_STEPS = 10**15


class Epoch(NamedTuple):
    """A point of the curves: all samples after an epoch; number 0 is before the first."""

    number: int
    training_loss: float
    training_accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    rate: float
    """The learning rate of its last step."""


@dataclass
class Progress:
    """Where a training stands. The parameters themselves are those of the objective, changed in place."""

    parameters: Array
    random: Any
    """The generator of all shuffling and dropout."""
    memory: State
    """What the optimizer remembers."""
    order: Array
    """The samples in the order of the running epoch."""
    epoch: int = 0
    """Epochs that are complete."""
    position: int = 0
    """Samples of the running epoch that are done."""
    best: Array = None
    """The parameters with the least validation loss."""
    best_loss: float = NEVER
    best_epoch: int = 0
    curves: list[Epoch] = field(default_factory=list)
    ending: str = ""
    """Why it ended; empty while it has not."""

    def to_arrays(self) -> dict[str, Array]:
        """All of it as arrays by name."""
        import numpy as np

        meta = {
            "random": self.random.bit_generator.state,
            "epoch": self.epoch,
            "position": self.position,
            "best_loss": self.best_loss if self.best_loss != NEVER else None,
            "best_epoch": self.best_epoch,
            "ending": self.ending,
            "t": self.memory["t"],
        }
        memory = {f"memory.{name}": value for name, value in saved(self.memory).items() if name != "t"}
        return {
            "parameters": self.parameters,
            "best": self.best,
            "order": self.order,
            "curves": np.array([[np.nan if x is None else x for x in row] for row in self.curves], dtype=float),
            "state": as_text(meta),
            **memory,
        }


def as_text(data: Mapping[str, Any]) -> Array:
    """JSON as an array of bytes."""
    import numpy as np

    return np.frombuffer(json.dumps(data).encode(), dtype=np.uint8)


def begun(objective: Objective, optimizer: Optimizer, data: Split, initialisation: str, random: Any) -> Progress:
    """A training before its first step, with initialised parameters."""
    initialise(objective.network, objective.views, initialisation, random)
    progress = Progress(
        objective.parameters, random, optimizer.start([objective.parameters]), random.permutation(len(data.training))
    )
    progress.best = objective.parameters.copy()
    note_epoch(progress, objective, data, optimizer.rate_at(1))
    return progress


def resumed(arrays: Mapping[str, Array], objective: Objective, optimizer: Optimizer, rows: int) -> Progress:
    """The training of so many samples that `to_arrays` wrote down; raises ValueError, … where they do not fit."""
    import numpy as np

    meta = json.loads(arrays["state"].tobytes().decode())
    _refuse_unfit(arrays, meta, objective, rows)
    objective.parameters[...] = arrays["parameters"]
    random = np.random.default_rng()
    random.bit_generator.state = meta["random"]
    entries = {name.removeprefix("memory."): value for name, value in arrays.items() if name.startswith("memory.")}
    memory = restored({**entries, "t": meta["t"]}, optimizer.start([objective.parameters]))
    return Progress(
        objective.parameters,
        random,
        memory,
        arrays["order"],
        epoch=meta["epoch"],
        position=meta["position"],
        best=arrays["best"].copy(),
        best_loss=NEVER if meta["best_loss"] is None else meta["best_loss"],
        best_epoch=meta["best_epoch"],
        curves=[_epoch(*row) for row in arrays["curves"].tolist()],
        ending=meta["ending"],
    )


def _refuse_unfit(arrays: Mapping[str, Array], meta: Mapping[str, Any], objective: Objective, rows: int) -> None:
    """Raise ValueError, KeyError or TypeError where a file with the right names holds what no training writes."""
    import numpy as np

    states = [name for name in arrays if name in ("parameters", "best") or name.startswith("memory.")]
    if any(
        arrays[name].shape != objective.parameters.shape or arrays[name].dtype != objective.dtype for name in states
    ):
        raise ValueError("parameters of another network")
    if not np.array_equal(np.sort(arrays["order"]), np.arange(rows)) or arrays["order"].dtype.kind != "i":
        raise ValueError("the order of other samples")
    limits = {"epoch": MOST_STEPS, "position": rows, "t": MOST_STEPS, "best_epoch": meta["epoch"]}
    if any(type(meta[name]) is not int or not 0 <= meta[name] <= most for name, most in limits.items()):
        raise ValueError("no number of steps")
    if arrays["curves"].shape != (meta["epoch"] + 1, len(Epoch._fields)) or meta["ending"] not in ENDINGS:
        raise ValueError("no curves")
    if meta["best_loss"] is not None and not isinstance(meta["best_loss"], float):
        raise TypeError("no loss")


def _epoch(number: float, loss: float, accuracy: float, other: float, other_accuracy: float, rate: float) -> Epoch:
    """A point of the curves from a row of an array, where nan says that there is no validation."""
    import math

    has_validation = not math.isnan(other_accuracy)
    return Epoch(
        int(number),
        loss,
        accuracy,
        other if has_validation else None,
        other_accuracy if has_validation else None,
        rate,
    )


def note_epoch(progress: Progress, objective: Objective, data: Split, rate: float) -> None:
    """Add a point to the curves, and keep the parameters where the validation loss is the least so far."""
    training = score(objective, data.training)
    validation = score(objective, data.validation) if len(data.validation) else None
    progress.curves.append(
        Epoch(
            progress.epoch,
            training.loss,
            training.accuracy,
            validation.loss if validation else None,
            validation.accuracy if validation else None,
            rate,
        )
    )
    if validation and validation.loss < progress.best_loss:
        progress.best[...] = objective.parameters
        progress.best_loss, progress.best_epoch = validation.loss, progress.epoch
