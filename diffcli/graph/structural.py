"""The second half of the table: primitives that compute with arrays as a whole.

A row has the same knowledge as an elementwise row, in the same form: formulas from graph nodes to graph nodes.
`jvp(k, t, *arguments, **params)` is what the tangent t of the k-th argument adds to the tangent of the result;
`vjp(k, g, *arguments, **params)` is what the cotangent g of the result adds to the cotangent of the k-th argument.
A rule may give back a smaller or a larger shape that broadcasts with the expected one: the sweep alone sums a
cotangent back over broadcast axes. `batch` computes many results at once, along a new first axis.

Formulas: Giles, "Collected matrix derivative results for forward and reverse mode AD" (2008).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar, NamedTuple

from diffcli.errors import ShapeError
from diffcli.graph import shapes
from diffcli.graph.primitive import Formula, Primitive, Term, function
from diffcli.graph.program import Builder, Graph, Parameters
from diffcli.graph.shapes import Key, Shape

exp, sign, equal, where, log_sum_exp = (function(op) for op in ("exp", "sign", "eq", "where", "logsumexp"))


class Indices(NamedTuple):
    """Positions in a flattened array, for indices that are arrays themselves."""

    shape: Shape
    data: bytes
    """64-bit integers in the machine's order, in bytes because they are hashed once only."""


@dataclass(frozen=True, eq=False)
class Structural(Primitive):
    """One row for arrays."""

    partials: tuple[Formula | None, ...] = (None,)
    """Only their number counts: how many arguments it takes."""
    shape: Callable[..., Shape] = shapes.broadcast
    """The shape of the result from those of the arguments and the parameters; raises ShapeError."""
    jvp: Callable[..., Term] | None = None
    vjp: Callable[..., Term] | None = None
    batch: Callable[..., Term] | None = None
    """batch(flags, *arguments, **params): the arguments whose flag is set have a new first axis."""
    callable: bool = False
    """What users call arrays by is the business of the language and of the recording of Python functions."""
    cost: Callable[..., int] = lambda shape, *_: prod(shape)
    """Operations on numbers, from the shapes of the result and of the arguments."""
    is_structural: ClassVar[bool] = True

    def result_shape(self, *argument_shapes: Shape, **params: Any) -> Shape:
        """The shape of the result; raises ShapeError where those of the arguments do not fit."""
        return self.shape(*argument_shapes, **params)

    def work(self, shape: Shape, *argument_shapes: Shape) -> int:
        """How many operations on numbers it takes; moving them is none."""
        return self.cost(shape, *argument_shapes)

    def is_constant_in(self, _: int) -> bool:
        """Never."""
        return False

    def rule(self, mode: str, k: int, given: Shape, arguments: Sequence[Shape], params: Parameters) -> Graph:
        """The rule `jvp` or `vjp` as a graph whose inputs are the given (co)tangent and the arguments."""
        builder = Builder()
        places = [builder.input(f"{number}", shape=shape) for number, shape in enumerate((given, *arguments))]
        formula: Callable[..., Term] = getattr(self, mode)
        passed, *terms = (Term(builder, position) for position in places)
        result = formula(k, passed, *terms, **dict(params))
        return builder.graph(places, [result.position], [mode])


def kept(x: Term, shape: Shape, axes: Sequence[int]) -> Term:
    """A reduced array with its axes of length 1 again, so that it fits what was reduced; a number fits anyway."""
    return x if not x.shape else x.reshape(shapes.reduced(shape, axes, keepdims=True))


def _same(op: str) -> Callable[..., Term]:
    """The rule of a linear operation: its tangent is the same operation on the tangent."""
    return lambda k, t, *_, **params: t.apply(op, **params)


def _copies(*_: Shape) -> int:
    return 0


def _inputs(_: Shape, first: Shape, *__: Shape) -> int:
    return prod(first)


# Reductions. `axes` are numbers from 0, in order.


def _reduced(x: Shape, axes: tuple[int, ...], keepdims: bool) -> Shape:
    return shapes.reduced(x, axes, keepdims=keepdims)


def _reduced_not_empty(x: Shape, axes: tuple[int, ...], keepdims: bool) -> Shape:
    if any(x[axis] == 0 for axis in axes):
        raise ShapeError(f"an array of shape {shapes.shown(x)} has no largest and no smallest element")
    return _reduced(x, axes, keepdims)


