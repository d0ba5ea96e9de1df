"""Where the error of a program in floating point arises: every node in doubles beside the same node in many digits.

From a wrong result the way leads backwards, at each node to the argument whose error contributes most, until a node
is reached whose own rounding is the source. On that way some node turns a small error into a large one (it cancels, or
is ill-conditioned), or the source itself is too large or too small for a double. The programs are plain graphs: the
primal, the adjoint or the tangent program, the formulas of the symbolic method.
"""

import math
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from diffcli.execute.floats import FLOATS
from diffcli.execute.interpreter import evaluate
from diffcli.execute.magnitudes import Undefined, binary_exponent
from diffcli.graph.program import CONSTANT, Graph
from diffcli.studies.probe import Probe

Kind = Literal["cancellation", "conditioning", "overflow", "underflow", "pole", "rounding", "inaccurate"]
DIGITS = 40
UNIT = 2.0**-53
"""The largest relative error of one rounding."""
SMALLEST_NORMAL, LARGEST = 2.0**-1022, 2.0**1023 * (2 - 2.0**-52)
LEAST_LOSS = 1.0
"""Digits that a node must lose to be called the cause."""
SHARE = 1 / 3
"""The first node that loses at least this part of what the worst one loses is where the trouble begins."""
ANOTHER = 1e-20
ALL = 16.0
"""Digits of a double."""


class Origin(NamedTuple):
    """Where an error arises."""

    kind: Kind
    node: int
    """Its position in the program."""
    digits_lost: float | None
    """Decimal digits that are lost at this node: the logarithm of its condition; at most all 16."""
    source: int
    """The node whose rounding error it is that is magnified."""
    undefined: int | None = None
    """The first node on the way that is nan, such as inf − inf or 0·∞."""


class Step(NamedTuple):
    """One step backwards: the node, the argument most of its error comes from, and how many digits that costs."""

    node: int
    argument: int
    loss: float


