"""The identity ⟨ȳ, J·ẋ⟩ = ⟨Jᵀȳ, ẋ⟩: a test of both modes at once that needs no other truth.

J·ẋ comes from one forward sweep, Jᵀȳ from one reverse sweep, and the two programs share no derivative rule but the
local partials. The vectors ẋ and ȳ are drawn at random, always the same ones.
"""

import math
import random
from collections.abc import Sequence
from typing import Any, NamedTuple

from diffcli.execute.flat import flattened, unflattened
from diffcli.graph.program import Graph
from diffcli.methods.method import Compiler
from diffcli.methods.products import cotangent_sweep, tangent_sweep

SEED = 0


class Identity(NamedTuple):
    """Both sides of the identity."""

    forward: float
    """⟨ȳ, J·ẋ⟩."""
    reverse: float
    """⟨Jᵀȳ, ẋ⟩."""
    size: float
    """The sum of the sizes of all products Jᵀȳ_j · ẋ_j: against it rounding errors are measured."""
    seed: int = SEED

    @property
    def ulps(self) -> float:
        """How far apart they are, in units in the last place of the larger one."""
        return abs(self.forward - self.reverse) / math.ulp(max(abs(self.forward), abs(self.reverse)))

    @property
    def relative(self) -> float:
        """The same relative to the terms that are summed."""
        return abs(self.forward - self.reverse) / self.size if self.size else 0.0


def identity(graph: Graph, point: Sequence[Any], wrt: Sequence[int], compiler: Compiler) -> Identity | None:
    """Both sides for random vectors; None where there is nothing to multiply or a side is not finite."""
    chosen = [point[graph.inputs.index(position)] for position in wrt]
    function = compiler(graph, "evaluation")
    values = list(function(point))
    generator = random.Random(SEED)  # noqa: S311 - reproducible, not secret
    tangents = _drawn(generator, chosen, point)
    cotangents = _drawn(generator, values, point)
    if not flattened(chosen) or not flattened(values):
        return None
    outputs = len(graph.outputs)
    moved = compiler(tangent_sweep(graph, wrt), "sweep")([*point, *tangents])[outputs:]
    handed = compiler(cotangent_sweep(graph, wrt), "sweep")([*point, *cotangents])[outputs:]
    left = list(map(float.__mul__, flattened(cotangents), flattened(moved)))
    right = list(map(float.__mul__, flattened(handed), flattened(tangents)))
    if not all(map(math.isfinite, (*left, *right))):
        return None
    return Identity(math.fsum(left), math.fsum(right), math.fsum(map(abs, right)))


def _drawn(generator: random.Random, like: Sequence[Any], point: Sequence[Any]) -> list[Any]:
    """Arrays or floats like those given, their elements drawn from −1 to 1."""
    numbers = [generator.uniform(-1, 1) for _ in flattened(like)]
    if all(isinstance(value, float) for value in (*like, *point)):
        return numbers
    return unflattened(numbers, like)
