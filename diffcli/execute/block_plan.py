"""A program of numbers as calls of NumPy on a few buffers that are used again and again.

    def program(values):
        x0, x1, c0, y0, y1, b0, = values
        f0(x0, out=b0)
        f1(x0, x1, out=y0)
        ...

x are blocks of the inputs, c numbers, y blocks of the outputs, b buffers, m buffers of truth values. The text contains
only such names. A buffer is free again behind the last use of what it holds.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from diffcli.execute.block_operations import COMPARISONS, Call, as_numbers, call, choose, hypotenuse, rewritten
from diffcli.execute.floats import FLOATS, function
from diffcli.execute.python_source import MAX_NODES
from diffcli.graph.program import CONSTANT, INPUT, Graph

Program = Callable[[Sequence[Any]], Any]


QUICKLY = frozenset(
    (
        np.add,
        np.subtract,
        np.multiply,
        np.divide,
        np.negative,
        np.absolute,
        np.minimum,
        np.maximum,
        *COMPARISONS.values(),
    )
)
IN_VECTORS = frozenset((np.exp, np.log, np.tan, np.tanh, np.sqrt, choose, hypotenuse))
QUICK, MODERATE, SLOW = 1, 3, 10
"""About how many nanoseconds a call takes for each point: for these, for those, and for all others."""


class Step(NamedTuple):
    """One call. Arguments and result are positions in the graph; ~position is a comparison as truth values."""

    call: Call
    args: tuple[int, ...]
    result: int


class Plan:
    """What runs on each block, and where every value lies, for a choice of the inputs that are arrays."""

    def __init__(self, graph: Graph, arrays: Sequence[bool], *, by_half_angles: bool = False) -> None:
        """`arrays` says of every input whether it is an array; the others are the same number at all points."""
        self.graph = rewritten(graph, by_half_angles=by_half_angles)
        self._varies = self.graph.active(p for p, flag in zip(self.graph.inputs, arrays, strict=True) if flag)
        self.steps = self._steps()
        self.inputs = tuple(position for position in self.graph.inputs if self._varies[position])
        used = {argument for step in self.steps for argument in step.args}
        self.numbers = tuple(p for p, varies in enumerate(self._varies) if not varies and p in used)
        self.places = {p: f"x{k}" for k, p in enumerate(self.inputs)} | {p: f"c{k}" for k, p in enumerate(self.numbers)}
        self.made = tuple(self._is_made(number, position) for number, position in enumerate(self.graph.outputs))
        """For every output whether a step makes it; else it is a number, an input, or an earlier output once more."""
        self.buffers, self.masks = _Buffers("b"), _Buffers("m")
        self._place_results()

    @property
    def arrays(self) -> int:
        """How many blocks of numbers are in use at once."""
        return len(self.inputs) + len(self.made) + self.buffers.count

    @cached_property
    def cost(self) -> int:
        """About how many nanoseconds one point takes."""
        calls = [step.call for step in self.steps]
        return sum(QUICK if c in QUICKLY else MODERATE if c in IN_VECTORS else SLOW for c in calls)

    @cached_property
    def names(self) -> list[str]:
        """What a program takes, in order."""
        outputs = [f"y{number}" for number in range(len(self.made))]
        inputs = [self.places[position] for position in (*self.inputs, *self.numbers)]
        return [*inputs, *outputs, *self.buffers.names, *self.masks.names]

    def _steps(self) -> list[Step]:
        """The calls in order; a comparison becomes numbers only where they are computed with."""
        nodes, counted = self.graph.nodes, set(self.graph.outputs)
        for node in nodes:
            counted.update(node.args[node.op == "where" :])
        steps = []
        for position, node in enumerate(nodes):
            if not self._varies[position] or node.op == INPUT:
                continue
            made, args = call(node.op), node.args
            assert made is not None, "the graph is rewritten in operations that have one"
            if node.op == "where" and self._varies[args[0]]:
                args = (~args[0], *args[1:])
            is_comparison = node.op in COMPARISONS
            steps.append(Step(made, args, ~position if is_comparison else position))
            if is_comparison and position in counted:
                steps.append(Step(as_numbers, (~position,), position))
        return steps

    def _is_made(self, number: int, position: int) -> bool:
        """Give an output its place, unless its value lies elsewhere already."""
        if not self._varies[position] or position in self.places:
            return False
        self.places[position] = f"y{number}"
        return True

    def _place_results(self) -> None:
        """A linear scan: every result gets the first buffer that is free."""
        last = {argument: number for number, step in enumerate(self.steps) for argument in step.args}
        for number, step in enumerate(self.steps):
            ending = [a for a in dict.fromkeys(step.args) if last[a] == number]
            if isinstance(step.call, np.ufunc):  # it may write over its arguments
                self._free(ending)
            if step.result not in self.places:
                pool = self.masks if step.result < 0 else self.buffers
                self.places[step.result] = pool.taken()
            if not isinstance(step.call, np.ufunc):
                self._free(ending)

    def _free(self, positions: Sequence[int]) -> None:
        for position in positions:
            self.buffers.give_back(self.places[position])
            self.masks.give_back(self.places[position])

    @cached_property
    def others(self) -> list[tuple[int, int | None]]:
        """The outputs that no step makes: their number, and where among `names` the value lies; None for a number."""
        places = [self.places.get(position) if self._varies[position] else None for position in self.graph.outputs]
        return [
            (number, None if place is None else self.names.index(place))
            for number, (place, is_made) in enumerate(zip(places, self.made, strict=True))
            if not is_made
        ]

    def values(self, given: Sequence[float]) -> dict[int, Any]:
        """All nodes that are numbers, where the inputs that are numbers have the values in `given`.

        They are arrays without axes, which NumPy takes quicker than Python's numbers.
        """
        known: dict[int, float] = {}
        by_position = dict(zip(self.graph.inputs, given, strict=True))
        for position, node in enumerate(self.graph.nodes):
            if self._varies[position]:
                continue
            if node.op == INPUT:
                known[position] = float(by_position[position])
            elif node.op == CONSTANT:
                known[position] = FLOATS.constant(node.literal)
            else:
                known[position] = function(node.op)(*[known[argument] for argument in node.args])
        return {position: np.asarray(number) for position, number in known.items()}

    def program(self) -> Program:
        """The steps on blocks that are there: values by `names`."""
        if len(self.steps) > MAX_NODES:
            return self._looped()
        lines = [f"    {self._line(k, step)}" for k, step in enumerate(self.steps)]
        return self._compiled("values", [f"    {', '.join(self.names)}, = values", *lines], {})

    def allocating(self, most: int, quota: list[int]) -> Callable[..., tuple[Any, tuple[Any, ...]] | None]:
        """The steps on whole arrays, to the first output and a tuple of the others; NumPy makes all arrays.

        All inputs are to be arrays of double precision of one shape, and of `most` elements at most; else, and when
        `quota[0]`, from which they are taken, is used up, the result is None.
        """
        inputs = [self.places[position] for position in self.inputs]
        lines, results = [*_guards(inputs), *self._lines(())], []
        for number, position in enumerate(self.graph.outputs):
            place = self.places[position] if self._varies[position] else f"filled(x0, n{number})"
            results.append(place if self.made[number] or not self._varies[position] else f"{place}.copy()")
        first, *others = results
        lines.append(f"    return {first}, ({''.join(f'{other}, ' for other in others)})")
        return self._compiled(", ".join(inputs), lines, self._known(most, quota))

    def filling(self, most: int, quota: list[int]) -> Callable[..., bool | None]:
        """The same, with arrays for the results behind the inputs, which own their memory and are no inputs."""
        inputs = [self.places[position] for position in self.inputs]
        outputs = [f"y{number}" for number in range(len(self.made))]
        lines = [*_guards(inputs, outputs), *self._lines(outputs)]
        for number, position in enumerate(self.graph.outputs):
            if not self.made[number]:
                value = self.places[position] if self._varies[position] else f"n{number}"
                lines.append(f"    y{number}[...] = {value}")
        return self._compiled(", ".join([*inputs, *outputs]), [*lines, "    return True"], self._known(most, quota))

    def _lines(self, places: Sequence[str]) -> Iterator[str]:
        """The steps; NumPy makes an array where a place is used first that is none of these."""
        begun = set(places)
        for k, step in enumerate(self.steps):
            place = self.places[step.result]
            yield f"    {self._line(k, step, is_first=place not in begun)}"
            begun.add(place)

    def _known(self, most: int, quota: list[int]) -> dict[str, Any]:
        """What stands for numbers in the text."""
        known = self.values([0.0] * len(self.graph.inputs))
        names = {self.places[position]: known[position] for position in self.numbers}
        fixed = enumerate(self.graph.outputs)
        names |= {f"n{number}": known[position] for number, position in fixed if not self._varies[position]}
        return names | {"array": np.ndarray, "double": np.dtype(np.float64), "most": most, "quota": quota}

    def _line(self, number: int, step: Step, *, is_first: bool = False) -> str:
        args, place = ", ".join(self.places[position] for position in step.args), self.places[step.result]
        return f"{place} = f{number}({args})" if is_first else f"f{number}({args}, out={place})"

    def _compiled(self, arguments: str, lines: list[str], names: dict[str, Any]) -> Callable[..., Any]:
        names = {**names, "filled": _filled} | {f"f{k}": step.call for k, step in enumerate(self.steps)}
        text = "\n".join([f"def program({arguments}):", *lines, ""])
        exec(compile(text, "<diffcli program>", "exec"), names)  # noqa: S102 - our own text, see above
        program: Callable[..., Any] = names["program"]
        return program

    def _looped(self) -> Program:
        """Without generated text, where it is too large for Python's compiler."""
        slots = {name: number for number, name in enumerate(self.names)}
        steps = [
            (step.call, [slots[self.places[argument]] for argument in step.args], slots[self.places[step.result]])
            for step in self.steps
        ]

        def run(values: Sequence[Any]) -> None:
            for made, args, place in steps:
                made(*[values[arg] for arg in args], out=values[place])

        return run


