"""Straight-line Python source for programs on arrays.

    def program(values):
        v0, v1 = values
        v2 = dot(v0, v1)
        v3 = multiply(v2, v2, v2)
        del v0
        ...

Every array is dropped after its last use, and NumPy writes into arrays that nobody needs any more, so that a reverse
sweep holds little beside the intermediates it needs. The text contains only positions and names of ours. What depends
on the array library is settled once for each library and type, in the first run.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from diffcli.execute.array_library import COMPARISONS, OPERATORS, Library, constant, library_of
from diffcli.execute.floats import function
from diffcli.execute.python_source import MAX_NODES, TEMPLATES
from diffcli.graph.ops import OPS
from diffcli.graph.program import CONSTANT, INPUT, Graph, Node

Program = Callable[[Sequence[Any]], Sequence[Any]]
VIEWS = frozenset(("transpose", "reshape", "broadcast", "index"))
"""Operations whose result can share its elements with their argument."""


class Step(NamedTuple):
    """One operation, ready to run."""

    position: int
    call: Callable[..., Any]
    args: tuple[int, ...]
    text: str
    """The same as an expression, with `f7` for the function."""
    dropped: tuple[int, ...]
    """What nobody needs any more afterwards."""


def compiled(graph: Graph) -> Program:
    """A runnable program: arrays (or floats) of the inputs' shapes in, values of the outputs out.

    A result can be a view of an input, or read-only.
    """
    needed = graph.pruned()
    programs: dict[tuple[str, Any], tuple[Library, Program]] = {}

    def run(values: Sequence[Any]) -> Sequence[Any]:
        library = library_of(values)
        known = programs.get((library.name, library.dtype))
        if known is None:
            known = programs[library.name, library.dtype] = library, _made(needed, library)
        with library.quiet():
            return known[1](values)

    return run


def _made(graph: Graph, library: Library) -> Program:
    plan = Plan(graph, library)
    return plan.straight() if len(graph.nodes) <= MAX_NODES else plan.loop()


class Plan:
    """A graph settled for one library: which nodes are Python floats, what runs, what is dropped when."""

    def __init__(self, graph: Graph, library: Library) -> None:
        """Choose the function of every node."""
        self.graph, self.library, self.outputs = graph, library, frozenset(graph.outputs)
        self.numbers = self._numbers()
        self.conditions = self._conditions()
        self.last_use = self._last_uses()
        self.last_name = {argument: p for p, node in enumerate(graph.nodes) for argument in node.args}
        self.steps = [self._step(p, node) for p, node in enumerate(graph.nodes) if node.args]

    def source(self) -> str:
        """The text of the program."""
        inputs = "".join(f"v{position}, " for position in self.graph.inputs)
        lines = [f"    {inputs}= values"] if inputs else []
        lines += [
            f"    v{position} = prepare{position}(v{position})"
            for position in self.graph.inputs
            if position in self.numbers
        ]
        for step in self.steps:
            lines.append(f"    v{step.position} = {step.text}")
            if step.dropped:
                lines.append(f"    del {', '.join(f'v{position}' for position in step.dropped)}")
        results = "".join(f"{self._result(position)}, " for position in self.graph.outputs)
        return "\n".join(["def program(values):", *lines, f"    return ({results})", ""])

    def straight(self) -> Program:
        """The source, compiled."""
        namespace: dict[str, Any] = {f"f{step.position}": step.call for step in self.steps}
        namespace |= {f"prepare{position}": float for position in self.graph.inputs}
        namespace |= {f"v{p}": constant(node.literal) for p, node in enumerate(self.graph.nodes) if node.op == CONSTANT}
        namespace["lifted"] = self.library.lifted
        exec(compile(self.source(), "<diffcli program>", "exec"), namespace)  # noqa: S102 - our own text, see above
        program: Program = namespace["program"]
        return program

    def loop(self) -> Program:
        """The same without generated text, for programs too large for Python's compiler."""
        start = [constant(node.literal) if node.op == CONSTANT else None for node in self.graph.nodes]

        def run(values: Sequence[Any]) -> Sequence[Any]:
            results: list[Any] = start.copy()
            for position, value in zip(self.graph.inputs, values, strict=True):
                results[position] = float(value) if position in self.numbers else value
            for position, call, args, _, dropped in self.steps:
                results[position] = call(*[results[argument] for argument in args])
                for old in dropped:
                    results[old] = None
            outputs = (results[position] for position in self.graph.outputs)
            return [value if self.library.has_quick_numbers else self.library.lifted(value) for value in outputs]

        return run

    def _numbers(self) -> frozenset[int]:
        """The nodes that are Python floats: constants and what follows from them, and in NumPy all numbers."""
        numbers: set[int] = set()
        for position, node in enumerate(self.graph.nodes):
            is_quick = self.library.has_quick_numbers and node.shape == ()
            is_constant = node.op == CONSTANT or (
                bool(node.args) and not OPS[node.op].is_structural and all(a in numbers for a in node.args)
            )
            if is_quick or is_constant:
                numbers.add(position)
        return frozenset(numbers)

    def _conditions(self) -> frozenset[int]:
        """Comparisons of arrays that only choose in a `where`: they stay truth values."""
        found = {p for p, node in enumerate(self.graph.nodes) if node.op in COMPARISONS and p not in self.numbers}
        for position, node in enumerate(self.graph.nodes):
            found.difference_update(node.args[1:] if node.op == "where" and position not in self.numbers else node.args)
        return frozenset(found.difference(self.graph.outputs))

    def _last_uses(self) -> dict[int, int]:
        """For every node the last one that needs it; a view needs what it looks at as long as it is needed itself."""
        last = {position: len(self.graph.nodes) for position in self.graph.outputs}
        for position in range(len(self.graph.nodes) - 1, -1, -1):
            node = self.graph.nodes[position]
            end = last.get(position, position) if node.op in VIEWS else position
            for argument in node.args:
                last[argument] = max(last.get(argument, 0), end)
        return last

    def _step(self, position: int, node: Node) -> Step:
        call = self._call(position, node)
        values = [f"v{argument}" for argument in node.args]
        template = TEMPLATES.get(node.op) if node.op in OPERATORS and self._is_plain(position, node) else None
        text = template.format(*values) if template else f"f{position}({', '.join(values)})"
        args = node.args
        reused = None if position in self.numbers else self._reusable(position, node, call)
        if reused is not None:
            call, args = self._ufunc(node, call), (*node.args, reused)
            text = f"f{position}({', '.join(f'v{argument}' for argument in args)})"
        nodes = self.graph.nodes
        dropped = (argument for argument in dict.fromkeys(node.args) if nodes[argument].op != CONSTANT)
        return Step(position, call, args, text, tuple(a for a in dropped if self._drops(a, position)))

    def _drops(self, argument: int, position: int) -> bool:
        """Whether a node's name is not needed behind `position`."""
        return self.last_name[argument] == position and argument not in self.outputs

    def _is_plain(self, position: int, node: Node) -> bool:
        """Whether an operator of Python does the same: not for quotients and powers of numbers, which can raise."""
        return position not in self.numbers or node.op in ("add", "sub", "mul", "neg")

    def _call(self, position: int, node: Node) -> Callable[..., Any]:
        if not OPS[node.op].is_structural:
            if position in self.numbers:
                return function(node.op)
            if position in self.conditions:
                return COMPARISONS[node.op]
            if node.op == "where" and node.args[0] in self.conditions:
                return self._choice(self.library.namespace.where)
            return self.library.elementwise(node.op)
        shapes = [self.graph.nodes[argument].shape for argument in node.args]
        call = self.library.structural(node.op, shapes, **dict(node.params))
        return (lambda *args: float(call(*args))) if position in self.numbers else call

    def _choice(self, where: Callable[..., Any]) -> Callable[..., Any]:
        if self.library.name == "numpy":
            return where
        return lambda condition, x, y: where(condition, self.library.lifted(x), self.library.lifted(y))

    def _reusable(self, position: int, node: Node, call: Callable[..., Any]) -> int | None:
        """An argument whose array can take the result."""
        if self.library.name != "numpy" or not node.shape or self._ufunc(node, call) is None:
            return None
        for argument in node.args:
            other = self.graph.nodes[argument]
            is_own = other.op not in VIEWS and other.op not in (INPUT, CONSTANT) and argument not in self.numbers
            is_free = self.last_use[argument] == position and argument not in self.conditions
            if is_own and is_free and other.shape == node.shape and other.op != "cumsum":
                return argument
        return None

    def _ufunc(self, node: Node, call: Callable[..., Any]) -> Any:
        """NumPy's universal function for an operation, which can write where it is told to."""
        numpy = self.library.namespace
        name = {"add": "add", "sub": "subtract", "mul": "multiply", "div": "divide", "neg": "negative"}.get(node.op)
        found = getattr(numpy, name) if name else call
        return found if isinstance(found, numpy.ufunc) else None

    def _result(self, position: int) -> str:
        is_float = position in self.numbers and not self.library.has_quick_numbers
        return f"lifted(v{position})" if is_float else f"v{position}"
