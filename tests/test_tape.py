"""The sweep in numbers against the adjoint program, which is another way through the same table."""

import math
import random
import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from diffcli.execute.floats import FLOATS
from diffcli.execute.interpreter import outputs
from diffcli.execute.loop import all_values
from diffcli.execute.python_source import compiled, compiled_function, source
from diffcli.graph.ops import ELEMENTWISE, OPS
from diffcli.graph.program import Builder, Graph
from diffcli.language import parse
from diffcli.methods import gradient
from diffcli.methods.reverse import adjoint_program
from diffcli.methods.tape import swept

ALL = tuple(name for name in ELEMENTWISE if name not in ("polygamma", "digamma", "lgamma", "gamma"))
SPECIAL = (0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -0.25, 3.0, math.inf, -math.inf, math.nan, 1e308)
doubles = st.sampled_from(SPECIAL) | st.floats(-3, 3).map(lambda value: round(value, 3))


@st.composite
def programs(draw: st.DrawFn) -> Graph:
    """Random operations, each on any of the results before it."""
    builder = Builder()
    inputs = [builder.input(name) for name in ("x", "y")]
    nodes = [*inputs, *map(builder.constant, ("0", "1", "2", "0.5"))]
    for _ in range(draw(st.integers(1, 10))):
        op = draw(st.sampled_from(ALL))
        nodes.append(builder.apply(op, *[draw(st.sampled_from(nodes)) for _ in range(OPS[op].arity)]))
    return builder.graph(inputs, [nodes[-1]])


@settings(max_examples=400, deadline=None)
@given(programs(), doubles, doubles)
def test_the_results_are_those_of_the_adjoint_program(graph, x, y):
    """Of one that adds up 1 and −1 when it is made, or one that is given ȳ, whose adjoints cancel at the point only."""
    assume(not any(map(math.isnan, all_values(graph)([x, y]))))
    output = graph.outputs[0]
    found = swept(graph, output, graph.inputs)([x, y])
    folded = outputs(adjoint_program(graph, output, graph.inputs).graph, FLOATS, [x, y])
    given_one = outputs(adjoint_program(graph, output, graph.inputs, with_cotangent=True).graph, FLOATS, [x, y, 1.0])
    assert found[0] == pytest.approx(folded[0], nan_ok=True, rel=1e-15)
    largest = max((abs(value) for value in folded if math.isfinite(value)), default=1.0)
    for value, *wanted in zip(found[1:], folded[1:], given_one[1:], strict=True):
        assert any(value == pytest.approx(one, nan_ok=True, rel=1e-10, abs=1e-10 * largest) for one in wanted)


@pytest.mark.parametrize(
    ("text", "point", "gradient"),
    [
        ("x^2", [0.0], [0.0]),
        ("x^0 + y", [0.0, 1.0], [0.0, 1.0]),
        ("where(x > 0, sqrt(x), 0)", [0.0], [0.0]),  # what is not used has no slope
        ("where(x > 0, ln(x), x)", [-2.0], [1.0]),
        ("(-2)^3*x", [5.0], [-8.0]),  # ln(−2) is never asked for
        ("x*x + x", [3.0], [7.0]),
        ("exp(2*x)", [0.5], [2 * math.e]),
        ("y + 1", [7.0], [1.0]),
        ("0/x", [0.0], [0.0]),  # the numerator is 0, and not only its value
        ("0*x + y", [math.inf, 1.0], [0.0, 1.0]),
    ],
)
def test_by_hand(text, point, gradient):
    graph = parse(text).graph
    assert swept(graph, graph.outputs[0], graph.inputs)(point)[1:] == pytest.approx(gradient, nan_ok=True)


def test_only_what_is_asked_for():
    graph = parse("x*y + z^2").graph
    assert swept(graph, graph.outputs[0], graph.inputs[1:2])([2.0, 3.0, 4.0]) == [22.0, 2.0]


def logistic_map(steps: int) -> Graph:
    """The map v ← r·v·(1 − v), as a program of r and v."""
    builder = Builder()
    r, v = builder.input("r"), builder.input("x")
    start, one = v, builder.constant("1")
    for _ in range(steps):
        v = builder.apply("mul", builder.apply("mul", r, v), builder.apply("sub", one, v))
    return builder.graph((r, start), (v,))


