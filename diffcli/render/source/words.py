"""What the comments of a source text say, in any language."""

from collections.abc import Iterator, Sequence

from diffcli.render.ascii import ascii_text
from diffcli.render.document import printable
from diffcli.render.source.identifiers import Identifiers
from diffcli.studies.source import Line, Procedure, SourceListing

LONGEST = 400
"""Characters above which an expression or a rule is cut in a comment."""
FARTHEST = 48
"""Characters of code beside which comments are still aligned."""


class Words:
    """The comments of one listing."""

    def __init__(self, listing: SourceListing, names: Identifiers, *, ascii_only: bool) -> None:
        """`names` are the identifiers in the text."""
        self._listing, self._names, self._is_ascii = listing, names, ascii_only

    def cleaned(self, text: str) -> str:
        """A text that stays on its line and within its comment."""
        text = printable(text if len(text) <= LONGEST else f"{text[:LONGEST]} …")
        return (ascii_text(text) if self._is_ascii else text).replace("\\", "/").replace('"', "'")

    def title(self) -> str:
        """What the text computes."""
        listing = self._listing
        variables = listed(listing.wrt) or "nothing"
        derivative = "gradient" if len(listing.outputs) == 1 else "Jacobian"
        what = {"primal": "Value"}.get(listing.mode, f"Value and {derivative} by {variables}")
        how = {"primal": ""}.get(listing.mode, f", in {listing.mode} mode")
        return self.cleaned(f"{what} of {listing.expression}{how}.")

    def legend(self) -> Iterator[str]:
        """What the names stand for."""
        listing = self._listing
        pairs = zip(listing.trace_names, listing.variables, strict=True)
        same = ", ".join(f"{trace} is {name}" for trace, name in pairs if trace != name)
        if same:
            yield self.cleaned(f"In the rules {same}.")
        pairs = zip(map(self._names.__getitem__, listing.variables), listing.variables, strict=True)
        renamed = ", ".join(f"{identifier} is {name}" for identifier, name in pairs if identifier != name)
        if renamed:
            yield self.cleaned(f"In the code {renamed}.")

    def purpose(self, procedure: Procedure) -> str:
        """What one sweep computes."""
        listing = self._listing
        values = "The value" if len(procedure.values) == 1 else "The values"
        if listing.mode == "primal":
            return f"{values}."
        if listing.mode == "forward":
            each = "its derivative" if len(procedure.values) == 1 else "their derivatives"
            return self.cleaned(f"{values}, and {each} by {procedure.about}.")
        of = f" of {procedure.about}" if len(listing.outputs) > 1 else ""
        return self.cleaned(f"{values}{of}, and the derivatives by {listed(listing.wrt) or 'nothing'}.")

    def together(self) -> str:
        """What all sweeps together compute."""
        if len(self._listing.outputs) == 1:
            return self.cleaned(f"The value, and its derivatives by {listed(self._listing.wrt)}: one sweep for each.")
        sweep = "variable" if self._listing.mode == "forward" else "output"
        return f"The values, and a row of derivatives for each of them; one sweep for each {sweep}."

    def comment(self, line: Line) -> str:
        """The rule of a line."""
        return self.cleaned(f"{line.name} {'+=' if line.adds else '='} {line.rule}")


def listed(names: Sequence[str]) -> str:
    """x, y and z."""
    *first, last = names or ("",)
    return f"{', '.join(first)} and {last}" if first else last


def main_name(listing: SourceListing) -> str:
    """What the function is called that computes everything."""
    if listing.mode == "primal":
        return "value" if len(listing.outputs) == 1 else "values"
    return "gradient" if len(listing.outputs) == 1 else "jacobian"


def sweep_names(listing: SourceListing, names: Identifiers) -> list[str]:
    """What the functions of the single sweeps are called, where there are several."""
    if listing.mode == "forward":
        wanted = [f"derivative_by_{names[procedure.about]}" for procedure in listing.procedures]
    else:
        wanted = [f"gradient_of_{procedure.about}" for procedure in listing.procedures]
    return [names.claim(name) for name in wanted]


def aligned(code: Sequence[tuple[str, str]], mark: str) -> list[str]:
    """Lines of code, each with its comment, beside each other where the code is short."""
    width = max((len(text) for text, _ in code if len(text) <= FARTHEST), default=0)
    return [f"{text:{width}}  {mark} {comment}" for text, comment in code]
