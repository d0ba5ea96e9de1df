"""What was meant by values that no point has: lists without brackets or in round ones, and decimal commas."""

import re
from collections.abc import Sequence

from diffcli.errors import Place, PointError
from diffcli.language.characters import shown

NUMBER = re.compile(r"\s*[-+\u2212]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*", re.ASCII)
LIST_BEFORE = frozenset(("", "[", ","))
"""What stands in front of an element of a list."""


def several_values(text: str, name: str, first: Place, others: Sequence[Place]) -> PointError | None:
    """The error for x=1,2,3; None where the pieces are no numbers. The correction is the whole text corrected."""
    pieces = [text[place.start : place.end].strip() for place in (first, *others)]
    if not others or not all(map(NUMBER.fullmatch, pieces)):
        return None
    listed = f"[{','.join(pieces)}]"
    decimal = f"{name}={'.'.join(pieces)}"
    if len(pieces) == 2 and pieces[0].lstrip("-+\u2212").isdecimal() and pieces[1].isdecimal():
        hint = f"write {decimal} for one number, {name}={listed} for a list of two"
        return PointError(f"'{name}' is given a number with a comma", hint=hint, place=others[0])
    return PointError(
        f"'{name}' is given {len(pieces)} numbers that are no list",
        place=Place(first.start, others[-1].end),
        hint=f"lists stand in square brackets: {shown(f'{name}={listed}'[:80])}",
        correction=text[: first.start] + listed + text[others[-1].end :],
    )


def round_brackets(text: str, name: str, value: Place) -> PointError | None:
    """The error for x=(1,2); None where nothing in the value is a list in round brackets."""
    listed = _in_square_brackets(text[value.start : value.end])
    if listed is None:
        return None
    return PointError(
        f"the list of '{name}' stands in round brackets",
        place=value,
        hint=f"lists stand in square brackets: {shown(f'{name}={listed.strip()}'[:80])}",
        correction=text[: value.start] + listed + text[value.end :],
    )


def _in_square_brackets(value: str) -> str | None:
    """The value with its round brackets that hold a list as square ones: ((1,2),(3,4)) as [[1,2],[3,4]]."""
    characters = list(value)
    waiting: list[tuple[int, bool]] = []  # round brackets: where they open, and whether a list could begin there
    commas = set[int]()
    before, is_changed = "", False
    for at, character in enumerate(value):
        if character == "(":
            is_element = before in LIST_BEFORE or before == "("
            waiting.append((at, is_element and (not waiting or waiting[-1][1])))
        elif character == "," and waiting:
            commas.add(waiting[-1][0])
        elif character == ")" and waiting:
            start, could_be = waiting.pop()
            if could_be and start in commas:
                characters[start], characters[at], is_changed = "[", "]", True
        before = character if character.strip() else before
    return re.sub(r",\s*\]", "]", "".join(characters)) if is_changed else None
