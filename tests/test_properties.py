"""Random programs: the methods agree with each other and obey the rules of calculus (Hypothesis)."""

import json
import math

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from diffcli.execute.floats import FLOATS
from diffcli.execute.interpreter import evaluate, outputs
from diffcli.execute.multiprecision import Multiprecision
from diffcli.execute.python_source import compiled
from diffcli.graph.ops import ELEMENTWISE, OPS
from diffcli.graph.program import Builder, Graph
from diffcli.graph.text import PLAIN, program_text
from diffcli.language import parse
from diffcli.methods.forward import PreparedForward
from diffcli.methods.reverse import PreparedReverse, adjoint_program
from diffcli.methods.symbolic import formulas, request
from diffcli.methods.symbolic_worker import answer

SMOOTH = ("sin", "cos", "tanh", "sigmoid", "softplus", "atan", "asinh", "erf", "neg", "exp")
BINARY = ("add", "sub", "mul")
POSITIVE = ("sqrt", "ln", "div", "pow")
"""Primitives that are smooth where one of their arguments is positive."""
COMPARISONS = ("lt", "le", "gt", "ge")
ALL = tuple(name for name, row in ELEMENTWISE.items() if row.callable or row.symbol)
WITHOUT_TEXT = {"lt", "le", "gt", "ge", "eq", "ne", "where", "polygamma", "xlogy"}
"""Comparisons stand only inside where; the order of polygamma is a literal; xlogy is no function of the language."""
numbers = st.floats(-2, 2, allow_nan=False).map(lambda value: round(value, 3))
points = st.tuples(numbers, numbers, numbers)


@st.composite
def programs(draw: st.DrawFn, unary=SMOOTH, binary=BINARY, most=12) -> Graph:
    """A random graph of three inputs in which later nodes use earlier ones, shared ones included."""
    builder = Builder()
    inputs = [builder.input(name) for name in ("x", "y", "z")]
    nodes = [*inputs, builder.constant("2"), builder.constant("0.3")]
    for _ in range(draw(st.integers(1, most))):
        op = draw(st.sampled_from(unary + binary))
        args = [draw(st.sampled_from(nodes)) for _ in range(OPS[op].arity)]
        nodes.append(builder.apply(op, *args))
    return builder.graph(inputs, [nodes[-1]])


@st.composite
def domain_programs(draw: st.DrawFn) -> Graph:
    """A random graph with primitives of limited domain, whose arguments softplus(a) + 0.5 keeps positive."""
    builder = Builder()
    inputs = [builder.input(name) for name in ("x", "y", "z")]
    half = builder.constant("0.5")
    nodes = [*inputs, half]
    for _ in range(draw(st.integers(1, 8))):
        op = draw(st.sampled_from(("sin", "tanh", *BINARY, *POSITIVE)))
        args = [draw(st.sampled_from(nodes)) for _ in range(OPS[op].arity)]
        if op in POSITIVE:
            place = 1 if op == "div" else 0
            args[place] = builder.apply("add", builder.apply("softplus", args[place]), half)
        nodes.append(builder.apply(op, *args))
    return builder.graph(inputs, [nodes[-1]])


@st.composite
def where_programs(draw: st.DrawFn) -> Graph:
    """A random graph of `where` that takes sqrt(a), ln(a), 1/a or a^a only where a > 0, or where a > 1.

    The branch not taken has no value: nothing of it may reach the derivative. Branches are drawn from few, so that
    several conditions share one.
    """
    builder = Builder()
    inputs = [builder.input(name) for name in ("x", "y", "z")]
    bounds = [builder.constant("0"), builder.constant("1")]
    nodes = [*inputs, *bounds]

    def a_node() -> int:
        return draw(st.sampled_from(nodes))

    for _ in range(draw(st.integers(2, 8))):
        kind = draw(st.sampled_from(("guarded", "guarded", "where", "smooth")))
        if kind == "guarded":
            tested, bound = draw(st.sampled_from(inputs + nodes)), draw(st.sampled_from(bounds))
            op = draw(st.sampled_from(POSITIVE))
            branch = builder.apply(op, *positive_arguments(op, tested, bounds[1]))
            if draw(st.booleans()):
                args = (builder.apply("gt", tested, bound), branch, a_node())
            else:
                args = (builder.apply("le", tested, bound), a_node(), branch)
            nodes.append(builder.apply("where", *args))
        elif kind == "where":
            condition = builder.apply(draw(st.sampled_from(COMPARISONS)), a_node(), a_node())
            nodes.append(builder.apply("where", condition, a_node(), a_node()))
        else:
            op = draw(st.sampled_from(("sin", "tanh", *BINARY)))
            nodes.append(builder.apply(op, *[a_node() for _ in range(OPS[op].arity)]))
    return builder.graph(inputs, [nodes[-1]])


