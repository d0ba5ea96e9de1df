"""A function and its arguments in, a graph out."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from diffcli.errors import FunctionError
from diffcli.graph.program import Graph
from diffcli.tracing.containers import Leaf, filled, leaves
from diffcli.tracing.nodes import Key, Nodes
from diffcli.tracing.recorded import Recorded
from diffcli.tracing.recorder import Recorder

Function = Callable[..., Any]
_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
WHOLE_NUMBERS = "whole numbers among the arguments were taken as floats"


class Recording(NamedTuple):
    """What a function did at some arguments."""

    nodes: Nodes
    key: Key
    """The positions of the inputs and outputs among the nodes."""
    values: tuple[Any, ...]
    """The values of all inputs: the arguments, then what was captured on the way."""
    wrt: tuple[int, ...]
    """Which of the inputs the function can be differentiated by."""
    structure: Any
    """The containers of the result, with a number for each leaf."""
    notes: tuple[str, ...]
    decisions: Mapping[int, Any]
    """The values that the function asked for, by node: where they are others, it may be another program."""

    @property
    def has_branched(self) -> bool:
        """Whether the recording depends on values of the arguments, and not only on their shapes."""
        return bool(self.decisions)

    @property
    def graph(self) -> Graph:
        """The program."""
        return self.nodes.program(self.key)

    def inputs(self, graph: Graph) -> tuple[int, ...]:
        """The positions in a graph of the inputs that it can be differentiated by."""
        return tuple(graph.inputs[k] for k in self.wrt)


def record(
    function: Function,
    args: Sequence[Any],
    kwargs: Mapping[str, Any] | None = None,
    argnums: Sequence[int] | None = None,
    nodes: Nodes | None = None,
    *,
    names: Sequence[str] | None = None,
    with_data: bool = False,
) -> Recording:
    """Run `function` once on stand-ins for its arguments; `argnums` are those that can be differentiated by (all).

    `with_data` makes floats in other arguments inputs too, so that the program can run at other values of them.

    Arguments can be numbers, arrays, and nested tuples, lists and dictionaries of them. Truth values, texts and other
    objects are passed on as they are. Raises FunctionError for what cannot be recorded.
    """
    chosen = range(len(args)) if argnums is None else argnums
    names = names or argument_names(function, len(args))
    found = [_leaves(names[k], args[k]) if with_data or k in chosen else [] for k in range(len(args))]
    seeds = [leaf for k in chosen for leaf in found[k] if is_number(leaf.value)]
    recorder = Recorder(nodes or Nodes(), _common_type(seeds), _namespace(seeds))
    given, places = [], []
    for k, arg in enumerate(args):
        start = len(recorder.inputs)
        stand_ins = iter([_stand_in(recorder, leaf, is_seed=k in chosen) for leaf in found[k]])
        given.append(filled(arg, stand_ins) if found[k] else arg)
        places.append(range(start, len(recorder.inputs)))
    try:
        result = _result(function, given, kwargs or {})
        outputs = _outputs(recorder, result)
    finally:
        recorder.is_over = True
    recorder.restore()
    if any(is_whole(leaf.value) for leaf in seeds):
        recorder.notes[WHOLE_NUMBERS] = None
    return Recording(
        recorder.nodes,
        (tuple(recorder.inputs), tuple(outputs)),
        tuple(recorder.inputs.values()),
        tuple(number for k in chosen for number in places[k]),
        filled(result, iter(range(len(outputs)))),
        tuple(recorder.notes),
        recorder.decisions,
    )


def _result(function: Function, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """What the function returns; NumPy hides a refusal of ours behind a ValueError of its own."""
    try:
        return function(*args, **kwargs)
    except (TypeError, ValueError) as error:
        if isinstance(error.__cause__, FunctionError):
            raise error.__cause__ from None
        raise


def _outputs(recorder: Recorder, result: Any) -> list[int]:
    """The nodes of the leaves of the result."""
    values = [leaf.value for leaf in leaves("result", result)]
    if not values:
        raise FunctionError(
            "the function returns nothing that could be differentiated", hint="return a number or arrays"
        )
    return [_output(recorder, value) for value in values]


def _output(recorder: Recorder, value: Any) -> int:
    try:
        return recorder.position(value)
    except TypeError as error:
        shown = repr(value) if isinstance(value, str) else type(value).__name__
        raise FunctionError(f"the function returns {shown}, not numbers") from error


def _leaves(name: str, arg: Any) -> list[Leaf]:
    return [Leaf(name, arg)] if type(arg) in (np.ndarray, float) else list(leaves(name, arg))


def _stand_in(recorder: Recorder, leaf: Leaf, *, is_seed: bool) -> Any:
    """A recorded array for a leaf that holds numbers; others, and whole numbers that are data, are passed on."""
    if not is_number(leaf.value) or (not is_seed and is_whole(leaf.value)):
        return leaf.value
    return recorder.argument(leaf.name, as_floats(leaf.value))


def parameter_names(function: Function) -> list[str]:
    """The names of the positional parameters; the last one can end with …, for any number of arguments."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # functions written in C do not tell
        return []
    named = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [parameter.name for parameter in parameters if parameter.kind in named]
    return names + [f"{parameter.name}…" for parameter in parameters if parameter.kind == parameter.VAR_POSITIONAL]