class Comparison:
    """All nodes of a program at a point, in doubles and in many digits."""

    def __init__(self, graph: Graph, point: Sequence[float], deadline: float) -> None:
        """Evaluate both; raises `OutOfTime` at the `deadline` (by `perf_counter`)."""
        self.graph = graph
        self.floats: list[float] = evaluate(graph, FLOATS, point)
        self.probe = Probe(graph, point, DIGITS, deadline)
        self.exact = self.probe.base()
        self._arithmetic = self.probe.arithmetic

    def relative_error(self, node: int) -> float:
        """Of the double at a node; infinite where it is none, or where 0 would be right."""
        exact = self.exact[node]
        if type(exact) is Undefined or not math.isfinite(self.floats[node]):
            return math.inf
        return self._ratio(self._number(node) - exact, exact)

    def origin(self, output: int) -> Origin:
        """Where the error of the node `output` arises."""
        steps = list[Step]()
        node, undefined = output, None
        while True:
            if math.isnan(self.floats[node]):
                undefined = node
            step = self._step(node)
            if step is None:
                break
            steps.append(step)
            node = step.argument
        if kind := self._kind_of_source(node):
            return Origin(kind, node, self._missing(node) if kind == "underflow" else None, node, undefined)
        return self._amplified(steps, node, undefined)

    def is_another(self, node: int, truth: str) -> bool:
        """Whether the node is another number than `truth` in exact arithmetic too: no rounding is to blame."""
        exact = self.exact[node]
        if type(exact) is Undefined:
            return False
        true = self._arithmetic.context.mpf(truth)
        return bool(abs(exact - true) > ANOTHER * max(abs(true), abs(exact)))

    def _amplified(self, steps: Sequence[Step], source: int, undefined: int | None) -> Origin:
        """The first node on the way that magnifies the rounding error of `source`."""
        worst = max((step.loss for step in steps), default=0.0)
        if worst < LEAST_LOSS:
            kind: Kind = "inaccurate" if self.relative_error(source) > 100 * UNIT else "rounding"
            return Origin(kind, source, None, source, undefined)
        step = next(step for step in reversed(steps) if step.loss >= max(LEAST_LOSS, SHARE * min(worst, ALL)))
        is_sum = self.graph.nodes[step.node].op in ("add", "sub")
        return Origin("cancellation" if is_sum else "conditioning", step.node, min(step.loss, ALL), source, undefined)

    def _kind_of_source(self, node: int) -> Kind | None:
        """What is special about a node that none of its arguments is to blame for."""
        exact, value = self.exact[node], self.floats[node]
        if type(exact) is Undefined:
            return "overflow" if exact.kind == "limit" else "pole"
        if not math.isfinite(value):
            return "overflow"
        if exact and abs(exact) < SMALLEST_NORMAL and self.relative_error(node) > 2 * UNIT:
            return "underflow"
        return None

    def _missing(self, node: int) -> float:
        """The digits that a subnormal number has fewer than others."""
        return max(0.0, min(ALL, math.log10(self.relative_error(node) / UNIT)))

    def _step(self, node: int) -> Step | None:
        """One step backwards; None where no argument contributes more than the rounding of the node itself."""
        args = dict.fromkeys(self.graph.nodes[node].args)
        if not args:
            return None
        found = {argument: self._contribution(node, argument) for argument in args}
        infinite = [argument for argument, size in found.items() if size == math.inf]
        own = self._own_rounding(node)
        if infinite and own != math.inf:
            return Step(node, min(infinite, key=lambda a: (math.isfinite(self.floats[a]), a)), 0.0)
        worst = max(found, key=lambda argument: found[argument])
        if own == math.inf or not found[worst] or own >= found[worst]:
            return None
        return Step(node, worst, self._loss(node, worst, found[worst]))

    def _loss(self, node: int, argument: int, contribution: Any) -> float:
        """The digits by which the relative error of the node is larger than that of its argument."""
        before = self.relative_error(argument)
        after = self._ratio(contribution, self.exact[node])
        if after == math.inf or before == 0:
            return ALL
        return math.log10(after / before) if after and math.isfinite(before) else 0.0

    def _contribution(self, node: int, argument: int) -> Any:
        """How much the error of one argument changes the node; infinite where there is no number."""
        exact, value = self.exact[argument], self.floats[argument]
        if type(exact) is Undefined or not math.isfinite(value):
            return math.inf
        if type(self.exact[node]) is Undefined:
            return 0
        if self._number(argument) == exact:
            return 0
        args = [self._number(a) if a == argument else self.exact[a] for a in self.graph.nodes[node].args]
        if any(type(arg) is Undefined for arg in args):
            return 0
        changed = self._arithmetic.apply(self.graph.nodes[node].op, *args)
        return math.inf if type(changed) is Undefined else abs(changed - self.exact[node])

    def _own_rounding(self, node: int) -> Any:
        """How far the double is from the exact result for the same arguments; infinite where it overflows."""
        args = self.graph.nodes[node].args
        if not all(math.isfinite(self.floats[argument]) for argument in args):
            return 0
        result = self._arithmetic.apply(self.graph.nodes[node].op, *map(self._number, args))
        if type(result) is Undefined:
            return 0
        return abs(self._number(node) - result) if math.isfinite(self.floats[node]) else math.inf

    def _number(self, node: int) -> Any:
        return self._arithmetic.context.mpf(self.floats[node])

    def _ratio(self, part: Any, whole: Any) -> float:
        """|part / whole| as a double, whatever their exponents."""
        if not part:
            return 0.0
        if not whole:
            return math.inf
        exponent = binary_exponent(part) - binary_exponent(whole)
        return 2.0**exponent if abs(exponent) > 1000 else float(abs(part / whole))

    def is_literal(self, node: int) -> bool:
        """Whether a node is a constant that is no double."""
        return self.graph.nodes[node].op == CONSTANT and self.relative_error(node) > 0
