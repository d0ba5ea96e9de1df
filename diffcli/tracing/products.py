"""NumPy's products of vectors, matrices and tensors."""

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from diffcli.errors import ShapeError
from diffcli.graph import composites
from diffcli.graph.primitive import Term, function
from diffcli.graph.shapes import normal_axes, shown
from diffcli.tracing.elementwise import number
from diffcli.tracing.indexing import indexed, positions, taken
from diffcli.tracing.joins import stack

if TYPE_CHECKING:
    from diffcli.tracing.recorder import Recorder

where = function("where")


def matmul(_: "Recorder", x: Term, y: Term) -> Term:
    """Matrix product."""
    return x @ y


def vecdot(_: "Recorder", x: Term, y: Term) -> Term:
    """Products of vectors along the last axis."""
    product = x * y
    return product.sum((len(product.shape) - 1,))


def matvec(_: "Recorder", x: Term, y: Term) -> Term:
    """Matrices times vectors."""
    result = x @ y.reshape((*y.shape, 1))
    return result.reshape(result.shape[:-1])


def vecmat(_: "Recorder", x: Term, y: Term) -> Term:
    """Vectors times matrices."""
    result = x.reshape((*x.shape[:-1], 1, x.shape[-1])) @ y
    return result.reshape((*result.shape[:-2], result.shape[-1]))


def dot(recorder: "Recorder", a: Any, b: Any) -> Term:
    """NumPy's dot."""
    return composites.dot(recorder.term(a), recorder.term(b))


def vdot(recorder: "Recorder", a: Any, b: Any) -> Term:
    """Sum of all products of elements."""
    x, y = (term.reshape((prod(term.shape),)) for term in (recorder.term(a), recorder.term(b)))
    return x @ y


def inner(recorder: "Recorder", a: Any, b: Any) -> Term:
    """Sum of products over the last axes."""
    x, y = recorder.term(a), recorder.term(b)
    if not x.shape or not y.shape:
        return x * y
    return contracted(x, y, (len(x.shape) - 1,), (len(y.shape) - 1,))


def outer(recorder: "Recorder", a: Any, b: Any) -> Term:
    """All products of two elements."""
    return composites.outer(recorder.term(a), recorder.term(b))


def tensordot(recorder: "Recorder", a: Any, b: Any, axes: Any = 2) -> Term:
    """Sum of products over pairs of axes."""
    x, y = recorder.term(a), recorder.term(b)
    if isinstance(axes, (int, np.integer)):
        first, second = tuple(range(len(x.shape) - int(axes), len(x.shape))), tuple(range(int(axes)))
    else:
        first, second = (tuple(one) if isinstance(one, Sequence) else (one,) for one in axes)
    places = (tuple(normal_axes(t.shape, int(k))[0] for k in chosen) for t, chosen in ((x, first), (y, second)))
    return contracted(x, y, *places)


def contracted(x: Term, y: Term, first: Sequence[int], second: Sequence[int]) -> Term:
    """Sum of products over the axes `first` of x and `second` of y, as one product of matrices."""
    if [x.shape[k] for k in first] != [y.shape[k] for k in second]:
        raise ShapeError(f"the shapes {shown(x.shape)} and {shown(y.shape)} do not fit along these axes")
    left = [k for k in range(len(x.shape)) if k not in first]
    right = [k for k in range(len(y.shape)) if k not in second]
    common = prod(x.shape[k] for k in first)
    rows, columns = [x.shape[k] for k in left], [y.shape[k] for k in right]
    matrix = x.transpose([*left, *first]).reshape((prod(rows), common))
    other = y.transpose([*second, *right]).reshape((common, prod(columns)))
    return (matrix @ other).reshape((*rows, *columns))


def kron(recorder: "Recorder", a: Any, b: Any) -> Term:
    """Every element of the first times the whole second."""
    x, y = recorder.term(a), recorder.term(b)
    rank = max(len(x.shape), len(y.shape))
    p, q = ((1,) * (rank - len(term.shape)) + term.shape for term in (x, y))
    rows = x.reshape(tuple(size for one in p for size in (one, 1)))
    columns = y.reshape(tuple(size for one in q for size in (1, one)))
    return (rows * columns).reshape(tuple(m * n for m, n in zip(p, q, strict=True)))


