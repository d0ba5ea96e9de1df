"""The primitives that work on arrays as a whole, in an array library.

What depends on shapes and parameters only is settled before the first run.
"""

import operator
from array import array
from collections.abc import Callable, Mapping, Sequence
from math import nan, prod
from typing import TYPE_CHECKING, Any

from diffcli.graph.shapes import Shape
from diffcli.graph.structural import Indices

if TYPE_CHECKING:
    from diffcli.execute.array_library import Library

Array = Any
Function = Callable[..., Any]


def structural(library: "Library", op: str, shapes: Sequence[Shape], params: Mapping[str, Any]) -> Function:
    """The primitive `op` on arrays of these shapes."""
    return _STRUCTURAL[op](library, shapes, **params)


def _reduction(name: str) -> Callable[..., Function]:
    def made(library: "Library", shapes: Sequence[Shape], axes: tuple[int, ...], keepdims: bool) -> Function:
        if library.name == "numpy":
            reduce: Function = getattr(
                library.namespace, {"sum": "add", "max": "maximum", "min": "minimum"}[name]
            ).reduce
            if len(shapes[0]) == 1 and not keepdims:
                return reduce
            return lambda x: reduce(x, axis=axes, keepdims=keepdims)
        found = getattr(library.namespace, name)
        return lambda x: found(x, axis=axes, keepdims=keepdims)

    return made


def _norm(library: "Library", _: Sequence[Shape], axes: tuple[int, ...], keepdims: bool) -> Function:
    """sqrt(Σ x²) with x divided by its largest element, so that no square overflows."""
    xp = library.namespace

    def norm(x: Array) -> Array:
        if not prod(x.shape):
            return xp.sum(x, axis=axes, keepdims=keepdims)
        largest = xp.max(xp.abs(x), axis=axes, keepdims=True)
        scale = xp.where((largest == 0) | ~xp.isfinite(largest), xp.ones_like(largest), largest)
        result = scale * xp.sqrt(xp.sum((x / scale) ** 2, axis=axes, keepdims=True))
        return result if keepdims else xp.squeeze(result, axis=axes)

    return norm


def _shifted_exponential(xp: Any, x: Array, axes: tuple[int, ...]) -> tuple[Array, Array]:
    """exp(x − max x) and max x; the shift keeps the largest exponential at 1."""
    largest = xp.max(x, axis=axes, keepdims=True)
    largest = xp.where(xp.isfinite(largest), largest, xp.zeros_like(largest))
    return xp.exp(x - largest), largest


def _logsumexp(library: "Library", _: Sequence[Shape], axes: tuple[int, ...], keepdims: bool) -> Function:
    xp = library.namespace

    def logsumexp(x: Array) -> Array:
        exponential, largest = _shifted_exponential(xp, x, axes)
        result = xp.log(xp.sum(exponential, axis=axes, keepdims=True)) + largest
        return result if keepdims else xp.squeeze(result, axis=axes)

    return logsumexp


def _softmax(library: "Library", _: Sequence[Shape], axis: int) -> Function:
    xp = library.namespace

    def softmax(x: Array) -> Array:
        exponential, _ = _shifted_exponential(xp, x, (axis,))
        exponential /= xp.sum(exponential, axis=axis, keepdims=True)
        return exponential

    return softmax


def _running_sum(library: "Library", _: Sequence[Shape], axis: int) -> Function:
    found = library.find("cumulative_sum", "cumsum")
    return lambda x: found(x, axis=axis)


def _product(library: "Library", shapes: Sequence[Shape]) -> Function:
    if library.name == "numpy" and max(map(len, shapes)) <= 2:
        dot: Function = library.namespace.dot
        return dot
    product: Function = library.namespace.matmul
    return product


def _moved(parameter: str, *names: str) -> Callable[..., Function]:
    def made(library: "Library", _: Sequence[Shape], **params: Any) -> Function:
        found, value = library.find(*names), params[parameter]
        return lambda x: found(library.lifted(x), value)

    return made


