"""What fuzzing of recorded Python functions found: each case is as short as it can be made."""

import math

import numpy as np
import pytest

import diffcli
from diffcli.derivatives import Derivatives
from diffcli.errors import DiffcliError, FunctionError
from diffcli.execute.expansion import expanded
from diffcli.execute.python_source import compiled
from diffcli.tracing import record

X = np.array([1.0, 2.0, 3.0])


def gradient(function):
    return diffcli.value_and_grad(function, 0)(X)


def filled_buffer(make, read=lambda buffer: buffer):
    """Σ over i of x · buffer, where the buffer changes between the uses."""

    def function(x):
        buffer, result = make(), 0.0
        for i in range(3):
            buffer[i] = 1
            result = result + (x * read(buffer)).sum()
        return result

    return function


@pytest.mark.parametrize(
    "function",
    [
        filled_buffer(lambda: np.zeros(3)),
        filled_buffer(lambda: np.zeros(3, dtype=bool)),
        filled_buffer(lambda: np.zeros(3, dtype=int)),
        filled_buffer(lambda: np.zeros(3, dtype=np.float16)),
        filled_buffer(lambda: [0, 0, 0]),
        filled_buffer(lambda: np.zeros(3), lambda buffer: np.broadcast_to(buffer, (1, 3))),
    ],
)
def test_captured_things_that_change_while_the_function_runs(function):
    value, found = gradient(function)
    assert value == function(X) == 3 * 1 + 2 * 2 + 1 * 3
    assert list(found) == [3, 2, 1]


def test_views_of_a_changing_array_that_are_read_only():
    def function(x):
        buffer = np.zeros(3)
        view = buffer[:]
        view.flags.writeable = False
        first = (x * view).sum()
        buffer[0] = 5
        return first + (x * view).sum()

    assert list(gradient(function)[1]) == [5, 0, 0]


def test_one_changed_element_of_a_large_array_is_noticed():
    def function(x):
        buffer, result = np.zeros(20_000), 0.0
        for i in (3, 7):
            buffer[i] = 1
            result = result + (x[0] * buffer).sum()
        return result

    with pytest.raises(FunctionError, match="20000 elements was changed in place"):
        gradient(function)


@pytest.mark.parametrize("condition", [-1.0, 2.5, math.nan, True])
def test_any_number_but_zero_is_a_condition_that_holds(condition):
    masks = np.full(3, condition, dtype=float), np.zeros(3)

    def function(x):
        y = x * x
        return sum((np.where(mask, y, 0) for mask in masks), 0.0).sum()

    value, found = gradient(function)
    assert value == function(X)
    assert np.array_equal(found, 2 * X)


