"""Programs on arrays as functions of many numbers: all elements in, one after the other, and all elements out."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, product
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


class Elements:
    """The elements of arrays (or floats) as one list of which any can be changed; the arrays given are copied."""

    def __init__(self, values: Sequence[Any]) -> None:
        """Begin with the elements of `values`."""
        library = library_of(values)
        self.values = [v if isinstance(v, float) else library.copied(v) for v in values]
        """The arrays, with all changes."""
        self._shapes: list[Shape] = [() if isinstance(value, float) else tuple(value.shape) for value in values]
        self._starts = list(accumulate((prod(shape) for shape in self._shapes), initial=0))

    def copy(self) -> "Elements":
        """The same elements, to be changed independently."""
        return Elements(self.values)

    def __len__(self) -> int:
        return self._starts[-1]

    def __getitem__(self, number: int) -> float:
        index, place = self._place(number)
        value = self.values[index]
        return value if isinstance(value, float) else float(value[place])

    def __setitem__(self, number: int, element: float) -> None:
        index, place = self._place(number)
        value: Any = self.values[index]
        if isinstance(value, float):
            self.values[index] = element
        else:
            value[place] = element

    def _place(self, number: int) -> tuple[int, tuple[int, ...]]:
        """Which array, and where in it."""
        index = bisect_right(self._starts, number) - 1
        rest, place = number - self._starts[index], list[int]()
        for size in reversed(self._shapes[index]):
            rest, k = divmod(rest, size)
            place.append(k)
        return index, tuple(reversed(place))


def flat(program: Program) -> Callable[[Elements], list[float]]:
    """The program as a function of the elements of its inputs, with the elements of all outputs."""
    return lambda elements: flattened(program(elements.values))


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
