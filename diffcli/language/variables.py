"""The names of a text's variables, told from its words alone: before it is known what is a number and what an array."""

from collections.abc import Sequence

from diffcli.graph.ops import CALLABLE
from diffcli.language.array_functions import FUNCTIONS
from diffcli.language.characters import spell
from diffcli.language.tokens import WORDLIKE, Token, tokenize

_NO_NAMES = {".": ("T",), "=": ("true", "True", "false", "False")}
"""Words that are no names behind these signs: W.T, keepdims=true."""


def names_of_variables(text: str) -> tuple[str, ...]:
    """The names in a text that are neither called nor assigned, by first appearance."""
    tokens = tokenize(spell(text))
    known = {*FUNCTIONS, *CALLABLE, "pi", "π", "e"}
    names = dict.fromkeys(
        token.text
        for kind, token in zip(["", *[token.kind for token in tokens]], tokens, strict=False)
        if token.kind in WORDLIKE and token.text not in known and token.text not in _NO_NAMES.get(kind, ())
    )
    for place, token in enumerate(tokens):
        if token.kind == "=":
            names.pop(tokens[_head(tokens, place - 1)].text, None)
    return tuple(names)


def _head(tokens: Sequence[Token], place: int) -> int:
    """Where the name stands that is assigned: before its parameters, if there are some."""
    if tokens[place].kind != ")":
        return place
    while place > 0 and tokens[place].kind != "(":
        place -= 1
    return max(place - 1, 0)
