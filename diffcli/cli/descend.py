"""`diffcli descend`: gradient descent from a start, with any optimizer and the gradients of any method."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diffcli.cli import options
from diffcli.cli.groups import Arrays, Derivative, Numbers
from diffcli.errors import PointError

if TYPE_CHECKING:
    from diffcli.cli.request import Request

ALL = "all"
From = Annotated[
    list[str] | None,
    typer.Option(
        "--from",
        metavar="x=-1.2,y=1",
        help="Where to start: values of the variables that descend, as --at takes them.",
        show_default=False,
    ),
]
Fixed = Annotated[
    list[str] | None,
    typer.Option(
        "--at", "-a", metavar="a=2,X=@x.npy", help="Values of variables that stay as they are.", show_default=False
    ),
]
OptimizerOption = Annotated[
    str,
    typer.Option(
        "--optimizer",
        metavar="NAME[:beta=0.9,…]",
        help="gradient-descent, sgd, momentum-deck, momentum, nesterov, adagrad, rmsprop, adam.",
    ),
]
ScheduleOption = Annotated[
    str | None,
    typer.Option(
        "--schedule",
        metavar="NAME[:factor=0.5,…]",
        help="How the rate falls: constant, step, exponential, inverse, cosine.",
        show_default="constant",
    ),
]
Method = Annotated[
    str,
    typer.Option("--method", "--methods", "-m", metavar="reverse", help="finite, symbolic, forward, reverse, or all."),
]
Rate = Annotated[float | None, typer.Option("--rate", "-r", help="The learning rate.", show_default="the optimizer's")]
Steps = Annotated[int, typer.Option("--steps", min=0, max=100_000, help="Stop after so many steps.")]
Tolerance = Annotated[float, typer.Option("--tolerance", min=0, help="Stop where the gradient norm is at most this.")]
ValueTolerance = Annotated[
    float | None,
    typer.Option("--value-tolerance", min=0, help="Stop where a step changes the value by at most this, times |f|."),
]
PointTolerance = Annotated[
    float,
    typer.Option("--point-tolerance", min=0, help="Stop where a step changes the point by at most this, times |x|."),
]
Target = Annotated[float | None, typer.Option("--target", help="Stop where the value is at most this.")]
LeastSteps = Annotated[
    int, typer.Option("--least-steps", min=0, help="Before this step neither tolerance stops the descent.")
]
Seconds = Annotated[float, typer.Option("--seconds", min=0.01, max=86400, help="Stop after so many seconds.")]
Restarts = Annotated[int, typer.Option("--restarts", min=0, max=1000, help="Random starts around the given one.")]
Seed = Annotated[int, typer.Option("--seed", help="Of the random starts.")]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="Write to this file: .png .svg (path on contour lines, and curves) .csv .json .md .tex .txt.",
        show_default=False,
    ),
]


@dataclass(frozen=True)
class Start:
    """An expression, where the descent starts, and by which variables it goes."""

    expression: options.Expression = None
    start: From = None
    at: Fixed = None
    wrt: options.Wrt = None
    file: options.File = None


@dataclass(frozen=True)
class Plotted(Numbers):
    """How the record is written, and where; a picture too."""

    output: Output = None


def descend(
    asked: Start,
    *,
    optimizer: OptimizerOption = "gradient-descent",
    rate: Rate = None,
    schedule: ScheduleOption = None,
    method: Method = "reverse",
    steps: Steps = 1000,
    tolerance: Tolerance = 1e-6,
    value_tolerance: ValueTolerance = None,
    point_tolerance: PointTolerance = 0.0,
    target: Target = None,
    least_steps: LeastSteps = 0,
    seconds: Seconds = 30.0,
    restarts: Restarts = 0,
    seed: Seed = 0,
    scheme: options.SchemeOption = options.Scheme.CENTERED,
    step: options.Step = None,
    result: Plotted,
    bounds: Arrays,
) -> int:
    """Descend along the gradient: every step, why it ended, and the methods side by side.

    \b
    diffcli descend "(x - 3)^2 + 10*(y + 1)^2" --from x=0,y=0 --rate 0.05
    diffcli descend @rosenbrock --optimizer adam --rate 0.02 --steps 5000 -o path.png
    diffcli descend "x^2 + 10*y^2" --from x=1,y=1 --method all --optimizer momentum:beta=0.8
    diffcli descend @himmelblau --rate 0.01 --restarts 20
    diffcli descend "sum((A@x - b)^2)" --from x=[0,0] --at "A=[[1,2],[3,4]],b=[1,1]" --rate 0.02

    Exit code: 0 it ended by a criterion (steps and time are such, too); 1 it diverged, or the methods took other
    paths; 3 it left the domain, or came to a point without a derivative.
    """
    from diffcli.cli.output import busy
    from diffcli.cli.picture import place
    from diffcli.learn.descend import Settings
    from diffcli.learn.descend import descend as study
    from diffcli.learn.specification import read_optimizer
    from diffcli.learn.termination import Criteria
    from diffcli.render.descend_plots import plots

    to = place(result)
    settings = Settings(
        read_optimizer(optimizer, rate, schedule),
        _methods(method),
        Criteria(tolerance, value_tolerance, point_tolerance, target, steps, least_steps, seconds),
        restarts,
        seed,
        with_landscape=to.picture is not None,
        options={"finite": {"scheme": scheme.value, "step": step}},
    )
    request = _request(asked, bounds)
    with busy("descending"):
        record = study(*request.task, settings=settings, **request.words)
    to.write(record, plots, result.digits)
    return record.exit_code


class StartError(PointError):
    """A start that does not fit; `option` is where the correction belongs."""

    option = "--from"


def _methods(text: str) -> tuple[str, ...]:
    """The methods in the order given, as the first is shown in full; all begins with reverse."""
    from diffcli.cli.invocation import method_names

    known = method_names(None if text.strip() == ALL else text)
    named = [name.strip() for name in text.split(",")]
    return tuple(sorted(known, key=named.index)) if text.strip() != ALL else tuple(reversed(known))


def _request(asked: Start, bounds: Arrays) -> "Request":
    """Expression and start; the variables given by --at, or not named by --wrt, stay as they are."""
    from diffcli.cli.invocation import read_request
    from diffcli.language.limits import parse_limits
    from diffcli.language.points import parse_point

    start, at = asked.start or [], asked.at or []
    fixed = parse_point(at, parse_limits(bounds.limit or ()))
    whole = Derivative(asked.expression, [*start, *at], asked.wrt, file=asked.file)
    try:
        request = read_request(whole, bounds)
    except PointError as problem:
        raise _of_start(problem, has_fixed=bool(fixed)) from None
    graph = request.reading.graph
    moving = tuple(position for position in request.wrt if graph.nodes[position].literal not in fixed)
    if fixed and not moving:
        wrong = PointError("all variables are fixed by --at", hint="--from says where the descent starts")
        if not start and asked.expression is not None and asked.file is None:
            from diffcli.cli.correction import command_line, one_line

            wrong.command = command_line("descend", one_line(asked.expression), "--from", ",".join(at))
        raise wrong
    return request._replace(wrt=moving)


def _of_start(problem: PointError, *, has_fixed: bool) -> PointError:
    """The same error, with its correction where the start is given."""
    found = StartError(
        problem.message, hint=problem.hint, text=problem.text, place=problem.place, kind=problem.kind,
        correction=None if has_fixed else problem.correction,
    )  # fmt: skip
    found.command = problem.command
    return found
