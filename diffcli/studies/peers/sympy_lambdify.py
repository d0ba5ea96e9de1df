"""SymPy: value and derivatives as expressions, made into one Python function by `lambdify` with shared parts."""

from collections.abc import Callable
from typing import Any

from diffcli.graph.ops import OPS
from diffcli.graph.program import Graph
from diffcli.studies.peers.peer import Gradient, parted
from diffcli.studies.peers.program import function

LEFT_OUT = frozenset("sec csc cot softplus floor ceil gamma lgamma digamma polygamma xlogy".split())
"""SymPy has them, but what `lambdify` makes of them or of their derivatives does not run on Python's math and NumPy."""


def gradient(graph: Graph, count: int, threads: int) -> Gradient:  # noqa: ARG001 - NumPy's functions have one thread
    """With Python's `math` at a point, with NumPy over many."""
    import sympy

    symbols = [sympy.Symbol(f"s{k}", real=True) for k in range(len(graph.inputs))]
    value = sympy.Integer(0) + function(graph, _functions(sympy), "lambdify")(*symbols)  # which may be a mere number
    formulas = [value, *[value.diff(symbol) for symbol in symbols]]
    known: Any = "numpy" if count else [{"Heaviside": lambda x, middle=0.5: middle if x == 0 else float(x > 0)}, "math"]
    program = sympy.lambdify(symbols, formulas, modules=known, cse=True)
    return Gradient(tuple, program, parted, lambda values: parted(program(*values)))


def _functions(sympy: Any) -> dict[str, Callable[..., Any]]:
    from diffcli.methods.sympy_expressions import FUNCTIONS

    found = {op: FUNCTIONS[row.call("sympy") or ""] for op, row in OPS.items() if row.call("sympy") in FUNCTIONS}
    found = {op: call for op, call in found.items() if op not in LEFT_OUT}
    found |= {"abs": sympy.Abs, "sign": sympy.sign, "eq": sympy.Eq, "ne": sympy.Ne}
    return found | {"where": lambda condition, x, y: sympy.Piecewise((x, condition), (y, True))}
