"""`diffcli compare`: accuracy and timing of the methods over several expressions and points."""

from collections.abc import Sequence
from typing import Annotated

import typer

from diffcli.cli import options
from diffcli.cli.groups import Bounds, Result
from diffcli.cli.words import ALL
from diffcli.errors import UsageError


def compare(
    expressions: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[EXPR]...", help="Expressions or @NAME; without any, all examples.", show_default=False
        ),
    ] = None,
    at: options.At = None,
    methods: options.Methods = None,
    file: options.File = None,
    *,
    points: Annotated[int, typer.Option("--points", "-n", min=1, max=100_000, help="Points for each expression.")] = 1,
    runs: Annotated[int, typer.Option("--runs", min=1, max=10_000, help="Timed batches of each method.")] = 7,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the random points.")] = 0,
    peers: Annotated[
        str | None,
        typer.Option(
            "--peers",
            metavar="[NAME,NAME]",
            help="Other libraries too: those named (sympy, autograd, micrograd, torch, torch.compile, jax, casadi,"
            " numba), or all that are installed.",
            show_default=False,
        ),
    ] = None,
    tag: Annotated[str | None, typer.Option("--tag", help="Only examples with this tag.", show_default=False)] = None,
    result: Result,
    bounds: Bounds,
) -> int:
    """How accurate the methods are and what they cost, over several expressions and points.

    \b
    diffcli compare "sin(x)*exp(y)" "x^y" --points 50
    diffcli compare @rosenbrock @beale @wood --runs 15
    diffcli compare --tag hard --format markdown -o hard.md
    diffcli compare "sin(x)*exp(y)" --peers
    diffcli compare @deck-001 --peers numba,jax
    """
    from diffcli.cli.invocation import method_names, read_subjects
    from diffcli.cli.output import destination, progress, show
    from diffcli.studies import compare as comparisons

    to = destination(result)
    chosen = method_names(methods)
    subjects = read_subjects(expressions or [], file=file, at=at or (), tag=tag, limits=bounds.limit or ())
    others, notes = peers_and_notes(peers)
    with progress(len(subjects) * (1 + len(others))) as advance:
        record = comparisons.compare(
            subjects, methods=chosen, points=points, runs=runs, seed=seed, peers=others, notes=notes, progress=advance
        )
    show(record, to)
    return record.exit_code


def peers_and_notes(text: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The peers that `--peers` names or all that are installed, and a note for each that is not."""
    if text is None:
        return (), ()
    from diffcli.studies.peers.registry import PEERS
    from diffcli.studies.peers.team import usable_peers

    if text == ALL:
        return usable_peers(None)
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = next((name for name in names if name not in PEERS), None)
    if unknown is not None or not names:
        raise _no_such_peer(unknown, tuple(PEERS))
    return usable_peers(names)


def _no_such_peer(name: str | None, known: Sequence[str]) -> UsageError:
    from difflib import get_close_matches

    from diffcli.render.shell import quoted

    near = get_close_matches(name or "", known, 1)
    listed = f"the peers are {', '.join(known)}; an expression stands before --peers"
    return UsageError(
        f"--peers: there is no peer {quoted(name)}" if name is not None else "--peers: no peer is named",
        hint=f"did you mean {near[0]}? {listed}" if near else listed,
    )
