"""Functions, and texts of arrays, at many points: against the same one by one, and against closed forms."""

import math

import numpy as np
import pytest

import diffcli
from diffcli import batches, function_batches
from diffcli.errors import DiffcliError, PointError, ShapeError, UsageError

NUMBERS = np.random.default_rng(4)
X, Y = NUMBERS.uniform(0.5, 1.5, (2, 1000))
VECTORS, MATRICES = NUMBERS.normal(size=(200, 4)), NUMBERS.normal(size=(200, 4, 4)) + 3 * np.eye(4)


def deck_001(x1, x2):
    return np.log(x1) + x1 * x2 - np.sin(x2)


def assert_as_one_by_one(function, *points, every=7, **options):
    """Value and gradient of some points are those of single calls, in the same containers."""
    values, gradient = function.batch(*points, **options)
    for number in range(0, len(values), every):
        at = [point[number if len(point) > 1 else 0] if np.ndim(point) else point for point in points]
        value, partials = function(*at, **options)
        np.testing.assert_allclose(values[number], value, rtol=1e-13, atol=1e-14)
        assert len(gradient) == len(partials)
        for found, expected in zip(gradient, partials, strict=True):
            assert found.shape == (len(values), *np.shape(expected))
            np.testing.assert_allclose(found[number], expected, rtol=1e-12, atol=1e-13)


