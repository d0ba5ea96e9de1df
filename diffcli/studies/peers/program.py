"""A graph as a Python function over the functions of another library, as its user would have written it.

Straight-line code, so that what is measured is the library and not a loop of ours around it. Its text holds only names
of ours, operators, and the digits of numbers; beyond some thousand nodes a loop over the graph is quicker to make.
Operations on constants only are computed here; whatever the library has no function for is written out in others.
"""

import math
import operator
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from diffcli.execute.floats import FLOATS
from diffcli.execute.interpreter import evaluate, outputs
from diffcli.graph.ops import OPS
from diffcli.graph.program import CONSTANT, INPUT, Builder, Graph, Node
from diffcli.studies.peers.peer import NotApplicable

MAX_NODES = 3000
"""Above this, Python's compiler takes longer than straight-line code saves."""
EXACT = 2**53
"""Whole numbers below this are written as such: x ** 2, not x ** 2.0."""
OPERATORS: dict[str, tuple[str, Callable[..., Any]]] = {
    "add": ("{} + {}", operator.add),
    "sub": ("{} - {}", operator.sub),
    "mul": ("{} * {}", operator.mul),
    "div": ("{} / {}", operator.truediv),
    "neg": ("-{}", operator.neg),
    "pow": ("{} ** {}", operator.pow),
    "lt": ("{} < {}", operator.lt),
    "le": ("{} <= {}", operator.le),
    "gt": ("{} > {}", operator.gt),
    "ge": ("{} >= {}", operator.ge),
    "eq": ("{} == {}", operator.eq),
    "ne": ("{} != {}", operator.ne),
}
COMPARISONS = frozenset("lt le gt ge eq ne".split())
Functions = Mapping[str, Callable[..., Any]]
"""What a library has for our primitives, by their names, beside the operators."""


def function(graph: Graph, functions: Functions, peer: str) -> Callable[..., Any]:
    """The program: numbers of the library in, one of each output out (alone where there is one output only)."""
    known = written_out(graph, frozenset(functions) | frozenset(OPERATORS), peer)
    make = straight_line if len(known.nodes) <= MAX_NODES else looped
    return make(known, functions)


def functions_of(namespace: Any, names: Mapping[str, str] | None = None) -> dict[str, Callable[..., Any]]:
    """The functions of an array namespace by the names of our primitives; `names` where it calls them otherwise."""
    called = {op: (names or {}).get(op) or row.call("array") or "" for op, row in OPS.items() if not row.is_structural}
    return {
        op: getattr(namespace, name)
        for op, name in called.items()
        if op not in OPERATORS and name and hasattr(namespace, name)
    }


def written_out(graph: Graph, known: Collection[str], peer: str) -> Graph:
    """The same program in terms of operations that are known; raises NotApplicable where there are none."""
    if not graph.is_scalar or len(graph.outputs) < 1:
        raise NotApplicable("it computes with arrays, and peers get programs on numbers")
    needed = graph.pruned()
    translation = _Translation(known, peer)
    positions = evaluate(needed, translation, [translation.builder.input(name) for name in needed.variables])
    results = [positions[output] for output in needed.outputs]
    return translation.builder.graph([positions[p] for p in needed.inputs], results, needed.output_names).pruned()


class _Translation:
    """Nodes of the new graph as an arithmetic for the interpreter."""

    def __init__(self, known: Collection[str], peer: str) -> None:
        self.builder, self._known, self._peer = Builder(), known, peer

    def constant(self, literal: str) -> int:
        """A constant by its digits as a double."""
        return self._number(FLOATS.constant(literal))

    def apply(self, op: str, *args: int, **_: Any) -> int:
        """The operation if it is known, its value if all arguments are constants, else its definition."""
        nodes = [self.builder.nodes[argument] for argument in args]
        if all(node.op == CONSTANT for node in nodes):
            return self._number(FLOATS.apply(op, *[float(node.literal) for node in nodes]))
        if op in self._known:
            return self.builder.apply(op, *args)
        if OPS[op].definition is None:
            raise NotApplicable(f"{self._peer} has no {op}")
        return outputs(OPS[op].definition_graph(), self, args)[0]

    def _number(self, value: float) -> int:
        return self.builder.constant(repr(value))


def straight_line(graph: Graph, functions: Functions) -> Callable[..., Any]:
    """The program as straight-line Python."""
    used = {node.op: functions[node.op] for node in graph.nodes if node.op in functions}
    return defined(source(graph, functions), used)


def defined(text: str, names: Mapping[str, Any]) -> Callable[..., Any]:
    """The function that a text of ours defines under the name `program`; `names` is what else it speaks of."""
    namespace = dict(names)
    exec(compile(text, "<diffcli peer>", "exec"), namespace)  # noqa: S102 - our own text, see above
    program: Callable[..., Any] = namespace["program"]
    return program


def source(graph: Graph, functions: Functions) -> str:
    """The text of the program."""
    terms = [_digits(node) if node.op == CONSTANT else f"v{position}" for position, node in enumerate(graph.nodes)]
    lines = [
        f"    v{position} = {_expression(node, [terms[argument] for argument in node.args], functions)}"
        for position, node in enumerate(graph.nodes)
        if node.op not in (CONSTANT, INPUT)
    ]
    results = ", ".join(terms[position] for position in graph.outputs)
    arguments = ", ".join(terms[position] for position in graph.inputs)
    return "\n".join([f"def program({arguments}):", *lines, f"    return {results}", ""])


def _expression(node: Node, terms: Sequence[str], functions: Functions) -> str:
    if node.op in functions:
        return f"{node.op}({', '.join(terms)})"
    return OPERATORS[node.op][0].format(*terms)


def _digits(node: Node) -> str:
    value = number(node)
    if not math.isfinite(value):
        return "(1e999 - 1e999)" if math.isnan(value) else f"({'-' * (value < 0)}1e999)"
    return repr(value) if value >= 0 else f"({value!r})"


def number(node: Node) -> float:
    """The value of a constant, a whole number as such."""
    value = float(node.literal)
    return int(value) if abs(value) < EXACT and value.is_integer() else value


def looped(graph: Graph, functions: Functions) -> Callable[..., Any]:
    """The program as a loop over its operations, everything looked up before."""
    start = [number(node) if node.op == CONSTANT else None for node in graph.nodes]
    steps = [
        (position, functions.get(node.op) or OPERATORS[node.op][1], node.args)
        for position, node in enumerate(graph.nodes)
        if node.op not in (CONSTANT, INPUT)
    ]

    def program(*values: Any) -> Any:
        results: list[Any] = start.copy()
        for position, value in zip(graph.inputs, values, strict=True):
            results[position] = value
        for position, operation, args in steps:
            results[position] = operation(*[results[argument] for argument in args])
        found = [results[position] for position in graph.outputs]
        return found[0] if len(found) == 1 else found

    return program
