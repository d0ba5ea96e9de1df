"""The record of `train`, as plain frozen data: renderers read it, `to_dict()` is its JSON object."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from diffcli.learn.backprop_check import Check
from diffcli.learn.metrics import Score
from diffcli.learn.optimizers import Optimizer
from diffcli.learn.progress import Epoch
from diffcli.learn.vanishing import LayerNorms
from diffcli.studies.values import SCHEMA, finite


class DataFacts(NamedTuple):
    """What the data are."""

    name: str
    source: str
    samples: int
    features: int
    classes: tuple[str, ...]
    parts: tuple[int, int, int]
    """Samples of training, validation and test."""
    is_standardised: bool
    has_one_unit: bool = False
    """Whether all features share a scale."""


class LayerTable(NamedTuple):
    """A layer in the numbering of lecture deck 001, for one sample."""

    number: int
    z: tuple[float, ...]
    a: tuple[float, ...]
    delta: tuple[float, ...]
    """By the recursion."""
    engine: tuple[float, ...]
    """∂L/∂b by reverse mode, which is the same number."""


class Deltas(NamedTuple):
    """Backpropagation of one sample, layer by layer."""

    sample: int
    """Its number in the data, from 0."""
    x: tuple[float, ...]
    label: str
    y: tuple[float, ...]
    loss: float
    layers: tuple[LayerTable, ...]
    activation: str
    output: str
    """softmax or sigmoid."""


@dataclass(frozen=True)
class Training:
    """A training from the check of the gradient to the final table; without curves, only the check was made."""

    network: str
    """As typed."""
    text: str
    """The program."""
    parameters: Mapping[str, tuple[int, ...]]
    """The shapes of what is learned."""
    data: DataFacts
    optimizer: Optimizer
    options: Mapping[str, Any]
    checks: tuple[Check, ...] = ()
    curves: tuple[Epoch, ...] = ()
    ending: str = ""
    best_epoch: int | None = None
    """The epoch whose parameters are the result; None: the last one."""
    scores: Mapping[str, Score] = field(default_factory=dict)
    """Of training, validation and test, at the end."""
    confusion: tuple[tuple[int, ...], ...] = ()
    deltas: Deltas | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    """The parameters that were learned, as arrays by name."""
    seconds: float = 0.0
    resumed_at: int | None = None
    """The epoch at which a checkpoint was taken up."""
    checkpoint: str | None = None
    gradients: tuple[LayerNorms, ...] = ()
    """The norms of the gradient by layer after every epoch, where they were asked for."""
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """How many numbers are learned."""
        from math import prod

        return sum(prod(shape) for shape in self.parameters.values())

    @property
    def is_checked(self) -> bool:
        """Whether no check failed."""
        return all(check.is_right for check in self.checks)

    @property
    def exit_code(self) -> int:
        """0; 1 where the gradient is wrong or the loss diverged."""
        return int(not self.is_checked or self.ending == "diverged")

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `diffcli train --format json`; strict JSON, no nan or infinity."""
        chosen = self.optimizer
        return {
            "schema": SCHEMA,
            "command": "train",
            "network": self.network,
            "program": self.text,
            "parameters": {name: list(shape) for name, shape in self.parameters.items()},
            "size": self.size,
            "data": {**self.data._asdict(), "classes": list(self.data.classes),
                     "parts": dict(zip(("training", "validation", "test"), self.data.parts, strict=True))},
            "optimizer": {
                "name": chosen.name,
                "rate": chosen.rate,
                **chosen.hyperparameters,
                "schedule": {"name": chosen.schedule.name, **chosen.schedule.numbers},
            },
            "options": dict(self.options),
            "checks": [check.to_dict() for check in self.checks],
            "stopped_by": self.ending or None,
            "epochs": self.curves[-1].number if self.curves else 0,
            "best_epoch": self.best_epoch,
            "scores": {name: _score(score) for name, score in self.scores.items()},
            "confusion": [list(row) for row in self.confusion] or None,
            "deltas": self.deltas and _deltas(self.deltas),
            "curves": [{name: finite(x) for name, x in epoch._asdict().items()} for epoch in self.curves],
            "gradients": [norms.to_dict() for norms in self.gradients],
            "checkpoint": self.checkpoint,
            "resumed_at": self.resumed_at,
            "seconds": self.seconds,
            "exit_code": self.exit_code,
            "notes": list(self.notes),
        }  # fmt: skip


def _score(score: Score) -> dict[str, Any]:
    return {"samples": score.samples, "loss": finite(score.loss), "accuracy": finite(score.accuracy)}


def _deltas(deltas: Deltas) -> dict[str, Any]:
    layers = [
        {"layer": layer.number, "z": _numbers(layer.z), "a": _numbers(layer.a), "delta": _numbers(layer.delta),
         "engine": _numbers(layer.engine)}
        for layer in deltas.layers
    ]  # fmt: skip
    return {**deltas._asdict(), "x": _numbers(deltas.x), "y": _numbers(deltas.y), "loss": finite(deltas.loss),
            "layers": layers}  # fmt: skip


def _numbers(values: Sequence[float]) -> list[float | None]:
    return [finite(value) for value in values]
