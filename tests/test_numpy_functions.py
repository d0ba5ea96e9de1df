"""The table of NumPy's functions: values are NumPy's, first and second derivatives those of finite differences (and of
the complex step where NumPy's function takes complex numbers), and all modes agree."""

import operator
from functools import reduce

import numpy as np
import pytest

import diffcli
from diffcli.derivatives import Derivatives, pullback
from diffcli.studies.gradient_check import graph_of
from diffcli.tracing import record
from diffcli.tracing.numpy_functions import DIFFERENTIABLE, SELECTIONS, WITHOUT_SLOPE

RANDOM = np.random.default_rng(20261120)
STEP = 2.0**-10


def values(*shape, low=0.5, high=2.0):
    """Different numbers of both signs, away from 0."""
    return RANDOM.uniform(low, high, shape) * RANDOM.choice([-1, 1], shape)


def positive(*shape, low=0.5, high=2.0):
    return RANDOM.uniform(low, high, shape)


def square(*shape):
    return values(*shape) + 4 * np.eye(shape[-1])


V, W, M, N = values(4), values(4), values(2, 3), values(3, 4)
P, Q = positive(4), positive(2, 3)
CUBE = values(2, 3, 4)
NUMBER = np.array(1.7)
UNIT = RANDOM.uniform(-0.9, 0.9, 5)
LABELS = np.array([2, 0, 2, 1])

