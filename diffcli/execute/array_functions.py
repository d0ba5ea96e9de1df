"""The primitives that work element by element, in an array library.

Most of them have the same name everywhere. The others are written here in terms of the array API standard; their
numbers are those of `diffcli.execute.floats`, which defines what an operation means.
"""

import operator
from collections.abc import Callable
from importlib import import_module
from math import inf
from typing import TYPE_CHECKING, Any

from diffcli.errors import LibraryError
from diffcli.graph.ops import OPS

if TYPE_CHECKING:
    from diffcli.execute.array_library import Library

Array = Any
Function = Callable[..., Any]
OPERATORS: dict[str, Function] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "neg": operator.neg,
}
COMPARISONS: dict[str, Function] = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "eq": operator.eq,
    "ne": operator.ne,
}
SPECIAL = {
    "erf": "erf",
    "erfc": "erfc",
    "gamma": "gamma",
    "lgamma": "gammaln",
    "digamma": "psi",
    "polygamma": "polygamma",
}
"""What the array API standard lacks, by its name in scipy.special and cupyx.scipy.special."""


def elementwise(library: "Library", op: str) -> Function:
    """The primitive `op` on arrays, of which some may be Python floats."""
    if op in OPERATORS:
        return OPERATORS[op]
    if op in COMPARISONS:
        return lambda x, y: library.astype(COMPARISONS[op](library.lifted(x), library.lifted(y)))
    if op in _OWN:
        own = _OWN[op]
        return lambda *args: own(library, *args)
    found = native(library, op)
    if found is not None:
        return found if library.takes_numbers else lambda *args: found(*map(library.lifted, args))
    if op in SPECIAL:
        return _special(library, op)
    definition = OPS[op].definition_graph()
    from diffcli.execute.arrays import ArrayArithmetic
    from diffcli.execute.interpreter import outputs

    return lambda *args: outputs(definition, ArrayArithmetic(library), args)[0]


def native(library: "Library", op: str) -> Function | None:
    """The library's own function; by an alias (arcsin) where the library is older than the standard."""
    name = OPS[op].call("array")
    found: Function | None = library.find(name, *OPS[op].aliases) if name else None
    return found


def needs_definition(library: "Library", op: str) -> bool:
    """Whether an elementwise primitive exists here only as its definition in other rows."""
    is_known = op in OPERATORS or op in COMPARISONS or op in _OWN or op in SPECIAL
    return not is_known and native(library, op) is None


def choice(library: "Library", condition: Array, x: Array, y: Array) -> Array:
    """Elements of x where the condition (an array of truth values) holds, else of y; both are computed."""
    if library.takes_numbers and not (isinstance(x, float) and isinstance(y, float)):
        return library.namespace.where(condition, x, y)
    return library.namespace.where(condition, library.lifted(x), library.lifted(y))


def _where(library: "Library", condition: Array, x: Array, y: Array) -> Array:
    return choice(library, library.lifted(condition) != 0, x, y)


def _power(library: "Library", x: Array, y: Array) -> Array:
    """The power; libraries take the square root for the exponent 0.5, which differs at −inf only."""
    if isinstance(y, float) and y == 0.5:
        return library.namespace.sqrt(choice(library, x == -inf, inf, x))
    return library.lifted(x) ** y


def _sigmoid(library: "Library", x: Array) -> Array:
    """1/(1 + exp(−x)) for positive and exp(x)/(1 + exp(x)) for negative numbers: no exponential overflows."""
    xp = library.namespace
    x = library.lifted(x)
    exponential = xp.exp(-xp.abs(x))
    if library.name == "numpy":  # the same numbers: exp(−|x|) is at most 1; where would take four times as long
        return xp.maximum(exponential, x >= 0) / (1 + exponential)
    return choice(library, x < 0, exponential, 1.0) / (1 + exponential)


def _sign(library: "Library", x: Array) -> Array:
    """The sign; CuPy's is 0 for nan."""
    xp = library.namespace
    return choice(library, x != x, x, xp.sign(x)) if library.name == "cupy" else xp.sign(x)  # noqa: PLR0124


def _relu(library: "Library", x: Array) -> Array:
    xp = library.namespace
    return xp.maximum(x, 0.0) if library.takes_numbers else xp.maximum(x, xp.zeros_like(x))


def _cube_root(library: "Library", x: Array) -> Array:
    """Of negative numbers too; one step of Newton's method makes up for the rounding of 1/3."""
    xp = library.namespace
    if hasattr(xp, "cbrt"):
        return xp.cbrt(x)
    size = xp.abs(x)
    root = size ** (1 / 3)
    safe = choice(library, root == 0, 1.0, root)
    return xp.sign(x) * choice(library, xp.isfinite(root), root - (root - size / safe / safe) / 3, root)


_OWN: dict[str, Function] = {
    "where": _where,
    "pow": _power,
    "sigmoid": _sigmoid,
    "sign": _sign,
    "relu": _relu,
    "cbrt": _cube_root,
}


def _special(library: "Library", op: str) -> Function:
    """A special function: by CuPy's SciPy on a device, in double precision on the host."""
    if library.name == "cupy":
        found: Function = getattr(import_module("cupyx.scipy.special"), SPECIAL[op])
        return found
    if library.name != "numpy":
        raise LibraryError(f"{op} cannot be computed with {library.name}", hint="use --array-library numpy")
    from diffcli.execute import special_functions

    on_host = special_functions.SPECIAL[op]
    return lambda *args: library.astype(on_host(*args))
