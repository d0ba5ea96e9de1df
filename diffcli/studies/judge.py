"""The judge: which derivative is right, decided from values of the function alone in 50 and more digits.

It differences the primal on both sides of the point, starting from the exact binary values of the inputs, until two
step sizes and two precisions give the same digits. The table's partial derivatives are never read, so a wrong row of
the table cannot hide here. Seeing both sides of the whole function, the judge knows that x·|x| has a derivative at 0
and |x| has none.
"""

import math
from collections.abc import Sequence
from time import perf_counter

from diffcli.execute.magnitudes import Undefined
from diffcli.graph.program import Graph
from diffcli.studies.causes import Causes
from diffcli.studies.probe import STEPS, OutOfTime, Probe, Quotients
from diffcli.studies.reference import Cause, Reference, ReferenceStatus, Slope, SlopeStatus
from diffcli.studies.slopes import UNDECIDED, Decision, Limit, Settler

__all__ = ["Cause", "Reference", "Slope", "judge"]

SECONDS = 1.5
"""How long the judge may take for a small program."""
SECONDS_PER_SLOPE_AND_OPERATION = 1e-4
"""How much longer for each derivative of each operation of a large one."""
MOST_SECONDS = 8.0
TIME, NO_LIMIT = "the judge's time is used up", "the difference quotients settle on no limit"
OUTCOMES: dict[str, ReferenceStatus] = {
    "kink": "not differentiable",
    "infinite": "not differentiable",
    "outside": "outside",
    "overflow": "overflow",
    "undecided": "limit",
}
"""The status of an output from the worst status among its slopes; the first that occurs counts."""


def judge(
    graph: Graph,
    point: Sequence[float],
    wrt: Sequence[int] | None = None,
    digits: int = 50,
    seconds: float | None = None,
) -> tuple[Reference, ...]:
    """The value and the derivatives of every output of `graph` at `point` (one float per input).

    Args:
        graph: The program; only its primal is used.
        point: The exact values of the inputs.
        wrt: Positions of the inputs to differentiate by; all of them by default.
        digits: How many digits have to agree.
        seconds: When to give up; by default 1.5, and up to 8 for programs with many inputs and operations.
    """
    chosen = tuple(graph.inputs if wrt is None else wrt)
    if seconds is None:
        seconds = min(SECONDS + SECONDS_PER_SLOPE_AND_OPERATION * len(chosen) * graph.operations, MOST_SECONDS)
    outputs = list(zip(graph.outputs, graph.output_names, strict=True))
    try:
        probe = Probe(graph, point, digits, perf_counter() + seconds)
    except OutOfTime:
        names = [graph.nodes[position].literal for position in chosen]
        causes = {o: Cause(o, graph.nodes[o].op, "limit", TIME, "") for o in graph.outputs}
        return tuple(_without_value(name, names, causes[output]) for output, name in outputs)
    trial = _Trial(probe, chosen)
    return tuple(trial.reference(output, name) for output, name in outputs)


def _without_value(name: str, variables: Sequence[str], cause: Cause) -> Reference:
    is_limit = cause.kind == "limit"
    status: SlopeStatus = "undecided" if is_limit else "outside"
    slopes = tuple(Slope(variable, status, None, None, None, None, 0) for variable in variables)
    return Reference(name, None, None, slopes, cause, "limit" if is_limit else "outside")


