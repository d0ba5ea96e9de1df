"""Digamma and its derivatives: their digits against mpmath, their special values, and all executors alike."""

import math

import mpmath
import numpy as np
import pytest
from test_executors import needs_compiler

import diffcli
from diffcli.errors import UsageError
from diffcli.execute import polygamma, polygamma_arrays, polygamma_c
from diffcli.execute.blocks import Batch
from diffcli.execute.c_functions import supplied
from diffcli.execute.c_source import is_available
from diffcli.execute.floats import function
from diffcli.graph.program import Builder, Graph
from diffcli.methods.reverse import adjoint_program

ORDERS = (0, 1, 2, 3, 5, polygamma.MOST_ORDER)
MOST_ULPS = 8
NAN_AT = (-0.0, 0.0, -1.0, -2.0, -745.0, -1e16, -1e308, -math.inf, math.nan)
RANGES = [(0, 1), (1, 2), (1.4616, 1.4617), (2, 10), (9.9, 10.1), (10, 40), (40, 1e4)]


def program(order: int) -> Graph:
    builder = Builder()
    x = builder.input("x")
    return builder.graph([x], [builder.apply("polygamma", builder.constant(str(order)), x)])


def exact(order: int, x: float) -> mpmath.mpf:
    with mpmath.workdps(50):
        return mpmath.psi(order, mpmath.mpf(x))


def ulps(found: float, expected: mpmath.mpf, least_size: float = 0.0) -> float:
    return float(abs(found - expected) / math.ulp(max(abs(float(expected)), least_size)))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("low", "high"), RANGES)
def test_positive_numbers_to_the_last_digits(order, low, high):
    for x in np.random.default_rng(order).uniform(low, high, 40).tolist():
        assert ulps(polygamma.polygamma(order, x), exact(order, x)) <= MOST_ULPS


@pytest.mark.parametrize("order", ORDERS)
def test_over_all_exponents(order):
    for exponent in range(-300, 305, 15):
        x = 1.234567 * 10.0**exponent
        expected = exact(order, x)
        found = polygamma.polygamma(order, x)
        if 1e-290 < abs(expected) < 1.7e308:
            assert ulps(found, expected) <= MOST_ULPS
        else:
            assert found == pytest.approx(float(expected), rel=0, abs=1e-300)


def test_the_root_keeps_its_digits():
    """At the double nearest to the root, and at its neighbours, where digamma is about 1e-16."""
    with mpmath.workdps(50):
        root = mpmath.findroot(mpmath.digamma, 1.46)
        assert abs(polygamma.ROOT + mpmath.mpf(polygamma.ROOT_REST) - root) < 1e-32
    for steps in (0, 1, -1, 2, -3, 100, -1000, 10**6, -(10**9)):
        x = polygamma.ROOT + steps * math.ulp(polygamma.ROOT)
        assert ulps(polygamma.digamma(x), exact(0, x)) <= MOST_ULPS


def test_the_coefficients_are_what_their_names_say():
    with mpmath.workdps(60):
        root = mpmath.findroot(mpmath.digamma, 1.46)
        taylor = [mpmath.polygamma(k + 1, root) / mpmath.factorial(k + 1) for k in range(15)]
        for found, wanted in zip(polygamma.NEAR, mpmath.pade(taylor, 7, 7), strict=True):
            assert list(found) == pytest.approx([float(number) for number in wanted], rel=1e-15)
        numbers = [float(mpmath.bernoulli(2 * k + 2)) for k in range(len(polygamma.BERNOULLI))]
        assert list(polygamma.BERNOULLI) == pytest.approx(numbers, rel=1e-15)


@pytest.mark.parametrize("order", ORDERS)
def test_negative_numbers_to_the_last_digits_of_their_terms(order):
    """Odd derivatives have no root; the others are the difference of terms as large as π·cot(πx)'s derivative."""
    for x in (-np.random.default_rng(order).uniform(0, 30, 60)).tolist():
        distance = abs(x - round(x))
        terms = float(mpmath.factorial(order) / mpmath.mpf(distance) ** (order + 1))
        least = 0.0 if order % 2 else max(terms, abs(float(exact(order, 1 - x))))
        assert ulps(polygamma.polygamma(order, x), exact(order, x), least) <= MOST_ULPS


@pytest.mark.parametrize("order", [0, 2, 4, 12])
def test_roots_left_of_zero_keep_their_digits_in_python_and_numpy(order):
    """Between −4 and −3 the function has a root, beside it relative errors stay small."""
    low, high = (mpmath.mpf(n) + sign * mpmath.mpf("0.1") for n, sign in ((-4, 1), (-3, -1)))
    with mpmath.workdps(60):
        root = mpmath.findroot(lambda x: mpmath.polygamma(order, x), (low, high), solver="illinois", verify=False)
    points = [float(root) * (1 + 2.0**-k) for k in (3, 8, 20, 40, 51)] + [float(root) * (1 - 2.0**-30), float(root)]
    quiet = function("polygamma")
    many = polygamma_arrays.polygamma(order, np.array(points * 10))
    for x, found in zip(points, many.tolist(), strict=False):
        assert ulps(quiet(float(order), x), exact(order, x)) <= MOST_ULPS
        assert ulps(found, exact(order, x)) <= MOST_ULPS


@pytest.mark.parametrize("distance", [1e-3, 1e-9, 2.0**-45])
def test_beside_poles(distance):
    for x in (-3 + distance, -3 - distance):
        assert ulps(polygamma.digamma(x), exact(0, x)) <= MOST_ULPS
        assert ulps(polygamma.polygamma(1, x), exact(1, x)) <= MOST_ULPS
        assert ulps(polygamma.polygamma(2, x), exact(2, x)) <= MOST_ULPS


