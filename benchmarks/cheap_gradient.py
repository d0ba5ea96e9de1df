"""What a gradient costs in time: value and gradient at many points against the value alone, for every expression.

    python benchmarks/cheap_gradient.py [POINTS] [ROUNDS] [numpy|c ...]

For every output of every file in expressions/ that is a program of numbers: both programs run in turn on one thread, at
points around the example's own, into arrays that are there already, in blocks of NumPy and in C: 10^5 points in NumPy,
10^6 in C, where a call takes as long as 10^5 points of a short program. Of each the quickest round counts. Printed are
the median, the mean and the worst of the ratios, and the expressions with the largest ones; beside them the time of the
value alone, since programs of one or two quick operations are limited by what they write.
"""

import random
import statistics
import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from diffcli.execute.blocks import Batch
from diffcli.execute.c_source import is_available
from diffcli.graph.program import Graph
from diffcli.language import parse
from diffcli.language.library import Example, examples
from diffcli.language.points import match_point, parse_point, point_shapes
from diffcli.methods.reverse import adjoint_program, parts

SHOWN = 5
POINTS, ROUNDS = {"numpy": 10**5, "c": 10**6}, 15
BOUND = 3


class Ratio(NamedTuple):
    """One output of one example."""

    name: str
    ratio: float
    value: float
    """Nanoseconds per point for the value alone."""
    inputs: int


def programs(example: Example) -> Iterator[tuple[Graph, list[float]]]:
    """The outputs of an example, each with its own point."""
    known = parse_point([example.at] if example.at else [])
    reading = parse(example.text, tuple(known), shapes=point_shapes(known))
    if reading.graph.is_scalar:
        own = [float(value) for value in match_point(reading, known)]  # type: ignore[arg-type]
        for part in parts(reading.graph):
            if any(part.active(part.inputs)[position] for position in part.outputs):
                yield part, own


def measured(
    graphs: tuple[Graph, Graph], own: list[float], count: int, rounds: int, executor: str
) -> tuple[float, float]:
    """Seconds per point for the value alone, and for value and gradient."""
    generator = np.random.default_rng(len(graphs[0].nodes))
    points = [x * generator.uniform(0.9, 1.1, count) for x in own]
    candidates = [(Batch(program, executor), [np.empty(count) for _ in program.outputs]) for program in graphs]
    quickest = [float("inf")] * 2
    for _ in range(rounds):
        for number in random.sample(range(2), 2):
            batch, out = candidates[number]
            start = time.perf_counter()
            batch(points, out, 1)
            quickest[number] = min(quickest[number], time.perf_counter() - start)
    return quickest[0] / count, quickest[1] / count


def ratios(count: int, rounds: int, executor: str) -> Iterator[Ratio]:
    """Of all outputs of all examples that the executor can run."""
    for name, example in examples().items():
        for graph, own in programs(example):
            both = adjoint_program(graph, graph.outputs[0], graph.inputs).graph.pruned()
            if executor != "c" or is_available(both):
                value, gradient = measured((graph, both), own, count, rounds, executor)
                yield Ratio(name, gradient / value, value * 1e9, len(graph.inputs))


def row(found: list[Ratio], beginning: str) -> str:
    """One line of the table: all outputs, and the largest ratios."""
    numbers = [one.ratio for one in found]
    largest = sorted(found, key=lambda one: -one.ratio)[:SHOWN]
    named = ", ".join(f"{one.name} {one.ratio:.1f} ({one.value:.1f} ns)" for one in largest)
    middle, mean, above = statistics.median(numbers), statistics.mean(numbers), sum(one > BOUND for one in numbers)
    return f"| {beginning} | {len(found)} | {middle:.2f} | {mean:.2f} | {max(numbers):.2f} | {above} | {named} |"


def main() -> None:
    """Measure and print a table in Markdown."""
    numbers = [int(word) for word in sys.argv[1:] if word.isdecimal()]
    chosen = [word for word in sys.argv[1:] if not word.isdecimal()] or ["numpy", "c"]
    rounds = numbers[1] if len(numbers) > 1 else ROUNDS
    print(f"Time of value and gradient over time of the value, quickest of {rounds} rounds, one thread\n")
    columns = ("executor", "points", "outputs", "median", "mean", "worst", f"above {BOUND}")
    print(f"| {' | '.join(columns)} | the largest (the value alone, per point) |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
    for executor in chosen:
        count = numbers[0] if numbers else POINTS[executor]
        print(row(list(ratios(count, rounds, executor)), f"{executor} | {count}"), flush=True)


if __name__ == "__main__":
    main()
