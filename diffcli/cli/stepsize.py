"""`diffcli stepsize`: the error of finite differences against the step size."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diffcli.cli import options
from diffcli.cli.groups import Bounds, Evaluation, Numbers
from diffcli.errors import UsageError

if TYPE_CHECKING:
    from diffcli.graph.program import Graph

Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="Write to this file: the plot (.png .svg), or all (.md .tex .json .csv .txt); - is standard output.",
        show_default=False,
    ),
]
Wrt = Annotated[
    str | None,
    typer.Option("--wrt", metavar="x,W[0,1]", help="These variables or elements only.", show_default=False),
]


@dataclass(frozen=True)
class Elements(Evaluation):
    """An expression, a point, and by which variables or elements of arrays."""

    wrt: Wrt = None


@dataclass(frozen=True)
class Plotted(Numbers):
    """How the record is written, and where; a picture too."""

    output: Output = None


def stepsize(
    asked: Elements,
    *,
    dtype: Annotated[
        options.DType, typer.Option("--dtype", help="The precision to compute in.")
    ] = options.DType.FLOAT64,
    result: Plotted,
    bounds: Bounds,
) -> int:
    """How far finite differences are off for steps h from 1e-1 to 1e-16: truncation, round-off, and the best h.

    \b
    diffcli stepsize "ln(x1) + x1*x2 - sin(x2)" --at x1=2,x2=5
    diffcli stepsize @deck-002 --wrt x --dtype float32
    diffcli stepsize @deck-002 -o stepsize.png
    diffcli stepsize "sum(softmax(W@x)*y)" --at "W=[[1,-1],[0.5,2]],x=[1,2],y=[1,0]" --wrt "W[0,1]" -f csv
    """
    from diffcli.cli.picture import place

    to = place(result)  # before anything is loaded: a picture needs matplotlib
    from diffcli.cli.invocation import read_request
    from diffcli.cli.output import busy
    from diffcli.render.stepsize_plot import plots
    from diffcli.studies.scalars import in_scalars
    from diffcli.studies.stepsize.study import stepsize as study

    request = read_request(asked, bounds)
    graph, point, _ = in_scalars(*request.task, request.limits)
    with busy("comparing step sizes with the judge"):
        record = study(
            graph, point, _positions(graph, asked.wrt), dtype=dtype.value,
            written=None if request.reading.graph.is_scalar else (request.reading.graph, request.point),
            **request.words,
        )  # fmt: skip
    to.write(record, plots, result.digits)
    return record.exit_code


def _positions(graph: "Graph", wrt: str | None) -> tuple[int, ...]:
    """The inputs named by --wrt: numbers, elements such as W[0,1], or all elements of an array; all without it."""
    from diffcli.render.shell import quoted

    if wrt is None:
        return tuple(graph.inputs)
    by_name = dict(zip(graph.variables, graph.inputs, strict=True))
    names = [name.strip() for name in re.split(r",(?![^\[]*\])", wrt) if name.strip()]
    chosen: list[int] = []
    for name in names:
        wanted = name.replace(" ", "")
        found = [position for known, position in by_name.items() if wanted in (known, known.partition("[")[0])]
        if not found:
            known = ", ".join(by_name)
            raise UsageError(f"--wrt: there is no variable {quoted(name)}", hint=f"the variables are {known or 'none'}")
        chosen += found
    if not chosen:
        raise UsageError("--wrt: no variable is named", hint=f"the variables are {', '.join(by_name) or 'none'}")
    return tuple(dict.fromkeys(chosen))
