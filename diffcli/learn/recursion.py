"""Backpropagation as lecture deck 001 writes it: z, a and δ of every layer, without the engine.

    z(l+1) = W(l) a(l) + b(l),  a(l+1) = g(z(l+1)),  δ(last) = a − y,  δ(l) = g'(z(l)) Σ_k δ_k(l+1) W_ki(l)
    ∂L/∂W(l) = δ(l+1) a(l)ᵀ,  ∂L/∂b(l) = δ(l+1)

The deck's δ(L+1) = y − a belongs to the log-likelihood, which grows; here it is that of the loss, its negative. g' is
a(1 − a) for sigmoid, 1 − a² for tanh, and 1 or 0 for relu.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from diffcli.learn.architecture import Architecture

Array = Any


class Layer(NamedTuple):
    """What the recursion knows of a layer: one row for each sample."""

    number: int
    z: Array
    a: Array
    delta: Array
    """∂L/∂z of each sample's own loss."""


def relu(z: Array) -> Array:
    """max(z, 0)."""
    return z * (z > 0)


def tanh(z: Array) -> Array:
    """Hyperbolic tangent."""
    import numpy as np

    return np.tanh(z)


def sigmoid(z: Array) -> Array:
    """1/(1 + e^−z), by tanh, which does not overflow."""
    return (1 + tanh(z / 2)) / 2


def softmax(z: Array) -> Array:
    """e^z / Σ e^z."""
    import numpy as np

    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


ACTIVATIONS: Mapping[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "sigmoid": (sigmoid, lambda a: a * (1 - a)),
    "tanh": (tanh, lambda a: 1 - a * a),
    "relu": (relu, lambda a: 1.0 * (a > 0)),
}
"""g, and g' as a function of a."""


def layers(
    chosen: Architecture, values: Mapping[str, Array], x: Array, y: Array, masks: Sequence[Array] = ()
) -> list[Layer]:
    """The layers from 2 on; `values` are the parameters by name."""
    g, slope = ACTIVATIONS[chosen.activation]
    kept = [*masks, *[1.0] * (len(chosen.layers) - 1 - len(masks))]
    found: list[tuple[Array, Array]] = []
    inner = x
    for l in chosen.layers:
        z = inner @ values[f"W{l}"].T + values[f"b{l}"]
        a = (softmax if chosen.is_softmax else sigmoid)(z) if l + 1 == chosen.last else g(z)
        found.append((z, a))
        inner = a * kept[l - 1] if l + 1 < chosen.last else a
    delta = inner - y
    result = [Layer(chosen.last, *found[-1], delta)]
    for l in reversed(chosen.layers[1:]):
        z, a = found[l - 2]
        delta = slope(a) * kept[l - 2] * (delta @ values[f"W{l}"])
        result.append(Layer(l, z, a, delta))
    return result[::-1]


def gradient(
    chosen: Architecture,
    values: Mapping[str, Array],
    x: Array,
    y: Array,
    masks: Sequence[Array] = (),
    penalty: float = 0.0,
) -> dict[str, Array]:
    """D = Δ/n + λW: the derivatives of the mean loss of the samples, by the deck's pseudo-code."""
    found, inner = layers(chosen, values, x, y, masks), x
    result = {}
    for l, layer in zip(chosen.layers, found, strict=True):
        result[f"W{l}"] = layer.delta.T @ inner / len(x) + penalty * values[f"W{l}"]
        result[f"b{l}"] = layer.delta.sum(axis=0) / len(x)
        inner = layer.a * masks[l - 1] if l - 1 < len(masks) else layer.a
    return result


def sizes(
    chosen: Architecture, values: Mapping[str, Array], x: Array, y: Array, masks: Sequence[Array] = ()
) -> dict[str, float]:
    """What the rounding errors of each array of derivatives are relative to, where its terms cancel.

    δ(last) = a − y is as exact as a and y are large; from there such errors go back as independent ones do, by their
    squares. Over the samples they add up.
    """
    found, slope = layers(chosen, values, x, y, masks), ACTIVATIONS[chosen.activation][1]
    size = found[-1].a + y
    result = {}
    for l in reversed(chosen.layers):
        inner = x if l == 1 else found[l - 2].a * (masks[l - 2] if l - 2 < len(masks) else 1.0)
        result[f"W{l}"] = float((size.T @ abs(inner)).max()) / len(x)
        result[f"b{l}"] = float(size.sum(axis=0).max()) / len(x)
        if l > 1:
            kept = masks[l - 2] if l - 2 < len(masks) else 1.0
            size = slope(found[l - 2].a) * kept * (size**2 @ values[f"W{l}"] ** 2) ** 0.5
    return result
