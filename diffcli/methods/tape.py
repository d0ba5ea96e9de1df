"""One reverse sweep in numbers, for programs of numbers too large to be worth an adjoint program of their own.

The values of all nodes are computed from the first to the last; then the edges are walked from the last to the first,
each handing on v̄_source · ∂v_source/∂v_target. The partials are those of the table. Sums of several contributions are
taken in the order of the nodes, those of an adjoint program in the order of the trace: the last bit may differ.
"""

from collections.abc import Callable, Sequence
from functools import cache, lru_cache

from diffcli.execute.floats import CONSTANTS
from diffcli.execute.interpreter import evaluate
from diffcli.execute.loop import all_values
from diffcli.execute.python_source import compiled
from diffcli.graph.folding import FoldingBuilder
from diffcli.graph.ops import OPS
from diffcli.graph.program import CONSTANT, Graph, Node

Function = Callable[[Sequence[float]], Sequence[float | None]]
Partial = tuple[int, float | None, int, Function | None]
"""∂v_source/∂v_target: which argument of the source the target is, and the partial. That is a number; or the value of
one of the arguments, counted from 0, or of the source, −1; or what is neither: a function of v̄_source and the values of
all arguments, which gives v̄_source · ∂v_source/∂v_target, or None where the source does not use the target at all."""


def swept(graph: Graph, output: int, wrt: Sequence[int]) -> Callable[[Sequence[float]], Sequence[float]]:
    """A runnable program: values of the inputs in, y and ∂y/∂x for the inputs at the positions `wrt` out."""
    nodes, needed, active = graph.nodes, graph.needed, graph.active(wrt)
    values_of, size = all_values(graph), len(nodes)
    sources = [p for p in range(output, -1, -1) if active[p] and needed[p] and nodes[p].args]
    arguments, rules = [nodes[p].args for p in sources], [_partials_of(nodes[p], nodes, active) for p in sources]

    def run(point: Sequence[float]) -> Sequence[float]:
        values = values_of(point)
        adjoints: list[float | None] = [None] * size
        adjoints[output] = 1.0
        for source, args, partials in zip(sources, arguments, rules, strict=True):
            adjoint = adjoints[source]
            if adjoint is None:
                continue  # nothing that was used depends on this node
            for argument, number, value, function in partials:
                target = args[argument]
                if number is not None:
                    contribution = adjoint * number
                elif function is None:
                    contribution = adjoint * values[args[value] if value >= 0 else source]
                else:
                    given = [values[args[0]]] if len(args) == 1 else [values[position] for position in args]
                    (found,) = function([adjoint, *given])
                    if found is None:
                        continue
                    contribution = found
                before = adjoints[target]
                adjoints[target] = contribution if before is None else before + contribution
        return [values[output], *[adjoints[position] or 0.0 for position in wrt]]

    return run


def _partials_of(node: Node, nodes: Sequence[Node], active: Sequence[bool]) -> tuple[Partial, ...]:
    """The partials of a node by its arguments that depend on an input; simpler beside constants: ∂x²/∂x is 2·x."""
    op, args, *_ = node
    if len(args) < 3 and active[args[0]] and active[args[-1]]:
        return _general_partials(op)
    return _partials(op, tuple([None if active[p] else _literal(op, nodes[p]) for p in args]))


_SIMPLE = frozenset(("add", "sub", "mul", "div"))
"""Operations whose partials are no simpler for a constant, unless that is 0."""


def _literal(op: str, node: Node) -> str:
    """What a partial may depend on: without it many constants share one."""
    if node.op != CONSTANT or (op in _SIMPLE and (node.literal in CONSTANTS or float(node.literal))):
        return ""
    return node.literal


@cache
def _general_partials(op: str) -> tuple[Partial, ...]:
    """The partials of an operation all of whose arguments depend on an input."""
    return _partials(op, (None,) * OPS[op].arity)


@lru_cache(4096)
def _partials(op: str, fixed: tuple[str | None, ...]) -> tuple[Partial, ...]:
    """The partials of the table, but for those that are 0, as of sign.

    `fixed` says of every argument what it is: None if it depends on an input, else its literal where that matters.
    """
    literals = tuple([text or None for text in fixed])
    found = [_partial(op, argument, literals) for argument, text in enumerate(fixed) if text is None]
    return tuple([partial for partial in found if partial is not None])


def _partial(op: str, argument: int, literals: tuple[str | None, ...]) -> Partial | None:
    row, builder = OPS[op].partial(argument), FoldingBuilder()
    if row is None:
        return None
    inputs = [builder.input(f"x{number}") for number in range(len(literals))]
    args = [x if text is None else builder.constant(text) for x, text in zip(inputs, literals, strict=True)]
    found = evaluate(row, builder, args)[row.outputs[0]]
    number = builder.rational(found)
    if number is not None:
        return (argument, float(number), 0, None) if number else None
    if found in args:
        return argument, None, args.index(found), None
    if builder.nodes[found] == Node(op, tuple(args)):
        return argument, None, -1, None  # as for exp
    if op == "where":
        taken = compiled(builder.graph(inputs, (found,)))
        return argument, None, 0, lambda values: (values[0] if taken(values[1:])[0] else None,)
    adjoint = builder.input("adjoint")  # 1/x may overflow where v̄/x does not
    return argument, None, 0, compiled(builder.graph((adjoint, *inputs), (builder.apply("mul", adjoint, found),)))
