"""The application: its commands, and the one place that ends the process."""

import sys
from typing import Annotated, Any

import click
import typer

from diffcli import __version__
from diffcli.cli import catalogue, compare, doctor, grad, trace
from diffcli.cli.words import DiffcliGroup, ExpressionCommand
from diffcli.errors import DiffcliError, UsageError

app = typer.Typer(
    cls=DiffcliGroup,
    no_args_is_help=True,
    context_settings={"help_option_names": ["--help", "-h"]},
    pretty_exceptions_enable=False,
)
for name, command in (
    ("grad", grad.grad),
    ("trace", trace.trace),
    ("compare", compare.compare),
    ("examples", catalogue.examples),
    ("ops", catalogue.ops),
    ("doctor", doctor.doctor),
):
    app.command(name, cls=ExpressionCommand)(command)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"diffcli {__version__}")
        raise typer.Exit


@app.callback()
def diffcli(
    *,
    version: Annotated[  # noqa: ARG001 - handled by its callback
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """The gradient of any expression, four ways, side by side.

    \b
    diffcli grad "ln(x1) + x1*x2 - sin(x2)" --at x1=2,x2=5
    diffcli trace "ln(x1) + x1*x2 - sin(x2)" --at x1=2,x2=5
    diffcli compare @rosenbrock @beale --points 20
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0, 1, 2, 3 or 4 as the README's table of exit codes says."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        code = app(words, standalone_mode=False, prog_name="diffcli")
    except DiffcliError as problem:
        code = _report(problem, words)
    except click.exceptions.Abort:
        code = 130
    except click.ClickException as problem:
        code = _report(UsageError(problem.format_message(), hint=_usage_hint(problem)), words)
    except BrokenPipeError:
        sys.stderr.close()  # the reader went away, as `| head` does; that is no error
        code = 0
    except (RecursionError, MemoryError):
        code = _report(UsageError("this is too large to work on here"), words)
    sys.exit(code if isinstance(code, int) else 0)
