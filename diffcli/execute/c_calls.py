"""How Python calls what C compiled: one point of Python's numbers, and few points in plain arrays of NumPy.

ctypes takes longer for a call than a short program for a thousand points. The functions of `c_calls_source` are called
by the interpreter itself.
"""

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from diffcli.execute.c_calls_source import API, TEXT
from diffcli.execute.c_vectors import Toolchain
from diffcli.execute.c_workers import team

LIKE = np.empty(1)
"""What the arrays are that C takes as they are."""
ONE, MANY, FILL = range(3)
"""The functions by their numbers in C."""


class Calls:
    """What Python calls to run a compiled program whose inputs are all arrays.

    Raises:
        CompilerError: The library that does it cannot be compiled or loaded.
    """

    def __init__(self, made_by: Toolchain, program: Any, inputs: int, outputs: int, most: int, cost: float) -> None:
        """`most` is the number of points that are computed at once, `cost` how many nanoseconds one takes."""
        self._function, self._program = _connected(made_by), program
        self._counts = inputs, outputs, most, cost

    def one(self, otherwise: Callable[..., Any]) -> Callable[..., Any]:
        """From one float for each input to the first output and a tuple of the others; `otherwise` takes all else."""
        return self._made(ONE, otherwise)

    def many(self, kept: Callable[[int], tuple[Any, ...]]) -> Callable[..., Any]:
        """The same for plain arrays; None for all else, and for too many points.

        `kept` makes plain arrays for the outputs where there are more points than FEW.
        """
        return self._made(MANY, kept)

    def fill(self) -> Callable[..., Any]:
        """From plain arrays, for the inputs and then for the outputs, to whether they could be filled."""
        return self._made(FILL, None)

    def _made(self, number: int, other: Any) -> Callable[..., Any]:
        made: Callable[..., Any] = self._function(number, self._program, other, *self._counts)
        return made


@cache
def _connected(made_by: Toolchain) -> Callable[..., Any]:
    """The function that makes others, in a library with Python's functions and types, and with threads."""
    library, threads = made_by.library(TEXT), team(made_by)
    known = [_place(getattr(ctypes.pythonapi, name)) for name in API]
    known += [id(float), id(np.ndarray), id(LIKE.dtype), id(None), id(np.empty)]
    library.connect.restype = None
    library.connect((ctypes.c_void_p * len(known))(*known), ctypes.c_void_p(_place(threads) if threads else None))
    count, one = ctypes.c_longlong, ctypes.py_object
    kind = ctypes.PYFUNCTYPE(one, ctypes.c_int, ctypes.c_void_p, one, count, count, count, ctypes.c_double)
    return kind(("function", library))


def _place(function: Any) -> int | None:
    return ctypes.cast(function, ctypes.c_void_p).value


@cache
def are_known() -> bool:
    """Whether numbers and arrays lie in memory as the text above says, in this build of Python and of NumPy."""
    if object.__basicsize__ != 2 * ctypes.sizeof(ctypes.c_void_p):
        return False
    if any(not hasattr(ctypes.pythonapi, name) for name in API):
        return False
    number, table = 1.25, np.arange(12.0).reshape(3, 4)
    seen = _Number.from_address(id(number))
    return (seen.type, seen.value) == (id(float), number) and all(map(_is_known, (table[1], table[:, 1], table)))


def _is_known(array: Any) -> bool:
    seen = _Array.from_address(id(array))
    shape = [seen.dimensions[axis] for axis in range(array.ndim)]
    strides = [seen.strides[axis] for axis in range(array.ndim)]
    found = (seen.type, seen.data, seen.axes, shape, strides, seen.dtype, seen.flags)
    layout = (array.ctypes.data, array.ndim, [*array.shape], [*array.strides])
    return found == (id(np.ndarray), *layout, id(LIKE.dtype), array.flags.num)


class _Number(ctypes.Structure):
    """PyFloatObject in Python's headers."""

    _fields_ = (("count", ctypes.c_ssize_t), ("type", ctypes.c_void_p), ("value", ctypes.c_double))


class _Array(ctypes.Structure):
    """PyArrayObject_fields in NumPy's headers."""

    _fields_ = (
        ("count", ctypes.c_ssize_t),
        ("type", ctypes.c_void_p),
        ("data", ctypes.c_void_p),
        ("axes", ctypes.c_int),
        ("dimensions", ctypes.POINTER(ctypes.c_ssize_t)),
        ("strides", ctypes.POINTER(ctypes.c_ssize_t)),
        ("base", ctypes.c_void_p),
        ("dtype", ctypes.c_void_p),
        ("flags", ctypes.c_int),
    )