def cross(recorder: "Recorder", a: Any, b: Any, axis: int = -1) -> Term:
    """Vectors perpendicular to pairs of vectors with three components."""
    x, y = (recorder.term(one) for one in (a, b))
    if axis != -1 or x.shape[-1:] != (3,) or y.shape[-1:] != (3,):
        raise ShapeError("np.cross is supported for vectors of three components along the last axis")
    u = [x.index((*_all(x), k)) for k in range(3)]
    v = [y.index((*_all(y), k)) for k in range(3)]
    parts = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]]
    return composites.stack(parts, -1)


def _all(x: Term) -> tuple[tuple[int, int, int], ...]:
    return tuple((0, size, 1) for size in x.shape[:-1])


def trace(recorder: "Recorder", a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Term:
    """Sum of a diagonal."""
    x = recorder.term(a)
    found = taken(x, np.diagonal(positions(x), offset, axis1, axis2))
    return found.sum((len(found.shape) - 1,))


def convolve(recorder: "Recorder", a: Any, v: Any, mode: str = "full") -> Term:
    """Sums of products of one vector with the other reversed, at all shifts: the product with a matrix of shifts."""
    x, y = _vectors(recorder, a, v)
    if x.shape[0] < y.shape[0]:
        x, y = y, x
    size, width = x.shape[0], y.shape[0]
    shifts = np.arange(size + width - 1)[:, None] - np.arange(size)[None, :]
    is_inside = (shifts >= 0) & (shifts < width)
    matrix = where(recorder.term(is_inside), taken(y, np.where(is_inside, shifts, 0)), 0)
    result = matrix @ x
    if mode == "full":
        return result
    length = size if mode == "same" else size - width + 1
    start = (width - 1) // 2 if mode == "same" else width - 1
    return result.index(((start, start + length, 1),))


def _vectors(recorder: "Recorder", *operands: Any) -> list[Term]:
    """Vectors that have elements; a number is a vector of one."""
    terms = [recorder.term(operand) for operand in operands]
    terms = [x if x.shape else x.reshape((1,)) for x in terms]
    for x in terms:
        if len(x.shape) != 1 or not x.shape[0]:
            raise ShapeError(f"a vector with elements is needed, not an array of shape {shown(x.shape)}")
    return terms


def correlate(recorder: "Recorder", a: Any, v: Any, mode: str = "valid") -> Term:
    """Sums of products of two vectors at all shifts."""
    from diffcli.tracing.moves import flip

    x, y = map(recorder.wrapped, _vectors(recorder, a, v))
    if x.shape[0] < y.shape[0]:
        return flip(recorder, recorder.wrapped(correlate(recorder, y, x, mode)))
    return convolve(recorder, x, recorder.wrapped(flip(recorder, y)), mode)


def polyval(recorder: "Recorder", p: Any, x: Any) -> Term:
    """A polynomial by Horner's scheme, highest power first."""
    coefficients, at = recorder.term(p), recorder.term(x)
    result = number(at, 0).broadcast(() if coefficients.shape[0] else at.shape)
    for k in range(coefficients.shape[0]):
        result = result * at + indexed(coefficients, k)
    return result


def vander(recorder: "Recorder", x: Any, N: int | None = None, *, increasing: bool = False) -> Term:  # noqa: N803 - NumPy's name
    """Powers of a vector as columns."""
    term = recorder.term(x)
    count = term.shape[0] if N is None else int(N)
    powers = [recorder.wrapped((term ** number(term, k)).broadcast(term.shape)) for k in range(count)]
    return stack(recorder, powers if increasing else powers[::-1], -1)


def covariance(recorder: "Recorder", m: Any, *, rowvar: bool = True, ddof: int = 1) -> Term:
    """Covariances of variables in rows."""
    x = recorder.term(m)
    x = x.reshape((1, *x.shape)) if len(x.shape) == 1 else x if rowvar else x.swapped()
    distance = x - composites.mean(x, (1,), keepdims=True)
    result = distance @ distance.swapped() / number(x, x.shape[1] - ddof)
    return result.reshape(()) if result.shape == (1, 1) else result