def positive_arguments(op: str, positive: int, other: int) -> tuple[int, ...]:
    """The arguments of sqrt(a), ln(a), other/a or a^a."""
    return {"div": (other, positive), "pow": (positive, positive)}.get(op, (positive,))


def run(method, graph, point):
    return method(graph, graph.inputs, lambda program, _: compiled(program))(point)


def scale(*numbers: float) -> float:
    return max(1.0, *(abs(number) for number in numbers))


def amplifications(graph: Graph, point, *, taken_only: bool = False) -> list[float]:
    """For each input Σ |products of local partials| over all paths to the output: what rounding errors scale with.

    It is infinite or nan where a value, a partial or a product overflows. With `taken_only` what is not finite counts
    as belonging to a branch that is not taken.
    """
    program = adjoint_program(graph, graph.outputs[0], graph.inputs)
    values = evaluate(program.graph, FLOATS, point)
    sums = {graph.outputs[0]: 1.0}
    for step in program.steps:
        local = abs(values[step.local])
        if taken_only and not math.isfinite(local):
            continue
        sums[step.target] = sums.get(step.target, 0.0) + sums.get(step.source, 0.0) * local
    return [sums.get(position, 0.0) for position in graph.inputs]


def central_differences(graph: Graph, point) -> list[float]:
    """The gradient by differences at 60 digits: no rule of differentiation, and only the branches taken."""
    world = Multiprecision(60)
    exact = [world.context.mpf(x) for x in point]
    step = world.context.mpf("1e-20")
    values = evaluate(graph, world, exact)
    number = type(world.zero)
    for node in graph.nodes:
        if node.op in COMPARISONS and node.args[0] != node.args[1]:
            left, right = (values[position] for position in node.args)
            if isinstance(left, number) and isinstance(right, number):
                assume(abs(left - right) > 1e-9)  # at a tie the branches need not join
    assume(all(abs(value) < 1e3 for value in values if isinstance(value, number)))
    slopes = []
    for k in range(len(point)):
        ends = [outputs(graph, world, [*exact[:k], exact[k] + h, *exact[k + 1 :]])[0] for h in (-step, step)]
        assert all(isinstance(end, number) for end in ends), "the program is defined around the point"
        slopes.append(float((ends[1] - ends[0]) / (2 * step)))
    return slopes


def assert_gradients(graph: Graph, point) -> None:
    """Forward, reverse and the differences agree to rounding; the first two are never nan where the third is not."""
    truth, sizes = central_differences(graph, point), amplifications(graph, point, taken_only=True)
    assume(all(size < 1e12 for size in sizes))
    for method in (PreparedForward, PreparedReverse):
        _, (gradient,) = run(method, graph, point)
        for found, true, size in zip(gradient, truth, sizes, strict=True):
            assert found == pytest.approx(true, rel=1e-9, abs=1e-9 * scale(size)), (method, gradient, truth)


@given(programs(), points)
@settings(max_examples=200, deadline=None)
def test_forward_and_reverse_agree(graph, point):
    """Only an overflow of a value, of a partial or of a product of partials excuses a number that is not finite."""
    forward, reverse = run(PreparedForward, graph, point), run(PreparedReverse, graph, point)
    assert forward.values == reverse.values or (math.isnan(forward.values[0]) and math.isnan(reverse.values[0]))
    sizes = amplifications(graph, point)
    for one, other, size in zip(forward.rows[0], reverse.rows[0], sizes, strict=True):
        if math.isfinite(one) and math.isfinite(other):
            assert one == pytest.approx(other, rel=1e-10, abs=1e-10 * (scale(size) if size < math.inf else math.inf))
        else:
            assert not math.isfinite(sum(sizes))


