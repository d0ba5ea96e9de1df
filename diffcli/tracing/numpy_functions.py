"""The one table of NumPy's functions: how each is built of our primitives.

A universal function is the name of a primitive, or a formula (recorder, *terms). Any other function is a builder
(recorder, *arguments as the user wrote them). What is in no part of the table is an error that names it: a function
never slips through and loses a derivative.
"""

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np

from diffcli.errors import FunctionError
from diffcli.tracing import einsum, elementwise, joins, linear_algebra, moves, products, reductions, selections

if TYPE_CHECKING:
    from diffcli.tracing.recorded import Recorded
    from diffcli.tracing.recorder import Recorder

Builder = Callable[..., Any]

UNIVERSAL: dict[str, str | Builder] = {
    **{name: name for name in "exp expm1 log1p log2 log10 sqrt cbrt sin cos tan sinh cosh tanh hypot sign".split()},
    **{name: name for name in "floor ceil matmul".split()},
    "add": "add", "subtract": "sub", "multiply": "mul", "divide": "div", "negative": "neg", "power": "pow",
    "absolute": "abs", "fabs": "abs", "log": "ln", "rint": "round", "maximum": "max", "minimum": "min",
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2",
    "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh",
    "less": "lt", "less_equal": "le", "greater": "gt", "greater_equal": "ge", "equal": "eq", "not_equal": "ne",
    "float_power": elementwise.float_power, "exp2": elementwise.exp2, "square": elementwise.square,
    "reciprocal": elementwise.reciprocal, "positive": elementwise.positive, "conjugate": elementwise.positive,
    "trunc": elementwise.trunc, "degrees": elementwise.degrees, "rad2deg": elementwise.degrees,
    "radians": elementwise.radians, "deg2rad": elementwise.radians, "logaddexp": elementwise.logaddexp,
    "logaddexp2": elementwise.logaddexp2, "fmax": elementwise.fmax, "fmin": elementwise.fmin,
    "heaviside": elementwise.heaviside, "copysign": elementwise.copysign,
    "floor_divide": elementwise.floor_divide, "remainder": elementwise.remainder, "fmod": elementwise.fmod,
    "divmod": elementwise.quotient_and_remainder, "modf": elementwise.fraction_and_whole,
    "vecdot": products.vecdot, "matvec": products.matvec, "vecmat": products.vecmat,
    "logical_and": elementwise.logical_and, "logical_or": elementwise.logical_or,
    "logical_xor": elementwise.logical_xor, "logical_not": elementwise.logical_not,
    "bitwise_and": elementwise.logical_and, "bitwise_or": elementwise.logical_or,
    "bitwise_xor": elementwise.logical_xor, "invert": elementwise.logical_not,
}  # fmt: skip
"""Functions that work element by element, and NumPy's generalised ones."""

