"""Derivatives of texts and of functions by one interface: gradients, Jacobians, Hessians, products, checks."""

import json
import math

import numpy as np
import pytest

import diffcli
from diffcli import derivatives
from diffcli.derivatives import Derivatives
from diffcli.errors import DiffcliError
from diffcli.language import parse
from diffcli.studies import gradient_check
from diffcli.tracing import record

X = np.array([0.5, -1.25, 2.0])
MATRIX = np.array([[1.0, 2.0, -1.0], [0.5, 3.0, 0.25]])
HELMHOLTZ = "sum(x*log(x/(1 - b@x)))"


def equal(found, expected, tolerance=1e-13):
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


# Texts of numbers.


def test_jacobian_of_a_text():
    expected = ((3.0, 2.0), (4.0, 0.0), (math.cos(2), 0.0))
    for mode in (None, "forward", "reverse"):
        assert diffcli.jacobian("x*y; x^2; sin(x)", {"x": 2, "y": 3}, mode=mode) == expected


def test_hessian_of_a_text():
    for mode in ("forward-over-reverse", "reverse-over-reverse"):
        assert diffcli.hessian("x^2*y", {"x": 2, "y": 3}, mode=mode) == ((6.0, 4.0), (4.0, 0.0))
        found = diffcli.hessian("x*y*exp(x*z)", {"x": 1, "y": 2, "z": "1/2"}, mode=mode)
        e = math.exp(0.5)  # f = x·y·exp(x·z)
        rows = [[2 * e * (1 + 0.25), e * 1.5, 2 * e * 2.5], [e * 1.5, 0, e], [2 * e * 2.5, e, 2 * e]]
        equal(found, rows)
    with pytest.raises(DiffcliError, match="no mode"):
        diffcli.hessian("x", {"x": 1}, mode="forward")
    with pytest.raises(DiffcliError, match="one number"):
        diffcli.hessian("x; x^2", {"x": 1})


def test_products_of_a_text():
    at = {"x": 2, "y": 3}
    assert diffcli.jvp("x*y; x/y", at, {"x": 1.0}) == ((6.0, 2 / 3), (3.0, 1 / 3))
    value, pullback = diffcli.vjp("x*y; x/y", at)
    assert value == (6.0, 2 / 3)
    equal(pullback((2.0, 3.0)), (2 * 3 + 1, 2 * 2 - 3 * 2 / 9))
    assert diffcli.vjp("x*y", at)[1](2.0) == (6.0, 4.0)
    assert diffcli.hvp("x^2*y", at, {"x": 1, "y": 2}) == (6.0 + 8.0, 4.0)
    with pytest.raises(DiffcliError, match="'z' is no variable"):
        diffcli.jvp("x*y", at, {"z": 1})


# Texts of arrays.


def helmholtz_gradient(x, b):
    return np.log(x / (1 - b @ x)) + 1 + b * np.sum(x) / (1 - b @ x)


def test_texts_take_arrays():
    x, b = np.array([0.1, 0.2, 0.3]), np.array([0.3, 0.2, 0.1])
    function = diffcli.value_and_grad(HELMHOLTZ)
    assert function.variables == ("x", "b")
    value, (by_x, by_b) = function(x, b)
    equal(value, np.sum(x * np.log(x / (1 - b @ x))))
    equal(by_x, helmholtz_gradient(x, b))
    equal(by_b, x * np.sum(x) / (1 - b @ x))
    equal(function(list(x[:2]), list(b[:2]))[1][0], helmholtz_gradient(x[:2], b[:2]))
    assert function(x.astype("float32"), b.astype("float32"))[1][0].dtype == np.float32
    equal(diffcli.grad(HELMHOLTZ, {"x": "[0.1, 0.2, 0.3]", "b": b})[0], by_x)
    equal(diffcli.grad("sum(w)*s", {"w": [[1, 2], [3, 4]], "s": 2})[0], np.full((2, 2), 2.0))


def test_texts_of_numbers_take_arrays_too():
    function = diffcli.value_and_grad("x*y")
    assert function(2, 3) == (6.0, (3.0, 2.0))
    with pytest.raises(DiffcliError, match="one number"):
        function(X, 2.0)
    with pytest.raises(DiffcliError, match="numbers are needed"):
        function("a", 2.0)


def test_the_order_of_array_variables_can_be_fixed():
    value, (by_b, by_x) = diffcli.value_and_grad("f(b, x) = sum(x*b*x)")(X, 2 * X)
    equal(value, np.sum(4 * X**3))
    equal(by_b, 4 * X**2)
    equal(by_x, 4 * X**2)


