"""`diffcli trace`: the primal, adjoint and tangent traces of the lectures."""

from enum import StrEnum
from typing import Annotated

import typer

from diffcli.cli import options
from diffcli.cli.groups import Arrays, Derivative, Numbers


class Mode(StrEnum):
    """Which derivative trace stands beside the primal trace."""

    REVERSE = "reverse"
    FORWARD = "forward"
    BOTH = "both"


def trace(
    asked: Derivative,
    *,
    scalars: Annotated[bool, typer.Option("--scalars", help="Every element of an array a node of its own.")] = False,
    mode: Annotated[
        Mode, typer.Option("--mode", help="Reverse adjoint trace, forward tangent trace, or both.")
    ] = Mode.REVERSE,
    order: options.OrderOption = options.Order.COMPUTATION,
    notation: options.NotationOption = options.NotationName.BAR,
    result: Numbers,
    bounds: Arrays,
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
    from diffcli.render.document import Options
    from diffcli.studies import trace as traces
    from diffcli.studies.scalars import in_scalars

    to = destination(result)
    request = read_request(asked, bounds)
    graph = request.reading.graph
    task = in_scalars(*request.task, request.limits) if scalars and not graph.is_scalar else request.task
    record = traces.trace(
        *task, adjoint=mode is not Mode.FORWARD, tangent=mode is not Mode.REVERSE, joined=mode is Mode.BOTH,
        written=graph, style=to.style, kind=notation.value, **request.words,
    )  # fmt: skip
    show(record, to, Options(digits=result.digits, order=order.value))
    return record.exit_code
