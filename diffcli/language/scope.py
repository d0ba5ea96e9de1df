"""What each name of a program stands for: a constant, an intermediate, or one of the user's variables."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from diffcli.errors import ExpressionError
from diffcli.graph.program import CONSTANT, INPUT, Builder
from diffcli.graph.shapes import Shape
from diffcli.language.suggestions import split_call, split_indexed, split_product
from diffcli.language.tokens import NAME, Token

CONSTANTS = frozenset(("pi", "e"))
NOTES = 8
"""More notes than these help nobody."""


class Scope:
    """The names of one program while it is read, the graph under construction, and what there is to note."""

    def __init__(self, text: str, bound: Collection[str], shapes: Mapping[str, Shape] | None = None) -> None:
        """`bound` are the names that the user gives values to, empty when no point is known yet; arrays have shapes."""
        self.text = text
        self.bound = frozenset(bound)
        self.shapes = {name: shape for name, shape in (shapes or {}).items() if shape}
        self.is_latex = False
        self.builder = Builder()
        self.inputs: dict[str, int] = {}
        self.assigned: frozenset[str] = frozenset()
        self.parameters: tuple[str, ...] = ()
        self.header: Token | None = None
        self.functions: frozenset[str] = frozenset()
        self.values: dict[str, int] = {}
        self.names: dict[int, str] = {}
        self.calls: dict[tuple[Any, ...], int] = {}
        """The nodes of calls of functions of arrays that were built already: some are large."""
        self.notes: dict[str, None] = {}
        self.doubtful = False

    def declare(self, assigned: Iterable[str], parameters: Iterable[Token], functions: Sequence[Token]) -> None:
        """Names that the program itself defines, known before its first expression is read."""
        self.assigned = frozenset(assigned)
        self.functions = frozenset(token.text for token in functions)
        self.header = functions[0] if functions else None
        for token in parameters:
            self.inputs[token.text] = self._input(token)
        self.parameters = tuple(self.inputs)

    def defined(self, name: str) -> bool:
        """Whether the program itself makes `name` a variable."""
        return name in self.assigned or name in self.parameters

    def known(self, name: str) -> bool:
        """Whether `name` is certainly a variable: given a value, or defined by the program."""
        return name in self.bound or self.defined(name)

    @property
    def closed(self) -> bool:
        """Whether all variables are known, so that another name is probably a mistake."""
        return bool(self.bound or self.header)

    def note(self, text: str) -> None:
        """Remember what a reader could doubt."""
        self.doubtful = True
        if len(self.notes) < NOTES and text.isprintable():
            self.notes[text] = None

    def assign(self, token: Token, position: int) -> None:
        """From here on `token` stands for the node at `position`, which is shown by that name."""
        self.values[token.text] = position
        if token.text in CONSTANTS:
            self.note(f"{token.text} is your variable")
        if self.builder.nodes[position].op not in (INPUT, CONSTANT):
            self.names.setdefault(position, token.text)

    def lookup(self, token: Token) -> int:
        """The node that a name stands for."""
        name = token.text
        position = self.values.get(name)
        if position is not None:
            return position
        if name in self.assigned:
            raise ExpressionError(f"'{name}' is used before it is assigned", place=token.place)
        if name in CONSTANTS and not self.known(name):
            return self.builder.constant(name, token.place)
        position = self.inputs.get(name)
        if position is None:
            self._check_variable(token)
            position = self.inputs[name] = self._input(token)
            if name in CONSTANTS:
                self.note(f"{name} is your variable")
        return position

    def _input(self, token: Token) -> int:
        return self.builder.input(token.text, token.place, self.shapes.get(token.text, ()))

    def _check_variable(self, token: Token) -> None:
        """Refuse names that are more probably something else."""
        if token.text in self.bound:
            if self.header is None:
                return
        elif token.kind == NAME:
            self.check_spelling(token)
        if self.header is not None:
            raise self._no_parameter(token)

    def check_spelling(self, token: Token) -> None:
        """Refuse xy where x and y are given, x_1x_2, and sin2x."""
        name = token.text
        known = self.bound.union(self.assigned, self.parameters)
        pieces = split_indexed(name) or (split_product(name, known) if known else None)
        call = None if pieces else split_call(name, known)
        if pieces:
            better = "*".join(pieces)
        elif call:
            better = f"{call[0]}({call[1]})"
        else:
            return
        raise ExpressionError(
            f"'{name}' is one name here, and no value for it is given",
            place=token.place,
            hint=f"did you mean {better}?",
            correction=self.text[: token.start] + better + self.text[token.end :],
        )

    def _no_parameter(self, token: Token) -> ExpressionError:
        assert self.header is not None
        function, end = self.header.text, self.text.find(")", self.header.end)
        return ExpressionError(
            f"'{token.text}' is not among the inputs of {function}({', '.join(self.parameters)})",
            place=token.place,
            hint=f"add it: {function}({', '.join((*self.parameters, token.text))})",
            correction=f"{self.text[:end]}, {token.text}{self.text[end:]}",
        )
