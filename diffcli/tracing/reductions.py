"""NumPy's reductions over all elements or along axes, and what runs along one axis."""

from collections.abc import Callable, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from diffcli.errors import FunctionError, ShapeError
from diffcli.graph import composites
from diffcli.graph.primitive import Term, function
from diffcli.graph.shapes import normal_axes
from diffcli.tracing.elementwise import number
from diffcli.tracing.indexing import positions, taken

if TYPE_CHECKING:
    from diffcli.tracing.recorder import Recorder

Axis = int | Sequence[int] | None
sqrt, unequal, where = function("sqrt"), function("ne"), function("where")


def axes_of(x: Term, axis: Any) -> tuple[int, ...]:
    """The axes that NumPy's parameter `axis` means; a number may be said to have one."""
    if not x.shape and axis in (0, -1):
        return ()
    if axis is None or isinstance(axis, (tuple, list)):
        return normal_axes(x.shape, None if axis is None else [int(one) for one in axis])
    return normal_axes(x.shape, int(axis))


def axis_of(x: Term, axis: Any) -> int:
    """One axis as a number from 0."""
    return normal_axes(x.shape, int(axis))[0]


def total(recorder: "Recorder", a: Any, axis: Axis = None, *, keepdims: bool = False) -> Term:
    """Sum."""
    x = recorder.term(a)
    return x.sum(axes_of(x, axis), keepdims=bool(keepdims))


def mean(recorder: "Recorder", a: Any, axis: Axis = None, *, keepdims: bool = False) -> Term:
    """Mean."""
    x = recorder.term(a)
    return composites.mean(x, axes_of(x, axis), keepdims=bool(keepdims))


def product(recorder: "Recorder", a: Any, axis: Axis = None, *, keepdims: bool = False) -> Term:
    """Product."""
    x = recorder.term(a)
    return composites.product(x, axes_of(x, axis), keepdims=bool(keepdims))


def extreme(op: str) -> Callable[..., Term]:
    """Largest or smallest element."""

    def found(recorder: "Recorder", a: Any, axis: Axis = None, *, keepdims: bool = False) -> Term:
        x = recorder.term(a)
        axes = axes_of(x, axis)
        return x.apply(op, axes=axes, keepdims=bool(keepdims)) if axes else x

    return found


def peak_to_peak(recorder: "Recorder", a: Any, axis: Axis = None, *, keepdims: bool = False) -> Term:
    """Largest minus smallest element."""
    largest, smallest = extreme("amax"), extreme("amin")
    return largest(recorder, a, axis, keepdims=keepdims) - smallest(recorder, a, axis, keepdims=keepdims)


def variance(
    recorder: "Recorder", a: Any, axis: Axis = None, *, ddof: float = 0, keepdims: bool = False, **options: Any
) -> Term:
    """Mean squared distance from the mean."""
    ddof = options.pop("correction", ddof)
    if options:
        raise FunctionError(f"np.var with {', '.join(options)} is not supported")
    x = recorder.term(a)
    axes = axes_of(x, axis)
    distance = x - composites.mean(x, axes, keepdims=True)
    freedom = prod(x.shape[one] for one in axes) - ddof
    return (distance * distance).sum(axes, keepdims=bool(keepdims)) / number(x, max(freedom, 0))


def deviation(recorder: "Recorder", a: Any, axis: Axis = None, **options: Any) -> Term:
    """Root of the variance."""
    return sqrt(variance(recorder, a, axis, **options))


def average(recorder: "Recorder", a: Any, axis: Axis = None, weights: Any = None, *, keepdims: bool = False) -> Term:
    """Weighted mean."""
    if weights is None:
        return mean(recorder, a, axis, keepdims=keepdims)
    x, w = recorder.term(a), recorder.term(weights)
    axes = axes_of(x, axis)
    if len(w.shape) == 1 and len(axes) == 1 and len(x.shape) > 1:
        w = w.reshape(tuple(w.shape[0] if one == axes[0] else 1 for one in range(len(x.shape))))
    w = w.broadcast(x.shape)
    return (x * w).sum(axes, keepdims=bool(keepdims)) / w.sum(axes, keepdims=bool(keepdims))


