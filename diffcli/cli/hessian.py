"""`diffcli hessian`: all second derivatives, or their product with a direction, by four methods."""

from typing import TYPE_CHECKING, Annotated

import typer

from diffcli.cli import options
from diffcli.cli.jacobian import TimeLimit
from diffcli.errors import UsageError
from diffcli.render.shell import quoted

if TYPE_CHECKING:
    from diffcli.studies.hessian import HessianStudy
    from diffcli.studies.products.record import ProductStudy

SHORT = {"forward": "forward-over-reverse", "reverse": "reverse-over-reverse"}
"""What the methods may be called for short."""
Methods = Annotated[
    str | None,
    typer.Option(
        "--methods", "-m", metavar="finite,forward", show_default="all",
        help="Some of finite, symbolic, forward(-over-reverse), reverse(-over-reverse).",
    ),
]  # fmt: skip
Direction = Annotated[
    list[str] | None,
    typer.Option(
        "--direction", metavar="x=1,y=0", show_default=False,
        help="Only the product H·v with this direction v, without the matrix; what is not named is 0.",
    ),
]  # fmt: skip
SecondStep = Annotated[
    float | None,
    typer.Option("--h", help="Step size of the differences, used as given.", show_default="eps^(1/4)·max(1, |x|)"),
]


def hessian(
    expression: options.Expression = None,
    at: options.At = None,
    wrt: options.Wrt = None,
    methods: Methods = None,
    file: options.File = None,
    *,
    direction: Direction = None,
    step: SecondStep = None,
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
    """All second derivatives of EXPR by four methods, or the product of the Hessian with a direction.

    \b
    diffcli hessian "100*(y - x^2)^2 + (1 - x)^2" --at x=-1.2,y=1
    diffcli hessian "exp(x*z) + x*z/ln(x)" --at x=2,z=3 --methods symbolic,forward
    diffcli hessian "x@A@x" --at "A=[[2,1],[1,3]],x=[1,2]" --wrt x
    diffcli hessian "ln(x)*y^2" --at x=2,y=3 --direction x=1,y=0
    """
    from diffcli.cli.invocation import read_request
    from diffcli.cli.output import busy, destination, show
    from diffcli.cli.seeds import read_seeds
    from diffcli.language.limits import parse_limits
    from diffcli.render.document import Options
    from diffcli.studies.hessian import hessian as study
    from diffcli.studies.hessian import refuse_several
    from diffcli.studies.products.hessian import hvp
    from diffcli.studies.study import Settings

    to = destination(form, output, ascii_only=ascii_only)
    if step is not None and not 0 < step < float("inf"):
        raise UsageError("the step size h must be a positive number", hint="for example --h 1e-4")
    chosen = second_method_names(methods)
    request = read_request(
        expression, file=file, at=at or (), wrt=wrt, limits=limit or (), array_library=array_library, dtype=dtype
    )
    graph = request.reading.graph
    refuse_several(graph)
    settings = Settings(chosen, {"finite": {"step": step}, "symbolic": {"time_limit": time_limit}})
    with busy(f"working; SymPy may take up to {time_limit:g} s"):
        record: HessianStudy | ProductStudy
        if direction is None:
            record = study(
                graph, request.point, request.wrt, text=request.reading.text, typed=request.text, notes=request.notes,
                settings=settings,
            )  # fmt: skip
        else:
            named = dict(zip(graph.inputs, request.point, strict=True))
            like = {graph.nodes[position].literal: named[position] for position in request.wrt}
            seeds = read_seeds("--direction", direction, like, parse_limits(limit or ()))
            record = hvp(
                graph, request.point, request.wrt, seeds, text=request.reading.text, typed=request.text,
                notes=request.notes, settings=settings,
            )  # fmt: skip
    show(record, to, Options(digits=digits))
    return record.exit_code


def second_method_names(text: str | None) -> tuple[str, ...]:
    """The methods for second derivatives named by --methods, in the order of the table."""
    from diffcli.methods.second_order import SECOND_METHODS

    if text is None:
        return tuple(SECOND_METHODS)
    written = [name.strip() for name in text.split(",") if name.strip()]
    names = [SHORT.get(name, name) for name in written]
    unknown = next((name for name in names if name not in SECOND_METHODS), None)
    if unknown is not None or not names:
        wrong = f"there is no method {quoted(unknown)}" if unknown is not None else "no method is named"
        raise UsageError(f"--methods: {wrong}", hint=f"the methods are {', '.join(SECOND_METHODS)}")
    return tuple(name for name in SECOND_METHODS if name in names)
