"""One recording of a function: which nodes it asked for, what it met on the way, and values where it branched."""

import itertools
import math
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from diffcli.errors import FunctionError
from diffcli.execute.array_library import COMPARISONS, constant, library_of
from diffcli.execute.arrays import ArrayArithmetic
from diffcli.execute.floats import FLOATS
from diffcli.execute.interpreter import evaluate
from diffcli.graph.ops import OPS
from diffcli.graph.primitive import Term
from diffcli.graph.program import CONSTANT, Graph
from diffcli.tracing.captured import Captured, Mark
from diffcli.tracing.nodes import Nodes
from diffcli.tracing.recorded import Recorded, share_memory

_levels = itertools.count()
_COPYING = frozenset(("transpose", "reshape", "broadcast", "index", "take", "concatenate"))
"""What makes truth values of truth values."""
_FLOATS = (np.dtype(np.float64), np.dtype(np.float32))
_NUMBERS = frozenset((float, int, bool))


class Recorder:
    """Adds nodes for what a function does; computes a value only where the function asks for one."""

    def __init__(self, nodes: Nodes, dtype: Any = None, namespace: Any = np) -> None:
        """Begin a recording among `nodes`; `dtype` is the type of the arguments, `namespace` their library."""
        self.nodes = nodes
        self.dtype = np.dtype(dtype or np.float64)
        self.namespace = namespace
        self.level = next(_levels)
        """A recording that began later is the inner one of two."""
        self.inputs: dict[int, Any] = {}
        """The values of the inputs by position: arguments first, then what was captured."""
        self.notes: dict[str, None] = {}
        self.decisions: dict[int, Any] = {}
        """The values that the function asked for, by node: the recording depends on them, and not only on shapes."""
        self.is_over = False
        self._captured: dict[int, Captured] = {}
        self._all_captured: list[Captured] = []
        self._count = 0
        self._values: dict[int, Any] = {}
        self._arithmetic: tuple[int, ArrayArithmetic] | None = None

    # What the function works with.

    def argument(self, name: str, value: Any) -> Recorded:
        """The stand-in for an argument."""
        argument = Recorded(self, self._input(name, value))
        if isinstance(value, np.ndarray) and not value.shape:  # unlike a number it can be changed in place
            share_memory(argument, ())
        return argument

    def _input(self, name: str, value: Any) -> int:
        """One more input; a name that is taken gets a mark."""
        shape = getattr(value, "shape", ())
        position = self.nodes.input(name, shape=shape)
        while position in self.inputs:
            name += " again"
            position = self.nodes.input(name, shape=shape)
        self.inputs[position] = value
        return position

    def position(self, thing: Any) -> int:
        """The node of an operand: recorded, a number, or an array that is captured by reference."""
        kind = type(thing)
        if kind is Recorded and thing.recorder is self:
            return thing.position  # type: ignore[no-any-return]
        if kind in _NUMBERS:
            return self._number(thing)
        if isinstance(thing, (np.floating, np.integer, np.bool_)):
            return self._number(thing.item())
        return self._capture(thing)

    def term(self, thing: Any) -> Term:
        """The same as a term for formulas."""
        return Term(self.nodes, self.position(thing))

    def _number(self, value: float) -> int:
        known = self.nodes.numbers.get(value)
        if known is not None:
            return known
        if (self.nodes.captures_floats and type(value) is float) or not _is_finite(value):
            return self._capture(value)
        is_whole = abs(value) < 2**53 and value == int(value)
        literal = str(int(value)) if is_whole else repr(float(value))
        if value == 0:  # equal to -0.0, but another number
            return self.nodes.constant("0" if math.copysign(1, value) > 0 else "-0.0")
        position = self.nodes.numbers[value] = self.nodes.constant(literal)
        return position

    def _capture(self, thing: Any) -> int:
        """An array met on the way is an input by which nobody differentiates."""
        known = self._captured.get(id(thing))
        if known is None or (known.mark is not None and not known.mark.holds()):
            known = self._newly_captured(thing)
            if type(thing) in (Recorded, float) or hasattr(thing, "__array_namespace__"):
                self._captured[id(thing)] = known  # but a list may hold something else the next time
        return known.position

    def _newly_captured(self, thing: Any) -> Captured:
        if type(thing) is Recorded and thing.recorder.is_over:
            raise FunctionError(
                "a recorded array was kept from an earlier call",
                hint="keep no arguments or results inside of the function",
            )
        value = thing if type(thing) is Recorded else self._data(thing)
        self._count += 1
        position = self._input(f"captured {self._count}", value)  # no name of the user has a space
        source = thing if isinstance(thing, np.ndarray) else value
        is_changeable = type(source) is np.ndarray and (source.flags.writeable or source.base is not None)
        mark = Mark(source) if is_changeable else None
        captured = Captured(position, thing, mark, is_shared=value is source)
        self._all_captured.append(captured)  # they are kept: nothing else must get their identity
        return captured

    def restore(self) -> None:
        """Arrays that were changed meanwhile have their elements of when they were met."""
        for position, _, mark, is_shared in self._all_captured:
            if is_shared and mark is not None and not mark.holds():
                self.inputs[position] = mark.restored()

    def _data(self, thing: Any) -> Any:
        """What is captured as floats of the arguments' library."""
        if type(thing) is np.ndarray and thing.dtype in _FLOATS and self.namespace is np:
            return thing
        if isinstance(thing, (np.ma.MaskedArray, np.matrix)):
            raise FunctionError(f"{type(thing).__name__} is not supported", hint="use plain arrays")
        value = thing if hasattr(thing, "dtype") or isinstance(thing, float) else np.asarray(thing)
        kind = getattr(getattr(value, "dtype", None), "kind", "f")
        if kind == "c":
            raise FunctionError(
                "complex numbers are not supported", hint="write real and imaginary parts as two arrays"
            )
        if kind not in "fiub":
            raise TypeError(f"{type(thing).__name__} is no array of numbers")
        if kind != "f" or getattr(value, "itemsize", 8) not in (4, 8):
            value = value.astype(self.dtype)
        return self.namespace.asarray(value) if isinstance(value, np.ndarray) else value

    # What it gets back.

    def apply(self, op: str, *operands: Any) -> Recorded:
        """A primitive on operands."""
        return Recorded(self, self.nodes.asked(op, tuple([self.position(operand) for operand in operands])))

    def wrapped(self, result: Any) -> Any:
        """Terms as recorded arrays, also inside of tuples and lists; everything else as it is."""
        if isinstance(result, Term):
            return Recorded(self, result.position)
        if type(result) in (tuple, list):
            return type(result)(self.wrapped(one) for one in result)
        if isinstance(result, tuple) and hasattr(result, "_fields"):
            return type(result)(*(self.wrapped(one) for one in result))
        return result

    def inlined(self, graph: Graph, values: Iterable[Any]) -> list[Recorded]:
        """A whole program as a part of this recording; its outputs."""
        results = evaluate(graph, self.nodes, [self.position(value) for value in values])
        return [Recorded(self, results[position]) for position in graph.outputs]

    # Values, where Python's control flow asks for them.

    def is_truth(self, position: int) -> bool:
        """Whether a node is made of truth values, and of nothing else."""
        nodes = self.nodes.nodes
        if nodes[position].op not in _COPYING and nodes[position].op != "where":  # the usual case without the detour
            return nodes[position].op in COMPARISONS
        return all(nodes[source].op in COMPARISONS for source in self._sources(position))

    def _sources(self, position: int) -> Iterator[int]:
        """The nodes that the elements of a node are copied from."""
        nodes, waiting, seen = self.nodes.nodes, [position], set[int]()
        while waiting:
            position = waiting.pop()
            chooses = nodes[position].op == "where"
            if nodes[position].op not in _COPYING and not chooses:
                yield position
            elif position not in seen:
                seen.add(position)
                waiting.extend(nodes[position].args[1:] if chooses else nodes[position].args)

    def concrete(self, position: int, *, decides: bool = True) -> Any:
        """The value of a node; from now on the recording depends on it."""
        value = on_host(self._value(position, decides=decides))
        if decides:
            self.decisions[position] = value
        elif any(type(one) is Recorded for one in self.inputs.values()):
            self._values.clear()  # a decision later on must be one of the outer recordings too
        return np.asarray(value).astype(bool) if self.is_truth(position) else value

    def _value(self, position: int, *, decides: bool) -> Any:
        for place in self._missing(position):
            node = self.nodes.nodes[place]
            if place in self.inputs:
                value = self.inputs[place]
                if type(value) is Recorded:
                    value = value.recorder.concrete(value.position, decides=decides)
            elif node.op == CONSTANT:
                value = constant(node.literal)
            else:
                value = self._computed(node.op, [self._values[argument] for argument in node.args], dict(node.params))
            self._values[place] = value
        return self._values[position]

    def _missing(self, position: int) -> list[int]:
        found, waiting = set[int](), [position]
        while waiting:
            place = waiting.pop()
            if place not in found and place not in self._values:
                found.add(place)
                waiting.extend(self.nodes.nodes[place].args)
        return sorted(found)

    def _computed(self, op: str, args: list[Any], params: dict[str, Any]) -> Any:
        if not OPS[op].is_structural and all(isinstance(arg, float) for arg in args):
            return FLOATS.apply(op, *args)
        count = len(self.inputs)
        if self._arithmetic is None or self._arithmetic[0] != count:
            values = [self._values[place] for place in self.inputs if place in self._values]
            self._arithmetic = count, ArrayArithmetic(library_of(values))
        return self._arithmetic[1].apply(op, *args, **params)

    def truth(self, position: int) -> bool:
        """What `if` sees; a condition that holds or fails only just is noted."""
        value = self.concrete(position)
        if np.size(value) != 1:
            raise FunctionError(
                "an array of several elements is neither true nor false",
                hint="np.where(condition, a, b) chooses element by element; np.all and np.any make one of many",
            )
        self.note_thresholds(position)
        return bool(value)

    def note_thresholds(self, position: int) -> None:
        """A note where the two sides of a comparison are equal: the derivative may have a jump or a kink there."""
        if any(map(self._is_on_threshold, self._sources(position))):
            self.notes[
                f"a branch was decided exactly on its threshold ({_line_of_the_user()}): the derivative is that of the "
                "branch taken"
            ] = None

    def _is_on_threshold(self, position: int) -> bool:
        node = self.nodes.nodes[position]
        if node.op not in COMPARISONS:
            return bool(np.any(np.equal(on_host(self._value(position, decides=True)), 0)))
        sides = [self._value(argument, decides=True) for argument in node.args]
        return bool(np.any(np.equal(*map(on_host, sides))))


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        raise FunctionError("a whole number is too large for a float", hint="math.inf is infinity") from None


def on_host(value: Any) -> Any:
    """A float, or an array of NumPy, for Python's control flow."""
    if isinstance(value, (float, np.ndarray)):
        return value
    return value.get() if hasattr(value, "get") else np.asarray(value)  # CuPy wants to be asked


def _line_of_the_user() -> str:
    """The line of the first frame that is neither ours nor NumPy's."""
    frame = sys._getframe(1)  # noqa: SLF001 - the documented way to one's callers
    own = (str(Path(__file__).parent), str(Path(np.__file__).parent))
    while frame.f_back is not None and frame.f_code.co_filename.startswith(own):
        frame = frame.f_back
    return f"line {frame.f_lineno} of {Path(frame.f_code.co_filename).name}"