FUNCTIONS: dict[str, Builder] = {
    "sinc": elementwise.sinc, "clip": elementwise.clip, "where": elementwise.choice, "select": elementwise.select,
    "round": elementwise.rounded, "around": elementwise.rounded, "nan_to_num": elementwise.nan_to_num,
    "fix": elementwise.fix, "real": elementwise.real,
    "sum": reductions.total, "mean": reductions.mean, "prod": reductions.product, "max": reductions.extreme("amax"),
    "min": reductions.extreme("amin"), "amax": reductions.extreme("amax"),
    "amin": reductions.extreme("amin"), "ptp": reductions.peak_to_peak, "var": reductions.variance,
    "std": reductions.deviation, "average": reductions.average, "nansum": reductions.without_nan(reductions.total),
    "nanmean": reductions.nanmean, "cumsum": reductions.running_sum, "cumprod": reductions.running_product,
    "cumulative_sum": reductions.cumulative(reductions.running_sum),
    "cumulative_prod": reductions.cumulative(reductions.running_product), "linspace": reductions.linspace,
    "diff": reductions.difference, "trapezoid": reductions.trapezoid, "sort": reductions.sort,
    "median": reductions.median, "linalg.norm": reductions.norm,
    "dot": products.dot, "vdot": products.vdot, "inner": products.inner, "outer": products.outer,
    "tensordot": products.tensordot, "kron": products.kron, "cross": products.cross, "trace": products.trace,
    "einsum": einsum.einsum, "convolve": products.convolve, "correlate": products.correlate,
    "polyval": products.polyval, "vander": products.vander, "cov": products.covariance,
    "reshape": moves.reshape, "ravel": moves.ravel, "transpose": moves.transpose, "swapaxes": moves.swapaxes,
    "moveaxis": moves.axes_moved, "rollaxis": moves.rollaxis, "matrix_transpose": moves.matrix_transpose,
    "linalg.matrix_transpose": moves.matrix_transpose, "squeeze": moves.squeeze, "expand_dims": moves.expand_dims,
    "atleast_1d": moves.at_least(1), "atleast_2d": moves.at_least(2), "atleast_3d": moves.at_least(3),
    "broadcast_to": moves.broadcast_to, "broadcast_arrays": moves.broadcast_arrays, "meshgrid": moves.meshgrid,
    "flip": moves.flip, "fliplr": moves.flip_left_right, "flipud": moves.flip_up_down, "diag": moves.diag,
    "diagflat": moves.diagflat, "tril": moves.triangle(np.tril), "triu": moves.triangle(np.triu), "take": moves.take,
    "pad": moves.pad, "full_like": moves.full_like, "copy": moves.copy,
    **{name: moves.moved(getattr(np, name)) for name in (
        "diagonal", "roll", "rot90", "tile", "repeat", "delete", "take_along_axis"
    )}, "resize": moves.resize,
    "concatenate": joins.concatenate, "append": joins.append, "stack": joins.stack, "hstack": joins.hstack,
    "vstack": joins.vstack, "dstack": joins.dstack, "column_stack": joins.column_stack, "split": joins.split,
    "array_split": joins.array_split, "hsplit": joins.hsplit, "vsplit": joins.vsplit,
    "linalg.inv": linear_algebra.of_matrix("inv"), "linalg.det": linear_algebra.of_matrix("det"),
    "linalg.solve": linear_algebra.solve, "linalg.slogdet": linear_algebra.sign_and_logarithm,
    "linalg.outer": products.outer, "linalg.tensordot": products.tensordot, "linalg.cross": products.cross,
    "linalg.vector_norm": reductions.vector_norm, "linalg.multi_dot": linear_algebra.multi_dot,
    "linalg.matrix_power": linear_algebra.matrix_power,
}  # fmt: skip
"""All others that have a derivative."""

LOOKED_UP = (
    "isfinite isnan isinf signbit argmax argmin argsort nanargmax nanargmin lexsort nonzero flatnonzero argwhere "
    "count_nonzero any all isclose allclose array_equal searchsorted digitize isposinf isneginf"
).split()
"""Functions without a derivative, of values."""
SELECTIONS: dict[str, Builder] = {
    **{name: selections.looked_up(getattr(np, name)) for name in LOOKED_UP},
    **{name: selections.by_shape(getattr(np, name)) for name in (
        "shape", "ndim", "size", "result_type", "iscomplexobj", "isrealobj"
    )},
    "zeros_like": selections.filled_like(np.zeros), "ones_like": selections.filled_like(np.ones),
    "empty_like": selections.filled_like(np.empty),
}  # fmt: skip
"""Functions without a derivative."""


def _exists(name: str) -> bool:
    """Whether this version of NumPy has the function."""
    try:
        attrgetter(name)(np)
    except AttributeError:
        return False
    return True


