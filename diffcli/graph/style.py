"""How written mathematics looks: pieces of it, and the styles plain, pretty and LaTeX."""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

ATOM = 100
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
ELEMENTWISE = "elementwise"
"""The symbol for a product of arrays, where it differs from that of numbers."""


class Piece(NamedTuple):
    """A piece of written mathematics and how tightly its outermost operator binds."""

    text: str
    precedence: int
    bare: str = ""
    """The same without the parentheses of a call, "sin v0", for where nothing is written around it."""
    condition: str = ""
    """A comparison as it stands inside `where`; as a number it is a bracket or a `where` itself."""
    alone: str = ""
    """A list as it is written where it is a whole output, stack(x, y): [x, y] could be meant for two outputs."""


class Style(NamedTuple):
    """How mathematics is written."""

    name: str
    symbols: Mapping[str, str]
    """The operators that differ from the table's, by primitive; and "pi"."""
    raised: Callable[[str], str | None] = lambda _: None
    """A whole-number exponent written as a superscript, if the style has one."""
    longest: int = 4000
    """Characters above which a piece is cut: the formula of a graph that shares much can be endless."""
    for_people: bool = False
    """Whether it is only looked at and never read in again: sin v0, x/y² for x/y/y, −a/b for −(a/b)."""

    @property
    def is_latex(self) -> bool:
        """Whether primitives are written by their LaTeX."""
        return self.name == "latex"

    def parenthesised(self, text: str) -> str:
        """The text in parentheses."""
        return rf"\left({text}\right)" if self.is_latex else f"({text})"

    def wrapped(self, piece: Piece, least: int) -> str:
        """The text of a piece, in parentheses unless it binds at least as tightly as `least`."""
        return piece.text if piece.precedence >= least else self.parenthesised(piece.text)


PLAIN = Style("plain", {"add": " + ", "sub": " - ", "matmul": " @ "})
PRETTY = Style(
    "pretty",
    {
        "add": " + ", "sub": " − ", "neg": "−", "mul": "·", "le": "≤", "ge": "≥", "ne": "≠", "eq": "=", "pi": "π",
        "matmul": " @ ", ELEMENTWISE: " ⊙ ",
    },
    raised=lambda exponent: exponent.translate(SUPERSCRIPTS) if exponent.lstrip("-").isdecimal() else None,
)  # fmt: skip
LATEX = Style(
    "latex", {"add": " + ", "sub": " - ", "mul": r" \, ", "pi": r"\pi", "matmul": r" \, ", ELEMENTWISE: r" \odot "}
)


def as_rule(style: Style) -> Style:
    """The style for rows of a trace: sin v0, x/y²."""
    return style._replace(for_people=True)


def as_operation(style: Style) -> Style:
    """The style for the primal column of a trace: v1 × v2."""
    times = {"plain": " * ", "pretty": " × ", "latex": r" \times "}[style.name]
    return as_rule(style)._replace(
        symbols={**style.symbols, "mul": times, "div": " / " if style.name != "latex" else "/"}
    )


def filled(template: str, texts: list[str]) -> str:
    """A template with its slots #1, #2, #3 filled."""
    return re.sub(r"#(\d)", lambda slot: texts[int(slot[1]) - 1], template)
