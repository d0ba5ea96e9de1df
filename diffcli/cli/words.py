"""What counts as an option on the command line: `-a*b` is an expression, `-a` is an option.

A word that begins with "-" is an option only when it is exactly one of the command's options, or `--known=value`.
Everything else that begins with "-" is handed to the command as an expression, unless it is nearly an option.
"""

import re
from typing import Any, NamedTuple

import click
import typer.core

from diffcli.errors import DiffcliError, PointError, UsageError

ALL = "all"
NAMES_ARE_OPTIONAL = "--peers"
"""The option that stands for all names when none follow."""
NAMES = re.compile(r"[A-Za-z][\w.-]*(\s*,\s*[A-Za-z][\w.-]*)*,?")
LONG_OPTION = re.compile(r"--([A-Za-z][A-Za-z-]+)(=.*)?", re.DOTALL)


class Typed(NamedTuple):
    """The words behind the name of a command, in their order."""

    options: list[tuple[str, ...]]
    """Each with its value."""
    words: list[str]
    """The others."""

    def without(self, *names: str) -> "Typed":
        """The same without some of the options."""
        return self._replace(options=[option for option in self.options if option[0].partition("=")[0] not in names])


class ExpressionCommand(typer.core.TyperCommand):
    """A command whose arguments may begin with a minus sign."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Move the options to the front, so that everything behind `--` is an argument."""
        if ctx.resilient_parsing:  # the shell completes a command that is not yet whole
            return super().parse_args(ctx, args)
        with_value, flags = value_options(self, ctx), flag_options(self, ctx)
        typed = separate(with_all_names(args) if NAMES_ARE_OPTIONAL in with_value else args, with_value, flags)
        takes = sum(parameter.nargs for parameter in self.get_params(ctx) if isinstance(parameter, click.Argument))
        unknown = next(filter(LONG_OPTION.fullmatch, typed.words), None)
        if unknown and 0 <= takes < len(typed.words):
            raise no_such_option(unknown, with_value | flags)
        if 0 < takes < len(typed.words):
            raise self.too_many(typed)
        ctx.meta[__name__] = typed
        return super().parse_args(ctx, [word for option in typed.options for word in option] + ["--", *typed.words])

    def too_many(self, typed: "Typed") -> DiffcliError:
        """Too many words are an expression without quotes, or a point with spaces for commas."""
        from diffcli.cli.correction import corrected

        first, *others = typed.words
        problem: DiffcliError = UsageError(
            "an expression is one word: put it in quotes", correction=" ".join(typed.words)
        )
        if all("=" in word for word in others):
            values = [value for name, *values in typed.options if name in ("--at", "-a") for value in values]
            problem = PointError(
                "the values of a point are separated by commas", correction=",".join([*values, *others])
            )
            typed = typed._replace(words=[first])
        problem.command = corrected(self.name or "", typed, problem)
        return problem

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; where an error knows what was meant, it carries the corrected command."""
        try:
            return super().invoke(ctx)
        except DiffcliError as problem:
            from diffcli.cli.correction import corrected

            problem.command = problem.command or corrected(self.name or "", ctx.meta[__name__], problem)
            raise


def value_options(command: click.Command, ctx: click.Context) -> frozenset[str]:
    """The options that are followed by a value."""
    return frozenset(name for option in _options(command, ctx) if not option.is_flag for name in option.opts)


def flag_options(command: click.Command, ctx: click.Context) -> frozenset[str]:
    """The options that stand alone."""
    flags = (option for option in _options(command, ctx) if option.is_flag)
    return frozenset(name for option in flags for name in (*option.opts, *option.secondary_opts))


def _options(command: click.Command, ctx: click.Context) -> list[Any]:
    return [parameter for parameter in command.get_params(ctx) if isinstance(parameter, click.Option)]


def separate(args: list[str], with_value: frozenset[str], flags: frozenset[str]) -> Typed:
    """Tell the options and the other words apart."""
    known = with_value | flags
    options: list[tuple[str, ...]] = []
    words: list[str] = []
    rest = iter(args)
    for word in rest:
        if word == "--":
            words.extend(rest)
        elif word in with_value:
            value = next(rest, "--")
            if value == "--" or value in known:
                raise UsageError(f"{word} needs a value")
            options.append((word, value))
        elif word in flags or (word.startswith("--") and "=" in word and word.partition("=")[0] in with_value):
            options.append((word,))
        elif nearest_option(word, known):
            raise no_such_option(word, known)
        else:
            words.append(word)
    return Typed(options, words)


def with_all_names(args: list[str]) -> list[str]:
    """`--peers` without names behind it becomes `--peers=all`."""
    end = args.index("--") if "--" in args else len(args)
    return [
        f"{word}={ALL}"
        if word == NAMES_ARE_OPTIONAL and k < end and not NAMES.fullmatch("".join(args[k + 1 : k + 2]))
        else word
        for k, word in enumerate(args)
    ]


def nearest_option(word: str, known: frozenset[str]) -> str | None:
    """The option that `--wrod` is meant to be; `--x` and `--theta*x` are expressions."""
    typed = LONG_OPTION.fullmatch(word)
    if not typed:
        return None
    from difflib import get_close_matches

    near = get_close_matches(typed[1], [name[2:] for name in sorted(known) if name.startswith("--")], 1)
    return f"--{near[0]}" if near else None


def no_such_option(word: str, known: frozenset[str]) -> UsageError:
    """The error for a word that looks like an option."""
    from diffcli.render.shell import quoted

    near = nearest_option(word, known)
    return UsageError(f"there is no option {quoted(word)}", hint=f"did you mean {near}?" if near else None)


PLANNED = frozenset("check graph report".split())
"""Commands that people may have read of."""


class DiffcliGroup(typer.core.TyperGroup):
    """Lists the commands in the order in which they are declared, and guesses what an unknown command meant."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the interface of click
        """In order of importance, not of the alphabet."""
        return list(self.commands)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """An expression or an option of a command may stand where its command was forgotten."""
        known = value_options(self, ctx) | flag_options(self, ctx)
        first = args[0] if args and not ctx.resilient_parsing else ""
        if first.startswith("-") and first.partition("=")[0] not in {*known, "--"}:
            raise no_such_option(first, known) if nearest_option(first, known) else self._no_such_command(args)
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """A word that is no command is probably an expression whose `grad` was forgotten."""
        if args[0] in self.commands:
            return super().resolve_command(ctx, args)
        raise self._no_such_command(args)

    def _no_such_command(self, args: list[str]) -> UsageError:
        from difflib import get_close_matches

        from diffcli.cli.correction import command_line, one_line
        from diffcli.render.shell import quoted

        word, *rest = args
        if word in PLANNED:
            return UsageError(f"'{word}' is planned, not built yet", hint=f"there is {', '.join(self.commands)}")
        near = get_close_matches(word, list(self.commands), 1)
        late = [name for name in rest if name in self.commands][:1]  # the options stand behind the command
        others = [name for name in rest if name not in late]
        problem = UsageError(f"there is no command {quoted(word)}")
        problem.command = command_line(*(near or [*(late or ["grad"]), one_line(word)]), *others)
        return problem
