"""The README's blocks of output and its picture, made by running what they show.

    python tests/readme_blocks.py                  says which blocks are stale
    python tests/readme_blocks.py --write          writes them all anew
    python tests/readme_blocks.py --write --quick  the same without the start-up benchmark, which takes a minute

Commands stand in the README itself, and only their output is generated:

    ```console                            each line `$ diffcli …`, then what a terminal of 96 columns shows
    ```pycon                              each statement after >>>, then what Python prints
    <!-- output of: COMMAND -->           the output as Markdown, up to <!-- end -->
    <!-- computed: FUNCTION -->           a table, up to <!-- end -->: its second column is computed from its first
    <!-- listing of: modules -->          every module with the first line of its docstring, up to <!-- end -->
    <!-- picture of: COMMAND in FILE -->  the screen as a picture

A block is stale when it differs from a new run after `masked`, which takes out timings and nothing else. A number is
a timing if it carries a unit of time, or stands in a column whose header is one of `TIMED`. As timings are wider or
narrower from run to run, the space between two cells of a table and the length of a rule count for nothing either.
"""

import ast
import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from unittest import mock
from xml.etree import ElementTree as ET

from diffcli.cli.main import run
from diffcli.errors import DiffcliError
from diffcli.graph.text import PLAIN, program_text
from diffcli.language import DEFAULT, parse
from diffcli.language.points import parse_point
from diffcli.study.verdict import RELATIVE

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
COLUMNS = 96
LAYERS = ("", "cli/", "render/", "study/", "methods/", "execute/", "language/", "graph/")
STARTUP = "python benchmarks/startup.py"
BLOCK = re.compile(
    r"^```(?P<fence>console|pycon)\n(?P<code>.*?)^```$"
    r"|^<!-- (?P<kind>output of|computed|listing of): (?P<argument>[^\n]*) -->\n(?P<content>.*?)^<!-- end -->$"
    r"|^<!-- picture of: (?P<shown>[^\n]*) in (?P<file>\S+) -->$",
    re.MULTILINE | re.DOTALL,
)
TIMED = frozenset({"prepare", "one gradient", "median", "±", "minimum", "× f", "× fastest"})
AMOUNT = r"\d[\d.]*(?:e[+-]?\d+)?"
DURATION = re.compile(rf"(?<![\w.]){AMOUNT} (?:ns|µs|ms|s)\b")
TIMING = re.compile(rf"{AMOUNT}(?: (?:ns|µs|ms|s|%))?")
CELL = re.compile(r"[^\s|]+(?: [^\s|]+)*")
RULE = re.compile(r"\s*─+|\|[-:|]+\|")
FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace"


@dataclass(frozen=True)
class Block:
    """A generated part of the README: where it stands, what it says, and how it is made again."""

    kind: str
    argument: str
    """The command, or the function of a computed table."""
    start: int
    end: int
    text: str

    @property
    def name(self) -> str:
        return f"{self.kind} {self.argument}".replace("\n", " ")[:70]

    def saved(self) -> str:
        """What the repository says."""
        return svg_text(picture_file(self).read_text(encoding="utf-8")) if self.kind == "picture" else self.text

    def fresh(self) -> str:
        """What a new run says."""
        makers = {"console": console, "pycon": session, "picture": lambda block: svg_text(picture(block))}
        makers |= {"output of": output, "computed": computed, "listing of": modules}
        return makers[self.kind](self)


def blocks(text: str) -> Iterator[Block]:
    """The generated blocks of the README, from top to bottom."""
    for found in BLOCK.finditer(text):
        if found["fence"]:
            first = found["code"].partition("\n")[0].removeprefix("$ ")
            yield Block(found["fence"], first, *found.span("code"), found["code"])
        elif found["kind"]:
            yield Block(found["kind"], found["argument"], *found.span("content"), found["content"])
        else:
            yield Block("picture", f"{found['shown']} in {found['file']}", found.end(), found.end(), "")


def masked(text: str) -> str:
    """The text with # for every timing, whatever its width; every other character stays."""
    timed: frozenset[int] = frozenset()
    was_header = False
    lines = []
    for line in text.splitlines():
        found = cells(line)
        header = frozenset(key for key, cell in found if cell[0] in TIMED)
        if header or (RULE.fullmatch(line) and not was_header):
            timed = header
        for key, cell in reversed(found):
            if key in timed and TIMING.fullmatch(cell[0]):
                line = f"{line[: cell.start()]}#{line[cell.end() :]}"  # noqa: PLW2901 - from right to left
        was_header = bool(header)
        lines.append(re.sub(r"─+", "─", re.sub(r" {2,}", "  ", DURATION.sub("#", line))))
    return "\n".join(lines)


def cells(line: str) -> list[tuple[int, re.Match[str]]]:
    """The cells of a line with the column they belong to: by number in Markdown, else by their right edge."""
    is_markdown = line.startswith("|")
    return [(line.count("|", 0, m.start()) if is_markdown else m.end(), m) for m in CELL.finditer(line)]


class Screen(io.StringIO):
    """Takes the place of standard output."""

    encoding = "utf-8"
    is_terminal = False

    def isatty(self) -> bool:
        return self.is_terminal

    def fileno(self) -> int:
        return -1


def shown(command: str, *, is_terminal: bool) -> tuple[int, str]:
    """Exit code and output of a `diffcli` command; on a terminal its messages are part of that."""
    program, *words = shlex.split(command)
    assert program == "diffcli", command
    screen = Screen()
    screen.is_terminal = is_terminal
    size = os.terminal_size((COLUMNS, 50))
    with (
        contextlib.redirect_stdout(screen),
        contextlib.redirect_stderr(screen if is_terminal else io.StringIO()),
        mock.patch.dict(os.environ, {"NO_COLOR": "1", "COLUMNS": str(COLUMNS)}),
        mock.patch("os.get_terminal_size", return_value=size),
    ):
        code = run(words)
    return code, screen.getvalue()