def without_nan(reduce: Callable[..., Term]) -> Callable[..., Term]:
    """The same reduction with 0 in the place of nan."""

    def reduced(recorder: "Recorder", a: Any, axis: Axis = None, *, keepdims: bool = False) -> Term:
        x = recorder.term(a)
        return reduce(recorder, _wrapped(recorder, where(unequal(x, x), 0, x)), axis, keepdims=keepdims)

    return reduced


def nanmean(recorder: "Recorder", a: Any, axis: Axis = None, *, keepdims: bool = False) -> Term:
    """Mean of what is not nan."""
    x = recorder.term(a)
    axes, is_missing = axes_of(x, axis), unequal(x, x)
    count = (1 - is_missing).sum(axes, keepdims=bool(keepdims))
    return where(is_missing, 0, x).sum(axes, keepdims=bool(keepdims)) / count


def _wrapped(recorder: "Recorder", term: Term) -> Any:
    return recorder.wrapped(term)


def norm(recorder: "Recorder", x: Any, ord: Any = None, axis: Axis = None, *, keepdims: bool = False) -> Term:  # noqa: A002 - NumPy's name
    """Norm of vectors, and the norms of matrices that need no decomposition."""
    term = recorder.term(x)
    axes = axes_of(term, axis)
    is_matrix = len(axes) == 2
    if ord in (None, "fro") or (ord == 2 and len(axes) == 1):
        return term.apply("norm", axes=axes, keepdims=bool(keepdims)) if axes else term.apply("abs")
    if is_matrix and ord in (1, -1, np.inf, -np.inf):
        rows, columns = axes if axis is None else [axis_of(term, one) for one in _pair(axis)]
        summed, chosen = (rows, columns) if abs(ord) == 1 else (columns, rows)
        sums = term.apply("abs").sum((summed,), keepdims=True)
        found = sums.apply("amax" if ord > 0 else "amin", axes=(chosen,), keepdims=True)
        return found if keepdims else found.reshape(tuple(s for k, s in enumerate(term.shape) if k not in axes))
    if is_matrix or len(axes) != 1 or isinstance(ord, str):
        raise FunctionError(f"np.linalg.norm of matrices with ord={ord!r} is not supported", hint="see diffcli ops")
    return _vector_norm(term, ord, axes, keepdims=bool(keepdims))


def _pair(axis: Any) -> Sequence[int]:
    return axis if isinstance(axis, (tuple, list)) else (axis,)


def _vector_norm(x: Term, order: float, axes: tuple[int, ...], *, keepdims: bool) -> Term:
    size = x.apply("abs")
    if abs(order) == np.inf:
        return size.apply("amax" if order > 0 else "amin", axes=axes, keepdims=keepdims)
    if order == 0:
        return unequal(x, 0).sum(axes, keepdims=keepdims)
    if order == 1:
        return size.sum(axes, keepdims=keepdims)
    powers = (size ** number(x, order)).sum(axes, keepdims=keepdims)
    return powers ** number(x, 1 / order)


def vector_norm(recorder: "Recorder", x: Any, *, axis: Axis = None, keepdims: bool = False, ord: Any = 2) -> Term:  # noqa: A002 - NumPy's name
    """Norm of all elements as one vector, or along an axis."""
    term = recorder.term(x)
    if not term.shape:
        term = term.reshape((1,))
    axes = axes_of(term, axis)
    if ord == 2 and axes:
        return term.apply("norm", axes=axes, keepdims=bool(keepdims))
    return _vector_norm(term, ord, axes, keepdims=bool(keepdims))


# Along one axis.


def flat_without_axis(x: Term, axis: Any) -> tuple[Term, int]:
    """NumPy's habit: without an axis the array is flattened first, and a number is an array of one."""
    return (x.reshape((prod(x.shape),)), 0) if axis is None or not x.shape else (x, axis_of(x, axis))


def running_sum(recorder: "Recorder", a: Any, axis: int | None = None) -> Term:
    """Sums of the first elements."""
    x, place = flat_without_axis(recorder.term(a), axis)
    return x.apply("cumsum", axis=place)


