"""Compiled programs called by Python itself: one point of numbers, few points in plain arrays."""

import gc
import inspect
import math
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from test_executors import needs_compiler

import diffcli
from diffcli.errors import DiffcliError
from diffcli.execute import c_program
from diffcli.execute.c_calls import are_known
from diffcli.execute.c_calls_source import FEW

pytestmark = needs_compiler
TEXT = "ln(x1) + x1*x2 - sin(x2)"
VALUE, PARTIALS = 11.652071455223084, (5.5, 1.7163378145367738)
"""Example A of the lectures at (2, 5)."""


class Kind(float):
    """A float that is none exactly."""


@pytest.fixture(scope="module")
def compiled():
    return diffcli.value_and_grad(TEXT, executor="c")


def test_python_calls_c_here():
    assert are_known()


def test_one_point(compiled):
    assert compiled(2.0, 5.0) == (VALUE, PARTIALS)
    assert [type(part) for part in compiled(2.0, 5.0)] == [float, tuple]
    assert "method" in type(compiled.func).__name__


@pytest.mark.parametrize(
    "call",
    [
        lambda run: run(2, 5),
        lambda run: run(Kind(2.0), 5.0),
        lambda run: run(np.float64(2), np.float64(5)),
        lambda run: run(x1=2.0, x2=5.0),
        lambda run: run(2.0, x2=5.0),
        lambda run: run(np.array(2.0), 5.0),
    ],
)
def test_other_arguments_go_the_long_way(compiled, call):
    value, partials = call(compiled)
    assert (float(value), tuple(map(float, partials))) == (VALUE, PARTIALS)


@pytest.mark.parametrize("arguments", [(), (1.0,), (1.0, 2.0, 3.0), ("2", 5.0), (None, 5.0)])
def test_wrong_arguments_are_refused(compiled, arguments):
    with pytest.raises((TypeError, DiffcliError)):
        compiled(*arguments)
    with pytest.raises(TypeError):
        compiled(2.0, 5.0, x1=1.0)


def test_numbers_beyond_the_domain_are_those_of_ieee(compiled):
    value, partials = compiled(-1.0, 5.0)
    assert math.isnan(value)
    assert partials[0] == 4.0
    value, partials = compiled(0.0, 5.0)
    assert (value, partials[0]) == (-math.inf, math.inf)
    assert math.isnan(compiled(2.0, math.inf)[0])


def test_many_variables():
    names = [f"x{k}" for k in range(60)]
    run = diffcli.value_and_grad(" + ".join(f"{k + 1}*{name}^2" for k, name in enumerate(names)), executor="c")
    value, partials = run(*[1.0] * 60)
    assert value == 60 * 61 / 2
    assert partials == tuple(2.0 * (k + 1) for k in range(60))


def test_without_variables():
    assert diffcli.value_and_grad("2 + 3", executor="c")() == (5.0, ())


def test_few_points(compiled):
    x, y = np.random.default_rng(0).uniform(1, 2, (2, FEW + 1))
    for size in (0, 1, 7, 1000, FEW, FEW + 1):
        value, partials = compiled.batch(x[:size], y[:size])
        assert isinstance(partials, tuple)
        np.testing.assert_allclose(value, np.log(x[:size]) + x[:size] * y[:size] - np.sin(y[:size]), rtol=1e-13)
        np.testing.assert_allclose(partials, [1 / x[:size] + y[:size], x[:size] - np.cos(y[:size])], rtol=1e-13)


def test_arrays_that_are_not_plain_go_the_long_way(compiled):
    class Own(np.ndarray):
        pass

    table = np.random.default_rng(0).uniform(1, 2, (6, 6))
    odd = np.zeros(8 * 6 + 1, dtype=np.uint8)[1:].view(np.float64)
    odd[:] = table[0]
    for x in (
        table[:, 0],
        table,
        table[0].astype("f4"),
        table[0].astype(">f8"),
        table[0].view(Own),
        odd,
        table[0, ::-1],
    ):
        value, (by_x, by_y) = compiled.batch(x, x)
        a = np.asarray(x, dtype=float)
        assert value.shape == x.shape
        np.testing.assert_allclose(value, np.log(a) + a * a - np.sin(a), rtol=1e-13)
        np.testing.assert_allclose(by_x, 1 / a + a, rtol=1e-13)
        np.testing.assert_allclose(by_y, a - np.cos(a), rtol=1e-13)


