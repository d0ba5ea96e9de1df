"""`diffcli stepsize`: the error of finite differences against the step size."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diffcli.cli import options
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


def stepsize(
    expression: options.Expression = None,
    at: options.At = None,
    wrt: Wrt = None,
    file: options.File = None,
    *,
    dtype: Annotated[
        options.DType, typer.Option("--dtype", help="The precision to compute in.")
    ] = options.DType.FLOAT64,
    form: options.FormatOption = None,
    output: Output = None,
    digits: options.Digits = None,
    ascii_only: options.Ascii = False,
    limit: options.Limit = None,
    debug: options.Debug = False,  # noqa: ARG001 - read where errors are reported
) -> int:
    """How far finite differences are off for steps h from 1e-1 to 1e-16: truncation, round-off, and the best h.

    \b
    diffcli stepsize "ln(x1) + x1*x2 - sin(x2)" --at x1=2,x2=5
    diffcli stepsize @deck-002 --wrt x --dtype float32
    diffcli stepsize @deck-002 -o stepsize.png
    diffcli stepsize "sum(softmax(W@x)*y)" --at "W=[[1,-1],[0.5,2]],x=[1,2],y=[1,0]" --wrt "W[0,1]" -f csv
    """
    from diffcli.cli.output import busy, destination, show, write_whole
    from diffcli.render.document import Options
    from diffcli.render.plot_picture import SUFFIXES, picture, require_matplotlib

    picture_file = output if output is not None and output.suffix.lower() in SUFFIXES else None
    if picture_file and form:
        raise UsageError("--format does not go with a picture", hint="leave it out, or write to another kind of file")
    to = destination(options.Format.RICH if picture_file else form, output, ascii_only=ascii_only)
    if picture_file:
        require_matplotlib()
    from diffcli.cli.invocation import read_request
    from diffcli.language.limits import parse_limits
    from diffcli.studies.scalars import in_scalars
    from diffcli.studies.stepsize.study import stepsize as study

    request = read_request(expression, file=file, at=at or (), limits=limit or ())
    reading = request.reading
    graph, point, _ = in_scalars(reading.graph, request.point, reading.graph.inputs, parse_limits(limit or ()))
    with busy("comparing step sizes with the judge"):
        record = study(
            graph, point, _positions(graph, wrt), dtype=dtype.value,
            written=None if reading.graph.is_scalar else (reading.graph, request.point),
            text=reading.text, typed=request.text, notes=request.notes,
        )  # fmt: skip
    if picture_file and record.derivatives:
        from diffcli.render.stepsize_plot import plots

        write_whole(picture(plots(record), picture_file.suffix.lower()), picture_file)
    else:  # without a derivative there is no picture: what is in its way is said on the terminal
        show(record, destination(None, None, ascii_only=ascii_only) if picture_file else to, Options(digits=digits))
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
