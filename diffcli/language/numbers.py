"""Literals: kept as their decimal text, never rounded here, with limits on their size."""

import re

from diffcli.errors import ExpressionError, Place
from diffcli.language.limits import Limits
from diffcli.language.tokens import NAME, Token

RADIX = re.compile(r"[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+")


def literal(token: Token, limits: Limits) -> str:
    """The decimal text of a number: as typed, but 007 is 7, 2. is 2, .5 is 0.5 and 1E3 is 1e3.

    Numbers that no double can hold, and numbers above the limits, are errors.
    """
    text = token.text
    if len(text) > 15 or not text.isdigit():
        _check(token, limits)
    elif text[0] != "0":
        return text
    mantissa, _, exponent = text.lower().partition("e")
    whole, _, fraction = mantissa.partition(".")
    text = (whole.lstrip("0") or "0") + (f".{fraction}" if fraction else "")
    return f"{text}e{exponent}" if exponent else text


def underflows(literal: str) -> bool:
    """Whether a number that is not 0 becomes 0 in double precision."""
    if len(literal) < 300 and "e" not in literal:
        return False
    return float(literal) == 0.0 and bool(literal.partition("e")[0].strip("0."))


def _check(token: Token, limits: Limits) -> None:
    mantissa, _, exponent = token.text.lower().partition("e")
    limits.check("digits", len(mantissa), f"this number has {len(mantissa)} digits", token.place)
    size = exponent.lstrip("+-").lstrip("0") or "0"
    if len(size) > 15:
        limits.check("exponent", 10**15, "the exponent of this number is too large", token.place)
    limits.check("exponent", int(size), f"the exponent of this number is {exponent}", token.place)
    if float(token.text) == float("inf"):
        raise ExpressionError(
            "this number is too large for double precision", place=token.place, hint="the largest is about 1.8e308"
        )


def check_boundary(token: Token, following: Token, text: str) -> None:
    """Refuse what only looks like a number with a name after it: 0x1F, 1_000."""
    if following.kind != NAME:
        return
    place = Place(token.start, following.end)
    radix = RADIX.fullmatch(following.text)
    if token.text == "0" and radix:
        value = int(following.text[1:], {"x": 16, "o": 8, "b": 2}[following.text[0].lower()])
        raise ExpressionError(
            "numbers are decimal here",
            place=place,
            hint=f"write {value}" if value < 10**15 else None,
            correction=text[: token.start] + str(value) + text[following.end :] if value < 10**15 else None,
        )
    digits = following.text.replace("_", "")
    if following.text[0] == "_" and digits[:1].isdecimal():
        raise ExpressionError(
            "digits are not grouped by underscores",
            place=place,
            hint=f"write {token.text}{digits}"[:60],
            correction=text[: token.start] + token.text + digits + text[following.end :],
        )
