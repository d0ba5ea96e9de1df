"""Running text broken into lines."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from diffcli.render.document import GLUE, Span, Text, text_width

BREAK = re.compile(rf"(?<=[·×/⊙@,;*^|=−+{GLUE}])(?=[^\s,;)\]])")
"""Where a word that is too long for a line may be broken: behind an operator or a comma, …"""
SIGN = re.compile(r"(?:^|[\[(,=·×/⊙@*^−+]|[0-9]e)[−+]$")
"""… but not behind the sign of a number."""


def wrapped(line: Text, room: int, hanging: int = 0) -> list[Text]:
    """The text in lines of at most `room` columns, broken at spaces, words that are longer than a line at operators.

    Only where nothing else helps a line ends within a name or a number.
    """
    if text_width(line) <= room:
        return [line]
    result: list[list[Span]] = [[]]
    used = 0
    for word in _words(line):
        is_long = text_width(word) > room - hanging
        for piece in _pieces(word) if is_long else [word]:
            if used and used + text_width(piece) > room:
                result.append([Span(" " * hanging)] if hanging else [])
                used = hanging
            starts_line = used == hanging and len(result) > 1
            for part in _cut(piece[1:] if starts_line and piece[0].text == " " else piece, room - hanging):
                if used + part.width > room and used > hanging:
                    result.append([Span(" " * hanging)] if hanging else [])
                    used = hanging
                result[-1].append(part)
                used += part.width
    return [tuple(spans) for spans in result]


def longest_piece(line: Text) -> int:
    """The columns of the longest piece of the text that is better not broken."""
    pieces = (piece for word in _words(line) for piece in _pieces(word))
    return max((text_width(piece) - (piece[0].text == " ") for piece in pieces), default=0)


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


def _pieces(word: Sequence[Span]) -> list[list[Span]]:
    """The word in pieces that end behind operators; the spans of one number stay together."""
    whole = "".join(span.text for span in word)
    if len(whole) < 2:
        return [list(word)]
    places = (match.start() for match in BREAK.finditer(whole))
    ends = {at for at in places if not SIGN.search(whole[max(0, at - 3) : at])}
    pieces: list[list[Span]] = [[]]
    start = 0
    for span in word:
        last = 0
        for end in [*sorted(at - start for at in ends if start < at <= start + len(span.text)), len(span.text)]:
            if end > last:
                pieces[-1].append(replace(span, text=span.text[last:end]))
            if start + end in ends and pieces[-1]:
                pieces.append([])
            last = end
        start += len(span.text)
    return [piece for piece in pieces if piece]


def _cut(piece: Sequence[Span], room: int) -> Iterable[Span]:
    """The spans of a piece, those that are longer than a line cut."""
    for span in piece:
        rest = span
        while rest.width > room:
            length = max(1, room if rest.text.isascii() else room // 2)
            yield Span(rest.text[:length], span.role)
            rest = Span(rest.text[length:], span.role)
        yield rest
