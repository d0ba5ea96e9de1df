"""Functions written with plain NumPy: recorded at every call, with control flow, containers and outside data."""

import copy
import gc
import math
import pickle
import re
import threading
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest

import diffcli
from diffcli.errors import DiffcliError, FunctionError
from diffcli.tracing import record, user_file

RANDOM = np.random.default_rng(7)
X = np.array([0.5, -1.25, 2.0])
MATRIX = RANDOM.normal(size=(3, 3))


def gradient(function, *args):
    """The gradient by the first argument."""
    return diffcli.grad(function, argnums=0)(*args)


def equal(found, expected, tolerance=1e-12):
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


# Control flow.


def test_branches_follow_values():
    function = diffcli.value_and_grad(lambda x: x**2 if x > 1 else 3 * x)
    assert function(2.0) == (4.0, (4.0,))
    assert function(0.5) == (1.5, (3.0,))
    assert function.notes == ()


def test_a_branch_on_its_threshold_is_a_note():
    function = diffcli.value_and_grad(lambda x: x**2 if x > 1 else 3 * x)
    assert function(1.0) == (3.0, (3.0,))
    assert "exactly on its threshold (line" in function.notes[0]
    assert "test_tracing.py" in function.notes[0]
    function = diffcli.value_and_grad(max)
    assert function(2.0, 3.0) == (3.0, (0.0, 1.0))
    assert function.notes == ()
    function(2.0, 2.0)
    assert len(function.notes) == 1


@pytest.mark.parametrize("pure", [False, True])
def test_loops_run_as_long_as_values_say(pure):
    def doubled(x):
        while x < 100:
            x = 2 * x
        return x

    function = diffcli.value_and_grad(doubled, pure=pure)
    assert [function(x) for x in (3.0, 60.0, 200.0)] == [(192.0, (64.0,)), (120.0, (2.0,)), (200.0, (1.0,))]


def test_newtons_method_can_be_differentiated():
    def root(a):
        x = a
        while abs(x * x - a) > 1e-12:
            x = (x + a / x) / 2
        return x

    equal(gradient(root, 2.0), 0.5 / np.sqrt(2.0))


def test_selections_are_plain_values():
    def function(x):
        assert x.shape == (3,)
        assert (len(x), x.ndim, x.size, np.shape(x), np.ndim(x), np.size(x)) == (3, 1, 3, (3,), 1, 3)
        assert x.dtype == np.float64
        assert (x > 0).dtype == bool
        assert np.argmax(x) == 2 == x.argmax()
        assert np.all(np.isfinite(x))
        assert (x > -2).all()
        assert not np.any(x > 5)
        assert np.count_nonzero(x > 0) == 2
        assert np.allclose(x, X)
        assert isinstance(np.zeros_like(x), np.ndarray)
        assert np.ones_like(x).dtype == np.float64
        assert list(np.argsort(x)) == [1, 0, 2]
        return x[np.argmax(x)] ** 2

    equal(gradient(function, X), [0, 0, 4])


def test_truth_values():
    def function(x):
        inside = (x > -1) & (x < 1) | (x == 2)
        both = (x > 0) + (x > 1)  # NumPy's `or` of truth values
        assert both.dtype == bool
        return np.where(inside, x**2, x).sum() + (x * both).sum() + (x[~inside] ** 3).sum()

    equal(gradient(function, X), [1 + 1, 1 + 3 * X[1] ** 2, 4 + 1])
    with pytest.raises(FunctionError, match="neither true nor false"):
        gradient(lambda x: x if x > 0 else -x, X)


def test_printing_inside_of_a_function(capsys):
    def function(x):
        print(f"{x[0]:.2f}", x)  # noqa: T201
        return x.sum()

    recorded = diffcli.value_and_grad(function)
    assert recorded(X)[0] == X.sum()
    assert capsys.readouterr().out.startswith("0.50 Recorded(array([")
    assert not recorded.has_branched


