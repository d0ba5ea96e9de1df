"""NumPy: the same program at many points at once; what is not chosen by a condition is computed, too, and left out."""

from diffcli.render.source import python
from diffcli.render.source.language import ARITHMETIC, ATOM, COMPARED, Language, Template

CALLED = (
    "exp expm1 log1p log2 log10 sqrt cbrt sin cos tan sinh cosh tanh floor ceil sign hypot".split()
)  # fmt: skip
RENAMED = {
    "ln": "log", "abs": "abs", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2",
    "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh", "pow": "power", "round": "rint", "min": "minimum",
    "max": "maximum",
}  # fmt: skip
POINTS = '''def points(*inputs):
    """The inputs as arrays of doubles of one shape."""
    return np.broadcast_arrays(*[np.asarray(values, dtype=float) for values in inputs])'''


def _each(name: str) -> str:
    return f"{name} = np.vectorize(math.{name}, otypes=[float])  # NumPy has none"


LANGUAGE = Language(
    name="numpy",
    title="NumPy",
    comment="#",
    operations=ARITHMETIC,
    truth="np.where({0}, 1.0, 0.0)",
    choice=Template("np.where({0}, {1}, {2})", ATOM, (COMPARED + 1, 0, 0)),
    functions={
        **{name: f"np.{name}" for name in CALLED},
        **{name: f"np.{numpy}" for name, numpy in RENAMED.items()},
        **{name: name for name in ("erf", "erfc", "sigmoid", "gamma", "lgamma")},
    },
    supplied={
        "points": POINTS,
        "quiet": python.SUPPLIED["quiet"],
        "erf": _each("erf"),
        "erfc": _each("erfc"),
        "sigmoid": "def sigmoid(x):\n    return np.where(x > -700, 1 / (1 + np.exp(-x)), np.exp(x))",
        "gamma": f"@np.vectorize\n{python.SUPPLIED['gamma']}",
        "lgamma": f"@np.vectorize\n{python.SUPPLIED['lgamma']}",
    },
    constants={"pi": "np.pi", "e": "np.e"},
    infinity="1e999",
    missing=python.LANGUAGE.missing,
    most_orders=python.LANGUAGE.most_orders,
    function=python.function,
    reserved=python.LANGUAGE.reserved | {"np"},
)