def index(key: Sequence[Any]) -> tuple[int | slice, ...]:
    """The index in Python's form; a start of −1 stands in a reversed axis without elements."""
    entries = ((0, 0, 1) if isinstance(entry, tuple) and entry[0] < 0 else entry for entry in key)
    return tuple(slice(*entry) if isinstance(entry, tuple) else entry for entry in entries)


def _indexed(_: "Library", __: Sequence[Shape], key: Sequence[Any]) -> Function:
    return operator.itemgetter(index(key))


def _placed(library: "Library", _: Sequence[Shape], key: Sequence[Any], shape: Shape) -> Function:
    where, xp = index(key), library.namespace

    def placed(x: Array) -> Array:
        result = xp.zeros(shape, **library.where(dtype=library.dtype))
        result[where] = x
        return result

    return placed


def _positions(library: "Library", indices: Indices) -> Array:
    positions = array("q", indices.data).tolist()
    return library.namespace.asarray(positions, **library.where(dtype=library.namespace.int64))


def _taken(library: "Library", _: Sequence[Shape], indices: Indices) -> Function:
    xp, positions = library.namespace, _positions(library, indices)
    return lambda x: xp.reshape(xp.take(xp.reshape(x, (-1,)), positions, axis=0), indices.shape)


def _scattered(library: "Library", _: Sequence[Shape], indices: Indices, shape: Shape) -> Function:
    """Each element added at its index: counted with weights, added on the device, or by a matrix of 0 and 1."""
    xp, positions, size = library.namespace, _positions(library, indices), prod(shape)

    def counted(x: Array) -> Array:
        return library.astype(xp.bincount(positions, weights=xp.reshape(x, (-1,)), minlength=size))

    def added(x: Array) -> Array:
        result = xp.zeros(size, **library.where(dtype=library.dtype))
        xp.add.at(result, positions, xp.reshape(x, (-1,)))  # CuPy's bincount asks the host for the largest index
        return result

    def selected(x: Array) -> Array:
        rows = xp.arange(size, **library.where())[:, None] == positions[None, :]
        return xp.matmul(library.astype(rows), xp.reshape(x, (-1,)))

    scattered = {"numpy": counted, "cupy": added}.get(library.name, selected)
    return lambda x: xp.reshape(scattered(x), shape)


def _joined(library: "Library", _: Sequence[Shape], axis: int) -> Function:
    concat = library.find("concat", "concatenate")
    return lambda *arrays: concat(arrays, axis=axis)


def _linear(name: str, pick: Function = lambda result: result) -> Callable[..., Function]:
    """A function of the linear-algebra extension; where a matrix is singular there are no numbers."""

    def made(library: "Library", _: Sequence[Shape]) -> Function:
        xp = library.namespace
        found = getattr(xp.linalg, name)

        def run(*arrays: Array) -> Array:
            try:
                return pick(found(*arrays))
            except (ArithmeticError, ValueError):  # NumPy: LinAlgError is a ValueError
                if len(arrays[0].shape) > 2:  # one matrix of a stack does not spoil the others
                    return xp.stack([run(arrays[0][k, ...]) for k in range(arrays[0].shape[0])])
                return xp.full(arrays[-1].shape, nan, **library.where(dtype=library.dtype))

        return run

    return made


_STRUCTURAL: dict[str, Callable[..., Function]] = {
    "sum": _reduction("sum"),
    "amax": _reduction("max"),
    "amin": _reduction("min"),
    "norm": _norm,
    "logsumexp": _logsumexp,
    "softmax": _softmax,
    "cumsum": _running_sum,
    "matmul": _product,
    "transpose": _moved("permutation", "permute_dims", "transpose"),
    "reshape": _moved("shape", "reshape"),
    "broadcast": _moved("shape", "broadcast_to"),
    "index": _indexed,
    "place": _placed,
    "take": _taken,
    "scatter": _scattered,
    "concatenate": _joined,
    "inv": _linear("inv"),
    "det": _linear("det"),
    "logabsdet": _linear("slogdet", lambda result: result[1]),
    "solve": _linear("solve"),
}
