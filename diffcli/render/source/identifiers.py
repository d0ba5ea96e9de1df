"""Names for the symbols of a listing that are valid in a language and clash with nothing.

A user's own name stays wherever it can. Else it gets an underscore, and a comment says so.
"""

import re
import unicodedata

from diffcli.graph.ops import OPS
from diffcli.render.ascii import ascii_text
from diffcli.render.source.language import Language

PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class Identifiers:
    """The identifiers of one program."""

    def __init__(self, language: Language, *, ascii_only: bool = False) -> None:
        """Begin with none."""
        self._language = language
        self._is_ascii = ascii_only or language.is_ascii
        self._by_symbol: dict[str, str] = {}
        self._taken: set[str] = set()

    def __getitem__(self, symbol: str) -> str:
        """The identifier of a symbol: of "v5 bar" v5_bar."""
        if symbol not in self._by_symbol:
            self._by_symbol[symbol] = self.claim(symbol.removesuffix(" shared").replace(" ", "_"))
        return self._by_symbol[symbol]

    def is_free(self, name: str) -> bool:
        """Whether nothing has this name."""
        return name not in self._taken and not self._is_reserved(name)

    def claim(self, wanted: str) -> str:
        """A free identifier, `wanted` itself if possible."""
        name = wanted
        if not self._is_valid(name):
            name = re.sub(r"\W+", "_", ascii_text(wanted), flags=re.ASCII).strip("_")
            name = name if PLAIN.fullmatch(name) else f"x_{name}"
        while not self.is_free(name):
            name += "_x" if self._language.is_taken(name) else "_"  # names in capitals get a small letter
        self._taken.add(name)
        return name

    def _is_valid(self, name: str) -> bool:
        if self._is_ascii:
            return PLAIN.fullmatch(name) is not None
        return name.isidentifier() and unicodedata.normalize("NFKC", name) == name and not name.startswith("_")

    def _is_reserved(self, name: str) -> bool:
        language = self._language
        return (
            (name.endswith("_of") and name.removesuffix("_of") in OPS)
            or name in language.reserved
            or name in language.supplied
            or name in language.functions.values()
            or language.is_taken(name)
        )
