"""A record as strict JSON: no NaN, no Infinity, and no raw control character inside a string."""

import json
import unicodedata
from typing import Any

HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

LONGEST_READ = 1_000_000
"""Characters above which a text is for programs alone: in one line, which takes a tenth of the time."""


def object_text(data: dict[str, Any], *, ascii_only: bool = False) -> str:
    """The JSON text of what a record's `to_dict()` gives."""
    text = json.dumps(data, ensure_ascii=ascii_only, allow_nan=False)
    if len(text) <= LONGEST_READ:
        text = json.dumps(data, ensure_ascii=ascii_only, allow_nan=False, indent=2)
    if text.replace("\n", "").isprintable():
        return text + "\n"
    return "".join(_escaped(c) if c != "\n" and unicodedata.category(c) in HIDDEN else c for c in text) + "\n"


def _escaped(character: str) -> str:
    r"""As a \u escape (two of them beyond U+FFFF); outside strings JSON text has no such characters."""
    return json.dumps(character)[1:-1] if ord(character) > 0xFFFF else f"\\u{ord(character):04x}"