CASES = {
    **{
        name: [((np.__dict__[name]), V), ((np.__dict__[name]), NUMBER)]
        for name in "exp expm1 cbrt sin cos sinh cosh tanh arctan arcsinh exp2 square reciprocal positive "
        "conjugate degrees rad2deg radians deg2rad negative absolute fabs sinc real".split()
    },
    **{name: [((np.__dict__[name]), P), ((np.__dict__[name]), Q)] for name in "log log2 log10 sqrt log1p".split()},
    **{name: [((np.__dict__[name]), UNIT)] for name in "arcsin arccos arctanh".split()},
    "tan": [(np.tan, 0.6 * V)],
    "arccosh": [(np.arccosh, positive(4, low=1.2))],
    **{
        name: [
            ((np.__dict__[name]), V, W),
            ((np.__dict__[name]), M, values(3)),
            ((np.__dict__[name]), values(2, 1), 1.3),
        ]
        for name in "add subtract multiply divide arctan2 hypot maximum minimum fmax fmin logaddexp logaddexp2 "
        "copysign".split()
    },
    **{name: [((np.__dict__[name]), P, W), ((np.__dict__[name]), Q, positive(3))] for name in ("power", "float_power")},
    **{
        name: [((np.__dict__[name]), 7 * V, W), ((np.__dict__[name]), 7 * M, values(3))]
        for name in ("remainder", "fmod", "divmod")
    },
    "modf": [(np.modf, 3 * V)],
    "matmul": [(np.matmul, M, N), (np.matmul, values(3), N), (np.matmul, CUBE, values(4, 2)), (np.matmul, V, W)],
    "vecdot": [(np.vecdot, M, values(2, 3)), (np.vecdot, V, W)],
    "matvec": [(getattr(np, "matvec", None), M, values(3)), (getattr(np, "matvec", None), CUBE, values(2, 4))],
    "vecmat": [(getattr(np, "vecmat", None), values(3), N)],
    "clip": [
        (lambda x: np.clip(x, -1.0, 1.0), V),
        (lambda x: x.clip(-0.9, None), M),
        (np.clip, V, W - 3, W + 1),
        (lambda x: np.clip(x, max=1.0), V),
    ],
    "where": [
        (lambda x: np.where(np.tri(3) > 0, x.T * np.linalg.inv(x), 0.0), square(3, 3)),
        (lambda x: np.where(np.tri(3) > 0, x[::-1] / x, x.T), square(3, 3)),
        (lambda x, y: np.where(x > y, x * y, np.sin(y)), V, W),
        (lambda x: np.where(LABELS > 1, x, 0), V),
    ],
    "select": [(lambda x: np.select([x < -1, x < 1], [x**2, np.sin(x)], x**3), V)],
    "nan_to_num": [(np.nan_to_num, V)],
    "sum": [(np.sum, V), (lambda x: np.sum(x, axis=1), M), (lambda x: x.sum(axis=(0, 2), keepdims=True), CUBE)],
    "mean": [(np.mean, M), (lambda x: x.mean(0), M), (lambda x: np.mean(x, (0, -1)), CUBE)],
    "prod": [(np.prod, V), (lambda x: np.prod(x, axis=1), M), (np.prod, np.array([1.0, 0.0, 2.0, 0.0, 3.0]))],
    "max": [(np.max, M), (lambda x: x.max(axis=0), M)],
    "min": [(np.min, M), (lambda x: np.min(x, axis=1, keepdims=True), M)],
    "amax": [(np.amax, M)],
    "amin": [(lambda x: np.amin(x, axis=1), M)],
    "ptp": [(np.ptp, V), (lambda x: np.ptp(x, axis=1), M)],
    "var": [(np.var, V), (lambda x: np.var(x, axis=0, ddof=1), M), (np.var, CUBE)],
    "std": [(np.std, V), (lambda x: np.std(x, axis=1), M), (lambda x: x.std(ddof=1), V)],
    "average": [
        (np.average, M),
        (lambda x, w: np.average(x, weights=w), V, P),
        (lambda x, w: np.average(x, axis=1, weights=w), M, positive(3)),
    ],
    "nansum": [(np.nansum, V)],
    "nanmean": [(np.nanmean, V), (lambda x: np.nanmean(x, axis=1), M)],
    "cumsum": [(np.cumsum, M), (lambda x: np.cumsum(x, axis=1), M), (np.add.accumulate, M)],
    "cumprod": [
        (np.cumprod, V),
        (lambda x: np.cumprod(x, axis=1), CUBE),
        (np.cumprod, np.array([1.5, 0.0, 2.0])),
        (np.multiply.accumulate, M),
    ],
    "cumulative_sum": [(getattr(np, "cumulative_sum", None), V)],
    "cumulative_prod": [(getattr(np, "cumulative_prod", None), V)],
    "linspace": [(lambda x, y: np.linspace(x, y, 5), V, W), (lambda x: np.linspace(0, x, 4, endpoint=False), NUMBER)],
    "diff": [(np.diff, V), (lambda x: np.diff(x, n=2, axis=0), values(4, 2)), (lambda x: np.diff(x, append=1.0), V)],
    "trapezoid": [
        (np.trapezoid, V),
        (np.trapezoid, V, np.sort(W)),
        (lambda y: np.trapezoid(y, dx=0.1), M),
    ],
    "sort": [(np.sort, V), (lambda x: np.sort(x, axis=0), M)],
    "median": [(np.median, V), (np.median, values(5)), (lambda x: np.median(x, axis=1), M)],
    "linalg.norm": [
        (np.linalg.norm, V),
        (np.linalg.norm, M),
        (lambda x: np.linalg.norm(x, axis=1), M),
        *[(lambda x, order=order: np.linalg.norm(x, order), V) for order in (1, 2, 3, np.inf, -np.inf, 0.5)],
        *[(lambda x, order=order: np.linalg.norm(x, order), M) for order in ("fro", 1, np.inf, -1)],
    ],
    "dot": [(np.dot, V, W), (np.dot, M, N), (np.dot, M, values(3)), (np.dot, M, CUBE[0, 0, 0]), (np.dot, M, CUBE)],
    "vdot": [(np.vdot, M, values(2, 3))],
    "inner": [(np.inner, V, W), (np.inner, CUBE, values(5, 4)), (np.inner, V, 2.0)],
    "outer": [(np.outer, V, M), (np.multiply.outer, V, M), (np.subtract.outer, V, W)],
    "tensordot": [
        (lambda x, y: np.tensordot(x, y, 1), M, N),
        (np.tensordot, CUBE, values(3, 4, 2)),
        (lambda x, y: np.tensordot(x, y, axes=([0, 2], [1, 0])), CUBE, values(4, 2)),
        (lambda x, y: np.tensordot(x, y, axes=(-1, 0)), M, N),
    ],
    "kron": [(np.kron, M, N), (np.kron, V, M)],
    "cross": [(np.cross, M, values(2, 3)), (np.cross, M, values(3))],
    "trace": [(np.trace, values(3, 3)), (lambda x: np.trace(x, offset=1), M), (np.trace, CUBE)],
    "einsum": [
        (lambda x, y: np.einsum("ij,jk->ik", x, y), M, N),
        (lambda x, y: np.einsum("bij,bjk", x, y), CUBE, values(2, 4, 2)),
        (lambda x: np.einsum("ii", x), values(3, 3)),
        (lambda x: np.einsum("ii->i", x), values(3, 3)),
        (lambda x: np.einsum("ijk->kj", x), CUBE),
        (lambda x, y: np.einsum("ij,ij->i", x, y), M, values(2, 3)),
        (lambda x, y: np.einsum("i,j->ij", x, y), V, W),
        (lambda x, y, z: np.einsum("ij,jk,k->i", x, y, z), M, N, V),
        (lambda x, y: np.einsum("ij,kj->", x, y), M, values(5, 3)),
    ],
    "convolve": [
        *[(lambda x, y, mode=mode: np.convolve(x, y, mode), V, values(3)) for mode in ("full", "same", "valid")],
        *[(lambda x, y, mode=mode: np.convolve(x, y, mode), values(2), V) for mode in ("full", "same", "valid")],
    ],
    "correlate": [(lambda x, y, mode=mode: np.correlate(x, y, mode), V, values(3)) for mode in ("full", "valid")],
    "polyval": [(np.polyval, V, M)],
    "vander": [(np.vander, V), (lambda x: np.vander(x, 3, increasing=True), V)],
    "cov": [(np.cov, M), (lambda x: np.cov(x, rowvar=False), values(4, 2)), (np.cov, V)],
    "reshape": [
        (lambda x: np.reshape(x, (3, 2)), M),
        (lambda x: x.reshape(-1), M),
        (lambda x: x.reshape(3, -1), M),
        (lambda x: np.reshape(x, (4, 6), order="F"), CUBE),
    ],
    "ravel": [(np.ravel, M), (lambda x: x.flatten(), M), (lambda x: np.ravel(x, order="F"), M)],
    "transpose": [(np.transpose, CUBE), (lambda x: x.T, M), (lambda x: x.transpose(1, 0, 2), CUBE)],
    "swapaxes": [(lambda x: np.swapaxes(x, 0, -1), CUBE)],
    "moveaxis": [(lambda x: np.moveaxis(x, 0, -1), CUBE), (lambda x: np.moveaxis(x, [0, 1], [-1, 0]), CUBE)],
    "rollaxis": [(lambda x: np.rollaxis(x, 2), CUBE)],
    "matrix_transpose": [(np.matrix_transpose, CUBE), (lambda x: x.mT, CUBE)],
    "linalg.matrix_transpose": [(np.linalg.matrix_transpose, CUBE)],
    "squeeze": [(np.squeeze, values(1, 3, 1)), (lambda x: x.squeeze(0), values(1, 3, 1))],
    "expand_dims": [(lambda x: np.expand_dims(x, 1), M), (lambda x: np.expand_dims(x, (0, -1)), M)],
    "atleast_1d": [(np.atleast_1d, NUMBER)],
    "atleast_2d": [(np.atleast_2d, V)],
    "atleast_3d": [(np.atleast_3d, M)],
    "broadcast_to": [(lambda x: np.broadcast_to(x, (2, 4)), V)],
    "broadcast_arrays": [(np.broadcast_arrays, M, values(3))],
    "meshgrid": [(np.meshgrid, V, values(3)), (lambda x, y: np.meshgrid(x, y, indexing="ij", sparse=True), V, W)],
    "flip": [(np.flip, M), (lambda x: np.flip(x, 1), M)],
    "fliplr": [(np.fliplr, M)],
    "flipud": [(np.flipud, M)],
    "diag": [(np.diag, V), (np.diag, M), (lambda x: np.diag(x, -1), V), (lambda x: np.diag(x, 1), M)],
    "diagflat": [(np.diagflat, M)],
    "tril": [(np.tril, values(3, 3)), (lambda x: np.tril(x, -1), CUBE)],
    "triu": [(np.triu, M), (lambda x: np.triu(x, 1), M)],
    "take": [(lambda x: np.take(x, [2, 0, 2], axis=1), M), (lambda x: x.take(LABELS), M)],
    "pad": [
        (lambda x: np.pad(x, 1), M),
        (lambda x: np.pad(x, ((0, 2), (1, 0)), constant_values=3.0), M),
        *[(lambda x, mode=mode: np.pad(x, 2, mode=mode), V) for mode in ("edge", "reflect", "symmetric", "wrap")],
    ],
    "full_like": [(lambda x: np.full_like(x, x[0] * 2), V)],
    "copy": [(np.copy, M), (lambda x: x.copy(), V)],
    "diagonal": [(np.diagonal, M), (lambda x: x.diagonal(1, 0, 2), CUBE)],
    "roll": [(lambda x: np.roll(x, 2), M), (lambda x: np.roll(x, -1, axis=1), M)],
    "rot90": [(np.rot90, M), (lambda x: np.rot90(x, 2), M)],
    "tile": [(lambda x: np.tile(x, 3), V), (lambda x: np.tile(x, (2, 2)), M)],
    "repeat": [(lambda x: np.repeat(x, 2), M), (lambda x: x.repeat([1, 0, 2], axis=1), M)],
    "resize": [(lambda x: np.resize(x, (3, 4)), M)],
    "delete": [(lambda x: np.delete(x, 1), V), (lambda x: np.delete(x, [0, 2], axis=1), M)],
    "take_along_axis": [(lambda x: np.take_along_axis(x, np.array([[1], [2]]), axis=1), M)],
    "concatenate": [
        (lambda x, y: np.concatenate([x, y]), V, W),
        (lambda x, y: np.concatenate((x, y), axis=1), M, values(2, 1)),
        (lambda x: np.concatenate([x, M], axis=None), V),
    ],
    "append": [(np.append, V, M), (lambda x: np.append(x, [[1.0, 2.0, 3.0]], axis=0), M)],
    "stack": [(lambda x, y: np.stack([x, y, x]), V, W), (lambda x, y: np.stack((x, y), axis=-1), M, values(2, 3))],
    "hstack": [(lambda x, y: np.hstack([x, y]), V, W), (lambda x, y: np.hstack((x, y)), M, values(2, 2))],
    "vstack": [(lambda x, y: np.vstack([x, y]), V, W)],
    "dstack": [(lambda x, y: np.dstack([x, y]), M, values(2, 3))],
    "column_stack": [(lambda x, y: np.column_stack([x, y]), V, values(4, 2))],
    "split": [(lambda x: np.split(x, 2), V), (lambda x: np.split(x, [1, 2], axis=1)[1], M)],
    "array_split": [(lambda x: np.array_split(x, 3), V)],
    "hsplit": [(lambda x: np.hsplit(x, 3), M)],
    "vsplit": [(lambda x: np.vsplit(x, 2), M)],
    "linalg.inv": [(np.linalg.inv, square(3, 3)), (np.linalg.inv, square(2, 2, 2))],
    "linalg.det": [(np.linalg.det, square(3, 3))],
    "linalg.solve": [(np.linalg.solve, square(3, 3), values(3)), (np.linalg.solve, square(2, 2, 2), values(2, 2, 3))],
    "linalg.slogdet": [(lambda x: np.linalg.slogdet(x).logabsdet, square(3, 3)), (np.linalg.slogdet, -square(3, 3))],
    "linalg.outer": [(np.linalg.outer, V, W)],
    "linalg.tensordot": [(lambda x, y: np.linalg.tensordot(x, y, axes=1), M, N)],
    "linalg.cross": [(np.linalg.cross, M, values(2, 3))],
    "linalg.vector_norm": [(np.linalg.vector_norm, M), (lambda x: np.linalg.vector_norm(x, axis=1, ord=3), M)],
    "linalg.multi_dot": [(lambda x, y, z: np.linalg.multi_dot([x, y, z]), M, N, V)],
    "linalg.matrix_power": [(lambda x, n=n: np.linalg.matrix_power(x, n), square(3, 3)) for n in (0, 1, 3, -2)],
}
INDICES = [
    (lambda x: x[1], M), (lambda x: x[-1, 1:], M), (lambda x: x[..., 0], CUBE), (lambda x: x[:, None, ::-1], M),
    (lambda x: x[[2, 0, 2]], V), (lambda x: x[LABELS > 0], V), (lambda x: x[x > 0], V),
    (lambda x: x[np.arange(2), [2, 0]], M), (lambda x: x[1:, [0, 0]], M), (lambda x: x[:, M[0] > 0], M),
    (lambda x: x[np.argmax(x)], V), (lambda x: sum(a * b for a, b in zip(x, x[::-1], strict=True)), V),
]  # fmt: skip
OPERATORS = [
    *[(op, V, W) for op in (operator.add, operator.sub, operator.mul, operator.truediv, operator.mod)],
    *[(lambda x, op=op: op(2.5, x), V) for op in (operator.add, operator.sub, operator.mul, operator.truediv)],
    *[(lambda x, op=op: op(W, x), V) for op in (operator.add, operator.sub, operator.mul, operator.truediv)],
    *[(lambda x, op=op: op(np.float64(2.5), x), V) for op in (operator.sub, operator.mul, operator.truediv)],
    (lambda x: x**3 + 2.0**x - abs(x) + (-x) * (+x), V), (lambda x: M @ x @ N, values(3, 3)),
    (lambda x: x * (x > 0) + (x <= 1).sum() * x, V), (lambda x: np.where(~(x > 0) | (x > 1), x, 2 * x), V),
    (lambda x: reduce(np.maximum, [x, W, 0.0]), V), (lambda x: [1.0, 2.0, 3.0, 4.0] * x, V),
]  # fmt: skip
ALL = [
    *[(f"{name}-{k}", *case) for name, cases in CASES.items() for k, case in enumerate(cases)],
    *[(f"index-{k}", *case) for k, case in enumerate(INDICES)],
    *[(f"operator-{k}", *case) for k, case in enumerate(OPERATORS)],
]
cases = pytest.mark.parametrize(
    ("function", "point"), [(case[1], case[2:]) for case in ALL if case[1]], ids=[case[0] for case in ALL if case[1]]
)