# Arguments and results.


class Layer(NamedTuple):
    weights: np.ndarray
    bias: np.ndarray


def test_containers_come_back():
    def loss(parameters, scale, shift):
        layer = parameters["layer"]
        return scale * np.sum(np.tanh(layer.weights @ X + layer.bias)) + parameters["more"][1] * shift

    parameters = {"layer": Layer(MATRIX, X), "more": [np.ones(2), 2.0, None]}
    value, (found, scale, shift) = diffcli.value_and_grad(loss)(parameters, 3.0, 5)
    slope = 1 - np.tanh(MATRIX @ X + X) ** 2
    assert isinstance(found["layer"], Layer)
    equal(found["layer"].bias, 3 * slope)
    equal(found["layer"].weights, 3 * np.outer(slope, X))
    assert found["more"][1:] == [5.0, None]
    equal(found["more"][0], np.zeros(2))
    equal(scale, np.sum(np.tanh(MATRIX @ X + X)))
    assert (type(value), type(scale), shift) == (float, float, 2.0)


def test_results_in_containers():
    function = lambda x: {"square": x**2, "sum": [np.sum(x), 3.0]}  # noqa: E731
    found = diffcli.jacobian(function, argnums=0)(X)
    equal(found["square"], np.diag(2 * X))
    equal(found["sum"][0], np.ones(3))
    equal(found["sum"][1], np.zeros(3))
    value, pullback = diffcli.vjp(function, (X,))
    assert set(value) == {"square", "sum"}
    (found,) = pullback({"square": np.ones(3), "sum": [2.0, 1.0]})
    equal(found, 2 * X + 2)


def test_types_of_results():
    square = diffcli.value_and_grad(lambda x: np.sum(x * x))
    for dtype in ("float32", "float64"):
        value, (found,) = square(X.astype(dtype))
        assert found.dtype == dtype
        assert value == np.sum(X * X)
    assert type(square(2.0)[0]) is float
    assert type(square(2.0)[1][0]) is float
    assert type(square(np.float32(2))[1][0]) is np.float32
    zero_d = square(np.array(2.0))[1][0]
    assert isinstance(zero_d, np.ndarray)
    assert zero_d.shape == ()


def test_whole_numbers_are_taken_as_floats():
    square = diffcli.value_and_grad(lambda x: np.sum(x * x))
    assert square(3) == (9.0, (6.0,))
    assert "whole numbers" in square.notes[0]
    equal(square(np.array([1, 2]))[1][0], [2.0, 4.0])
    power = diffcli.value_and_grad(lambda x, n: sum(x**k for k in range(n)), argnums=0)
    assert power(2.0, 4) == (15.0, 1.0 + 4.0 + 12.0)
    labelled = diffcli.grad(lambda x, labels: np.sum(x[labels]), argnums=0)
    equal(labelled(X, np.array([0, 0, 2])), [2, 0, 1])


def test_truth_values_and_texts_are_passed_on():
    function = diffcli.grad(lambda x, flag, name: x**2 if flag and name == "square" else x)
    assert function(3.0, True, "square") == (6.0, None, None)
    assert function(3.0, False, "square") == (1.0, None, None)


def test_argnums():
    product = lambda x, y, z: x * y**2 * z**3  # noqa: E731
    assert diffcli.grad(product, argnums=1)(2.0, 3.0, 1.0) == 12.0
    assert diffcli.grad(product, argnums=(2, 0))(2.0, 3.0, 1.0) == (54.0, 9.0)
    assert diffcli.grad(product, argnums=-1)(2.0, 3.0, 1.0) == 54.0
    with pytest.raises(DiffcliError, match="does not fit 3"):
        diffcli.grad(product, argnums=3)(2.0, 3.0, 1.0)


