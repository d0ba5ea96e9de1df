"""`diffcli paths`: every path from an input to an output, its product of local partials, and the sum."""

from dataclasses import dataclass
from typing import Annotated

import typer

from diffcli.cli.groups import Bounds, Evaluation, Numbers

From = Annotated[
    str | None, typer.Option("--from", metavar="x,y", help="Paths from these inputs only.", show_default=False)
]
To = Annotated[str | None, typer.Option("--to", metavar="f1", help="Paths to these outputs only.", show_default=False)]
Most = Annotated[
    int, typer.Option("--most", min=1, max=10_000, help="Paths of one input to list; more are counted and summed.")
]


@dataclass(frozen=True)
class Ends(Evaluation):
    """An expression, a point, and between which variables and outputs paths are sought."""

    origin: From = None
    to: To = None


def paths(
    asked: Ends,
    *,
    most: Most = 100,
    result: Numbers,
    bounds: Bounds,
) -> int:
    """Every path from an input to the output: the derivative is the sum of their products of local partials.

    \b
    diffcli paths "c = a + b; d = b + 1; e = c*d" --at a=2,b=1
    diffcli paths "ln(x1) + x1*x2 - sin(x2)" --at x1=2,x2=5 --from x1
    diffcli paths "r*cos(t); r*sin(t)" --at r=2,t=0.5 --to f2
    diffcli paths "a = x*x; b = a*a; c = b*b; c*c" --at x=1.1 --most 3
    """
    from diffcli.cli.invocation import read_request
    from diffcli.cli.names import chosen_names
    from diffcli.cli.output import destination, show
    from diffcli.render.document import Options
    from diffcli.studies.paths import paths as study
    from diffcli.studies.scalars import in_scalars

    to = destination(result)
    request = read_request(asked, bounds)
    graph = request.reading.graph
    variables = dict(zip(graph.variables, graph.inputs, strict=True))
    origins = tuple(variables[name] for name in chosen_names("--from", asked.origin, "variable", tuple(variables)))
    task = (graph, request.point, origins)
    program, point, wrt = task if graph.is_scalar else in_scalars(*task, request.limits)
    outputs = chosen_names("--to", asked.to, "output", program.output_names)
    record = study(program, point, wrt, outputs, most=most, style=to.style, written=graph, **request.words)
    show(record, to, Options(digits=result.digits))
    return record.exit_code
