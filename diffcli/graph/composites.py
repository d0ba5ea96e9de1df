"""Functions of arrays that are made of several primitives; texts and recorded Python functions build them alike."""

from collections.abc import Sequence
from math import prod as size_of

from diffcli.errors import ShapeError
from diffcli.graph.primitive import Term, function
from diffcli.graph.shapes import Shape, normal_axes, reduced, shown

_xlogy = function("xlogy")


def mean(x: Term, axes: Sequence[int], *, keepdims: bool = False) -> Term:
    """The sum over `axes` divided by the number of elements."""
    count = size_of(x.shape[axis] for axis in axes)
    if not count:
        raise ShapeError(f"an array of shape {shown(x.shape)} has no mean")
    return x.sum(axes, keepdims=keepdims) / count


def product(x: Term, axes: Sequence[int], *, keepdims: bool = False) -> Term:
    """The product over `axes`, by halves: about log2(n) multiplications of arrays, and no division by an element."""
    others = [axis for axis in range(len(x.shape)) if axis not in axes]
    kept: Shape = tuple(x.shape[axis] for axis in others)
    length = size_of(x.shape[axis] for axis in axes)
    shape = reduced(x.shape, axes, keepdims=keepdims)
    result = x.transpose([*axes, *others]).reshape((length, *kept))
    while length > 1:
        half = length // 2
        rest = tuple((0, size, 1) for size in kept)
        halves = result.index(((0, half, 1), *rest)) * result.index(((half, 2 * half, 1), *rest))
        last = result.index(((2 * half, length, 1), *rest)) if length % 2 else None
        result = halves.apply("concatenate", last, axis=0) if last else halves
        length = half + length % 2
    if not length:
        one = Term(x.builder, x.builder.constant("1"))
        return one.broadcast(shape)
    return result.reshape(shape)


def outer(x: Term, y: Term) -> Term:
    """All products of an element of x with one of y."""
    return x.reshape((size_of(x.shape), 1)) * y.reshape((1, size_of(y.shape)))


def dot(x: Term, y: Term) -> Term:
    """NumPy's dot: the product with a number, else the sum over the last axis of x and the last but one of y."""
    if not x.shape or not y.shape:
        return x * y
    if len(y.shape) <= 2:
        return x @ y
    rank = len(y.shape)
    rest = (*y.shape[:-2], y.shape[-1])
    columns = y.transpose((rank - 2, *range(rank - 2), rank - 1)).reshape((y.shape[-2], size_of(rest)))
    return (x @ columns).reshape((*x.shape[:-1], *rest))


def stack(arrays: Sequence[Term], axis: int = 0) -> Term:
    """Arrays of one shape side by side along a new axis."""
    shape = arrays[0].shape
    for other in arrays[1:]:
        if other.shape != shape:
            raise ShapeError(f"the shapes {shown(shape)} and {shown(other.shape)} cannot be stacked")
    (place,) = normal_axes((*shape, 1), axis)
    first, *others = (array.reshape((*shape[:place], 1, *shape[place:])) for array in arrays)
    return first.apply("concatenate", *others, axis=place)


def cross_entropy(p: Term, y: Term) -> Term:
    """−Σ y·ln(p) over the last axis, for probabilities p and labels y; 0 where y is 0."""
    terms = _xlogy(y, p)
    return -terms.sum((len(terms.shape) - 1,)) if terms.shape else -terms


def cross_entropy_of_logits(z: Term, y: Term) -> Term:
    """The cross-entropy of softmax(z) without its overflow and cancellation: Σ y·(logsumexp(z) − z)."""
    if not z.shape:
        raise ShapeError("the logits are the elements of an array, not a number")
    terms = y * (z.apply("logsumexp", axes=(len(z.shape) - 1,), keepdims=True) - z)
    return terms.sum((len(terms.shape) - 1,))
