"""Everything a document says in pure ASCII, for outputs that cannot carry more."""

import re
import unicodedata
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from diffcli.render.document import GLUE, Excerpt, Span

Part = TypeVar("Part")
SUBSCRIPTS = str.maketrans("₋₀₁₂₃₄₅₆₇₈₉", "-0123456789")
SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
MARKS = {"\u0304": "bar", "\u0307": "dot"}
WORDS = {
    "·": "*", "−": "-", "×": "x", "÷": "/", "¦": "|", "…": "...", "∂": "d", "≤": "<=", "≥": ">=", "≠": "!=", "π": "pi",
    "Σ": "sum", "µ": "u", "±": "+-", "—": "-", "–": "-", "→": "->", "─": "-", "√": "sqrt", "∞": "inf", "’": "'",
    "“": '"', "”": '"', "•": "*", "≈": "~", "⟨": "<", "⟩": ">", "ᵀ": "^T", "⊙": "*", GLUE: " ",
}  # fmt: skip
ACCENTED = re.compile(r"(\w)([\u0304\u0307])([₋₀₁₂₃₄₅₆₇₈₉\w-]*)")
RAISED = re.compile(r"[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+")


def in_ascii(part: Part) -> Part:
    """The same document, block, text or span with all its text in ASCII."""
    if isinstance(part, Span):
        return replace(part, text=ascii_text(part.text))
    if isinstance(part, str):
        return ascii_text(part)  # type: ignore[return-value]
    if isinstance(part, tuple):
        return tuple(in_ascii(item) for item in part)  # type: ignore[return-value]
    if isinstance(part, Excerpt):
        return _excerpt(part)  # type: ignore[return-value]
    if is_dataclass(part):
        changes: dict[str, Any] = {field.name: in_ascii(getattr(part, field.name)) for field in fields(part)}
        if "is_ascii" in changes:
            changes["is_ascii"] = True  # the lines of a plot are drawn later
        return replace(part, **changes)  # type: ignore[type-var]
    return part


def _excerpt(excerpt: Excerpt) -> Excerpt:
    """The carets stay below the same piece of text, which may have become longer."""
    before, inside, after = map(ascii_text, excerpt.pieces)
    return Excerpt(before + inside + after, len(before), len(before) + len(inside), ascii_text(excerpt.remark))


def ascii_text(text: str) -> str:
    """v̄₅ as v5_bar, x² as x^2, · as *, α as alpha; what has no such word as an escape."""
    if text.isascii():
        return text
    text = ACCENTED.sub(lambda m: f"{m[1]}{m[3]}_{MARKS[m[2]]}", "".join(map(_marks_apart, text)))
    text = RAISED.sub(lambda m: "^" + m[0].translate(SUPERSCRIPTS), text)
    return "".join(_ascii_character(character) for character in text.translate(SUBSCRIPTS))


def _marks_apart(character: str) -> str:
    """ȳ as y and its bar."""
    parts = unicodedata.normalize("NFD", character)
    return parts if parts[1:] in MARKS else character


def _ascii_character(character: str) -> str:
    if character.isascii():
        return character
    word = WORDS.get(character)
    if word is not None:
        return word
    name = unicodedata.name(character, "").split()
    if name[:1] == ["GREEK"] and "LETTER" in name:
        return name[-1].lower() if "SMALL" in name else name[-1].capitalize()
    return f"\\u{ord(character):04x}"