@pytest.mark.parametrize("shape", [(), (0,), (1,), (0, 3), (1, 1), (2, 1, 3)])
def test_shapes(shape):
    point = RANDOM.uniform(0.5, 1.5, shape)
    value, (found,) = diffcli.value_and_grad(lambda x: np.sum(np.exp(x) * x))(point)
    equal(value, np.sum(np.exp(point) * point))
    equal(found, np.exp(point) * (1 + point))
    assert found.shape == shape
    assert diffcli.hessian(lambda x: np.sum(x**3), argnums=0)(point).shape == (*shape, *shape) if shape else True


def test_views_that_are_not_contiguous():
    whole = RANDOM.normal(size=(6, 4))
    for view in (whole[::2], whole[:, ::-1], whole.T, whole[1]):
        equal(gradient(lambda x: np.sum(np.sin(x) * x), view), np.cos(view) * view + np.sin(view))


def test_results_are_the_callers_own():
    other = np.arange(3.0)
    function = diffcli.value_and_grad(lambda x, y: np.sum(x * y))
    for _ in range(2):
        found = function(X, other)[1]
        found[0][:] = 99
        found[1][:] = 99
        assert list(X) == [0.5, -1.25, 2.0]
        assert list(other) == [0.0, 1.0, 2.0]
    first, second = diffcli.grad(lambda x, y: np.sum(x + y))(X, other)
    first += 1
    equal(second, np.ones(3))


# What a function reads from outside.


@pytest.mark.parametrize("pure", [False, True])
def test_captured_arrays_are_read_at_every_call(pure):
    data = np.ones(3)
    function = diffcli.value_and_grad(lambda x: np.sum(data * x), pure=pure)
    equal(function(X)[1][0], np.ones(3))
    data[:] = 5
    equal(function(X)[1][0], np.full(3, 5.0))


def test_closures_may_change():
    state = {"data": np.ones(3), "power": 2, "step": 0.1}
    function = diffcli.grad(lambda x: state["step"] * np.sum(state["data"] * x ** state["power"]), argnums=0)
    equal(function(X), 0.2 * X)
    state.update(data=np.array([1.0, 2.0, 3.0]), power=3, step=0.5)
    equal(function(X), 1.5 * state["data"] * X**2)


def test_numbers_that_change_at_every_call_do_not_compile_every_time():
    state = {"step": 0.0}
    function = diffcli.value_and_grad(lambda x: np.sum(x) * state["step"])
    for count in range(60):
        state["step"] = count / 7
        assert function(X)[1][0][0] == count / 7
    assert all(len(nodes.programs) < 20 for nodes in function._idle)


def test_one_captured_array_is_one_input():
    recording = record(lambda x: np.sum(MATRIX @ x * (MATRIX @ x)) + np.inf * 0 * x[0] + MATRIX[0, 0] * x[1], (X,))
    names = [recording.graph.nodes[p].literal for p in recording.graph.inputs]
    assert names == ["x", "captured 1", "captured 2"]
    assert recording.values[1] is MATRIX
    recording.graph.check()


def test_whole_and_truth_arrays_as_data():
    counts, mask = np.array([1, 2, 3]), np.array([True, False, True])
    equal(gradient(lambda x: np.sum(counts * x[mask].sum() * mask + x), X), [5, 1, 5])
    equal(gradient(lambda x: np.sum(x**counts), X), counts * X ** (counts - 1.0))


def test_identities_of_arrays_are_not_mixed_up():
    def function(x):
        total = 0.0
        for k in range(20):
            total = total + np.sum(x * np.full(3, float(k)))
            gc.collect(0)
        return total

    equal(gradient(function, X), np.full(3, 190.0))


def test_buffers_that_are_filled_again_and_again():
    def function(x, size):
        buffer, total = np.zeros(size), 0.0
        for k in range(1, 4):
            buffer[:] = k
            total = total + np.sum(x * buffer) ** k
        buffer[:] = 99
        return total

    expected = sum(k * np.sum(X * k) ** (k - 1) * k for k in range(1, 4))
    equal(gradient(function, X, 3), np.full(3, expected))
    with pytest.raises(FunctionError, match="changed in place while"):
        gradient(function, np.ones(10_000), 10_000)


