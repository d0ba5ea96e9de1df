"""`diffcli examples` and `diffcli ops`: what there is."""

from enum import StrEnum
from typing import Annotated

import typer

from diffcli.cli.groups import Result


class Kind(StrEnum):
    """What functions are of."""

    NUMBERS = "numbers"
    ARRAYS = "arrays"
    NUMPY = "NumPy"


def examples(
    name: Annotated[str | None, typer.Argument(help="Show this example.", show_default=False)] = None,
    *,
    tag: Annotated[str | None, typer.Option("--tag", help="Only examples with this tag.", show_default=False)] = None,
    result: Result,
) -> int:
    """The worked examples; @NAME stands for one anywhere an EXPR is expected.

    \b
    diffcli examples
    diffcli examples rosenbrock
    diffcli examples --tag hard
    diffcli grad @rosenbrock
    """
    from diffcli.cli.output import destination, show

    to = destination(result)
    from diffcli.studies.catalogue import example_entry, example_list

    show(example_entry(name.removeprefix("@")) if name else example_list(tag), to)
    return 0


def ops(
    name: Annotated[str | None, typer.Argument(help="Show this function.", show_default=False)] = None,
    *,
    of: Annotated[
        Kind | None, typer.Option("--of", help="Only functions of this kind.", show_default="all", case_sensitive=False)
    ] = None,
    result: Result,
) -> int:
    """The functions with their derivative rules, domains and other names.

    \b
    diffcli ops
    diffcli ops tanh
    diffcli ops softmax
    diffcli ops np.clip
    diffcli ops --of NumPy
    """
    from diffcli.cli.output import destination, show

    to = destination(result)
    from diffcli.studies.operations import function_entry, function_list

    show(function_entry(name) if name else function_list(of and of.value), to)
    return 0