def arrays(result):
    """The results of a function as a list of arrays."""
    several = isinstance(result, (tuple, list))
    return [np.asarray(one) for one in (result if several else [result])]


def prepared(function, point):
    recording = record(function, point)
    return recording, Derivatives(recording.graph, recording.inputs(recording.graph))


def seeds(shapes, seed):
    random = np.random.default_rng(seed)
    return [random.uniform(0.5, 1, shape) * random.choice([-1, 1], shape) for shape in shapes]


def difference(f, point, direction):
    """Centered differences at two steps, extrapolated."""

    def centered(h):
        above, below = (f([x + s * h * d for x, d in zip(point, direction, strict=True)]) for s in (1, -1))
        return [(np.asarray(a) - b) / (2 * h) for a, b in zip(above, below, strict=True)]

    return [(4 * fine - coarse) / 3 for fine, coarse in zip(centered(STEP / 2), centered(STEP), strict=True)]


def close(found, expected, tolerance):
    scale = max([1.0, *[np.max(np.abs(one), initial=0.0) for one in expected]])
    for one, other in zip(found, expected, strict=True):
        assert np.shape(one) == np.shape(other)
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance * scale)


def test_every_function_of_the_table_has_cases():
    assert set(DIFFERENTIABLE) == {name for name, of_name in CASES.items() if of_name[0][0] is not None}
    assert len(DIFFERENTIABLE) >= 110


