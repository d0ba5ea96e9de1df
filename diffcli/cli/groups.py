"""Options that stand together in several commands, each group declared once as a class.

A command names a group as a parameter, `def trace(asked: Derivative, *, …, result: Numbers)`; in its place in
`--help` stand the options of the group, and the function is called with an object of the class. A command with an
option of its own kind inherits: a field of the same name keeps its place, one after `KW_ONLY` in the base comes last.
"""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, is_dataclass
from inspect import Parameter, Signature, signature
from typing import Any, cast

from diffcli.cli import options


@dataclass(frozen=True)
class Evaluation:
    """An expression and a point."""

    expression: options.Expression = None
    at: options.At = None
    _: KW_ONLY
    file: options.File = None


@dataclass(frozen=True)
class Derivative(Evaluation):
    """An expression, a point, and what to differentiate by."""

    wrt: options.Wrt = None


@dataclass(frozen=True)
class Comparison(Derivative):
    """A derivative, and the methods that compute it."""

    methods: options.Methods = None


@dataclass(frozen=True)
class Result:
    """How a record is written, and where."""

    form: options.FormatOption = None
    output: options.Output = None
    _: KW_ONLY
    ascii_only: options.Ascii = False


@dataclass(frozen=True)
class Numbers(Result):
    """How a record with numbers is written, and where."""

    digits: options.Digits = None


@dataclass(frozen=True)
class Bounds:
    """What input is refused as too large."""

    _: KW_ONLY
    limit: options.Limit = None


@dataclass(frozen=True)
class Arrays(Bounds):
    """What computes with arrays, in which precision."""

    array_library: options.ArrayLibraryOption = None
    dtype: options.DTypeOption = None


DEBUG = Parameter("debug", Parameter.KEYWORD_ONLY, default=False, annotation=options.Debug)
"""An option of every command, read where errors are reported."""


def with_options(command: Callable[..., int]) -> Callable[..., int]:
    """The command as typer takes it: its groups replaced by their options in place, and `--debug` behind them."""
    own = signature(command).parameters
    kinds = {name: cast("type", one.annotation) for name, one in own.items() if is_dataclass(one.annotation)}
    groups = {name: signature(kind).parameters for name, kind in kinds.items()}
    listed = [option for name, one in own.items() for option in (groups[name].values() if name in groups else (one,))]

    def run(**given: Any) -> int:
        del given[DEBUG.name]
        for name, fields in groups.items():
            given[name] = kinds[name](**{field: given.pop(field) for field in fields})
        return command(**given)

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    shown = {option.name: option.replace(kind=Parameter.KEYWORD_ONLY) for option in (*listed, DEBUG)}
    cast("Any", run).__signature__ = Signature(list(shown.values()))
    return run