def test_recorded_arrays_that_are_copied_or_kept():
    equal(gradient(lambda x: np.sum(copy.deepcopy(x) * copy.copy(x)), X), 2 * X)
    kept = []
    assert gradient(lambda x: (kept.append(x), x)[1], 2.0) == 1.0
    with pytest.raises(FunctionError, match="kept from an earlier call"):
        gradient(lambda x: x * kept[0], 2.0)
    with pytest.raises(FunctionError, match="stored or sent"):
        gradient(pickle.dumps, X)


def test_pure_functions_are_recorded_once():
    calls = []

    def function(x, data, n, labels):
        calls.append(1)
        return np.sum(np.sin(x) ** n * (data / 2)) + x[labels].sum()

    pure = diffcli.value_and_grad(function, argnums=0, pure=True)
    for scale in (1.0, 2.0, 3.0):
        data = np.full(3, scale)
        value, found = pure(X, data, 2, np.array([0]))
        equal(value, np.sum(np.sin(X) ** 2 * scale / 2) + X[0])
        equal(found, np.sin(2 * X) * scale / 2 + [1, 0, 0])
    assert len(calls) == 1
    pure(X, data, 3, np.array([0]))
    equal(pure(X, data, 2, np.array([2]))[1], np.sin(2 * X) * 1.5 + [0, 0, 1])
    pure(X[:2], data[:2], 2, np.array([0]))
    assert len(calls) == 4


def test_pure_functions_with_containers_and_keywords():
    function = lambda p, *, scale=1.0, power=2: scale * np.sum(p["a"] ** power) + p["b"]  # noqa: E731
    pure = diffcli.value_and_grad(function, argnums=0, pure=True)
    for point, options in (
        ({"a": X, "b": 1.0}, {}),
        ({"a": 2 * X, "b": 3.0}, {"scale": 2.0}),
        ({"a": X, "b": 1.0}, {}),
    ):
        value, found = pure(point, **options)
        equal(value, function(point, **options))
        equal(found["a"], 2 * options.get("scale", 1.0) * point["a"])


def test_pure_quick_path_takes_numbers_too():
    pure = diffcli.value_and_grad(lambda x, s: np.sum(x) * s**2, pure=True)
    for scale in (1.0, 2.0):
        for _ in range(2):
            value, (by_x, by_s) = pure(X, scale)
            equal((value, by_s), (X.sum() * scale**2, 2 * scale * X.sum()))
            equal(by_x, np.full(3, scale**2))
    assert pure(X.astype("float32"), 2.0)[1][0].dtype == np.float32


def test_threads_do_not_disturb_each_other():
    function = diffcli.value_and_grad(lambda x, k: np.sum(np.sin(x) * k) + (k if k > 3 else 0 * k))
    failures = []

    def work(number):
        for _ in range(50):
            _, (found, _) = function(X, float(number))
            if not np.allclose(found, np.cos(X) * number):
                failures.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_derivatives_of_derivatives():
    cube = lambda x: x**3  # noqa: E731
    assert diffcli.grad(diffcli.grad(cube, argnums=0), argnums=0)(2.0) == 12.0
    mixed = diffcli.grad(lambda x: diffcli.grad(lambda y: y**3 * x, argnums=0)(x), argnums=0)
    assert mixed(2.0) == 36.0  # the outer x inside of the inner function is not the inner variable
    step = lambda x: x - 0.1 * diffcli.grad(lambda z: np.sum(np.cosh(z)), argnums=0)(x)  # noqa: E731
    equal(diffcli.jacobian(step, argnums=0)(X), np.diag(1 - 0.1 * np.cosh(X)))
    branching = diffcli.grad(lambda x: diffcli.grad(lambda y: y * x if y > 1 else y**3, argnums=0)(x), argnums=0)
    assert (branching(2.0), branching(0.5)) == (1.0, 3.0)


