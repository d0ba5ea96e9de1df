"""Programs of 10^5 nodes: read, differentiated and run, by work that grows with their size and not faster."""

import cProfile
import pstats
import sys
from collections.abc import Callable

import numpy as np
import pytest

import diffcli
from diffcli.errors import LimitError
from diffcli.language import parse
from diffcli.language.limits import DEFAULT, parse_limits
from diffcli.methods.gradient import gradient_program
from diffcli.methods.reverse import adjoint_program
from diffcli.tracing import record

DEEP = parse_limits(["nesting=1000000", "length=1000000"])


def products(count: int) -> str:
    return " + ".join(f"{k}*x*y" for k in range(1, count + 1))


def nested(count: int) -> str:
    return "(" * count + "x" + "+1)*y" * count


def statements(count: int) -> str:
    return "\n".join(["v_0 = x", *[f"v_{k} = v_{k - 1}*y + x" for k in range(1, count)], f"v_{count - 1}"])


def variables(count: int) -> str:
    return " + ".join(f"x_{k}^2" for k in range(count))


def value_and_gradient(text, *point, limits=DEFAULT):
    graph = parse(text, limits=limits).graph
    assert len(graph.nodes) <= 10 * sys.getrecursionlimit() ** 2
    value, *partials = gradient_program(graph, graph.outputs[0], graph.inputs)(list(map(float, point)))
    sweep = adjoint_program(graph, graph.outputs[0], graph.inputs).graph
    assert len(sweep.nodes) <= 6 * len(graph.nodes) + 10
    return value, partials, len(graph.nodes)


def test_a_sum_of_many_products():
    value, partials, nodes = value_and_gradient(products(8_000), 2, 3)
    total = 8_000 * 8_001 / 2
    assert nodes > 30_000
    assert (value, partials) == (6 * total, [3 * total, 2 * total])


def test_parentheses_in_parentheses():
    """((x + 1)·y + 1)·y …: with y = 1 it is x + n, its slopes 1 and n·x + n(n + 1)/2."""
    count = 10_000
    value, partials, nodes = value_and_gradient(nested(count), 2, 1, limits=DEEP)
    assert nodes == 2 * count + 3
    assert (value, partials) == (count + 2, [1, count * 2 + count * (count + 1) / 2])
    with pytest.raises(LimitError, match="limit is 1000"):
        parse(nested(count))


def test_statements_that_use_each_other():
    """Horner's rule with equal coefficients: with y = 1 it is n·x."""
    count = 5_000
    value, partials, nodes = value_and_gradient(statements(count), 3, 1)
    assert nodes == 2 * count
    assert (value, partials) == (3 * count, [count, 3 * count * (count - 1) / 2])


def test_many_variables():
    value, partials, _ = value_and_gradient(variables(1000), *range(1000))
    assert value == sum(k * k for k in range(1000))
    assert partials == [2 * k for k in range(1000)]


def test_a_loop_of_a_function():
    """The logistic map in 20 000 steps at its fixed point 1 − 1/r, where each step has the slope 2 − r."""
    count, r = 20_000, 1 + 2.0**-14
    start = 1 - 1 / r

    def iterated(x):
        for _ in range(count):
            x = r * x * (1 - x)
        return x

    value, (slope,) = diffcli.value_and_grad(iterated)(start)
    assert value == pytest.approx(start, rel=1e-10)
    assert slope == pytest.approx((2 - r) ** count, rel=1e-10)
    values, (slopes,) = diffcli.value_and_grad(lambda x: x + sum(x * k for k in range(300))).batch(np.arange(3.0))
    np.testing.assert_allclose(values, np.arange(3.0) * (1 + 300 * 299 / 2), rtol=1e-14)
    np.testing.assert_allclose(slopes, 1 + 300 * 299 / 2, rtol=1e-14)


def recorded(count: int):
    def iterated(x, r):
        for _ in range(count):
            x = r * x * (1 - x)
        return x

    return record(iterated, (0.3, 3.7)).graph


def calls(work: Callable[[], object]) -> int:
    """How many functions were called: unlike time it is the same in every run."""
    profile = cProfile.Profile()
    profile.runcall(work)
    total: int = pstats.Stats(profile).total_calls  # type: ignore[attr-defined]
    return total


@pytest.mark.parametrize("text", [products, nested, statements, variables])
def test_work_grows_with_the_text(text):
    for part in (
        lambda count: parse(text(count), limits=DEEP),
        lambda count: value_and_gradient(text(count), *[1.0] * (count if text is variables else 2), limits=DEEP),
    ):
        part(10)  # what is imported and cached by the first use
        few, many = calls(lambda: part(400)), calls(lambda: part(1600))  # noqa: B023 - called at once
        assert many < 4.4 * few


def test_work_grows_with_the_loop():
    recorded(10)
    assert calls(lambda: recorded(1600)) < 4.4 * calls(lambda: recorded(400))
