"""What an adapter makes of a graph: the gradient by another library, ready to run."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple


class NotApplicable(Exception):  # noqa: N818 - says what it is, not that something went wrong
    """The library lacks something that the program needs."""


class Gradient(NamedTuple):
    """Value and gradient by another library, for numbers or for arrays of points.

    `read(run(*own(values)))` is the whole way from Python's numbers to Python's numbers. `run` alone is what the
    library itself does, its inputs being where it wants to have them.
    """

    own: Callable[[Sequence[Any]], tuple[Any, ...]]
    """Values of the inputs (floats, or NumPy arrays of one length) as the library's own numbers."""
    run: Callable[..., Any]
    """What is timed; on return the result is computed, nothing is still under way."""
    read: Callable[[Any], tuple[Any, Sequence[Any]]]
    """The result of `run` as Python floats or NumPy arrays: the value, and the partial by each input."""
    whole: Callable[[Sequence[float]], tuple[Any, Sequence[Any]]] | None = None
    """The whole way from floats to floats where there is a quicker one."""

    @property
    def call(self) -> Callable[[Sequence[Any]], tuple[Any, Sequence[Any]]]:
        """The whole way, from floats or arrays to floats or arrays."""
        own, run, read = self.own, self.run, self.read
        return self.whole or (lambda values: read(run(*own(values))))


Adapter = Callable[..., Gradient]
"""`gradient(graph, count, threads)`: of one number by all inputs, at one point (count 0) or at arrays of points."""


def parted(results: Sequence[Any]) -> tuple[Any, Sequence[Any]]:
    """The value and the partials, where they come in one tuple."""
    return results[0], results[1:]
