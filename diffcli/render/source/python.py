"""Python, with nothing but its math module.

Where Python's functions raise, a few lines in front of the program give what IEEE 754 gives.
"""

import keyword

from diffcli.render.source.language import ARITHMETIC, CHOICE, Language, Template

QUIET = '''def quiet(function):
    """The function with what IEEE 754 gives where Python raises: infinity on overflow, nan outside the domain."""

    def result(*arguments):
        try:
            return function(*arguments)
        except OverflowError:
            return math.copysign(math.inf, arguments[0])
        except ValueError:
            return math.nan

    return result'''
DIV = '''def div(x, y):
    """x / y; infinite or nan where Python raises ZeroDivisionError."""
    if y != 0:
        return x / y
    return math.nan if x == 0 or math.isnan(x) else math.copysign(math.inf, x) * math.copysign(1.0, y)'''
POWER = '''def power(x, y):
    """x to the power y; infinite or nan where Python raises."""
    try:
        return math.pow(x, y)
    except OverflowError:
        return -math.inf if x < 0 and y % 2 == 1 else math.inf
    except ValueError:
        if x != 0:
            return math.nan
        return math.copysign(math.inf, x) if y % 2 == 1 else math.inf'''
SIGMOID = '''def sigmoid(x):
    """1 / (1 + e^-x), and e^x where e^-x would overflow."""
    return 1 / (1 + math.exp(-x)) if x > -700 else math.exp(x)'''
LGAMMA = '''def lgamma(x):
    """ln|gamma(x)|; infinite at its poles and on overflow."""
    try:
        return math.lgamma(x)
    except (OverflowError, ValueError):
        return math.inf'''


def _with_pole(name: str, function: str, pole: str, value: str) -> str:
    return f"def {name}(x):\n    return {value} if {pole} else quiet(math.{function})(x)"


def _rounded(name: str, function: str) -> str:
    return f"def {name}(x):\n    return math.copysign({function}(x), x) if math.isfinite(x) else x"


def _extremum(name: str, choice: str) -> str:
    return f"def {name}(x, y):\n    return math.nan if math.isnan(x) or math.isnan(y) else {choice}(x, y)"


def function(name: str, arguments: tuple[str, ...], result: str) -> str:
    """A function of one expression."""
    return f"def {name}({', '.join(arguments)}):\n    return {result}"


QUIETED = "exp expm1 sqrt sin cos tan asin acos sinh acosh".split()
SUPPLIED = {
    "quiet": QUIET,
    **{name: f"{name} = quiet(math.{name})" for name in QUIETED},
    "div": DIV,
    "power": POWER,
    "ln": _with_pole("ln", "log", "x == 0", "-math.inf"),
    "log1p": _with_pole("log1p", "log1p", "x == -1", "-math.inf"),
    "log2": _with_pole("log2", "log2", "x == 0", "-math.inf"),
    "log10": _with_pole("log10", "log10", "x == 0", "-math.inf"),
    "cosh": "def cosh(x):\n    return quiet(math.cosh)(math.fabs(x))",
    "atanh": _with_pole("atanh", "atanh", "math.fabs(x) == 1", "math.copysign(math.inf, x)"),
    "sigmoid": SIGMOID,
    "floor": _rounded("floor", "math.floor"),
    "ceil": _rounded("ceil", "math.ceil"),
    "round_even": _rounded("round_even", "round"),
    "smaller": _extremum("smaller", "min"),
    "larger": _extremum("larger", "max"),
    "sign": "def sign(x):\n    return x if x == 0 or math.isnan(x) else math.copysign(1.0, x)",
    "gamma": _with_pole("gamma", "gamma", "x == 0", "math.copysign(math.inf, x)"),
    "lgamma": LGAMMA,
}
LANGUAGE = Language(
    name="python",
    title="Python's math",
    comment="#",
    operations=ARITHMETIC,
    truth="float({0})",
    choice=Template("{1} if {0} else {2}", CHOICE, (CHOICE + 1, CHOICE + 1, CHOICE)),
    functions={
        **{name: f"math.{name}" for name in ("atan", "atan2", "tanh", "asinh", "erf", "erfc", "hypot", "cbrt")},
        **{name: name for name in (*QUIETED, "div", "ln", "log1p", "log2", "log10", "cosh", "atanh", "sigmoid")},
        **{name: name for name in ("floor", "ceil", "sign", "gamma", "lgamma")},
        "abs": "math.fabs", "pow": "power", "round": "round_even", "min": "smaller", "max": "larger",
    },
    supplied=SUPPLIED,
    constants={"pi": "math.pi", "e": "math.e"},
    infinity="1e999",
    missing=frozenset({"digamma", "polygamma"}),
    most_orders={},
    function=function,
    reserved=frozenset({*keyword.kwlist, "math", "float", "print", "round", "tuple", "zip", "min", "max", "sweeps"}),
)  # fmt: skip
