"""Functions of NumPy without a derivative: they give plain numbers, truth values, indices or shapes."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from diffcli.tracing.recorder import Recorder


def looked_up(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function itself on values; from then on the recording depends on them."""

    def made(recorder: "Recorder", *args: Any, **options: Any) -> Any:
        values = [_concrete(recorder, arg) for arg in args]
        return function(*values, **{name: _concrete(recorder, value) for name, value in options.items()})

    return made


def _concrete(recorder: "Recorder", thing: Any) -> Any:
    if isinstance(thing, (list, tuple)):
        return type(thing)(_concrete(recorder, one) for one in thing)
    if not hasattr(thing, "recorder"):
        return thing
    if thing.dtype == bool:
        thing.recorder.note_thresholds(thing.position)
    return thing.recorder.concrete(thing.position)


def by_shape(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function of an array without elements: it asks for the shape (and the type) only."""

    def made(_: "Recorder", a: Any, *args: Any, **options: Any) -> Any:
        return function(np.broadcast_to(np.zeros((), a.dtype), a.shape), *args, **options)

    return made


def filled_like(function: Callable[..., Any]) -> Callable[..., Any]:
    """np.zeros_like and its like: an array of its own."""

    def made(
        _: "Recorder",
        a: Any,
        dtype: Any = None,
        order: str = "K",  # noqa: ARG001 - NumPy's option
        subok: bool = True,  # noqa: ARG001 - NumPy's option
        shape: Any = None,
    ) -> Any:
        return function(a.shape if shape is None else shape, dtype=dtype or a.dtype)

    return made
