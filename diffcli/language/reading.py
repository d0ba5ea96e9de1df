"""Text to graph: the front door of the language."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple

from diffcli.errors import DiffcliError, ExpressionError
from diffcli.graph.program import Graph
from diffcli.graph.shapes import Shape
from diffcli.language.characters import Spelling, spell
from diffcli.language.limits import DEFAULT, Limits
from diffcli.language.program import read_program
from diffcli.language.scope import Scope
from diffcli.language.tokens import Token, is_latex, tokenize

NUMBERS: Mapping[str, Shape] = MappingProxyType({})
"""The shapes where no variable is an array."""
CORRECTIONS = 4
"""How many mistakes in one text are mended to build a correction, …"""
LONGEST_CORRECTION = 5_000
"""… and how long it may be: nobody retypes more."""


class Reading(NamedTuple):
    """What was read: the graph, and what a reader of the text could doubt."""

    graph: Graph
    text: str
    notes: tuple[str, ...] = ()
    doubtful: bool = False
    """Whether the reading should be shown: a product without a sign, a function without parentheses, -x^2, …"""

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the inputs, in order."""
        return self.graph.variables


def parse(
    text: str,
    bound: Collection[str] = (),
    limits: Limits = DEFAULT,
    shapes: Mapping[str, Shape] = NUMBERS,
) -> Reading:
    """Read an expression, a program or LaTeX.

    `bound` are the names that the point gives values to: they decide whether `e` and `pi` are constants, and whether
    a name that nothing is known of is a mistake. `shapes` are those of the arrays among the values; all other names are
    numbers. Every error has its place in `text`, and where it can be built a
    `correction` that itself can be read.
    """
    try:
        return _read(text, bound, limits, shapes)
    except DiffcliError as error:
        error.text = text
        error.correction = _mended(error.correction, text, bound, limits, shapes)
        raise


def _read(text: str, bound: Collection[str], limits: Limits, shapes: Mapping[str, Shape]) -> Reading:
    limits.check("length", len(text), f"the text has {len(text)} characters")
    spelling = spell(text)
    scope = Scope(text, bound, shapes)
    for note in spelling.notes:
        scope.note(note)
    graph = read_program(scope, _tokens(spelling, scope, limits), limits)
    return Reading(graph, text, tuple(scope.notes), scope.doubtful)


def _tokens(spelling: Spelling, scope: Scope, limits: Limits) -> list[Token]:
    if not is_latex(spelling.plain):
        return tokenize(spelling)
    from diffcli.language.latex import tokenize_latex

    scope.is_latex = True
    tokens, notes = tokenize_latex(scope.text, spelling, scope.bound, limits)
    for note in notes:
        scope.note(note)
    return tokens


def _mended(
    correction: str | None, text: str, bound: Collection[str], limits: Limits, shapes: Mapping[str, Shape]
) -> str | None:
    """The correction, with further mistakes mended too; None if it still cannot be read."""
    for _ in range(CORRECTIONS):
        if not correction or correction == text or len(correction) > LONGEST_CORRECTION:
            return None
        if not correction.replace("\n", " ").isprintable():
            return None
        try:
            _read(correction, bound, limits, shapes)
        except ExpressionError as error:
            correction = error.correction
        except DiffcliError:
            return None
        else:
            return correction
    return None