# What is refused, with the rewrite.


def assigned(x):
    x[0] = 1.0
    return x.sum()


def assigned_into(x):
    result = np.zeros(3)
    result[0] = x[0]
    return result.sum()


def added_into(x):
    result = np.zeros(3)
    result += x
    return result.sum()


REFUSED = [
    (lambda x: np.array([x[0], x[1]]).sum(), "lose the derivative", "np.stack"),
    (lambda x: np.asarray(x).sum(), "lose the derivative", "leave np.asarray"),
    (assigned, "cannot be changed in place", "np.where"),
    (assigned_into, "assignment", "np.stack or np.concatenate"),
    (added_into, "cannot write recorded arrays into another array", "a = a \\+ x"),
    (lambda x: np.add(x, 1, out=np.zeros(3)).sum(), "out=", "a = a \\+ x"),
    (lambda x: np.sum(x, out=np.zeros(())), "out=", "a = a \\+ x"),
    (lambda x: 2 * float(x[0]), "lose the derivative", "leave float\\(\\) out"),
    (lambda x: math.sin(x[0]), "a function of math", "np.sin\\(x\\) for math.sin"),
    (lambda x: 2 * int(x[0]), "int\\(\\) would", "np.floor"),
    (lambda x: abs(complex(x[0])), "complex\\(\\) would", "two arrays"),
    (lambda x: sum(range(x[0])), "an index or a count", "argnums"),
    (lambda x: MATRIX[x[0]], "an index a\\[x\\]", "argnums"),
    (lambda x: x[x].sum(), "is no index", "argnums"),
    (lambda x: x.item(0), "lose the derivative", "leave float"),
    (lambda x: np.fft.fft(x)[0], "numpy.fft.fft is not supported", "diffcli ops"),
    (lambda x: np.linalg.eigh(MATRIX * x[0])[0][0], "numpy.linalg.eigh is not supported", "diffcli ops"),
    (lambda x: np.interp(0.5, [0, 1, 2], x), "numpy.interp is not supported", "diffcli ops"),
    (lambda x: np.spacing(x).sum(), "spacing is not supported", "diffcli ops"),
    (lambda x: np.add.reduceat(x, [0, 1]).sum(), "np.add.reduceat is not supported", "diffcli ops"),
    (np.subtract.reduce, "np.subtract.reduce is not supported", "diffcli ops"),
    (lambda x: np.add.at(x, [0], 1.0), "np.add.at is not supported", "never changed in place"),
    (lambda x: np.copyto(x, 1.0), "copyto is not supported", "never changed in place"),
    (lambda x: np.fill_diagonal(x, 1.0), "fill_diagonal is not supported", "never changed in place"),
    (lambda x: [x.sort()], "the method .sort", "never changed in place"),
    (lambda x: x.fill(0), "the method .fill", "never changed in place"),
    (lambda x: x.partition(1), "the method .partition", "never changed in place"),
    (lambda x: np.sum(x, initial=3.0), "np.sum with initial= is not supported", "diffcli ops"),
    (lambda x: np.sum(x, where=X > 0), "np.sum with where= is not supported", "diffcli ops"),
    (lambda x: np.sin(x, where=X > 0).sum(), "np.sin with where= is not supported", "diffcli ops"),
    (lambda x: np.clip(x, 0, 1, where=X > 0).sum(), "np.clip with where= is not supported", "diffcli ops"),
    (lambda x: np.sum(x, dtype=np.float32), "dtype=float32 is not supported", "leave dtype out"),
    (lambda x: x.astype(int).sum(), "astype\\(int64\\)", "diffcli ops"),
    (lambda x: np.pad(x, 1, mode="linear_ramp").sum(), "linear_ramp", "constant"),
    (lambda x: np.linalg.norm(MATRIX * x[0], "nuc"), "ord='nuc'", "diffcli ops"),
    (lambda x: np.einsum("...i->...", x), "np.einsum with", "one letter"),
    (lambda x: (x * (1 + 2j)).sum(), "complex numbers are not supported", "two arrays"),
    (lambda x: x * np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0]), "MaskedArray is not supported", "plain arrays"),
    (lambda x: x @ np.matrix(MATRIX), "matrix is not supported", "plain arrays"),
    (lambda x: ~x, "invert of floats", "diffcli ops"),
    (lambda _: None, "returns nothing", "return a number"),
    (lambda _: "a", "returns 'a'", ""),
]