def test_filled_arrays_have_the_type_of_the_recorded_one():
    def function(x):
        weights = np.full_like(x, 1)
        weights[0] = 0.5
        return (weights * x).sum()

    assert list(gradient(function)[1]) == [0.5, 1, 1]
    assert gradient(lambda x: (x * np.ones_like(x, dtype=int)).sum() * np.full_like(x, 2, shape=())[()])[0] == 12
    with pytest.raises(FunctionError, match="dtype=int64"):
        gradient(lambda x: np.full_like(x, x[0], dtype=int).sum())


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize(("m", "n"), [(2, 5), (5, 2), (2, 4), (4, 2), (3, 3), (1, 4)])
def test_correlations_of_vectors_of_any_lengths(mode, m, n):
    rng = np.random.default_rng(m + 10 * n)
    a, v = rng.normal(size=m), rng.normal(size=n)
    found = diffcli.jacobian(lambda a: np.correlate(a, v, mode), argnums=0)(a)
    expected = np.stack([np.correlate(row, v, mode) for row in np.eye(m)], axis=1)  # it is linear
    assert np.allclose(found, expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize("subscripts", ["i->ii", "i->k"])
def test_labels_of_a_result_are_checked(subscripts):
    with pytest.raises(FunctionError, match="new or repeated"):
        diffcli.jacobian(lambda x: np.einsum(subscripts, x))(X)


def test_divmod():
    quotient, rest = diffcli.jacobian(lambda x: divmod(x[0], x[1]), argnums=0)(np.array([7.5, 2.0]))
    assert list(quotient) == [0, 0]
    assert list(rest) == [1, -3]


def test_an_array_kept_from_a_call_that_failed():
    kept = []

    def function(x):
        kept.append(x)
        if len(kept) == 1:
            raise KeyError("only once")
        return (kept[0] * x).sum()

    derivative = diffcli.grad(function)
    with pytest.raises(KeyError):
        derivative(X)
    with pytest.raises(FunctionError, match="kept from an earlier call"):
        derivative(X)


@pytest.mark.parametrize("pure", [False, True])
def test_containers_that_have_no_end(pure):
    endless = [1.0]
    endless.append(endless)
    with pytest.raises(FunctionError, match="contains itself"):
        diffcli.grad(lambda a: a[0], pure=pure)(endless)
    deep = 1.0
    for _ in range(3000):
        deep = [deep]
    with pytest.raises(FunctionError, match="more than 100 deep"):
        diffcli.grad(lambda _: 1.0, pure=pure)(deep)


@pytest.mark.parametrize("result", [{1.0}, object(), np.array(["a"]), b"x", len])
def test_results_that_are_no_numbers(result):
    with pytest.raises(FunctionError, match=f"returns {type(result).__name__}, not numbers"):
        gradient(lambda _: result)


@pytest.mark.parametrize("argument", [np.ma.array(X, mask=[0, 1, 0]), X.view(np.matrix), 10**400])
def test_arguments_that_mean_something_else(argument):
    with pytest.raises(FunctionError, match=r"not supported|too large"):
        diffcli.grad(np.sum)(argument)


@pytest.mark.parametrize("tangent", [[1, 0, 0], np.ones(3), np.ones(3, dtype=int)])
def test_tangents_do_not_widen_single_precision(tangent):
    value, found = diffcli.jvp(lambda x: x * x, (X.astype(np.float32),), (tangent,))
    assert value.dtype == found.dtype == np.float32
    assert list(found) == list(2 * X * np.asarray(tangent))


@pytest.mark.parametrize("key", [slice(-3, -2, -2), slice(-9, None, -1), slice(0, 9, -1), slice(2, 2)])
def test_slices_that_select_nothing(key):
    assert X[:2][key].shape == (0,)
    value, found = gradient(lambda x: np.sum(x[:2][key]) + x[0])
    assert value == 1
    assert list(found) == [1, 0, 0]


def test_an_empty_slice_in_a_text():
    with pytest.raises(diffcli.errors.ShapeError, match="selects nothing"):
        diffcli.grad("x[0] + sum(x[-4:-3:-2])", {"x": [1, 2, 3]})


def test_coefficients_of_a_polynomial_may_be_arrays():
    coefficients = np.array([[1.0, 2, 3], [4, 5, 6]])
    found = diffcli.jacobian(np.polyval)(coefficients, X)
    assert found[0].tolist() == [[[x, 0, 0][-k:] + [x, 0, 0][:-k] for x in (X[k], 1)] for k in range(3)]
    assert found[1].tolist() == np.diag(coefficients[0]).tolist()
    assert diffcli.jacobian(lambda x: np.polyval(np.zeros(0), x), argnums=0)(X).tolist() == np.zeros((3, 3)).tolist()


def test_axes_of_length_one_stretch_in_einsum():
    a, b = np.array([[2.0], [3.0]]), np.array([[1.0, 4], [5, 6], [7, 8]])
    assert np.array_equal(a.repeat(3, axis=1) @ b, np.einsum("ij,jk->ik", a, b))
    value, (at_a, at_b) = diffcli.value_and_grad(lambda a, b: np.einsum("ij,jk->ik", a, b).sum())(a, b)
    assert value == 5 * 31
    assert at_a.tolist() == [[31], [31]]
    assert at_b.tolist() == [[5, 5]] * 3


def test_a_number_has_an_axis_where_numpy_says_so():
    value, found = diffcli.value_and_grad(lambda x: x.sum(axis=0) * np.max(x, axis=-1) + np.cumsum(x, 0)[0], 0)(
        np.array(3.0)
    )
    assert (value, found) == (12, 7)


def test_vectors_of_one_number_and_none():
    assert gradient(lambda x: np.convolve(x[0], x).sum())[1].tolist() == [7, 1, 1]
    for function in (np.convolve, np.correlate):
        with pytest.raises(diffcli.errors.ShapeError, match="vector with elements"):
            gradient(lambda x, function=function: function(x, x[:0]).sum())
    assert gradient(lambda x: np.resize(x[:0], (2, 2)).sum() + x[1])[1].tolist() == [0, 1, 0]


def test_jacobians_where_nothing_has_elements():
    nothing = np.zeros((0, 2))
    for mode in ("forward", "reverse"):
        assert diffcli.jacobian(lambda x: x, argnums=0, mode=mode)(nothing).shape == (0, 2, 0, 2)


def alias(x):
    y = x
    y += 1
    return (x * y).sum()


def aliased_argument(x):
    def scaled(h):
        h *= 2
        return h

    return (scaled(x) + x).sum()


@pytest.mark.parametrize("function", [alias, aliased_argument])
def test_an_array_changed_in_place_has_no_other_name(function):
    with pytest.raises(FunctionError, match="used under another name"):
        gradient(function)


def test_changes_in_place_that_are_seen_by_nobody():
    def function(x):
        h = x * 2
        h += x
        total = 0.0
        for copied in (x.copy, x.__pos__, lambda: np.copy(x), lambda: x.astype(float)):
            y = copied()
            y *= 2
            total += y.sum()
        return total + (h * x).sum()

    value, found = gradient(function)
    assert value == function(X)
    assert found.tolist() == (8 + 6 * X).tolist()

    def of_number(x):
        y = x
        y += 1
        return x * y

    assert diffcli.value_and_grad(of_number, 0)(3.0) == diffcli.value_and_grad(of_number, 0)(np.float64(3)) == (12, 7)
    with pytest.raises(FunctionError, match="used under another name"):  # NumPy changes x too
        diffcli.value_and_grad(of_number, 0)(np.array(3.0))


def test_changes_in_place_keep_the_shape():
    def function(x):
        x += np.ones((2, 3))
        return x.sum()

    with pytest.raises(diffcli.errors.ShapeError, match="3 cannot become one of shape 2×3"):
        gradient(function)


def test_products_and_determinants_of_nothing():
    nothing = np.zeros((2, 0, 3))
    found = diffcli.jacobian(np.dot, argnums=0)(np.zeros((4, 0)), nothing)
    assert found.shape == (4, 2, 3, 4, 0)
    program = record(lambda x: np.linalg.det(x[:0, :0]) + np.linalg.inv(x[:0, :0]).sum() + x[0, 0], (np.eye(2),))
    assert compiled(expanded(program.graph).graph)([1.0, 0.0, 0.0, 1.0]) == (2.0,)


def test_a_cotangent_is_pulled_back_to_the_point_that_was_given():
    x, a = X.copy(), np.ones(3)
    of_function = diffcli.vjp(lambda x: (a * x * x).sum(), (x,))[1]
    of_text = diffcli.vjp("sum(x*x)", {"x": x})[1]
    x[:], a[:] = 0, 0
    assert of_function(1.0)[0].tolist() == of_text(1.0)[0].tolist() == [2, 4, 6]


def test_arrays_of_other_libraries_are_copied_for_the_cotangent():
    xp = pytest.importorskip("array_api_strict")
    x = xp.asarray([1.0, 2.0])
    pulled_back = diffcli.vjp(lambda x: x * x, (x,))[1]
    x[:] = 10.0
    assert np.asarray(pulled_back(xp.ones(2))[0]).tolist() == [2, 4]


VIEWS = [
    lambda z: z[:1],
    lambda z: z[0:1, None],
    lambda z: z[0, ...],
    lambda z: z.reshape(3, 1)[0],
    lambda z: np.split(z, 3)[0],
    lambda z: np.flip(z).T[::-1],
    lambda z: np.atleast_2d(z)[0],
    np.real,
    lambda z: np.broadcast_arrays(z, 1.0)[0],
    lambda z: np.einsum("i->i", z),
    lambda z: z.astype(float, copy=False),
]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("is_base", [False, True])
def test_changes_in_place_are_seen_through_views(view, is_base):
    def function(x):
        base = x * 1.0
        part = view(base)
        changed, other = (base, part) if is_base else (part, base)
        changed += 1
        return (other * other).sum()

    assert function(X) != (X * X).sum()  # NumPy sees the change
    with pytest.raises(FunctionError, match="by a view"):
        gradient(function)


def test_changes_in_place_through_a_view_of_a_view():
    def function(x):
        base = x * 1.0
        one, two = base.reshape(3, 1), base[::-1]
        one *= 2
        return two.sum()

    with pytest.raises(FunctionError, match="by a view"):
        gradient(function)


def test_copies_and_what_was_read_before_are_not_changed_with_a_view():
    def function(x):
        base = x * 1.0
        total, copied, flat = base[:2].sum(), base[:2].copy(), base.reshape(3, 1).flatten()
        element, chosen = base[0], base[[0, 1]]
        element += 1
        base += x
        copied *= 3
        flat -= 1
        return total + (copied * chosen).sum() + (base * flat).sum() + element

    value, found = gradient(function)
    assert value == function(X)
    assert found.tolist() == (4 * X - 2 + [2 + 6 * 1, 1 + 6 * 2, 0]).tolist()


@pytest.mark.parametrize("order", [0, 1, 2, 3, math.inf, -math.inf])
@pytest.mark.parametrize("options", [{}, {"axis": (0, 1)}, {"axis": (1, 0), "keepdims": True}, {"keepdims": True}])
def test_norms_of_arrays_as_vectors(order, options):
    matrix = np.array([[1.0, -2], [3, 4]])
    norm = np.linalg.vector_norm
    value, found = diffcli.value_and_grad(lambda x: norm(x, ord=order, **options).sum(), 0)(matrix)
    assert value == pytest.approx(norm(matrix, ord=order, **options).sum(), rel=1e-15)
    flat = diffcli.grad(lambda x: np.linalg.norm(x, ord=order), argnums=0)(matrix.reshape(-1))
    assert found.reshape(-1).tolist() == pytest.approx(flat.tolist(), rel=1e-14)


def test_areas_below_curves_with_points_of_their_own():
    heights, points = np.array([[1.0, 2], [3, 4], [5, 9]]), np.array([[0.0, 1], [1, 3], [4, 4]])
    value, found = diffcli.value_and_grad(lambda y: np.trapezoid(y, points, axis=0).sum(), 0)(heights)
    assert value == np.trapezoid(heights, points, axis=0).sum()
    assert found.tolist() == [[0.5, 1], [2, 1.5], [1.5, 0.5]]


def test_truth_values_beside_numbers_are_numbers():
    def function(x):
        mixed, pure = np.concatenate([x > 0, x]), np.concatenate([x > 0, x > 1])
        return (mixed + mixed).sum() + (pure + pure).sum()

    value, found = gradient(function)
    assert (value, found.tolist()) == (function(X), [2, 2, 2])


@pytest.mark.parametrize("function", [np.remainder, np.fmod])
@pytest.mark.parametrize("point", [(1e20, 3.0), (5.3, 0.1), (-5.3, 0.1), (5.3, -0.1), (3.0, math.inf), (-7.5, 2.0)])
def test_rests_have_all_digits(function, point):
    value, (of_x, of_y) = diffcli.value_and_grad(function)(*point)
    assert value == function(*point)
    assert of_x == 1
    assert of_y == pytest.approx((value - point[0]) / point[1], rel=1e-15, abs=0)
    both = diffcli.jacobian(function, argnums=(0, 1))(np.full(2, point[0]), np.full(2, point[1]))
    assert np.diag(both[1]).tolist() == [of_y, of_y]


def test_shapes_are_whole_numbers_of_any_kind():
    two = np.int64(2)
    for function in (
        lambda x: np.broadcast_to(x, (two, 3)),
        lambda x: np.broadcast_to(x, np.array([2, 3])),
        lambda x: np.diag(x, two),
        lambda x: np.full_like(x, x[0], shape=np.array([two, 2])),
        lambda x: np.reshape(x, np.array([3, 1])),
        lambda x: x.reshape(np.int64(3), 1),
    ):
        assert gradient(lambda x, function=function: function(x).sum())[0] == function(X).sum()
    with pytest.raises(TypeError, match="integer"):
        gradient(lambda x: np.reshape(x, (3.5, 1)).sum())


@pytest.mark.parametrize("number", [10**400, -(10**400)])
def test_whole_numbers_that_are_too_large(number):
    with pytest.raises(FunctionError, match="too large for a float"):
        gradient(lambda x: (x * number).sum())


def test_exchanged_elements_of_a_large_array_are_noticed():
    def function(x, buffer):
        result = (x[0] * buffer).sum()
        buffer[[1, 2]] = buffer[[2, 1]]
        return result + (x[0] * buffer)[1]

    buffer = np.arange(10_000.0)
    with pytest.raises(FunctionError, match="changed in place"):
        gradient(lambda x: function(x, buffer))
    large = np.broadcast_to(np.arange(4.0), (10**9, 4))  # nothing of it is there more than once
    assert gradient(lambda x: (x[0] * large[:2]).sum() + large.sum(axis=0, where=False)[0] * x[0])[0] == 12


def test_zeros_of_both_signs_are_recorded_apart():
    function = diffcli.grad(lambda x, sign: x * np.copysign(1.0, sign), argnums=0, pure=True)
    scaled = diffcli.grad(lambda x, *, sign: x * np.copysign(1.0, sign), argnums=0, pure=True)
    for sign in (0.0, -0.0, np.float64(0), np.float64(-0.0)):
        assert scaled(1.0, sign=sign) == function(1.0, sign) == math.copysign(1, sign)


def test_checks_use_the_library_of_the_arrays():
    xp = pytest.importorskip("array_api_strict")
    for dtype in (xp.float64, xp.float32):
        check = diffcli.check_grads(lambda x: np.sum(x * x * x), (xp.asarray([1.0, 2.0], dtype=dtype),))
        assert check.ok, str(check)


def test_second_derivatives_that_are_not_symmetric_are_found(monkeypatch):
    """⟨ẋ, (H + A)·ẋ⟩ = ⟨ẋ, H·ẋ⟩ for A = −Aᵀ, so that only another direction tells them apart."""
    right = Derivatives.jvp
    skew = np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 0]])

    def wrong(self, values, tangents):
        found = right(self, values, tangents)
        return found if self.shapes == ((),) else (found[0], [found[1][0] + skew @ tangents[0]])

    monkeypatch.setattr(Derivatives, "jvp", wrong)
    rows = diffcli.check_grads(lambda x: (x**3).sum(), (X,)).comparisons
    assert {row.ok for row in rows if "forward over reverse" in row.what} == {False}
    assert all(row.ok for row in rows if "forward over reverse" not in row.what)


def test_the_number_of_an_argument_in_the_place_of_the_arguments():
    for derivative in (diffcli.grad, diffcli.jacobian, diffcli.hessian):
        with pytest.raises(DiffcliError) as caught:
            derivative(np.sum, 0)
        assert "argnums=0" in caught.value.hint


def test_a_choice_of_truth_values_is_one():
    """Two of them are added as NumPy adds truth values: true or true is true."""

    def f(x):
        chosen = np.where(x > 1, x > 0, x < 5)
        return np.sum(np.where(chosen + chosen, 1.0, 0.0) * x) + np.sum((chosen + chosen) * x)

    x = np.array([0.5, 2.0])
    value, (gradient,) = diffcli.value_and_grad(f)(x)
    assert value == f(x)
    np.testing.assert_array_equal(gradient, [2.0, 2.0])
