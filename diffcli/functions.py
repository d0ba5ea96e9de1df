"""Derivatives of functions written with plain NumPy: gradient, Jacobian, Hessian, and products with them."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from diffcli.conversions import block, like, matched, unchanging, value_of
from diffcli.derivatives import Mode
from diffcli.errors import UsageError
from diffcli.function_recordings import Argnums, Function, RecordedFunction
from diffcli.tracing.containers import leaves, mapped
from diffcli.tracing.recorder import on_host
from diffcli.tracing.recording import is_number

if TYPE_CHECKING:
    from diffcli.function_batches import FunctionBatch

NOTHING: Mapping[str, Any] = MappingProxyType({})


class ValueAndGradient(RecordedFunction):
    """A function that returns the value and the gradient of a function written with NumPy."""

    def __init__(self, function: Function, argnums: Argnums = None, *, pure: bool = False) -> None:
        """The same."""
        super().__init__(function, argnums, pure=pure)
        self._batch: FunctionBatch | None = None
        self._quick: dict[Any, tuple[Callable[[Sequence[Any]], Sequence[Any]], tuple[Any, ...]]] = {}

    def __call__(self, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """Value, and the gradient by each argument asked for, in the containers of that argument."""
        if self._quick and not kwargs:
            known = self._quick.get(tuple([(a.dtype, a.shape) if type(a) is _ARRAY else type(a) for a in args]))
            if known is not None:
                value, *partials = known[0](args + known[1])
                return value, partials[0] if isinstance(self.argnums, int) else tuple(partials)
        place = self.at(args, kwargs)
        value, found = place.derivatives.gradient(place.values)
        if self._replays is not None and not kwargs and not self.has_branched and all(map(_is_plain, args)):
            key = tuple([(a.dtype, a.shape) if type(a) is _ARRAY else type(a) for a in args])
            self._quick[key] = place.derivatives.gradient_program.chosen(place.values), place.values[len(args) :]
        return value_of(value), self.one_or_all(place.inputs(found, like))

    def batch(self, *args: Any, out: Any = None, threads: int | None = None, **kwargs: Any) -> tuple[Any, Any]:
        """Value and gradient at many points: an array of values, and the gradient with a first axis of points.

        The first axis of every array among the arguments is that of the points; an array whose first axis has the
        length 1, and a number, is the same at all of them. Arguments by keyword are passed on as they are. The function
        is recorded once, and once more for every way in which points branch. Numbers are computed in double precision,
        arrays in that of the arguments.

        Args:
            args: The arguments at all points.
            out: (values, gradient): arrays, in the containers of the result, that take the results.
            threads: How many threads share many points of numbers; as many as there are cores by default.
            kwargs: What is the same at all points, whatever its shape.
        """
        values, partials = self._many(args, kwargs, out, threads)
        return values, partials

    def _many(self, args: Sequence[Any], kwargs: Mapping[str, Any], out: Any, threads: int | None) -> tuple[Any, Any]:
        from diffcli.execute.workers import checked
        from diffcli.function_batches import FunctionBatch, Points

        threads = checked(threads)
        if self._batch is None:
            self._batch = FunctionBatch(self.function, None if self._replays is None else self._replays.find)
        points = Points(args, self.chosen(len(args)))
        results = self._batch.results(points, kwargs, _arrays_of(out), threads)
        self.notes = tuple(self._batch.notes)
        return results[0], self.one_or_all(points.gradient(results[1:]))

    def jvp(self, point: Sequence[Any], tangents: Sequence[Any], **kwargs: Any) -> tuple[Any, Any]:
        """Value of the function and J·ẋ; the tangents belong to the arguments asked for."""
        return jvp(self, point, tangents, kwargs)

    def vjp(self, point: Sequence[Any], **kwargs: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
        """Value of the function, and what takes a cotangent ȳ of it to Jᵀ·ȳ for the arguments asked for."""
        return vjp(self, point, kwargs)


def _arrays_of(out: Any) -> list[Any] | None:
    """The arrays that take the value and the partials."""
    if out is None:
        return None
    if not isinstance(out, (tuple, list)) or len(out) != 2:
        raise UsageError("out is a pair: the array of values, and arrays in the containers of the gradient")
    return [out[0], *[leaf.value for leaf in leaves("out", out[1])]]


_ARRAY = np.ndarray


def _is_plain(arg: Any) -> bool:
    """Whether results for an argument need no conversion, and shapes say all there is to say about it."""
    return type(arg) is float or (type(arg) is _ARRAY and arg.dtype == np.float64 and arg.ndim > 0)


class Gradient(ValueAndGradient):
    """A function that returns the gradient of a function written with NumPy."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The gradient by each argument asked for, in the containers of that argument."""
        return super().__call__(*args, **kwargs)[1]

    def batch(self, *args: Any, out: Any = None, threads: int | None = None, **kwargs: Any) -> Any:
        """The gradient at many points, as in the batch of `value_and_grad`; `out` has its containers."""
        if out is None:
            return self._many(args, kwargs, None, threads)[1]
        return self._many(args, kwargs, (None, out), threads)[1]


