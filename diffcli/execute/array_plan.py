"""What is settled about a program on arrays before it is written out, for one library and type."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any, NamedTuple

from diffcli.execute.array_functions import COMPARISONS, native
from diffcli.execute.array_library import Library, constant
from diffcli.execute.array_rewriting import rewritten
from diffcli.execute.array_structural import index
from diffcli.execute.floats import function
from diffcli.graph.ops import OPS
from diffcli.graph.program import CONSTANT, INPUT, Graph, Node

VIEWS = frozenset(("transpose", "reshape", "broadcast", "index"))
"""Operations whose result can share its elements with their argument."""
UFUNCS = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "div": "divide",
    "neg": "negative",
    "relu": "maximum",
    "pow": "power",
}
"""NumPy's universal functions for operations that have another name in the table."""


class Addition(NamedTuple):
    """A sum with an array that is zero but for a part: only that part is added."""

    base: int
    """The other summand."""
    placed: int
    """The array with the zeros, which is never made."""
    part: int


class Plan:
    """Which nodes are Python floats, which are truth values, when each is needed last, which array is used again."""

    def __init__(self, graph: Graph, library: Library) -> None:
        """Settle all that does not depend on values."""
        self.graph, self.library = rewritten(graph, library), library
        self.nodes, self.outputs = self.graph.nodes, frozenset(self.graph.outputs)
        self.constants = self._constants()
        self.numbers = frozenset(p for p, node in enumerate(self.nodes) if self._is_number(p, node))
        self.conditions = self._conditions()
        self.additions = self._additions()
        self.skipped = frozenset(self.constants) | {addition.placed for addition in self.additions.values()}
        self.repeated = self._repeated()
        self.last_use = self._last_uses()
        self.last_name = {argument: p for p in range(len(self.nodes)) for argument in self.args(p)}

    @cached_property
    def is_numpy(self) -> bool:
        """Whether NumPy computes."""
        return self.library.name == "numpy"

    def _constants(self) -> dict[int, float]:
        """The numbers known in advance: constants, and what is computed from nothing else."""
        values: dict[int, float] = {}
        for position, node in enumerate(self.nodes):
            if node.op == CONSTANT:
                values[position] = constant(node.literal)
            elif node.args and not OPS[node.op].is_structural and all(argument in values for argument in node.args):
                values[position] = function(node.op)(*[values[argument] for argument in node.args])
        return values

    def _is_number(self, position: int, node: Node) -> bool:
        """Whether the node is a Python float: constants, and all numbers where the library is quicker with them."""
        return position in self.constants or (self.library.has_quick_numbers and node.shape == ())

    def _conditions(self) -> frozenset[int]:
        """Comparisons of arrays that stay truth values: they choose in a `where`, or NumPy multiplies with them."""
        found = {p for p, node in enumerate(self.nodes) if node.op in COMPARISONS and p not in self.numbers}
        for position, node in enumerate(self.nodes):
            found.difference_update(self._elements_needed(position, node, found))
        return frozenset(found - self.outputs)

    def _elements_needed(self, position: int, node: Node, found: set[int]) -> Sequence[int]:
        """The arguments that must be numbers and not truth values."""
        if node.op == "where" and position not in self.numbers:
            return node.args[1:]
        first = node.args[0] if node.op == "mul" and self.is_numpy else None
        if first is not None and first not in found and first not in self.numbers:
            return node.args[:1]  # x·[condition] takes the type of x
        return node.args

    def _repeated(self) -> frozenset[int]:
        """The numbers that meet arrays more than once."""
        meetings = Counter(
            argument
            for position, node in enumerate(self.nodes)
            for argument in node.args
            if self.is_numpy and node.shape and not OPS[node.op].is_structural and position not in self.numbers
        )
        return frozenset(p for p, n in meetings.items() if n > 1 and p in self.numbers and p not in self.constants)

    def _additions(self) -> dict[int, Addition]:
        """The sums with `place`, as the sweep makes them for every index: n of them cost n, not n²."""
        users = Counter(argument for node in self.nodes for argument in node.args)
        found: dict[int, Addition] = {}
        for position, node in enumerate(self.nodes):
            if node.op != "add" or not self.is_numpy:
                continue
            for placed, base in (node.args[::-1], node.args):
                other = self.nodes[placed]
                is_only_here = other.op == "place" and users[placed] == 1 and placed not in self.outputs
                if is_only_here and self.nodes[base].shape == node.shape and other.shape == node.shape:
                    found[position] = Addition(base, placed, other.args[0])
                    break
        return found

    def args(self, position: int) -> tuple[int, ...]:
        """The nodes that one is computed from."""
        addition = self.additions.get(position)
        if addition:
            return (addition.base, addition.part)
        return () if position in self.skipped else self.nodes[position].args

    def _last_uses(self) -> dict[int, int]:
        """For every node the last one that needs it; a view needs what it looks at as long as it is needed itself."""
        last = {position: len(self.nodes) for position in self.graph.outputs}
        for position in range(len(self.nodes) - 1, -1, -1):
            node = self.nodes[position]
            end = last.get(position, position) if node.op in VIEWS else position
            for argument in self.args(position):
                last[argument] = max(last.get(argument, 0), end)
        return last

    def dropped(self, position: int) -> list[int]:
        """The nodes whose names are not needed behind this one."""
        args = dict.fromkeys(self.args(position))
        return [a for a in args if self.last_name[a] == position and a not in self.outputs and a not in self.constants]

    def reusable(self, position: int) -> int | None:
        """An argument whose array can take the result: made by this program, of the same shape, not looked at later."""
        node, addition = self.nodes[position], self.additions.get(position)
        for argument in [addition.base] if addition else node.args:
            other = self.nodes[argument]
            is_own = other.op not in VIEWS and other.op not in (INPUT, CONSTANT)
            is_array = argument not in self.numbers and argument not in self.conditions
            if is_own and is_array and self.last_use[argument] == position and other.shape == node.shape != ():
                return argument
        return None

    def ufunc(self, node: Node) -> Any:
        """NumPy's universal function for an operation, which can write where it is told to."""
        if not self.is_numpy or OPS[node.op].is_structural:
            return None
        numpy, name = self.library.namespace, UFUNCS.get(node.op)
        found = getattr(numpy, name) if name else native(self.library, node.op)
        return found if isinstance(found, numpy.ufunc) else None

    def call(self, position: int) -> Callable[..., Any]:
        """The function of a node, on the values of its arguments."""
        node, addition = self.nodes[position], self.additions.get(position)
        if addition:
            key = index(dict(self.nodes[addition.placed].params)["key"])
            return partial(_added, key, is_own=self.reusable(position) is not None)
        if OPS[node.op].is_structural:
            made = self.structural(node)
            return (lambda *args: float(made(*args))) if position in self.numbers else made
        if position in self.numbers:
            return function(node.op)
        if position in self.conditions:
            return COMPARISONS[node.op]
        return self.elementwise(node)

    def structural(self, node: Node) -> Callable[..., Any]:
        """An operation on arrays as a whole, for the shapes that it meets here."""
        shapes = [self.nodes[argument].shape for argument in node.args]
        found, lifted = self.library.structural(node.op, shapes, **dict(node.params)), self.library.lifted
        has_numbers = any(argument in self.numbers for argument in node.args)
        return (lambda *args: found(*map(lifted, args))) if has_numbers else found

    def elementwise(self, node: Node) -> Callable[..., Any]:
        """An operation on arrays element by element."""
        if node.op == "where" and node.args[0] in self.conditions:
            where, lifted = self.library.namespace.where, self.library.lifted
            return lambda condition, x, y: where(condition, lifted(x), lifted(y))
        return self.library.elementwise(node.op)

    def copied_results(self) -> list[bool]:
        """Which results would share elements with an input or with another result, or would be read-only."""
        owners: set[int] = set()
        flags = []
        for position in self.graph.outputs:
            owner, is_repeated = position, False
            while self.nodes[owner].op in VIEWS:
                is_repeated |= self.nodes[owner].op == "broadcast"
                owner = self.nodes[owner].args[0]
            is_shared = self.nodes[owner].op == INPUT or owner in owners or owner in self.constants
            flags.append(position not in self.numbers and (is_repeated or is_shared))
            owners.add(owner)
        return flags


def _added(key: tuple[int | slice, ...], base: Any, part: Any, *, is_own: bool) -> Any:
    result = base if is_own else base.copy()
    result[key] += part
    return result