def running_product(recorder: "Recorder", a: Any, axis: int | None = None) -> Term:
    """Products of the first elements, doubling their number at each step: no division, so zeros do no harm."""
    x, place = flat_without_axis(recorder.term(a), axis)
    length, step = x.shape[place], 1
    while step < length:
        first, rest = part(x, place, 0, step), part(x, place, step, length)
        x = first.apply("concatenate", rest * part(x, place, 0, length - step), axis=place)
        step *= 2
    return x


def cumulative(run: Callable[..., Term]) -> Callable[..., Term]:
    """The same under its name in the array API standard, where only a vector needs no axis."""

    def made(recorder: "Recorder", x: Any, *, axis: int | None = None) -> Term:
        return run(recorder, x, 0 if axis is None and len(recorder.term(x).shape) == 1 else axis)

    return made


def linspace(recorder: "Recorder", start: Any, stop: Any, num: int = 50, *, endpoint: bool = True) -> Term:
    """Numbers at equal distances between two."""
    x, y = recorder.term(start), recorder.term(stop)
    weights = np.linspace(0.0, 1.0, num, endpoint=endpoint).reshape(num, *(1,) * max(len(x.shape), len(y.shape)))
    w = recorder.term(weights)
    return x * (1 - w) + y * w


def part(x: Term, axis: int, start: int, stop: int) -> Term:
    """A slice along one axis."""
    return x.index(tuple((start, stop, 1) if k == axis else (0, size, 1) for k, size in enumerate(x.shape)))


def difference(
    recorder: "Recorder", a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None
) -> Term:
    """Differences of neighbours, n times."""
    from diffcli.tracing.joins import concatenate

    x = recorder.term(a)
    place = axis_of(x, axis)
    if prepend is not None or append is not None:
        edge = tuple(1 if k == place else size for k, size in enumerate(x.shape))
        before, after = ([] if end is None else [_edge(recorder.term(end), edge)] for end in (prepend, append))
        x = concatenate(recorder, [*before, x, *after], axis)
    for _ in range(n):
        length = x.shape[place]
        x = part(x, place, 1, length) - part(x, place, 0, max(length - 1, 0))
    return x


def _edge(x: Term, shape: tuple[int, ...]) -> Term:
    """A number stands for a slice of it."""
    return x if x.shape else x.broadcast(shape)


def trapezoid(recorder: "Recorder", y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Term:
    """Area under a polygon."""
    heights = recorder.term(y)
    place = axis_of(heights, axis)
    length = heights.shape[place]
    pairs = part(heights, place, 1, length) + part(heights, place, 0, length - 1)
    if x is None:
        return (pairs * recorder.term(dx)).sum((place,)) / 2
    edges = recorder.term(x)
    widths = difference(recorder, x, axis=axis if len(edges.shape) > 1 else -1)
    if len(widths.shape) == 1:
        widths = widths.reshape(tuple(length - 1 if k == place else 1 for k in range(len(heights.shape))))
    return (pairs * widths).sum((place,)) / 2


def sort(recorder: "Recorder", a: Any, axis: int | None = -1) -> Term:
    """In increasing order: the order is looked up, the elements are selected."""
    x, place = flat_without_axis(recorder.term(a), axis)
    order = np.argsort(recorder.concrete(x.position), axis=place, kind="stable")
    return taken(x, np.take_along_axis(positions(x), order, axis=place))


def median(recorder: "Recorder", a: Any, axis: int | None = None, *, keepdims: bool = False) -> Term:
    """The middle element, or the mean of the two middle ones."""
    x = recorder.term(a)
    ordered = sort(recorder, a, axis)
    place = 0 if axis is None else axis_of(x, axis)
    length = ordered.shape[place]
    if not length:
        raise ShapeError("an array without elements has no median")
    middle = part(ordered, place, (length - 1) // 2, length // 2 + 1)
    result = composites.mean(middle, (place,), keepdims=bool(keepdims))
    return result.reshape((1,) * len(x.shape)) if keepdims and axis is None else result
