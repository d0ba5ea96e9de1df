"""Characters to tokens, each with its place in the user's own text."""

import re
from typing import NamedTuple

from diffcli.errors import Place
from diffcli.language.characters import SUPERSCRIPT, Spelling

NUMBER, NAME, LETTER, POWER, SEPARATOR, END = "number", "name", "letter", "superscript", ";", "end"
OTHER = "other"
WORDLIKE = (NAME, LETTER)

TOKEN = re.compile(
    r"(?P<space>[ \t\f\v]+)"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[^\W\d]\w*)"
    rf"|{SUPERSCRIPT}(?P<superscript>-?[0-9]+)"
    r"|(?P<newline>\n)"
    r"|(?P<sign>\*\*|//|->|<=|>=|==|!=|[-+*/^()\[\]|,;:=<>!%@'.])"
    r"|(?P<other>.)"
)
SYNONYMS = {"**": "^"}
OPENING, CLOSING = frozenset("(["), frozenset(")]")
UNFINISHED = frozenset("+-*/@^=,<>") | {"<=", ">=", "==", "!=", "//", SEPARATOR}
"""A line that ends with one of these goes on in the next line."""


class Token(NamedTuple):
    """A number, a name, or a sign; signs have themselves as their kind.

    A `letter` is a name that is never a function (LaTeX's single letters); a `superscript` is ² or ⁻¹.
    """

    kind: str
    text: str
    start: int
    end: int

    @property
    def place(self) -> Place:
        """Where it stands in the user's text."""
        return Place(self.start, self.end)


def tokenize(spelling: Spelling) -> list[Token]:
    """The tokens of a text that is not LaTeX, closed by an `end` token.

    A new line separates statements like `;`, but not inside brackets and not where an operand must follow.
    """
    tokens: list[Token] = []
    depth = 0
    for match in TOKEN.finditer(spelling.plain):
        kind = match.lastgroup or OTHER
        if kind == "space":
            continue
        text = match[kind]
        if kind == "sign":
            kind = SYNONYMS.get(text, text)
            depth += (text in OPENING) - (text in CLOSING)
        elif kind == "newline":
            if depth > 0 or not tokens or tokens[-1].kind in UNFINISHED:
                continue
            kind = text = SEPARATOR
        tokens.append(Token(kind, text, *spelling.place(match.start(), match.end())))
    tokens.append(end_token(spelling))
    return tokens


def end_token(spelling: Spelling) -> Token:
    """The token after the last one."""
    length = len(spelling.plain)
    start, end = spelling.place(length, length)
    return Token(END, "", start, end)


def is_latex(plain: str) -> bool:
    """Any text with a backslash or a brace is LaTeX."""
    return "\\" in plain or "{" in plain or "}" in plain
