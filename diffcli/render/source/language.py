"""What a programming language needs to say to be written: data, in one small file per language."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Template(NamedTuple):
    """How an operation is written: its arguments at {0}, {1}, {2}, and how tightly it binds."""

    text: str
    precedence: int
    loosest: tuple[int, ...]
    """For each argument the precedence below which it is put in parentheses."""


SUM, PRODUCT, SIGN, ATOM = 10, 20, 25, 100
COMPARED, CHOICE = 5, 2
ARITHMETIC = {
    "add": Template("{0} + {1}", SUM, (SUM, SUM + 1)),
    "sub": Template("{0} - {1}", SUM, (SUM, SUM + 1)),
    "mul": Template("{0} * {1}", PRODUCT, (PRODUCT, PRODUCT + 1)),
    "div": Template("{0} / {1}", PRODUCT, (PRODUCT, PRODUCT + 1)),
    "neg": Template("-{0}", SIGN, (SIGN + 1,)),
}
"""The operators of all languages."""
COMPARISONS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}


@dataclass(frozen=True)
class Language:
    """One language: how operations are written in it, and the functions it lacks."""

    name: str
    title: str
    """For people: "Python's math"."""
    comment: str
    """What a comment begins with."""
    operations: Mapping[str, Template]
    """The operations that are written with operators."""
    truth: str
    """A condition {0} as a number."""
    choice: Template
    """{1} where the condition {0} holds, else {2}."""
    functions: Mapping[str, str]
    """The functions it has, by primitive."""
    supplied: Mapping[str, str]
    """The text of the functions that are put in front of a program that uses them, by name."""
    constants: Mapping[str, str]
    infinity: str
    """A number too large for a double."""
    missing: frozenset[str]
    """Primitives that cannot be computed there."""
    most_orders: Mapping[str, int]
    """The highest order that can be computed there, of primitives that have one as first argument."""
    function: Callable[[str, tuple[str, ...], str], str]
    """The text of a function: its name, its arguments and its result."""
    reserved: frozenset[str] = frozenset()
    """Names that are taken."""
    is_ascii: bool = False
    is_taken: Callable[[str], bool] = field(default=lambda _: False)
    """Further names that are taken."""

    @staticmethod
    def words(text: str) -> frozenset[str]:
        """The words in a text, to find the functions that it calls."""
        return frozenset(re.findall(r"\w+", text))
