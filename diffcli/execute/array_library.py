"""Which array library computes: NumPy, CuPy, or any other that speaks the array API standard.

The arrays themselves are asked for their library, once per run. Between operations no element travels to the host: a
number stays an array without axes, except in NumPy with double precision, where a Python float is quicker.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

from diffcli.errors import LibraryError, UsageError
from diffcli.execute import array_functions, array_structural
from diffcli.execute.array_functions import COMPARISONS
from diffcli.execute.floats import CONSTANTS
from diffcli.graph.shapes import Shape

__all__ = ["COMPARISONS", "Library", "constant", "library_of", "named", "synchronise", "usable"]

Array = Any
Function = Callable[..., Any]
INSTALL = {"numpy": "pip install numpy", "cupy": "pip install cupy-cuda12x"}
"""The libraries that can be asked for by name, and what installs them."""


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
        return self.name == "numpy" and bool(self.dtype == self.namespace.float64)

    @property
    def takes_numbers(self) -> bool:
        """Whether its functions take Python numbers in place of arrays."""
        return self.name in INSTALL

    def quiet(self) -> AbstractContextManager[Any]:
        """While this is entered, 1/0 is inf and not a warning."""
        import numpy as np  # other libraries of the standard may compute with it

        return np.errstate(all="ignore")

    def find(self, *names: str) -> Any:
        """Its function of one of these names, or None: older versions lack those of the standard."""
        return next((getattr(self.namespace, name) for name in names if hasattr(self.namespace, name)), None)

    def where(self, **options: Any) -> dict[str, Any]:
        """Options of a function that makes an array, with the device where the library has several."""
        return options if self.device is None else {**options, "device": self.device}

    def asarray(self, values: Any) -> Array:
        """Numbers, nested lists or an array as an array of this library and type."""
        if self.dtype == self.namespace.float64:
            return self.namespace.asarray(values, **self.where(dtype=self.dtype))
        with self.quiet():  # 1e300 is inf in single precision
            return self.namespace.asarray(values, **self.where(dtype=self.dtype))

    def astype(self, array: Array) -> Array:
        """An array of this library, in the type of this run."""
        convert = self.find("astype")
        return convert(array, self.dtype) if convert else array.astype(self.dtype)

    def copied(self, array: Array) -> Array:
        """The same elements in memory of their own."""
        return array.copy() if hasattr(array, "copy") else self.namespace.asarray(array, copy=True)

    def lifted(self, value: Any) -> Array:
        """A Python number as an array without axes, where the library wants that."""
        return self.asarray(value) if isinstance(value, float) else value

    def elementwise(self, op: str) -> Function:
        """The primitive `op` on arrays (or numbers) element by element."""
        return array_functions.elementwise(self, op)

    def structural(self, op: str, shapes: Sequence[Shape], **params: Any) -> Function:
        """The primitive `op` on arrays of these shapes as a whole."""
        return array_structural.structural(self, op, shapes, params)


@cache
def constant(literal: str) -> float:
    """The double nearest to the decimal; with arrays of single precision libraries round it to that."""
    return CONSTANTS[literal] if literal in CONSTANTS else float(literal)


def library_of(values: Sequence[Any]) -> Library:
    """The library of the arrays among `values`, and the wider of their types; NumPy for numbers alone.

    Arrays of whole numbers are computed with in double precision. Raises UsageError for complex numbers and for
    arrays of two libraries.
    """
    import numpy as np

    arrays = [value for value in values if hasattr(value, "dtype")]
    namespaces = {
        _namespace(array).__name__: _namespace(array) for array in arrays if not isinstance(array, np.generic)
    }
    if len(namespaces) > 1:
        raise UsageError(f"the arrays come from different libraries: {' and '.join(sorted(namespaces))}")
    namespace = next(iter(namespaces.values()), np)
    if namespace is not np:
        arrays = [array for array in arrays if not isinstance(array, np.generic)]  # numbers of NumPy are numbers
    if any("complex" in str(array.dtype) for array in arrays):
        raise UsageError("complex numbers have no derivatives here", hint="give arrays of real numbers")
    is_single = bool(arrays) and all(bool(array.dtype == namespace.float32) for array in arrays)
    dtype = namespace.float32 if is_single else namespace.float64
    if namespace is np:
        return Library(np, np.dtype(dtype))
    device = None if namespace.__name__ == "cupy" else getattr(arrays[0], "device", None)  # CuPy: the current one
    return Library(namespace, dtype, device)


def _namespace(array: Array) -> Any:
    if hasattr(array, "__array_namespace__"):
        return array.__array_namespace__()
    return import_module("cupy" if type(array).__module__.partition(".")[0] == "cupy" else "numpy")


def named(name: str) -> Any:
    """The array library called numpy or cupy; raises LibraryError where it is not installed or finds no device."""
    if name not in INSTALL:
        raise UsageError(f"there is no array library {name}", hint=f"choose one of {', '.join(INSTALL)}")
    try:
        namespace = import_module(name)
    except ImportError as error:
        raise LibraryError(f"the array library {name} is not installed", hint=INSTALL[name]) from error
    if name == "cupy" and not _devices(namespace):
        raise LibraryError("CuPy finds no GPU", hint="use --array-library numpy")
    return namespace


def usable(name: str) -> str | None:
    """The version of the array library called `name`, with its device; None where it cannot be used."""
    try:
        namespace = named(name)
    except LibraryError:
        return None
    return f"{namespace.__version__}{f' on {device_name(namespace)}' if name == 'cupy' else ''}"


def synchronise(namespace: Any) -> None:
    """Wait until the device has done all it was told; a timing without this measures the telling."""
    if namespace.__name__ == "cupy":
        namespace.cuda.get_current_stream().synchronize()


def device_name(cupy: Any) -> str:
    """What the current GPU is called."""
    properties = cupy.cuda.runtime.getDeviceProperties(cupy.cuda.runtime.getDevice())
    return str(properties["name"].decode())


def _devices(cupy: Any) -> int:
    try:
        return int(cupy.cuda.runtime.getDeviceCount())
    except cupy.cuda.runtime.CUDARuntimeError:
        return 0
