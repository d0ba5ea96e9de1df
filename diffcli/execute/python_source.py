"""Straight-line Python source for scalar programs, several times faster than the interpreter.

    def program(values):
        v0, v1 = values
        v2 = ln(v0)
        ...

The text contains only positions, our own operation names and the digits of numbers; no name of the user gets in.
Bare functions of Python's math raise where IEEE 754 gives inf or nan; such a point is run again by the IEEE functions
of which `loop` is the quick form.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from diffcli.execute.floats import CONSTANTS, function
from diffcli.execute.loop import looped
from diffcli.graph.ops import OPS
from diffcli.graph.program import CONSTANT, INPUT, Graph, Node

MAX_NODES = 4000
"""Above this, Python's compiler takes longer than a loop over the flat graph would save."""
TEMPLATES = {
    "add": "{} + {}",
    "sub": "{} - {}",
    "mul": "{} * {}",
    "div": "{} / {}",
    "neg": "-{}",
    "where": "{1} if {0} else {2}",
    "lt": "1.0 if {} < {} else 0.0",
    "le": "1.0 if {} <= {} else 0.0",
    "gt": "1.0 if {} > {} else 0.0",
    "ge": "1.0 if {} >= {} else 0.0",
    "eq": "1.0 if {} == {} else 0.0",
    "ne": "1.0 if {} != {} else 0.0",
}
BARE = frozenset(
    "exp expm1 ln log1p log2 log10 sqrt cbrt sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh abs "
    "hypot erf erfc pow".split()
)
"""Primitives whose function in Python's math gives the same number whenever it does not raise."""

Program = Callable[[Sequence[float]], Sequence[float]]


def compiled(graph: Graph) -> Program:
    """A runnable program: values of the inputs in, values of the outputs out."""
    needed = graph.pruned()
    if len(needed.nodes) > MAX_NODES:
        return looped(needed)
    namespace: dict[str, Any] = {node.op: _python_function(node.op) for node in needed.nodes if node.op in OPS}
    exec(compile(source(needed), "<diffcli program>", "exec"), namespace)  # noqa: S102 - our own text, see above
    straight: Program = namespace["program"]
    careful: list[Program] = []

    def run(values: Sequence[float]) -> Sequence[float]:
        try:
            return straight(values)
        except (ArithmeticError, ValueError):
            careful[:] = careful or [looped(needed)]
            return careful[0](values)

    return run


def source(graph: Graph) -> str:
    """The text of the program."""
    arguments = "".join(f"v{position}, " for position in graph.inputs)
    lines = [f"    {arguments}= values"] if graph.inputs else []
    lines += [f"    v{p} = {_expression(node)}" for p, node in enumerate(graph.nodes) if node.op != INPUT]
    results = "".join(f"v{position}, " for position in graph.outputs)
    return "\n".join(["def program(values):", *lines, f"    return ({results})", ""])


def _expression(node: Node) -> str:
    if node.op == CONSTANT:
        return _number(CONSTANTS.get(node.literal) or float(node.literal))
    arguments = [f"v{argument}" for argument in node.args]
    template = TEMPLATES.get(node.op)
    return template.format(*arguments) if template else f"{node.op}({', '.join(arguments)})"


def _number(value: float) -> str:
    """The digits of a double; a constant too large for one is written so that it overflows."""
    return repr(value) if math.isfinite(value) else f"{'-' if value < 0 else ''}1e999"


def _python_function(op: str) -> Callable[..., float]:
    if op not in BARE:
        return function(op)
    bare: Callable[..., float] = getattr(math, OPS[op].call("math") or op)
    return bare
