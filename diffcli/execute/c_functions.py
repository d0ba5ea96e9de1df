"""How every primitive is written in C: the one place for generated programs, kernels, and `diffcli source`.

A primitive is an operator, a function of C's math library, or a function whose text stands here. What is none of these
is written by its definition in other primitives.
"""

import math
import re

from diffcli.execute import polygamma_c
from diffcli.execute.floats import CONSTANTS

OPERATORS = {
    "add": "{0} + {1}",
    "sub": "{0} - {1}",
    "mul": "{0} * {1}",
    "div": "{0} / {1}",
    "neg": "-{0}",
}
COMPARISONS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
INFINITY, NAN = "INFINITY", "NAN"
_SAME = (
    "exp expm1 log1p log2 log10 sqrt cbrt sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh floor ceil "
    "hypot erf erfc lgamma pow"
).split()
FUNCTIONS = {
    **{name: name for name in (*_SAME, "sigmoid", "sign", "digamma", "polygamma")},
    "ln": "log", "abs": "fabs", "round": "rint", "gamma": "tgamma", "min": "smaller", "max": "larger",
}  # fmt: skip
"""What the function of a primitive is called, in C's math library or below."""


def function_text(name: str, arguments: tuple[str, ...], result: str) -> str:
    """The text of a function of numbers."""
    typed = ", ".join(f"double {argument}" for argument in arguments)
    return f"static double {name}({typed})\n{{\n    return {result};\n}}"


SUPPLIED = {
    "sigmoid": (
        "static double sigmoid(double x)\n{\n"
        "    const double power = exp(x > -700.0 ? -x : x);\n"
        "    return x > -700.0 ? 1.0 / (1.0 + power) : power;\n}"
    ),
    "sign": function_text("sign", ("x",), "x == 0.0 || isnan(x) ? x : copysign(1.0, x)"),
    "smaller": function_text("smaller", ("x", "y"), "y < x || isnan(y) ? y : x"),
    "larger": function_text("larger", ("x", "y"), "y > x || isnan(y) ? y : x"),
    **polygamma_c.FUNCTIONS,
}
"""The text of the functions that the math library lacks, by name, each behind those that it calls."""


def supplied(text: str) -> list[str]:
    """The texts of those that a text calls, and of those that they call."""
    words, texts = set(re.findall(r"\w+", text)), []
    for name, own in reversed(SUPPLIED.items()):
        if name in words:
            words.update(re.findall(r"\w+", own))
            texts.append(own)
    return texts[::-1]


def number_text(value: float) -> str:
    """The shortest digits of a double, or what stands for a number that has none."""
    if math.isfinite(value):
        return repr(value)
    return NAN if math.isnan(value) else INFINITY if value > 0 else f"-{INFINITY}"


CONSTANT_TEXTS = {name: number_text(value) for name, value in CONSTANTS.items()}