def console(block: Block) -> str:
    """Every command of the block with its output, a blank line between two."""
    commands = [line.removeprefix("$ ") for line in block.text.splitlines() if line.startswith("$ ")]
    return "\n".join(f"$ {command}\n{shown(command, is_terminal=True)[1].rstrip()}\n" for command in commands)


def session(block: Block) -> str:
    """Every Python statement with what it prints, in a Python of its own."""
    words = [sys.executable, str(Path(__file__).with_name("readme_session.py"))]
    return subprocess.run(words, input=block.text, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout


def output(block: Block) -> str:
    """The output of a command that writes Markdown."""
    if block.argument == STARTUP:
        words = [sys.executable, *shlex.split(STARTUP)[1:]]
        return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return f"\n{shown(block.argument, is_terminal=False)[1].strip()}\n\n"


def computed(block: Block) -> str:
    """A table whose second column is what FUNCTIONS[argument] makes of the first."""
    head, rule, *rows = block.text.splitlines()
    lines = [head, rule]
    for row in rows:
        _, first, _, *others = re.split(r"(?<!\\)\|", row)
        lines.append("|".join(["", first, f" {FUNCTIONS[block.argument](first)} ", *others]))
    return "\n".join(lines) + "\n"


def reading(cell: str) -> str:
    """How a text is read, or the error it is; a second piece of code in the cell is the point."""
    text, *points = quoted(cell)
    try:
        return code(program_text(parse(text, bound=tuple(parse_point(points))).graph, PLAIN))
    except DiffcliError as problem:
        advice = f"; {problem.hint}" if problem.hint else ""
        return f"{problem.message}{advice}" + (f"; try {code(problem.correction)}" if problem.correction else "")


def modules(_: Block) -> str:
    """The package from the command line down to the graph, one line for each module."""
    lines = ["", "| Module | What it is |", "|:---|:---|"]
    for folder in LAYERS:
        for path in sorted((ROOT / "diffcli").glob(f"{folder}*.py")):
            says = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]
            lines.append(f"| `{path.relative_to(ROOT)}` | {says.replace('|', chr(92) + '|')} |")
    return "\n".join([*lines, "", ""])


def constant(cell: str) -> str:
    """The value of a constant, by its full name."""
    module, _, name = quoted(cell)[0].rpartition(".")
    return f"{getattr(import_module(module), name):,}"


def quoted(cell: str) -> list[str]:
    """The pieces of code in a cell of a Markdown table."""
    return [piece.replace(r"\|", "|") for piece in re.findall(r"`([^`]+)`", cell)]


def code(text: str) -> str:
    """A text as code in a cell of a Markdown table."""
    return f"`{text.replace('|', chr(92) + '|')}`"


FUNCTIONS = {
    "reading": reading,
    "exit code": lambda cell: str(shown(quoted(cell)[0], is_terminal=False)[0]),
    "limit": lambda cell: f"{getattr(DEFAULT, quoted(cell)[0]):,}",
    "constant": constant,
    "tolerance": lambda cell: f"{RELATIVE[quoted(cell)[0]]:.0e}",
}


def picture_file(block: Block) -> Path:
    """Where the picture lies."""
    return ROOT / block.argument.rpartition(" in ")[2]


def picture(block: Block) -> str:
    """The screen of a command in the colours of a terminal, with the command above it; no font is fetched."""
    from diffcli.cli import output as place
    from diffcli.render.document import Document, Lines, Options, Span
    from diffcli.render.registry import document
    from diffcli.render.terminal import document_svg

    command = block.argument.rpartition(" in ")[0]
    records: list[object] = []
    with mock.patch.object(place, "show_on_terminal", lambda record, *_: records.append(record)):
        shown(command, is_terminal=True)
    options = Options(width=COLUMNS, color=True)
    prompt = Lines(((Span("$ ", "quiet"), Span(command, "title")),))
    screen = document(records[0], options)
    svg = document_svg(Document((prompt, *screen.blocks), screen.margin), options)
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL).replace("Fira Code, monospace", FONTS)
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def svg_text(svg: str) -> str:
    """The lines of text in a picture, every piece at the column where it is drawn."""
    pieces: dict[float, list[tuple[float, str]]] = {}
    for element in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"):
        place = float(element.get("y", 0)), float(element.get("x", 0))
        pieces.setdefault(place[0], []).append((place[1], "".join(element.itertext()).replace("\u00a0", " ")))
    lines = []
    for height in sorted(pieces):
        line = ""
        for x, text in sorted(pieces[height]):
            line = line.ljust(round(x / 12.2)) + text
        lines.append(line.rstrip())
    return "\n".join(lines)


def main() -> None:
    """Say which blocks are stale, or write them."""
    text = README.read_text(encoding="utf-8")
    for block in reversed(list(blocks(text))):
        if block.argument == STARTUP and ("--write" not in sys.argv or "--quick" in sys.argv):
            continue
        if "--write" not in sys.argv:
            stale = masked(block.saved()) != masked(block.fresh())
            sys.stdout.write(f"{'stale  ' if stale else 'current'} {block.name}\n")
        elif block.kind == "picture":
            picture_file(block).write_text(picture(block), encoding="utf-8")
        else:
            text = text[: block.start] + block.fresh() + text[block.end :]
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
