"""What one step of training costs: finite differences against reverse mode, for more and more parameters.

The network is a perceptron with 9 features, one layer of hidden tanh units without biases, and one output, so that 10
parameters belong to each unit. What runs is counted while it runs.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from time import perf_counter
from typing import Any

from diffcli.errors import UsageError
from diffcli.execute.flat import Elements, flat, flattened
from diffcli.graph.program import Graph
from diffcli.language.reading import parse
from diffcli.methods.finite import CENTERED
from diffcli.methods.method import Meter
from diffcli.methods.registry import prepare
from diffcli.methods.reverse import adjoint_program
from diffcli.studies.running import ARRAYS
from diffcli.studies.timing import LONG, measure
from diffcli.studies.values import SCHEMA, finite

Array = Any
TEXT = """\
A2 = tanh(X @ W1.T)
Z3 = A2 @ W2.T
mean(softplus(Z3) - Y*Z3)"""
FEATURES = 9
PER_UNIT = FEATURES + 1
ROWS = 8
"""Samples of the mini-batch."""
SAMPLE = 100
"""Parameters that stand for all others where these are too many to be differenced one by one."""
SECONDS = 0.02
MOST_PARAMETERS, MOST_WHOLE, MOST_SIZES = 1_000_000, 100_000, 20


@dataclass(frozen=True)
class Step:
    """One gradient of a network with so many parameters, both ways."""

    parameters: int
    operations: int
    """Of one evaluation of the loss."""
    seconds: float
    """Of one evaluation of the loss."""
    differenced: int
    """Parameters whose difference was really taken."""
    evaluations: int
    """Evaluations of the loss that ran for them."""
    difference_seconds: float
    """How long these took."""
    sweeps: int
    sweep_operations: int
    sweep_seconds: float
    error: float
    """The largest deviation of a difference from reverse mode, relative to the largest derivative."""

    @property
    def is_extrapolated(self) -> bool:
        """Whether only a sample of the parameters was differenced."""
        return self.differenced < self.parameters

    @property
    def all_evaluations(self) -> int:
        """Evaluations for all parameters: those that ran, or so many for each parameter."""
        return self.evaluations * self.parameters // self.differenced

    @property
    def all_seconds(self) -> float:
        """The time for all parameters: measured, or so much for each parameter."""
        return self.difference_seconds * self.parameters / self.differenced

    @property
    def ratio(self) -> float:
        """How many times as long finite differences take."""
        return self.all_seconds / self.sweep_seconds

    def to_dict(self) -> dict[str, Any]:
        """Its JSON object."""
        return {
            "parameters": self.parameters,
            "function": {"operations": self.operations, "seconds": self.seconds},
            "finite": {
                "function_evaluations": self.all_evaluations,
                "operations": self.all_evaluations * self.operations,
                "seconds": self.all_seconds,
                "extrapolated": self.is_extrapolated,
                "differenced": self.differenced,
                "evaluations_run": self.evaluations,
                "seconds_run": self.difference_seconds,
            },
            "reverse": {"sweeps": self.sweeps, "operations": self.sweep_operations, "seconds": self.sweep_seconds},
            "ratio": self.ratio,
            "error": finite(self.error),
        }


@dataclass(frozen=True)
class CostStudy:
    """The cost of a step against the number of parameters."""

    steps: tuple[Step, ...]
    seed: int = 0

    @property
    def holds(self) -> bool:
        """Whether every count is as the lectures claim: 2 evaluations for each parameter, against one sweep."""
        return all(step.all_evaluations == 2 * step.parameters and step.sweeps == 1 for step in self.steps)

    @property
    def exit_code(self) -> int:
        """0 where the counts are as claimed."""
        return int(not self.holds)

    def growth(self, seconds: Callable[[Step], float]) -> float | None:
        """The power of the number of parameters with which a time grows, from the second half of the sizes."""
        half = self.steps[len(self.steps) // 2 - 1 :] if len(self.steps) > 1 else ()
        slopes = [math.log(seconds(b) / seconds(a)) / math.log(b.parameters / a.parameters) for a, b in pairwise(half)]
        return sum(slopes) / len(slopes) if slopes else None

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `diffcli cost --format json`."""
        return {
            "schema": SCHEMA,
            "command": "cost",
            "program": TEXT,
            "samples": ROWS,
            "seed": self.seed,
            "steps": [step.to_dict() for step in self.steps],
            "growth": {
                "finite": self.growth(lambda step: step.all_seconds),
                "reverse": self.growth(lambda step: step.sweep_seconds),
            },
            "holds": self.holds,
        }


def cost_study(
    sizes: Sequence[int], whole: int = 1000, seed: int = 0, advance: Callable[[str], None] | None = None
) -> CostStudy:
    """A step for each number of parameters; beyond `whole` finite differences run on a sample. Raises UsageError."""
    _check(sizes, whole)
    steps = []
    for size in sorted(set(sizes)):
        if advance:
            advance(f"{size} parameters")
        steps.append(step(size, whole, seed))
    return CostStudy(tuple(steps), seed)


