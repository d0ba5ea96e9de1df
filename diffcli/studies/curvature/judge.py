"""The judge of second derivatives: values of the function alone, in as many digits as it takes.

∂²f/∂x_i∂x_j is the limit of (f(+,+) − f(+,0) − f(0,+) + f) / h_i h_j in each of the four quadrants around the point.
Where all four have the same limit, and their mean settles to the wanted digits for two step sizes, that is the second
derivative; where the quadrants differ, f' has a kink there and there is none. For i = j the two sides take the place
of the quadrants. No derivative rule of the table is read.
"""

import math
from collections.abc import Iterable, Sequence
from contextlib import suppress
from time import perf_counter
from typing import Any, NamedTuple

from diffcli.execute.magnitudes import BITS_PER_DIGIT, Undefined
from diffcli.graph.program import Graph
from diffcli.studies.causes import Causes
from diffcli.studies.probe import CONFIRM, STEPS, OutOfTime, Probe, Quotients
from diffcli.studies.reference import Slope
from diffcli.studies.slopes import UNDECIDED, Decision, Limit, Settler

SECONDS = 2.0
SECONDS_PER_ENTRY_AND_OPERATION = 1e-4
MOST_SECONDS = 8.0
Pair = tuple[int, int]
"""The positions of two inputs."""


class Curvature(NamedTuple):
    """One second derivative, or its limits on both sides, and what keeps it from existing."""

    slope: Slope
    culprit: int | None = None
    """The node that is not smooth."""


def curvature(
    graph: Graph, point: Sequence[float], pairs: Sequence[Pair], digits: int = 50, seconds: float | None = None
) -> list[Curvature]:
    """The second derivatives of the one output of `graph`, a program in numbers, by the two inputs of each pair."""
    if seconds is None:
        work = SECONDS_PER_ENTRY_AND_OPERATION * len(pairs) * graph.operations
        seconds = min(SECONDS + work, MOST_SECONDS)
    trial = _Trial(graph, digits)
    with suppress(OutOfTime):  # what is not decided by then stays undecided
        trial.gather(Probe(graph, point, digits, perf_counter() + seconds), sorted(set(pairs)))
    return [trial.found(pair) for pair in pairs]


def pair_name(x: str, y: str) -> str:
    """What stands behind ∂²y/∂ for a second derivative: x² or x∂y."""
    return f"{x}²" if x == y else f"{x}∂{y}"


class _Trial:
    """The evidence on one point."""

    def __init__(self, graph: Graph, digits: int) -> None:
        self._graph, self._digits = graph, digits
        self._found: dict[Pair, Curvature] = {}

    def gather(self, probe: Probe, pairs: Sequence[Pair]) -> None:
        """Take quotients for smaller and smaller steps until every second derivative is decided."""
        output = self._graph.outputs[0]
        if type(probe.base()[output]) is Undefined:
            return
        stencils, settler = _Stencils(probe, output), Settler(probe.arithmetic, probe.wanted, probe.smallest)
        histories: dict[Pair, list[list[Quotients]]] = {pair: [[], []] for pair in pairs}
        for size in STEPS:
            for pair, found in stencils.quotients(list(histories), size):
                decisions = []
                for history, quotients in zip(histories[pair], found, strict=False):
                    history.append(quotients)
                    decisions.append(settler.decision(history, is_suspect=stencils.is_suspect(pair)))
                decided = [decision for decision in decisions if decision is not None]
                if len(decided) == len(decisions):
                    slope = self._written(pair, _joint(decided, probe), probe)
                    self._found[pair] = Curvature(slope, stencils.culprit(pair))
                    del histories[pair]

    def _written(self, pair: Pair, decision: Decision, probe: Probe) -> Slope:
        left, right = _side(decision.left, probe), _side(decision.right, probe)
        if decision.status not in ("smooth", "one-sided"):
            return Slope(self._name(pair), decision.status, None, None, left, right, decision.digits)
        text = probe.arithmetic.decimal(decision.value, probe.wanted)
        if math.isinf(float(text)):
            return Slope(self._name(pair), "overflow", text, None, left, right, decision.digits)
        return Slope(self._name(pair), decision.status, text, float(text), left, right, decision.digits)

    def _name(self, pair: Pair) -> str:
        return pair_name(*(self._graph.nodes[position].literal for position in pair))

    def found(self, pair: Pair) -> Curvature:
        """What there is to say of one second derivative."""
        undecided = Slope(self._name(pair), UNDECIDED.status, None, None, None, None, 0)
        return self._found.get(pair, Curvature(undecided))


def _side(limit: Limit | None, probe: Probe) -> str | None:
    if limit is None or limit.kind == "outside":
        return None
    if limit.kind == "infinite":
        return "+inf" if limit.value > 0 else "-inf"
    return probe.arithmetic.decimal(limit.value, probe.wanted)


def _joint(decisions: Sequence[Decision], probe: Probe) -> Decision:
    """One decision from those on two pairs of opposite quadrants: they must be the same."""
    first, *others = decisions
    for other in others:
        if first.status not in ("smooth", "one-sided"):
            return first
        if other.status not in ("smooth", "one-sided"):
            return other
        is_same = first.value == other.value
        if not is_same and probe.arithmetic.agreeing_digits(first.value, other.value) < probe.wanted - 2:
            return Decision("kink", None, first.right, other.right, min(first.digits, other.digits))
    return first


