"""The record of `depth`, as plain frozen data: renderers read it, `to_dict()` is its JSON object."""

import math
from dataclasses import dataclass, field
from typing import Any

from diffcli.learn.depth_programs import CLASSES, LINEAR
from diffcli.studies.values import SCHEMA, finite

STEEPEST = {"sigmoid": 0.25, "tanh": 1.0, "relu": 1.0, LINEAR: 1.0}
"""The largest slope g' of each activation."""
PLAIN = "plain"


@dataclass(frozen=True)
class Settings:
    """What is to be looked at."""

    activations: tuple[str, ...] = ("sigmoid", "tanh", "relu")
    initialisations: tuple[str, ...] = ("glorot", "he", "normal:sigma=0.01", "normal:sigma=1")
    depths: tuple[int, ...] = (1, 2, 5, 10, 20, 50)
    """Numbers of hidden layers."""
    width: int = 32
    rows: int = 32
    """Samples."""
    penalty: float = 0.001
    """λ of L2, where that is looked at."""
    dropout: float = 0.5
    """The probability that a unit is dropped, where that is looked at."""
    seed: int = 0


@dataclass(frozen=True)
class Profile:
    """What was found in one network."""

    depth: int
    weights: tuple[float, ...]
    """‖∂L/∂W(l)‖ for l = 1, 2, …"""
    signals: tuple[float, ...]
    """‖δ(l)‖ of the hidden layers, the first one first."""
    expected: float | None
    """√n·σ_W·√⟨g'²⟩: the factor from layer to layer, if W and δ were independent (geometric mean over the layers)."""
    bound: float | None
    """max g'·‖W‖₂: what the factor cannot exceed (geometric mean over the layers)."""

    @property
    def first(self) -> float:
        """‖∂L/∂W(1)‖."""
        return self.weights[0]

    @property
    def factor(self) -> float | None:
        """‖δ(l)‖ / ‖δ(l+1)‖ from a hidden layer to the one before it, the geometric mean over all of them."""
        if len(self.signals) < 2 or not 0 < self.signals[-1] < math.inf:
            return None
        return float((self.signals[0] / self.signals[-1]) ** (1 / (len(self.signals) - 1)))


@dataclass(frozen=True)
class Case:
    """One kind of network at all depths."""

    activation: str
    initialisation: str
    change: str
    """What is different from a plain network: L2, dropout, batch or layer normalisation."""
    profiles: tuple[Profile, ...]

    @property
    def deepest(self) -> Profile:
        """The network with the most layers."""
        return max(self.profiles, key=lambda profile: profile.depth)


@dataclass(frozen=True)
class DepthStudy:
    """Gradients of the first layer against depth."""

    settings: Settings
    cases: tuple[Case, ...]
    """Plain networks, for each activation and initialisation."""
    chain: tuple[float, ...] = ()
    """For each depth, what so many sigmoids make of a derivative at best: one unit in each layer, weight 1, z = 0."""
    changes: tuple[Case, ...] = ()
    """For each activation, with its usual initialisation, plain and with what is said to help."""
    notes: tuple[str, ...] = field(default=())
    exit_code: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `diffcli depth --format json`."""
        chosen = self.settings
        return {
            "schema": SCHEMA,
            "command": "depth",
            "depths": list(chosen.depths),
            "width": chosen.width,
            "samples": chosen.rows,
            "classes": CLASSES,
            "seed": chosen.seed,
            "l2": chosen.penalty,
            "dropout": chosen.dropout,
            "steepest": {name: STEEPEST[name] for name in chosen.activations},
            "sigmoid_chain": [finite(number) for number in self.chain],
            "cases": [_case(case) for case in self.cases],
            "changes": [_case(case) for case in self.changes],
            "notes": list(self.notes),
        }


def _case(case: Case) -> dict[str, Any]:
    return {
        "activation": case.activation,
        "initialisation": case.initialisation,
        "change": case.change,
        "depths": [
            {
                "depth": one.depth,
                "first_layer": finite(one.first),
                "factor": finite(one.factor),
                "expected": finite(one.expected),
                "bound": finite(one.bound),
                "weights": [finite(norm) for norm in one.weights],
                "signals": [finite(norm) for norm in one.signals],
            }
            for one in case.profiles
        ],
    }