WITHOUT_SLOPE = frozenset("sign floor ceil rint trunc fix round around heaviside floor_divide".split())
DIFFERENTIABLE = tuple(
    name
    for name, row in {**UNIVERSAL, **FUNCTIONS}.items()
    if _exists(name)
    and name not in WITHOUT_SLOPE
    and not name.startswith(("logical", "bitwise", "invert", "less", "greater", "equal", "not_"))
)
"""The functions with a first and a second derivative, by their names below `numpy`."""
REDUCED = {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min"}
ACCUMULATED = {"add": "cumsum", "multiply": "cumprod"}
IN_PLACE = frozenset(
    "copyto put put_along_axis place putmask fill_diagonal fill itemset sort partition resize setfield setflags".split()
)


VIEWS = frozenset(
    "real reshape ravel transpose swapaxes moveaxis rollaxis matrix_transpose linalg.matrix_transpose squeeze "
    "expand_dims atleast_1d atleast_2d atleast_3d broadcast_to broadcast_arrays flip fliplr flipud diag rot90 diagonal "
    "split array_split hsplit vsplit einsum".split()
)
"""Functions whose results NumPy keeps in the memory of an operand, at least sometimes."""


class Row(NamedTuple):
    """A builder, and what it can be given."""

    name: str
    build: Builder
    accepted: frozenset[str] | None
    """The names of its parameters; None where NumPy itself checks them."""
    positional: int


def _row(name: str, build: Builder) -> Row:
    parameters = list(inspect.signature(build).parameters.values())[1:]
    kinds = {parameter.kind for parameter in parameters}
    is_open = inspect.Parameter.VAR_KEYWORD in kinds
    is_wide = inspect.Parameter.VAR_POSITIONAL in kinds
    names = frozenset(parameter.name for parameter in parameters if parameter.kind != inspect.Parameter.VAR_KEYWORD)
    count = sum(parameter.kind == inspect.Parameter.POSITIONAL_OR_KEYWORD for parameter in parameters)
    return Row(name, build, None if is_open else names, 1000 if is_wide else count)


def _found(rows: Mapping[str, Any]) -> dict[Any, str]:
    """The functions of this NumPy with their names in the table."""
    return {attrgetter(name)(np): name for name in rows if _exists(name)}


_ROWS = {name: _row(name, build) for name, build in {**SELECTIONS, **FUNCTIONS}.items()}
_FUNCTIONS = _found(_ROWS)
_UNIVERSAL = _found(UNIVERSAL)
_PLAIN = {name: row for name, row in UNIVERSAL.items() if isinstance(row, str) and name != "add"}


def call(recorder: "Recorder", function: Any, args: Any, kwargs: Any) -> Any:
    """A function of NumPy that is no universal one."""
    name = _FUNCTIONS.get(function)
    if name is None:
        raise not_supported(f"{getattr(function, '__module__', 'numpy')}.{function.__name__}", function.__name__)
    return run(recorder, name, args, kwargs)


def run(recorder: "Recorder", name: str, args: Any, kwargs: Mapping[str, Any]) -> Any:
    """The function that stands in the table under this name."""
    row = _ROWS[name]
    is_plain = not kwargs or name.endswith("_like")  # those make arrays of any type
    options = dict(kwargs) if is_plain else _settled(recorder, f"np.{name}", kwargs)
    unknown = sorted(set(options) - row.accepted) if row.accepted is not None else []
    if unknown or len(args) > row.positional:
        what = f"with {', '.join(f'{one}=' for one in unknown)}" if unknown else f"of {len(args)} arguments"
        raise not_supported(f"np.{name} {what}", name)
    operands = [recorder.term(arg) for arg in args] if name in _ELEMENTWISE else args
    result = recorder.wrapped(row.build(recorder, *operands, **options))
    if name in VIEWS and (name != "einsum" or len(args) == 2):  # a product is no view
        _share_memory((*args, *options.values()), result)
    return result


def _share_memory(operands: Any, result: Any) -> None:
    """The results are views of the operands."""
    from diffcli.tracing.recorded import Recorded, share_memory

    views = [one for one in (result if isinstance(result, (tuple, list)) else (result,)) if type(one) is Recorded]
    for operand in operands:
        if type(operand) is Recorded:
            share_memory(operand, views)


_ELEMENTWISE = frozenset(("sinc", "fix", "real"))
"""Functions that take terms as universal functions do."""


def universal(recorder: "Recorder", ufunc: Any, method: str, inputs: Any, options: Mapping[str, Any]) -> Any:
    """A universal function of NumPy, or one of its methods."""
    if options:
        options = _settled(recorder, f"np.{ufunc.__name__}", options)
    if method == "__call__":
        if options:
            raise not_supported(f"np.{ufunc.__name__} with {', '.join(f'{o}=' for o in options)}", ufunc.__name__)
        return _applied(recorder, ufunc, inputs)
    if method == "outer" and not options:
        first, second = (recorder.term(one) for one in inputs)
        first = first.reshape((*first.shape, *(1,) * len(second.shape)))
        return _applied(recorder, ufunc, [recorder.wrapped(one) for one in (first, second)])
    if method == "reduce" and ufunc.__name__ in REDUCED:
        return run(recorder, REDUCED[ufunc.__name__], inputs, {"axis": 0, **options})
    if method == "accumulate" and ufunc.__name__ in ACCUMULATED:
        return run(recorder, ACCUMULATED[ufunc.__name__], inputs, {"axis": 0, **options})
    raise not_supported(f"np.{ufunc.__name__}.{method}", "put" if method == "at" else ufunc.__name__)


def _applied(recorder: "Recorder", ufunc: Any, inputs: Any) -> Any:
    name = _UNIVERSAL.get(ufunc)
    if name in _PLAIN:
        return recorder.apply(_PLAIN[name], *inputs)
    if name is None:
        if ufunc in _FUNCTIONS:
            return run(recorder, _FUNCTIONS[ufunc], inputs, {})
        raise not_supported(f"{getattr(ufunc, '__module__', None) or 'numpy'}.{ufunc.__name__}", ufunc.__name__)
    row = UNIVERSAL[name]
    if isinstance(row, str):  # add, which is `or` for truth values
        if not all(_is_truth(one) for one in inputs):
            return recorder.apply(row, *inputs)
        row = elementwise.logical_or
    if name.startswith(("bitwise", "invert")) and not all(_is_truth(one) for one in inputs):
        raise not_supported(f"np.{name} of floats", name)
    return recorder.wrapped(row(recorder, *[recorder.term(one) for one in inputs]))


def _is_truth(thing: Any) -> bool:
    return isinstance(thing, bool) or str(getattr(thing, "dtype", "")) == "bool"


_ORDERS = tuple(("order", order) for order in "CKA")
"""Orders of elements in memory that change no value."""


def _settled(recorder: "Recorder", name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Options without those that change nothing; `out` and other types are refused."""
    rest = {}
    for option, value in options.items():
        if option == "out" and any(one is not None for one in (value if isinstance(value, tuple) else (value,))):
            raise FunctionError(
                f"{name} cannot write recorded arrays into another array (out=, or a += x)", hint="write a = a + x"
            )
        if option == "dtype" and value is not None and str(np.dtype(value)) != str(recorder.dtype):
            raise FunctionError(f"{name} with dtype={np.dtype(value).name} is not supported", hint="leave dtype out")
        is_default = value is np._NoValue or (value is None and option != "axis")  # noqa: SLF001 - NumPy's mark
        is_harmless = option in ("out", "dtype", "subok", "casting") or (option == "where" and value is True)
        if not is_default and not is_harmless and (option, value) not in _ORDERS:
            rest[option] = value
    return rest


def not_supported(what: str, name: str) -> FunctionError:
    """The error for what is in no part of the table."""
    if name in IN_PLACE:
        hint = "recorded arrays are never changed in place: build new ones with np.where, np.concatenate or np.stack"
    else:
        hint = "diffcli ops lists the functions that are"
    return FunctionError(f"{what} is not supported in a function that is differentiated", hint=hint)


def unsupported(what: str) -> NoReturn:
    """Raise the same."""
    raise not_supported(what, "")


# Methods and attributes of arrays.


def _method(name: str) -> Builder:
    return lambda x, *args, **options: run(x.recorder, name, (x, *args), options)


def _reshape(x: "Recorded", *shape: Any, **options: Any) -> Any:
    sizes = shape[0] if len(shape) == 1 and not isinstance(shape[0], (int, np.integer)) else shape
    return run(x.recorder, "reshape", (x, sizes), options)


def _transpose(x: "Recorded", *axes: Any) -> Any:
    order = axes[0] if len(axes) == 1 and not isinstance(axes[0], (int, np.integer)) else axes or None
    return run(x.recorder, "transpose", (x, order), {})


def _astype(x: "Recorded", dtype: Any, *, copy: bool = True, **_: Any) -> Any:
    if np.dtype(dtype) == x.dtype:
        return +x if copy else x
    if x.dtype == bool:  # 1 and 0, in the type of the recording
        return x * 1
    if np.dtype(dtype) == bool:
        return x != 0
    raise not_supported(f".astype({np.dtype(dtype).name}) of recorded arrays", "astype")


def _refused(x: "Recorded", *_: Any) -> NoReturn:
    float(x)
    raise AssertionError


METHODS: dict[str, Builder] = {
    **{name: _method(name) for name in (
        "sum mean prod max min var std cumsum cumprod dot trace diagonal ravel squeeze swapaxes repeat take clip round "
        "copy argmax argmin argsort nonzero any all searchsorted"
    ).split()},
    "flatten": lambda x, *args, **options: run(x.recorder, "ravel", (+x, *args), options),
    "reshape": _reshape, "transpose": _transpose, "astype": _astype,
    "conj": lambda x: x, "conjugate": lambda x: x, "item": _refused, "tolist": _refused,
}  # fmt: skip
ATTRIBUTES: dict[str, Builder] = {
    "T": partial(_transpose), "mT": lambda x: run(x.recorder, "matrix_transpose", (x,), {}), "real": lambda x: x,
    "itemsize": lambda x: x.dtype.itemsize, "nbytes": lambda x: x.size * x.dtype.itemsize,
}  # fmt: skip
