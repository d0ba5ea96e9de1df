"""Unicode to the plain characters of the language, remembering where each one stood.

What people paste from slides (x₁, x², −, ·, √, π, ½, full-width letters, odd spaces) is spelled out in the plain
characters that the tokens are made of. Whatever could be mistaken for something else is refused by its code point.
"""

import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from diffcli.errors import ExpressionError, Place

SUPERSCRIPT = "↑"
"""Stands before the digits of a superscript in the spelled text; users cannot type it."""

TRANSPOSE = "ᵀ"

SPELLINGS = {
    **dict.fromkeys("−–‐‑", "-"), **dict.fromkeys("×·⋅∙∗•⨯✕", "*"), **dict.fromkeys("÷∕⁄", "/"),
    "⊙": "*", "⊤": ".T ", "√": " sqrt ", "∛": " cbrt ", "≤": "<=", "≥": ">=", "≠": "!=", "′": "'", "∣": "|",
    **dict.fromkeys("\r\u2028\u2029", "\n"), **dict.fromkeys("\u200b\u2060\u2061\u2062\u2063\ufeff", " "),
}  # fmt: skip
SURPRISING = frozenset("–‐‑\u200b\u2060\u2061\u2062\u2063")
"""Read like the characters they stand for, but a note says so."""

LOOKALIKES = dict(zip("аеорсухіјѕһԛԝАВЕКМНОРСТУХІЈЅ", "aeopcyxijshqwABEKMHOPCTYXIJS", strict=True))
ADVICE: dict[str, tuple[str, str | None]] = {
    "—": ("write - for minus", "-"),
    "‖": ("the length of a vector is norm(x)", None),
    "∞": ("infinity is not a number that can be computed with", None),
    "°": ("angles are in radians; multiply degrees by pi/180", None),
    **dict.fromkeys("“”„‘’‚«»", ("names stand without quotes", "")),
    **dict.fromkeys("∑∏…", ("write all terms out", None)),
    **dict.fromkeys("∂∇∫", ("give the function itself; diffcli computes its derivatives", None)),
}
"""What to do about characters that are refused, and what to put in their place."""


class Spelling(NamedTuple):
    """The plain text, and for each of its characters where the user's own begins and ends (None: the same)."""

    plain: str
    starts: list[int] | None = None
    ends: list[int] | None = None
    notes: tuple[str, ...] = ()

    def place(self, start: int, end: int) -> tuple[int, int]:
        """The range of the user's text behind plain[start:end]."""
        if self.starts is None or self.ends is None:
            return start, end
        if start >= len(self.starts):
            return (self.ends[-1], self.ends[-1]) if self.ends else (0, 0)
        return self.starts[start], self.ends[max(start, end - 1)]


def describe(character: str) -> str:
    """A character for a message: never raw when it could act on a terminal, with its code point unless ASCII."""
    code = f"U+{ord(character):04X}"
    name = unicodedata.name(character, "")
    if not character.isprintable() or unicodedata.category(character).startswith("M"):
        return f"{code} {name}".strip()
    return f"'{character}'" if character.isascii() else f"'{character}' ({code} {name})"


def shown(text: str) -> str:
    """`text` with every character that does not print as its code point, for messages."""
    return "".join(c if c.isprintable() else f"U+{ord(c):04X}" for c in text)


def spell(text: str) -> Spelling:
    """`text` in plain characters. Comments become spaces, so that anything may stand in them."""
    if text.isascii() and "#" not in text and "\r" not in text:
        return Spelling(text)
    plain: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    notes: dict[str, None] = {}
    for start, end, written in _spelled(text, notes):
        plain.append(written)
        starts += [start] * len(written)
        ends += [end] * len(written)
    return Spelling("".join(plain), starts, ends, tuple(notes))


def _spelled(text: str, notes: dict[str, None]) -> Iterator[tuple[int, int, str]]:
    """Pieces (start, end, plain characters) of the text from left to right."""
    at = 0
    while at < len(text):
        character = text[at]
        end = at + 1
        if character == "#":
            while end < len(text) and text[end] not in "\n\r":
                end += 1
            yield at, end, " "
        elif text.startswith("\r\n", at):
            yield at, end, " "
        elif character.isascii() and not _combines(text, end) and character != "\r":
            yield at, end, character
        elif (kind := _tag(character)) in ("<sub>", "<super>"):
            while end < len(text) and _tag(text[end]) == kind and TRANSPOSE not in (text[at], text[end]):
                end += 1
            yield at, end, _script(text, at, end, kind)
        else:
            while _combines(text, end):
                end += 1
            yield at, end, _plain(text, at, end, notes)
        at = end


