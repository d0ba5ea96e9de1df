"""`diffcli jacobian`: all derivatives of a function with several outputs, by all methods."""

from diffcli.cli import options
from diffcli.cli.groups import Arrays, Comparison, Numbers


def jacobian(
    asked: Comparison,
    *,
    scheme: options.SchemeOption = options.Scheme.CENTERED,
    step: options.Step = None,
    time_limit: options.TimeLimit = 3.0,
    result: Numbers,
    bounds: Arrays,
) -> int:
    """All ∂f_i/∂x_j of a function with several outputs, by four methods, and which mode is cheaper.

    \b
    diffcli jacobian "r*cos(t); r*sin(t)" --at r=2,t=0.5
    diffcli jacobian "a = x*y; sin(a); a^2; x - y" --at x=1,y=2 --methods forward,reverse
    diffcli jacobian "tanh(W@x)" --at "W=[[1,2],[3,4]],x=[0.1,0.2]" --wrt x
    diffcli jacobian "r*cos(t); r*sin(t)" --at r=2,t=pi/3 -o jacobian.tex
    """
    from diffcli.cli.invocation import method_names, read_request
    from diffcli.cli.output import busy_with_sympy, destination, show
    from diffcli.render.document import Options
    from diffcli.studies.jacobian import jacobian as study
    from diffcli.studies.study import Settings

    to = destination(result)
    request = read_request(asked, bounds)
    settings = Settings(
        method_names(asked.methods),
        {"finite": {"scheme": scheme.value, "step": step}, "symbolic": {"time_limit": time_limit}},
    )
    with busy_with_sympy(time_limit):
        record = study(*request.task, settings=settings, **request.words)
    show(record, to, Options(digits=result.digits))
    return record.exit_code
