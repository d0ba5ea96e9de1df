"""Running text broken into lines."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from diffcli.render.document import Span, Text, text_width, width


def wrapped(line: Text, room: int, hanging: int = 0) -> list[Text]:
    """The text in lines of at most `room` columns, broken at spaces, and within words that are longer than a line."""
    if text_width(line) <= room:
        return [line]
    result: list[list[Span]] = [[]]
    used = 0
    for word in _words(line):
        if used and used + text_width(word) > room:
            result.append([Span(" " * hanging)] if hanging else [])
            used = hanging
        starts_line = used == hanging and len(result) > 1
        for piece in _broken(word[1:] if starts_line and word[0].text == " " else word, room - hanging):
            if used + piece.width > room and used > hanging:
                result.append([Span(" " * hanging)] if hanging else [])
                used = hanging
            result[-1].append(piece)
            used += piece.width
    return [tuple(spans) for spans in result]


def _words(line: Text) -> Iterable[list[Span]]:
    """Words, each with the space in front of it as a span of its own."""
    word: list[Span] = []
    for span in line:
        for index, piece in enumerate(span.text.split(" ")):
            if index:
                yield from [word] if word else []
                word = [Span(" ", span.role)]
            if piece:
                word.append(replace(span, text=piece, latex=""))
    if word:
        yield word


def _broken(word: Sequence[Span], room: int) -> Iterable[Span]:
    for span in word:
        rest = span.text
        while width(rest) > room:
            length = max(1, room if rest.isascii() else room // 2)
            yield Span(rest[:length], span.role)
            rest = rest[length:]
        yield Span(rest, span.role)
