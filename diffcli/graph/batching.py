"""Many runs of a program in one: some of its inputs get a new first axis, along which the runs lie.

What depends on none of these inputs is computed once. All tangents of a forward sweep, or all cotangents of a reverse
sweep, are computed at once in this way.
"""

from collections.abc import Iterable

from diffcli.graph.ops import OPS
from diffcli.graph.primitive import Term
from diffcli.graph.program import INPUT, Builder, Graph
from diffcli.graph.structural import Structural


def batched(graph: Graph, inputs: Iterable[int], count: int) -> Graph:
    """The program whose inputs at the positions `inputs`, and all of whose outputs, have a new first axis."""
    builder, chosen = Builder(), frozenset(inputs)
    terms: list[Term] = []
    flags = graph.active(chosen)
    for position, node in enumerate(graph.nodes):
        if node.op == INPUT:
            shape = (count, *node.shape) if position in chosen else node.shape
            terms.append(Term(builder, builder.input(node.literal, shape=shape)))
        elif not node.args:
            terms.append(Term(builder, builder.constant(node.literal)))
        else:
            args = [terms[argument] for argument in node.args]
            are_batched = [flags[argument] for argument in node.args]
            first, *others = args if not flags[position] else _arguments(graph, position, args, are_batched)
            row = OPS[node.op]
            if flags[position] and isinstance(row, Structural):
                assert row.batch is not None
                terms.append(row.batch(are_batched, first, *others, **dict(node.params)))
            else:
                terms.append(first.apply(node.op, *others, **dict(node.params)))
    outputs = [
        (term if flags[position] else term.broadcast((count, *term.shape))).position
        for position, term in ((position, terms[position]) for position in graph.outputs)
    ]
    return builder.graph([terms[position].position for position in graph.inputs], outputs, graph.output_names)


def _arguments(graph: Graph, position: int, args: list[Term], flags: list[bool]) -> list[Term]:
    """Elementwise operations match axes from the right: an array of lower rank gets axes behind its new first one."""
    node = graph.nodes[position]
    if OPS[node.op].is_structural:
        return args
    rank = len(node.shape)
    return [
        term.reshape((term.shape[0], *(1,) * (rank - len(term.shape) + 1), *term.shape[1:])) if flag else term
        for term, flag in zip(args, flags, strict=True)
    ]
