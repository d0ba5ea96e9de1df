"""Derivatives checked by those who did not compute them: finite differences, the other mode, the other order.

Along random directions ẋ and with random cotangents ȳ, in double precision:

    J·ẋ            by forward mode, against differences of f
    ⟨ȳ, J·ẋ⟩       against ⟨Jᵀ·ȳ, ẋ⟩ by reverse mode: the same number from both modes
    ⟨u, H·ẋ⟩       by forward over reverse and by reverse over reverse, against differences of the gradient of ⟨ȳ, f⟩,
                   with another random direction u, because ⟨ẋ, H·ẋ⟩ is blind to what is not symmetric
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from diffcli.derivatives import Derivatives, pullback
from diffcli.errors import UsageError
from diffcli.execute.array_library import Library, library_of
from diffcli.graph.shapes import Shape

Evaluate = Callable[[Sequence[Any]], Sequence[Any]]
DIRECTIONS = 3
STEP = 2.0**-13
"""Times the size of a value. Differences at this step and at half of it are extrapolated: an error of order h⁴."""
DIFFERENCE_TOLERANCE = 1e-7
IDENTITY_TOLERANCE = 1e-12


@dataclass(frozen=True)
class Comparison:
    """One number found in two ways."""

    what: str
    found: float
    expected: float
    scale: float
    """The size of the terms that both are sums of."""
    tolerance: float

    @property
    def error(self) -> float:
        """The difference in units of the scale."""
        return abs(self.found - self.expected) / self.scale if self.scale else abs(self.found - self.expected)

    @property
    def ok(self) -> bool:
        """Whether both agree."""
        return self.error <= self.tolerance

    def to_dict(self) -> dict[str, Any]:
        """The row of the JSON object."""
        numbers = {"found": self.found, "expected": self.expected, "error": self.error}
        finite = {name: value if math.isfinite(value) else None for name, value in numbers.items()}
        return {"what": self.what, **finite, "tolerance": self.tolerance, "ok": self.ok}


@dataclass(frozen=True)
class GradientCheck:
    """The record of `check_grads`."""

    comparisons: tuple[Comparison, ...]
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether all comparisons agree."""
        return all(comparison.ok for comparison in self.comparisons)

    @property
    def worst(self) -> Comparison:
        """The comparison that is furthest from its tolerance."""
        return max(self.comparisons, key=lambda one: math.inf if one.error != one.error else one.error / one.tolerance)

    def to_dict(self) -> dict[str, Any]:
        """The JSON object."""
        rows = [comparison.to_dict() for comparison in self.comparisons]
        return {"schema": "diffcli/1", "command": "check", "ok": self.ok, "worst": self.worst.to_dict(),
                "comparisons": rows, "notes": list(self.notes)}  # fmt: skip

    def __str__(self) -> str:
        """A table."""
        width = max(len(comparison.what) for comparison in self.comparisons)
        head = f"{'':{width}}  {'found':>24}  {'expected':>24}  {'error':>8}"
        lines = [
            f"{c.what:{width}}  {c.found:24.16g}  {c.expected:24.16g}  {c.error:8.1e}  {'ok' if c.ok else 'off'}"
            for c in self.comparisons
        ]
        return "\n".join([head, *lines, *self.notes, "all agree" if self.ok else "something is off"])


def check(
    derivatives: Derivatives,
    values: Sequence[Any],
    *,
    evaluate: Evaluate | None = None,
    order: int = 2,
    seed: int = 0,
    notes: Sequence[str] = (),
) -> GradientCheck:
    """Check a program at the values of its inputs; `evaluate` is the function itself, at other values of `wrt`."""
    if order not in (1, 2):
        raise UsageError(f"order is 1 or 2, not {order!r}")
    places = [derivatives.graph.inputs.index(position) for position in derivatives.wrt]
    point = [doubled(values[place]) for place in places]
    fixed = [doubled(value) for value in values]

    def with_point(moved: Sequence[Any]) -> list[Any]:
        result = list(fixed)
        for place, value in zip(places, moved, strict=True):
            result[place] = value
        return result

    function = evaluate or (lambda moved: derivatives.value(with_point(moved)))
    generator = random.Random(seed)  # noqa: S311 - directions, no secrets
    library = library_of(fixed)
    sizes = [size(value) for value in point]

    def directed() -> list[Any]:
        shapes = zip(derivatives.input_shapes, sizes, strict=True)
        return [_random(generator, shape, library) * scale for shape, scale in shapes]

    rows: list[Comparison] = []
    for number in range(1, DIRECTIONS + 1):
        direction = directed()
        cotangents = [_random(generator, shape, library) for shape in derivatives.shapes]
        rows += _first_order(derivatives, with_point(point), point, direction, cotangents, function, number)
        if order == 2:
            rows += _second_order(derivatives, with_point, point, (direction, directed()), cotangents, number)
    return GradientCheck(tuple(rows), tuple(notes))


