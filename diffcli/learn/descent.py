"""The record of `descend`, as plain frozen data: renderers read it, `to_dict()` is its JSON object."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from diffcli.learn.optimizers import Optimizer
from diffcli.studies.records import Cost
from diffcli.studies.values import SCHEMA, Problem, Value, finite, finite_value

Kind = Literal[
    "gradient", "value", "point", "target", "steps", "time", "diverged", "unbounded", "left the domain",
    "not differentiable", "overflow", "no number", "gave up",
]  # fmt: skip
"""The criterion that ended a descent, or what kept it from going on."""
CONVERGED = frozenset({"gradient", "value", "point", "target"})
EXIT_CODES: Mapping[str, int] = {
    "diverged": 1, "unbounded": 1, "no number": 1, "left the domain": 3, "not differentiable": 3, "overflow": 3,
}  # fmt: skip
"""Of endings that are no success; running out of steps or time is an ending like others, and `converged` is false."""


class Step(NamedTuple):
    """Where the descent is after so many steps."""

    number: int
    value: float
    gradient_norm: float
    rate: float
    """The learning rate of the step that follows."""
    length: float
    """How far the step to this point went; 0 for the start."""
    curvature: float | None
    """|Δg|/|Δx| of that step: no more than L, the largest curvature along it."""
    point: tuple[Value, ...] | None
    """The values of the variables that descend; None where there are too many to be kept."""


class Ending(NamedTuple):
    """Why a descent ended."""

    kind: Kind
    message: str
    problem: Problem | None = None
    """Where the function cannot be followed any further: the operation that is the cause."""

    @property
    def converged(self) -> bool:
        """Whether a criterion for a minimum, or the target, is met."""
        return self.kind in CONVERGED


class Divergence(NamedTuple):
    """What is known of a descent that went away from every minimum."""

    since: int
    """The step with the lowest value; from there on it went up."""
    curvature: float | None
    """L, estimated from the path."""
    bound: float | None
    """η·L below which this optimizer converges on a quadratic; None: it has no such bound."""
    rate: float
    """The learning rate at that step."""
    suggestion: float | None
    """A smaller rate with which the same descent was tried and does not go up; None: none was found."""

    @property
    def exceeds(self) -> bool:
        """Whether the rate is above the bound for the curvature seen: the likely cause."""
        return self.bound is not None and self.curvature is not None and self.rate * self.curvature > self.bound


@dataclass(frozen=True)
class MethodDescent:
    """One descent, with the gradients of one method."""

    method: str
    steps: tuple[Step, ...]
    """The start, and a row for each step."""
    ending: Ending
    end: tuple[Value, ...]
    """The last point at which value and gradient are finite."""
    cost: Cost
    """Of all its gradients, counted while they ran."""
    seconds: float
    """Of all its gradients together."""
    gradient_seconds: float | None
    """Of one gradient at the start, timed by itself."""
    divergence: Divergence | None = None
    distance: float | None = None
    """The largest distance of a point of this path from that of the first method after as many steps."""
    tolerance: float | None = None
    """How large it may be relative to 1 + |x|."""
    is_same_path: bool | None = None
    """None for the first method, and for one that gave up."""

    @property
    def taken(self) -> int:
        """How many steps it took."""
        return max(len(self.steps) - 1, 0)

    @property
    def last(self) -> Step:
        """The last point at which value and gradient are finite."""
        return self.steps[-1]


class Restart(NamedTuple):
    """A descent from a random start, in one line."""

    start: tuple[Value, ...]
    end: tuple[Value, ...]
    value: float | None
    taken: int
    kind: Kind


class Landscape(NamedTuple):
    """The function on a grid around the path, for two variables."""

    names: tuple[str, str]
    x: tuple[float, ...]
    y: tuple[float, ...]
    values: tuple[tuple[float, ...], ...]
    """One row for each y."""
    path: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Descent:
    """The record of `descend`: the same descent by one or several methods, and what else was tried."""

    input: str
    """As typed."""
    source: str
    expression: str
    pretty: str
    latex: str
    output: str
    """The name of what is made small."""
    variables: tuple[str, ...]
    """Those that descend."""
    start: tuple[Value, ...]
    fixed: Mapping[str, Value]
    """The other variables."""
    optimizer: Optimizer
    criteria: Mapping[str, float | None]
    runs: tuple[MethodDescent, ...]
    """By the methods in the order asked for; the first is shown in full."""
    restarts: tuple[Restart, ...] = ()
    """From the given start, then from random ones."""
    seed: int = 0
    landscape: Landscape | None = None
    notes: tuple[str, ...] = ()

    @property
    def first(self) -> MethodDescent:
        """The descent that is shown in full: the first whose method did not give up."""
        return next((run for run in self.runs if run.steps), self.runs[0])

    @property
    def best(self) -> Restart | None:
        """The restart that ended lowest; None where none was asked for, or none ended at a finite value."""
        known = [one for one in self.restarts if one.value is not None]
        return min(known, key=lambda one: one.value or 0.0, default=None)

    @property
    def exit_code(self) -> int:
        """0 it ended by a criterion, 1 it diverged or the methods went apart, 3 it left the domain."""
        codes = [EXIT_CODES.get(run.ending.kind, 0) for run in self.runs]
        return max(*codes, int(any(run.is_same_path is False for run in self.runs)))

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of `diffcli descend --format json`; strict JSON, no nan or infinity."""
        first, best = self.first, self.best
        return {
            "schema": SCHEMA,
            "command": "descend",
            "input": self.input,
            "expression": self.expression,
            "variables": list(self.variables),
            "from": self._named(self.start),
            "fixed": {name: finite_value(value) for name, value in self.fixed.items()},
            "optimizer": {
                "name": self.optimizer.name,
                "rate": self.optimizer.rate,
                **self.optimizer.hyperparameters,
                "schedule": {"name": self.optimizer.schedule.name, **self.optimizer.schedule.numbers},
            },
            "criteria": dict(self.criteria),
            "method": first.method,
            "converged": first.ending.converged,
            "stopped_by": first.ending.kind,
            "message": first.ending.message,
            "point": self._named(first.end),
            "value": finite(first.last.value) if first.steps else None,
            "gradient_norm": finite(first.last.gradient_norm) if first.steps else None,
            "methods": {run.method: self._run(run) for run in self.runs},
            "steps": [self._step(step) for step in first.steps],
            "restarts": [self._restart(one) for one in self.restarts],
            "best": best and self._restart(best),
            "seed": self.seed,
            "exit_code": self.exit_code,
            "notes": list(self.notes),
        }

    def _named(self, values: Sequence[Value]) -> dict[str, Any]:
        return {name: finite_value(value) for name, value in zip(self.variables, values, strict=False)}

    def _run(self, run: MethodDescent) -> dict[str, Any]:
        ending, found = run.ending, run.divergence
        return {
            "status": "gave up" if ending.kind == "gave up" else "ok",
            "steps": run.taken,
            "converged": ending.converged,
            "stopped_by": ending.kind,
            "message": ending.message,
            "problem": ending.problem and ending.problem.message,
            "point": self._named(run.end),
            "value": finite(run.last.value) if run.steps else None,
            "divergence": found and {**found._asdict(), "exceeds": found.exceeds},
            "distance": finite(run.distance),
            "tolerance": run.tolerance,
            "same_path": run.is_same_path,
            "cost": run.cost._asdict(),
            "seconds": {"all": run.seconds, "gradient": run.gradient_seconds},
        }

    def _step(self, step: Step) -> dict[str, Any]:
        return {
            "step": step.number,
            "value": finite(step.value),
            "gradient_norm": finite(step.gradient_norm),
            "rate": step.rate,
            "length": finite(step.length),
            "curvature": finite(step.curvature),
            "point": self._named(step.point) if step.point else None,
        }

    def _restart(self, one: Restart) -> dict[str, Any]:
        return {
            "from": self._named(one.start),
            "point": self._named(one.end),
            "value": finite(one.value),
            "steps": one.taken,
            "stopped_by": one.kind,
        }
