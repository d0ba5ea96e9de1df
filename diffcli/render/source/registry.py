"""The languages by name and by suffix: the only place that knows them all."""

from collections.abc import Callable

from diffcli.errors import UsageError
from diffcli.render.source import c, cuda, latex, numpy, python
from diffcli.render.source.modules import module_text
from diffcli.studies.notation import StyleName
from diffcli.studies.source import SourceListing

LANGUAGES: dict[str, Callable[[SourceListing, bool], str]] = {
    "python": lambda listing, ascii_only: module_text(listing, python.LANGUAGE, ascii_only=ascii_only),
    "numpy": lambda listing, ascii_only: module_text(listing, numpy.LANGUAGE, ascii_only=ascii_only),
    "c": lambda listing, _: c.source_text(listing),
    "cuda": lambda listing, _: cuda.source_text(listing),
    "latex": lambda listing, _: latex.source_text(listing),
}
"""For each language what writes a listing in it, in ASCII where that is asked for."""
STYLES: dict[str, StyleName] = {"c": "ascii", "cuda": "ascii", "latex": "latex"}
"""How the rules are written in the comments, where it is not as the trace writes them."""
SUFFIXES = {".py": "python", ".c": "c", ".cu": "cuda", ".tex": "latex"}


def source_text(listing: SourceListing, language: str, *, ascii_only: bool = False) -> str:
    """A listing in a language."""
    if listing.mode == "forward" and not listing.wrt:
        raise UsageError("there is no variable to differentiate by", hint="use --mode primal")
    return LANGUAGES[language](listing, ascii_only)
