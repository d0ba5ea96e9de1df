"""Value and gradient by diffcli and by every peer that is installed, in one run, each in a process of its own.

    python benchmarks/peers.py [--quick] [--only point,batch,…] [-o results.json]

Prints Markdown: the machine, and a table for each kind of workload. The candidates take turns; a cell is the median
over the rounds of its time over diffcli's in the same round, with the range of the middle four fifths in brackets, and
so above 1 where diffcli is faster. Results are compared with the judge (50 digits) before anything is timed.
How our own time and memory grow with a program is in benchmarks/scaling.py.
"""

import argparse
import datetime as dt
import json
import os
import platform
import sys
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import peers_by_hand as by_hand
import peers_programs as programs
import peers_tables as tables
from peers_rounds import Candidate, Judge, Result, side_by_side

from diffcli.language import parse
from diffcli.studies.judge import judge
from diffcli.studies.peers.process import Process
from diffcli.studies.peers.registry import PEERS

GIVEN_UP = 60.0
LARGEST_JUDGED = 3
"""Of the ten partials of random programs the judge computes so many."""


class Column(NamedTuple):
    """One workload of a table."""

    title: str
    kind: str
    details: dict[str, Any]
    turn: float
    """Seconds that each candidate runs in one round."""
    rounds: int


class Table(NamedTuple):
    """Workloads with the same candidates."""

    name: str
    title: str
    candidates: tuple[str, ...]
    """The first one is the reference."""
    columns: tuple[Column, ...]
    limits: dict[str, float]
    """The ratio to the reference that a candidate is to have at least."""


def plan(*, quick: bool) -> list[Table]:
    """All tables."""
    rounds, long = (5, 3) if quick else (25, 5)
    a_to_c = [(name, {"example": name}) for name in by_hand.EXAMPLES]
    everybody = ("sympy", "autograd", "micrograd", "torch", "torch.compile", "jax", "casadi", "numba")
    at_least = {"sympy": 1.0, "micrograd": 20.0} | dict.fromkeys(("autograd", "torch", "jax"), 100.0)
    own = tuple(name for name in everybody if name not in ("sympy", "autograd", "micrograd"))
    in_own_numbers = Table(
        "own", "One point, inputs and results left in each library's own numbers", ("diffcli", *own),
        tuple(Column(name, "point", {**given, "own": True}, 0.004, rounds) for name, given in a_to_c), {},
    )  # fmt: skip
    counts = (10**5,) if quick else (10**3, 10**5, 10**7)
    numbers = tuple(Column(name, "point", {**given, "own": False}, 0.004, rounds) for name, given in a_to_c)
    return [
        Table(
            "point", "One point, from Python's numbers to Python's numbers", ("diffcli", "by hand", *everybody),
            numbers, {"by hand": 1 / 1.05, **at_least},
        ),
        Table(
            "point-c", 'The same with `executor="c"`', ("diffcli, C", "by hand", *everybody),
            numbers, {"by hand": 1 / 1.05, **at_least},
        ),
        *([] if quick else [in_own_numbers]),
        *[table for count in counts for table in batches(count, a_to_c, rounds, long)],
        Table(
            "logistic", f"Iterated logistic map, n = {by_hand.STEPS}, gradient by r and x0",
            ("diffcli", "by hand", "micrograd", "autograd", "torch", "casadi"),
            (Column(f"n = {by_hand.STEPS}", "logistic", {}, 0.01, rounds),), {"by hand": 1.0, "micrograd": 60.0},
        ),
        Table(
            "random", "Random programs: everything from the list of operations to one gradient",
            ("diffcli", "diffcli, graph given", "casadi", "casadi, MX", "micrograd", "autograd", "torch"),
            tuple(
                Column(f"{nodes:,} nodes".replace(",", " "), "random", {"nodes": nodes}, 0.1, long)
                for nodes in ((10**4,) if quick else (10**4, 10**5))
            ),
            dict.fromkeys(("casadi", "casadi, MX", "micrograd", "autograd", "torch"), 1.0),
        ),
        Table(
            "first", "From a text never read before to its first gradient, modules being loaded", ("diffcli",),
            tuple(Column(name, "first", given, 0.01, rounds) for name, given in a_to_c), {},
        ),
    ]  # fmt: skip


