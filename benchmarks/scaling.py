"""How set-up and runs grow with a program: time and memory per node, each measurement in a fresh process.

    python benchmarks/scaling.py [NODES …]

Programs of 10^3 to 10^6 nodes, built in Python by `Builder` and recorded from a Python function with a loop; texts up
to the limits of the language: a sum of products, statements that use each other, nested parentheses, 1000 variables.
Every line says what one node costs at each stage: to build (or parse, or record), to prepare value and gradient (short
programs are compiled, large ones swept in numbers), and to compute both once; together with the most memory of the
process beyond that of the imports. Last, and apart: to write the adjoint program, as batches, traces and `source` do.
"""

import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from diffcli.graph.program import Builder, Graph

SIZES = (10**3, 10**4, 10**5, 10**6)
STAGES = ("build", "prepare", "run")
LIMITS = ("length=100000000", "nesting=10000000", "nodes=10000000")


class Made(NamedTuple):
    """A program and its point."""

    graph: Graph
    point: list[float]


def built(nodes: int) -> Made:
    """A random program of ten inputs in which every node is used, and nothing grows."""
    choose, builder = random.Random(1), Builder()  # noqa: S311 - no secrets
    inputs = [builder.input(f"x{k}") for k in range(10)]
    recent = list(inputs)
    while len(builder.nodes) < nodes:
        op = choose.choice(("add", "mul", "sub", "sin", "tanh"))
        first, second = recent[-1], choose.choice(recent)
        position = builder.apply(op, first) if op in ("sin", "tanh") else builder.apply(op, first, second)
        recent = [*recent[-9:], builder.apply("sin", position)]
    return Made(builder.graph(inputs, [recent[-1]]), [0.1 * (k + 1) for k in range(10)])


def recorded(nodes: int) -> Made:
    """The logistic map, iterated by a loop of Python."""
    from diffcli.tracing import record

    def iterated(x: Any, r: Any) -> Any:
        for _ in range(nodes // 3):
            x = r * x * (1 - x)
        return x

    point = (0.3, 2.9)  # where it settles, and the derivatives stay doubles
    return Made(record(iterated, point).graph, list(point))


def _parsed(text: str) -> Made:
    from diffcli.language import parse
    from diffcli.language.limits import parse_limits

    graph = parse(text, limits=parse_limits(LIMITS)).graph
    return Made(graph, [0.5] * len(graph.inputs))


def products(nodes: int) -> Made:
    """A sum of products."""
    return _parsed(" + ".join(f"x*{k}.5*y" for k in range(nodes // 4)))


def statements(nodes: int) -> Made:
    """Statements, each of which uses the one before."""
    lines = [f"v{k} = sin(v{k - 1}) * x" for k in range(1, nodes // 2)]
    return _parsed("\n".join(["v0 = x", *lines, f"v{nodes // 2 - 1}"]))


def parentheses(nodes: int) -> Made:
    """Parentheses in parentheses."""
    count = nodes // 2
    return _parsed("(" * count + "x" + f"+{1})*y" * count)


def variables(nodes: int) -> Made:
    """A thousand variables."""
    return _parsed(" + ".join(f"x_{k % 1000}*sin({k}*x_{(k * 7) % 1000})" for k in range(nodes // 4)))


KINDS: Mapping[str, Callable[[int], Made]] = {
    "built": built,
    "recorded": recorded,
    "products": products,
    "statements": statements,
    "parentheses": parentheses,
    "variables": variables,
}


def measure(kind: str, nodes: int) -> dict[str, float]:
    """Seconds of each stage, nodes and bytes, in this process."""
    from diffcli.methods.gradient import gradient_program
    from diffcli.methods.reverse import adjoint_program

    KINDS[kind](100)  # what is imported and cached by the first use
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found: dict[str, float] = {}

    def timed(stage: str, work: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        result = work()
        found[stage] = time.perf_counter() - start
        return result

    graph, point = timed("build", lambda: KINDS[kind](nodes))
    program = timed("prepare", lambda: gradient_program(graph, graph.outputs[0], graph.inputs))
    timed("run", lambda: program(point))
    found["nodes"] = len(graph.nodes)
    found["bytes"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    timed("adjoint program", lambda: adjoint_program(graph, graph.outputs[0], graph.inputs))
    return found


def in_a_process_of_its_own(kind: str, nodes: int) -> dict[str, float]:
    """The same, where nothing was done before."""
    words = [sys.executable, __file__, "--one", kind, str(nodes)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{kind} with {nodes} nodes: {done.stderr.strip().splitlines()[-1]}")
    result: dict[str, float] = json.loads(done.stdout)
    return result


def lines(sizes: tuple[int, ...]) -> Iterator[str]:
    """The table in Markdown, as it is measured."""
    yield f"| program | nodes | {' | '.join(STAGES)} | together | memory | adjoint program |"
    yield "| --- |" + " ---: |" * (len(STAGES) + 4)
    for kind in KINDS:
        for size in sizes:
            one = in_a_process_of_its_own(kind, size)
            each = {stage: one[stage] / one["nodes"] * 1e6 for stage in (*STAGES, "adjoint program")}
            times = [*[each[stage] for stage in STAGES], sum(each[stage] for stage in STAGES)]
            cells = " | ".join(f"{time:.2f} µs" for time in times)
            memory = f"{one['bytes'] / one['nodes']:.0f} bytes"
            yield f"| {kind} | {one['nodes']:.0f} | {cells} | {memory} | {each['adjoint program']:.2f} µs |"


def main() -> None:
    """Print the table; with --one measure one program in this process."""
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measure(sys.argv[2], int(sys.argv[3]))))
        return
    for line in lines(tuple(map(int, sys.argv[1:])) or SIZES):
        print(line, flush=True)


if __name__ == "__main__":
    main()
