"""What an operation is in an array library: NumPy, CuPy, or any other that speaks the array API standard.

The arrays themselves are asked for their library, once per run; nothing here imports one. Between operations no
element travels to the host: a number stays an array without axes, except in NumPy, where a Python float is quicker.
"""

import operator
from array import array
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from math import prod
from typing import Any, NamedTuple

from diffcli.errors import LibraryError
from diffcli.execute.floats import CONSTANTS, function
from diffcli.graph.ops import OPS
from diffcli.graph.shapes import Shape
from diffcli.graph.structural import Indices

Array = Any
Function = Callable[..., Any]
OPERATORS: dict[str, Function] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "neg": operator.neg,
    "pow": operator.pow,
}
COMPARISONS: dict[str, Function] = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "eq": operator.eq,
    "ne": operator.ne,
}
SPECIAL = {
    "erf": "erf",
    "erfc": "erfc",
    "gamma": "gamma",
    "lgamma": "gammaln",
    "digamma": "psi",
    "polygamma": "polygamma",
}
"""What the array API standard lacks, by its name in scipy.special and cupyx.scipy.special."""


class Library(NamedTuple):
    """An array library, with the type of real numbers that a run computes in."""

    namespace: Any
    dtype: Any
    device: Any = None

    @property
    def name(self) -> str:
        """The name of its module: numpy, cupy, array_api_strict."""
        return str(self.namespace.__name__).partition(".")[0]

    @property
    def has_quick_numbers(self) -> bool:
        """Whether numbers may leave their arrays: NumPy in double precision."""
        return self.name == "numpy" and self.dtype == self.namespace.float64

    def quiet(self) -> AbstractContextManager[Any]:
        """While this is entered, 1/0 is inf and not a warning."""
        result: AbstractContextManager[Any] = (
            self.namespace.errstate(all="ignore") if self.name == "numpy" else nullcontext()
        )
        return result

    def asarray(self, values: Any) -> Array:
        """Numbers, nested lists or an array as an array of this library and type."""
        return self.namespace.asarray(values, dtype=self.dtype, device=self.device)

    def elementwise(self, op: str) -> Function:
        """The primitive `op` on arrays (or numbers) element by element."""
        if op in OPERATORS:
            return OPERATORS[op]
        if op in COMPARISONS:
            return lambda x, y: self.namespace.astype(self.asarray(COMPARISONS[op](x, y)), self.dtype)
        if op in _OWN:
            own = _OWN[op]
            return lambda *args: own(self.namespace, *map(self.lifted, args))
        name = OPS[op].call("array")
        if name and hasattr(self.namespace, name):
            found: Function = getattr(self.namespace, name)
            return found if self.name == "numpy" else lambda *args: found(*map(self.lifted, args))
        if op in SPECIAL:
            return self._special(op)
        definition = OPS[op].definition_graph()
        from diffcli.execute.arrays import ArrayArithmetic
        from diffcli.execute.interpreter import outputs

        return lambda *args: outputs(definition, ArrayArithmetic(self), args)[0]

    def lifted(self, value: Any) -> Array:
        """A Python number as an array without axes, where the library wants that."""
        return self.asarray(value) if isinstance(value, float) else value

    def structural(self, op: str, shapes: Sequence[Shape], **params: Any) -> Function:
        """The primitive `op` on arrays of these shapes as a whole."""
        made: Function = _STRUCTURAL[op](self, shapes, **params)
        return made

    def _special(self, op: str) -> Function:
        """A special function: by CuPy's SciPy on a device, element by element in double precision elsewhere."""
        if self.name == "cupy":
            from importlib import import_module

            found: Function = getattr(import_module("cupyx.scipy.special"), SPECIAL[op])
            return found
        if self.name != "numpy":
            raise LibraryError(f"{op} cannot be computed with {self.name}", hint="use --array-library numpy")
        numpy, one = self.namespace, function(op)
        each = numpy.frompyfunc(lambda *args: one(*map(float, args)), OPS[op].arity, 1)
        return lambda *args: numpy.asarray(each(*args), dtype=self.dtype)


@cache
def constant(literal: str) -> float:
    """The double nearest to the decimal; with arrays of single precision libraries round it to that."""
    return CONSTANTS[literal] if literal in CONSTANTS else float(literal)


def library_of(values: Sequence[Any]) -> Library:
    """The library of the arrays among `values`, and the wider of their types; NumPy for numbers alone."""
    arrays = [value for value in values if hasattr(value, "dtype")]
    for value in arrays:
        if hasattr(value, "__array_namespace__"):
            namespace = value.__array_namespace__()
            dtype = arrays[0].dtype if len(arrays) == 1 else namespace.result_type(*[one.dtype for one in arrays])
            is_real = dtype in (namespace.float32, namespace.float64)
            device = getattr(value, "device", None) if str(namespace.__name__).startswith("array_api") else None
            return Library(namespace, dtype if is_real else namespace.float64, device)
    import numpy as np

    is_single = bool(arrays) and all(value.dtype == np.float32 for value in arrays)
    return Library(np, np.float32 if is_single else np.float64)


# Elementwise functions that need more than a name: xp, then arrays.


def _where(xp: Any, condition: Array, x: Array, y: Array) -> Array:
    return xp.where(condition != 0, x, y)


def _sigmoid(xp: Any, x: Array) -> Array:
    """1/(1 + exp(−x)), and exp(x) where that is the same to the last bit and exp(−x) would overflow."""
    return 1 / (1 + xp.exp(-x))


