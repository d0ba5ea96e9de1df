"""Functions of numpy.linalg."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.linalg import LinAlgError

from diffcli.errors import FunctionError
from diffcli.graph import composites
from diffcli.graph.primitive import Term

if TYPE_CHECKING:
    from diffcli.tracing.recorder import Recorder


def of_matrix(op: str) -> Callable[..., Term]:
    """A primitive of one matrix."""
    return lambda recorder, a: recorder.term(a).apply(op)


def solve(recorder: "Recorder", a: Any, b: Any) -> Term:
    """Solution z of a @ z = b."""
    x, y = recorder.term(a), recorder.term(b)
    if len(x.shape) == 2 and len(y.shape) <= 2:
        return x.apply("solve", y)
    if len(y.shape) == 1:
        return x.apply("inv") @ y
    return x.apply("inv") @ y  # stacks of matrices


def sign_and_logarithm(recorder: "Recorder", a: Any) -> Any:
    """Sign and logarithm of the absolute value of a determinant; the sign is looked up."""
    x = recorder.term(a)
    try:
        sign, _ = np.linalg.slogdet(recorder.concrete(x.position))
    except LinAlgError as error:
        raise FunctionError(f"np.linalg.slogdet: {error}") from error
    kind = type(np.linalg.slogdet(np.eye(1)))
    return kind(sign, x.apply("logabsdet"))


def multi_dot(recorder: "Recorder", arrays: Sequence[Any]) -> Term:
    """Product of many matrices."""
    first, *others = (recorder.term(array) for array in arrays)
    result = first
    for other in others:
        result = composites.dot(result, other)
    return result


def matrix_power(recorder: "Recorder", a: Any, n: int) -> Term:
    """Integer power, by repeated squares."""
    x = recorder.term(a)
    if n == 0:
        return recorder.term(np.eye(x.shape[-1])).broadcast(x.shape)
    square, rest = (x if n > 0 else x.apply("inv")), abs(n)
    result = None
    while rest:
        if rest % 2:
            result = square if result is None else result @ square
        rest //= 2
        square = square @ square if rest else square
    assert result is not None
    return result