class Jacobian(RecordedFunction):
    """A function that returns the Jacobian of a function written with NumPy."""

    mode: Mode | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """For every leaf of the result, in its containers, the partials by each argument asked for."""
        place = self.at(args, kwargs)
        rows = place.derivatives.jacobian(place.values, self.mode)
        return place.output([self.one_or_all(place.inputs(row, block)) for row in rows])


class Hessian(RecordedFunction):
    """A function that returns the second derivatives of a function written with NumPy."""

    mode: Mode | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """In the containers of the arguments, for each of their leaves the second partials in the same containers."""
        place = self.at(args, kwargs)
        rows = place.derivatives.hessian(place.values, self.mode)
        blocks = [self.one_or_all(place.inputs(row, block)) for row in rows]
        return self.one_or_all(place.inputs(blocks, lambda block, _: block))


def jvp(
    function: RecordedFunction, args: Sequence[Any], tangents: Sequence[Any], kwargs: Mapping[str, Any] = NOTHING
) -> tuple[Any, Any]:
    """Value and J·ẋ; the tangents have the containers and shapes of the arguments."""
    place = function.at(args, kwargs)
    values, results = place.derivatives.jvp(place.values, matched(tangents, place.arguments, "tangent"))
    return place.output([value_of(v) for v in values]), place.output([value_of(v) for v in results])


def vjp(
    function: RecordedFunction, args: Sequence[Any], kwargs: Mapping[str, Any] = NOTHING
) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """Value, and the function that takes a cotangent ȳ in the containers of the value to Jᵀ·ȳ."""
    place = function.at(args, kwargs)
    point = unchanging(place.values)
    value = place.output([value_of(one) for one in place.derivatives.value(point)])

    def pulled_back(cotangent: Any) -> tuple[Any, ...]:
        given = matched([cotangent], [value], "cotangent")
        partials = place.derivatives.vjp(point, given)[1]
        return place.inputs(partials, like)

    return value, pulled_back


def hvp(function: RecordedFunction, args: Sequence[Any], direction: Sequence[Any]) -> tuple[Any, ...]:
    """The Hessian times a direction, in the containers of the arguments."""
    place = function.at(args, {})
    results = place.derivatives.hvp(place.values, matched(direction, place.arguments, "direction"))
    return place.inputs(results, like)


def evaluation(function: RecordedFunction, args: Sequence[Any]) -> Callable[[Sequence[Any]], list[Any]]:
    """The function itself, not what was recorded of it, from the leaves of its arguments to those of its result."""

    def evaluated(values: Sequence[Any]) -> list[Any]:
        moved = iter(values)
        given = [mapped(lambda leaf: next(moved) if is_number(leaf) else leaf, argument) for argument in args]
        with np.errstate(all="ignore"):
            return [
                np.asarray(on_host(leaf.value), dtype=float) for leaf in leaves("result", function.function(*given))
            ]

    return evaluated
