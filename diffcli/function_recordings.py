"""A function written with plain NumPy: recorded when it is called, compiled when it is new.

A function is recorded again at every call, so that Python's control flow and whatever it reads from outside are those
of this call. The derivative program is compiled once for each program that was recorded.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from diffcli.derivatives import Derivatives
from diffcli.errors import UsageError
from diffcli.tracing.containers import mapped
from diffcli.tracing.nodes import Nodes
from diffcli.tracing.recording import Recording, argument_names, is_number, parameter_names, record
from diffcli.tracing.replay import Replays

Function = Callable[..., Any]
Argnums = int | Sequence[int] | None


class Located(NamedTuple):
    """A function at its arguments: the derivatives of what was recorded, and the values to run them at."""

    derivatives: Derivatives
    values: tuple[Any, ...]
    structure: Any
    """The containers of the result."""
    arguments: tuple[Any, ...]
    """The arguments to differentiate by, as they were given."""

    def output(self, results: Sequence[Any]) -> Any:
        """Results, one for each output, in the containers of the function's result."""
        return mapped(lambda number: results[number], self.structure)

    def inputs(self, results: Sequence[Any], like: Callable[[Any, Any], Any]) -> tuple[Any, ...]:
        """Results, one for each input, in the containers of the arguments; None for what is no number."""
        found = iter(results)
        return tuple(
            mapped(lambda leaf: like(next(found), leaf) if is_number(leaf) else None, argument)
            for argument in self.arguments
        )


class RecordedFunction:
    """A function with what was recorded of it."""

    def __init__(self, function: Function, argnums: Argnums = None, *, pure: bool = False) -> None:
        """`argnums` are the arguments to differentiate by: one, several, or all positional ones (None).

        With `pure` the caller promises that the function depends on its arguments only: it is recorded once for their
        shapes, unless it branches on values.
        """
        if not callable(function):
            raise UsageError(f"a text or a function is needed, not {type(function).__name__}")
        self.function, self.argnums = function, argnums
        self.notes: tuple[str, ...] = ()
        """What there was to say about the last call."""
        self.has_branched = False
        """Whether the last call depended on values, and not only on shapes."""
        self._idle: list[Nodes] = []  # one for each thread or nested call that is at work
        self._names: dict[int, list[str]] = {}
        self._replays = Replays() if pure else None
        self.__doc__, self.__wrapped__ = function.__doc__, function

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the positional parameters."""
        return tuple(parameter_names(self.function))

    def chosen(self, count: int) -> tuple[int, ...]:
        """The numbers of the arguments to differentiate by."""
        if self.argnums is None:
            return tuple(range(count))
        numbers = (self.argnums,) if isinstance(self.argnums, int) else tuple(self.argnums)
        if any(not -count <= number < count for number in numbers):
            raise UsageError(f"argnums={self.argnums} does not fit {count} positional arguments")
        return tuple(number % count for number in numbers)

    def one_or_all(self, results: tuple[Any, ...]) -> Any:
        """The result for the one argument that was asked for, or those for all."""
        return results[0] if isinstance(self.argnums, int) else results

    def at(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Located:
        """Record the function, or find what was recorded before."""
        numbers = self.chosen(len(args))
        arguments = tuple(args[number] for number in numbers)
        if self._replays is not None:
            recording = self._replays.find(self.function, args, kwargs, numbers)
            return self._located(recording, arguments)
        nodes = self._idle.pop() if self._idle else Nodes()
        names = self._names.get(len(args)) or self._names.setdefault(
            len(args), argument_names(self.function, len(args))
        )
        recording = record(self.function, args, kwargs, numbers, nodes, names=names)
        self._idle.append(nodes.successor())
        return self._located(recording, arguments)

    def _located(self, recording: Recording, arguments: tuple[Any, ...]) -> Located:
        self.notes, self.has_branched = recording.notes, recording.has_branched
        key, programs = (recording.key, recording.wrt), recording.nodes.programs
        derivatives = programs.get(key)
        if derivatives is None:
            graph = recording.graph
            derivatives = programs[key] = Derivatives(graph, recording.inputs(graph))
        return Located(derivatives, recording.values, recording.structure, arguments)
