"""`diffcli cost`: what a step of training costs by finite differences and by reverse mode."""

from typing import Annotated

import typer

from diffcli.cli.depth import Plotted
from diffcli.cli.threads import limit_threads
from diffcli.errors import UsageError


def cost(
    *,
    parameters: Annotated[
        str, typer.Option("--parameters", metavar="10,100,1000", help="Numbers of parameters, multiples of 10.")
    ] = "10,100,1000,10000,100000",
    whole: Annotated[
        int, typer.Option("--whole", help="Up to so many parameters, differences by all of them; beyond by a sample.")
    ] = 1000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of samples and weights.")] = 0,
    result: Plotted,
) -> int:
    """What one step of training costs: finite differences against reverse mode, for more and more parameters.

    \b
    diffcli cost
    diffcli cost --parameters 10,100,1000,10000 --whole 10000
    diffcli cost -o cost.png
    diffcli cost --format csv
    """
    limit_threads(1)  # else times tell how busy the other cores are
    from diffcli.cli.output import progress
    from diffcli.cli.picture import place
    from diffcli.learn.cost import cost_study
    from diffcli.render.cost import plots

    to = place(result)
    sizes = read_sizes(parameters)
    with progress(len(sizes)) as advance:
        record = cost_study(sizes, whole, seed, advance)
    to.write(record, plots, None)
    return record.exit_code


def read_sizes(text: str) -> list[int]:
    """The numbers of a text such as 10,100,1e4; raises UsageError."""
    sizes = []
    for word in (part.strip() for part in text.split(",")):
        digits, _, power = word.lower().partition("e")
        if not all(part.isascii() and part.isdigit() and len(part) < 9 for part in (digits, power or "0")):
            raise UsageError(f"{word[:40]!r} is no number of parameters", hint="for example --parameters 10,100,1000")
        sizes.append(int(digits) * 10 ** min(int(power or 0), 9))
    return list(dict.fromkeys(sizes))
