"""Where training begins: random weights whose size keeps signals alike from layer to layer; biases are 0."""

import math
from collections.abc import Callable
from typing import Any

from diffcli.errors import UsageError
from diffcli.graph.shapes import Shape
from diffcli.learn.network import Network
from diffcli.learn.specification import parts

Array = Any
USUAL = {"relu": "he"}
"""The initialisation by the activation; glorot for all others."""


def glorot(random: Any, shape: Shape) -> Array:
    """Uniform in ±√(6/(n_in + n_out)): variance 2/(n_in + n_out).

    Glorot and Bengio, 2010.
    """
    limit = math.sqrt(6 / sum(fans(shape)))
    return random.uniform(-limit, limit, shape)


def he(random: Any, shape: Shape) -> Array:
    """Normal with σ = √(2/n_in).

    He et al., 2015, for relu, which loses half of the variance.
    """
    return random.normal(0.0, math.sqrt(2 / fans(shape)[0]), shape)


def normal(random: Any, shape: Shape, *, sigma: float = 0.01) -> Array:
    """Normal with a given σ."""
    return random.normal(0.0, sigma, shape)


INITIALISATIONS: dict[str, Callable[..., Array]] = {"glorot": glorot, "he": he, "normal": normal}


def fans(shape: Shape) -> tuple[int, int]:
    """How many numbers go into a unit, and how many units a number goes to; matrices are outputs × inputs."""
    size = math.prod(shape)
    outer = shape[0] if len(shape) > 1 else 1
    return max(size // outer, 1), outer


def read_initialisation(text: str | None, network: Network) -> str:
    """The initialisation of a text such as normal:sigma=0.1, checked; without one the usual of the activation."""
    if text is None:
        activation = network.architecture.activation if network.architecture else ""
        return USUAL.get(activation, "glorot")
    name, numbers = parts(text, "normal:sigma=0.1")
    if name not in INITIALISATIONS:
        raise UsageError(f"there is no initialisation {name[:40]!r}", hint=f"one of {', '.join(INITIALISATIONS)}")
    known = {"sigma"} if name == "normal" else set()
    if unknown := set(numbers) - known:
        raise UsageError(f"{name} has no number {min(unknown)!r}", hint="only normal has one: normal:sigma=0.1")
    if not 0 <= numbers.get("sigma", 1.0) < math.inf:
        raise UsageError("sigma must be 0 or a positive number", hint="normal:sigma=0.1")
    return text


def initialise(network: Network, views: dict[str, Array], text: str, random: Any) -> None:
    """Fill the parameters: given starting values, 0 for biases, random weights."""
    name, numbers = parts(text, "normal:sigma=0.1")
    for parameter in network.parameters:
        if parameter.name in network.start:
            views[parameter.name][...] = network.start[parameter.name]
        elif parameter.is_bias or not parameter.shape:
            views[parameter.name][...] = 0
        else:
            views[parameter.name][...] = INITIALISATIONS[name](random, parameter.shape, **numbers)
