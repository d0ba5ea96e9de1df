"""Optimizers: what to do with a gradient. Each is a rule of a few lines, its formula, and where it comes from.

All share x ← x − η_t d_t with a learning rate η_t; the rule makes the direction d_t out of the gradient g_t and of what
it remembers, in numbers or in arrays alike. t counts from 1. The rules are those of torch.optim, step for step (PyTorch
2, documentation of `SGD`, `Adagrad`, `RMSprop` and `Adam`), unless the rule says otherwise.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from diffcli.errors import UsageError
from diffcli.learn import rules
from diffcli.learn.schedules import Schedule

Rule = Callable[..., tuple[Any, ...]]
"""(g, t, what is remembered …, hyperparameters by name) ↦ (d, what is remembered now …)."""
State = dict[str, Any]
"""Plain data: "t", the number of steps taken, and a list with an entry for each parameter of all that is remembered."""


def gradient_descent(g: Any, t: int) -> tuple[Any]:  # noqa: ARG001 - all rules are called alike
    """Steepest descent: d = g.

    Cauchy, 1847. On a quadratic with largest curvature L it converges for η < 2/L.
    """
    return (g,)


def sgd(g: Any, t: int) -> tuple[Any]:  # noqa: ARG001
    """Stochastic gradient descent: d = g, the gradient of a mini-batch.

    Robbins and Monro, 1951; deck 002. Where the gradient is that of the whole sum it is gradient descent.
    """
    return (g,)


def momentum_deck(g: Any, t: int, last: Any, *, beta: float = 0.9) -> tuple[Any, Any]:  # noqa: ARG001
    """Momentum as deck 002 has it: d = β g_{t−1} + g_t with g_0 = 0.

    It remembers the last gradient only; `momentum` is the usual one.
    """
    return beta * last + g, 1.0 * g  # remembered as it is now, whatever the caller does to its array


def momentum(g: Any, t: int, v: Any, *, beta: float = 0.9, dampening: float = 0.0) -> tuple[Any, Any]:
    """Momentum with a velocity: v_1 = g_1, v_t = β v_{t−1} + (1 − τ) g_t, d = v_t; τ is the dampening.

    Polyak, 1964 (heavy ball), in the form of torch.optim.SGD.
    """
    v = beta * v + (g if t == 1 or not dampening else (1 - dampening) * g)
    return v, v


def nesterov(g: Any, t: int, v: Any, *, beta: float = 0.9) -> tuple[Any, Any]:  # noqa: ARG001
    """Nesterov's momentum: v_t = β v_{t−1} + g_t, d = g_t + β v_t.

    Nesterov, 1983, as Sutskever et al., 2013, rewrote it, in the form of torch.optim.SGD; deck 004 names it.
    """
    v = beta * v + g
    return g + beta * v, v


def adagrad(g: Any, t: int, s: Any, *, epsilon: float = 1e-10) -> tuple[Any, Any]:  # noqa: ARG001
    """AdaGrad: s_t = s_{t−1} + g_t², d = g_t / (√s_t + ε).

    Duchi, Hazan and Singer, 2011.
    """
    s = s + g * g
    return g / (s**0.5 + epsilon), s


def rmsprop(g: Any, t: int, s: Any, *, alpha: float = 0.99, epsilon: float = 1e-8) -> tuple[Any, Any]:  # noqa: ARG001
    """RMSProp: s_t = α s_{t−1} + (1 − α) g_t², d = g_t / (√s_t + ε).

    Tieleman and Hinton, 2012; deck 002, which lacks the ε.
    """
    s = alpha * s + (1 - alpha) * (g * g)
    return g / (s**0.5 + epsilon), s


def adam(
    g: Any, t: int, m: Any, s: Any, *, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8
) -> tuple[Any, Any, Any]:
    """Adam: m_t = β₁ m_{t−1} + (1 − β₁) g_t, s_t = β₂ s_{t−1} + (1 − β₂) g_t²; with m̂ = m_t/(1 − β₁^t) and
    ŝ = s_t/(1 − β₂^t) the direction is d = m̂ / (√ŝ + ε).

    Kingma and Ba, 2015; deck 002, where t starts at 0, which divides by zero, and the ε is missing.
    """  # noqa: D205
    m = beta1 * m + (1 - beta1) * g
    s = beta2 * s + (1 - beta2) * (g * g)
    return (m / (1 - beta1**t)) / ((s / (1 - beta2**t)) ** 0.5 + epsilon), m, s


class Row:
    """What the registry knows of an optimizer."""

    def __init__(self, rule: Rule, rate: float, bound: Callable[..., float] | None = None) -> None:
        """`rate` is the usual learning rate; on a quadratic of curvature up to L it converges for η·L < `bound`."""
        self.rule, self.rate, self.bound = rule, rate, bound
        self.memory = rules.arguments(rule)[2:]
        """The names of what it remembers for each parameter."""
        self.defaults: Mapping[str, float] = rules.numbers(rule)
        """The hyperparameters with their usual values."""

    @property
    def formula(self) -> str:
        """What the rule says of itself, in one line."""
        return rules.formula(self.rule)


OPTIMIZERS = {
    "gradient-descent": Row(gradient_descent, 0.1, lambda: 2.0),
    "sgd": Row(sgd, 0.1, lambda: 2.0),
    "momentum-deck": Row(momentum_deck, 0.1, lambda beta: min(1 / beta if beta else math.inf, 2 / (1 - beta))),
    "momentum": Row(momentum, 0.01, lambda beta, dampening: 2 * (1 + beta) / (1 - dampening)),
    "nesterov": Row(nesterov, 0.01, lambda beta: 2 * (1 + beta) / (1 + 2 * beta)),
    "adagrad": Row(adagrad, 0.1),
    "rmsprop": Row(rmsprop, 0.01),
    "adam": Row(adam, 0.01),
}
"""The optimizers by name. The bounds follow from the roots of the recurrence on a quadratic (Schur and Cohn)."""


@dataclass(frozen=True)
class Optimizer:
    """A rule with its hyperparameters and a learning rate."""

    name: str
    rate: float
    """η, or the first rate of the schedule."""
    schedule: Schedule = field(default_factory=Schedule)
    hyperparameters: Mapping[str, float] = field(default_factory=dict)

    @property
    def row(self) -> Row:
        """Rule, formula and usual values."""
        return OPTIMIZERS[self.name]

    @property
    def bound(self) -> float | None:
        """On a quadratic of curvature up to L it converges for η·L below this; None where there is no such bound."""
        return self.row.bound(**self.hyperparameters) if self.row.bound else None

    def start(self, parameters: Sequence[Any]) -> State:
        """The state before the first step: nothing is remembered."""
        return {"t": 0, **{name: [_zero(x) for x in parameters] for name in self.row.memory}}

    def rate_at(self, t: int) -> float:
        """The learning rate of step t, counted from 1."""
        return self.schedule.rate(self.rate, t - 1)

    def step(self, parameters: Sequence[Any], gradients: Sequence[Any], state: State) -> tuple[list[Any], State]:
        """The parameters after one step, and the state; what was given is not changed."""
        changes, state = self.changes(gradients, state)
        return [x - change for x, change in zip(parameters, changes, strict=True)], state

    def changes(self, gradients: Sequence[Any], state: State) -> tuple[list[Any], State]:
        """What to subtract from the parameters, η_t d_t, and the state after it."""
        t, rule, known = state["t"] + 1, self.row.rule, self.hyperparameters
        rate, memory = self.rate_at(t), [state[name] for name in self.row.memory]
        results = [rule(g, t, *remembered, **known) for g, *remembered in zip(gradients, *memory, strict=True)]
        changes, *memory = map(list, zip(*results, strict=True)) if results else [[], *memory]
        return [rate * direction for direction in changes], {"t": t, **dict(zip(self.row.memory, memory, strict=True))}


def optimizer(
    name: str, rate: float | None = None, schedule: Schedule | None = None, **hyperparameters: float
) -> Optimizer:
    """The optimizer of this name; what is not given has its usual value. Raises UsageError for what does not exist."""
    if name not in OPTIMIZERS:
        raise UsageError(f"there is no optimizer {name!r}", hint=f"one of {', '.join(OPTIMIZERS)}")
    row = OPTIMIZERS[name]
    for key, value in hyperparameters.items():
        if key not in row.defaults:
            raise UsageError(
                f"{name} has no hyperparameter {key!r}",
                hint=f"it has {', '.join(row.defaults)}" if row.defaults else "it has none beside --rate",
            )
        _check(key, value)
    if rate is not None and not 0 < rate < math.inf:
        raise UsageError("the learning rate must be a positive number", hint="for example 0.1")
    chosen = {**row.defaults, **hyperparameters}
    return Optimizer(name, row.rate if rate is None else rate, schedule or Schedule(), chosen)


def saved(state: State) -> dict[str, Any]:
    """A state as numbers and arrays by name, as an .npz file holds them."""
    entries = {f"{name}.{k}": x for name, values in state.items() if name != "t" for k, x in enumerate(values)}
    return {"t": state["t"], **entries}


def restored(entries: Mapping[str, Any], start: State) -> State:
    """The state that was `saved`; `start` is the one before the first step, for the same parameters."""
    lists = {
        name: [_like(entries[f"{name}.{k}"], x) for k, x in enumerate(values)]
        for name, values in start.items()
        if name != "t"
    }
    return {"t": int(entries["t"]), **lists}


def _like(entry: Any, model: Any) -> Any:
    return float(entry) if isinstance(model, float) else entry


def _zero(parameter: Any) -> Any:
    """Zero, or zeros of the same shape and type."""
    if isinstance(parameter, float):
        return 0.0
    from diffcli.execute.array_library import library_of

    return library_of([parameter]).namespace.zeros_like(parameter)


def _check(key: str, value: float) -> None:
    """Refuse hyperparameters that no rule makes sense with."""
    is_share = key.startswith(("alpha", "beta", "dampening"))
    if not (0 <= value < 1 if is_share else 0 < value < math.inf):
        wanted = "from 0 to below 1" if is_share else "a positive number"
        raise UsageError(f"{key} must be {wanted}, not {value:g}")