def test_jacobians_of_array_texts():
    at = {"W": MATRIX, "x": X}
    for mode in ("forward", "reverse"):
        ((by_w, by_x),) = diffcli.jacobian("tanh(W@x)", at, mode=mode)
        slope = 1 - np.tanh(MATRIX @ X) ** 2
        equal(by_x, slope[:, None] * MATRIX)
        equal(by_w, np.einsum("i,ij,k->ijk", slope, np.eye(2), X))
    (row,) = diffcli.hessian("sum(x^3)*s", {"x": X, "s": 2})[:1]
    equal(row[0], np.diag(12 * X))
    equal(row[1], 3 * X**2)


def test_products_of_array_texts():
    value, tangent = diffcli.jvp("W@x", {"W": MATRIX, "x": X}, {"x": [1, 0, 0]})
    equal(value, MATRIX @ X)
    equal(tangent, MATRIX[:, 0])
    by_w, by_x = diffcli.vjp("W@x", {"W": MATRIX, "x": X})[1]([1.0, 2.0])
    equal(by_w, np.outer([1, 2], X))
    equal(by_x, MATRIX.T @ [1, 2])
    equal(diffcli.hvp("sum(x^3)", {"x": X}, {"x": [1, 1, 2]})[0], 6 * X * [1, 1, 2])
    with pytest.raises(DiffcliError, match="shape"):
        diffcli.jvp("W@x", {"W": MATRIX, "x": X}, {"x": [1, 0]})


# Functions.


def curve(x, t):
    return np.stack([np.sum(np.sin(x) * t), np.prod(x) - t**2])


def test_functions_and_texts_are_alike():
    by_function = diffcli.value_and_grad(lambda x1, x2: np.log(x1) + x1 * x2 - np.sin(x2))
    by_text = diffcli.value_and_grad("ln(x1) + x1*x2 - sin(x2)")
    assert by_function.variables == by_text.variables == ("x1", "x2")
    assert by_function(2.0, 5.0) == by_text(2.0, 5.0)


@pytest.mark.parametrize("mode", [None, "forward", "reverse"])
@pytest.mark.parametrize("block", [derivatives.BLOCK_BYTES, 1000, 1])
def test_jacobian_of_a_function(mode, block, monkeypatch):
    monkeypatch.setattr(derivatives, "BLOCK_BYTES", block)
    by_x, by_t = diffcli.jacobian(curve, mode=mode)(X, 1.5)
    equal(by_x, [1.5 * np.cos(X), np.prod(X) / X])
    equal(by_t, [np.sum(np.sin(X)), -3.0])
    assert diffcli.jacobian(curve, argnums=0, mode=mode)(X, 1.5).shape == (2, 3)


@pytest.mark.parametrize("block", [derivatives.BLOCK_BYTES, 3000])
def test_hessian_of_a_function(block, monkeypatch):
    monkeypatch.setattr(derivatives, "BLOCK_BYTES", block)
    function = lambda m, s: s * np.sum(np.exp(m) * m) + np.linalg.norm(m)  # noqa: E731
    both = [
        diffcli.hessian(function, mode=mode)(MATRIX, 2.0) for mode in ("forward-over-reverse", "reverse-over-reverse")
    ]
    for (by_mm, by_ms), (by_sm, by_ss) in both:
        norm = np.linalg.norm(MATRIX)
        flat = MATRIX.ravel()
        diagonal = np.diag(2.0 * (np.exp(MATRIX) * (MATRIX + 2)).ravel())
        expected = diagonal + np.eye(6) / norm - np.outer(flat, flat) / norm**3
        equal(by_mm.reshape(6, 6), expected)
        equal(by_ms, np.exp(MATRIX) * (MATRIX + 1))
        equal(by_sm, by_ms)
        assert by_ss == 0.0


def test_hessian_of_containers():
    found = diffcli.hessian(lambda p: np.sum(p["a"] ** 2) * p["b"], argnums=0)({"a": X, "b": 3.0})
    equal(found["a"]["a"], 6 * np.eye(3))
    equal(found["a"]["b"], 2 * X)
    equal(found["b"]["a"], 2 * X)
    assert found["b"]["b"] == 0.0