def argument_names(function: Function, count: int) -> list[str]:
    """Names for so many arguments; x1, x2, … where the function has none."""
    names = parameter_names(function)
    if names and names[-1].endswith("…"):
        rest = names.pop().removesuffix("…")
        names += [f"{rest}[{k}]" for k in range(count - len(names))]
    return [names[k] if k < len(names) else f"x{k + 1}" for k in range(count)]


def is_number(value: Any) -> bool:
    """Whether a leaf is a number or an array of numbers that can be differentiated by."""
    if isinstance(value, (int, float, Recorded)):
        return value is not True and value is not False
    dtype = getattr(value, "dtype", None)
    kind = getattr(dtype, "kind", "f" if hasattr(value, "__array_namespace__") else "O")
    if kind == "c" or isinstance(value, complex):
        raise FunctionError("complex numbers are not supported", hint="pass real and imaginary parts as two arrays")
    if isinstance(value, (np.ma.MaskedArray, np.matrix)):
        raise FunctionError(f"{type(value).__name__} is not supported", hint="use plain arrays")
    return hasattr(value, "shape") and kind in "fiu"


def is_whole(value: Any) -> bool:
    """Whether a leaf holds whole numbers, which are taken as floats."""
    return isinstance(value, int) or getattr(getattr(value, "dtype", None), "kind", "f") in "iu"


def as_floats(value: Any) -> Any:
    """The same number or array in a type that has derivatives."""
    if isinstance(value, int):
        try:
            return float(value)
        except OverflowError as error:
            raise FunctionError("a whole number among the arguments is too large for a float") from error
    is_array = not isinstance(value, (float, Recorded))
    if not is_array or not hasattr(value, "astype") or value.dtype in _FLOATS:
        return value
    return value.astype(np.float64)


def _common_type(seeds: Sequence[Leaf]) -> Any:
    """float32 if all arrays are, else float64."""
    arrays = [leaf.value for leaf in seeds if hasattr(leaf.value, "dtype")]
    is_single = bool(arrays) and all(str(value.dtype).endswith("float32") for value in arrays)
    return np.float32 if is_single else np.float64


def _namespace(seeds: Sequence[Leaf]) -> Any:
    """The library of the arguments."""
    found = (leaf.value for leaf in seeds if not isinstance(leaf.value, (int, float, np.ndarray, Recorded)))
    others = (value for value in found if hasattr(value, "__array_namespace__") and not isinstance(value, np.generic))
    other = next(others, None)
    return np if other is None else other.__array_namespace__()