@cases
def test_the_value_is_that_of_numpy(function, point):
    recording, derivatives = prepared(function, point)
    close(derivatives.value(recording.values), arrays(function(*point)), 1e-14)


@cases
def test_first_derivatives(function, point):
    """J·ẋ against differences, and ⟨ȳ, J·ẋ⟩ = ⟨Jᵀ·ȳ, ẋ⟩ for both modes."""
    recording, derivatives = prepared(function, point)
    direction, cotangents = seeds(derivatives.input_shapes, 1), seeds(derivatives.shapes, 2)
    tangents = derivatives.jvp(recording.values, direction)[1]
    close(tangents, difference(lambda moved: arrays(function(*moved)), point, direction), 1e-8)
    partials = derivatives.vjp(recording.values, cotangents)[1]
    assert [np.shape(partial) for partial in partials] == [np.shape(x) for x in point]
    left = [c * t for c, t in zip(cotangents, tangents, strict=True)]
    right = [p * d for p, d in zip(partials, direction, strict=True)]
    scale = max(1.0, sum(np.sum(np.abs(one)) for one in (*left, *right)))
    assert abs(sum(map(np.sum, left)) - sum(map(np.sum, right))) <= 1e-13 * scale


@cases
def test_second_derivatives(function, point):
    """H·ẋ of ⟨ȳ, f⟩ by both orders of modes against differences of the gradient."""
    recording, derivatives = prepared(function, point)
    direction, cotangents = seeds(derivatives.input_shapes, 3), seeds(derivatives.shapes, 4)
    graph = graph_of(pullback(derivatives.graph, derivatives.graph.outputs, derivatives.wrt), len(cotangents))
    gradient, captured = Derivatives(graph, derivatives.wrt), recording.values[len(point) :]
    at = [*recording.values, *cotangents]
    forward, reverse = gradient.jvp(at, direction)[1], gradient.vjp(at, direction)[1]
    close(forward, difference(lambda moved: gradient.value([*moved, *captured, *cotangents]), point, direction), 1e-7)
    close(reverse, forward, 1e-12)