def test_a_function_of_numbers_runs_as_the_text_does():
    function = diffcli.value_and_grad(deck_001)
    value, (first, second) = function.batch(X, Y)
    np.testing.assert_allclose(value, np.log(X) + X * Y - np.sin(Y), rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(first, 1 / X + Y, rtol=1e-14)
    np.testing.assert_allclose(second, X - np.cos(Y), rtol=1e-13, atol=1e-15)
    text = diffcli.value_and_grad("ln(x1) + x1*x2 - sin(x2)")
    np.testing.assert_array_equal(value, text.batch(X, Y)[0])
    assert [array.shape for array in function.batch(X, 2.0)[1]] == [(1000,), (1000,)]
    np.testing.assert_array_equal(function.batch(X, Y[:1])[0], function.batch(X, Y[0])[0])


def branching(x, y):
    if x > 1:
        return x * y
    while y < 2:
        y = y * 1.5
    return np.sin(x) * y


def test_points_are_parted_by_the_branches_they_take():
    value, (first, second) = diffcli.value_and_grad(branching).batch(X, Y)
    factor = np.where(Y < 2 / 1.5, np.where(Y < 2 / 1.5**2, np.where(Y < 2 / 1.5**3, 1.5**4, 1.5**3), 1.5**2), 1.5)
    np.testing.assert_allclose(value, np.where(X > 1, X * Y, np.sin(X) * Y * factor), rtol=1e-13)
    np.testing.assert_allclose(first, np.where(X > 1, Y, np.cos(X) * Y * factor), rtol=1e-13)
    np.testing.assert_allclose(second, np.where(X > 1, X, np.sin(X) * factor), rtol=1e-13)


def test_more_branches_than_are_kept_run_point_by_point(monkeypatch):
    monkeypatch.setattr(function_batches, "MOST_RECORDINGS", 2)
    assert_as_one_by_one(diffcli.value_and_grad(branching), X, Y)


def by_rank(x):
    ordered = np.sort(x)
    return ordered[0] * x[1] + (ordered[-1] if x[2] > 0 else np.median(x) ** 2)


def network(matrix, x, power=2):
    hidden = np.tanh(matrix @ x)
    return (hidden**power).sum() if hidden[0] > 0 else np.linalg.norm(hidden)


@pytest.mark.parametrize("pure", [False, True])
@pytest.mark.parametrize(
    ("function", "points"),
    [
        (by_rank, (VECTORS,)),
        (network, (MATRICES, VECTORS)),
        (network, (MATRICES[:1], VECTORS)),
        (lambda a, x: np.linalg.solve(a, x) @ x + np.log(np.abs(np.linalg.det(a))), (MATRICES, VECTORS)),
        (lambda a: np.linalg.inv(a)[1].cumsum().prod(), (MATRICES,)),
        (lambda x, t: np.max(np.exp(x * t) / np.exp(x * t).sum()), (VECTORS, X[:200])),
        (lambda x, y: np.concatenate([x[::2], y[None] * x[1:3]]).sum() ** 2, (VECTORS, X[:200])),
        (lambda x, y: np.outer(x, x).mean() * y, (VECTORS, 2.5)),
        (lambda _: 3.0, (VECTORS,)),
    ],
)
def test_functions_of_arrays(function, points, pure, monkeypatch):
    monkeypatch.setattr(batches, "BLOCK_BYTES", 50_000)
    assert_as_one_by_one(diffcli.value_and_grad(function, pure=pure), *points)


def test_what_is_given_by_keyword_is_the_same_at_all_points():
    assert_as_one_by_one(diffcli.value_and_grad(network), MATRICES, VECTORS, power=3)
    data = NUMBERS.normal(size=(200, 4))
    values, _ = diffcli.value_and_grad(lambda x, data: ((data @ x) ** 2).sum()).batch(VECTORS, data=data)
    np.testing.assert_allclose(values, ((VECTORS @ data.T) ** 2).sum(axis=1), rtol=1e-12)


@pytest.mark.parametrize("pure", [False, True])
def test_labels_part_the_points_too(pure):
    """Whole numbers that nobody derives by are no nodes of the program: an index is what it was when recorded."""
    labels, flags = NUMBERS.integers(0, 4, 200), NUMBERS.integers(0, 2, 200) > 0
    function = diffcli.value_and_grad(lambda x, k, f: np.log(np.exp(x).sum()) - x[k] * f, 0, pure=pure)
    values, gradient = function.batch(VECTORS, labels, flags)
    softmax = np.exp(VECTORS) / np.exp(VECTORS).sum(axis=1, keepdims=True)
    expected = softmax - np.eye(4)[labels] * flags[:, None]
    np.testing.assert_allclose(gradient, expected, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(values, -np.log(softmax[range(200), labels]) + VECTORS[range(200), labels] * (~flags))


def test_floats_that_nobody_derives_by_differ_from_point_to_point():
    values, slope = diffcli.value_and_grad(lambda x, scale: scale * x**2, 0).batch(X, Y)
    np.testing.assert_allclose(values, Y * X**2, rtol=1e-14)
    np.testing.assert_allclose(slope, 2 * X * Y, rtol=1e-14)


def test_containers():
    function = diffcli.value_and_grad(lambda p: p["w"] @ p["x"][0] + p["x"][1] ** 2)
    values, (gradient,) = function.batch({"w": VECTORS, "x": [VECTORS[::-1], X[:200]]})
    np.testing.assert_allclose(values, (VECTORS * VECTORS[::-1]).sum(axis=1) + X[:200] ** 2, rtol=1e-12, atol=1e-13)
    np.testing.assert_array_equal(gradient["w"], VECTORS[::-1])
    np.testing.assert_allclose(gradient["x"][1], 2 * X[:200], rtol=1e-15)
    assert gradient["x"][0].shape == (200, 4)


@pytest.mark.parametrize(
    ("function", "points"), [(deck_001, (X, Y)), (branching, (X, Y)), (network, (MATRICES, VECTORS))]
)
def test_results_are_written_where_they_are_wanted(function, points):
    function = diffcli.value_and_grad(function)
    values, gradient = function.batch(*points)
    out = (np.full(len(values), np.nan), tuple(np.full(one.shape, np.nan) for one in gradient))
    found = function.batch(*points, out=out)
    assert found[0] is out[0]
    assert all(one is wanted for one, wanted in zip(found[1], out[1], strict=True))
    np.testing.assert_array_equal(out[0], values)
    for one, wanted in zip(out[1], gradient, strict=True):
        np.testing.assert_array_equal(one, wanted)
    alone = diffcli.grad(function.function)
    given = tuple(np.empty(one.shape) for one in gradient)
    assert alone.batch(*points, out=given)[0] is given[0]
    np.testing.assert_array_equal(given[0], gradient[0])
    np.testing.assert_array_equal(alone.batch(*points)[-1], gradient[-1])


def test_no_points_and_single_precision():
    values, (gradient,) = diffcli.value_and_grad(lambda x: x @ x).batch(VECTORS[:0])
    assert (values.shape, gradient.shape) == ((0,), (0, 4))
    single = diffcli.value_and_grad(lambda x: x @ x).batch(VECTORS.astype(np.float32))
    assert [array.dtype for array in (single[0], *single[1])] == [np.float32] * 2
    one = diffcli.value_and_grad(lambda x: x * x).batch(X.astype(np.float32))
    assert [array.dtype for array in (one[0], *one[1])] == [np.float64, np.float32]
    whole = diffcli.value_and_grad(lambda x: x * x).batch(np.arange(5))
    np.testing.assert_array_equal(whole[1][0], 2.0 * np.arange(5))


def test_nan_and_infinities_take_the_branches_that_they_take():
    points = np.array([math.nan, math.inf, -math.inf, -0.0, 0.0, 2.0])
    assert_as_one_by_one(diffcli.value_and_grad(lambda x: x * x if x > 1 else 3 * x), points, every=1)
    copied = diffcli.value_and_grad(lambda x: x * np.copysign(1.0, x))
    np.testing.assert_array_equal(copied.batch(points[3:])[1][0], [-1.0, 1.0, 1.0])


def test_what_cannot_be_a_batch_is_said():
    function = diffcli.value_and_grad(deck_001)
    with pytest.raises(ShapeError, match="different numbers of points: 4 and 5"):
        function.batch(X[:4], X[:5])
    with pytest.raises(UsageError, match="no argument has an axis of points"):
        function.batch(2.0, 5.0)
    with pytest.raises(ShapeError, match="a gradient needs one number"):
        function.batch(VECTORS, VECTORS)
    with pytest.raises(UsageError, match="a batch cannot be differentiated"):
        diffcli.value_and_grad(lambda x: function.batch(x, x)[0].sum())(X)
    with pytest.raises(UsageError, match="a batch cannot be differentiated"):
        diffcli.value_and_grad(lambda x: diffcli.value_and_grad(lambda y: y * x).batch(Y)[0].sum())(2.0)
    for wrong in ((np.empty(999), (np.empty(1000),) * 2), np.empty(3), (np.empty(1000), (np.empty(1000),))):
        with pytest.raises(DiffcliError):
            function.batch(X, Y, out=wrong)


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("norm(tanh(W @ x))", (MATRICES[:1], VECTORS)),
        ("sum(W.T @ x) / x[2]", (MATRICES, VECTORS)),
        ("logsumexp(x) * t", (VECTORS, X[:200])),
    ],
)
def test_texts_of_arrays(text, points):
    assert_as_one_by_one(diffcli.value_and_grad(text), *points)
    function = diffcli.value_and_grad(text)
    values, gradient = function.batch(*points)
    out = (np.empty(len(values)), tuple(np.empty(one.shape) for one in gradient))
    assert function.batch(*points, out=out)[0] is out[0]
    np.testing.assert_array_equal(out[1][0], gradient[0])