def _batched_reduction(op: str) -> Callable[..., Term]:
    return lambda _, x, axes, keepdims: x.apply(op, axes=tuple(axis + 1 for axis in axes), keepdims=keepdims)


def _weighted_jvp(weights: Callable[..., Term]) -> Callable[..., Term]:
    """The rule of a reduction whose partial by each element is a weight of the same shape as the array."""
    return lambda k, t, x, axes, keepdims: (t * weights(x, axes)).sum(axes, keepdims=keepdims)


def _weighted_vjp(weights: Callable[..., Term]) -> Callable[..., Term]:
    return lambda k, g, x, axes, keepdims: kept(g, x.shape, axes) * weights(x, axes)


def _reduction(x: Term, op: str, axes: Sequence[int]) -> Term:
    return x.apply(op, axes=tuple(axes), keepdims=True)


def _share(op: str) -> Callable[..., Term]:
    """1 for the largest element, 0 for the others, and equal shares where several are largest."""

    def weights(x: Term, axes: Sequence[int]) -> Term:
        chosen = equal(x, _reduction(x, op, axes))
        return chosen / chosen.sum(axes, keepdims=True)

    return weights


def _exponential_share(x: Term, axes: Sequence[int]) -> Term:
    return exp(x - _reduction(x, "logsumexp", axes))


def _direction(x: Term, axes: Sequence[int]) -> Term:
    return x / _reduction(x, "norm", axes)


REDUCTIONS = (
    Structural(
        "sum", "sum over all elements or over an axis", shape=_reduced, jvp=_same("sum"),
        vjp=lambda k, g, x, axes, keepdims: kept(g, x.shape, axes),
        batch=_batched_reduction("sum"), cost=_inputs, latex=r"\operatorname{sum}",
    ),
    Structural(
        "amax", "largest element, of all or along an axis", shape=_reduced_not_empty,
        jvp=_weighted_jvp(_share("amax")), vjp=_weighted_vjp(_share("amax")),
        batch=_batched_reduction("amax"), cost=_inputs, latex=r"\max",
    ),
    Structural(
        "amin", "smallest element, of all or along an axis", shape=_reduced_not_empty,
        jvp=_weighted_jvp(_share("amin")), vjp=_weighted_vjp(_share("amin")),
        batch=_batched_reduction("amin"), cost=_inputs, latex=r"\min",
    ),
    Structural(
        "norm", "Euclidean norm sqrt(sum(x^2)) without overflow", shape=_reduced,
        jvp=_weighted_jvp(_direction), vjp=_weighted_vjp(_direction),
        batch=_batched_reduction("norm"), cost=lambda _, x: 2 * prod(x) + 1, latex=r"\operatorname{norm}",
    ),
    Structural(
        "logsumexp", "ln(sum(exp(x))) without overflow", shape=_reduced_not_empty,
        jvp=_weighted_jvp(_exponential_share), vjp=_weighted_vjp(_exponential_share),
        batch=_batched_reduction("logsumexp"), cost=lambda _, x: 3 * prod(x) + 1, latex=r"\operatorname{logsumexp}",
    ),
)  # fmt: skip


# Along one axis.


def _softmax_rule(k: int, t: Term, x: Term, axis: int) -> Term:  # noqa: ARG001 - all rules are called alike
    """diag(p) − p pᵀ, the same for tangents and cotangents."""
    p = x.apply("softmax", axis=axis)
    return p * (t - (t * p).sum((axis,), keepdims=True))


def _axis(x: Shape, axis: int) -> Shape:
    shapes.normal_axes(x, axis)
    return x


def _reversed(x: Term, axis: int) -> Term:
    key: list[Any] = [(0, size, 1) for size in x.shape]
    key[axis] = (x.shape[axis] - 1, None, -1)
    return x.index(tuple(key))


ALONG_AN_AXIS = (
    Structural(
        "softmax", "exp(x)/sum(exp(x)) without overflow", shape=_axis, jvp=_softmax_rule, vjp=_softmax_rule,
        batch=lambda _, x, axis: x.apply("softmax", axis=axis + 1), cost=lambda _, x: 4 * prod(x),
        latex=r"\operatorname{softmax}",
    ),
    Structural(
        "cumsum", "running sums along an axis", shape=_axis, jvp=_same("cumsum"),
        vjp=lambda k, g, x, axis: _reversed(_reversed(g, axis).apply("cumsum", axis=axis), axis),
        batch=lambda _, x, axis: x.apply("cumsum", axis=axis + 1), latex=r"\operatorname{cumsum}",
    ),
)  # fmt: skip


