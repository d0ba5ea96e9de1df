"""Gradients against depth: how the first layer's gradient vanishes or explodes, and what was to be expected."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from diffcli.errors import UsageError
from diffcli.language.suggestions import nearest
from diffcli.learn.architecture import MOST_LAYERS
from diffcli.learn.depth_programs import CLASSES, LINEAR, NORMALISATIONS, Backward, Deep, Flow, samples
from diffcli.learn.initialisation import USUAL, initialise, read_initialisation
from diffcli.learn.network import LABELS, PENALTY, SAMPLES
from diffcli.studies.values import SCHEMA, finite

Array = Any
STEEPEST = {"sigmoid": 0.25, "tanh": 1.0, "relu": 1.0, LINEAR: 1.0}
"""The largest slope g' of each activation."""
PLAIN = "plain"
MOST_WIDTH, MOST_DEPTHS, MOST_ROWS = 1024, 30, 4096
MOST_WORK = 2e11
"""Multiplications of a whole study: some seconds."""


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


def depth_study(settings: Settings) -> DepthStudy:
    """Every activation with every initialisation at every depth; then what is said to help. Raises UsageError."""
    _check(settings)
    cases = tuple(
        Case(activation, name, PLAIN, _profiles(settings, Deep(0, settings.width, activation), name))
        for activation in settings.activations
        for name in settings.initialisations
    )
    chain = tuple(map(steepest_chain, settings.depths)) if "sigmoid" in settings.activations else ()
    return DepthStudy(settings, cases, chain, tuple(_changes(settings)))


def steepest_chain(depth: int) -> float:
    """∂z(depth + 1)/∂z(1) of sigmoids where they are steepest: the bias −1/2 keeps every z at 0."""
    import numpy as np

    backward = _backward(Deep(depth + 1, 1, "sigmoid"), 1)
    values: dict[str, Array] = {SAMPLES: np.zeros((1, 1)), LABELS: np.eye(CLASSES)[:1]}
    for parameter in backward.network.parameters:
        is_inner = parameter.is_bias and parameter.name not in ("b1", f"b{depth + 2}")
        values[parameter.name] = np.full(parameter.shape, -0.5 if is_inner else 1.0)
    values["b1"] = np.zeros(1)
    values[f"W{depth + 2}"] = np.eye(CLASSES, 1)  # else all classes get the same, and there is no gradient
    signals = backward(values).signals
    return signals[0] / signals[-1]


def _check(settings: Settings) -> None:
    """Refuse what makes no sense, or would take too long."""
    for name in settings.activations:
        if name not in STEEPEST:
            guess = nearest(name, tuple(STEEPEST))
            raise UsageError(
                f"there is no activation {name[:40]!r}",
                hint=f"did you mean {guess}?" if guess else f"one of {', '.join(STEEPEST)}",
            )
    for name in settings.initialisations:
        read_initialisation(name, Deep(1, 1, settings.activations[0]).network())
    for depth in settings.depths:
        _within("--depths", depth, MOST_LAYERS)
    _within("the number of --depths", len(settings.depths), MOST_DEPTHS)
    _within("--width", settings.width, MOST_WIDTH)
    _within("--samples", settings.rows, MOST_ROWS)
    if not 0 <= settings.dropout < 1:
        raise UsageError("--dropout is a probability below 1", hint="for example 0.5")
    if not 0 <= settings.penalty < math.inf:
        raise UsageError("--l2 is 0 or a positive number", hint="for example 0.001")
    kinds = len(settings.activations) * (len(settings.initialisations) + 3 + len(NORMALISATIONS))
    if 6 * kinds * sum(settings.depths) * settings.width**2 * settings.rows > MOST_WORK:
        raise UsageError(
            "this would take too long", hint="a smaller --width, fewer --samples or --depths", kind="limit"
        )