def batches(count: int, examples: Sequence[tuple[str, dict[str, Any]]], rounds: int, long: int) -> list[Table]:
    """Many points, with new arrays for the results and with arrays that are reused; at very many only close rivals."""
    title = {10**3: "10³ points", 10**5: "10⁵ points", 10**7: "10⁷ points"}[count]
    turn, rounds = (0.004, rounds) if count < 10**4 else (0.01, rounds // 2) if count < 10**6 else (0.1, long)
    columns = tuple(Column(name, "batch", {**given, "count": count}, turn, rounds) for name, given in examples)
    slow = ("sympy", "autograd", "torch") if count < 10**6 else ()
    compilers = ("torch.compile", "jax", "numba")
    aims = dict.fromkeys(("by hand", *(compilers if count > 10**4 else ())), 1.0)
    new = ("diffcli", "diffcli, NumPy", "by hand", *slow, *compilers)
    reused = ("diffcli, out=", "diffcli, NumPy, out=", "numba, out=", "casadi")
    again = {"numba, out=": 1.0} if count > 10**4 else {}
    return [
        Table(f"batch-{count}", title, new, columns, aims),
        Table(f"batch-{count}-out", f"{title}, results in arrays that are reused", reused, columns, again),
    ]


def judge_of(column: Column) -> Judge:
    """What is right for a workload; asked once for each point."""
    if column.kind == "logistic":
        graph, count, own = programs.logistic_graph(by_hand.STEPS), 2, by_hand.LOGISTIC_POINT
    elif column.kind == "random":
        instructions, own = programs.random_program(column.details["nodes"])
        graph, count = programs.built(instructions), LARGEST_JUDGED
    else:
        text, _, own, *_ = by_hand.EXAMPLES[column.details["example"]]
        graph, count = parse(text).graph, 2
    at_point = cache(lambda point: judged(graph, point, count))
    return lambda point: at_point(tuple(point or own))


def judged(graph: Any, point: tuple[float, ...], count: int) -> tuple[str, list[str | None]]:
    """Value and partials as decimals; the first `count` of them."""
    (reference,) = judge(graph, point, graph.inputs[:count], seconds=GIVEN_UP)
    assert reference.value is not None, "workloads have values"
    others: list[str | None] = [None] * (len(graph.inputs) - count)
    return reference.value, [slope.value for slope in reference.slopes] + others


def machine() -> dict[str, Any]:
    """What computed, and when."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    packages = ("numpy", *dict.fromkeys(peer.package for peer in PEERS.values() if peer.is_installed))
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "versions": {package: version(package) for package in packages},
        "not installed": {name: peer.command for name, peer in PEERS.items() if not peer.is_installed},
        "date": f"{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}",
    }


def measured(table: Table, team: dict[str, Candidate]) -> list[dict[str, Result]]:
    """The results of a table, one dictionary for each column."""
    names = [
        name
        for name in table.candidates
        if name.partition(", ")[0] not in PEERS or PEERS[name.partition(", ")[0]].is_installed
    ]
    for name in names:
        if name not in team:
            team[name] = Candidate(name)
    there = [team[name] for name in names]
    return [
        side_by_side(there, column.kind, column.details, judge_of(column), column.turn, column.rounds)
        for column in table.columns
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, 10^5 points and 10^4 nodes only")
    parser.add_argument("--only", default="", help="some of the tables: point,own,batch-1000,logistic,random,first")
    parser.add_argument("-o", "--output", type=Path, help="write all numbers to this file as JSON")
    chosen = parser.parse_args()
    wanted = set(filter(None, chosen.only.split(",")))
    facts = machine()
    print(tables.heading(facts), flush=True)
    record: dict[str, Any] = {"machine": facts, "tables": []}
    team: dict[str, Candidate] = {}
    for table in plan(quick=chosen.quick):
        if wanted and not any(table.name.startswith(name) for name in wanted):
            continue
        print(f"… {table.title}", file=sys.stderr, flush=True)
        results = measured(table, team)
        titles = [column.title for column in table.columns]
        print(tables.table(table.title, titles, results, table.limits), flush=True)
        columns = [{name: result._asdict() for name, result in one.items()} for one in results]
        record["tables"].append(
            {"name": table.name, "title": table.title, "columns": dict(zip(titles, columns, strict=True))}
        )
    Process.end_all()
    if chosen.output:
        chosen.output.write_text(json.dumps(record, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
