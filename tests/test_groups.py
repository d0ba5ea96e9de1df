"""Groups of options: in their place in the signature that typer reads, and back as objects when the command runs."""

from dataclasses import KW_ONLY, dataclass
from inspect import signature

from diffcli.cli import main
from diffcli.cli.groups import Arrays, Comparison, Derivative, Numbers, with_options


@dataclass(frozen=True)
class Ends(Derivative):
    """An option of a command's own between inherited ones, and one that replaces another."""

    at: int = 1
    end: str = "z"
    _: KW_ONLY
    late: bool = False


def command(asked: Ends, *, own: int = 2, result: Numbers, bounds: Arrays) -> int:
    """What it does."""
    command.seen = asked, own, result, bounds
    return 7


def test_options_stand_in_the_place_of_their_group():
    names = list(signature(with_options(command)).parameters)
    assert names == [
        "expression", "at", "wrt", "end", "file", "late", "own", "form", "output", "digits", "ascii_only",
        "array_library", "dtype", "limit", "debug",
    ]  # fmt: skip
    assert with_options(command).__doc__ == "What it does."


def test_the_command_gets_its_groups():
    run = with_options(command)
    given = {name: one.default for name, one in signature(run).parameters.items()}
    assert run(**{**given, "expression": "x^2", "late": True, "digits": 3, "limit": ["nodes=5"], "debug": True}) == 7
    asked, own, result, bounds = command.seen
    assert (asked, own) == (Ends("x^2", late=True), 2)
    assert (result, bounds) == (Numbers(digits=3), Arrays(limit=["nodes=5"]))


def test_methods_stand_before_the_file_and_after_the_variables():
    assert list(signature(Comparison).parameters) == ["expression", "at", "wrt", "methods", "file"]


def test_every_command_has_debug_last():
    for one in main.application().registered_commands:
        assert list(signature(one.callback).parameters)[-1] == "debug", one.name