def _first_order(
    derivatives: Derivatives,
    values: Sequence[Any],
    point: Sequence[Any],
    direction: Sequence[Any],
    cotangents: Sequence[Any],
    function: Evaluate,
    number: int,
) -> list[Comparison]:
    tangents = derivatives.jvp(values, direction)[1]
    partials = derivatives.vjp(values, cotangents)[1]
    differences = difference(function, point, direction)
    left, right = inner(cotangents, tangents), inner(partials, direction)
    size = max(absolute(cotangents, tangents), absolute(partials, direction))
    return [
        Comparison(
            f"forward {number}: ⟨ȳ, J·ẋ⟩ against differences", left, inner(cotangents, differences), size,
            DIFFERENCE_TOLERANCE,
        ),
        Comparison(
            f"reverse {number}: ⟨Jᵀ·ȳ, ẋ⟩ against differences", right, inner(cotangents, differences), size,
            DIFFERENCE_TOLERANCE,
        ),
        Comparison(f"both {number}: ⟨ȳ, J·ẋ⟩ = ⟨Jᵀ·ȳ, ẋ⟩", left, right, size, IDENTITY_TOLERANCE),
    ]  # fmt: skip


def _second_order(
    derivatives: Derivatives,
    with_point: Callable[[Sequence[Any]], list[Any]],
    point: Sequence[Any],
    directions: tuple[Sequence[Any], Sequence[Any]],
    cotangents: Sequence[Any],
    number: int,
) -> list[Comparison]:
    direction, other = directions
    graph = pullback(derivatives.graph, derivatives.graph.outputs, derivatives.wrt)
    count = len(derivatives.shapes)
    gradient = Derivatives(graph_of(graph, count), derivatives.wrt)
    values = [*with_point(point), *cotangents]
    forward, reverse = gradient.jvp(values, direction)[1], gradient.vjp(values, direction)[1]
    differences = difference(lambda moved: gradient.value([*with_point(moved), *cotangents]), point, direction)
    size = max(absolute(forward, other), absolute(reverse, other), absolute(differences, other))
    expected = inner(differences, other)
    return [
        Comparison(
            f"second {number}: ⟨u, H·ẋ⟩ forward over reverse", inner(forward, other), expected, size,
            DIFFERENCE_TOLERANCE,
        ),
        Comparison(
            f"second {number}: ⟨u, H·ẋ⟩ reverse over reverse", inner(reverse, other), expected, size,
            DIFFERENCE_TOLERANCE,
        ),
    ]  # fmt: skip


def graph_of(graph: Any, count: int) -> Any:
    """A program with its first outputs left out."""
    from dataclasses import replace

    return replace(graph, outputs=graph.outputs[count:], output_names=graph.output_names[count:])


def difference(function: Evaluate, point: Sequence[Any], direction: Sequence[Any]) -> list[Any]:
    """The derivative of a function along a direction by centered differences at two steps, extrapolated."""

    def centered(step: float) -> list[Any]:
        above = function([x + step * d for x, d in zip(point, direction, strict=True)])
        below = function([x - step * d for x, d in zip(point, direction, strict=True)])
        return [(a - b) / (2 * step) for a, b in zip(above, below, strict=True)]

    return [(4 * fine - coarse) / 3 for fine, coarse in zip(centered(STEP / 2), centered(STEP), strict=True)]


def inner(left: Sequence[Any], right: Sequence[Any]) -> float:
    """The sum of the products of all elements."""
    import numpy as np

    from diffcli.tracing.recorder import on_host

    return float(sum(np.sum(np.multiply(on_host(x), on_host(y))) for x, y in zip(left, right, strict=True)))


def absolute(left: Sequence[Any], right: Sequence[Any]) -> float:
    """The sum of the sizes of these products."""
    import numpy as np

    from diffcli.tracing.recorder import on_host

    return float(sum(np.sum(np.abs(np.multiply(on_host(x), on_host(y)))) for x, y in zip(left, right, strict=True)))


def doubled(value: Any) -> Any:
    """A value in double precision."""
    if not hasattr(value, "dtype"):
        return float(value)
    library = library_of([value])
    return library._replace(dtype=library.namespace.float64).astype(value)


def size(value: Any) -> float:
    """The size of the elements of a value: steps are taken in proportion to it."""
    import numpy as np

    from diffcli.tracing.recorder import on_host

    elements = np.abs(np.asarray(on_host(value)))
    return max(1e-8, float(np.median(elements))) if elements.size and np.any(elements) else 1.0


def _random(generator: random.Random, shape: Shape, library: Library) -> Any:
    numbers = [generator.choice((-1, 1)) * generator.uniform(0.5, 1) for _ in range(prod(shape))]
    if not shape:
        return numbers[0]
    return library.namespace.reshape(library.asarray(numbers), shape)
