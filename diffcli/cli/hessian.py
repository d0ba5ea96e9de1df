"""`diffcli hessian`: all second derivatives, or their product with a direction, by four methods."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from diffcli.cli import options
from diffcli.cli.groups import Arrays, Comparison, Numbers
from diffcli.errors import UsageError

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


@dataclass(frozen=True)
class SecondComparison(Comparison):
    """A second derivative, and the methods that compute it."""

    methods: Methods = None


def hessian(
    asked: SecondComparison,
    *,
    direction: Direction = None,
    step: SecondStep = None,
    time_limit: options.TimeLimit = 3.0,
    result: Numbers,
    bounds: Arrays,
) -> int:
    """All second derivatives of EXPR by four methods, or the product of the Hessian with a direction.

    \b
    diffcli hessian "100*(y - x^2)^2 + (1 - x)^2" --at x=-1.2,y=1
    diffcli hessian "exp(x*z) + x*z/ln(x)" --at x=2,z=3 --methods symbolic,forward
    diffcli hessian "x@A@x" --at "A=[[2,1],[1,3]],x=[1,2]" --wrt x
    diffcli hessian "ln(x)*y^2" --at x=2,y=3 --direction x=1,y=0
    """
    from diffcli.cli.invocation import read_request
    from diffcli.cli.output import busy_with_sympy, destination, show
    from diffcli.cli.seeds import read_seeds
    from diffcli.render.document import Options
    from diffcli.studies.hessian import hessian as study
    from diffcli.studies.hessian import refuse_several
    from diffcli.studies.products.hessian import hvp
    from diffcli.studies.study import Settings

    to = destination(result)
    if step is not None and not 0 < step < float("inf"):
        raise UsageError("the step size h must be a positive number", hint="for example --h 1e-4")
    chosen = second_method_names(asked.methods)
    request = read_request(asked, bounds)
    refuse_several(request.reading.graph)
    settings = Settings(chosen, {"finite": {"step": step}, "symbolic": {"time_limit": time_limit}})
    with busy_with_sympy(time_limit):
        record: HessianStudy | ProductStudy
        if direction is None:
            record = study(*request.task, settings=settings, **request.words)
        else:
            seeds = read_seeds("--direction", direction, request.values, request.limits)
            record = hvp(*request.task, seeds, settings=settings, **request.words)
    show(record, to, Options(digits=result.digits))
    return record.exit_code


def second_method_names(text: str | None) -> tuple[str, ...]:
    """The methods for second derivatives named by --methods, in the order of the table."""
    from diffcli.cli.names import chosen_names
    from diffcli.methods.second_order import SECOND_METHODS

    chosen = chosen_names("--methods", text, "method", tuple(SECOND_METHODS), short=SHORT)
    return tuple(name for name in SECOND_METHODS if name in chosen)
