"""`diffcli source`: the derivative program as source text."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diffcli.cli import options
from diffcli.cli.groups import Bounds, Derivative
from diffcli.errors import UsageError

if TYPE_CHECKING:
    from diffcli.studies.notation import StyleName


class Mode(StrEnum):
    """What the program computes."""

    PRIMAL = "primal"
    FORWARD = "forward"
    REVERSE = "reverse"


class Lang(StrEnum):
    """Languages."""

    PYTHON = "python"
    NUMPY = "numpy"
    C = "c"
    CUDA = "cuda"
    LATEX = "latex"


ModeOption = Annotated[Mode, typer.Option("--mode", help="The values alone, or with derivatives.")]
LangOption = Annotated[
    Lang | None,
    typer.Option("--lang", help="The language.", show_default="python, or by the suffix of --output"),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", help="Write to this file (.py .c .cu .tex); - is standard output.", show_default=False
    ),
]  # fmt: skip


def source(
    asked: Derivative,
    *,
    mode: ModeOption = Mode.REVERSE,
    lang: LangOption = None,
    scalars: Annotated[bool, typer.Option("--scalars", help="Every element of an array a variable.")] = False,
    output: Output = None,
    ascii_only: options.Ascii = False,
    bounds: Bounds,
) -> int:
    """The derivative program as source text, named as in the trace, a comment with the rule beside each line.

    \b
    diffcli source "ln(x1) + x1*x2 - sin(x2)" --at x1=2,x2=5
    diffcli source "ln(x1) + x1*x2 - sin(x2)" --mode forward --lang numpy
    diffcli source @deck-001 -o gradient.c
    diffcli source "x^2*y" --mode primal --lang latex
    diffcli source "sum(softmax(W@x)*y)" --at "W=[[1,-1],[0.5,2]],x=[1,2],y=[1,0]" --scalars

    With a point the text runs as it is printed: python gradient.py, cc gradient.c -lm, or
    nvcc gradient.cu.
    """
    from diffcli.cli.invocation import read_request
    from diffcli.cli.output import carries_unicode, write_out, write_whole
    from diffcli.render.source.registry import STYLES, source_text
    from diffcli.studies.scalars import in_scalars
    from diffcli.studies.source import source_listing

    target = output if output is not None and str(output) != "-" else None
    language = _language(lang, target)
    request = read_request(asked, bounds, needs_point=False)
    task = request.task
    if not request.reading.graph.is_scalar:
        if not scalars:
            raise UsageError(
                "this program computes with arrays, and `diffcli source` writes programs on numbers",
                hint="--scalars makes every element a variable of its own",
            )
        task = in_scalars(*task, request.limits)
    in_ascii = ascii_only or (target is None and not carries_unicode(sys.stdout.encoding or "ascii"))
    style: StyleName = STYLES.get(language, "ascii" if in_ascii else "pretty")
    graph, point, positions = task
    listing = source_listing(graph, mode.value, positions, style=style, point=point, written=request.reading.graph)
    text = source_text(listing, language, ascii_only=in_ascii)
    if target is not None:
        write_whole(text, target)
    else:
        write_out(lambda: sys.stdout.write(text))
    return 0


def _language(lang: Lang | None, target: Path | None) -> str:
    """The language asked for, or that of the suffix of the file."""
    from diffcli.render.shell import quoted
    from diffcli.render.source.registry import SUFFIXES

    if target is None:
        return (lang or Lang.PYTHON).value
    by_suffix = SUFFIXES.get(target.suffix.lower())
    if lang is None and by_suffix is None:
        raise UsageError(
            f"no language belongs to the suffix of {quoted(str(target))}",
            hint=f"use one of {' '.join(SUFFIXES)} or --lang",
        )
    chosen = lang.value if lang else by_suffix or ""
    expected = next((suffix for suffix, name in SUFFIXES.items() if name == chosen.replace("numpy", "python")), "")
    if by_suffix is not None and SUFFIXES[expected] != by_suffix:
        raise UsageError(f"{quoted(str(target))} does not look like {chosen}", hint=f"use the suffix {expected}")
    if not target.parent.is_dir():
        raise UsageError(f"cannot write {quoted(str(target))}: its folder does not exist", kind="file")
    return chosen
