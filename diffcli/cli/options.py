"""The options that several commands share, each declared once."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

Expression = Annotated[
    str | None,
    typer.Argument(
        metavar="EXPR",
        help="An expression or program; @NAME for an example; - to read standard input.",
        show_default=False,
    ),
]
At = Annotated[
    list[str] | None,
    typer.Option(
        "--at",
        "-a",
        metavar="x=2,W=[[1,2],[3,4]],b=@b.npy",
        help="The point: numbers, lists, files (.npy .csv .json). May be given several times.",
        show_default=False,
    ),
]
File = Annotated[
    Path | None,
    typer.Option("--file", "-F", help="Read the expression from this file.", show_default=False),
]
Wrt = Annotated[
    str | None,
    typer.Option("--wrt", metavar="x,y", help="Differentiate by these variables only.", show_default=False),
]
Methods = Annotated[
    str | None,
    typer.Option(
        "--methods",
        "-m",
        metavar="finite,reverse",
        help="Some of finite, symbolic, forward, reverse.",
        show_default="all",
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="Write to this file, in the format of its suffix (.md .tex .json .csv .txt); - is standard output.",
        show_default=False,
    ),
]
Digits = Annotated[
    int | None,
    typer.Option("--digits", min=1, max=17, help="Significant digits of values.", show_default="all 17"),
]
Ascii = Annotated[bool, typer.Option("--ascii", help="Write plain ASCII: v5_bar for v̄5, * for ·.")]
Limit = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        metavar="NAME=VALUE",
        help="Raise a limit on the input: length, nesting, nodes, …",
        show_default=False,
    ),
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


class ArrayLibrary(StrEnum):
    """What computes with arrays."""

    NUMPY = "numpy"
    CUPY = "cupy"


class DType(StrEnum):
    """Double or single precision."""

    FLOAT64 = "float64"
    FLOAT32 = "float32"


ArrayLibraryOption = Annotated[
    ArrayLibrary | None,
    typer.Option("--array-library", help="What computes with arrays; cupy on a GPU.", show_default="numpy"),
]
DTypeOption = Annotated[
    DType | None,
    typer.Option("--dtype", help="The precision to compute in.", show_default="that of the point, mostly float64"),
]


class Format(StrEnum):
    """Output formats."""

    RICH = "rich"
    MARKDOWN = "markdown"
    LATEX = "latex"
    JSON = "json"
    CSV = "csv"


FormatOption = Annotated[
    Format | None,
    typer.Option(
        "--format", "-f", help="How the result is written.", show_default="rich, or by the suffix of --output"
    ),
]


class NotationName(StrEnum):
    """How adjoints are written."""

    BAR = "bar"
    G = "g"
    PARTIAL = "partial"


NotationOption = Annotated[
    NotationName,
    typer.Option("--notation", help="Adjoints as v̄5 (bar), g_v5 (g) or ∂y/∂v5 (partial)."),
]


class Scheme(StrEnum):
    """Finite-difference schemes."""

    CENTERED = "centered"
    FORWARD = "forward"
    COMPLEX_STEP = "complex-step"
    RICHARDSON = "richardson"


SchemeOption = Annotated[Scheme, typer.Option("--scheme", help="Which finite difference.")]
Step = Annotated[
    float | None,
    typer.Option(
        "--h", help="Step size of the finite differences, used as given.", show_default="cbrt(eps)·max(1, |x|)"
    ),
]

TimeLimit = Annotated[float, typer.Option(min=0.1, max=3600, help="Seconds the symbolic method may take.")]


class Order(StrEnum):
    """Order of the rows of an adjoint trace."""

    COMPUTATION = "computation"
    DECK = "deck"


OrderOption = Annotated[
    Order, typer.Option("--order", help="deck: the adjoint trace bottom to top, as the slides print it.")
]
