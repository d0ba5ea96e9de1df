"""An error as a document, with the place in the user's text pointed at, and as JSON."""

from typing import Any

from diffcli.errors import DiffcliError
from diffcli.render.document import Block, Document, Excerpt, Lines, Span, text
from diffcli.studies.values import SCHEMA

LONGEST = 400


def document(error: DiffcliError) -> Document:
    """Message, excerpt with a caret, and what to try."""
    message = text(Span("error: ", "bad"), _cut(error.message))
    hint = text("  hint: ", _cut(error.hint)) if error.hint else ()
    command = text("  try: ", Span(error.command, "code")) if error.command else ()
    advice = tuple(filter(None, (hint, command)))
    if not (error.text and error.place):
        return Document((Lines((message, *advice), hanging=4),), margin=0)
    blocks: list[Block] = [Lines((message,)), Excerpt(error.text, error.place.start, error.place.end)]
    if advice:
        blocks.append(Lines(advice, hanging=4))
    return Document(tuple(blocks), margin=0)


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
