"""Families of functions on which the claims of the lectures are measured, as programs."""

import math
from collections.abc import Callable
from itertools import pairwise

from diffcli.graph.program import Builder, Graph

STEPS = 32
"""Steps of the functions of fixed cost."""
SHARE = 2 / 5
"""Weights of a network are spread over this part of a unit."""


def fixed_cost(inputs: int, outputs: int, steps: int = STEPS) -> Graph:
    """V ← sin(v + x_j), the inputs in turn; the last values are the outputs. Its cost depends on neither A nor B."""
    builder = Builder()
    variables = [builder.input(f"x{j + 1}") for j in range(inputs)]
    value, seen = variables[0], []
    for step in range(steps):
        value = builder.apply("sin", builder.apply("add", value, variables[(step + 1) % inputs]))
        seen.append(value)
    return builder.graph(variables, seen[-outputs:], [f"f{i + 1}" for i in range(outputs)])


def fixed_cost_point(inputs: int) -> list[float]:
    """Different numbers, none of them special."""
    return [0.3 + 0.01 * j for j in range(inputs)]


def coupled(inputs: int) -> Graph:
    """Σ sin(x_j·x_{j+1}): its cost grows with the number of inputs."""
    builder = Builder()
    variables = [builder.input(f"x{j + 1}") for j in range(inputs)]
    total = builder.apply("sin", builder.apply("mul", variables[-1], variables[0]))
    for one, other in pairwise(variables):
        total = builder.apply("add", total, builder.apply("sin", builder.apply("mul", one, other)))
    return builder.graph(variables, [total])


def logistic(steps: int) -> Graph:
    """X ← 4·x·(1 − x), as often as `steps` says."""
    builder = Builder()
    x = value = builder.input("x")
    four, one = builder.constant("4"), builder.constant("1")
    for _ in range(steps):
        value = builder.apply("mul", builder.apply("mul", four, value), builder.apply("sub", one, value))
    return builder.graph([x], [value])


def fully_connected(width: int, depth: int) -> Graph:
    """One input, `depth` layers of `width` sigmoid units, one output; every connection has a weight of its own.

    The weights are inputs behind the first, so that a connection is one product of a weight and a value.
    """
    builder = Builder()
    inputs = [builder.input("x")]

    def weighted(sources: list[int]) -> int:
        total: int | None = None
        for source in sources:
            inputs.append(builder.input(f"w{len(inputs)}"))
            product = builder.apply("mul", inputs[-1], source)
            total = product if total is None else builder.apply("add", total, product)
        assert total is not None
        return total

    layer = [inputs[0]]
    for _ in range(depth):
        layer = [builder.apply("sigmoid", weighted(layer)) for _ in range(width)]
    output = weighted(layer)
    return builder.graph(inputs, [output])


def weights(graph: Graph) -> list[float]:
    """Values for all inputs of a network: the input 1, and weights that look random and are the same everywhere."""
    return [1.0, *(SHARE * math.sin(0.7 * k * k) for k in range(1, len(graph.inputs)))]


Link = Callable[[Builder, int], int]


def chain(link: Link, length: int) -> Graph:
    """The same link after itself again and again."""
    builder = Builder()
    x = value = builder.input("x")
    for _ in range(length):
        value = link(builder, value)
    return builder.graph([x], [value])


def steepest_sigmoid(builder: Builder, value: int) -> int:
    """σ(v) − 1/2 maps 0 to 0, where the sigmoid is steepest."""
    return builder.apply("sub", builder.apply("sigmoid", value), builder.constant("0.5"))


def sigmoid(builder: Builder, value: int) -> int:
    """σ(v)."""
    return builder.apply("sigmoid", value)


def doubling(builder: Builder, value: int) -> int:
    """2·v."""
    return builder.apply("mul", builder.constant("2"), value)
