"""`diffcli methods`: the four approaches as the lectures compare them, and every claim measured on this machine."""

from typing import Annotated

import typer

from diffcli.cli.groups import Result
from diffcli.errors import UsageError

Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NAME]...",
        help="With --measure, some of: inputs outputs crossover sweep requirements precision testing formula swell "
        "paths memory chains nodes.",
        show_default="all",
    ),
]


def methods(
    names: Names = None,
    *,
    measure: Annotated[bool, typer.Option("--measure", help="Measure every claim on this machine.")] = False,
    claims: Annotated[bool, typer.Option("--claims", help="The claims, each with the command that shows it.")] = False,
    result: Result,
) -> int:
    """The four approaches with note, requirement, pro and con as in the lectures, or with what is measured here.

    \b
    diffcli methods
    diffcli methods --measure
    diffcli methods --measure crossover swell
    diffcli methods --measure paths --format json
    diffcli methods --claims
    """
    from diffcli.cli.correction import command_line
    from diffcli.cli.output import destination, progress, show
    from diffcli.studies.methods import study as studies

    to = destination(result)
    wanted = studies.chosen(names or ())
    if claims and (measure or names):
        raise UsageError("--claims is a table of its own", hint="diffcli methods --claims")
    if not measure:
        if names:
            problem = UsageError("a measurement is made with --measure")
            problem.command = command_line("methods", "--measure", *wanted)
            raise problem
        show(studies.claims() if claims else studies.Methods(), to)
        return 0
    with progress(len(wanted)) as advance:
        record = studies.measured(names or (), advance)
    show(record, to)
    return record.exit_code
