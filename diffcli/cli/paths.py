"""`diffcli paths`: every path from an input to an output, its product of local partials, and the sum."""

from collections.abc import Sequence
from typing import Annotated

import typer

from diffcli.cli import options
from diffcli.errors import UsageError

From = Annotated[
    str | None, typer.Option("--from", metavar="x,y", help="Paths from these inputs only.", show_default=False)
]
To = Annotated[str | None, typer.Option("--to", metavar="f1", help="Paths to these outputs only.", show_default=False)]
Most = Annotated[
    int, typer.Option("--most", min=1, max=10_000, help="Paths of one input to list; more are counted and summed.")
]


def paths(
    expression: options.Expression = None,
    at: options.At = None,
    origin: From = None,
    to: To = None,
    file: options.File = None,
    *,
    most: Most = 100,
    form: options.FormatOption = None,
    output: options.Output = None,
    digits: options.Digits = None,
    ascii_only: options.Ascii = False,
    limit: options.Limit = None,
    debug: options.Debug = False,  # noqa: ARG001 - read where errors are reported
) -> int:
    """Every path from an input to the output: the derivative is the sum of their products of local partials.

    \b
    diffcli paths "c = a + b; d = b + 1; e = c*d" --at a=2,b=1
    diffcli paths "ln(x1) + x1*x2 - sin(x2)" --at x1=2,x2=5 --from x1
    diffcli paths "r*cos(t); r*sin(t)" --at r=2,t=0.5 --to f2
    diffcli paths "a = x*x; b = a*a; c = b*b; c*c" --at x=1.1 --most 3
    """
    from diffcli.cli.invocation import read_request
    from diffcli.cli.output import destination, show
    from diffcli.language.limits import parse_limits
    from diffcli.render.document import Options
    from diffcli.studies.paths import paths as study
    from diffcli.studies.scalars import in_scalars

    destined = destination(form, output, ascii_only=ascii_only)
    request = read_request(expression, file=file, at=at or (), limits=limit or ())
    graph = request.reading.graph
    variables = dict(zip(graph.variables, graph.inputs, strict=True))
    wrt = tuple(variables[name] for name in named("--from", origin, "variable", tuple(variables)))
    steps = (graph, request.point, wrt)
    if not graph.is_scalar:
        steps = in_scalars(*steps, parse_limits(limit or ()))
    outputs = named("--to", to, "output", steps[0].output_names)
    record = study(
        *steps, outputs, most=most, style=destined.style, text=request.reading.text, typed=request.text,
        notes=request.notes, written=graph,
    )  # fmt: skip
    show(record, destined, Options(digits=digits))
    return record.exit_code


def named(option: str, typed: str | None, what: str, known: Sequence[str]) -> tuple[str, ...]:
    """The names in a list such as x,y, each once; all that are known where no list is given."""
    from diffcli.render.shell import quoted

    if typed is None:
        return tuple(known)
    names = [name.strip() for name in typed.split(",") if name.strip()]
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None or not names:
        wrong = f"there is no {what} {quoted(unknown)}" if unknown is not None else f"no {what} is named"
        raise UsageError(f"{option}: {wrong}", hint=f"the {what}s are {', '.join(known) or 'none'}")
    return tuple(dict.fromkeys(names))