def test_arrays_for_results(compiled):
    x, y = np.random.default_rng(0).uniform(1, 2, (2, 100))
    out = (np.empty(100), (np.empty(100), np.empty(100)))
    found = compiled.batch(x, y, out=out)
    assert found[0] is out[0]
    assert found[1][1] is out[1][1]
    np.testing.assert_array_equal(found[1], compiled.batch(x, y)[1])
    frozen = np.empty(100)
    frozen.flags.writeable = False
    longer = np.empty(150)
    for wrong in (x, y[::-1], out[0], frozen, np.empty(99), np.empty(100, dtype="f4"), None):
        with pytest.raises(DiffcliError):
            compiled.batch(x, y, out=(out[0], (wrong, out[1][1])))
    with pytest.raises(DiffcliError):
        compiled.batch(x, y, out=(longer[:100], (longer[50:], out[1][1])))


def test_nothing_is_kept(compiled):
    """Every object that C makes has one owner, and it owns none that it was given."""
    number, x, out = 2.5, np.linspace(1, 2, 50), (np.empty(50), (np.empty(50), np.empty(50)))
    kept = (number, x, *out[1], None)
    compiled.batch(x, x, out=out)
    before = [sys.getrefcount(one) for one in kept[:-1]]
    gc.collect()
    blocks = sys.getallocatedblocks()
    for _ in range(1000):
        compiled(number, 5.0)
        compiled.batch(x, x)
        compiled.batch(x, x, out=out)
        compiled(x2=number, x1=2)
    assert [sys.getrefcount(one) for one in kept[:-1]] == before
    gc.collect()
    assert sys.getallocatedblocks() - blocks < 200
    by_c, by_python = compiled(2.0, 5.0), diffcli.value_and_grad(TEXT, executor="python")(2.0, 5.0)
    assert sys.getrefcount(by_c) == sys.getrefcount(by_python)
    assert sys.getrefcount(by_c[1]) == sys.getrefcount(by_python[1])


def test_threads_of_python(compiled):
    x, y = np.random.default_rng(0).uniform(1, 2, (2, 20_000))
    expected = [compiled.batch(x[k : k + 16_000], y[k : k + 16_000])[0] for k in range(8)]
    out = [(np.empty(16_000), (np.empty(16_000), np.empty(16_000))) for _ in range(8)]

    def run(k):
        for _ in range(20):
            assert compiled(2.0, 5.0) == (VALUE, PARTIALS)
            found = compiled.batch(x[k : k + 16_000], y[k : k + 16_000], out=out[k])[0]
            np.testing.assert_array_equal(found, expected[k])
            found = compiled.batch(x[k : k + 4_096], y[k : k + 4_096])[0]
            np.testing.assert_array_equal(found, expected[k][:4_096])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(run, range(8)))


def test_memory_that_does_not_fit_is_not_written_to(compiled):
    """Whatever makes the arrays for results, NumPy's `empty` or what keeps them, may be somebody else's."""
    calls = compiled.batch.__self__._batch._c.compiled((True, True)).calls
    x, fitting = np.linspace(1, 2, FEW + 1), np.empty(FEW + 1)
    for wrong in (np.empty(5), np.empty(FEW + 1, "f4"), np.empty((2, FEW + 1)), fitting[::-1], 1, None, "memory"):
        assert calls.many(lambda _, wrong=wrong: (fitting, wrong, wrong))(x, x) is None
    before = sys.getrefcount(fitting)
    assert calls.many(lambda _: (fitting, *np.empty((2, FEW + 1))))(x, x)[0] is fitting
    assert sys.getrefcount(fitting) == before
    np.testing.assert_array_equal(fitting, compiled.batch(x, x)[0])


def test_a_python_with_another_layout_calls_through_ctypes(monkeypatch):
    monkeypatch.setattr(c_program, "are_known", lambda: False)
    run = diffcli.value_and_grad(TEXT, executor="c")
    assert run(2.0, 5.0) == (VALUE, PARTIALS)
    x = np.linspace(1, 2, 10)
    np.testing.assert_allclose(run.batch(x, x)[0], np.log(x) + x * x - np.sin(x), rtol=1e-14)


@pytest.mark.parametrize("executor", ["c", "python"])
def test_what_help_shows(executor):
    run = diffcli.value_and_grad(TEXT, executor=executor)
    assert list(inspect.signature(run).parameters) == ["x1", "x2"]
    assert (run.__name__, run.__doc__) == ("value_and_grad", f"Value and gradient of {TEXT}")
    assert diffcli.value_and_grad("lambda^2", executor=executor)(3.0) == (9.0, (6.0,))
