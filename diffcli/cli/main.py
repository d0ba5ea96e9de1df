"""The application: its commands, and the one place that ends the process."""

import os
import sys
import traceback
from collections.abc import Iterable
from importlib import import_module
from io import TextIOWrapper
from itertools import pairwise
from typing import Annotated

import click
import typer

from diffcli import __version__
from diffcli.cli.groups import with_options
from diffcli.cli.words import DiffcliGroup, ExpressionCommand
from diffcli.errors import DiffcliError, UsageError

INTERNAL = "this is a fault of diffcli: please report it with the output of the same command and --debug"
COMMANDS = {
    "grad": "grad",
    "trace": "trace",
    "compare": "compare",
    "jacobian": "jacobian",
    "hessian": "hessian",
    "jvp": "products",
    "vjp": "products",
    "paths": "paths",
    "methods": "methods",
    "source": "source",
    "stepsize": "stepsize",
    "descend": "descend",
    "depth": "depth",
    "cost": "cost",
    "train": "train",
    "examples": "catalogue",
    "ops": "catalogue",
    "doctor": "doctor",
}
"""The file of every command, in which it has its own name."""


def application(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """The application with these commands, whose files alone are loaded."""
    app = typer.Typer(
        cls=DiffcliGroup,
        no_args_is_help=True,
        context_settings={"help_option_names": ["--help", "-h"]},
        pretty_exceptions_enable=False,
    )
    for name in names:
        command = getattr(import_module(f"diffcli.cli.{COMMANDS[name]}"), name)
        app.command(name, cls=ExpressionCommand)(with_options(command))
    app.callback()(diffcli)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"diffcli {__version__}")
        raise typer.Exit


def diffcli(
    *,
    version: Annotated[
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
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # whatever the encoding lacks: help texts, tracebacks
    words = sys.argv[1:] if arguments is None else arguments
    sys.exit(run(words))


def _open_closed_streams() -> None:
    """Where a process is started with closed streams, what it writes goes nowhere, and there is no input."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - until the process ends


def run(words: list[str]) -> int:
    """Run the command line; the exit code."""
    try:
        app = application(words[:1] if words[:1] and words[0] in COMMANDS else COMMANDS)
        code = app(words, standalone_mode=False, prog_name="diffcli")
    except DiffcliError as problem:
        return report(problem, words)
    except click.exceptions.NoArgsIsHelpError as help_text:
        sys.stdout.write(f"{help_text.format_message()}\n")
        return UsageError.exit_code
    except click.ClickException as problem:
        return report(_usage_error(problem), words)
    except (click.exceptions.Abort, KeyboardInterrupt):
        return 130
    except Exception as problem:  # noqa: BLE001 - never a traceback; --debug shows it
        return report(_fault(problem), words)
    return code if isinstance(code, int) else 0


def _fault(problem: Exception) -> UsageError:
    """What nobody foresaw: too little memory, or a fault of ours."""
    if isinstance(problem, MemoryError):
        return UsageError("there is not enough memory", hint="fewer or smaller arrays need less", kind="limit")
    return UsageError(f"internal error: {type(problem).__name__}", hint=INTERNAL, kind="internal")


def report(problem: DiffcliError, words: list[str]) -> int:
    """Say what is wrong on standard error, or as JSON on standard output if that was asked for; the exit code."""
    if "--debug" in words:
        traceback.print_exc()
    from diffcli.cli.output import write_error

    write_error(problem, as_json=_asks_for_json(words), ascii_only="--ascii" in words)
    return problem.exit_code


def _asks_for_json(words: list[str]) -> bool:
    pairs = pairwise(words)
    return "--format=json" in words or any(word in ("--format", "-f") and value == "json" for word, value in pairs)


def _usage_error(problem: click.ClickException) -> UsageError:
    """What click found wrong with the options, as an error of ours."""
    error, context = UsageError(problem.format_message()), getattr(problem, "ctx", None)
    error.command = f"{context.command_path} --help" if context else None
    return error