# Products of matrices.


def _outer(x: Term, y: Term) -> Term:
    return x.reshape((*x.shape, 1)) * y.reshape((1, *y.shape))


def _product_cotangent(k: int, g: Term, x: Term, y: Term) -> Term:
    """Z = X·Y: X̄ = Z̄·Yᵀ and Ȳ = Xᵀ·Z̄, with vectors as rows or columns."""
    ranks = (len(x.shape), len(y.shape))
    if ranks == (1, 1):
        return g * (x, y)[1 - k]
    if ranks == (1, 2):
        return y @ g if k == 0 else _outer(x, g)
    if ranks == (2, 1):
        return _outer(g, y) if k == 0 else g @ x
    rows = x if ranks[0] > 1 else x.reshape((1, *x.shape))
    columns = y if ranks[1] > 1 else y.reshape((*y.shape, 1))
    g = g.reshape(shapes.matrix_product(rows.shape, columns.shape))
    result = g @ columns.swapped() if k == 0 else rows.swapped() @ g
    short = 1 if ranks[k] == 1 else 2  # a vector gets the axis off again that made it a matrix
    return result if short == 2 else result.reshape((*result.shape[:-2], prod(result.shape[-2:])))


def _product_of_many(flags: Sequence[bool], x: Term, y: Term) -> Term:
    """Many products at once; where one factor is the same for all, they are one product of larger matrices."""
    first, second = flags
    ranks = (len(x.shape) - first, len(y.shape) - second)
    if ranks == (1, 1) and first and second:
        return (x * y).sum((1,))
    if not second and ranks[1] <= 2 and (ranks[0] == 1 or ranks[1] == 1):
        return x @ y
    if not first and ranks == (1, 1):
        return y @ x
    if not first and ranks == (2, 1):
        return y @ x.swapped()
    if not first and ranks == (1, 2):
        return y.transpose((0, 2, 1)) @ x
    return _product_of_stacks(x, y, ranks, flags)


def _product_of_stacks(x: Term, y: Term, ranks: tuple[int, int], flags: Sequence[bool]) -> Term:
    count = (x.shape if flags[0] else y.shape)[0]
    parts = [term.shape[flag:] for term, flag in zip((x, y), flags, strict=True)]
    result = (count, *shapes.matrix_product(*parts))
    matrices = [(1, *parts[0]) if ranks[0] == 1 else parts[0], (*parts[1], 1) if ranks[1] == 1 else parts[1]]
    rank = max(map(len, matrices))
    wide = [(1,) * (rank - len(shape)) + shape for shape in matrices]
    x = x.reshape((count if flags[0] else 1, *wide[0]))
    y = y.reshape((count if flags[1] else 1, *wide[1]))
    return (x @ y).reshape(result)


def _product_cost(shape: Shape, x: Shape, _: Shape) -> int:
    return prod(shape) * max(2 * x[-1] - 1, 0)


PRODUCTS = (
    Structural(
        "matmul", "matrix product x @ y", (None, None), shape=shapes.matrix_product, symbol="@", precedence=20,
        jvp=lambda k, t, x, y: t @ y if k == 0 else x @ t, vjp=_product_cotangent, batch=_product_of_many,
        cost=_product_cost, latex=r"#1 #2",
    ),
)  # fmt: skip


# Moving elements: what selects and what puts back are each other's rules.


def _transposed(x: Shape, permutation: tuple[int, ...]) -> Shape:
    if sorted(permutation) != list(range(len(x))):
        raise ShapeError(f"the axes {permutation} are not those of an array of shape {shapes.shown(x)}")
    return tuple(x[axis] for axis in permutation)


def _inverse(permutation: Sequence[int]) -> tuple[int, ...]:
    return tuple(sorted(range(len(permutation)), key=permutation.__getitem__))


def _stretched(x: Shape, shape: Shape) -> Shape:
    if shapes.broadcast(x, shape) != shape:
        raise ShapeError(f"an array of shape {shapes.shown(x)} cannot be broadcast to {shapes.shown(shape)}")
    return shape


def _all(size: int, key: Key) -> Key:
    return ((0, size, 1), *key)


