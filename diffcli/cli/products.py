"""`diffcli jvp` and `diffcli vjp`: products with the Jacobian, each by one sweep, beside the other methods."""

from typing import TYPE_CHECKING, Annotated

import typer

from diffcli.cli import options
from diffcli.cli.groups import Arrays, Comparison, Numbers

if TYPE_CHECKING:
    from collections.abc import Callable

    from diffcli.cli.output import Destination
    from diffcli.studies.products.record import ProductStudy
    from diffcli.studies.study import Settings

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
    asked: Comparison,
    *,
    tangent: Tangent = None,
    time_limit: options.TimeLimit = 3.0,
    result: Numbers,
    bounds: Arrays,
) -> int:
    """J·ẋ, the derivative of every output along a direction ẋ: by forward mode one sweep.

    \b
    diffcli jvp "r*cos(t); r*sin(t)" --at r=2,t=0.5 --tangent r=1,t=0
    diffcli jvp "ln(x1) + x1*x2 - sin(x2)" --at x1=2,x2=5
    diffcli jvp "tanh(W@x)" --at "W=[[1,2],[3,4]],x=[0.1,0.2]" --wrt x --tangent "x=[1,-1]"
    """
    from diffcli.cli.invocation import read_request
    from diffcli.cli.output import destination
    from diffcli.cli.seeds import read_seeds
    from diffcli.studies.products.jacobian import jvp as product

    to, request = destination(result), read_request(asked, bounds)
    seeds = read_seeds("--tangent", tangent or (), request.values, request.limits)
    settings = _settings(asked.methods, time_limit)
    return _show(lambda: product(*request.task, seeds, settings=settings, **request.words), time_limit, to, result)


def vjp(
    asked: Comparison,
    *,
    cotangent: Cotangent = None,
    time_limit: options.TimeLimit = 3.0,
    result: Numbers,
    bounds: Arrays,
) -> int:
    """Jᵀȳ, the gradient of the outputs weighted by ȳ: by reverse mode one sweep.

    \b
    diffcli vjp "r*cos(t); r*sin(t)" --at r=2,t=0.5 --cotangent y1=1,y2=0
    diffcli vjp "ln(x1) + x1*x2 - sin(x2)" --at x1=2,x2=5
    diffcli vjp "tanh(W@x)" --at "W=[[1,2],[3,4]],x=[0.1,0.2]" --cotangent "y=[1,-1]"
    """
    from diffcli.cli.invocation import read_request
    from diffcli.cli.output import destination
    from diffcli.cli.seeds import read_seeds
    from diffcli.studies.products.jacobian import vjp as product
    from diffcli.studies.running import executor_for

    to, request = destination(result), read_request(asked, bounds)
    graph = request.reading.graph
    values = executor_for(graph, request.point).compiler(graph, "evaluation")(request.point)
    outputs = dict(zip(graph.output_names, values, strict=True))
    seeds = read_seeds("--cotangent", cotangent or (), outputs, request.limits)
    settings = _settings(asked.methods, time_limit)
    return _show(lambda: product(*request.task, seeds, settings=settings, **request.words), time_limit, to, result)


def _settings(methods: str | None, time_limit: float) -> "Settings":
    from diffcli.cli.invocation import method_names
    from diffcli.studies.study import Settings

    return Settings(method_names(methods), {"symbolic": {"time_limit": time_limit}})


def _show(product: "Callable[[], ProductStudy]", time_limit: float, to: "Destination", result: Numbers) -> int:
    """Compute and show the product; the exit code."""
    from diffcli.cli.output import busy_with_sympy, show
    from diffcli.render.document import Options

    with busy_with_sympy(time_limit):
        record = product()
    show(record, to, Options(digits=result.digits))
    return record.exit_code
