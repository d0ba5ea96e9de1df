"""Programs on arrays written out in numbers compute the same, and so do their derivatives."""

import numpy as np
import pytest
from render_records import array_study
from test_structural import CASES, NAMES, arrays, program

from diffcli.errors import LimitError
from diffcli.execute.array_source import compiled
from diffcli.execute.expansion import expanded
from diffcli.execute.flat import Elements, flattened, unflattened, unit_vectors
from diffcli.execute.loop import looped
from diffcli.graph.program import Builder
from diffcli.methods.reverse import adjoint_program


@pytest.mark.parametrize(("op", "shapes", "params"), CASES, ids=NAMES)
def test_every_row_written_out_computes_the_same(op, shapes, params):
    graph, values = program(op, shapes, params), arrays(shapes)
    expansion = expanded(graph)
    assert expansion.graph.is_scalar
    expansion.graph.check()
    found = looped(expansion.graph)(flattened(values))
    np.testing.assert_allclose(found, np.ravel(compiled(graph)(values)[0]), rtol=3e-14, atol=1e-15)
    assert len(expansion.wrt(graph.inputs)) == sum(np.size(value) for value in values)


def test_elements_carry_their_indices():
    builder = Builder()
    matrix, x = builder.input("W", shape=(2, 2)), builder.input("x", shape=(2,))
    graph = builder.graph([matrix, x], [builder.apply("matmul", matrix, x)], ["z"])
    expansion = expanded(graph)
    assert expansion.graph.variables == ("W[0,0]", "W[0,1]", "W[1,0]", "W[1,1]", "x[0]", "x[1]")
    assert expansion.graph.output_names == ("z[0]", "z[1]")
    assert [node.op for node in expansion.graph.nodes if node.args].count("mul") == 4


def test_gradients_agree_element_by_element():
    builder = Builder()
    matrix, x = builder.input("W", shape=(2, 3)), builder.input("x", shape=(3,))
    norm = builder.apply("norm", builder.apply("tanh", builder.apply("matmul", matrix, x)), axes=(0,), keepdims=False)
    graph = builder.graph([matrix, x], [norm])
    values = arrays([(2, 3), (3,)])
    _, *on_arrays = compiled(adjoint_program(graph, norm, graph.inputs).graph)(values)
    scalars = expanded(graph).graph
    _, *on_numbers = looped(adjoint_program(scalars, scalars.outputs[0], scalars.inputs).graph)(flattened(values))
    np.testing.assert_allclose(on_numbers, flattened(on_arrays), rtol=1e-13)


@pytest.mark.parametrize("size", range(1, 7))
def test_determinants_and_inverses_by_minors(size):
    matrix = np.random.default_rng(size).normal(size=(size, size))
    for op, expected in (("det", np.linalg.det(matrix)), ("inv", np.linalg.inv(matrix))):
        found = looped(expanded(program(op, [(size, size)], {})).graph)(flattened([matrix]))
        np.testing.assert_allclose(found, np.ravel(expected), rtol=1e-10, atol=1e-12)


def test_large_matrices_are_not_inverted_in_numbers():
    with pytest.raises(LimitError, match="inv of a matrix larger than 6×6"):
        expanded(program("inv", [(7, 7)], {}))


def test_large_programs_are_not_written_out():
    builder = Builder()
    x = builder.input("x", shape=(1000, 1000))
    graph = builder.graph([x], [builder.apply("sum", builder.apply("sin", x), axes=(0, 1), keepdims=False)])
    with pytest.raises(LimitError, match="2000000 operations"):
        expanded(graph)


def test_elements_go_there_and_back():
    like = [2.0, np.zeros((2, 3), dtype="float32"), np.zeros(0)]
    values = unflattened([1.0, *range(6)], like)
    assert flattened(values) == [1.0, 0, 1, 2, 3, 4, 5]
    assert [(v.dtype.name, v.shape) for v in values[1:]] == [("float32", (2, 3)), ("float64", (0,))]
    elements = Elements(like)
    elements[0], elements[4], copy = 5.0, 7.0, elements.copy()
    copy[6] = 8.0
    assert (len(elements), elements[4], like[1][1, 0], copy[6], elements[6]) == (7, 7.0, 0.0, 8.0, 0.0)
    assert flattened(elements.values) == [5.0, 0, 0, 0, 7, 0, 0]
    vectors = [flattened(vector) for vector in unit_vectors(like)]
    assert vectors == np.eye(7).tolist()


@pytest.mark.parametrize(
    ("text", "x", "message"),
    [
        ("norm(x)", [0, 0], "and the sqrt in norm has a vertical tangent where its argument is 0"),
        ("y = x*2; 3 + norm(y)", [0, 0], "and the sqrt in norm has a vertical tangent where its argument is 0"),
        ("sqrt(sum(x^2))", [0, 0], "and sqrt has a vertical tangent where its argument is 0"),
        ("sum(abs(x))", [0, 1], "not differentiable here: |x| has a kink where its argument is 0"),
    ],
)
def test_the_function_that_was_written_is_named(text, x, message):
    found = array_study(text, {"x": x}).outputs[0].problem
    assert found.message.endswith(message)
    function = text[found.start : found.end]
    assert function in ("norm(x)", "norm(y)", "sqrt(sum(x^2))", "abs(x)")