def _batched_broadcast(_: Sequence[bool], x: Term, shape: Shape) -> Term:
    count, *rest = x.shape
    return x.reshape((count, *(1,) * (len(shape) - len(rest)), *rest)).broadcast((count, *shape))


def _rows(indices: Indices, count: int, size: int) -> Indices:
    """The same indices into each of `count` rows of `size` elements."""
    from array import array

    positions = array("q", indices.data)
    shifted = array("q", [row * size + position for row in range(count) for position in positions])
    return Indices((count, *indices.shape), shifted.tobytes())


def _batched_take(_: Sequence[bool], x: Term, indices: Indices) -> Term:
    return x.apply("take", indices=_rows(indices, x.shape[0], prod(x.shape[1:])))


def _batched_scatter(_: Sequence[bool], x: Term, indices: Indices, shape: Shape) -> Term:
    count = x.shape[0]
    return x.apply("scatter", indices=_rows(indices, count, prod(shape)), shape=(count, *shape))


def _joined(*arguments: Shape, axis: int) -> Shape:
    return shapes.concatenated(arguments, axis)


def _part(k: int, arguments: Sequence[Term], axis: int) -> tuple[Key, Shape]:
    """Where the k-th of several joined arrays lies in the whole, and the shape of that."""
    whole = _joined(*[x.shape for x in arguments], axis=axis)
    start = sum(x.shape[axis] for x in arguments[:k])
    key: list[Any] = [(0, size, 1) for size in whole]
    key[axis] = (start, start + arguments[k].shape[axis], 1)
    return tuple(key), whole


def _joined_tangent(k: int, t: Term, *arguments: Term, axis: int) -> Term:
    return t.place(*_part(k, arguments, axis))


def _joined_cotangent(k: int, g: Term, *arguments: Term, axis: int) -> Term:
    return g.index(_part(k, arguments, axis)[0])


def _batched_join(flags: Sequence[bool], *arguments: Term, axis: int) -> Term:
    count = next(x.shape[0] for x, flag in zip(arguments, flags, strict=True) if flag)
    first, *others = (x if flag else x.broadcast((count, *x.shape)) for x, flag in zip(arguments, flags, strict=True))
    return first.apply("concatenate", *others, axis=axis + 1)


MOVES = (
    Structural(
        "transpose", "the axes in another order", shape=_transposed, jvp=_same("transpose"), cost=_copies,
        vjp=lambda k, g, x, permutation: g.transpose(_inverse(permutation)), aliases=("T",), latex="{#1}^{T}",
        batch=lambda _, x, permutation: x.transpose((0, *(axis + 1 for axis in permutation))),
    ),
    Structural(
        "reshape", "the same elements in another shape", shape=lambda x, shape: shapes.reshaped(x, shape),
        jvp=_same("reshape"), vjp=lambda k, g, x, shape: g.reshape(x.shape), cost=_copies,
        batch=lambda _, x, shape: x.reshape((x.shape[0], *shape)), latex=r"\operatorname{reshape}",
    ),
    Structural(
        "broadcast", "repeated along the axes that are missing or have length 1", shape=_stretched, cost=_copies,
        jvp=_same("broadcast"), vjp=lambda k, g, x, shape: g, batch=_batched_broadcast,
        latex=r"\operatorname{broadcast}",
    ),
    Structural(
        "index", "the elements that an index selects", shape=lambda x, key: shapes.selected(x, key), cost=_copies,
        jvp=_same("index"), vjp=lambda k, g, x, key: g.place(key, x.shape),
        batch=lambda _, x, key: x.index(_all(x.shape[0], key)), latex=r"\operatorname{index}",
    ),
    Structural(
        "place", "zeros, with the array where an index selects", shape=lambda x, key, shape: shape, cost=_copies,
        jvp=_same("place"), vjp=lambda k, g, x, key, shape: g.index(key),
        batch=lambda _, x, key, shape: x.place(_all(x.shape[0], key), (x.shape[0], *shape)),
        latex=r"\operatorname{place}",
    ),
    Structural(
        "take", "the elements at an array of indices", shape=lambda x, indices: indices.shape, cost=_copies,
        jvp=_same("take"), batch=_batched_take, latex=r"\operatorname{take}",
        vjp=lambda k, g, x, indices: g.apply("scatter", indices=indices, shape=x.shape),
    ),
    Structural(
        "scatter", "zeros, with each element added at its index", shape=lambda x, indices, shape: shape,
        jvp=_same("scatter"), vjp=lambda k, g, x, indices, shape: g.apply("take", indices=indices),
        batch=_batched_scatter, cost=_inputs, latex=r"\operatorname{scatter}",
    ),
    Structural(
        "concatenate", "several arrays joined along an axis", shape=_joined, jvp=_joined_tangent, cost=_copies,
        vjp=_joined_cotangent, batch=_batched_join, latex=r"\operatorname{concatenate}",
    ),
)  # fmt: skip