def _guards(inputs: Sequence[str], outputs: Sequence[str] = ()) -> Iterator[str]:
    """Lines that turn away what is not plain, or could overlap."""
    first, *others = [*inputs, *outputs]
    wrong = [f"type({name}) is not array or {name}.dtype is not double" for name in (*inputs, *outputs)]
    yield f"    if {' or '.join(wrong)}: return None"
    yield f"    shape = {first}.shape"
    yield f"    size = {first}.size"
    wrong = [f"{name}.shape != shape" for name in others]
    yield f"    if {' or '.join([*wrong, 'not shape', 'not 0 < size <= most', 'quota[0] < 0'])}: return None"
    for number, name in enumerate(outputs):
        wrong = [f"{name}.base is not None or not {name}.flags.writeable"]
        wrong += [f"{name} is {other}" for other in (*inputs, *outputs[:number])]
        yield f"    if {' or '.join(wrong)}: return None"
    if outputs:  # an input that is a view could be one of an output, at any remove
        wrong = [
            f"{name}.base is not None and not (type({name}.base) is array and {name}.base.flags.owndata)"
            for name in inputs
        ]
        wrong += [f"{name}.base is {output}" for name in inputs for output in outputs]
        yield f"    if {' or '.join(wrong)}: return None"
    yield "    quota[0] -= size"


class _Buffers:
    """Buffers of one type: those that there are, and those that are free."""

    def __init__(self, letter: str) -> None:
        self._letter, self.count = letter, 0
        self._free: list[str] = []

    @property
    def names(self) -> list[str]:
        return [f"{self._letter}{number}" for number in range(self.count)]

    def taken(self) -> str:
        if self._free:
            return self._free.pop()
        self.count += 1
        return f"{self._letter}{self.count - 1}"

    def give_back(self, name: str) -> None:
        if name.startswith(self._letter):
            self._free.append(name)


def _filled(like: Any, number: Any) -> Any:
    result = np.empty(like.shape)
    result.fill(number)
    return result