class _Trial:
    """The evidence on one point, and the references that follow from it."""

    def __init__(self, probe: Probe, wrt: Sequence[int]) -> None:
        self._probe = probe
        self._wrt = wrt
        self._names = [probe.graph.nodes[position].literal for position in wrt]
        self._causes = Causes(probe)
        self._settler = Settler(probe.arithmetic, probe.wanted, probe.smallest)
        self._histories: dict[tuple[int, int], list[Quotients]] = {}
        self._decisions: dict[tuple[int, int], Decision] = {}
        """By the positions of output and input."""
        self._gave_up = NO_LIMIT
        try:
            self._gather()
        except OutOfTime:
            self._gave_up = TIME

    def _gather(self) -> None:
        """Take quotients for smaller and smaller steps until every slope is decided."""
        values = self._probe.base()
        defined = [o for o in dict.fromkeys(self._probe.graph.outputs) if type(values[o]) is not Undefined]
        pending = {wrt: [o for o in defined if self._probe.active(wrt)[o]] for wrt in self._wrt}
        for sizes in (STEPS[:2], *([size] for size in STEPS[2:])):  # two steps settle most inputs
            for wrt, outputs in pending.items():
                for size in sizes:
                    outputs[:] = self._narrowed(outputs, wrt, size)

    def _narrowed(self, outputs: list[int], wrt: int, size: int) -> list[int]:
        """The outputs whose slope by the input at `wrt` is still undecided after this step."""
        if not outputs:
            return []
        suspects = {output: bool(self._causes.suspects(output, wrt)) for output in outputs}
        quotients = self._probe.quotients(wrt, size, outputs, is_careful=any(suspects.values()))
        for output, quotient in zip(outputs, quotients, strict=True):
            history = self._histories.setdefault((output, wrt), [])
            history.append(quotient)
            decision = self._settler.decision(history, is_suspect=suspects[output])
            if decision is not None:
                self._decisions[output, wrt] = decision
        return [output for output in outputs if (output, wrt) not in self._decisions]

    def reference(self, output: int, name: str) -> Reference:
        """What there is to say of one output."""
        try:
            value = self._probe.value(output)
        except OutOfTime:
            value = None
            self._gave_up = TIME
        if value is None:
            return _without_value(name, self._names, self._causes.limit(output, self._gave_up))
        if type(value) is Undefined:
            return _without_value(name, self._names, self._causes.undefined(output))
        text = self._probe.arithmetic.decimal(value, self._probe.wanted)
        slopes = tuple(self._slope(output, wrt) for wrt in self._wrt)
        if math.isinf(float(text)):
            return Reference(name, text, None, slopes, self._causes.value_overflow(output), "overflow")
        status, cause = self._outcome(output, slopes)
        return Reference(name, text, float(text), slopes, cause, status)

    def _slope(self, output: int, wrt: int) -> Slope:
        name = self._probe.graph.nodes[wrt].literal
        if not self._probe.active(wrt)[output]:
            return Slope(name, "smooth", "0", 0.0, "0", "0", self._probe.wanted, structural_zero=True)
        decision = self._decisions.get((output, wrt), UNDECIDED)
        left, right = self._side(decision.left), self._side(decision.right)
        if decision.status not in ("smooth", "one-sided"):
            return Slope(name, decision.status, None, None, left, right, decision.digits)
        text = self._probe.arithmetic.decimal(decision.value, self._probe.wanted)
        if math.isinf(float(text)):
            return Slope(name, "overflow", text, None, left, right, decision.digits)
        return Slope(name, decision.status, text, float(text), left, right, decision.digits)

    def _side(self, limit: Limit | None) -> str | None:
        if limit is None or limit.kind == "outside":
            return None
        if limit.kind == "infinite":
            return "+inf" if limit.value > 0 else "-inf"
        return self._probe.arithmetic.decimal(limit.value, self._probe.wanted)

    def _outcome(self, output: int, slopes: Sequence[Slope]) -> tuple[ReferenceStatus, Cause | None]:
        """The status of the output and the operation that is the cause of it."""
        for status, outcome in OUTCOMES.items():
            for wrt, slope in zip(self._wrt, slopes, strict=True):
                if slope.status == status:
                    return outcome, self._cause(output, wrt, status)
        return "differentiable", None

    def _cause(self, output: int, wrt: int, status: str) -> Cause | None:
        if status in ("kink", "infinite"):
            return self._causes.corner(output, wrt, status)
        size = self._histories[output, wrt][-1].size if status != "undecided" else 0
        try:
            if status == "overflow":
                return self._causes.slope_overflow(output, wrt, size)
            if status == "outside":
                return self._causes.beside(output, wrt, size)
        except OutOfTime:
            return self._causes.limit(output, TIME)
        return self._causes.limit(output, self._gave_up)