# Linear algebra of square matrices, or of stacks of them.


def _inverse_tangent(k: int, t: Term, x: Term) -> Term:  # noqa: ARG001 - all rules are called alike
    inverse = x.apply("inv")
    return -(inverse @ t @ inverse)


def _inverse_cotangent(k: int, g: Term, x: Term) -> Term:  # noqa: ARG001 - all rules are called alike
    inverse = x.apply("inv").swapped()
    return -(inverse @ g @ inverse)


def _with_two_axes(g: Term) -> Term:
    return g.reshape((*g.shape, 1, 1))


def _trace_of_product(t: Term, inverse: Term) -> Term:
    """tr(X⁻¹ Ẋ) as the sum of an elementwise product."""
    rank = len(t.shape)
    return (t * inverse.swapped()).sum((rank - 2, rank - 1))


def _solved(a: Shape, b: Shape) -> Shape:
    shapes.square(a)
    if len(a) != 2 or len(b) not in (1, 2) or b[0] != a[1]:
        raise ShapeError(f"a matrix of shape {shapes.shown(a)} cannot be solved for {shapes.shown(b)}")
    return b


def _solution_cotangent(k: int, g: Term, a: Term, b: Term) -> Term:
    right = a.swapped().apply("solve", g)
    if k == 1:
        return right
    x = a.apply("solve", b)
    return -(_outer(right, x) if len(b.shape) == 1 else right @ x.swapped())


def _solution_tangent(k: int, t: Term, a: Term, b: Term) -> Term:
    return a.apply("solve", t) if k == 1 else -a.apply("solve", t @ a.apply("solve", b))


def _batched_solution(flags: Sequence[bool], a: Term, b: Term) -> Term:
    """A⁻¹ is formed only where the matrices differ."""
    if flags[0]:
        return _product_of_many(flags, a.apply("inv"), b)
    if len(b.shape) == 2:
        return a.apply("solve", b.swapped()).swapped()
    count, size, width = b.shape
    columns = b.transpose((1, 0, 2)).reshape((size, count * width))
    return a.apply("solve", columns).reshape((size, count, width)).transpose((1, 0, 2))


def _cubic(_: Shape, x: Shape, *__: Shape) -> int:
    return 2 * prod(x) * x[-1]


LINEAR_ALGEBRA = (
    Structural(
        "inv", "inverse of a matrix", shape=shapes.square, jvp=_inverse_tangent, vjp=_inverse_cotangent,
        batch=lambda _, x: x.apply("inv"), cost=_cubic, latex="{#1}^{-1}",
    ),
    Structural(
        "det", "determinant of a matrix", shape=lambda x: shapes.square(x)[:-2], cost=_cubic,
        jvp=lambda k, t, x: x.apply("det") * _trace_of_product(t, x.apply("inv")),
        vjp=lambda k, g, x: _with_two_axes(g * x.apply("det")) * x.apply("inv").swapped(),
        batch=lambda _, x: x.apply("det"), latex=r"\det",
    ),
    Structural(
        "logabsdet", "ln|det(x)| without overflow", shape=lambda x: shapes.square(x)[:-2], cost=_cubic,
        jvp=lambda k, t, x: _trace_of_product(t, x.apply("inv")),
        vjp=lambda k, g, x: _with_two_axes(g) * x.apply("inv").swapped(),
        batch=lambda _, x: x.apply("logabsdet"), latex=r"\ln|\det|",
    ),
    Structural(
        "solve", "solution z of x @ z = y", (None, None), shape=_solved, jvp=_solution_tangent,
        vjp=_solution_cotangent, batch=_batched_solution, cost=_cubic, latex="{#1}^{-1} #2",
    ),
)  # fmt: skip

STRUCTURAL = (*REDUCTIONS, *ALONG_AN_AXIS, *PRODUCTS, *MOVES, *LINEAR_ALGEBRA)
