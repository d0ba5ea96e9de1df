"""`diffcli trace`: the primal, adjoint and tangent traces of the lectures."""

from enum import StrEnum
from typing import Annotated

import typer

from diffcli.cli import options


class Mode(StrEnum):
    """Which derivative trace stands beside the primal trace."""

    REVERSE = "reverse"
    FORWARD = "forward"
    BOTH = "both"


def trace(
    expression: options.Expression = None,
    at: options.At = None,
    wrt: options.Wrt = None,
    file: options.File = None,
    *,
    scalars: Annotated[bool, typer.Option("--scalars", help="Every element of an array a node of its own.")] = False,
    mode: Annotated[
        Mode, typer.Option("--mode", help="Reverse adjoint trace, forward tangent trace, or both.")
    ] = Mode.REVERSE,
    order: options.OrderOption = options.Order.COMPUTATION,
    notation: options.NotationOption = options.NotationName.BAR,
    form: options.FormatOption = None,
    output: options.Output = None,
    digits: options.Digits = None,
    ascii_only: options.Ascii = False,
    array_library: options.ArrayLibraryOption = None,
    dtype: options.DTypeOption = None,
    limit: options.Limit = None,
    debug: options.Debug = False,  # noqa: ARG001 - read where errors are reported
) -> int:
    """Every step of the computation: the forward primal trace, and the adjoints or tangents (or both) beside it.

    \b
    diffcli trace "ln(x1) + x1*x2 - sin(x2)" --at x1=2,x2=5
    diffcli trace "ln(x1) + x1*x2 - sin(x2)" --at x1=2,x2=5 --mode forward
    diffcli trace "ln(x1) + x1*x2 - sin(x2)" --at x1=2,x2=5 --mode both
    diffcli trace "a = x*z; b = ln(x); exp(a) + a/b" --at x=2,z=3 --notation g
    diffcli trace @deck-001 --order deck --digits 4
    diffcli trace "sum(softmax(W @ x)*y)" --at "W=[[1,-1],[0.5,2]],x=[1,2],y=[1,0]" --scalars
    """
    from diffcli.cli.invocation import read_request
    from diffcli.cli.output import destination, show
    from diffcli.language.limits import parse_limits
    from diffcli.render.document import Options
    from diffcli.studies import trace as traces
    from diffcli.studies.scalars import in_scalars

    to = destination(form, output, ascii_only=ascii_only)
    request = read_request(
        expression, file=file, at=at or (), wrt=wrt, limits=limit or (), array_library=array_library, dtype=dtype
    )
    graph = request.reading.graph
    steps = (graph, request.point, request.wrt)
    if scalars and not graph.is_scalar:
        steps = in_scalars(*steps, parse_limits(limit or ()))
    record = traces.trace(
        *steps, adjoint=mode is not Mode.FORWARD, tangent=mode is not Mode.REVERSE, joined=mode is Mode.BOTH,
        written=graph, style=to.style, kind=notation.value, notes=request.notes, text=request.reading.text,
        typed=request.text,
    )  # fmt: skip
    show(record, to, Options(digits=digits, order=order.value))
    return record.exit_code