REAL_ONLY = frozenset("cbrt absolute fabs logaddexp arctan2 hypot degrees rad2deg radians deg2rad".split())


@pytest.mark.parametrize(
    "name",
    [name for name, of_name in CASES.items() if isinstance(of_name[0][0], np.ufunc) and "D" in str(of_name[0][0].types)
     and name not in REAL_ONLY | {"conjugate", "maximum", "minimum", "fmax", "fmin", "vecdot", "vecmat"}],
)  # fmt: skip
def test_the_complex_step(name):
    """Im f(x + ih)/h is the derivative of an analytic function, without cancellation."""
    for function, *point in CASES[name]:
        recording, derivatives = prepared(function, point)
        direction = seeds(derivatives.input_shapes, 5)
        tangents = derivatives.jvp(recording.values, direction)[1]
        result = function(*[x + 1e-30j * d for x, d in zip(point, direction, strict=True)])
        close(tangents, [one.imag / 1e-30 for one in arrays(result)], 1e-13)


SPECIAL = np.array([-np.inf, -2.5, -1.0, -0.5, -0.0, 0.0, 0.5, 1.5, 2.5, np.inf, np.nan])


@pytest.mark.parametrize("name", sorted(WITHOUT_SLOPE - {"heaviside", "floor_divide"}))
def test_functions_without_a_slope(name):
    function = getattr(np, name)
    recording, derivatives = prepared(function, (SPECIAL,))
    np.testing.assert_array_equal(derivatives.value(recording.values)[0], function(SPECIAL))
    np.testing.assert_array_equal(derivatives.jvp(recording.values, [np.ones(11)])[1][0], np.zeros(11))
    np.testing.assert_array_equal(derivatives.vjp(recording.values, [np.ones(11)])[1][0], np.zeros(11))


