"""One reverse sweep in numbers, for programs of numbers too large to be worth an adjoint program of their own.

The values of all nodes are computed from the first to the last; then the edges are walked from the last to the first,
each handing on v̄_source · ∂v_source/∂v_target. The partials are those of the table. Sums of several contributions are
taken in the order of the nodes, those of an adjoint program in the order of the trace: the last bit may differ.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from diffcli.execute.interpreter import evaluate
from diffcli.execute.loop import all_values
from diffcli.execute.python_source import compiled
from diffcli.graph.folding import FoldingBuilder
from diffcli.graph.ops import OPS
from diffcli.graph.program import CONSTANT, Graph, Node

Function = Callable[..., Sequence[float]]


class Local(NamedTuple):
    """A local partial of a primitive: a number, the value of one of these nodes, or what is neither.

    That is a function of the adjoint and the arguments, which gives v̄_source · ∂v_source/∂v_target.
    """

    number: float | None = None
    value: int | None = None
    function: Function | None = None


Edge = tuple[int, int, float | None, int | None, Function | None, tuple[int, ...], bool]
"""v̄_target ← v̄_target + v̄_source · ∂v_source/∂v_target: target, source, the partial (a number, the node that is its
value, or a function of v̄_source and the source's arguments), these arguments, and whether the source is a choice, which
does not use the target at all where the partial is 0, and where it is 1 as it is."""


def swept(graph: Graph, output: int, wrt: Sequence[int]) -> Callable[[Sequence[float]], Sequence[float]]:
    """A runnable program: values of the inputs in, y and ∂y/∂x for the inputs at the positions `wrt` out."""
    values_of, edges, size = all_values(graph), _edges(graph, output, wrt), len(graph.nodes)

    def run(point: Sequence[float]) -> Sequence[float]:
        values = values_of(point)
        adjoints: list[float | None] = [None] * size
        adjoints[output] = 1.0
        for target, source, factor, value, function, args, is_choice in edges:
            adjoint = adjoints[source]
            if adjoint is None:
                continue  # nothing that was used depends on this node
            if factor is not None:
                contribution = adjoint * factor
            elif value is not None:
                contribution = adjoint * values[value]
            else:
                assert function is not None
                (contribution,) = function([1.0 if is_choice else adjoint, *[values[argument] for argument in args]])
                if is_choice:
                    if contribution == 0:
                        continue
                    contribution = adjoint
            before = adjoints[target]
            adjoints[target] = contribution if before is None else before + contribution
        return [values[output], *[adjoints[position] or 0.0 for position in wrt]]

    return run


def _edges(graph: Graph, output: int, wrt: Sequence[int]) -> list[Edge]:
    """The edges between nodes that depend on an input and that the output depends on, the last source first."""
    active, needed, nodes = graph.active(wrt), graph.needed, graph.nodes
    edges: list[Edge] = []
    for source in range(output, -1, -1):
        if not (active[source] and needed[source]):
            continue
        op, args, *_ = node = nodes[source]
        literals = (None,) * len(args) if op in _SIMPLE else _literals(graph, node)
        for argument, target in enumerate(args):
            local = _local(op, argument, literals) if active[target] else None
            if local is None:
                continue
            number, value, function = local
            if value is not None:
                value = args[value] if value < len(args) else source
            edges.append((target, source, number, value, function, args, op == "where"))
    return edges


def _literals(graph: Graph, node: Node) -> tuple[str | None, ...]:
    """The constants among the arguments, where a partial is simpler for them: ∂x²/∂x is 2·x."""
    arguments = [graph.nodes[argument] for argument in node.args]
    return tuple([argument.literal if argument.op == CONSTANT else None for argument in arguments])


_SIMPLE = frozenset(("add", "sub", "mul", "div"))


@lru_cache(4096)
def _local(op: str, argument: int, literals: tuple[str | None, ...]) -> Local | None:
    """A partial of the table, for arguments some of which are constants; None where it is 0, as for sign."""
    partial, builder = OPS[op].partial(argument), FoldingBuilder()
    if partial is None:
        return None
    names = [f"x{number}" for number in range(len(literals))]
    inputs = [builder.input(name) for name in names]
    args = [x if text is None else builder.constant(text) for x, text in zip(inputs, literals, strict=True)]
    found = evaluate(partial, builder, args)[partial.outputs[0]]
    number = builder.rational(found)
    if number is not None:
        return Local(number=float(number)) if number else None
    if found in args:
        return Local(value=args.index(found))
    if builder.nodes[found] == Node(op, tuple(args)):
        return Local(value=len(args))  # as for exp
    adjoint = builder.input("adjoint")  # 1/x may overflow where v̄/x does not
    return Local(function=compiled(builder.graph((adjoint, *inputs), (builder.apply("mul", adjoint, found),))))
