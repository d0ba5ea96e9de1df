"""A graph written as mathematics: plain text that can be read in again, pretty Unicode, LaTeX.

One writer serves all of them; a `Style` says how operators, powers, calls and numbers look. Nodes that have a name
(inputs, the user's intermediates, v_1 … in a trace) are written as that name and not expanded.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from diffcli.graph.array_text import stacked, structural
from diffcli.graph.ops import OPS
from diffcli.graph.primitive import Primitive
from diffcli.graph.program import CONSTANT, INPUT, Graph
from diffcli.graph.style import (
    ATOM,
    ELEMENTWISE,
    LATEX,
    PLAIN,
    PRETTY,
    Piece,
    Style,
    as_operation,
    as_rule,
    filled,
)

__all__ = ["ATOM", "LATEX", "PLAIN", "PRETTY", "Piece", "Style", "as_operation", "as_rule", "latex_name", "names_of",
           "pieces", "program_text", "write"]  # fmt: skip

WHOLE = 10**6
"""Enough for every program that was read from a text: it is not longer than that."""
GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()
)


def write(graph: Graph, position: int, names: Mapping[int, str], style: Style = PLAIN) -> str:
    """The mathematics of one node, in terms of the named nodes; long texts are cut with an ellipsis."""
    piece = pieces(graph, [position], names, style)[position]
    return piece.bare or piece.text


def pieces(graph: Graph, positions: Iterable[int], names: Mapping[int, str], style: Style) -> dict[int, Piece]:
    """The mathematics of several nodes, each written out itself, its arguments by their names where they have one."""
    targets, written = frozenset(positions), dict[int, Piece]()
    wanted = _wanted(graph, targets, names)
    last_use = {part: position for position in wanted for part in _parts(graph, position)}
    for position in wanted:
        written[position] = _node(graph, position, names, written, style)
        for part in _parts(graph, position):
            if last_use[part] == position and part not in targets:
                written.pop(part, None)  # a chain of n operations would keep n²/2 characters
    return written


def _parts(graph: Graph, position: int) -> Iterator[int]:
    """The arguments of a node and, for x/y/y and lists, theirs."""
    for argument in graph.nodes[position].args:
        yield argument
        yield from graph.nodes[argument].args


def _wanted(graph: Graph, positions: frozenset[int], names: Mapping[int, str]) -> list[int]:
    """The nodes that must be written out, arguments first."""
    wanted: set[int] = set()
    pending = list(positions)
    while pending:
        position = pending.pop()
        if position not in wanted:
            wanted.add(position)
            pending.extend(argument for argument in graph.nodes[position].args if argument not in names)
    return sorted(wanted)


def _node(graph: Graph, position: int, names: Mapping[int, str], written: dict[int, Piece], style: Style) -> Piece:
    def operand(argument: int) -> Piece:
        return Piece(names[argument], ATOM) if argument in names else written[argument]

    node = graph.nodes[position]
    if node.op == INPUT:
        return Piece(names.get(position, node.literal), ATOM)
    if node.op == CONSTANT:
        return _constant(node.literal, style)
    args = [operand(argument) for argument in node.args]
    if style.for_people and node.op == "div" and _divides_twice(graph, node.args, names):
        numerator = operand(graph.nodes[node.args[0]].args[0])
        return _binary(OPS["div"], [numerator, _power(args[1], Piece("2", ATOM), style)], style)
    row = OPS[node.op]
    if row.is_structural and not row.symbol:
        elements = stacked(graph, position, names)
        parts = None if elements is None else [operand(element) for element in elements]
        piece = structural(graph, position, args, style, parts)
    else:
        if node.op == "mul" and all(graph.nodes[argument].shape for argument in node.args):
            style = _elementwise(style)
        piece = _operation(row, args, style)
    return piece if len(piece.text) <= style.longest else Piece("…", ATOM)


def _elementwise(style: Style) -> Style:
    """The style with the sign for products of arrays in the place of that for numbers."""
    symbol = style.symbols.get(ELEMENTWISE)
    return style._replace(symbols={**style.symbols, "mul": symbol}) if symbol else style


def _divides_twice(graph: Graph, args: tuple[int, ...], names: Mapping[int, str]) -> bool:
    inner = graph.nodes[args[0]]
    return args[0] not in names and inner.op == "div" and inner.args[1] == args[1]


def _constant(literal: str, style: Style) -> Piece:
    if literal.startswith("-"):
        return Piece(style.symbols.get("neg", "-") + literal[1:], OPS["neg"].precedence)
    if style.is_latex and "e" in literal[1:].lower():
        mantissa, _, exponent = literal.lower().partition("e")
        return Piece(rf"{mantissa} \cdot 10^{{{int(exponent)}}}", OPS["mul"].precedence)
    return Piece(style.symbols.get(literal, literal), ATOM)


def _operation(row: Primitive, args: list[Piece], style: Style) -> Piece:  # noqa: PLR0911 - one line per kind
    if row.precedence == OPS["lt"].precedence:
        return _comparison(row, args, style)
    if row.name == "where":
        args = [Piece(args[0].condition or args[0].text, ATOM), *args[1:]]
    if row.name == "pow":
        return _power(args[0], args[1], style)
    if row.template and style.for_people and not style.is_latex:
        return Piece(filled(row.template, [style.wrapped(arg, row.precedence + 1) for arg in args]), row.precedence)
    if style.is_latex and row.template:
        return Piece(filled(row.latex, [style.wrapped(arg, ATOM) for arg in args]), row.precedence)
    if style.is_latex and "#" in row.latex and not row.is_structural:
        return Piece(filled(row.latex, [arg.text for arg in args]), ATOM)
    if row.symbol and row.arity == 1:
        return _prefixed(row, args[0], style)
    if row.symbol:
        return _binary(row, args, style)
    return _call(row, args, style)


def _symbol(row: Primitive, style: Style) -> str:
    return style.symbols.get(row.name, row.symbol)


def _binary(row: Primitive, args: list[Piece], style: Style) -> Piece:
    left = style.wrapped(args[0], row.precedence)
    right = style.wrapped(args[1], row.precedence + 1)
    if args[1].precedence == OPS["neg"].precedence:
        right = style.parenthesised(args[1].text)
    return Piece(f"{left}{_symbol(row, style)}{right}", row.precedence)


def _prefixed(row: Primitive, arg: Piece, style: Style) -> Piece:
    symbol, least = _symbol(row, style), OPS["mul"].precedence if style.for_people else row.precedence + 1
    bare = symbol + arg.bare if arg.bare else ""
    return Piece(symbol + style.wrapped(arg, least), row.precedence, bare)


def _comparison(row: Primitive, args: list[Piece], style: Style) -> Piece:
    """A comparison as a number is an Iverson bracket, [x > 0] is 1 or 0; in plain text where(x > 0, 1, 0)."""
    if style.is_latex:
        text = filled(row.latex, [arg.text for arg in args])
        return Piece(text, ATOM, condition=text.removeprefix(r"\left[").removesuffix(r"\right]"))
    condition = f"{args[0].text} {_symbol(row, style)} {args[1].text}"
    return Piece(f"where({condition}, 1, 0)" if style.name == "plain" else f"[{condition}]", ATOM, condition=condition)


def _power(base: Piece, exponent: Piece, style: Style) -> Piece:
    precedence = OPS["pow"].precedence
    left = style.wrapped(base, precedence + 1)
    if style.is_latex:
        return Piece(f"{{{left}}}^{{{exponent.text}}}", precedence)
    raised = style.raised(exponent.text.replace("−", "-"))
    if raised is not None:
        return Piece(left + raised, precedence)
    return Piece(f"{left}^{style.wrapped(exponent, precedence)}", precedence)


def _call(row: Primitive, args: list[Piece], style: Style) -> Piece:
    name = row.latex if style.is_latex and row.latex else row.name
    single = style.for_people and len(args) == 1 and not args[0].text.endswith((")", "]"))
    bare = f"{name} {args[0].text}" if single and args[0].precedence == ATOM else ""
    return Piece(name + style.parenthesised(", ".join(arg.text for arg in args)), ATOM, bare)


def latex_name(name: str, accent: str = "") -> str:
    r"""A name in LaTeX: v-1 is v_{-1}, x1 and x_1 are x_{1}, W[0,1] is W_{0,1}, rate is \mathrm{rate}."""
    array, bracket, index = name.partition("[")
    if bracket:
        base = latex_name(array, accent)
        return f"{{{base}}}_{{{index.rstrip(']')}}}" if "_" in base else f"{base}_{{{index.rstrip(']')}}}"
    stem, _, rest = name.partition("_")
    letters, digits = re.fullmatch(r"(.*?)(-?\d*)", stem, re.DOTALL).groups()  # type: ignore[union-attr]
    if not letters:
        letters, digits, rest = name.replace("_", r"\_"), "", ""
    base = rf"\{letters}" if letters in GREEK else letters if len(letters) == 1 else rf"\mathrm{{{letters}}}"
    parts = [
        part if len(part) == 1 or part.lstrip("-").isdecimal() else rf"\mathrm{{{part}}}"
        for part in rest.split("_")
        if part
    ]
    subscript = ",".join(([digits] if digits else []) + parts)
    accented = f"{accent}{{{base}}}" if accent else base
    return f"{accented}_{{{subscript}}}" if subscript else accented


def names_of(graph: Graph, style: Style) -> dict[int, str]:
    """The names of inputs and named intermediates in a style."""
    names = {**dict(zip(graph.inputs, graph.variables, strict=True)), **graph.names}
    return {position: latex_name(name) if style.is_latex else name for position, name in names.items()}


def program_text(graph: Graph, style: Style = PLAIN) -> str:
    """The program: named intermediates as assignments, then the outputs; plain text reads in as the same graph."""
    names, style = names_of(graph, style), style._replace(longest=WHOLE)
    written = pieces(graph, {*graph.names, *graph.outputs} - set(graph.inputs), names, style)
    assigned = {position: f"{names[position]} = {written[position].text}" for position in sorted(graph.names)}
    finals = [
        names[position] if position in names else written[position].alone or written[position].text
        for position, name in zip(graph.outputs, graph.output_names, strict=True)
        if not (graph.names.get(position) == name and len(graph.outputs) == 1)
    ]
    return "; ".join([*assigned.values(), *finals])
