"""The derivative rules of operations on arrays as a trace writes them: v̄3 = Wᵀ@v̄5, W̄ = outer(v̄5, x).

What is written is the rule of the table, the same graph that runs. Only what has a shorter name in print gets it:
columns times rows as an outer product, and the operation itself where its own result occurs in its derivative.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from diffcli.execute.interpreter import evaluate
from diffcli.graph.folding import FoldingBuilder
from diffcli.graph.ops import OPS
from diffcli.graph.program import Graph, Node
from diffcli.graph.shapes import Shape, broadcast, shown
from diffcli.graph.structural import Structural
from diffcli.graph.text import ATOM, PLAIN, Piece, Style, pieces


class Rule(NamedTuple):
    """A rule in words, and the shape of what it gives, which may be that of one of many equal copies."""

    piece: Piece
    shape: Shape


class ShortBuilder(FoldingBuilder):
    """Leaves out the axes of length 1 that a reduction of a whole array keeps: its number fits as well."""

    def apply(self, op: str, *args: int, **params: Any) -> int:
        """The operation `op` on nodes that are already there."""
        if params.get("keepdims") and len(params["axes"]) == len(self.shape(args[0])):
            params = {**params, "keepdims": False}
        return super().apply(op, *args, **params)


class Operation(NamedTuple):
    """A node with what it and its arguments are called in print."""

    node: Node
    name: str
    arguments: Sequence[str]
    shapes: Sequence[Shape]
    """Of the arguments."""


def written_rule(operation: Operation, mode: str, argument: int, passed: str, style: Style) -> Rule:
    """The rule `jvp` or `vjp` by one argument of a node, applied to the (co)tangent called `passed`."""
    node, builder = operation.node, ShortBuilder()
    row = OPS[node.op]
    assert isinstance(row, Structural), "elementwise operations have partials"
    given = node.shape if mode == "vjp" else operation.shapes[argument]
    places = [builder.input("given", shape=given)]
    places += [
        builder.input(str(target), shape=shape) for target, shape in zip(node.args, operation.shapes, strict=True)
    ]
    names = dict(zip(places, (passed, *operation.arguments), strict=True))
    names[builder.apply(node.op, *places[1:], **dict(node.params))] = operation.name
    rule = row.rule(mode, argument, given, operation.shapes, node.params)
    position = evaluate(rule, builder, places)[rule.outputs[0]]
    written = _written(builder, _as_columns(builder, position), names, style)
    return Rule(written, rule.nodes[rule.outputs[0]].shape)


def _as_columns(builder: FoldingBuilder, position: int) -> int:
    """g@W, with a vector, as Wᵀ@g."""
    node = builder.nodes[position]
    if node.op != "matmul" or [len(builder.shape(argument)) for argument in node.args] != [1, 2]:
        return position
    vector, matrix = node.args
    return builder.apply("matmul", builder.apply("transpose", matrix, permutation=(1, 0)), vector)


def _written(builder: FoldingBuilder, position: int, names: Mapping[int, str], style: Style) -> Piece:
    graph, known = builder.graph((), (position,)), dict(names)
    for place in range(position + 1):
        factors = _outer_factors(graph, place) if graph.needed[place] else None
        if factors:
            texts = [_piece(graph, factor, known, style).text for factor in factors]
            known[place] = rf"{texts[0]} \, {{{texts[1]}}}^{{T}}" if style.is_latex else f"outer({', '.join(texts)})"
    return _piece(graph, position, known, style)


def _piece(graph: Graph, position: int, names: Mapping[int, str], style: Style) -> Piece:
    return Piece(names[position], ATOM) if position in names else pieces(graph, [position], names, style)[position]


def _outer_factors(graph: Graph, position: int) -> tuple[int, int] | None:
    """The vectors x and y where a node is x as a column times y as a row."""
    node = graph.nodes[position]
    if node.op != "mul":
        return None
    column, row = (graph.nodes[argument] for argument in node.args)
    if (column.op, row.op) != ("reshape", "reshape") or len(column.shape) != 2 or len(row.shape) != 2:
        return None
    x, y = column.args[0], row.args[0]
    are_vectors = len(graph.nodes[x].shape) == len(graph.nodes[y].shape) == 1
    return (x, y) if are_vectors and column.shape[1] == row.shape[0] == 1 else None


def summed(piece: Piece, shape: Shape, goal: Shape, style: Style) -> Piece:
    """A contribution of this shape as one for an array that was broadcast from `goal`: sum(…, axis=0)."""
    new = len(shape) - len(goal)
    axes = tuple(axis for axis, size in enumerate(shape) if axis < new or size != goal[axis - new])
    if not axes:
        return piece
    return _call(
        "sum", piece, shape, style, axes=axes, keepdims=len(axes) < len(shape) and any(axis >= new for axis in axes)
    )


def copied(piece: Piece, shape: Shape, goal: Shape, times: Callable[[str, str], str], style: Style) -> Piece:
    """The same number or row for all elements of an array of shape `goal`: v̄2 · ones(3)."""
    if broadcast(shape, goal) == shape:
        return piece
    least = OPS["mul"].precedence
    text = piece.text if piece.precedence >= least else style.parenthesised(piece.text)
    return Piece(times(text, ones(goal, style)), least)


def ones(shape: Shape, style: Style) -> str:
    """An array of ones in print."""
    if style.is_latex:
        sizes = r" \times ".join(map(str, shape))
        return rf"\mathbf{{1}}_{{{sizes}}}"
    return f"ones({shown(shape).replace('×', 'x' if style.name == PLAIN.name else '×')})"


def _call(op: str, piece: Piece, shape: Shape, style: Style, **params: object) -> Piece:
    builder = FoldingBuilder()
    argument = builder.input("x", shape=shape)
    position = builder.apply(op, argument, **params)
    return pieces(builder.graph((), (position,)), [position], {argument: piece.bare or piece.text}, style)[position]
