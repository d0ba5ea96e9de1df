"""The command a user probably meant: the words that were typed, with only what is wrong in them replaced."""

from itertools import chain
from typing import TYPE_CHECKING

from diffcli.errors import DiffcliError, PointError
from diffcli.render.shell import quoted

if TYPE_CHECKING:
    from diffcli.cli.words import Typed


def corrected(command: str, typed: "Typed", problem: DiffcliError) -> str | None:
    """The command with the point or the expression that `problem` proposes; all other options stay as they are."""
    correction = problem.correction
    if correction is None:
        return None
    if isinstance(problem, PointError):
        option = getattr(problem, "option", "--at")  # another one for tangents and cotangents
        aliases = ("--at", "-a") if option == "--at" else (option,)
        words, options = typed.words, [*typed.without(*aliases).options, (option, correction)]
    else:
        words, options = [correction], typed.without("--file", "-F").options
    return command_line(command, *map(one_line, words), *chain.from_iterable(options))


def command_line(*words: str) -> str:
    """A command of diffcli as one would type it."""
    return " ".join(("diffcli", *map(quoted, words)))


def one_line(text: str) -> str:
    """A program in one line: semicolons between its statements, and no comments."""
    if "\n" not in text:
        return text
    parts: list[str] = []
    depth = 0
    for line in text.split("\n"):
        code = line.partition("#")[0].strip("; \t\r")
        if code:
            parts += [" " if depth > 0 else "; ", code]
            depth += sum((character in "([{") - (character in ")]}") for character in code)
    return "".join(parts[1:])
