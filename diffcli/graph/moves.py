"""Rows of the table for arrays: moving elements. What selects and what puts back are each other's rules."""

from collections.abc import Sequence
from math import prod
from typing import Any

from diffcli.errors import ShapeError
from diffcli.graph import shapes
from diffcli.graph.primitive import Term
from diffcli.graph.shapes import Key, Shape
from diffcli.graph.structural import Indices, Structural, no_operations, one_per_argument, same_on_tangent


def _transposed(x: Shape, permutation: tuple[int, ...]) -> Shape:
    if sorted(permutation) != list(range(len(x))):
        raise ShapeError(f"the axes {permutation} are not those of an array of shape {shapes.shown(x)}")
    return tuple(x[axis] for axis in permutation)


def _inverse(permutation: Sequence[int]) -> tuple[int, ...]:
    return tuple(sorted(range(len(permutation)), key=permutation.__getitem__))


def _stretched(x: Shape, shape: Shape) -> Shape:
    if shapes.broadcast(x, shape) != shape:
        raise ShapeError(f"an array of shape {shapes.shown(x)} cannot be broadcast to {shapes.shown(shape)}")
    return shape


def _all(size: int, key: Key) -> Key:
    return ((0, size, 1), *key)


def _batched_broadcast(_: Sequence[bool], x: Term, shape: Shape) -> Term:
    count, *rest = x.shape
    return x.reshape((count, *(1,) * (len(shape) - len(rest)), *rest)).broadcast((count, *shape))


def _rows(indices: Indices, count: int, size: int) -> Indices:
    """The same indices into each of `count` rows of `size` elements."""
    from array import array

    positions = array("q", indices.data)
    shifted = array("q", [row * size + position for row in range(count) for position in positions])
    return Indices((count, *indices.shape), shifted.tobytes())


def _batched_take(_: Sequence[bool], x: Term, indices: Indices) -> Term:
    return x.apply("take", indices=_rows(indices, x.shape[0], prod(x.shape[1:])))


def _batched_scatter(_: Sequence[bool], x: Term, indices: Indices, shape: Shape) -> Term:
    count = x.shape[0]
    return x.apply("scatter", indices=_rows(indices, count, prod(shape)), shape=(count, *shape))


def _joined(*arguments: Shape, axis: int) -> Shape:
    return shapes.concatenated(arguments, axis)


def _part(k: int, arguments: Sequence[Term], axis: int) -> tuple[Key, Shape]:
    """Where the k-th of several joined arrays lies in the whole, and the shape of that."""
    whole = _joined(*[x.shape for x in arguments], axis=axis)
    start = sum(x.shape[axis] for x in arguments[:k])
    key: list[Any] = [(0, size, 1) for size in whole]
    key[axis] = (start, start + arguments[k].shape[axis], 1)
    return tuple(key), whole


def _joined_tangent(k: int, t: Term, *arguments: Term, axis: int) -> Term:
    return t.place(*_part(k, arguments, axis))


def _joined_cotangent(k: int, g: Term, *arguments: Term, axis: int) -> Term:
    return g.index(_part(k, arguments, axis)[0])


def _batched_join(flags: Sequence[bool], *arguments: Term, axis: int) -> Term:
    count = next(x.shape[0] for x, flag in zip(arguments, flags, strict=True) if flag)
    first, *others = (x if flag else x.broadcast((count, *x.shape)) for x, flag in zip(arguments, flags, strict=True))
    return first.apply("concatenate", *others, axis=axis + 1)


MOVES = (
    Structural(
        "transpose", "the axes in another order", shape=_transposed, jvp=same_on_tangent("transpose"),
        vjp=lambda k, g, x, permutation: g.transpose(_inverse(permutation)), cost=no_operations,
        aliases=("T",), latex="{#1}^{T}",
        batch=lambda _, x, permutation: x.transpose((0, *(axis + 1 for axis in permutation))),
    ),
    Structural(
        "reshape", "the same elements in another shape", shape=lambda x, shape: shapes.reshaped(x, shape),
        jvp=same_on_tangent("reshape"), vjp=lambda k, g, x, shape: g.reshape(x.shape), cost=no_operations,
        batch=lambda _, x, shape: x.reshape((x.shape[0], *shape)), latex=r"\operatorname{reshape}",
    ),
    Structural(
        "broadcast", "repeated along the axes that are missing or have length 1", shape=_stretched, cost=no_operations,
        jvp=same_on_tangent("broadcast"), vjp=lambda k, g, x, shape: g, batch=_batched_broadcast,
        latex=r"\operatorname{broadcast}",
    ),
    Structural(
        "index", "the elements that an index selects", shape=lambda x, key: shapes.selected(x, key), cost=no_operations,
        jvp=same_on_tangent("index"), vjp=lambda k, g, x, key: g.place(key, x.shape),
        batch=lambda _, x, key: x.index(_all(x.shape[0], key)), latex=r"\operatorname{index}",
    ),
    Structural(
        "place", "zeros, with the array where an index selects", shape=lambda x, key, shape: shape, cost=no_operations,
        jvp=same_on_tangent("place"), vjp=lambda k, g, x, key, shape: g.index(key),
        batch=lambda _, x, key, shape: x.place(_all(x.shape[0], key), (x.shape[0], *shape)),
        latex=r"\operatorname{place}",
    ),
    Structural(
        "take", "the elements at an array of indices", shape=lambda x, indices: indices.shape, cost=no_operations,
        jvp=same_on_tangent("take"), batch=_batched_take, latex=r"\operatorname{take}",
        vjp=lambda k, g, x, indices: g.apply("scatter", indices=indices, shape=x.shape),
    ),
    Structural(
        "scatter", "zeros, with each element added at its index", shape=lambda x, indices, shape: shape,
        jvp=same_on_tangent("scatter"), vjp=lambda k, g, x, indices, shape: g.apply("take", indices=indices),
        batch=_batched_scatter, cost=one_per_argument, latex=r"\operatorname{scatter}",
    ),
    Structural(
        "concatenate", "several arrays joined along an axis", shape=_joined, jvp=_joined_tangent, cost=no_operations,
        vjp=_joined_cotangent, batch=_batched_join, latex=r"\operatorname{concatenate}",
    ),
)  # fmt: skip
