"""Complex arithmetic on doubles for the complex-step derivative f'(x) ≈ Im f(x + ih) / h.

The real part is what the arithmetic of doubles gives, so that it is nan exactly where f is. Functions that are not
analytic but piecewise so (abs, max, where, floor, …) take the branch that the real part chooses.
"""

import cmath
from collections.abc import Callable, Sequence
from typing import Any

from diffcli.execute.expansion import expanded
from diffcli.execute.floats import FLOATS
from diffcli.execute.interpreter import evaluate, outputs
from diffcli.graph.ops import OPS
from diffcli.graph.program import Graph

Program = Callable[[Sequence[float]], Sequence[float]]
Function = Callable[..., complex]


class ComplexArithmetic:
    """Numbers x + ih with a tiny h, for the interpreter."""

    @staticmethod
    def constant(literal: str) -> complex:
        """The double nearest to the decimal."""
        return complex(FLOATS.constant(literal))

    def apply(self, op: str, *args: complex, **_: Any) -> complex:
        """The primitive `op`; the imaginary part is nan where complex arithmetic overflows or hits a pole."""
        function = _FUNCTIONS.get(op)
        if function is None:
            definition = OPS[op].definition_graph()
            return evaluate(definition, self, args)[definition.outputs[0]]
        real = FLOATS.apply(op, *[argument.real for argument in args])
        try:
            return complex(real, function(*args).imag)
        except (ArithmeticError, ValueError):
            return complex(real, cmath.nan)


def unsupported(graph: Graph) -> tuple[str, ...]:
    """The primitives of `graph` for which there is no complex function here; raises LimitError for a large one."""
    graph = expanded(graph).graph
    used = {node.op for node, needed in zip(graph.nodes, graph.needed, strict=True) if needed and node.args}
    return tuple(sorted(op for op in used if op not in _FUNCTIONS and OPS[op].definition is None))


def compiled(graph: Graph) -> Program:
    """A runnable program: the inputs' real parts, then their imaginary parts in; the same of the outputs out.

    Those of all elements, for a program on arrays.
    """
    needed = expanded(graph).graph.pruned()
    inputs = len(needed.inputs)

    def run(values: Sequence[float]) -> Sequence[float]:
        numbers = outputs(needed, ComplexArithmetic(), list(map(complex, values[:inputs], values[inputs:])))
        return [*(number.real for number in numbers), *(number.imag for number in numbers)]

    return run


def _power(x: complex, y: complex) -> complex:
    """A negative base with a whole exponent has no argument near π, whose tiny part would be rounded away."""
    if x.real < 0 and y.imag == 0:
        return (-x) ** y if y.real % 2 == 0 else -((-x) ** y)
    return x**y


def _real_cube_root(x: complex) -> complex:
    return x ** (1 / 3) if x.real >= 0 else -((-x) ** (1 / 3))


def _angle(y: complex, x: complex) -> complex:
    """The angle up to a real constant, in the form whose quotient is at most 1."""
    return cmath.atan(y / x) if abs(x.real) >= abs(y.real) else -cmath.atan(x / y)


def _hypotenuse(x: complex, y: complex) -> complex:
    larger, smaller = (x, y) if abs(x.real) >= abs(y.real) else (y, x)
    ratio = smaller / larger
    length = larger * cmath.sqrt(1 + ratio * ratio)
    return length if larger.real >= 0 else -length


def _sigmoid(x: complex) -> complex:
    if x.real < 0:
        return cmath.exp(x) / (1 + cmath.exp(x))
    return 1 / (1 + cmath.exp(-x))


def _locally_constant(*_: complex) -> complex:
    return 0j


_FUNCTIONS: dict[str, Function] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "neg": lambda x: -x,
    "pow": _power,
    "exp": cmath.exp,
    "expm1": cmath.exp,  # the same imaginary part
    "ln": cmath.log,
    "log1p": lambda x: cmath.log(1 + x),
    "sqrt": cmath.sqrt,
    "cbrt": _real_cube_root,
    "sin": cmath.sin,
    "cos": cmath.cos,
    "tan": cmath.tan,
    "asin": cmath.asin,
    "acos": cmath.acos,
    "atan": cmath.atan,
    "atan2": _angle,
    "sinh": cmath.sinh,
    "cosh": cmath.cosh,
    "tanh": cmath.tanh,
    "asinh": cmath.asinh,
    "acosh": cmath.acosh,
    "atanh": cmath.atanh,
    "hypot": _hypotenuse,
    "sigmoid": _sigmoid,
    "abs": lambda x: x if x.real >= 0 else -x,
    "min": lambda x, y: x if x.real <= y.real else y,
    "max": lambda x, y: x if x.real >= y.real else y,
    "where": lambda condition, x, y: x if condition.real else y,
    **dict.fromkeys(("sign", "floor", "ceil", "round", "lt", "le", "gt", "ge", "eq", "ne"), _locally_constant),
}