def test_products_of_a_function():
    value, tangent = diffcli.jvp(curve, (X, 1.5), (np.array([1, 0, 2]), 0.5))
    equal(value, curve(X, 1.5))
    jacobian = np.array([1.5 * np.cos(X), np.prod(X) / X])
    equal(tangent, jacobian @ [1, 0, 2] + 0.5 * np.array([np.sum(np.sin(X)), -3.0]))
    value, pullback = diffcli.vjp(curve, (X, 1.5))
    by_x, by_t = pullback([2, -1])
    equal(by_x, [2, -1] @ jacobian)
    equal(by_t, 2 * np.sum(np.sin(X)) + 3.0)
    for args, tangents in (((X, 1.5), (X,)), ((X, 1.5), (X[:2], 1.0)), (X, X)):
        with pytest.raises(DiffcliError):
            diffcli.jvp(curve, args, tangents)


def test_products_of_a_function_that_branches():
    function = lambda x: x**3 if x > 0 else -x  # noqa: E731
    assert diffcli.jvp(function, (2.0,), (1.0,)) == (8.0, 12.0)
    assert diffcli.hvp(function, (2.0,), (1.0,)) == (12.0,)
    assert diffcli.hvp(function, (-2.0,), (1.0,)) == (0.0,)


def test_many_outputs_and_inputs_without_elements():
    assert diffcli.jacobian(lambda x: x * 2, argnums=0)(np.zeros(0)).shape == (0, 0)
    assert diffcli.jacobian(np.sum, argnums=0, mode="forward")(np.zeros((2, 0))).shape == (2, 0)


def test_both_modes_agree_to_the_last_digits():
    random = np.random.default_rng(5)
    m = random.normal(size=(6, 6)) + 6 * np.eye(6)
    function = lambda a: np.linalg.solve(a, np.cos(a[0])) + np.linalg.slogdet(a)[1]  # noqa: E731
    forward, reverse = (diffcli.jacobian(function, argnums=0, mode=mode)(m) for mode in ("forward", "reverse"))
    equal(forward, reverse, 1e-13)


def test_the_cheaper_mode():
    graph = parse("a*b*c; a+c").graph
    assert Derivatives(graph, graph.inputs).mode() == "reverse"
    assert Derivatives(graph, graph.inputs[:1]).mode() == "forward"
    with pytest.raises(DiffcliError, match="no mode"):
        diffcli.jacobian("x", {"x": 1}, mode="sideways")


def test_texts_and_functions_want_their_own_points():
    with pytest.raises(DiffcliError, match="by name"):
        diffcli.jacobian("x")
    with pytest.raises(DiffcliError, match="tuple of its arguments"):
        diffcli.vjp(curve, {"x": X})


# Checks.


def test_checks_agree_on_right_derivatives():
    for subject, at in (
        (curve, (X, 1.5)),
        (HELMHOLTZ, {"x": [0.1, 0.2], "b": [0.3, 0.4]}),
        ("x*y + sin(x); x/y", {"x": 1.5, "y": 2}),
        (lambda p: np.sum(np.tanh(p["w"] @ X)) + p["b"] * 1e6, ({"w": MATRIX, "b": 1e-3},)),
        (lambda x: np.sum(x**2), (X.astype("float32"),)),
    ):
        check = diffcli.check_grads(subject, at)
        assert check.ok, str(check)
        record = json.loads(json.dumps(check.to_dict(), allow_nan=False))
        assert record["ok"]
        assert len(record["comparisons"]) == 15
        assert "all agree" in str(check)
        assert all(row.tolerance == 1e-12 for row in check.comparisons if "=" in row.what)
    assert len(diffcli.check_grads(curve, (X, 1.5), order=1).comparisons) == 9


def test_checks_find_what_is_off():
    kink = diffcli.check_grads(lambda x: np.where(x > 0, x, 3 * x), (0.0,), order=1)
    assert not kink.ok
    assert "off" in str(kink)
    recording = record(np.sin, (X,))
    subject = Derivatives(recording.graph, recording.inputs(recording.graph))
    right = gradient_check.check(subject, recording.values, evaluate=lambda x: [np.sin(x[0])], order=1)
    wrong = gradient_check.check(subject, recording.values, evaluate=lambda x: [np.sin(x[0]) * (1 + 1e-5)], order=1)
    assert (right.ok, wrong.ok) == (True, False)
    assert wrong.worst.error == pytest.approx(1e-5, rel=0.1)
    with pytest.raises(DiffcliError, match="order is 1 or 2"):
        diffcli.check_grads("x", {"x": 1}, order=3)


def test_checks_carry_notes_and_numbers_that_are_not_finite():
    check = diffcli.check_grads(lambda x: x if x > 1 else 2 * x, (1.0,), order=1)
    assert "threshold" in check.to_dict()["notes"][0]
    check = diffcli.check_grads(np.log, (-1.0,), order=1)
    assert not check.ok
    assert json.loads(json.dumps(check.to_dict(), allow_nan=False))["worst"]["expected"] is None
