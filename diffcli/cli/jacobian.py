"""`diffcli jacobian`: all derivatives of a function with several outputs, by all methods."""

from typing import Annotated

import typer

from diffcli.cli import options

TimeLimit = Annotated[float, typer.Option(min=0.1, max=3600, help="Seconds the symbolic method may take.")]


def jacobian(
    expression: options.Expression = None,
    at: options.At = None,
    wrt: options.Wrt = None,
    methods: options.Methods = None,
    file: options.File = None,
    *,
    scheme: options.SchemeOption = options.Scheme.CENTERED,
    step: options.Step = None,
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
    """All ∂f_i/∂x_j of a function with several outputs, by four methods, and which mode is cheaper.

    \b
    diffcli jacobian "r*cos(t); r*sin(t)" --at r=2,t=0.5
    diffcli jacobian "a = x*y; sin(a); a^2; x - y" --at x=1,y=2 --methods forward,reverse
    diffcli jacobian "tanh(W@x)" --at "W=[[1,2],[3,4]],x=[0.1,0.2]" --wrt x
    diffcli jacobian "r*cos(t); r*sin(t)" --at r=2,t=pi/3 -o jacobian.tex
    """
    from diffcli.cli.invocation import method_names, read_request
    from diffcli.cli.output import busy, destination, show
    from diffcli.render.document import Options
    from diffcli.studies.jacobian import jacobian as study
    from diffcli.studies.study import Settings

    to = destination(form, output, ascii_only=ascii_only)
    request = read_request(
        expression, file=file, at=at or (), wrt=wrt, limits=limit or (), array_library=array_library, dtype=dtype
    )
    settings = Settings(
        method_names(methods),
        {"finite": {"scheme": scheme.value, "step": step}, "symbolic": {"time_limit": time_limit}},
    )
    with busy(f"working; SymPy may take up to {time_limit:g} s"):
        record = study(
            request.reading.graph, request.point, request.wrt, text=request.reading.text, typed=request.text,
            notes=request.notes, settings=settings,
        )  # fmt: skip
    show(record, to, Options(digits=digits))
    return record.exit_code