class _Stencils:
    """Second difference quotients around the point."""

    def __init__(self, probe: Probe, output: int) -> None:
        self._probe, self._output, self._causes = probe, output, Causes(probe)
        self._suspects: dict[int, list[int]] = {}
        self._apply = probe.arithmetic.apply

    def is_suspect(self, pair: Pair) -> bool:
        """Whether some primitive may be not smooth along one of the inputs."""
        for wrt in pair:
            if wrt not in self._suspects:
                self._suspects[wrt] = self._causes.suspects(self._output, wrt)
        return any(self._suspects[wrt] for wrt in pair)

    def culprit(self, pair: Pair) -> int | None:
        """The first of these primitives."""
        return next((node for wrt in pair for node in self._suspects.get(wrt, ())), None)

    def quotients(self, pairs: Sequence[Pair], size: int) -> Iterable[tuple[Pair, list[Quotients]]]:
        """For each pair, in order, the quotients on opposite sides: once for i = j, else for two pairs of quadrants."""
        if not pairs:
            return
        scales = {wrt: self._probe.scale(wrt, is_careful=self.is_suspect((wrt, wrt))) for p in pairs for wrt in p}
        lost = 2 * max(lost for _, lost in scales.values())
        enough = min(self._probe.floor + 2 * size + lost, self._probe.most)
        visible = self._probe.wanted + 2 * size + lost
        if visible > enough:
            return
        bits = {wrt: int((size - scale) * BITS_PER_DIGIT) for wrt, (scale, _) in scales.items()}
        grid = _Grid(self._probe, self._output, bits, enough, visible)
        for pair in pairs:
            found = grid.quotients(pair, size)
            if grid.is_doubtful:
                sure = min(CONFIRM * enough, self._probe.most)
                found = _Grid(self._probe, self._output, bits, sure, visible).quotients(pair, size)
                grid.is_doubtful = False
            yield pair, found


class _Grid:
    """Values of the function at the points of a grid, each computed once."""

    def __init__(self, probe: Probe, output: int, bits: dict[int, int], digits: int, visible: int) -> None:
        self._probe, self._output, self._bits = probe, output, bits
        self._digits, self._visible = digits, visible
        self._on_axes: dict[tuple[int, int], Any] = {}
        self._row = -1
        self._beside: dict[int, list[Any]] = {}
        """All values one step to each side along the first input of the present pair; pairs come in their order."""
        self.is_doubtful = False
        """Whether a difference was taken for zero since this was last set to False."""

    def quotients(self, pair: Pair, size: int) -> list[Quotients]:
        """The quotients by the two inputs of a pair."""
        base = self._probe.base(self._digits, self._visible)
        i, j = pair
        if i != self._row:
            self._row, self._beside = i, {}
        if i == j:
            found = {step: self._along(base, i, step) for step in (1, -1, 2, -2)}
            found[0] = base[self._output]
            triples = ((2, 1, 0), (0, -1, -2), (1, 0, -1))
            sides = [self._second([(1, found[a]), (-2, found[b]), (1, found[c])], i, j) for a, b, c in triples]
            return [Quotients(size, *sides)]
        quadrants = {(a, b): self._quadrant(base, pair, a, b) for a in (1, -1) for b in (1, -1)}
        central = self._mean(list(quadrants.values()))
        return [
            Quotients(size, quadrants[1, 1], quadrants[-1, -1], central),
            Quotients(size, quadrants[1, -1], quadrants[-1, 1], central),
        ]

    def _quadrant(self, base: list[Any], pair: Pair, a: int, b: int) -> Any:
        i, j = pair
        corner = self._probe.shifted(self._moved(base, a), j, b, self._bits[j])[self._output]
        sides = self._along(base, i, a), self._along(base, j, b)
        terms = [(a * b, corner), (-a * b, sides[0]), (-a * b, sides[1]), (a * b, base[self._output])]
        return self._second(terms, i, j)

    def _along(self, base: list[Any], wrt: int, steps: int) -> Any:
        """The value `steps` steps along one axis."""
        if (wrt, steps) not in self._on_axes:
            sign, bits = (1 if steps > 0 else -1), self._bits[wrt] - (abs(steps) == 2)
            is_known = wrt == self._row and abs(steps) == 1
            moved = self._moved(base, sign) if is_known else self._probe.shifted(base, wrt, sign, bits)
            self._on_axes[wrt, steps] = moved[self._output]
        return self._on_axes[wrt, steps]

    def _moved(self, base: list[Any], sign: int) -> list[Any]:
        """All values one step along the axis of the present row."""
        if sign not in self._beside:
            self._beside[sign] = self._probe.shifted(base, self._row, sign, self._bits[self._row])
        return self._beside[sign]

    def _second(self, terms: Sequence[tuple[int, Any]], i: int, j: int) -> Any:
        """The weighted sum of values over h_i h_j; exactly 0 where all digits cancel."""
        for _, value in terms:
            if type(value) is Undefined:
                return value
        arithmetic = self._probe.arithmetic
        total = sum((weight * value for weight, value in terms), arithmetic.zero)
        if total and arithmetic.is_negligible(total, max((value for _, value in terms), key=abs)):
            total, self.is_doubtful = arithmetic.zero, True
        return arithmetic.context.ldexp(total, self._bits[i] + self._bits[j])

    def _mean(self, quadrants: Sequence[Any]) -> Any:
        undefined = next((q for q in quadrants if type(q) is Undefined), None)
        return sum(quadrants, self._probe.arithmetic.zero) / 4 if undefined is None else undefined
