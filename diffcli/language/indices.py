"""Whole numbers that stand in the text itself: indices, slices, axes and shapes, read from tokens."""

from types import EllipsisType
from typing import Any, NamedTuple

from diffcli.errors import ExpressionError, Place
from diffcli.language.array_functions import Kind
from diffcli.language.array_value import MOST_AXES
from diffcli.language.tokens import END, NAME, NUMBER, Token

LARGEST = 15
"""Digits of a whole number that can be an index or a length."""
FLAGS = {"true": True, "True": True, "false": False, "False": False}
NOTHING = ("none", "None", "newaxis")

Entry = int | slice | EllipsisType | None
"""One of the things between the commas of an index; None is a new axis."""


class Read(NamedTuple):
    """What was read, and which token comes after it."""

    value: Any
    after: int


def whole_number(tokens: list[Token], at: int) -> Read | None:
    """A whole number with or without its sign, or None if something else stands at tokens[at]."""
    sign = tokens[at].kind if tokens[at].kind in ("-", "+") else ""
    number = tokens[at + bool(sign)]
    if number.kind != NUMBER or not number.text.isdecimal() or len(number.text) > LARGEST:
        return None
    value = int(number.text)
    return Read(-value if sign == "-" else value, at + bool(sign) + 1)


def read_index(tokens: list[Token], at: int) -> Read:
    """The entries of an index whose bracket is tokens[at], and the token after its closing bracket."""
    entries: list[Entry] = []
    opening = at
    while True:
        at += 1
        if tokens[at].kind == "]":
            raise _no_index(tokens, opening, at, "this index is empty")
        entry, at = _entry(tokens, at)
        entries.append(entry)
        if tokens[at].kind == "]":
            return Read(entries, at + 1)
        if tokens[at].kind != ",":
            raise _no_index(tokens, opening, at)


def _entry(tokens: list[Token], at: int) -> tuple[Entry, int]:
    if [token.kind for token in tokens[at : at + 3]] == ["."] * 3:
        return ..., at + 3
    if tokens[at].kind == NAME and tokens[at].text in NOTHING:
        return None, at + 1
    parts: list[int | None] = []
    while True:
        number = whole_number(tokens, at)
        parts.append(number.value if number else None)
        at = number.after if number else at
        if tokens[at].kind != ":" or len(parts) == 3:
            break
        at += 1
    if len(parts) > 1:
        if parts[2:] == [0]:
            place = tokens[at - 1].place
            raise ExpressionError("the step of a slice cannot be 0", place=place, hint="x[::-1] goes backwards")
        return slice(*parts), at
    if parts[0] is None:
        raise _no_index(tokens, at - 1, at)
    return parts[0], at


def _no_index(tokens: list[Token], opening: int, at: int, message: str = "") -> ExpressionError:
    token = tokens[at]
    if token.kind == END:
        return ExpressionError("this bracket is never closed", place=tokens[opening].place, hint="add ]")
    if not message:
        message = "an index is written as whole numbers"
    place = token.place if token.kind != "]" else Place(tokens[opening].start, token.end)
    hint = "for example x[0], x[-1], x[1:3], x[::2], W[0,1] or W[:,1]"
    if token.kind == "[":
        hint = "several elements are taken by a slice such as x[1:3] or joined: [x[0], x[2]]"
    return ExpressionError(message, place=place, hint=hint)


def read_numbers(tokens: list[Token], at: int) -> Read | None:
    """Whole numbers separated by commas, in parentheses or brackets or without; None if something else stands there."""
    closing = {"(": ")", "[": "]"}.get(tokens[at].kind)
    at += bool(closing)
    numbers: list[int] = []
    while len(numbers) <= MOST_AXES and (number := whole_number(tokens, at)):
        numbers.append(number.value)
        at = number.after
        if tokens[at].kind != "," or (not closing and not whole_number(tokens, at + 1)):
            break
        at += 1
    if len(numbers) > MOST_AXES:
        return None
    if closing:
        return Read(tuple(numbers), at + 1) if tokens[at].kind == closing else None
    return Read(tuple(numbers), at) if numbers else None


def read_keyword(kind: Kind, tokens: list[Token], at: int) -> Read | None:
    """The value of a keyword, or None if it is none."""
    token = tokens[at]
    if kind == "flag":
        return Read(FLAGS[token.text], at + 1) if token.text in FLAGS else None
    if kind == "axes" and token.kind == NAME and token.text in NOTHING:
        return Read(None, at + 1)
    if kind == "sizes" or (kind == "axes" and token.kind in ("(", "[")):
        return read_numbers(tokens, at)
    return whole_number(tokens, at)
