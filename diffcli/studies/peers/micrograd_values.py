"""micrograd: a hundred lines that teach reverse mode; functions it lacks are added as its user would add them."""

import math
import sys
from collections.abc import Callable, Sequence
from typing import Any

from diffcli.graph.program import Graph
from diffcli.studies.peers.peer import Gradient, NotApplicable
from diffcli.studies.peers.program import COMPARISONS, function

ADDED: dict[str, tuple[Callable[[float], float], Callable[[float, float], float]]] = {
    "exp": (math.exp, lambda _, y: y),
    "ln": (math.log, lambda x, _: 1 / x),
    "sin": (math.sin, lambda x, _: math.cos(x)),
    "cos": (math.cos, lambda x, _: -math.sin(x)),
    "tanh": (math.tanh, lambda _, y: 1 - y * y),
}
"""Function, and derivative by argument x and result y. micrograd itself has + − · / relu and constant powers."""


def gradient(graph: Graph, count: int, threads: int) -> Gradient:  # noqa: ARG001 - it has no threads
    """With the functions that are added here."""
    from micrograd.engine import Value

    if count:
        raise NotApplicable("micrograd computes with one number at a time")
    known = functions() | {"pow": _power(Value)} | dict.fromkeys(COMPARISONS, _compared)
    return of(function(graph, known, "micrograd"))


def functions() -> dict[str, Callable[..., Any]]:
    """What it has beside operators, and what is added."""
    from micrograd.engine import Value

    found: dict[str, Callable[..., Any]] = {op: _added(Value, *pair) for op, pair in ADDED.items()}
    return found | {"sqrt": lambda x: x**0.5, "relu": lambda x: x.relu()}


def of(program: Callable[..., Any]) -> Gradient:
    """New values for every gradient, as it keeps the derivatives in them."""
    from micrograd.engine import Value

    sys.setrecursionlimit(10**7)  # `backward` goes as deep as the program is long

    def run(*numbers: float) -> Any:
        inputs = [Value(number) for number in numbers]
        result = program(*inputs)
        result.backward()
        return result.data, [one.grad for one in inputs]

    return Gradient(tuple, run, lambda result: result)


def _added(kind: Any, f: Callable[[float], float], slope: Callable[[float, float], float]) -> Callable[[Any], Any]:
    def apply(x: Any) -> Any:
        result = kind(f(x.data), (x,), "")

        def backward() -> None:
            x.grad += slope(x.data, result.data) * result.grad

        result._backward = backward  # noqa: SLF001 - how all operations of micrograd are made
        return result

    return apply


def _power(kind: Any) -> Callable[[Any, Any], Any]:
    def power(x: Any, y: Any) -> Any:
        if isinstance(y, kind):
            raise NotApplicable("micrograd has constant exponents only")
        return x**y

    return power


def _compared(*_: Sequence[Any]) -> Any:
    raise NotApplicable("micrograd has no comparisons")
