"""Shapes of arrays: how they broadcast, what reductions and products leave, what an index selects.

A scalar has the shape (). Nothing here knows an array library: shapes are known when the graph is built, and a
mismatch is an error at that place.
"""

from collections.abc import Sequence
from math import prod

from diffcli.errors import ShapeError

Shape = tuple[int, ...]
Slice = tuple[int, int | None, int]
Key = tuple[int | Slice, ...]
"""One whole number or one (start, stop, step) for every axis."""


def shown(shape: Shape) -> str:
    """A shape in words: "a number", "3", "2×3"."""
    return "×".join(map(str, shape)) if shape else "a number"


def broadcast(*shapes: Shape) -> Shape:
    """The common shape of arrays combined element by element: axes are matched from the right, 1 fits everything."""
    if len(set(shapes)) == 1:
        return shapes[0]
    rank = max(map(len, shapes), default=0)
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    result = []
    for sizes in zip(*padded, strict=True):
        wide = {size for size in sizes if size != 1}
        if len(wide) > 1:
            raise ShapeError(f"the shapes {' and '.join(shown(s) for s in shapes)} do not fit together")
        result.append(wide.pop() if wide else 1)
    return tuple(result)


def reduced(shape: Shape, axes: Sequence[int], *, keepdims: bool = False) -> Shape:
    """What a reduction over `axes` leaves; with `keepdims` they stay with length 1."""
    if keepdims:
        return tuple(1 if axis in axes else size for axis, size in enumerate(shape))
    return tuple(size for axis, size in enumerate(shape) if axis not in axes)


def normal_axes(shape: Shape, axis: int | Sequence[int] | None) -> tuple[int, ...]:
    """The axes as numbers from 0, in order; None means all of them. Raises ShapeError for one that is not there."""
    if axis is None:
        return tuple(range(len(shape)))
    axes = [axis] if isinstance(axis, int) else list(axis)
    found = tuple(sorted(one + len(shape) if one < 0 else one for one in axes))
    if any(not 0 <= one < len(shape) for one in found) or len(set(found)) < len(found):
        written = ", ".join(map(str, axes))
        raise ShapeError(f"there is no axis {written} in an array of shape {shown(shape)}")
    return found


def matrix_product(x: Shape, y: Shape) -> Shape:
    """The shape of x @ y: vectors, matrices, and stacks of matrices as NumPy multiplies them."""
    if not x or not y:
        raise ShapeError(f"@ multiplies vectors and matrices, not {shown(x)} and {shown(y)}")
    if x[-1] != y[-2 if len(y) > 1 else 0]:
        raise ShapeError(f"the shapes {shown(x)} and {shown(y)} cannot be multiplied with @")
    stack = broadcast(x[:-2], y[:-2])
    return stack + x[-2:-1] + (y[-1:] if len(y) > 1 else ())


def reshaped(old: Shape, new: Sequence[int]) -> Shape:
    """The new shape, in which one length may be -1: whatever is left."""
    if list(new).count(-1) > 1 or any(size < -1 for size in new):
        raise ShapeError(f"{shown(tuple(new))} is no shape")
    known = prod(size for size in new if size != -1)
    if -1 in new:
        rest = prod(old) // known if known and prod(old) % known == 0 else 0
        new = [rest if size == -1 else size for size in new]
    if prod(new) != prod(old):
        raise ShapeError(f"an array of shape {shown(old)} cannot be given the shape {shown(tuple(new))}")
    return tuple(new)


def normal_key(shape: Shape, key: Sequence[int | slice]) -> Key:
    """An index with one entry per axis, counted from 0; raises ShapeError for one that is out of range."""
    if len(key) > len(shape):
        raise ShapeError(f"{len(key)} indices are too many for an array of shape {shown(shape)}")
    entries: list[int | Slice] = []
    for axis, size in enumerate(shape):
        entry = key[axis] if axis < len(key) else slice(None)
        if isinstance(entry, slice):
            start, stop, step = entry.indices(size)
            is_empty = not range(start, stop, step)  # its start may be -1, which would be counted from the end
            entries.append((0, 0, 1) if is_empty else (start, None if stop < 0 else stop, step))
        elif -size <= entry < size:
            entries.append(entry % size)
        else:
            raise ShapeError(f"the index {entry} lies outside 0 to {size - 1} in an array of shape {shown(shape)}")
    return tuple(entries)


def selected(shape: Shape, key: Key) -> Shape:
    """What an index leaves: a whole number drops its axis, a slice keeps it."""
    entries = zip(shape, key, strict=True)
    return tuple(len(range(size)[slice(*entry)]) for size, entry in entries if not isinstance(entry, int))


def concatenated(shapes: Sequence[Shape], axis: int) -> Shape:
    """Arrays joined along an axis; all others must be equal."""
    first = shapes[0]
    if not first:
        raise ShapeError("numbers are stacked, only arrays are concatenated")
    for shape in shapes[1:]:
        if len(shape) != len(first) or (*shape[:axis], *shape[axis + 1 :]) != (*first[:axis], *first[axis + 1 :]):
            raise ShapeError(f"the shapes {shown(first)} and {shown(shape)} cannot be joined along axis {axis}")
    return (*first[:axis], sum(shape[axis] for shape in shapes), *first[axis + 1 :])


def square(*shapes: Shape) -> Shape:
    """The shape of a square matrix, or of a stack of them."""
    (shape,) = shapes
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise ShapeError(f"a square matrix is needed, not {shown(shape)}")
    return shape
