"""`diffcli grad`: the gradient four ways, each compared with the judge."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from diffcli.cli import options
from diffcli.cli.groups import Arrays, Comparison, Numbers
from diffcli.errors import UsageError


@dataclass(frozen=True)
class TraceNumbers(Numbers):
    """How a record with traces is written, and where."""

    notation: options.NotationOption = options.NotationName.BAR


def grad(
    asked: Comparison,
    *,
    points: Annotated[
        Path | None,
        typer.Option("--points", metavar="FILE", help="Value and gradient at every row of a .csv or .npy file."),
    ] = None,
    with_trace: Annotated[bool, typer.Option("--trace", help="Show the traces as well.")] = False,
    order: options.OrderOption = options.Order.COMPUTATION,
    scheme: options.SchemeOption = options.Scheme.CENTERED,
    step: options.Step = None,
    time_limit: options.TimeLimit = 3.0,
    result: TraceNumbers,
    bounds: Arrays,
) -> int:
    """The gradient of EXPR by four methods, side by side, each compared with 50 digits.

    \b
    diffcli grad "ln(x1) + x1*x2 - sin(x2)" --at x1=2,x2=5
    diffcli grad "1/(1+exp(-x))" --at x=0.5 --methods forward,reverse --trace
    diffcli grad @rosenbrock --at x1=0 --format json
    diffcli grad model.py:loss --at "w=[0.1,0.2]"
    diffcli grad "sum((A@x - b)^2)" --at "A=[[1,2],[3,4]],x=[1,0],b=[1,1]" --wrt x
    diffcli grad "exp(x*z) + x*z/ln(x)" --at x=2,z=3 --h 1e-8 -o gradient.tex
    diffcli grad "ln(x1) + x1*x2 - sin(x2)" --points points.csv -o gradients.csv
    """
    if points is None and asked.file is None and asked.expression not in (None, "-"):
        _load_sympy(asked.methods)
    from diffcli.cli.invocation import method_names, read_request
    from diffcli.cli.output import busy_with_sympy, destination, show
    from diffcli.render.document import Options
    from diffcli.studies.study import Settings, study
    from diffcli.studies.trace import trace

    if points is not None:
        from diffcli.cli.points import grad_at_points

        _refuse_with_points(
            methods=asked.methods,
            trace=with_trace,
            h=step,
            digits=result.digits,
            scheme=scheme is not options.Scheme.CENTERED,
            order=order is not options.Order.COMPUTATION,
            notation=result.notation is not options.NotationName.BAR,
            format=result.form not in (None, options.Format.CSV),
            dtype=bounds.dtype not in (None, options.DType.FLOAT64),
            array_library=bounds.array_library not in (None, options.ArrayLibrary.NUMPY),
        )
        return grad_at_points(asked, bounds, points, result.output)
    to = destination(result)
    request = read_request(asked, bounds)
    settings = Settings(
        method_names(asked.methods),
        {"finite": {"scheme": scheme.value, "step": step}, "symbolic": {"time_limit": time_limit}},
    )
    with busy_with_sympy(time_limit):
        record = study(*request.task, settings=settings, **request.words)
    traces = trace(*request.task, style=to.style, kind=result.notation.value) if with_trace else None
    show(replace(record, trace=traces), to, Options(digits=result.digits, order=order.value))
    return record.exit_code


def _load_sympy(methods: str | None) -> None:
    """Have SymPy loaded while everything else is: it takes longer than all of that."""
    if methods is None or "symbolic" in methods:
        from diffcli.methods.sympy_process import Worker

        Worker.expect()


def _refuse_with_points(**given: Any) -> None:
    """Many points are computed in reverse mode and double precision, and written as csv or npy with all digits."""
    name = next((name for name, value in given.items() if value), None)
    if name is not None:
        raise UsageError(
            f"--{name.replace('_', '-')} does not go with --points",
            hint="many points are computed in reverse mode and double precision, and written as .csv or .npy",
        )
