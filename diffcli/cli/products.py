"""`diffcli jvp` and `diffcli vjp`: products with the Jacobian, each by one sweep, beside the other methods."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from diffcli.cli import options
from diffcli.cli.jacobian import TimeLimit

if TYPE_CHECKING:
    from pathlib import Path

    from diffcli.cli.request import Request

Tangent = Annotated[
    list[str] | None,
    typer.Option(
        "--tangent", metavar="x=1,y=0", show_default="all 1",
        help="The direction ẋ, in the syntax of --at; what is not named is 0.",
    ),
]  # fmt: skip
Cotangent = Annotated[
    list[str] | None,
    typer.Option(
        "--cotangent", metavar="y1=1,y2=0", show_default="all 1",
        help="The weights ȳ of the outputs, in the syntax of --at; what is not named is 0.",
    ),
]  # fmt: skip


def jvp(
    expression: options.Expression = None,
    at: options.At = None,
    wrt: options.Wrt = None,
    methods: options.Methods = None,
    file: options.File = None,
    *,
    tangent: Tangent = None,
    time_limit: TimeLimit = 3.0,
    form: options.FormatOption = None,
    output: options.Output = None,
    digits: options.Digits = None,
    ascii_only: options.Ascii = False,
    array_library: options.ArrayLibraryOption = None,
    dtype: options.DTypeOption = None,
    limit: options.Limit = None,
    debug: options.Debug = False,  # noqa: ARG001 - read where errors are reported
) -> int:
    """J·ẋ, the derivative of every output along a direction ẋ: by forward mode one sweep.

    \b
    diffcli jvp "r*cos(t); r*sin(t)" --at r=2,t=0.5 --tangent r=1,t=0
    diffcli jvp "ln(x1) + x1*x2 - sin(x2)" --at x1=2,x2=5
    diffcli jvp "tanh(W@x)" --at "W=[[1,2],[3,4]],x=[0.1,0.2]" --wrt x --tangent "x=[1,-1]"
    """
    from diffcli.cli.seeds import read_seeds
    from diffcli.language.limits import parse_limits
    from diffcli.studies.products.jacobian import jvp as product

    to, request = _begun(expression, file, at, wrt, limit, array_library, dtype, form, output, ascii_only=ascii_only)
    graph = request.reading.graph
    named = dict(zip(graph.inputs, request.point, strict=True))
    like = {graph.nodes[position].literal: named[position] for position in request.wrt}
    seeds = read_seeds("--tangent", tangent or (), like, parse_limits(limit or ()))
    return _finished(product, request, seeds, methods, time_limit, to, digits)


def vjp(
    expression: options.Expression = None,
    at: options.At = None,
    wrt: options.Wrt = None,
    methods: options.Methods = None,
    file: options.File = None,
    *,
    cotangent: Cotangent = None,
    time_limit: TimeLimit = 3.0,
    form: options.FormatOption = None,
    output: options.Output = None,
    digits: options.Digits = None,
    ascii_only: options.Ascii = False,
    array_library: options.ArrayLibraryOption = None,
    dtype: options.DTypeOption = None,
    limit: options.Limit = None,
    debug: options.Debug = False,  # noqa: ARG001 - read where errors are reported
) -> int:
    """Jᵀȳ, the gradient of the outputs weighted by ȳ: by reverse mode one sweep.

    \b
    diffcli vjp "r*cos(t); r*sin(t)" --at r=2,t=0.5 --cotangent y1=1,y2=0
    diffcli vjp "ln(x1) + x1*x2 - sin(x2)" --at x1=2,x2=5
    diffcli vjp "tanh(W@x)" --at "W=[[1,2],[3,4]],x=[0.1,0.2]" --cotangent "y=[1,-1]"
    """
    from diffcli.cli.seeds import read_seeds
    from diffcli.language.limits import parse_limits
    from diffcli.studies.products.jacobian import vjp as product
    from diffcli.studies.running import executor_for

    to, request = _begun(expression, file, at, wrt, limit, array_library, dtype, form, output, ascii_only=ascii_only)
    graph = request.reading.graph
    values = executor_for(graph, request.point).compiler(graph, "evaluation")(request.point)
    like = dict(zip(graph.output_names, values, strict=True))
    seeds = read_seeds("--cotangent", cotangent or (), like, parse_limits(limit or ()))
    return _finished(product, request, seeds, methods, time_limit, to, digits)


def _begun(
    expression: str | None,
    file: "Path | None",
    at: Sequence[str] | None,
    wrt: str | None,
    limit: Sequence[str] | None,
    array_library: str | None,
    dtype: str | None,
    form: options.Format | None,
    output: "Path | None",
    *,
    ascii_only: bool,
) -> "tuple[Any, Request]":
    """Where the result goes, and what is asked."""
    from diffcli.cli.invocation import read_request
    from diffcli.cli.output import destination

    to = destination(form, output, ascii_only=ascii_only)
    request = read_request(
        expression, file=file, at=at or (), wrt=wrt, limits=limit or (), array_library=array_library, dtype=dtype
    )
    return to, request


def _finished(
    product: Any,
    request: "Request",
    seeds: Sequence[Any],
    methods: str | None,
    time_limit: float,
    to: Any,
    digits: int | None,
) -> int:
    """Compute and show the product; the exit code."""
    from diffcli.cli.invocation import method_names
    from diffcli.cli.output import busy, show
    from diffcli.render.document import Options
    from diffcli.studies.study import Settings

    settings = Settings(method_names(methods), {"symbolic": {"time_limit": time_limit}})
    with busy(f"working; SymPy may take up to {time_limit:g} s"):
        record = product(
            request.reading.graph, request.point, request.wrt, seeds, text=request.reading.text, typed=request.text,
            notes=request.notes, settings=settings,
        )  # fmt: skip
    show(record, to, Options(digits=digits))
    code: int = record.exit_code
    return code
