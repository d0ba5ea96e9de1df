"""Which stable rewrite helps at a point: each is computed there, exactly and in doubles, before it is suggested."""

import math
from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter
from typing import NamedTuple

from diffcli.execute.floats import FLOATS
from diffcli.execute.interpreter import evaluate, outputs
from diffcli.execute.magnitudes import Undefined
from diffcli.graph.program import Graph
from diffcli.graph.rewrites import TEMPTING, places, rewritten
from diffcli.graph.text import PLAIN, PRETTY, names_of, program_text, write
from diffcli.methods.reverse import adjoint_program
from diffcli.studies.accuracy import error
from diffcli.studies.explanation.need import has_branches
from diffcli.studies.explanation.record import Suggestion
from diffcli.studies.probe import Probe
from diffcli.studies.reference import Reference

MOST_OPERATIONS = 200
"""Of programs for which rewrites are tried."""
MOST_ROUNDS = 3
"""How many rewrites are made one after the other."""
GAIN = 10.0
"""How many times smaller the worst error must become."""
SAME = 1e-6
"""Relative difference of two doubles up to which they are taken for the same number."""
TRUE = 1e-25
"""Relative difference from the judge up to which a rewritten program computes the same, in exact arithmetic."""


class Bench:
    """Measures programs that should compute the same as one that was judged."""

    def __init__(self, graph: Graph, point: Sequence[float], wrt: Sequence[int], output: int, deadline: float) -> None:
        """Of the output with this number; the inputs of every program stand in the same order."""
        self._point, self._deadline, self._output = point, deadline, output
        self._graph = graph
        self._wrt = [graph.inputs.index(position) for position in wrt]

    def suggestion(self, reference: Reference) -> Suggestion | None:
        """The best that up to three rewrites, one after the other, make of the program."""
        graph, before = self._graph, self._error(self._graph, reference)
        first = before
        parts = list[tuple[str, str]]()
        for _ in range(MOST_ROUNDS):
            found = self._best(graph, reference)
            if found is None or not found[0] < before / GAIN:
                break
            before, graph, part = found
            parts.append(part)
        if not parts:
            return None
        old, new = (", ".join(side) for side in zip(*parts, strict=True))
        return Suggestion(old, new, program_text(graph, PLAIN), first, before)

    def _best(self, graph: Graph, reference: Reference) -> tuple[float, Graph, tuple[str, str]] | None:
        """The rewrite with the smallest error, of those equally good the shortest; what is not true is left out."""
        candidates = list[tuple[float, int, int, Graph, tuple[str, str]]]()
        for place in places(graph, [p for p, needed in enumerate(graph.needed) if needed]):
            if perf_counter() > self._deadline:
                break
            found = rewritten(graph, place)
            shorter = found.graph.pruned()
            if _used(shorter) == _used(graph) and self._error(shorter, reference) < math.inf:
                texts = _written(graph, place.position), _written(found.graph, found.position)
                candidate = (self._error(shorter, reference), shorter.operations, len(candidates), shorter, texts)
                candidates.append(candidate)
        for size, _, _, candidate_graph, texts in sorted(candidates, key=lambda c: (max(c[0], 1e-15), c[1], c[2])):
            if self._is_true(candidate_graph, reference):
                return size, candidate_graph, texts
        return None

    def _program(self, graph: Graph) -> Graph:
        """Value and derivatives of the output."""
        position = graph.outputs[self._output]
        return adjoint_program(graph, position, [graph.inputs[k] for k in self._wrt]).graph

    def _truths(self, reference: Reference) -> list[str | None]:
        return [reference.value, *[slope.value for slope in reference.slopes]]

    def _error(self, graph: Graph, reference: Reference) -> float:
        """The worst relative error of value and derivatives, in doubles."""
        numbers = outputs(self._program(graph), FLOATS, self._point)
        return max(
            (_relative(number, truth) for number, truth in zip(numbers, self._truths(reference), strict=True) if truth),
            default=math.inf,
        )

    def _is_true(self, graph: Graph, reference: Reference) -> bool:
        """Whether the program is the same function at the point, value and derivatives, in exact arithmetic."""
        program = self._program(graph)
        probe = Probe(program, self._point, 50, self._deadline)
        found = [probe.base()[position] for position in program.outputs]
        for value, truth in zip(found, self._truths(reference), strict=True):
            if truth is None:
                continue
            if type(value) is Undefined:
                return False
            true = probe.arithmetic.context.mpf(truth)
            if abs(value - true) > TRUE * abs(true):
                return False
        return True


def _used(graph: Graph) -> list[str]:
    """The variables that still occur: a point may name no others."""
    return [graph.nodes[position].literal for position in graph.inputs if graph.needed[position]]


def _relative(number: float, truth: str) -> float:
    """0 where no double is nearer, infinite where there is no number."""
    if not math.isfinite(number):
        return math.inf
    found = error(number, truth)
    if found.digits == math.inf:
        return 0.0
    return found.absolute if found.relative is None else found.relative


def _written(graph: Graph, position: int) -> str:
    return write(graph, position, names_of(graph, PRETTY), PRETTY)


class Branch(NamedTuple):
    """A simplification that does not hold at the point."""

    node: int
    original: str
    tempting: str
    value: float
    tempting_value: float
    is_parallel: bool
    """Whether both have the same derivatives: those of ln(x²) and 2·ln(x) are 2/x, also where x is negative."""


def branches(graph: Graph, point: Sequence[float]) -> list[Branch]:
    """Parts of the program that look simpler than they are here: sqrt(x²) is not x where x is negative."""
    if not has_branches(graph) or graph.operations > MOST_OPERATIONS:
        return []
    found = []
    values = evaluate(graph, FLOATS, point)
    wanted = [position for position, needed in enumerate(graph.needed) if needed]
    for place in places(graph, wanted, TEMPTING):
        other = rewritten(graph, place)
        program = replace(other.graph, outputs=(other.position,), output_names=("y",))
        (simpler,) = outputs(program, FLOATS, point)
        value = values[place.position]
        scale = max(abs(value), abs(simpler)) if math.isfinite(simpler) else math.inf
        if math.isfinite(value) and (scale == math.inf or abs(simpler - value) > SAME * scale):
            texts = _written(graph, place.position), _written(other.graph, other.position)
            original = replace(graph, outputs=(place.position,), output_names=("y",))
            is_parallel = _have_same_slopes(original, program, point)
            found.append(Branch(place.position, *texts, value, simpler, is_parallel))
    return found


def _have_same_slopes(original: Graph, other: Graph, point: Sequence[float]) -> bool:
    """Whether the derivatives by all inputs are equal but for rounding."""
    sweeps = (adjoint_program(program, program.outputs[0], program.inputs).graph for program in (original, other))
    first, second = ([*outputs(sweep, FLOATS, point)][1:] for sweep in sweeps)
    return all(abs(a - b) <= SAME * max(abs(a), abs(b)) for a, b in zip(first, second, strict=True))