def _within(name: str, number: int, most: int) -> None:
    if not 0 < number <= most:
        raise UsageError(f"{name} must lie between 1 and {most}, not {number}", kind="limit")


def _changes(settings: Settings) -> list[Case]:
    found = []
    for activation in settings.activations:
        plain, name = Deep(0, settings.width, activation), USUAL.get(activation, "glorot")
        variants = {
            PLAIN: plain,
            f"L2, λ = {settings.penalty:g}": plain._replace(penalty=True),
            f"dropout {settings.dropout:g}": plain._replace(dropout=True),
            **{f"{kind} normalisation": plain._replace(normalisation=kind) for kind in NORMALISATIONS},
        }
        found += [Case(activation, name, change, _profiles(settings, d, name)) for change, d in variants.items()]
    return found


def _profiles(settings: Settings, kind: Deep, initialisation: str) -> tuple[Profile, ...]:
    found = []
    for depth in settings.depths:
        backward = _backward(kind._replace(depth=depth), settings.rows)
        values = starting_values(backward, initialisation, settings)
        found.append(profile(backward, values))
    return tuple(found)


@lru_cache(maxsize=32)
def _backward(deep: Deep, rows: int) -> Backward:
    return Backward(deep, rows)


def starting_values(backward: Backward, initialisation: str, settings: Settings) -> dict[str, Array]:
    """Samples, labels, and parameters as a training begins with them; the same for the same seed and depth."""
    import numpy as np

    random = np.random.default_rng([settings.seed, backward.deep.depth])
    network = backward.network
    values = samples(random, settings.rows, backward.deep.width)
    parameters = {parameter.name: np.zeros(parameter.shape) for parameter in network.parameters}
    initialise(network, parameters, initialisation, random)
    kept = 1 - settings.dropout
    for name in network.masks:
        values[name] = (random.random((settings.rows, *network.shapes[name])) < kept) / kept
    return {**values, **parameters, PENALTY: np.float64(settings.penalty)}


def profile(backward: Backward, values: Mapping[str, Array]) -> Profile:
    """What flows back through a network at these values, and what was to be expected of it."""
    flow, deep = backward(values), backward.deep
    if deep.depth < 2 or deep.normalisation:
        return Profile(deep.depth, flow.weights, flow.signals, None, None)
    inner = [values[f"W{l}"] for l in deep.hidden[:-1]]
    masks = [values[f"M{l}"] if deep.dropout else 1.0 for l in deep.hidden[:-1]]
    return Profile(
        deep.depth, flow.weights, flow.signals, expected_factor(flow, inner, masks),
        largest_factor(deep.activation, inner, masks),
    )  # fmt: skip


def expected_factor(flow: Flow, weights: Sequence[Array], masks: Sequence[Array]) -> float:
    """The factor for independent weights: E‖Wᵀδ‖² is ‖W‖²/n · ‖δ‖², times the mean squares of slope and mask."""
    import numpy as np

    sizes = [float(np.linalg.norm(w)) / math.sqrt(len(w)) for w in weights]
    kept = [math.sqrt(float(np.mean(np.square(mask)))) for mask in masks]
    return _mean(slope * size * mask for slope, size, mask in zip(flow.slopes, sizes, kept, strict=False))


def largest_factor(activation: str, weights: Sequence[Array], masks: Sequence[Array]) -> float:
    """‖g'(z) ⊙ m ⊙ Wᵀδ‖ ≤ max g' · max m · ‖W‖₂ · ‖δ‖ with the largest singular value ‖W‖₂."""
    import numpy as np

    norms = [float(np.linalg.norm(w, 2)) * float(np.max(mask)) for w, mask in zip(weights, masks, strict=True)]
    return _mean(STEEPEST[activation] * norm for norm in norms)


def _mean(factors: Any) -> float:
    """The geometric mean."""
    logarithms = [math.log(factor) if factor else -math.inf for factor in factors]
    return math.exp(sum(logarithms) / len(logarithms))
