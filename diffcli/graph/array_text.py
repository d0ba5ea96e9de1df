"""Operations on whole arrays written as mathematics: W @ x, W.T, x[1:3], sum(W, axis=0), [a, b].

In plain style all that users can type reads in again as the same node; `place`, `take` and `scatter`, which only rules
of differentiation make, are written as calls that say where.
"""

from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from diffcli.graph.ops import OPS
from diffcli.graph.program import Graph, Node
from diffcli.graph.shapes import Key, Shape
from diffcli.graph.style import ATOM, Piece, Style, filled

CALLED = {"amax": "max", "amin": "min"}
REDUCTIONS = frozenset(("sum", "amax", "amin", "norm", "logsumexp"))
INVERSES = frozenset(("inv", "solve"))
SHOWN = 8
"""Of a longer array of indices only the first are written."""


def structural(graph: Graph, position: int, args: Sequence[Piece], style: Style, parts: list[Piece] | None) -> Piece:
    """A node of the second half of the table; `parts` are the elements of a list, where it is one (see `stacked`)."""
    node = graph.nodes[position]
    params = dict(node.params)
    shapes = [graph.nodes[argument].shape for argument in node.args]
    if parts is not None:
        return _list(parts, params["axis"], style)
    if node.op == "index":
        return _part(args[0], _key_text(params["key"], shapes[0]), style)
    if node.op == "transpose" and params["permutation"] == tuple(range(len(shapes[0])))[::-1]:
        return _transposed(args[0], style)
    if style.is_latex and node.op in INVERSES:
        texts = [style.wrapped(arg, OPS["matmul"].precedence + 1) for arg in args]
        return Piece(filled(OPS[node.op].latex, texts), OPS["matmul"].precedence)
    keywords = _KEYWORDS.get(node.op)
    return _call(node, args, keywords(params, shapes) if keywords else [], style)


def stacked(graph: Graph, position: int, names: Mapping[int, str]) -> list[int] | None:
    """The elements of a list [a, b]: arrays that each got a new axis and were joined along it; None for all else."""
    node = graph.nodes[position]
    if node.op != "concatenate":
        return None
    axis: int = dict(node.params)["axis"]
    elements = []
    for argument in node.args:
        part = graph.nodes[argument]
        if part.op != "reshape" or argument in names:
            return None
        shape = graph.nodes[part.args[0]].shape
        if part.shape != (*shape[:axis], 1, *shape[axis:]):
            return None
        elements.append(part.args[0])
    return elements


def _list(parts: Sequence[Piece], axis: int, style: Style) -> Piece:
    inside = ", ".join(part.text for part in parts)
    if style.is_latex:
        return Piece(rf"\left[{inside}\right]", ATOM)
    call = f"stack({inside})"
    return Piece(f"[{inside}]", ATOM, alone=call) if axis == 0 else Piece(f"{call[:-1]}, axis={axis})", ATOM)


def _part(base: Piece, key: str, style: Style) -> Piece:
    text = style.wrapped(base, ATOM)
    return Piece(f"{{{text}}}_{{[{key}]}}" if style.is_latex else f"{text}[{key}]", ATOM)


def _transposed(base: Piece, style: Style) -> Piece:
    text = style.wrapped(base, ATOM)
    if style.is_latex:
        return Piece(f"{{{text}}}^{{T}}", ATOM)
    return Piece(text + ("ᵀ" if style.name == "pretty" else ".T"), ATOM)


def _key_text(key: Key, shape: Shape) -> str:
    """An index as it is typed: 0, 1:3, ::-1; axes at the end that are taken whole are not written."""
    entries = [
        str(entry) if isinstance(entry, int) else _slice_text(*entry, size)
        for entry, size in zip(key, shape, strict=True)
    ]
    while len(entries) > 1 and entries[-1] == ":":
        entries.pop()
    return ", ".join(entries)


def _slice_text(start: int, stop: int | None, step: int, size: int) -> str:
    first, last = (0, size) if step > 0 else (size - 1, None)
    text = f"{'' if start == first else start}:{'' if stop in (last, None) else stop}"
    return text if step == 1 else f"{text}:{step}"


def _call(node: Node, args: Sequence[Piece], keywords: Sequence[str], style: Style) -> Piece:
    name = CALLED.get(node.op, node.op)
    texts = [arg.text for arg in args]
    if style.is_latex:
        name = OPS[node.op].latex if "#" not in OPS[node.op].latex else rf"\operatorname{{{name}}}"
        keywords = [_latex_keyword(keyword) for keyword in keywords]
    return Piece(name + style.parenthesised(", ".join([*texts, *keywords])), ATOM)


def _latex_keyword(keyword: str) -> str:
    word, equals, value = keyword.partition("=")
    if not equals:
        return keyword
    value = rf"\mathrm{{{value}}}" if value.isalpha() else value
    return rf"\mathrm{{{word}}}={value}"


def _numbers(sizes: Sequence[int]) -> str:
    return str(sizes[0]) if len(sizes) == 1 else f"({', '.join(map(str, sizes))})"


def _reduction(params: Mapping[str, Any], shapes: Sequence[Shape]) -> list[str]:
    axes = params["axes"]
    keywords = [] if len(axes) == len(shapes[0]) else [f"axis={_numbers(axes)}"]
    return keywords + (["keepdims=true"] if params["keepdims"] else [])


def _along(params: Mapping[str, Any], shapes: Sequence[Shape]) -> list[str]:
    return [] if params["axis"] == len(shapes[0]) - 1 else [f"axis={params['axis']}"]


def _joined(params: Mapping[str, Any], _: Sequence[Shape]) -> list[str]:
    return [f"axis={params['axis']}"] if params["axis"] else []


def _at_key(params: Mapping[str, Any], _: Sequence[Shape]) -> list[str]:
    return [f"at=[{_key_text(params['key'], params['shape'])}]", f"shape={_numbers(params['shape'])}"]


def _at_indices(params: Mapping[str, Any], _: Sequence[Shape]) -> list[str]:
    positions = array("q", params["indices"].data)
    text = ", ".join(map(str, positions[:SHOWN])) + (", …" if len(positions) > SHOWN else "")
    return [f"at=[{text}]", *([f"shape={_numbers(params['shape'])}"] if "shape" in params else [])]


_KEYWORDS: dict[str, Callable[[Mapping[str, Any], Sequence[Shape]], list[str]]] = {
    **dict.fromkeys(REDUCTIONS, _reduction),
    **dict.fromkeys(("softmax", "cumsum"), _along),
    **dict.fromkeys(("reshape", "broadcast"), lambda params, _: [_numbers(params["shape"])]),
    "transpose": lambda params, _: [_numbers(params["permutation"])],
    "concatenate": _joined,
    "place": _at_key,
    **dict.fromkeys(("take", "scatter"), _at_indices),
}
"""What each operation is written with after its arguments."""
