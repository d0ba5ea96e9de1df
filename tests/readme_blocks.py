"""The README's blocks of output and its picture, made by running what they show.

    python tests/readme_blocks.py                  says which blocks are stale
    python tests/readme_blocks.py --write          writes them all anew
    python tests/readme_blocks.py --write --quick  the same without the benchmarks, which take minutes

Commands stand in the README itself, and only their output is generated:

    ```console                            each line `$ diffcli …`, then what a terminal of 88 columns shows
    ```pycon                              each statement after >>>, then what Python prints
    <!-- output of: COMMAND -->           the output as Markdown, up to <!-- end -->
    <!-- computed: FUNCTION -->           a table, up to <!-- end -->: its second column is computed from its first
    <!-- listing of: modules -->          every module with the first line of its docstring, up to <!-- end -->
    <!-- picture of: COMMAND in FILE -->  the screen as a picture

A block is stale when it differs from a new run after `readme_masking`, which takes out timings and nothing else.
"""

import ast
import contextlib
import io
import os
import pty
import re
import shlex
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from xml.etree import ElementTree as ET

from readme_masking import masked

from diffcli.errors import DiffcliError
from diffcli.graph.ops import OPS
from diffcli.graph.program import Graph
from diffcli.language import DEFAULT, parse
from diffcli.language.points import parse_point
from diffcli.methods.registry import METHODS

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
COLUMNS = 88
LAYERS = ("", "cli/", "render/", "learn/", "studies/", "methods/", "tracing/", "execute/", "language/", "graph/")
BENCHMARK = "python benchmarks/"
BLOCK = re.compile(
    r"^```(?P<fence>console|pycon)\n(?P<code>.*?)^```$"
    r"|^<!-- (?P<kind>output of|computed|listing of): (?P<argument>[^\n]*) -->\n(?P<content>.*?)^<!-- end -->$"
    r"|^<!-- picture of: (?P<shown>[^\n]*) in (?P<file>\S+) -->$",
    re.MULTILINE | re.DOTALL,
)
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
        return svg_text(picture(self)) if self.kind == "picture" else MAKERS[self.kind](self)


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


def shown(command: str, *, is_terminal: bool, color: bool = False) -> tuple[int, str]:
    """Exit code and output of a `diffcli` command run in a process of its own; a terminal shows its messages too."""
    program, *words = shlex.split(command)
    assert program == "diffcli", command
    words = [sys.executable, "-m", program, *words]
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "LINES")}
    environment |= {"TERM": "xterm-256color", "PYTHONUTF8": "1"} | ({} if color else {"NO_COLOR": "1"})
    if not is_terminal:
        done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, check=False)
        return done.returncode, done.stdout.decode()
    screen, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (50, COLUMNS))
    process = subprocess.Popen(words, cwd=ROOT, env=environment, stdin=terminal, stdout=terminal, stderr=terminal)
    os.close(terminal)
    with open(screen, "rb", buffering=0) as reader:  # noqa: PTH123 - a descriptor, not a path
        printed = b"".join(parts(reader))
    return process.wait(), printed.decode().replace("\r\n", "\n")


def parts(reader: io.RawIOBase | io.FileIO) -> Iterator[bytes]:
    """What is written to a terminal until its last writer is gone."""
    with contextlib.suppress(OSError):  # how Linux says so
        while part := reader.read(4096):
            yield part


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
    if block.argument.startswith(BENCHMARK):
        words = [sys.executable, *shlex.split(block.argument)[1:]]
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
        return code(bracketed(parse(text, bound=tuple(parse_point(points))).graph))
    except DiffcliError as problem:
        advice = f"; {problem.hint}" if problem.hint else ""
        return f"{problem.message}{advice}" + (f"; try {code(problem.correction)}" if problem.correction else "")


def bracketed(graph: Graph) -> str:
    """A program as text with brackets around every operation that is part of another one."""
    texts: list[str] = []
    statements: list[str] = []
    for position, node in enumerate(graph.nodes):
        parts = [texts[argument] for argument in node.args]
        operands = [(argument, graph.nodes[argument]) for argument in node.args]
        infix = [bool(of.args and OPS[of.op].symbol) and argument not in graph.names for argument, of in operands]
        text, symbol = node.literal, OPS[node.op].symbol if parts else ""
        if symbol:
            parts = [f"({part})" if is_infix else part for part, is_infix in zip(parts, infix, strict=True)]
            text = f" {symbol} ".join(parts) if len(parts) > 1 else symbol + parts[0]
        elif parts:
            text = f"{node.op}({', '.join(parts)})"
        if position in graph.names:
            statements.append(f"{graph.names[position]} = {text}")
            text = graph.names[position]
        texts.append(text)
    return "; ".join([*statements, *(texts[position] for position in graph.outputs if position not in graph.names)])


def modules(_: Block) -> str:
    """The package from the command line down to the graph, one line for each module."""
    lines = ["", "| Module | What it is |", "|:---|:---|"]
    for folder in LAYERS:
        for path in sorted((ROOT / "diffcli").glob(f"{folder}**/[!_]*.py" if folder else "[!_]*.py")):
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


FUNCTIONS: dict[str, Callable[[str], str]] = {
    "reading": reading,
    "exit code": lambda cell: str(shown(quoted(cell)[0], is_terminal=False)[0]),
    "limit": lambda cell: f"{getattr(DEFAULT, quoted(cell)[0]):,}",
    "constant": constant,
    "tolerance": lambda cell: f"{METHODS[quoted(cell)[0]].tolerance:.0e}",
}


MAKERS = {"console": console, "pycon": session, "output of": output, "computed": computed, "listing of": modules}


def picture_file(block: Block) -> Path:
    """Where the picture lies."""
    return ROOT / block.argument.rpartition(" in ")[2]


def picture(block: Block) -> str:
    """The screen of a command in the colours of a terminal, with the command above it; no font is fetched."""
    from rich.console import Console
    from rich.text import Text

    command = block.argument.rpartition(" in ")[0]
    console = Console(file=io.StringIO(), record=True, width=COLUMNS, force_terminal=True, highlight=False)
    console.print(Text.assemble(("  $ ", "dim"), (f"{command}\n", "bold")))
    console.print(Text.from_ansi(shown(command, is_terminal=True, color=True)[1].rstrip()))
    console.print()
    svg = console.export_svg(title=command.split()[0])
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
        if block.argument.startswith(BENCHMARK) and ("--write" not in sys.argv or "--quick" in sys.argv):
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
