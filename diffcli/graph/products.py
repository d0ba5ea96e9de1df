"""Rows of the table for arrays: products of matrices, and the linear algebra of square ones or of stacks of them.

Formulas: Giles, "Collected matrix derivative results for forward and reverse mode AD" (2008).
"""

from collections.abc import Sequence
from math import prod

from diffcli.errors import ShapeError
from diffcli.graph import shapes
from diffcli.graph.primitive import Term
from diffcli.graph.shapes import Shape
from diffcli.graph.structural import Structural


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
