"""Programs: statements separated by ; or new lines, with named intermediates, definitions and several outputs."""

from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise
from math import prod
from typing import NamedTuple

from diffcli.errors import ExpressionError
from diffcli.graph.program import Graph
from diffcli.graph.shapes import shown
from diffcli.language.expression import ExpressionReader
from diffcli.language.limits import Limits
from diffcli.language.mistakes import missing_operand, nothing_assigned
from diffcli.language.scope import Scope
from diffcli.language.tokens import END, SEPARATOR, WORDLIKE, Token

TOGETHER = 10
"""All arrays of a program may have ten times as many elements as one of them."""


class Statement(NamedTuple):
    """`a = …` has a name, `f(x, z) = …` also parameters, and a final expression neither."""

    name: Token | None
    parameters: tuple[Token, ...] | None
    body: list[Token]


def read_program(scope: Scope, tokens: list[Token], limits: Limits) -> Graph:
    """The graph of all statements; what there is to note is left in the scope."""
    _check_names(tokens, limits)
    statements = [_statement(group) for group in _groups(tokens)]
    if not statements:
        raise missing_operand(tokens[-1:], 0, scope.text)
    _declare(scope, statements)
    _note_lines(scope, statements)
    results: list[tuple[Statement, int]] = []
    sizes = _Sizes(scope, limits)
    for statement in statements:
        if statement.name is not None and statement.body[0].kind == END:
            raise nothing_assigned(statement.name)
        position = ExpressionReader(statement.body, scope, limits, is_output=statement.name is None).read()
        results.append((statement, position))
        if statement.name is not None:
            scope.assign(statement.name, position)
        nodes = len(scope.builder.nodes)
        if nodes > limits.nodes:
            limits.check("nodes", nodes, f"the expression has {nodes} nodes")
        sizes.check()
    final = [(s, p) for s, p in results if s.name is None or s.parameters is not None] or results[-1:]
    names = _output_names([statement.name for statement, _ in final], scope)
    outputs = [position for _, position in final]
    return scope.builder.graph(list(scope.inputs.values()), outputs, names, scope.names)


class _Sizes:
    """Keeps the arrays of a program within the limit, each of them and ten times that together."""

    def __init__(self, scope: Scope, limits: Limits) -> None:
        self.builder, self.limits = scope.builder, limits
        self.seen = self.total = 0

    def check(self) -> None:
        """Look at the nodes that were added since the last time."""
        nodes, places, limit = self.builder.nodes, self.builder.places, self.limits.elements
        for position in range(self.seen, len(nodes)):
            shape = nodes[position].shape
            if shape:
                size = prod(shape)
                self.total += size
                if size > limit:
                    what = f"an array of shape {shown(shape)} has {size} elements"
                    self.limits.check("elements", size, what, places[position])
                if self.total > TOGETHER * limit:
                    share = -(-self.total // TOGETHER)
                    what = f"the arrays of this program have {self.total} elements together, a tenth is {share}"
                    self.limits.check("elements", share, what, places[position])
        self.seen = len(nodes)


def _check_names(tokens: list[Token], limits: Limits) -> None:
    for token in tokens:
        if len(token.text) > limits.name and token.kind in WORDLIKE:
            length = len(token.text)
            limits.check("name", length, f"this name has {length} characters", token.place)


def _groups(tokens: list[Token]) -> Iterator[list[Token]]:
    """The tokens of each statement, closed by an `end` token; empty statements are nothing."""
    group: list[Token] = []
    for token in tokens:
        if token.kind not in (SEPARATOR, END):
            group.append(token)
        elif group:
            yield [*group, Token(END, "", token.start, token.start)]
            group = []


def _statement(tokens: list[Token]) -> Statement:
    """Tell the three kinds of statements apart by how they begin."""
    if tokens[0].kind in WORDLIKE and len(tokens) > 2:
        if tokens[1].kind == "=":
            return Statement(tokens[0], None, tokens[2:])
        if tokens[1].kind == "(":
            parameters, after = _parameters(tokens)
            if parameters and tokens[after].kind == "=":
                return Statement(tokens[0], parameters, tokens[after + 1 :])
    return Statement(None, None, tokens)


def _parameters(tokens: list[Token]) -> tuple[tuple[Token, ...], int]:
    """X and z of `f(x, z)`, and where the parenthesis is over; no parameters if it is something else."""
    parameters: list[Token] = []
    at = 2
    while tokens[at].kind in WORDLIKE:
        parameters.append(tokens[at])
        if tokens[at + 1].kind == ")":
            return tuple(parameters), at + 2
        if tokens[at + 1].kind != ",":
            break
        at += 2
    return (), 0


def _declare(scope: Scope, statements: list[Statement]) -> None:
    """Check the names that the program defines, and make them known."""
    heads = [(s.name, s.parameters or ()) for s in statements if s.name is not None]
    if not heads:
        return
    assigned: set[str] = set()
    for name, _ in heads:
        if name.text in assigned:
            raise ExpressionError(f"'{name.text}' is assigned twice", place=name.place, hint="use another name")
        if name.text in scope.bound:
            raise _given_and_assigned(name, scope.text, alone=len(statements) == 1)
        assigned.add(name.text)
    parameters: dict[str, Token] = {}
    for _, tokens in heads:
        own = [token.text for token in tokens]
        for token in tokens:
            if token.text in assigned or own.count(token.text) > 1:
                raise ExpressionError(f"'{token.text}' is defined twice", place=token.place, hint="use another name")
            parameters.setdefault(token.text, token)
    functions = [s.name for s in statements if s.name is not None and s.parameters is not None]
    scope.declare(assigned, parameters.values(), functions)


def _note_lines(scope: Scope, statements: list[Statement]) -> None:
    """A line that begins with a sign could be meant to go on with the line before it."""
    for before, statement in pairwise(statements):
        first = statement.body[0]
        if statement.name is None and first.kind in ("+", "-"):
            between = scope.text[before.body[-1].start : first.start]
            if "\n" in between:
                scope.note("a new line begins a new expression; put one of several lines in brackets")


def _given_and_assigned(name: Token, text: str, *, alone: bool) -> ExpressionError:
    after = text[name.end :].lstrip()
    return ExpressionError(
        f"'{name.text}' is given a value by the point and also assigned here",
        place=name.place,
        hint="drop one of the two",
        correction=after[1:].strip() if alone and after.startswith("=") else None,
    )


def _output_names(names: list[Token | None], scope: Scope) -> list[str]:
    """The outputs' own names; those without are y, or y1, y2, …, or f where a variable has that name already."""
    taken: Collection[str] = {*scope.inputs, *scope.assigned}
    unnamed = sum(name is None for name in names)
    fresh = iter(_fresh_names(unnamed, taken))
    return [next(fresh) if name is None else name.text for name in names]


def _fresh_names(count: int, taken: Collection[str]) -> Iterable[str]:
    for letter in ("y", "f", "g", "output", "result_"):
        names = [letter] if count == 1 else [f"{letter}{number}" for number in range(1, count + 1)]
        if not any(name in taken for name in names):
            return names
    return [f"output_of_{number}_" for number in range(1, count + 1)]