@given(domain_programs(), points)
@settings(max_examples=100, deadline=None)
def test_gradients_on_limited_domains(graph, point):
    assert_gradients(graph, point)


@given(where_programs(), points)
@example(parse("f(x, y, z) = where(x > 0, sqrt(x), 0) + where(x > 1, sqrt(x), 0)").graph, (-1.0, 0.5, 0.5))
@example(parse("f(x, y, z) = where(x > 0, ln(x), 0)*where(x > 1, 1/x, y)").graph, (0.0, 0.5, 0.5))
@example(parse("f(x, y, z) = where(x > 0, where(y > 0, sqrt(y)*sqrt(x), z), sin(z))").graph, (-1.0, 0.0, 0.5))
@settings(max_examples=200, deadline=None)
def test_gradients_through_branches(graph, point):
    assert_gradients(graph, point)


@given(programs(), points)
@settings(max_examples=40, deadline=None)
def test_symbolic_agrees_with_reverse(graph, point):
    """SymPy sees the same graph and shares no rule with ours; it answers in this process here."""
    reply = answer(json.dumps(request(graph, graph.inputs)).encode())
    assume("gave_up" not in reply)
    found = outputs(formulas(graph, graph.inputs, reply), FLOATS, point)
    values, rows = run(PreparedReverse, graph, point)
    assert found[0] == values[0]
    for one, other in zip(found[1:], rows[0], strict=True):
        assert one == pytest.approx(other, rel=1e-8, abs=1e-9 * scale(other), nan_ok=True)


@given(programs(ALL, ()), st.tuples(*[st.floats()] * 3))
@settings(max_examples=300, deadline=None)
def test_nothing_ever_raises_whatever_the_operation_and_the_number(graph, point):
    for method in (PreparedForward, PreparedReverse):
        values, rows = run(method, graph, point)
        assert all(isinstance(number, float) for number in (*values, *rows[0]))


@given(programs(), programs(), points, numbers)
@settings(max_examples=100, deadline=None)
def test_linearity_product_and_chain_rule(f, g, point, factor):
    def gradient(text: str) -> tuple[float, tuple[float, ...]]:
        graph = parse(f"f(x, y, z) = {text}").graph
        values, rows = run(PreparedReverse, graph, point)
        return values[0], rows[0]

    first, second = program_text(f, PLAIN), program_text(g, PLAIN)
    (u, du), (v, dv) = gradient(first), gradient(second)
    assume(all(abs(number) <= 1e60 for number in (u, v, *du, *dv)))
    _, total = gradient(f"{factor}*({first}) + ({second})")
    _, product = gradient(f"({first})*({second})")
    _, chained = gradient(f"sin({first})")
    for k in range(3):
        tolerance = 1e-9 * scale(u, v) * scale(du[k], dv[k])
        assert total[k] == pytest.approx(factor * du[k] + dv[k], rel=1e-9, abs=tolerance)
        assert product[k] == pytest.approx(du[k] * v + u * dv[k], rel=1e-9, abs=tolerance)
        assert chained[k] == pytest.approx(math.cos(u) * du[k], rel=1e-9, abs=tolerance)


@given(programs(tuple(name for name in ALL if name not in WITHOUT_TEXT), ()))
@settings(max_examples=200, deadline=None)
def test_text_of_any_program_reads_in_as_the_same_program(graph):
    text = f"f(x, y, z) = {program_text(graph, PLAIN)}"
    again = parse(text).graph
    point = (0.7, 1.3, 0.4)
    assert repr(outputs(again, FLOATS, point)) == repr(outputs(graph, FLOATS, point))
    assert {node.op for node in again.nodes if node.args} == {
        node.op for node, needed in zip(graph.nodes, graph.needed, strict=True) if node.args and needed
    }
