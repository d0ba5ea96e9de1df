"""The norms of the gradient, layer by layer, while a network is trained: which layers learn, and which do not."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from diffcli.learn.data import Part
from diffcli.learn.depth_programs import norm
from diffcli.learn.objective import Objective, in_parts, views

if TYPE_CHECKING:
    from diffcli.learn.progress import Epoch
    from diffcli.learn.train import Job

Array = Any


class LayerNorms(NamedTuple):
    """Norms of ∂L/∂W for all training samples after an epoch; without dropout, with the penalty."""

    epoch: int
    norms: tuple[tuple[str, float], ...]
    """By the name of the parameter, in the order of the program."""

    @property
    def weights(self) -> tuple[tuple[str, float], ...]:
        """Those of the weights, or of all parameters where all are biases."""
        return tuple(pair for pair in self.norms if not pair[0].startswith("b")) or self.norms

    @property
    def ratio(self) -> float | None:
        """The first layer's norm relative to that of the last."""
        first, last = self.weights[0][1], self.weights[-1][1]
        return first / last if last else None

    def to_dict(self) -> dict[str, Any]:
        """Its JSON object."""
        from diffcli.studies.values import finite

        return {"epoch": self.epoch, "norms": {name: finite(value) for name, value in self.norms}}


class Watch:
    """The norms after every epoch of a training."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self.norms: list[LayerNorms] = []

    def noting(self, job: "Job", then: Callable[["Epoch"], None]) -> Callable[["Epoch"], None]:
        """What is to be called after every epoch; the norms where the training stands are noted at once."""

        def note(number: int) -> None:
            self.norms.append(layer_norms(job.objective, job.split.training, number, job.settings.l2))

        def on_epoch(epoch: "Epoch") -> None:
            note(epoch.number)
            then(epoch)

        note(job.progress.epoch)
        return on_epoch


def layer_norms(objective: Objective, part: Part, epoch: int, penalty: float = 0.0) -> LayerNorms:
    """The norms at the parameters as they are; the parameters stay, `derivatives` are overwritten."""
    found = views(objective.network, whole_gradient(objective, part.x, part.y, penalty))
    return LayerNorms(epoch, tuple((name, norm(array)) for name, array in found.items()))


def whole_gradient(objective: Objective, x: Array, y: Array, penalty: float) -> Array:
    """The gradient of the mean over all samples, in parts of bounded size that count by their number of samples."""
    total: Array = 0.0
    for rows in in_parts(objective.network, len(x)):
        part = x[rows]
        objective.gradient(part, y[rows], list(kept(objective, len(part))), penalty)
        total = total + objective.derivatives * (len(part) / len(x))
    return total


def kept(objective: Objective, rows: int) -> Iterable[Array]:
    """Masks of dropout that leave nothing out."""
    import numpy as np

    return (np.ones(objective.network.shape(name, rows), objective.dtype) for name in objective.network.masks)
