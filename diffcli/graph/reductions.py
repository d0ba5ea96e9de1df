"""Rows of the table for arrays: what sums, norms and maxima over axes are, and functions along one axis.

`axes` are numbers from 0, in order.
"""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from diffcli.errors import ShapeError
from diffcli.graph import shapes
from diffcli.graph.primitive import Term, function
from diffcli.graph.shapes import Shape
from diffcli.graph.structural import Structural, kept, one_per_argument, same_on_tangent

exp, equal = function("exp"), function("eq")


def _reduced(x: Shape, axes: tuple[int, ...], keepdims: bool) -> Shape:
    return shapes.reduced(x, axes, keepdims=keepdims)


def _reduced_not_empty(x: Shape, axes: tuple[int, ...], keepdims: bool) -> Shape:
    if any(x[axis] == 0 for axis in axes):
        raise ShapeError(f"an array of shape {shapes.shown(x)} has no largest and no smallest element")
    return _reduced(x, axes, keepdims)


def _batched_reduction(op: str) -> Callable[..., Term]:
    return lambda _, x, axes, keepdims: x.apply(op, axes=tuple(axis + 1 for axis in axes), keepdims=keepdims)


def _weighted_jvp(weights: Callable[..., Term]) -> Callable[..., Term]:
    """The rule of a reduction whose partial by each element is a weight of the same shape as the array."""
    return lambda k, t, x, axes, keepdims: (t * weights(x, axes)).sum(axes, keepdims=keepdims)


def _weighted_vjp(weights: Callable[..., Term]) -> Callable[..., Term]:
    return lambda k, g, x, axes, keepdims: kept(g, x.shape, axes) * weights(x, axes)


def _reduction(x: Term, op: str, axes: Sequence[int]) -> Term:
    return x.apply(op, axes=tuple(axes), keepdims=True)


def _share(op: str) -> Callable[..., Term]:
    """1 for the largest element, 0 for the others, and equal shares where several are largest."""

    def weights(x: Term, axes: Sequence[int]) -> Term:
        chosen = equal(x, _reduction(x, op, axes))
        return chosen / chosen.sum(axes, keepdims=True)

    return weights


def _exponential_share(x: Term, axes: Sequence[int]) -> Term:
    return exp(x - _reduction(x, "logsumexp", axes))


def _direction(x: Term, axes: Sequence[int]) -> Term:
    return x / _reduction(x, "norm", axes)


REDUCTIONS = (
    Structural(
        "sum", "sum over all elements or over an axis", shape=_reduced, jvp=same_on_tangent("sum"),
        vjp=lambda k, g, x, axes, keepdims: kept(g, x.shape, axes),
        batch=_batched_reduction("sum"), cost=one_per_argument, latex=r"\operatorname{sum}",
    ),
    Structural(
        "amax", "largest element, of all or along an axis", shape=_reduced_not_empty,
        jvp=_weighted_jvp(_share("amax")), vjp=_weighted_vjp(_share("amax")),
        batch=_batched_reduction("amax"), cost=one_per_argument, latex=r"\max",
    ),
    Structural(
        "amin", "smallest element, of all or along an axis", shape=_reduced_not_empty,
        jvp=_weighted_jvp(_share("amin")), vjp=_weighted_vjp(_share("amin")),
        batch=_batched_reduction("amin"), cost=one_per_argument, latex=r"\min",
    ),
    Structural(
        "norm", "Euclidean norm sqrt(sum(x^2)) without overflow", shape=_reduced,
        jvp=_weighted_jvp(_direction), vjp=_weighted_vjp(_direction),
        batch=_batched_reduction("norm"), cost=lambda _, x: 2 * prod(x) + 1, latex=r"\operatorname{norm}",
    ),
    Structural(
        "logsumexp", "ln(sum(exp(x))) without overflow", shape=_reduced_not_empty,
        jvp=_weighted_jvp(_exponential_share), vjp=_weighted_vjp(_exponential_share),
        batch=_batched_reduction("logsumexp"), cost=lambda _, x: 3 * prod(x) + 1, latex=r"\operatorname{logsumexp}",
    ),
)  # fmt: skip


def _softmax_rule(k: int, t: Term, x: Term, axis: int) -> Term:  # noqa: ARG001 - all rules are called alike
    """diag(p) − p pᵀ, the same for tangents and cotangents."""
    p = x.apply("softmax", axis=axis)
    return p * (t - (t * p).sum((axis,), keepdims=True))


def _axis(x: Shape, axis: int) -> Shape:
    shapes.normal_axes(x, axis)
    return x


def _axis_not_empty(x: Shape, axis: int) -> Shape:
    if not x[shapes.normal_axes(x, axis)[0]]:
        raise ShapeError(f"an array of shape {shapes.shown(x)} has no elements to share 1 among")
    return x


def _reversed(x: Term, axis: int) -> Term:
    key: list[Any] = [(0, size, 1) for size in x.shape]
    key[axis] = (x.shape[axis] - 1, None, -1)
    return x.index(tuple(key))


ALONG_AN_AXIS = (
    Structural(
        "softmax", "exp(x)/sum(exp(x)) without overflow", shape=_axis_not_empty, jvp=_softmax_rule, vjp=_softmax_rule,
        batch=lambda _, x, axis: x.apply("softmax", axis=axis + 1), cost=lambda _, x: 4 * prod(x),
        latex=r"\operatorname{softmax}",
    ),
    Structural(
        "cumsum", "running sums along an axis", shape=_axis, jvp=same_on_tangent("cumsum"),
        vjp=lambda k, g, x, axis: _reversed(_reversed(g, axis).apply("cumsum", axis=axis), axis),
        batch=lambda _, x, axis: x.apply("cumsum", axis=axis + 1), latex=r"\operatorname{cumsum}",
    ),
)  # fmt: skip
