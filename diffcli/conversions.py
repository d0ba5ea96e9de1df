"""What belongs to the values of a point, in their types and shapes: tangents and cotangents in, results out."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from diffcli.errors import PointError
from diffcli.execute.array_library import library_of
from diffcli.tracing.recorded import Recorded
from diffcli.tracing.recording import is_number


def matched(given: Sequence[Any], wanted: Sequence[Any], word: str) -> list[Any]:
    """Tangents or cotangents as floats or arrays, checked against the arrays that they belong to."""
    if not isinstance(given, (tuple, list)) or len(given) != len(wanted):
        raise PointError(f"one {word} is needed for each of {len(wanted)}")
    pairs = [pair for k in range(len(wanted)) for pair in _pairs(given[k], wanted[k], word)]
    return [_seed(one, other, word) for one, other in pairs if is_number(other)]


def _pairs(given: Any, wanted: Any, word: str) -> Iterator[tuple[Any, Any]]:
    """The leaves of two equal containers side by side; a nested list can stand for an array."""
    waiting = [(given, wanted)]
    while waiting:
        one, other = waiting.pop()
        if not isinstance(other, (dict, tuple, list)):
            if other is not None:
                yield one, other
            continue
        is_same = (
            set(one) == set(other)
            if isinstance(other, dict) and isinstance(one, dict)
            else (isinstance(one, (tuple, list)) and len(one) == len(other))
        )
        if not is_same:
            raise PointError(f"a {word} has other containers than what it belongs to")
        keys = list(other) if isinstance(other, dict) else range(len(other))
        waiting.extend((one[key], other[key]) for key in reversed(keys))


def _seed(given: Any, wanted: Any, word: str) -> Any:
    if np.shape(given) != np.shape(wanted):
        raise PointError(f"a {word} of shape {np.shape(wanted)} is needed, not {np.shape(given)}")
    if isinstance(given, Recorded) or (hasattr(given, "__array_namespace__") and not isinstance(given, np.ndarray)):
        return given
    if np.shape(given) == ():
        return float(given)
    kind = wanted.dtype if str(getattr(wanted, "dtype", "")) == "float32" else np.dtype(np.float64)
    return np.asarray(given, dtype=kind)  # as wide as what it belongs to, so that this decides the width of the result


def unchanging(values: Sequence[Any]) -> tuple[Any, ...]:
    """The same values, whatever their owner does with the arrays later."""
    return tuple(library_of([one]).copied(one) if hasattr(one, "__array_namespace__") else one for one in values)


def value_of(result: Any) -> Any:
    """The value of a function as NumPy gives it: a float where it is a number in double precision."""
    return float(result) if type(result) is np.float64 else result


def like(result: Any, leaf: Any) -> Any:
    """The result in the type of the leaf that it belongs to: number or array, single or double precision."""
    if isinstance(result, Recorded):
        return result
    if isinstance(leaf, np.ndarray):
        dtype = leaf.dtype if leaf.dtype.kind == "f" else np.dtype(np.float64)
        is_same = isinstance(result, np.ndarray) and result.dtype == dtype
        return result if is_same else np.asarray(result, dtype=dtype)
    if isinstance(leaf, np.floating):
        return type(leaf)(result)
    return float(result) if isinstance(leaf, (int, float, np.integer)) else result


def block(result: Any, _: Any = None) -> Any:
    """A block of a matrix, or its one element."""
    return float(result) if getattr(result, "shape", None) == () and not isinstance(result, Recorded) else result
