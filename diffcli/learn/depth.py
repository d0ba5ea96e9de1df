"""Gradients against depth: how the first layer's gradient vanishes or explodes, and what was to be expected."""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from diffcli.errors import UsageError
from diffcli.language.suggestions import nearest
from diffcli.learn.architecture import MOST_LAYERS
from diffcli.learn.depth_programs import CLASSES, NORMALISATIONS, Backward, Deep, Flow, samples
from diffcli.learn.depth_record import PLAIN, STEEPEST, Case, DepthStudy, Profile, Settings
from diffcli.learn.initialisation import USUAL, initialise, read_initialisation
from diffcli.learn.network import LABELS, PENALTY, SAMPLES

Array = Any
MOST_WIDTH, MOST_DEPTHS, MOST_ROWS = 1024, 30, 4096
MOST_WORK = 2e11
"""Multiplications of a whole study: some seconds."""


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