@pytest.mark.parametrize(
    ("function", "others"),
    [
        (np.heaviside, 0.5), (np.heaviside, np.arange(11.0)), (np.floor_divide, 0.75), (np.fmax, 0.25),
        (np.fmin, np.nan), (np.maximum, 0.0), (np.copysign, SPECIAL[::-1]), (np.logaddexp, SPECIAL[::-1]),
        (np.logaddexp, -np.inf), (np.add, 1), (np.power, 2), (np.less, 0), (np.greater_equal, 0.5), (np.equal, -0.5),
        (np.not_equal, SPECIAL), (np.logical_and, SPECIAL[::-1]), (np.logical_or, 0.0), (np.logical_xor, 1.0),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's own
def test_special_values(function, others):
    """NaN, infinities and both zeros are NumPy's."""
    for one, other in ((SPECIAL, others), (np.broadcast_to(others, 11), SPECIAL)):
        recording = record(function, (one, other), argnums=(0,))
        graph = recording.graph
        (found,) = Derivatives(graph, recording.inputs(graph)).value(recording.values)
        expected = np.asarray(function(one, other), dtype=float)
        np.testing.assert_allclose(np.asarray(found, dtype=float), expected, rtol=1e-15)
        is_number = ~np.isnan(expected)
        assert np.array_equal(np.signbit(found)[is_number], np.signbit(expected)[is_number])


SELECTED = {
    "lexsort": lambda x: np.lexsort((x,)), "isclose": lambda x: np.isclose(x, 0.5),
    "allclose": lambda x: np.allclose(x, x),
    "array_equal": lambda x: np.array_equal(x, x), "searchsorted": lambda x: np.searchsorted(np.arange(3), x),
    "digitize": lambda x: np.digitize(x, np.arange(3)), "any": lambda x: np.any(x > 1), "all": lambda x: np.all(x > 1),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(SELECTIONS))
def test_functions_that_only_select(name):
    function, point, found = SELECTED.get(name, getattr(np, name)), np.array([[0.5, 3.0, -1.0], [0.5, 0.0, 2.0]]), []
    point = point[0] if name == "lexsort" else point

    def recorded(x):
        found.append(function(x))
        return np.sum(x)

    record(recorded, (point,))
    expected = function(point)
    assert type(found[0]) is type(expected)
    if name == "empty_like":
        assert found[0].shape == expected.shape
    else:
        assert np.all(np.asarray(found[0]) == np.asarray(expected))


def test_smooth_where_formulas_have_branches():
    """sinc at 0 and logaddexp at equal arguments have second derivatives too."""
    assert diffcli.grad(np.sinc, (0.0,)) == (0.0,)
    assert diffcli.hessian(np.sinc, argnums=0)(0.0) == pytest.approx(-(np.pi**2) / 3, rel=1e-14)
    ((xx, xy), (_, yy)) = diffcli.hessian(np.logaddexp)(1.5, 1.5)
    np.testing.assert_allclose((xx, xy, yy), (0.25, -0.25, 0.25), rtol=1e-14)
    for x in (1e-9, 1e-4, 0.3, 0.318, 0.319):
        u = np.pi * x
        exact = np.pi * (np.cos(u) / u - np.sin(u) / u**2) if x > 0.1 else np.pi * (-u / 3 + u**3 / 30)
        assert diffcli.grad(np.sinc, (x,))[0] == pytest.approx(exact, rel=1e-13 if x > 0.1 else 1e-12)


def test_ties_share():
    np.testing.assert_array_equal(diffcli.grad(np.max, (np.array([1.0, 3.0, 3.0]),))[0], [0, 0.5, 0.5])
    assert diffcli.grad(np.maximum, (2.0, 2.0)) == (0.5, 0.5)


def test_products_with_zeros():
    """∂(xyz)/∂x = yz needs no division by x."""
    x = np.array([2.0, 0.0, 3.0, 5.0])
    np.testing.assert_array_equal(diffcli.grad(np.prod, (x,))[0], [0, 30, 0, 0])
    rows = diffcli.jacobian(np.cumprod, (x,))[0]
    np.testing.assert_array_equal(rows, [[1, 0, 0, 0], [0, 2, 0, 0], [0, 6, 0, 0], [0, 30, 0, 0]])