def _combines(text: str, at: int) -> bool:
    return at < len(text) and not text[at].isascii() and unicodedata.combining(text[at]) != 0


def _tag(character: str) -> str:
    """How Unicode says that a character is made from plainer ones: <sub>, <super>, <fraction>, <wide>."""
    return "" if character.isascii() else unicodedata.decomposition(character).partition(" ")[0]


def _script(text: str, start: int, end: int, kind: str) -> str:
    """A run of subscripts ends a name: x₁x₂ are two; a run of superscripts is an integer power, ᵀ a transpose."""
    written = unicodedata.normalize("NFKC", text[start:end]).replace("−", "-")
    if kind == "<sub>" and written.isalnum() and start and text[start - 1].isalnum():
        follows = end < len(text) and (text[end].isalnum() and not _tag(text[end]).startswith("<su"))
        return f"_{written} " if follows else f"_{written}"
    if text[start] == TRANSPOSE:
        return ".T "
    digits = written.removeprefix("+")
    if kind == "<super>" and digits.removeprefix("-").isdecimal() and digits.isascii():
        return f"{SUPERSCRIPT}{digits} "
    raise ExpressionError(
        f"{shown(text[start:end])} cannot be read",
        place=Place(start, end),
        hint="write x_1 for a subscript" if kind == "<sub>" else f"write the power as ^({shown(written)})",
    )


def _plain(text: str, start: int, end: int, notes: dict[str, None]) -> str:
    """One character (with the marks that combine with it) in plain characters."""
    raw = text[start:end]
    if raw in SPELLINGS:
        if raw in SURPRISING:
            meaning = SPELLINGS[raw].strip()
            notes[f"{describe(raw)} is read as " + (f"'{meaning}'" if meaning else "a space")] = None
        return SPELLINGS[raw]
    if raw == "π":
        return _pi(text, start)
    written = unicodedata.normalize("NFKC", raw)
    if _tag(raw[0]) == "<fraction>" and "⁄" in written:
        return _fraction(text, start, written)
    if unicodedata.category(raw[0]) == "Zs":
        return " "
    if not all((c.isascii() and c.isprintable()) or _is_letter(c) for c in written):
        raise _refusal(text, start, end)
    if written != unicodedata.normalize("NFC", raw):
        notes[f"{describe(raw[0])} is read as '{written}'"] = None
    return written


def _is_letter(character: str) -> bool:
    """Latin and Greek letters, with their accents, make names."""
    return character.isalpha() and unicodedata.name(character, "").startswith(("LATIN ", "GREEK "))


def _pi(text: str, at: int) -> str:
    """2πr is a product: π stands apart from the letters around it, unless it has an index of its own."""
    after = text[at + 1 : at + 2]
    indexed = after.isdigit() or after == "_" or _tag(after or " ") == "<sub>" or text[at - 1 : at] == "_"
    return "π" if indexed and _tag(after or " ") != "<super>" else " pi "


def _fraction(text: str, at: int, written: str) -> str:
    if text[:at].rstrip()[-1:].isalnum():
        raise ExpressionError(
            f"a number or name stands before {describe(text[at])}", place=Place(at, at + 1), hint="put * or + between"
        )
    return f"({written.replace('⁄', '/')})"


def _refusal(text: str, start: int, end: int) -> ExpressionError:
    """The error for a character that is no part of the language."""
    character = next((c for c in text[start:end] if not (c.isascii() or _is_letter(c))), text[start])
    advice, plain = ADVICE.get(character, ("", None))
    digit = unicodedata.decimal(character, None)
    if character in LOOKALIKES:
        plain = LOOKALIKES[character]
        advice = f"it only looks like the Latin letter {plain}"
    elif digit is not None:
        plain = str(digit)
        advice = f"write the digit {plain}"
    elif unicodedata.combining(character):
        advice = "accents that stand apart are not read; write x_bar or x_hat"
    elif character.isalpha():
        advice = "names are made of Latin and Greek letters"
    return ExpressionError(
        f"{describe(character)} has no meaning here",
        place=Place(start, end),
        hint=advice or None,
        correction=None if plain is None else _replaced(text, character, plain),
    )


def _replaced(text: str, character: str, plain: str) -> str:
    """The text without all that was wrong in the same way."""
    if plain:
        return text.replace(character, plain)
    return "".join(c for c in text if ADVICE.get(c) != ADVICE[character])
