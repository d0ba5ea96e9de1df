r"""A document as LaTeX, ready to paste: tables with booktabs, traces as amsmath alignments.

The preamble needs \usepackage{booktabs,amsmath}, as the first line of the output says.
"""

import re
from collections.abc import Sequence

from diffcli.render.document import (
    Block,
    Column,
    Document,
    Excerpt,
    Flow,
    Heading,
    Lines,
    Section,
    SideBySide,
    Span,
    Table,
    Text,
    text_width,
)
from diffcli.render.latex_characters import compilable, escaped
from diffcli.render.plot import Plot
from diffcli.render.table_layout import natural_width

PREAMBLE = "% needs \\usepackage{booktabs,amsmath}"
COMMANDS = {"title": "textbf", "heading": "textbf", "bad": "textbf", "code": "texttt"}
WIDTHS = {"left": "l", "right": "r", "decimal": "r"}
FLEXIBLE = r"p{0.45\linewidth}"
EQUATION_COLUMNS = frozenset(("name", "operation", "shape", "value", ""))
LONGEST_CELL = 45
"""Characters of a cell that does not wrap."""
SMALL = r"\scriptsize\setlength{\tabcolsep}{2pt}"
WIDEST_MATRIX = 11
"""Columns, names included, that amsmath's matrices have without being told to take more."""
WIDEST = 90
"""Characters of a table that fits a page without being made smaller."""


def document_text(document: Document, *, ascii_only: bool = False) -> str:
    """The document as LaTeX."""
    parts = filter(None, map(_block, document.blocks))
    shown = f"{PREAMBLE}\n\n" + "\n\n\\medskip\n".join(parts) + "\n"
    return re.sub(r"[^\x00-\x7f]", lambda m: rf"\texttt{{U+{ord(m[0]):04X}}}", shown) if ascii_only else shown


def _block(block: Block) -> str:  # noqa: PLR0911 - one for each kind of block
    match block:
        case Heading():
            return rf"\paragraph*{{{inline(block.text)}}}"
        case Flow():
            return _paragraph([inline(part) for part in block.parts if part])
        case Lines():
            return "" if block.is_advice else _paragraph([inline(line) for line in block.lines])
        case Excerpt():
            return _excerpt(block)
        case Table():
            return _table(block)
        case SideBySide():
            return f"{_table(block.left)}\n\n{_table(block.right)}"
        case Plot():
            return "% the plot: -o FILE.svg or FILE.png"


def _paragraph(lines: Sequence[str]) -> str:
    """Lines below each other; the brace keeps a following [ from being read as an option."""
    return "\\noindent " + "\\\\{}\n".join(lines)


def inline(line: Text) -> str:
    """A line of text; neighbouring pieces of mathematics share one formula."""
    result, formula = [], ""
    for span in line:
        if span.latex:
            formula += compilable(span.latex)
            continue
        result += [f"${formula}$"] if formula else []
        formula = ""
        result.append(_words(span))
    return "".join([*result, f"${formula}$" if formula else ""])


def _words(span: Span) -> str:
    words, command = escaped(span.text), COMMANDS.get(span.role)
    return rf"\{command}{{{words}}}" if command and words.strip() else words


def _formula(line: Text) -> str:
    """The same inside a formula."""
    return "".join(compilable(span.latex) if span.latex else rf"\text{{{_words(span)}}}" for span in line)


def _excerpt(excerpt: Excerpt) -> str:
    before, inside, after = map(escaped, excerpt.pieces)
    remark = f" {escaped(excerpt.remark)}" if excerpt.remark else ""
    return f"\\begin{{quote}}\n\\texttt{{{before}\\underline{{{inside}}}{after}}}{remark}\n\\end{{quote}}"


def _table(table: Table) -> str:
    if table.is_equations and all(column.header in EQUATION_COLUMNS for column in table.columns):
        return _alignment(table)
    return "\n".join(_matrix(table, section) for section in table.sections) if table.is_matrix else _tabular(table)


def _matrix(table: Table, section: Section) -> str:
    """The cells of a section between parentheses; its title and the names of rows and columns stand before them."""
    rows = " \\\\\n".join(" & ".join(_formula(cell) for cell in row[1:]) for row in section.rows)
    body = f"\\begin{{pmatrix}}\n{rows}\n\\end{{pmatrix}}"
    size = rf"\setcounter{{MaxMatrixCols}}{{{len(table.columns)}}}" if len(table.columns) > WIDEST_MATRIX else ""
    title = rf"\noindent {inline(section.title)}\\[0.5ex]" if section.title else r"\noindent"
    names = ", ".join(f"${compilable(c.latex)}$" if c.latex else escaped(c.header) for c in table.columns[1:])
    of_rows = ", ".join(inline(row[0]) for row in section.rows)
    return f"{size}{title}\n{{\\small rows {of_rows}; columns {names}}}\n\\[\n{body}\n\\]"


def _alignment(table: Table) -> str:
    """Name, operation and value of every row, aligned at the equals signs; pages may break between the rows."""
    rows = [row for section in table.sections for row in section.rows]
    lines = " \\\\\n".join(_equation(row) for row in rows)
    title = f"\\noindent\\textbf{{{escaped(table.title)}}}\n" if table.title else ""
    return f"{title}{{\\allowdisplaybreaks\n\\begin{{alignat*}}{{2}}\n{lines}\n\\end{{alignat*}}}}"


def _equation(row: Sequence[Text]) -> str:
    name, operation, *remarks, value = (_formula(cell) for cell in row)
    remark = "".join(rf"\quad {part}" for part in remarks if part)
    return f"{name} &= {operation}{remark} &&\\quad = {value}" if operation else f"{name} &= {value}"


def _tabular(table: Table) -> str:
    if not table.rows:
        return ""
    columns = "".join(_column(table, index) for index in range(len(table.columns)))
    header = " & ".join(f"${compilable(c.latex)}$" if c.latex else _guarded(escaped(c.header)) for c in table.columns)
    lines = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule"]
    if any(column.header for column in table.columns):
        lines += [rf"{header} \\", r"\midrule"]
    for index, section in enumerate(table.sections):
        lines += [r"\midrule"] if index else []
        lines += _section(section, table.columns)
    title = f"\\noindent\\textbf{{{escaped(table.title)}}}\\\\[1ex]\n" if table.title else "\\noindent"
    body = "\n".join([*lines, r"\bottomrule", r"\end{tabular}"])
    return title + (f"{{{SMALL}\n{body}}}" if natural_width(table) > WIDEST else body)


def _column(table: Table, index: int) -> str:
    column = table.columns[index]
    if column.flexible and not table.is_equations and max(text_width(row[index]) for row in table.rows) > LONGEST_CELL:
        return FLEXIBLE
    return WIDTHS[column.align]


def _section(section: Section, columns: Sequence[Column]) -> list[str]:
    title = [rf"\multicolumn{{{len(columns)}}}{{l}}{{{inline(section.title)}}} \\"] if section.title else []
    return title + [
        " & ".join(_cell(cell, column) for cell, column in zip(row, columns, strict=True)) + r" \\"
        for row in section.rows
    ]


def _cell(cell: Text, column: Column) -> str:
    lead = f"${column.lead.strip()}$ " if column.lead and cell else ""
    return _guarded(f"{lead}{inline(cell)}")


def _guarded(cell: str) -> str:
    """The braces keep a leading [ or * from being read as an option of the command before."""
    return f"{{}}{cell}" if cell[:1] in ("[", "*") else cell
