"""A document as GitHub Markdown, ready to paste."""

import re

from diffcli.render.document import (
    GLUE,
    Block,
    Column,
    Document,
    Excerpt,
    Flow,
    Heading,
    Lines,
    SideBySide,
    Span,
    Table,
    Text,
)
from diffcli.render.plot import Plot

SPECIAL = re.compile(r"[\\`*\[\]<>|~$&#{}]|(?<!\w)_|_(?!\w)")
LINE_START = re.compile(r"^(\s*)([-+=]|\d+(?=[.)]))")
FORMATS = {"title": "**", "heading": "**", "bad": "**"}


def document_text(document: Document) -> str:
    """The document as Markdown."""
    return "\n\n".join(part for block in document.blocks if (part := _block(block))) + "\n"


def _block(block: Block) -> str:  # noqa: PLR0911 - one for each kind of block
    match block:
        case Heading():
            return f"### {inline(block.text)}"
        case Flow():
            return _start("  \n".join(inline(part) for part in block.parts if part))
        case Lines():
            return "" if block.is_advice else "  \n".join(_start(inline(line)) for line in block.lines)
        case Excerpt():
            return _excerpt(block)
        case Table():
            return _table(block)
        case SideBySide():
            return f"{_table(block.left)}\n\n{_table(block.right)}"
        case Plot():
            return _drawing(block)


def _drawing(plot: Plot) -> str:
    """The plot in characters, as it stands on a terminal; indented, so that no character in it can end it."""
    from diffcli.render.layout import lines

    drawn = lines(Document((plot,), margin=4))
    return "\n".join("".join(span.text for span in line).rstrip() for line in drawn)


def inline(line: Text) -> str:
    """A line of text."""
    return "".join(map(_span, line))


def _span(span: Span) -> str:
    if span.role == "code" and span.text.strip():
        return _code(span.text)
    mark = FORMATS.get(span.role, "")
    inner = escaped(span.text.strip()) if mark else escaped(span.text)
    if not mark or not inner:
        return inner
    before, after = span.text[: len(span.text) - len(span.text.lstrip())], span.text[len(span.text.rstrip()) :]
    return f"{before}{mark}{inner}{mark}{after}"


def escaped(text: str) -> str:
    """The text with everything that Markdown or HTML would read as markup escaped."""
    return SPECIAL.sub(lambda match: "\\" + match[0], text.replace(GLUE, " "))


def _start(line: str) -> str:
    """A line that would begin a list or a heading, so that it does not."""
    return LINE_START.sub(r"\1\\\2", line) if not line[:1].isdigit() else re.sub(r"^(\d+)([.)])", r"\1\\\2", line)


def _code(text: str) -> str:
    """A code span; its fence is longer than any run of backticks in it, and a table's bars stay inside."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence, pad = "`" * (longest + 1), " " if "`" in text else ""
    return f"{fence}{pad}{text.replace('|', chr(92) + '|')}{pad}{fence}" if "|" not in text else escaped(text)


def _excerpt(excerpt: Excerpt) -> str:
    before, inside, after = excerpt.pieces
    longest = max((len(run) for run in re.findall("`+", before + inside + after)), default=0)
    fence = "`" * max(3, longest + 1)
    pointer = " " * len(before) + "^" * max(1, len(inside)) + f" {excerpt.remark}".rstrip()
    return f"{fence}text\n{before}{inside}{after}\n{pointer}\n{fence}"


def _table(table: Table) -> str:
    title = f"**{escaped(table.title)}**\n\n" if table.title else ""
    lines = [
        "| " + " | ".join(escaped(column.header) for column in table.columns) + " |",
        "|" + "|".join(map(_alignment, table.columns)) + "|",
    ]
    for section in table.sections:
        if section.title:
            lines.append("| " + inline(section.title) + " |" + " |" * (len(table.columns) - 1))
        lines += ["| " + " | ".join(inline(cell) for cell in row) + " |" for row in section.rows]
    return title + "\n".join(lines)


def _alignment(column: Column) -> str:
    return "---:" if column.align in ("right", "decimal") else ":---"