def test_products_with_tangents_and_cotangents_of_texts():
    text, at = "ln(x1) + x1*x2 - sin(x2)", {"x1": 2, "x2": 5}
    function = diffcli.value_and_grad(text)
    expected = diffcli.jvp(text, at, {"x1": 1, "x2": 2})
    assert function.jvp((2.0, 5), (1, 2.0)) == function.jvp(at, {"x1": 1, "x2": 2}) == expected
    assert expected[1] == pytest.approx(5.5 + 2 * 1.7163378145367738, rel=1e-14)
    assert function.jvp({"x1": "4/2", "x2": 5}, {"x1": 1})[1] == pytest.approx(5.5, rel=1e-15)
    value, pulled_back = function.vjp((2, 5))
    assert value == diffcli.vjp(text, at)[0]
    assert pulled_back(2.0) == diffcli.vjp(text, at)[1](2.0)
    for wrong in ((2.0,), 2.0, {"x1": 2}, {"x1": 2, "x2": 5, "x3": 1}):
        with pytest.raises(PointError):
            function.vjp(wrong)
    with pytest.raises(PointError, match="one tangent is needed for each of 2"):
        function.jvp((2, 5), (1,))


def test_products_with_tangents_and_cotangents_of_texts_of_arrays():
    function = diffcli.value_and_grad("x @ A @ x")
    x, matrix = VECTORS[0], MATRICES[0]
    value, product = function.jvp((x, matrix), {"x": VECTORS[1]})
    assert value == pytest.approx(x @ matrix @ x, rel=1e-13)
    assert product == pytest.approx(VECTORS[1] @ (matrix + matrix.T) @ x, rel=1e-12)
    by_x, by_matrix = function.vjp({"A": matrix.tolist(), "x": list(x)})[1](2.0)
    np.testing.assert_allclose(by_x, 2 * (matrix + matrix.T) @ x, rtol=1e-12)
    np.testing.assert_allclose(by_matrix, 2 * np.outer(x, x), rtol=1e-13)


def test_texts_are_not_read_again(monkeypatch):
    function = diffcli.value_and_grad("x*y + sin(x)")
    of_arrays = diffcli.value_and_grad("sum(x*y)")
    of_arrays.jvp((VECTORS[0], VECTORS[1]), {})
    monkeypatch.setattr("diffcli.text_gradient.parse", None)
    assert function.jvp((1.0, 2.0), (0, 1))[1] == 1.0
    assert function.vjp((1.0, 2.0))[1](1.0)[1] == 1.0
    of_arrays.vjp((VECTORS[0], VECTORS[1]))[1](1.0)
    of_arrays.batch(VECTORS, VECTORS)


def test_products_with_tangents_and_cotangents_of_functions():
    function = diffcli.value_and_grad(deck_001)
    assert function.jvp((2.0, 5.0), (1.0, 2.0)) == diffcli.jvp(deck_001, (2.0, 5.0), (1.0, 2.0))
    assert function.vjp((2.0, 5.0))[1](3.0) == diffcli.vjp(deck_001, (2.0, 5.0))[1](3.0)
    first = diffcli.value_and_grad(deck_001, 0)
    assert first.jvp((2.0, 5.0), (1.0,))[1] == pytest.approx(5.5, rel=1e-15)
    assert diffcli.grad(deck_001).jvp((2.0, 5.0), (1.0, 0.0))[1] == pytest.approx(5.5, rel=1e-15)
    scaled = diffcli.value_and_grad(lambda x, scale: scale * (x @ x))
    np.testing.assert_allclose(scaled.vjp((VECTORS[0],), scale=3.0)[1](1.0)[0], 6 * VECTORS[0], rtol=1e-14)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("sum(W.T @ x)", ("W", "x")),
        ("sum(sum(W @ x, axis=0, keepdims=True))", ("W", "x")),
        ("sum(W @ T)", ("W", "T")),
        ("f(W, true) = sum(W @ W) + true", ("W", "true")),
    ],
)
def test_words_that_are_no_variables(text, names):
    assert diffcli.value_and_grad(text).variables == names
