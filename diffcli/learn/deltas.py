"""z, a and δ of every layer for one sample, with the engine's numbers beside those of the recursion."""

from typing import Any

from diffcli.errors import UsageError
from diffcli.learn import recursion
from diffcli.learn.backprop_check import doubled
from diffcli.learn.objective import Objective
from diffcli.learn.training_record import Deltas, LayerTable

Array = Any


def deltas(objective: Objective, x: Array, y: Array, sample: int, label: str) -> Deltas:
    """Of one sample, a row of x and one of y, without dropout and penalty."""
    chosen = objective.network.architecture
    if chosen is None:
        raise UsageError(
            "layer tables are for networks in the form of lecture deck 001",
            hint="mlp:4:sigmoid, or a program with Z2 = X @ W1.T + b1; A2 = sigmoid(Z2); …; see --show program",
        )
    import numpy as np

    precise = doubled(objective)
    x, y = x.reshape(1, -1).astype(float), y.reshape(1, -1).astype(float)
    masks = [np.ones(precise.network.shape(name, 1)) for name in precise.network.masks]
    loss = precise.gradient(x, y, masks)
    engine = precise.derivatives.copy()
    starts = {parameter.name: parameter for parameter in precise.network.parameters}
    tables = []
    for layer in recursion.layers(chosen, precise.views, x, y):
        bias = starts[f"b{layer.number - 1}"]
        own = engine[bias.start : bias.start + bias.size]
        tables.append(LayerTable(layer.number, *map(_numbers, (layer.z[0], layer.a[0], layer.delta[0], own))))
    output = "softmax" if chosen.is_softmax else "sigmoid"
    return Deltas(sample, _numbers(x[0]), label, _numbers(y[0]), loss, tuple(tables), chosen.activation, output)


def _numbers(values: Array) -> tuple[float, ...]:
    return tuple(values.tolist())
