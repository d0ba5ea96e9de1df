"""Nearest names, and what to write instead of functions and words that other tools know."""

from collections.abc import Collection, Iterable

from diffcli.graph.ops import CALLABLE
from diffcli.language.array_functions import FUNCTIONS

INSTEAD = {
    **dict.fromkeys(("einsum", "tensordot"), "write it with @, *, sum(x, axis=0) and transpose(x)"),
    **dict.fromkeys(("argmax", "argmin"), "a position has no derivative; the largest element is max(x)"),
    **dict.fromkeys(("var",), "write mean((x - mean(x))^2)"),
    **dict.fromkeys(("std",), "write sqrt(mean((x - mean(x))^2))"),
    **dict.fromkeys(("log_softmax", "logsoftmax"), "write z - logsumexp(z)"),
    **dict.fromkeys(("T",), "the transpose is x.T or transpose(x)"),
    **dict.fromkeys(("array", "vector", "matrix", "asarray"), "write the numbers in square brackets: [1, 2, 3]"),
    **dict.fromkeys(("len", "size", "shape"), "write the number itself; the mean is mean(x)"),
    **dict.fromkeys(("trace", "tr"), "write sum(A*[[1,0],[0,1]])"),
    **dict.fromkeys(("hstack", "append"), "write concatenate(x, y)"),
    **dict.fromkeys(("vstack",), "write stack(x, y), or concatenate(A, B, axis=0)"),
    **dict.fromkeys(("mod", "fmod", "Mod", "remainder"), "the remainder of x by y is x - y*floor(x/y)"),
    **dict.fromkeys(("factorial", "fact"), "n! is gamma(n + 1)"),
    **dict.fromkeys(("pow", "power", "Pow"), "write x^y"),
    **dict.fromkeys(("step", "heaviside", "Heaviside"), "write where(x > 0, 1, 0)"),
    **dict.fromkeys(("leaky_relu", "leakyrelu"), "write where(x > 0, x, 0.01*x), with the slope you want"),
    **dict.fromkeys(("silu", "swish"), "write x*sigmoid(x)"),
    **dict.fromkeys(("elu",), "write where(x > 0, x, expm1(x))"),
    **dict.fromkeys(("gelu",), "write x*(1 + erf(x/sqrt(2)))/2"),
    **dict.fromkeys(("clip", "clamp"), "write min(max(x, low), high)"),
    **dict.fromkeys(("square",), "write x^2"),
    **dict.fromkeys(("exp2",), "write 2^x"),
    **dict.fromkeys(("exp10",), "write 10^x"),
    **dict.fromkeys(("trunc", "fix", "int"), "write sign(x)*floor(abs(x))"),
    **dict.fromkeys(("sinc",), "write sin(pi*x)/(pi*x)"),
    **dict.fromkeys(("beta", "Beta"), "write gamma(a)*gamma(b)/gamma(a + b)"),
    **dict.fromkeys(("Piecewise", "piecewise", "ifelse", "cases", "select"), "write where(condition, a, b)"),
    **dict.fromkeys(
        ("diff", "Derivative", "derivative", "D", "grad", "gradient", "Integral", "integrate", "limit", "Limit"),
        "give the function itself; diffcli computes its derivatives",
    ),
    **dict.fromkeys(("re", "im", "conjugate", "arg"), "all numbers are real here"),
    **dict.fromkeys(("Eq", "Ne", "Lt", "Gt", "Le", "Ge"), "comparisons are written x < y, in where(condition, a, b)"),
}

WORDS = {
    **dict.fromkeys(("and", "or", "not"), "put one where(condition, a, b) into another"),
    **dict.fromkeys(("if", "else"), "write where(condition, a, b)"),
    **dict.fromkeys(
        ("import", "from", "for", "in", "is", "lambda", "return", "def", "while", "as"), "this is no Python"
    ),
}
"""Words of programming languages, which nobody multiplies by accident."""


ENGLISH = {
    "sine": "sin", "cosine": "cos", "tangent": "tan", "secant": "sec", "cosecant": "csc", "cotangent": "cot",
    "logarithm": "log", "exponential": "exp", "squareroot": "sqrt", "root": "sqrt", "cuberoot": "cbrt",
    "absolute": "abs", "magnitude": "abs", "signum": "sign", "maximum": "max", "minimum": "min",
}  # fmt: skip
"""Words for functions whose names are too short to be found by their likeness."""

LONG = 40
"""Longer names are compared with nothing."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` was probably meant to be, or None."""
    candidates = sorted(set(known))
    plain = name.replace("_", "").lower()
    for candidate in candidates:
        if candidate.replace("_", "").lower() == plain:
            return candidate
    if len(name) > LONG:
        return None
    from difflib import get_close_matches

    matches = get_close_matches(name.lower(), candidates, n=1, cutoff=0.76)
    return matches[0] if matches else None


def nearest_function(name: str) -> str | None:
    """The function that `name` was probably meant to be, or None."""
    return ENGLISH.get(name.lower()) or nearest(name, FUNCTIONS)


def split_product(name: str, known: Collection[str]) -> list[str] | None:
    """`name` as known names written side by side without a sign between them, longest first, or None."""
    factors = {*known, "e", "pi"}
    if len(name) > LONG:
        return None
    splits: list[list[str] | None] = [[]]
    for end in range(1, len(name) + 1):
        tails = [start for start in range(end) if splits[start] is not None and name[start:end] in factors]
        best = splits[tails[0]] if tails else None
        splits.append(None if best is None else [*best, name[tails[0] : end]])
    pieces = splits[-1]
    return pieces if pieces and len(pieces) > 1 and any(piece in known for piece in pieces) else None


def split_indexed(name: str) -> list[str] | None:
    """x_1x_2 as [x_1, x_2], or None."""
    if "_" not in name or len(name) > LONG:
        return None
    import re

    pieces = re.findall(r"[^\W\d_]+_[0-9]+", name)
    return pieces if len(pieces) > 1 and "".join(pieces) == name else None


def split_call(name: str, known: Collection[str]) -> tuple[str, str] | None:
    """sin2x as ("sin", "2x") and sinx as ("sin", "x"), or None; names such as gamma1 or log2 stay names."""
    for length in range(min(len(name) - 1, LONG), 1, -1):
        function, rest = name[:length], name[length:]
        if function in CALLABLE and CALLABLE[function].arity == 1 and "_" not in function:
            digits = len(rest) - len(rest.lstrip("0123456789"))
            if (digits and rest[digits:].isalpha()) or rest in known or (rest == "x" and not known):
                return function, rest
    return None
