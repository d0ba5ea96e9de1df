"""An error as a document, with the place in the user's text pointed at, and as JSON."""

from typing import Any

from diffcli.errors import DiffcliError
from diffcli.render.document import Block, Document, Excerpt, Lines, Span, Text, text
from diffcli.studies.values import SCHEMA

LONGEST = 400


def document(error: DiffcliError) -> Document:
    """Message, excerpt with a caret, and what to try."""
    message = text(Span("error: ", "bad"), _cut(error.message))
    advice = _advice(error)
    if not (error.text and error.place):
        return Document((Lines((message, *advice), hanging=4),), margin=0)
    blocks: list[Block] = [Lines((message,)), Excerpt(error.text, error.place.start, error.place.end)]
    if advice:
        blocks.append(Lines(advice, hanging=4))
    return Document(tuple(blocks), margin=0)


def _advice(error: DiffcliError) -> tuple[Text, ...]:
    """The lines of the hint below each other, and the corrected command unless it would fill the screen."""
    lines = _cut(error.hint or "").strip().split("\n")
    hint = [text("        " if index else "  hint: ", line) for index, line in enumerate(lines) if line]
    command = error.command if error.command and len(error.command) <= LONGEST else ""
    return (*hint, *([text("  try: ", Span(command, "code"))] if command else []))


def error_dict(error: DiffcliError) -> dict[str, Any]:
    """The JSON object of an error."""
    position = error.place.start if error.place else None
    fields = {
        "kind": error.kind,
        "message": error.message,
        "hint": error.hint,
        "position": position,
        "command": error.command,
    }
    return {"schema": SCHEMA, "error": fields}


def _cut(words: str) -> str:
    return words if len(words) <= LONGEST else words[:LONGEST] + "…"
