"""NumPy's functions that only move, repeat or leave out elements.

Most of them are asked themselves: applied to an array of positions they say which element comes where.
"""

from collections.abc import Callable, Sequence
from math import prod
from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np

from diffcli.errors import FunctionError
from diffcli.graph.primitive import Term, function
from diffcli.graph.shapes import reshaped
from diffcli.graph.structural import Indices
from diffcli.tracing.indexing import indexed, positions, taken
from diffcli.tracing.reductions import axes_of, axis_of

if TYPE_CHECKING:
    from diffcli.tracing.recorder import Recorder

where = function("where")


def moved(move: Callable[..., Any]) -> Callable[..., Term]:
    """What a function of NumPy does to the positions of the elements."""

    def made(recorder: "Recorder", a: Any, *args: Any, **options: Any) -> Term:
        x = recorder.term(a)
        return taken(x, move(positions(x), *args, **options))

    return made


def reshape(
    recorder: "Recorder", a: Any, shape: Any = None, order: str = "C", *, newshape: Any = None, copy: Any = None
) -> Term:
    """Another shape."""
    del copy  # nothing recorded is ever changed
    x, wanted = recorder.term(a), shape if newshape is None else newshape
    sizes = sizes_of(wanted)
    if order == "F":
        return transpose(recorder, transpose(recorder, x).reshape(reshaped(x.shape, sizes)[::-1]))
    return x.reshape(reshaped(x.shape, sizes))


def sizes_of(shape: Any) -> tuple[int, ...]:
    """A shape as NumPy takes it, one number or several, as numbers of Python."""
    return tuple(map(index, shape)) if np.iterable(shape) else (index(shape),)


def ravel(recorder: "Recorder", a: Any, order: str = "C") -> Term:
    """One axis."""
    return reshape(recorder, a, (-1,) if prod(recorder.term(a).shape) else (0,), order)


def transpose(recorder: "Recorder", a: Any, axes: Sequence[int] | None = None) -> Term:
    """The axes in another order, reversed by default."""
    x = a if isinstance(a, Term) else recorder.term(a)
    rank = len(x.shape)
    return x.transpose([int(axis) % rank for axis in axes] if axes is not None else range(rank - 1, -1, -1))


def matrix_transpose(recorder: "Recorder", x: Any) -> Term:
    """The last two axes exchanged."""
    return recorder.term(x).swapped()


def swapaxes(recorder: "Recorder", a: Any, axis1: int, axis2: int) -> Term:
    """Two axes exchanged."""
    x = recorder.term(a)
    order = list(range(len(x.shape)))
    first, second = axis_of(x, axis1), axis_of(x, axis2)
    order[first], order[second] = second, first
    return x.transpose(order)


def axes_moved(recorder: "Recorder", a: Any, source: Any, destination: Any) -> Term:
    """Some axes to other places."""
    x = recorder.term(a)
    labels = np.moveaxis(np.empty(tuple(range(1, len(x.shape) + 1))), source, destination).shape  # lengths as labels
    return x.transpose([label - 1 for label in labels])


def rollaxis(recorder: "Recorder", a: Any, axis: int, start: int = 0) -> Term:
    """One axis rolled back."""
    x = recorder.term(a)
    labels = np.rollaxis(np.empty(tuple(range(1, len(x.shape) + 1))), axis, start).shape
    return x.transpose([label - 1 for label in labels])


def squeeze(recorder: "Recorder", a: Any, axis: Any = None) -> Term:
    """Without axes of length 1."""
    x = recorder.term(a)
    return x.reshape(np.squeeze(_without_elements(x), axis=axis).shape)


def expand_dims(recorder: "Recorder", a: Any, axis: Any) -> Term:
    """With new axes of length 1."""
    x = recorder.term(a)
    return x.reshape(np.expand_dims(_without_elements(x), axis).shape)


def _without_elements(x: Term) -> Any:
    """An array of the shape of x that takes no memory."""
    return np.broadcast_to(0.0, x.shape)


def at_least(rank: int) -> Callable[..., Any]:
    """np.atleast_1d and its like."""
    widen = (np.atleast_1d, np.atleast_2d, np.atleast_3d)[rank - 1]

    def made(recorder: "Recorder", *arrays: Any) -> Any:
        terms = [recorder.term(array) for array in arrays]
        wide = [x.reshape(widen(_without_elements(x)).shape) for x in terms]
        return wide[0] if len(wide) == 1 else tuple(wide)

    return made


def broadcast_to(recorder: "Recorder", array: Any, shape: Any) -> Term:
    """Repeated along missing axes."""
    return recorder.term(array).broadcast(sizes_of(shape))


def broadcast_arrays(recorder: "Recorder", *arrays: Any) -> tuple[Term, ...]:
    """All in their common shape."""
    terms = [recorder.term(array) for array in arrays]
    shape = np.broadcast_shapes(*[x.shape for x in terms])
    return tuple(x.broadcast(shape) for x in terms)


