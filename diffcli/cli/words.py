"""What counts as an option on the command line: `-a*b` is an expression, `-a` is an option.

A word that begins with "-" is an option only when it is exactly one of the command's options, or `--known=value`.
Everything else that begins with "-" is handed to the command as an expression.
"""

from typing import Any

import click
import typer.core

from diffcli.errors import UsageError


class ExpressionCommand(typer.core.TyperCommand):
    """A command whose arguments may begin with a minus sign."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Move the options to the front, so that everything behind `--` is an argument."""
        with_value, flags = self.value_options(ctx), self.flag_options(ctx)
        options, words = separate(args, with_value, flags)
        takes = sum(parameter.nargs for parameter in self.get_params(ctx) if isinstance(parameter, click.Argument))
        if 0 <= takes < len(words):
            refuse_unknown_option(words, with_value | flags)
        return super().parse_args(ctx, [*options, "--", *words])

    def value_options(self, ctx: click.Context) -> frozenset[str]:
        """The options that are followed by a value."""
        return frozenset(name for option in self._options(ctx) if not option.is_flag for name in option.opts)

    def flag_options(self, ctx: click.Context) -> frozenset[str]:
        """The options that stand alone."""
        flags = (option for option in self._options(ctx) if option.is_flag)
        return frozenset(name for option in flags for name in (*option.opts, *option.secondary_opts))

    def _options(self, ctx: click.Context) -> list[Any]:
        return [parameter for parameter in self.get_params(ctx) if isinstance(parameter, click.Option)]


def refuse_unknown_option(words: list[str], known: frozenset[str]) -> None:
    """Where there are too many words, one that looks like an option is a misspelt one."""
    for word in words:
        if word.startswith("--") and word[2:3].isalpha():
            from difflib import get_close_matches

            from diffcli.render.shell import quoted

            near = get_close_matches(word.partition("=")[0], known, 1)
            raise UsageError(f"there is no option {quoted(word)}", hint=f"did you mean {near[0]}?" if near else None)


def separate(args: list[str], with_value: frozenset[str], flags: frozenset[str]) -> tuple[list[str], list[str]]:
    """The options (each with its value) and the other words, in their order."""
    options: list[str] = []
    words: list[str] = []
    rest = iter(args)
    for word in rest:
        if word == "--":
            words.extend(rest)
        elif word in with_value:
            options.append(word)
            options.extend(value for value in [next(rest, None)] if value is not None)
        elif word in flags or (word.startswith("--") and word.partition("=")[0] in with_value and "=" in word):
            options.append(word)
        else:
            words.append(word)
    return options, words


class DiffcliGroup(typer.core.TyperGroup):
    """Lists the commands in the order in which they are declared, and guesses what an unknown command meant."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the interface of click
        """In order of importance, not of the alphabet."""
        return list(self.commands)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """A word that is no command is probably an expression whose `grad` was forgotten."""
        if args[0] in self.commands:
            return super().resolve_command(ctx, args)
        from difflib import get_close_matches

        from diffcli.render.shell import quoted

        near = get_close_matches(args[0], list(self.commands), 1)
        rest = " ".join(quoted(word) for word in args[1:])
        corrected = f"diffcli {near[0] if near else f'grad {quoted(args[0])}'} {rest}".rstrip()
        problem = UsageError(f"there is no command {quoted(args[0])}")
        problem.command = corrected
        raise problem
