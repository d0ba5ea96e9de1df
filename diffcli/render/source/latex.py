"""LaTeX: the program as equations below each other, as the lectures write a trace."""

from diffcli.graph.text import latex_name
from diffcli.studies.source import Procedure, SourceListing


def source_text(listing: SourceListing) -> str:
    """An align* environment for each sweep (amsmath)."""
    comment = f"% diffcli source: {listing.mode} mode; needs \\usepackage{{amsmath}}\n"
    return comment + "\n".join(_environment(listing, procedure) for procedure in listing.procedures)


def _environment(listing: SourceListing, procedure: Procedure) -> str:
    given = [f"{trace} &= {latex_name(name)}" for trace, name in _pairs(listing)]
    lines = [f"{line.name} &{'{}+=' if line.adds else '='} {line.rule}" for line in procedure.lines]
    rows = [*given, *lines] or ["&"]
    return "\n".join([r"\begin{align*}", *(f"  {row} \\\\" for row in rows[:-1]), f"  {rows[-1]}", r"\end{align*}", ""])


def _pairs(listing: SourceListing) -> list[tuple[str, str]]:
    """What the trace calls the inputs, where it has names of its own for them."""
    pairs = zip(listing.trace_names, listing.variables, strict=True)
    return [(trace, name) for trace, name in pairs if trace != latex_name(name)]
