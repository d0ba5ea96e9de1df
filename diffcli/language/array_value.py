"""Values of array variables, without an array library: what is typed, and what files hold."""

from array import array  # noqa: TC003 - a field's type
from typing import NamedTuple

from diffcli.graph.shapes import Shape

MOST_AXES = 32


class ArrayValue(NamedTuple):
    """The elements of an array as doubles, row by row, with its shape and the type it is to be computed in."""

    shape: Shape
    elements: "array[float]"
    dtype: str = "float64"
    """float64, or float32 for a file that holds that."""