@pytest.mark.parametrize(("function", "message", "hint"), REFUSED, ids=[message for _, message, _ in REFUSED])
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_refused_with_the_rewrite(function, message, hint):
    with pytest.raises(DiffcliError) as caught:
        gradient(function, X)
    assert re.search(message, str(caught.value))
    assert re.search(hint, caught.value.hint or "")
    assert caught.value.exit_code == 2


def test_complex_arguments_are_refused():
    for point in (1j, np.array([1 + 2j])):
        with pytest.raises(FunctionError, match="complex numbers"):
            gradient(lambda x: x, point)


def test_a_gradient_needs_one_number():
    with pytest.raises(DiffcliError, match="one number, not 3"):
        gradient(lambda x: x * 2, X)
    with pytest.raises(DiffcliError, match="a text or a function"):
        diffcli.grad(3)


def test_shapes_that_do_not_fit():
    with pytest.raises(DiffcliError, match="do not fit"):
        gradient(lambda x: np.sum(x + np.ones(4)), X)


def test_errors_of_the_function_come_through():
    with pytest.raises(ZeroDivisionError):
        gradient(lambda x: x * (1 // 0), X)
    with pytest.raises(AttributeError, match="no attribute 'sun'"):
        gradient(lambda x: x.sun(), X)


# Known answers.


def helmholtz(x, b, a):
    bx = b @ x
    mixing = np.sum(x * np.log(x / (1 - bx)))
    root = np.sqrt(2)
    return mixing - (x @ a @ x) / (np.sqrt(8) * bx) * np.log((1 + (1 + root) * bx) / (1 + (1 - root) * bx))


def helmholtz_gradient(x, b, a):
    """By hand."""
    bx, root = b @ x, np.sqrt(2)
    above, below = 1 + (1 + root) * bx, 1 + (1 - root) * bx
    logarithm, form = np.log(above / below), x @ a @ x
    slope = (1 + root) / above - (1 - root) / below
    by_mixing = np.log(x / (1 - bx)) + 1 + b * np.sum(x) / (1 - bx)
    by_form = (a + a.T) @ x / (np.sqrt(8) * bx) * logarithm
    by_product = form / np.sqrt(8) * (slope / bx - logarithm / bx**2) * b
    return by_mixing - by_form - by_product


@pytest.mark.parametrize("n", [10, 100])
@pytest.mark.parametrize("pure", [False, True])
def test_helmholtz_energy(n, pure):
    random = np.random.default_rng(n)
    x, b, a = random.uniform(0.1, 1, n) / n, random.uniform(0.1, 0.5, n), random.uniform(0, 1, (n, n))
    value, found = diffcli.value_and_grad(helmholtz, argnums=0, pure=pure)(x, b, a)
    equal(value, helmholtz(x, b, a), 1e-13)
    equal(found, helmholtz_gradient(x, b, a), 1e-12)


def test_rosenbrock_in_a_thousand_variables():
    def rosenbrock(x):
        return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    x = np.random.default_rng(1).normal(size=1000)
    expected, inner = np.zeros(1000), x[1:] - x[:-1] ** 2
    expected[1:] += 200 * inner
    expected[:-1] += -400 * x[:-1] * inner - 2 * (1 - x[:-1])
    value, found = diffcli.value_and_grad(rosenbrock, argnums=0)(x)
    equal(value, rosenbrock(x), 1e-13)
    equal(found, expected)
    direction = np.random.default_rng(2).normal(size=1000)
    diagonal = np.append(1200 * x[:-1] ** 2 - 400 * x[1:] + 2, 0.0) + np.append(0.0, np.full(999, 200.0))
    off = -400 * x[:-1]
    product = diagonal * direction
    product[:-1] += off * direction[1:]
    product[1:] += off * direction[:-1]
    equal(diffcli.hvp(rosenbrock, (x,), (direction,))[0], product)


def test_long_loops():
    def logistic(x, n):
        for _ in range(n):
            x = 3.5 * x * (1 - x)
        return x

    x, slope = 0.3, 1.0
    for _ in range(5000):
        x, slope = 3.5 * x * (1 - x), slope * 3.5 * (1 - 2 * x)
    value, found = diffcli.value_and_grad(logistic, argnums=0)(0.3, 5000)
    equal((value, found), (x, slope))
    value, found = diffcli.value_and_grad(logistic, argnums=0)(np.array(0.3), 1)
    equal(found, 3.5 * 0.4)


def test_a_network_against_its_backward_pass_by_hand():
    random = np.random.default_rng(3)
    batch, widths = 8, (784, 256, 10)
    parameters = [(random.normal(size=(m, n)) / np.sqrt(m), random.normal(size=n)) for m, n in pairwise(widths)]
    data, labels = random.normal(size=(batch, 784)), random.integers(0, 10, batch)

    def loss(parameters, data, labels):
        (w1, b1), (w2, b2) = parameters
        logits = np.tanh(data @ w1 + b1) @ w2 + b2
        shifted = logits - np.max(logits, axis=1, keepdims=True)
        return np.mean(np.log(np.sum(np.exp(shifted), axis=1)) - shifted[np.arange(len(labels)), labels])

    value, ((g1, h1), (g2, h2)) = diffcli.value_and_grad(loss, argnums=0)(parameters, data, labels)
    (w1, b1), (w2, b2) = parameters
    hidden = np.tanh(data @ w1 + b1)
    logits = hidden @ w2 + b2
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    equal(value, -np.mean(np.log(p[np.arange(batch), labels])))
    delta = (p - np.eye(10)[labels]) / batch
    before = (delta @ w2.T) * (1 - hidden**2)
    for found, expected in ((g2, hidden.T @ delta), (h2, delta.sum(0)), (g1, data.T @ before), (h1, before.sum(0))):
        equal(found, expected)


# Files of the user.


def test_a_function_from_a_file(tmp_path):
    (tmp_path / "other.py").write_text("SCALE = 3.0\n")
    path = tmp_path / "mine.py"
    path.write_text("import numpy as np\nfrom other import SCALE\ndef energy(x):\n    return SCALE * np.sum(x**2)\n")
    function = user_file.load(f"{path}:energy")
    equal(gradient(function, X), 6 * X)
    recording = record(function, (X,))
    assert recording.graph.variables[0] == "x"


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("x = 1\n", "x", "is no function"),
        ("def energy(x): return x\n", "enrgy", "no function 'enrgy'"),
        ("def energy(x) return x\n", "energy", "cannot be read: line 1"),
        ("1/0\n", "energy", "stopped at line 1: ZeroDivisionError"),
        ("import sys; sys.exit(3)\n", "energy", "stopped at line 1: SystemExit"),
        ("def energy(x):\n    return x / undefined\n", "energy", "stopped at line 2: NameError"),
    ],
)
def test_files_that_do_not_work(tmp_path, text, name, message):
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(FunctionError, match=message) as caught:
        user_file.load(f"{path}:{name}")(X)
    assert name != "enrgy" or "energy" in caught.value.hint


@pytest.mark.parametrize("word", ["mine.py", "nowhere.py:f", "mine.txt:f", ":f", "mine.py:", "mine.py:a b"])
def test_words_that_name_no_function(word, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.txt").write_text("")
    with pytest.raises(FunctionError):
        user_file.load(word)