def test_far_left_of_zero():
    """Where mpmath would take as many steps as its argument is large: π²/sin²(πx) is 2π² there."""
    assert polygamma.polygamma(1, -1e7 - 0.25) == pytest.approx(2 * math.pi**2 - 1e-7, rel=1e-15)
    assert polygamma.digamma(-1e7 - 0.25) == pytest.approx(math.log(1e7) + math.pi, rel=1e-8)


@pytest.mark.parametrize("order", [0, 1, 2, 13, 40])
def test_special_values(order):
    quiet = function("polygamma")
    assert all(math.isnan(quiet(float(order), x)) for x in NAN_AT)
    assert quiet(float(order), math.inf) == (math.inf if order == 0 else 0.0)
    assert quiet(float(order), 5e-324) == (math.inf if order % 2 else -math.inf)
    assert [math.isnan(quiet(wrong, 2.0)) for wrong in (-1.0, 0.5, 1001.0, math.inf, math.nan)] == [True] * 5


def test_beyond_the_series():
    for order in (13, 40):
        assert function("polygamma")(float(order), 2.5) == float(exact(order, 2.5))


WILD = [*NAN_AT, math.inf, 5e-324, -5e-324, 1e-300, -1e-300, 1e-160, 1e160, 1e308, 709.9, -0.5, -2.5, -0.25, 1e-310]


def points() -> np.ndarray:
    generator = np.random.default_rng(0)
    return np.array([*WILD, *generator.uniform(-30, 30, 300), *10 ** generator.uniform(-20, 20, 100)])


def assert_alike(found, x, order):
    """Executors compute the same formulas: what differs is the last bit of logarithms, tangents and powers."""
    expected = np.array([function("polygamma")(float(order), one) for one in x.tolist()])
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    is_finite = np.isfinite(expected)
    np.testing.assert_array_equal(found[np.isinf(expected)], expected[np.isinf(expected)])
    found, expected, x = (part[is_finite & np.isfinite(x)] for part in (found, expected, x))
    distance = np.maximum(np.abs(x - np.rint(x)), 1e-16)
    with np.errstate(over="ignore"):
        terms = math.factorial(order) / distance ** (order + 1)
    size = np.maximum(np.abs(expected), np.where((x < 0) & (order % 2 == 0), terms, 1e-300))
    assert np.all(np.abs(found - expected) <= 8 * np.spacing(size))


@pytest.mark.parametrize("order", [*ORDERS, 13])
@pytest.mark.parametrize("executor", ["numpy", pytest.param("c", marks=needs_compiler)])
def test_executors_agree(order, executor):
    graph, x = program(order), points()
    if executor == "c" and order > polygamma.MOST_ORDER:
        assert not is_available(graph)
        with pytest.raises(UsageError, match=f"up to order {polygamma.MOST_ORDER}"):
            Batch(graph, "c")([x])
        return
    assert_alike(Batch(graph, executor)([x])[0], x, order)
    for part in (x[:1], x[20:23], x[:0]):  # few are computed one by one
        assert_alike(Batch(graph, executor)([part])[0], part, order)


def test_arrays_of_any_shape_and_of_orders():
    x = points()[:120]
    square, out = x.reshape(10, 12), np.empty((10, 12))
    result = polygamma_arrays.digamma(square, out=out)
    assert result is out
    assert_alike(out.ravel(), x, 0)
    polygamma_arrays.digamma(square.T, out=square.T)  # in place
    np.testing.assert_array_equal(square, out)
    orders = np.resize([0.0, 1.0, 2.5, 14.0], 8)
    found = polygamma_arrays.polygamma(orders, np.full(8, 2.5))
    expected = [function("polygamma")(order, 2.5) for order in orders.tolist()]
    np.testing.assert_allclose(found, expected, rtol=1e-14)
    np.testing.assert_array_equal(polygamma_arrays.polygamma(np.ones(40), np.ones(40)), np.full(40, math.pi**2 / 6))


@pytest.mark.parametrize("text", ["lgamma(x)", "gamma(x)", "digamma(x)^2", "polygamma(2, x)*x"])
@pytest.mark.parametrize("executor", ["python", "numpy", pytest.param("c", marks=needs_compiler)])
def test_gradients_by_every_executor(text, executor):
    x = np.random.default_rng(1).uniform(0.2, 12, 50)
    run = diffcli.value_and_grad(text, executor=executor)
    _, (slope,) = run.batch(x)
    with mpmath.workdps(40):
        expected = [float(mpmath.diff(TRUTH[text], mpmath.mpf(one))) for one in x.tolist()]
    np.testing.assert_allclose(slope, expected, rtol=3e-14)


TRUTH = {
    "lgamma(x)": mpmath.loggamma,
    "gamma(x)": mpmath.gamma,
    "digamma(x)^2": lambda x: mpmath.psi(0, x) ** 2,
    "polygamma(2, x)*x": lambda x: mpmath.psi(2, x) * x,
}


def test_the_text_in_c_brings_what_it_calls_in_order():
    names = list(polygamma_c.FUNCTIONS)
    assert supplied("const double v1 = polygamma(1.0, v0);") == [polygamma_c.FUNCTIONS[name] for name in names]
    assert supplied("digamma(v0)") == [polygamma_c.FUNCTIONS[name] for name in names[:2]]
    assert supplied("sin(v0)") == []


def test_second_derivatives_of_lgamma_are_available_in_c():
    builder = Builder()
    x = builder.input("x")
    graph = builder.graph([x], [builder.apply("lgamma", x)])
    for _ in range(3):
        graph = adjoint_program(graph, graph.outputs[-1], graph.inputs).graph
        assert is_available(graph)
