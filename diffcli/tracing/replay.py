"""Recordings that are used again: for functions that depend on their arguments only."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from diffcli.tracing.containers import leaves, structure
from diffcli.tracing.nodes import Nodes
from diffcli.tracing.recording import Recording, as_floats, is_number, is_whole, record

MAX_RECORDINGS = 256


class Replays:
    """What was recorded of one function, by the shapes of its arguments and by what is passed on as it is."""

    def __init__(self) -> None:
        """Begin empty."""
        self._known: dict[Any, Recording] = {}

    def find(
        self, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], numbers: Sequence[int]
    ) -> Recording:
        """The recording at these arguments, with their values."""
        values: list[Any] = []
        key = (tuple(numbers), self._signature(args, numbers, values), self._contents(kwargs))
        known = self._known.get(key)
        if known is not None:
            return known._replace(values=(*values, *known.values[len(values) :]))
        recording = record(function, args, kwargs, numbers, Nodes(), with_data=True)
        if not recording.has_branched:
            if len(self._known) >= MAX_RECORDINGS:
                self._known.clear()
            self._known[key] = recording
        return recording

    def _signature(self, args: Sequence[Any], numbers: Sequence[int], values: list[Any]) -> tuple[Any, ...]:
        """What a recording depends on; the numbers themselves are put into `values`."""
        found: list[Any] = []
        for number, arg in enumerate(args):
            if type(arg) is np.ndarray and arg.dtype.kind == "f":  # the usual case without the detour
                found.append((arg.shape, arg.dtype))
                values.append(as_floats(arg))
                continue
            found.append(structure(arg))
            for leaf in leaves("", arg):
                if is_number(leaf.value) and (number in numbers or not is_whole(leaf.value)):
                    found.append((type(leaf.value), np.shape(leaf.value), getattr(leaf.value, "dtype", None)))
                    values.append(as_floats(leaf.value))
                else:
                    found.append(_content(leaf.value))
        return tuple(found)

    @staticmethod
    def _contents(kwargs: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(
            (name, structure(v), *(_content(leaf.value) for leaf in leaves("", v))) for name, v in kwargs.items()
        )


def _content(value: Any) -> Any:
    """What tells a value from others: its elements, itself, or its identity."""
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, value.tobytes()
    if isinstance(value, (float, np.floating)):  # 0.0 and -0.0 are equal, but other numbers
        return type(value), float(value).hex()
    try:
        hash(value)
    except TypeError:
        return _Same(value)
    return type(value), value


class _Same:
    """An object that is equal to itself only; it is kept, so that nothing else gets its identity."""

    def __init__(self, thing: Any) -> None:
        self.thing = thing

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.thing is self.thing

    def __hash__(self) -> int:
        return id(self.thing)