def _check(sizes: Sequence[int], whole: int) -> None:
    for size in sizes:
        if size < PER_UNIT or size % PER_UNIT:
            raise UsageError(
                f"{size} parameters cannot be had", hint=f"a multiple of {PER_UNIT}: so many each unit has"
            )
        if size > MOST_PARAMETERS:
            raise UsageError(f"{size} parameters are too many", hint=f"at most {MOST_PARAMETERS}", kind="limit")
    if not sizes or len(sizes) > MOST_SIZES:
        raise UsageError(f"--parameters takes 1 to {MOST_SIZES} numbers", hint="for example 10,100,1000")
    if not 0 <= whole <= MOST_WHOLE:
        raise UsageError(f"--whole lies between 0 and {MOST_WHOLE}", kind="limit")


def network(size: int) -> Graph:
    """The loss of a network with so many parameters."""
    shapes = {"X": (ROWS, FEATURES), "Y": (ROWS, 1), "W1": (size // PER_UNIT, FEATURES), "W2": (1, size // PER_UNIT)}
    graph = parse(TEXT, tuple(shapes), shapes=shapes).graph
    by_name = dict(zip(graph.variables, graph.inputs, strict=True))
    return replace(graph, inputs=tuple(by_name[name] for name in shapes))  # what is learned stands last


def values(graph: Graph, seed: int) -> list[Array]:
    """Random samples, labels and weights."""
    import numpy as np

    random = np.random.default_rng(seed)
    made: dict[str, Array] = {
        name: random.normal(size=graph.nodes[p].shape) for name, p in zip(graph.variables, graph.inputs, strict=True)
    }
    made["Y"] = (made["Y"] > 0) * 1.0
    made["W2"] = made["W2"] / math.sqrt(made["W2"].size)
    return list(made.values())


def step(size: int, whole: int, seed: int) -> Step:
    """Both gradients of one network: counted, timed, compared."""
    import numpy as np

    graph = network(size)
    point, wrt = values(graph, seed), graph.inputs[2:]
    function = ARRAYS.compiler(graph, "evaluation")
    meter = Meter()
    reverse = meter.wrap(ARRAYS.compiler)(adjoint_program(graph, graph.outputs[0], wrt).graph, "sweep")
    derivatives = flattened([np.asarray(array) for array in reverse(point)[1:]])
    sweeps, operations = meter.sweeps, meter.operations
    chosen = range(size) if size <= whole else sample(size)
    found, evaluations, seconds = differences(graph, wrt, point, chosen)
    scale = max(map(abs, derivatives)) or 1.0
    return Step(
        size, graph.operations, measure(lambda: function(point), SECONDS).median, len(chosen), evaluations, seconds,
        sweeps, operations, measure(lambda: reverse(point), SECONDS).median,
        max(abs(a - derivatives[k]) for a, k in zip(found, chosen, strict=True)) / scale,
    )  # fmt: skip


def sample(size: int) -> list[int]:
    """Parameters at equal distances from the first to the last."""
    count = min(SAMPLE, size)
    return [k * (size - 1) // (count - 1) for k in range(count)]


def differences(
    graph: Graph, wrt: Sequence[int], point: Sequence[Array], chosen: Sequence[int]
) -> tuple[list[float], int, float]:
    """Centered differences by the chosen parameters; the evaluations of the loss they took, and the seconds."""
    meter = Meter()
    compiler = meter.wrap(ARRAYS.compiler)
    if len(chosen) == sum(len(flattened([value])) for value in point[-len(wrt) :]):
        method = prepare("finite", graph, wrt, compiler)
        return _timed(lambda: list(method(point).rows[0]), meter)
    program = flat(compiler(graph, "evaluation"))
    elements = Elements(point)
    first = len(elements) - sum(len(flattened([value])) for value in point[-len(wrt) :])
    return _timed(lambda: [difference(program, elements, first + number) for number in chosen], meter)


def _timed(run: Callable[[], list[float]], meter: Meter) -> tuple[list[float], int, float]:
    """What comes out, what was counted, and the seconds; a short run warms up first."""
    for _ in range(2):
        meter.evaluations, began = 0, perf_counter()
        found = run()
        seconds = perf_counter() - began
        if seconds > LONG:
            break
    return found, meter.evaluations, seconds


def difference(program: Callable[[Elements], Sequence[float]], elements: Elements, number: int) -> float:
    """(f(x + h d) − f(x − h d)) / 2h along one element."""
    x = elements[number]
    h = CENTERED.default_step(x)
    found = []
    for offset in CENTERED.offsets:
        elements[number] = x + offset * h
        found.append(program(elements))
    elements[number] = x
    return CENTERED.slopes(found, h)[0]
