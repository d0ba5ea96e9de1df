"""Programs on arrays as functions of many numbers: all elements in, one after the other, and all elements out."""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from diffcli.execute.array_library import library_of

Program = Callable[[Sequence[Any]], Sequence[Any]]


def flattened(values: Sequence[Any]) -> list[float]:
    """The elements of floats and arrays, one after the other."""
    elements: list[float] = []
    for value in values:
        if isinstance(value, float):
            elements.append(value)
        else:
            elements.extend(value.reshape(-1).tolist() if value.shape else [float(value)])
    return elements


def unflattened(elements: Sequence[float], like: Sequence[Any]) -> list[Any]:
    """The inverse: arrays (or floats) of the shapes, the library and the type of those in `like`."""
    library, values, start = library_of(like), list[Any](), 0
    for model in like:
        if isinstance(model, float):
            values.append(elements[start])
            start += 1
        else:
            end = start + prod(model.shape)
            array = library._replace(dtype=model.dtype).asarray(elements[start:end])
            values.append(array.reshape(model.shape))
            start = end
    return values


def flat(program: Program, like: Sequence[Any]) -> Program:
    """The program as a function of the elements of all inputs, which are shaped as those in `like`."""
    return lambda elements: flattened(program(unflattened(elements, like)))


def one_hot(index: int, like: Sequence[Any]) -> list[Any]:
    """Arrays shaped as those in `like` that are 1 in one element, counted through all of them, and 0 elsewhere."""
    return unflattened(
        [float(index == other) for other in range(sum(prod(getattr(v, "shape", ())) for v in like))], like
    )
