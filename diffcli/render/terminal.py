"""A document on a terminal: laid out, coloured, printed; or as text, or as a picture (svg).

The only module that imports rich, and only where colour is wanted: plain text needs none.
"""

from typing import IO, TYPE_CHECKING

from diffcli.render.ascii import ascii_text, in_ascii
from diffcli.render.document import Document, Options, Role
from diffcli.render.layout import lines

if TYPE_CHECKING:
    from rich.text import Text as RichText

STYLES: dict[Role, str] = {
    "plain": "",
    "title": "bold",
    "heading": "bold",
    "name": "cyan",
    "value": "",
    "agreeing": "",
    "disagreeing": "dim",
    "good": "green",
    "bad": "bold red",
    "quiet": "dim",
    "code": "cyan",
    "mark": "yellow",
    "first": "cyan",
    "second": "magenta",
    "third": "green",
    "fourth": "bright_blue",
    "fifth": "red",
}
"""From the sixteen colours of the terminal's own theme, so that light and dark backgrounds both work."""


def document_text(document: Document, options: Options) -> str:
    """The document as plain text."""
    shown = in_ascii(document) if options.ascii else document
    plain = "".join("".join(span.text for span in line).rstrip() + "\n" for line in lines(shown, options.width))
    return ascii_text(plain) if options.ascii else plain


def print_document(document: Document, file: IO[str], options: Options) -> None:
    """Write the document to `file`, in colour where the options say so."""
    if not options.color:
        file.write(document_text(document, options))
        return
    from rich.console import Console

    console = Console(
        file=file, force_terminal=True, width=10_000, no_color=False, highlight=False, legacy_windows=False
    )
    for line in _rich_lines(document, options):
        console.print(line, soft_wrap=True)


def document_svg(document: Document, options: Options, title: str = "diffcli") -> str:
    """A picture of the document on a terminal."""
    import io

    from rich.console import Console

    shown = list(_rich_lines(document, options))
    columns = max((line.cell_len for line in shown), default=0) + 2
    console = Console(
        file=io.StringIO(), record=True, width=max(columns, options.width or 0), force_terminal=True, highlight=False
    )
    for line in shown:
        console.print(line, soft_wrap=True)
    return console.export_svg(title=title)


def _rich_lines(document: Document, options: Options) -> "list[RichText]":
    from rich.text import Text as RichText

    shown = in_ascii(document) if options.ascii else document
    result = []
    for line in lines(shown, options.width):
        styled = RichText(no_wrap=True, end="\n")
        for span in line:
            styled.append(ascii_text(span.text) if options.ascii else span.text, STYLES[span.role])
        styled.rstrip()
        result.append(styled)
    return result
