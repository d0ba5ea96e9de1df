"""`diffcli compare`: accuracy and timing of the methods over several expressions and points."""

from typing import Annotated

import typer

from diffcli.cli import options


def compare(
    expressions: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[EXPR]...", help="Expressions or @NAME; without any, all examples.", show_default=False
        ),
    ] = None,
    at: options.At = None,
    methods: options.Methods = None,
    file: options.File = None,
    *,
    points: Annotated[int, typer.Option("--points", "-n", min=1, max=100_000, help="Points for each expression.")] = 1,
    runs: Annotated[int, typer.Option("--runs", min=1, max=10_000, help="Timed batches of each method.")] = 7,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the random points.")] = 0,
    tag: Annotated[str | None, typer.Option("--tag", help="Only examples with this tag.", show_default=False)] = None,
    form: options.FormatOption = None,
    output: options.Output = None,
    ascii_only: options.Ascii = False,
    limit: options.Limit = None,
    debug: options.Debug = False,  # noqa: ARG001 - read where errors are reported
) -> int:
    """How accurate the methods are and what they cost, over several expressions and points.

    \b
    diffcli compare "sin(x)*exp(y)" "x^y" --points 50
    diffcli compare @rosenbrock @beale @wood --runs 15
    diffcli compare --tag hard --format markdown -o hard.md
    """
    from diffcli.cli.invocation import method_names, read_subjects
    from diffcli.cli.output import destination, progress, show
    from diffcli.studies import compare as comparisons

    to = destination(form, output, ascii_only=ascii_only)
    chosen = method_names(methods)
    subjects = read_subjects(expressions or [], file=file, at=at or (), tag=tag, limits=limit or ())
    with progress(len(subjects)) as advance:
        record = comparisons.compare(subjects, methods=chosen, points=points, runs=runs, seed=seed, progress=advance)
    show(record, to)
    return record.exit_code
