"""Random programs: the methods agree with each other and obey the rules of calculus (Hypothesis)."""

import json
import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from diffcli.execute.floats import FLOATS
from diffcli.execute.interpreter import outputs
from diffcli.execute.python_source import compiled
from diffcli.graph.ops import OPS
from diffcli.graph.program import Builder, Graph
from diffcli.graph.text import PLAIN, program_text
from diffcli.language import parse
from diffcli.methods.forward import PreparedForward
from diffcli.methods.reverse import PreparedReverse
from diffcli.methods.symbolic import formulas, request
from diffcli.methods.symbolic_worker import answer

SMOOTH = ("sin", "cos", "tanh", "sigmoid", "softplus", "atan", "asinh", "erf", "neg", "exp")
BINARY = ("add", "sub", "mul")
ALL = tuple(name for name, row in OPS.items() if row.callable or row.symbol)
numbers = st.floats(-2, 2, allow_nan=False).map(lambda value: round(value, 3))


@st.composite
def programs(draw: st.DrawFn, unary=SMOOTH, binary=BINARY) -> Graph:
    """A random graph of three inputs in which later nodes use earlier ones, shared ones included."""
    builder = Builder()
    inputs = [builder.input(name) for name in ("x", "y", "z")]
    nodes = [*inputs, builder.constant("2"), builder.constant("0.3")]
    for _ in range(draw(st.integers(1, 12))):
        op = draw(st.sampled_from(unary + binary))
        args = [draw(st.sampled_from(nodes)) for _ in range(OPS[op].arity)]
        nodes.append(builder.apply(op, *args))
    return builder.graph(inputs, [nodes[-1]])


def run(method, graph, point):
    return method(graph, graph.inputs, lambda program, _: compiled(program))(point)


def scale(*numbers: float) -> float:
    return max(1.0, *(abs(number) for number in numbers))


@given(programs(), st.tuples(numbers, numbers, numbers))
@settings(max_examples=200, deadline=None)
def test_forward_and_reverse_agree(graph, point):
    forward, reverse = run(PreparedForward, graph, point), run(PreparedReverse, graph, point)
    assert forward.values == reverse.values
    for one, other in zip(forward.rows[0], reverse.rows[0], strict=True):
        assert one == pytest.approx(other, rel=1e-10, abs=1e-10 * scale(other)) or not math.isfinite(other)


@given(programs(), st.tuples(numbers, numbers, numbers))
@settings(max_examples=40, deadline=None)
def test_symbolic_agrees_with_reverse(graph, point):
    """SymPy sees the same graph and shares no rule with ours; it answers in this process here."""
    reply = answer(json.dumps(request(graph, graph.inputs)).encode())
    assume("gave_up" not in reply)
    found = outputs(formulas(graph, graph.inputs, reply), FLOATS, point)
    values, rows = run(PreparedReverse, graph, point)
    assert found[0] == values[0]
    for one, other in zip(found[1:], rows[0], strict=True):
        assert one == pytest.approx(other, rel=1e-8, abs=1e-9 * scale(other)) or not math.isfinite(other)


@given(programs(ALL, ()), st.tuples(*[st.floats()] * 3))
@settings(max_examples=300, deadline=None)
def test_nothing_ever_raises_whatever_the_operation_and_the_number(graph, point):
    for method in (PreparedForward, PreparedReverse):
        values, rows = run(method, graph, point)
        assert all(isinstance(number, float) for number in (*values, *rows[0]))


@given(programs(), programs(), st.tuples(numbers, numbers, numbers), numbers)
@settings(max_examples=100, deadline=None)
def test_linearity_product_and_chain_rule(f, g, point, factor):
    def gradient(text: str) -> tuple[float, tuple[float, ...]]:
        graph = parse(f"f(x, y, z) = {text}").graph
        values, rows = run(PreparedReverse, graph, point)
        return values[0], rows[0]

    first, second = program_text(f, PLAIN), program_text(g, PLAIN)
    (u, du), (v, dv) = gradient(first), gradient(second)
    if not all(map(math.isfinite, (u, v, *du, *dv))) or scale(u, v, *du, *dv) > 1e60:
        return
    _, total = gradient(f"{factor}*({first}) + ({second})")
    _, product = gradient(f"({first})*({second})")
    _, chained = gradient(f"sin({first})")
    for k in range(3):
        tolerance = 1e-9 * scale(u, v) * scale(du[k], dv[k])
        assert total[k] == pytest.approx(factor * du[k] + dv[k], rel=1e-9, abs=tolerance)
        assert product[k] == pytest.approx(du[k] * v + u * dv[k], rel=1e-9, abs=tolerance)
        assert chained[k] == pytest.approx(math.cos(u) * du[k], rel=1e-9, abs=tolerance)


@given(programs(ALL, ()))
@settings(max_examples=200, deadline=None)
def test_text_of_any_program_reads_in_as_the_same_program(graph):
    if any(node.op in ("lt", "le", "gt", "ge", "eq", "ne", "where", "polygamma", "xlogy") for node in graph.nodes):
        return  # comparisons stand only inside where; the order of polygamma is a literal
    text = f"f(x, y, z) = {program_text(graph, PLAIN)}"
    again = parse(text).graph
    point = (0.7, 1.3, 0.4)
    assert repr(outputs(again, FLOATS, point)) == repr(outputs(graph, FLOATS, point))
    assert {node.op for node in again.nodes if node.args} == {
        node.op for node, needed in zip(graph.nodes, graph.needed, strict=True) if node.args and needed
    }