def test_a_long_chain_by_hand():
    """Adjoints of v ← r·v·(1−v) by the chain rule, written down without any graph."""
    r, x, steps = 2.9, 0.3, 20_000
    values = [x]
    for _ in range(steps):
        values.append(r * values[-1] * (1 - values[-1]))
    by_r, by_v = 0.0, 1.0
    for v in reversed(values[:-1]):
        by_r += by_v * v * (1 - v)
        by_v *= r * (1 - 2 * v)
    graph = logistic_map(steps)
    found = swept(graph, graph.outputs[0], graph.inputs)([r, x])
    assert found == pytest.approx([values[-1], by_r, by_v], rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("steps", [50, 400])
def test_long_programs_use_names_again(steps):
    graph = logistic_map(steps)
    program = adjoint_program(graph, graph.outputs[0], graph.inputs).graph
    wanted = outputs(program, FLOATS, [2.9, 0.3])
    assert compiled(program)([2.9, 0.3]) == pytest.approx(wanted, rel=1e-12)
    value, partials = compiled_function(program, lambda *_: None)(2.9, 0.3)
    assert [value, *partials] == pytest.approx(wanted, rel=1e-12)
    names = set(re.findall(r"\b[tv]\d+\b", source(program)))
    assert len(names) < len(program.nodes) / 2


def test_the_program_of_a_gradient_is_compiled_when_it_has_run_often(monkeypatch):
    graph = logistic_map(200)
    run = gradient.gradient_program(graph, graph.outputs[0], graph.inputs)
    before = run([2.9, 0.3])
    written = []
    monkeypatch.setattr(gradient, "adjoint_program", lambda *task: written.append(task) or adjoint_program(*task))
    for _ in range(gradient.CALLS):
        after = run([2.9, 0.3])
    assert len(written) == 1
    assert list(after) == pytest.approx(before, rel=1e-12)


def test_wide_sums():
    rng, builder = random.Random(0), Builder()
    inputs = [builder.input(f"x{number}") for number in range(2000)]
    total, weights = builder.constant("0"), [rng.uniform(-1, 1) for _ in inputs]
    for weight, position in zip(weights, inputs, strict=True):
        total = builder.apply("add", total, builder.apply("mul", position, builder.constant(repr(weight))))
    graph = builder.graph(inputs, (total,))
    assert swept(graph, total, inputs)([1.0] * 2000)[1:] == weights


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("log10(x)*y", [5e-324, 1e-20]),
        ("max(0.1*x/y, 0.3)", [2.9, -5e-324]),
        ("ln(0.5/exp(x)) / where(x > 0, 3, x)", [1e-310]),
        ("ln(x)*where(x > 0, x, sqrt(x))", [1e-310]),
        ("where(x > 0, x, sqrt(x))/x", [1e-310]),
    ],
)
def test_small_numbers_overflow_only_where_they_do_in_the_adjoint_program(text, point):
    """1/x of 1e-310 is infinite, 0.1/x is not."""
    graph = parse(text).graph
    program = adjoint_program(graph, graph.outputs[0], graph.inputs).graph
    found = swept(graph, graph.outputs[0], graph.inputs)(point)
    assert list(found) == pytest.approx(outputs(program, FLOATS, point), rel=1e-14, nan_ok=True)


def test_nan_that_the_adjoint_program_knows_to_be_0():
    """Beyond `SHORT` nodes too, before and after the sweep in numbers gives way to compiled code."""
    text = "xlogy(x, x) - xlogy(x, x)" + "".join(f" + sin({k}*x)" for k in range(1, 200))
    graph = parse(text).graph
    run = gradient.gradient_program(graph, graph.outputs[0], graph.inputs)
    assert math.isnan(swept(graph, graph.outputs[0], graph.inputs)([0.0])[1])
    for _ in range(gradient.CALLS + 2):
        assert run([0.0]) == pytest.approx([0.0, 199 * 200 / 2])
