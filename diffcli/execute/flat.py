"""Programs on arrays as functions of many numbers: all elements in, one after the other, and all elements out."""

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from math import prod
from typing import Any

from diffcli.execute.array_library import library_of
from diffcli.graph.shapes import Shape

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


def unit_vectors(like: Sequence[Any]) -> Iterator[list[Any]]:
    """For each element of the arrays (or floats) in `like`: arrays of the same shapes, 1 there and 0 elsewhere.

    They are the same arrays each time, changed: use what comes of one before the next.
    """
    vectors = unflattened([0.0] * sum(prod(getattr(value, "shape", ())) for value in like), like)
    for number, vector in enumerate(vectors):
        if isinstance(vector, float):
            yield [*vectors[:number], 1.0, *vectors[number + 1 :]]
            continue
        for index in product(*map(range, vector.shape)):
            vector[index] = 1.0
            yield vectors
            vector[index] = 0.0


def zeros(shape: Shape, like: Sequence[Any]) -> Any:
    """An array of zeros, of the library and type of those in `like`."""
    return library_of(like).asarray([0.0] * prod(shape)).reshape(shape)
