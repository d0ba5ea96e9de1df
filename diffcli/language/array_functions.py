"""The functions of arrays: the one table that says how each is called and what it becomes in the graph.

To add a function, add a row. `diffcli ops` lists the rows; the reader of calls takes arguments and keywords from them.
Elementwise functions are not here: those of numbers work on arrays as they are.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from diffcli.errors import ShapeError
from diffcli.graph import composites
from diffcli.graph.ops import CALLABLE
from diffcli.graph.primitive import Primitive, Term
from diffcli.graph.shapes import Shape, normal_axes, reshaped, shown

MANY = 10**6
Kind = Literal["axis", "axes", "sizes", "flag"]
"""What a keyword takes: one whole number, one or several, several, true or false."""


class ArrayFunction(NamedTuple):
    """One row: a function that computes with arrays as a whole."""

    name: str
    signature: str
    doc: str
    build: Callable[..., Term]
    """build(*arrays, **keywords) adds its nodes."""
    arguments: tuple[int, int] = (1, 1)
    """How many arrays it takes, from … to …"""
    keywords: Mapping[str, Kind] = {}
    trailing: str = ""
    """The keyword that whole numbers after the arrays stand for, as in reshape(x, 2, 3)."""
    aliases: tuple[str, ...] = ()
    of_numbers: bool = False
    """Whether it also takes numbers alone."""
    note: Callable[[Sequence[Term]], str] = lambda _: ""
    """What a user should know who calls it with these arrays."""


REDUCING: Mapping[str, Kind] = {"axis": "axes", "keepdims": "flag"}
ALONG: Mapping[str, Kind] = {"axis": "axis"}


def _over_axes(build: Callable[..., Term]) -> Callable[..., Term]:
    """A reduction whose axis may be missing, one, or several."""

    def reduction(x: Term, axis: Any = None, *, keepdims: bool = False) -> Term:
        return build(x, normal_axes(x.shape, axis), keepdims=keepdims)

    return reduction


def _reduction(op: str) -> Callable[..., Term]:
    return _over_axes(lambda x, axes, keepdims: x.apply(op, axes=axes, keepdims=keepdims))


def _along(op: str) -> Callable[..., Term]:
    def build(x: Term, axis: int = -1) -> Term:
        return x.apply(op, axis=normal_axes(x.shape, axis)[0])

    return build


def _on(op: str) -> Callable[..., Term]:
    return lambda x, *others: x.apply(op, *others)


def _transpose(x: Term, axes: Sequence[int] | None = None) -> Term:
    permutation = range(len(x.shape))[::-1] if axes is None else [_axis(x.shape, axis) for axis in axes]
    return x.apply("transpose", permutation=tuple(permutation))


def _axis(shape: Shape, axis: int) -> int:
    return normal_axes(shape, axis)[0]


def _concatenate(*arrays: Term, axis: int = 0) -> Term:
    first, *others = arrays
    return first.apply("concatenate", *others, axis=_axis(first.shape, axis) if first.shape else 0)


def _stack(*arrays: Term, axis: int = 0) -> Term:
    return composites.stack(arrays, axis)


def _cross_entropy_note(arrays: Sequence[Term]) -> str:
    first = arrays[0]
    if first.builder.nodes[first.position].op != "softmax":
        return ""
    return (
        "cross_entropy(softmax(z), y) loses digits near probability 0; cross_entropy_of_logits(z, y) is the stable form"
    )


ROWS = (
    ArrayFunction(
        "sum", "sum(x, axis=…, keepdims=…)", "sum over all elements or over an axis", _reduction("sum"),
        keywords=REDUCING,
    ),
    ArrayFunction(
        "mean", "mean(x, axis=…, keepdims=…)", "mean of all elements or over an axis",
        _over_axes(composites.mean), keywords=REDUCING, aliases=("average",),
    ),
    ArrayFunction(
        "prod", "prod(x, axis=…, keepdims=…)", "product of all elements or over an axis",
        _over_axes(composites.product), keywords=REDUCING, aliases=("product",),
    ),
    ArrayFunction(
        "max", "max(x, axis=…, keepdims=…)", "largest element of all or along an axis; max(x, 0) is elementwise",
        _reduction("amax"), keywords=REDUCING, aliases=("amax",),
    ),
    ArrayFunction(
        "min", "min(x, axis=…, keepdims=…)", "smallest element of all or along an axis; min(x, 0) is elementwise",
        _reduction("amin"), keywords=REDUCING, aliases=("amin",),
    ),
    ArrayFunction(
        "norm", "norm(x, axis=…, keepdims=…)", "Euclidean norm sqrt(sum(x^2)) without overflow", _reduction("norm"),
        keywords=REDUCING,
    ),
    ArrayFunction(
        "logsumexp", "logsumexp(x, axis=…, keepdims=…)", "ln(sum(exp(x))) without overflow", _reduction("logsumexp"),
        keywords=REDUCING,
    ),
    ArrayFunction(
        "softmax", "softmax(z, axis=-1)", "exp(z)/sum(exp(z)) along an axis, without overflow", _along("softmax"),
        keywords=ALONG,
    ),
    ArrayFunction("cumsum", "cumsum(x, axis=-1)", "running sums along an axis", _along("cumsum"), keywords=ALONG),
    ArrayFunction(
        "cross_entropy", "cross_entropy(p, y)", "-sum(y*ln(p)) over the last axis: probabilities p, labels y",
        composites.cross_entropy, (2, 2), note=_cross_entropy_note,
    ),
    ArrayFunction(
        "cross_entropy_of_logits", "cross_entropy_of_logits(z, y)",
        "cross_entropy(softmax(z), y) without overflow and cancellation", composites.cross_entropy_of_logits, (2, 2),
    ),
    ArrayFunction(
        "xlogy", "xlogy(x, y)", "x*ln(y) element by element, and 0 where x is 0", _on("xlogy"), (2, 2), of_numbers=True,
    ),
    ArrayFunction("dot", "dot(x, y)", "sum of products: x @ y for vectors and matrices", composites.dot, (2, 2)),
    ArrayFunction("matmul", "matmul(x, y)", "matrix product x @ y", _on("matmul"), (2, 2)),
    ArrayFunction("outer", "outer(x, y)", "matrix of all products x[i]*y[j]", composites.outer, (2, 2)),
    ArrayFunction(
        "transpose", "transpose(x, axes=…)", "axes in reverse order, also x.T, or in the given order", _transpose,
        keywords={"axes": "sizes"}, trailing="axes",
    ),
    ArrayFunction(
        "reshape", "reshape(x, 2, 3)", "the same elements in another shape; -1 is what is left",
        lambda x, shape: x.apply("reshape", shape=_known(x, shape)), keywords={"shape": "sizes"}, trailing="shape",
        of_numbers=True,
    ),
    ArrayFunction(
        "broadcast", "broadcast(x, 2, 3)", "repeated along axes that are missing or have length 1",
        lambda x, shape: x.apply("broadcast", shape=_positive(shape)), keywords={"shape": "sizes"}, trailing="shape",
        aliases=("broadcast_to",), of_numbers=True,
    ),
    ArrayFunction(
        "concatenate", "concatenate(x, y, axis=0)", "arrays joined along an axis", _concatenate, (2, MANY),
        keywords=ALONG, aliases=("concat",),
    ),
    ArrayFunction(
        "stack", "stack(x, y, axis=0)", "arrays of one shape side by side along a new axis; stack(a, b) is [a, b]",
        _stack, (1, MANY), keywords=ALONG, of_numbers=True,
    ),
    ArrayFunction("inv", "inv(A)", "inverse of a square matrix", _on("inv")),
    ArrayFunction("det", "det(A)", "determinant of a square matrix", _on("det")),
    ArrayFunction("logabsdet", "logabsdet(A)", "ln|det(A)| without overflow", _on("logabsdet")),
    ArrayFunction("solve", "solve(A, b)", "the x with A @ x = b", _on("solve"), (2, 2)),
)  # fmt: skip


def _positive(shape: Shape) -> Shape:
    if any(size < 1 for size in shape):
        raise ShapeError(f"{shown(shape)} is no shape", hint="lengths are 1 or more")
    return shape


def _known(x: Term, shape: Shape) -> Shape:
    """The shape with its one −1 replaced by what is left."""
    return reshaped(x.shape, shape)


ARRAY_FUNCTIONS: dict[str, ArrayFunction] = {name: row for row in ROWS for name in (row.name, *row.aliases)}
"""Every name of a function of arrays."""
Function = Primitive | ArrayFunction
FUNCTIONS: dict[str, Function] = {**ARRAY_FUNCTIONS, **CALLABLE}
"""Every name that can be called; max and min of one array are in `ARRAY_FUNCTIONS` only."""