def meshgrid(recorder: "Recorder", *vectors: Any, indexing: str = "xy", sparse: bool = False) -> list[Term]:
    """Coordinates of a grid."""
    terms = [recorder.term(vector) for vector in vectors]
    flat = [x.reshape((prod(x.shape),)) for x in terms]
    grid: Callable[..., Any] = np.meshgrid
    grids = grid(*[np.arange(x.shape[0]) for x in flat], indexing=indexing, sparse=sparse)
    return [taken(x, places) for x, places in zip(flat, grids, strict=True)]


def flip(recorder: "Recorder", m: Any, axis: Any = None) -> Term:
    """Elements in reverse order."""
    x = recorder.term(m)
    axes = axes_of(x, axis)
    return indexed(x, tuple(slice(None, None, -1) if k in axes else slice(None) for k in range(len(x.shape))))


def flip_left_right(recorder: "Recorder", m: Any) -> Term:
    """Columns in reverse order."""
    return flip(recorder, m, 1)


def flip_up_down(recorder: "Recorder", m: Any) -> Term:
    """Rows in reverse order."""
    return flip(recorder, m, 0)


def diag(recorder: "Recorder", v: Any, k: int = 0) -> Term:
    """The diagonal of a matrix, or the matrix with this diagonal."""
    x, k = recorder.term(v), index(k)
    if len(x.shape) != 1:
        return taken(x, np.diag(positions(x), k))
    size = x.shape[0] + abs(k)
    return scattered(x, np.diag(np.arange(size * size).reshape(size, size), k), (size, size))


def diagflat(recorder: "Recorder", v: Any, k: int = 0) -> Term:
    """The matrix whose diagonal are all elements."""
    x = recorder.term(v)
    return diag(recorder, recorder.wrapped(x.reshape((prod(x.shape),))), k)


def scattered(x: Term, places: Any, shape: tuple[int, ...]) -> Term:
    """Zeros, with the elements of x at an array of positions."""
    places = np.ascontiguousarray(places, dtype=np.int64)
    return x.apply("scatter", indices=Indices(places.shape, places.tobytes()), shape=shape)


def triangle(keep: Callable[..., Any]) -> Callable[..., Term]:
    """np.tril or np.triu."""

    def made(recorder: "Recorder", m: Any, k: int = 0) -> Term:
        x = recorder.term(m)
        is_kept = keep(np.ones(x.shape[-2:], dtype=bool), k)
        return where(recorder.term(is_kept), x, 0)

    return made


def take(recorder: "Recorder", a: Any, indices: Any, axis: int | None = None, *, mode: str = "raise") -> Term:
    """Elements at indices along an axis."""
    x = recorder.term(a)
    return taken(x, np.take(positions(x), indices, axis=axis, mode=mode))  # type: ignore[call-overload]


def resize(recorder: "Recorder", a: Any, new_shape: Any) -> Any:
    """All elements again and again, in another shape; zeros where there are none."""
    x = recorder.term(a)
    return taken(x, np.resize(positions(x), new_shape)) if prod(x.shape) else np.zeros(new_shape)


def pad(recorder: "Recorder", array: Any, pad_width: Any, mode: str = "constant", **options: Any) -> Term:
    """Elements added at the ends of the axes."""
    x = recorder.term(array)
    if mode in ("edge", "reflect", "symmetric", "wrap"):
        return taken(x, np.pad(positions(x), pad_width, mode=mode, **options))  # type: ignore[call-overload]
    if mode != "constant":
        raise FunctionError(f"np.pad with mode={mode!r} is not supported", hint="use constant, edge, reflect or wrap")
    where_from = np.pad(positions(x), pad_width, constant_values=-1)
    is_old = where_from >= 0
    result = scattered(x, np.nonzero(is_old.reshape(-1))[0].reshape(x.shape), where_from.shape)
    values = options.pop("constant_values", 0)
    if options:
        raise FunctionError(f"np.pad with {', '.join(options)} is not supported")
    if np.any(values):
        around = np.pad(np.zeros(x.shape), pad_width, constant_values=values)
        result = result + recorder.term(around)
    return result


def full_like(
    recorder: "Recorder",
    a: Any,
    fill_value: Any,
    dtype: Any = None,
    order: str = "K",  # noqa: ARG001 - NumPy's option
    subok: bool = True,  # noqa: ARG001 - NumPy's option
    shape: Any = None,
) -> Any:
    """An array of the same shape and type with one value."""
    shape = np.shape(a) if shape is None else shape
    if not hasattr(fill_value, "recorder"):
        return np.full(shape, fill_value, dtype=dtype or a.dtype)
    if dtype is not None and np.dtype(dtype).kind != "f":
        raise FunctionError(f"np.full_like of a recorded value with dtype={np.dtype(dtype).name} is not supported")
    return recorder.term(fill_value).broadcast(sizes_of(shape))


def copy(recorder: "Recorder", a: Any, **_: Any) -> Term:
    """The same: nothing recorded is ever changed."""
    return recorder.term(a)