def _relu(xp: Any, x: Array) -> Array:
    return xp.maximum(x, xp.zeros_like(x))


def _cube_root(xp: Any, x: Array) -> Array:
    """Of negative numbers too; one step of Newton's method makes up for the rounding of 1/3."""
    if hasattr(xp, "cbrt"):
        return xp.cbrt(x)
    size = xp.abs(x)
    root = size ** (1 / 3)
    safe = xp.where(root == 0, xp.ones_like(root), root)
    return xp.sign(x) * xp.where(xp.isfinite(root), root - (root - size / safe / safe) / 3, root)


_OWN: dict[str, Function] = {"where": _where, "sigmoid": _sigmoid, "relu": _relu, "cbrt": _cube_root}


# Operations on arrays as a whole: what depends on shapes and parameters only is settled before the first run.


def _reduction(name: str) -> Callable[..., Function]:
    def made(library: Library, shapes: Sequence[Shape], axes: tuple[int, ...], keepdims: bool) -> Function:
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


def _norm(library: Library, _: Sequence[Shape], axes: tuple[int, ...], keepdims: bool) -> Function:
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


def _logsumexp(library: Library, _: Sequence[Shape], axes: tuple[int, ...], keepdims: bool) -> Function:
    xp = library.namespace

    def logsumexp(x: Array) -> Array:
        exponential, largest = _shifted_exponential(xp, x, axes)
        result = xp.log(xp.sum(exponential, axis=axes, keepdims=True)) + largest
        return result if keepdims else xp.squeeze(result, axis=axes)

    return logsumexp


def _softmax(library: Library, _: Sequence[Shape], axis: int) -> Function:
    xp = library.namespace

    def softmax(x: Array) -> Array:
        exponential, _ = _shifted_exponential(xp, x, (axis,))
        return exponential / xp.sum(exponential, axis=axis, keepdims=True)

    return softmax


def _running_sum(library: Library, _: Sequence[Shape], axis: int) -> Function:
    xp = library.namespace
    found = getattr(xp, "cumulative_sum", None) or xp.cumsum
    return lambda x: found(x, axis=axis)


def _product(library: Library, shapes: Sequence[Shape]) -> Function:
    if library.name == "numpy" and max(map(len, shapes)) <= 2:
        dot: Function = library.namespace.dot
        return dot
    product: Function = library.namespace.matmul
    return product


def _moved(name: str, parameter: str) -> Callable[..., Function]:
    def made(library: Library, _: Sequence[Shape], **params: Any) -> Function:
        found, value = getattr(library.namespace, name), params[parameter]
        return lambda x: found(library.lifted(x), value)

    return made


def _slices(key: Sequence[Any]) -> tuple[int | slice, ...]:
    return tuple(entry if isinstance(entry, int) else slice(*entry) for entry in key)


def _indexed(_: Library, __: Sequence[Shape], key: Sequence[Any]) -> Function:
    return operator.itemgetter(_slices(key))


def _placed(library: Library, _: Sequence[Shape], key: Sequence[Any], shape: Shape) -> Function:
    where, xp = _slices(key), library.namespace

    def placed(x: Array) -> Array:
        result = xp.zeros(shape, dtype=library.dtype, device=library.device)
        result[where] = x
        return result

    return placed


def _positions(library: Library, indices: Indices) -> Array:
    positions = array("q", indices.data).tolist()
    return library.namespace.asarray(positions, dtype=library.namespace.int64, device=library.device)


def _taken(library: Library, _: Sequence[Shape], indices: Indices) -> Function:
    xp, positions = library.namespace, _positions(library, indices)
    return lambda x: xp.reshape(xp.take(xp.reshape(x, (-1,)), positions, axis=0), indices.shape)


def _scattered(library: Library, _: Sequence[Shape], indices: Indices, shape: Shape) -> Function:
    """Each element added at its index; counted with weights where the library can, else by a matrix of 0 and 1."""
    xp, positions, size = library.namespace, _positions(library, indices), prod(shape)

    def counted(x: Array) -> Array:
        weights = xp.reshape(x, (-1,))
        return xp.reshape(xp.bincount(positions, weights=weights, minlength=size).astype(library.dtype), shape)

    def selected(x: Array) -> Array:
        rows = xp.arange(size, device=library.device)[:, None] == positions[None, :]
        return xp.reshape(xp.matmul(xp.astype(rows, library.dtype), xp.reshape(x, (-1,))), shape)

    return counted if hasattr(xp, "bincount") else selected


def _joined(library: Library, _: Sequence[Shape], axis: int) -> Function:
    concat: Function = library.namespace.concat
    return lambda *arrays: concat(arrays, axis=axis)


def _linear(name: str, pick: Function = lambda result: result) -> Callable[..., Function]:
    """A function of the linear-algebra extension; where the matrix is singular there is no number."""

    def made(library: Library, shapes: Sequence[Shape]) -> Function:
        found = getattr(library.namespace.linalg, name)
        shape = shapes[-1] if name != "det" else shapes[0][:-2]

        def run(*arrays: Array) -> Array:
            try:
                return pick(found(*arrays))
            except (ArithmeticError, ValueError):  # NumPy: LinAlgError is a ValueError
                return library.asarray(library.namespace.full(shape, float("nan")))

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
    "transpose": _moved("permute_dims", "permutation"),
    "reshape": _moved("reshape", "shape"),
    "broadcast": _moved("broadcast_to", "shape"),
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
