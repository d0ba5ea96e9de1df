"""`diffcli depth`: gradients that vanish or explode with the number of layers."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from diffcli.cli.groups import Result
from diffcli.errors import UsageError

Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="Write to this file: the plots (.png .svg), or all (.md .tex .json .csv .txt); - is standard output.",
        show_default=False,
    ),
]


@dataclass(frozen=True)
class Plotted(Result):
    """How the record is written, and where; a picture too."""

    output: Output = None


def depth(
    *,
    activations: Annotated[
        str, typer.Option("--activations", metavar="tanh,relu", help="Some of sigmoid, tanh, relu, linear.")
    ] = "sigmoid,tanh,relu",
    initialisations: Annotated[
        str, typer.Option("--init", metavar="he,normal:sigma=1", help="Some of glorot, he, normal:sigma=….")
    ] = "glorot,he,normal:sigma=0.01,normal:sigma=1",
    depths: Annotated[
        str, typer.Option("--depths", metavar="1,2,5", help="Numbers of hidden layers; 1..10 is all from 1 to 10.")
    ] = "1,2,5,10,20,50",
    width: Annotated[int, typer.Option("--width", help="Units in each hidden layer.")] = 32,
    samples: Annotated[int, typer.Option("--samples", help="Random samples in the mini-batch.")] = 32,
    l2: Annotated[float, typer.Option("--l2", help="The factor λ of L2.")] = 0.001,
    dropout: Annotated[float, typer.Option("--dropout", help="The probability that a unit is dropped.")] = 0.5,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of samples and starting weights.")] = 0,
    result: Plotted,
) -> int:
    """How gradients vanish or explode with the number of layers, by activation and initialisation, and what helps.

    \b
    diffcli depth
    diffcli depth --activations sigmoid --depths 1..10 --width 64
    diffcli depth --activations tanh --init glorot,normal:sigma=0.3 -o depth.png
    diffcli depth --activations linear --init he --format json
    """
    from diffcli.cli.output import busy
    from diffcli.cli.picture import place
    from diffcli.learn.depth import depth_study
    from diffcli.learn.depth_record import Settings
    from diffcli.render.depth_plot import plots

    to = place(result)
    settings = Settings(
        _words(activations, "--activations", str.lower), _words(initialisations, "--init", str), read_depths(depths),
        width, samples, l2, dropout, seed,
    )  # fmt: skip
    with busy("gradients of deep networks"):
        record = depth_study(settings)
    to.write(record, plots, None)
    return record.exit_code


def _words(text: str, option: str, spelling: Callable[[str], str]) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(spelling(word.strip()) for word in text.split(",") if word.strip()))
    if not words:
        raise UsageError(f"{option} names nothing", hint="see diffcli depth --help")
    return words


def read_depths(text: str) -> tuple[int, ...]:
    """The numbers of a text such as 1,2,5..8, ascending; raises UsageError."""
    found: set[int] = set()
    for word in text.split(","):
        first, dots, last = (part.strip() for part in word.partition(".."))
        ends = [first, last] if dots else [first]
        if not all(part.isascii() and part.isdigit() and len(part) <= 6 for part in ends):
            raise UsageError(f"{word.strip()[:40]!r} is no number of layers", hint="for example --depths 1,2,5..8")
        numbers = range(int(ends[0]), int(ends[-1]) + 1)
        if len(numbers) > 1000:
            raise UsageError(f"{word.strip()} are too many depths", kind="limit")
        found.update(numbers)
    if not found:
        raise UsageError("--depths names no number of layers", hint="for example --depths 1,2,5..8")
    return tuple(sorted(found))
