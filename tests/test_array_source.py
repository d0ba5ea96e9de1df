"""Compiled programs on arrays against the interpreter, on random programs; what is whose memory; how much there is."""

import math
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from math import prod

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffcli.errors import ShapeError, UsageError
from diffcli.execute import array_source
from diffcli.execute.array_library import library_of
from diffcli.execute.array_plan import Plan
from diffcli.execute.array_rewriting import rewritten
from diffcli.execute.array_source import compiled
from diffcli.execute.arrays import ArrayArithmetic
from diffcli.execute.interpreter import outputs
from diffcli.graph.primitive import Term, function
from diffcli.graph.program import Builder
from diffcli.methods.forward import directional_program
from diffcli.methods.reverse import adjoint_program

SHAPES = [(), (3,), (1,), (2, 3), (3, 3), (2, 1), (0, 3)]
UNARY = ["neg", "exp", "ln", "sqrt", "tanh", "relu", "sigmoid", "softplus", "abs", "sec", "round", "sign", "cbrt"]
BINARY = ["add", "sub", "mul", "div", "max", "min", "hypot", "gt", "eq", "xlogy", "pow"]


@st.composite
def programs(draw):
    """Elementwise operations, reductions, products, views and choices on three inputs; up to three outputs."""
    builder = Builder()
    inputs = [builder.input(name, shape=draw(st.sampled_from(SHAPES))) for name in "abc"]
    terms = [Term(builder, position) for position in inputs]
    terms += [Term(builder, builder.constant(literal)) for literal in ("0.5", "2", "-1", "0")]
    for _ in range(draw(st.integers(1, 14))):
        kind = draw(st.sampled_from(["unary", "binary", "where", "reduce", "product", "view"]))
        x, y, z = (draw(st.sampled_from(terms)) for _ in range(3))
        try:
            terms.append(extended(draw, kind, x, y, z))
        except ShapeError:
            terms.append(x * y.sum(range(len(y.shape))))
    chosen = [draw(st.sampled_from(terms[-6:])).position for _ in range(draw(st.integers(1, 3)))]
    return builder.graph(inputs, chosen, [f"y{k}" for k in range(len(chosen))])


def extended(draw, kind, x, y, z):
    rank = len(x.shape)
    if kind == "unary":
        return x.apply(draw(st.sampled_from(UNARY)))
    if kind == "binary":
        return x.apply(draw(st.sampled_from(BINARY)), y)
    if kind == "where":
        return (x.apply(draw(st.sampled_from(["lt", "ge", "ne"])), y)).apply("where", z, x)
    if kind == "product" or not rank:
        return x @ y
    axis = draw(st.integers(0, rank - 1))
    if kind == "reduce":
        op = draw(st.sampled_from(["sum", "amax", "norm", "logsumexp"]))
        return x.apply(op, axes=(axis,), keepdims=draw(st.booleans()))
    views = [
        lambda: x.transpose(tuple(reversed(range(rank)))),
        lambda: x.reshape((prod(x.shape),)),
        lambda: x.broadcast((2, *x.shape)),
        lambda: x.index(tuple((size - 1, None, -1) for size in x.shape)),
        lambda: x.index((0, *((0, size, 1) for size in x.shape[1:]))) if x.shape[0] else x,
        lambda: x.apply("concatenate", x, axis=axis),
    ]
    return draw(st.sampled_from(views))()


def point(graph, seed, dtype="float64"):
    random = np.random.default_rng(seed)
    numbers = [0.0, -0.0, 1.0, -2.5, 0.3, 7.0, 1e3, -1e-3]
    return [np.asarray(random.choice(numbers, graph.nodes[p].shape), dtype=dtype) for p in graph.inputs]


def assert_same_as_the_interpreter(graph, values):
    before = [value.copy() for value in values]
    library = library_of(values)
    prepared = [float(v) if library.has_quick_numbers and v.shape == () else v for v in values]
    with np.errstate(all="ignore"):
        expected = outputs(graph, ArrayArithmetic(library), prepared)
    program = compiled(graph)
    first, second = program(values), program(values)
    eps = np.finfo(library.dtype).eps
    for position, found, again, wanted in zip(graph.outputs, first, second, expected, strict=True):
        assert np.shape(found) == graph.nodes[position].shape
        np.testing.assert_array_equal(found, again)
        np.testing.assert_allclose(found, wanted, rtol=64 * eps, atol=64 * eps * _size(wanted))
    for value, old in zip(values, before, strict=True):
        np.testing.assert_array_equal(value, old)
    own = [found for found in first if isinstance(found, np.ndarray)]
    for k, found in enumerate(own):
        assert found.flags.writeable
        assert not any(np.shares_memory(found, other) for other in [*own[:k], *values])


def _size(values):
    values = np.asarray(values)[np.isfinite(values)]
    return float(np.max(np.abs(values), initial=0))


@settings(max_examples=150, deadline=None, report_multiple_bugs=False)
@given(programs(), st.integers(0, 99), st.sampled_from(["float64", "float32"]))
def test_random_programs(graph, seed, dtype):
    assert_same_as_the_interpreter(graph, point(graph, seed, dtype))


@settings(max_examples=100, deadline=None, report_multiple_bugs=False)
@given(programs(), st.integers(0, 99))
def test_derivative_programs_of_random_programs(graph, seed):
    values = point(graph, seed)
    adjoint = adjoint_program(graph, graph.outputs[0], graph.inputs, with_cotangent=True).graph
    assert_same_as_the_interpreter(adjoint, [*values, np.ones(graph.nodes[graph.outputs[0]].shape)])
    tangents = directional_program(graph, graph.inputs).graph
    assert_same_as_the_interpreter(tangents, [*values, *point(graph, seed + 1)])


@settings(max_examples=50, deadline=None, report_multiple_bugs=False)
@given(programs(), st.integers(0, 99), st.sampled_from(["float64", "float32"]))
def test_the_loop_for_large_programs_does_the_same(graph, seed, dtype):
    values = point(graph, seed, dtype)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(array_source, "MAX_NODES", -1)
        assert_same_as_the_interpreter(graph, values)
        adjoint = adjoint_program(graph, graph.outputs[0], graph.inputs, with_cotangent=True).graph
        assert_same_as_the_interpreter(adjoint, [*values, np.ones(graph.nodes[graph.outputs[0]].shape, dtype)])


def program(formula, *shapes):
    builder = Builder()
    inputs = [builder.input(name, shape=shape) for name, shape in zip("abcd", shapes, strict=False)]
    results = formula(*[Term(builder, position) for position in inputs])
    results = results if isinstance(results, tuple) else (results,)
    names = [f"y{k}" for k in range(len(results))]
    return builder.graph(inputs, [result.position for result in results], names)


exp, ln, erf = function("exp"), function("ln"), function("erf")
ARRAY = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


def test_results_are_the_callers_own():
    """An input itself, a view of it, repeated elements, the same result twice, and a view beside what it looks at."""

    def formula(x):
        y = exp(x)
        return x, x.transpose((1, 0)), x.sum((0, 1)).broadcast((2, 3)), y, y, y.index((0, (0, 3, 1)))

    assert_same_as_the_interpreter(program(formula, (2, 3)), [ARRAY.copy()])


def test_an_intermediate_that_is_a_result_is_not_written_into():
    graph = program(lambda x: (exp(x), exp(x) + 1, exp(exp(x) + 1)), (2, 3))
    y, above, outer = compiled(graph)([ARRAY])
    np.testing.assert_array_equal(y, np.exp(ARRAY))
    np.testing.assert_array_equal(above, np.exp(ARRAY) + 1)
    np.testing.assert_array_equal(outer, np.exp(np.exp(ARRAY) + 1))


def test_a_view_of_what_could_be_written_into():
    """exp(x) is used last in the sum, where its transpose and its reversal still look at it."""

    def formula(x):
        y = exp(x)
        return (y + y.transpose((1, 0))) * y.transpose((1, 0))

    graph = program(formula, (3, 3))
    x = np.arange(9.0).reshape(3, 3) / 9
    y = np.exp(x)
    np.testing.assert_array_equal(compiled(graph)([x])[0], (y + y.T) * y.T)


@pytest.mark.parametrize(
    "value",
    [
        np.asfortranarray(ARRAY),
        np.repeat(ARRAY, 2, axis=1)[:, ::2],
        np.flip(np.flip(ARRAY).copy()),
        ARRAY.astype(int),
        ARRAY.astype(np.float16),
        ARRAY.astype(">f8"),
        ARRAY.tolist(),
        np.broadcast_to(ARRAY[:1], (2, 3)),
        np.lib.stride_tricks.as_strided(ARRAY, writeable=False),
        ARRAY.view(np.recarray),
    ],
    ids="fortran strided reversed integer half big-endian list repeated read-only subclass".split(),
)
def test_any_memory_and_any_type_of_input(value):
    graph = program(lambda x: (x * exp(x)).sum((0,)) @ x.transpose((1, 0)), (2, 3))
    before = np.array(value, copy=True)
    (result,) = compiled(graph)([value])
    plain = np.asarray(value, dtype=float)
    np.testing.assert_allclose(result, plain @ (plain * np.exp(plain)).sum(0), rtol=1e-14)
    assert type(result) is np.ndarray
    assert result.dtype == np.float64
    np.testing.assert_array_equal(value, before)


def test_the_wider_type_computes():
    graph = program(lambda x, y: (x * y, x / 3), (2, 3), (3,))
    third = np.array([1, 2, 3]) / 3
    results = compiled(graph)([ARRAY.astype(np.float32), third])
    assert [result.dtype for result in results] == [np.float64] * 2
    np.testing.assert_array_equal(results[0], ARRAY * third)
    results = compiled(graph)([ARRAY.astype(np.float32), third.astype(np.float32)])
    assert [result.dtype for result in results] == [np.float32] * 2


def test_single_precision_with_numbers_and_constants():
    graph = program(lambda x, a: ((x * a + 1) / 3, a / (a - a), x.apply("gt", 2)), (3,), ())
    x = np.array([1, 2, 3], dtype=np.float32)
    third, infinite, flags = compiled(graph)([x, 0.1])
    assert third.dtype == np.float32 == np.asarray(infinite).dtype == flags.dtype
    np.testing.assert_array_equal(third, (x * np.float32(0.1) + np.float32(1)) / np.float32(3))
    assert np.isinf(infinite)


@pytest.mark.parametrize("number", [2.0, 2, np.float64(2), np.float32(2), np.array(2.0), np.array(2)])
def test_numbers_come_back_as_floats(number):
    (result,) = compiled(program(lambda a, x: a * x.sum((0,)), (), (3,)))([number, np.ones(3)])
    assert type(result) is float
    assert result == 6


def test_shapes_are_checked_at_every_call():
    run = compiled(program(lambda x, y: x + y, (3,), (3,)))
    run([np.ones(3), np.ones(3)])
    with pytest.raises(ShapeError, match="b has the shape 1 here, and not 3"):
        run([np.ones(3), np.ones(1)])
    with pytest.raises(ShapeError, match="a has the shape a number here"):
        run([1.0, np.ones(3)])


def test_complex_numbers_are_refused():
    with pytest.raises(UsageError, match="complex"):
        compiled(program(lambda x: x, (1,)))([np.array([1j])])


def test_numbers_beyond_ieee_do_not_raise():
    """Python's math raises for ln(0), exp(1000) and 1/0; the results are those of IEEE 754 all the same."""
    graph = program(lambda a, x: (ln(a), exp(1000 - a), 1 / a, x / a, ln(a - 1) + x.sum((0,))), (), (2,))
    run = compiled(graph)
    for _ in range(2):
        *numbers, array, nan = run([0.0, np.array([1.0, -1.0])])
        assert numbers == [-np.inf, np.inf, np.inf]
        np.testing.assert_array_equal(array, [np.inf, -np.inf])
        assert np.isnan(nan)
    assert np.geterr()["divide"] == "warn"


def test_many_threads_at_once():
    run = compiled(program(lambda x: exp(erf(x) / x).sum((0,)), (50,)))
    points = [np.linspace(1, 2 + k, 50) for k in range(40)]
    expected = [run([x])[0] for x in points]
    with ThreadPoolExecutor(8) as pool:
        assert [result for (result,) in pool.map(lambda x: run([x]), points)] == expected


def elements(x):
    """Each element by its index, and two slices that overlap."""
    total = sum((x.index((k,)).apply("sin") * (k + 1) for k in range(1, 5)), start=x.index((0,)))
    return total + (x.index(((1, 4, 1),)) * x.index(((0, 5, 2),))).sum((0,))


@pytest.mark.parametrize("most", [array_source.MAX_NODES, -1])
def test_adjoints_of_indices_are_added_in_place(most, monkeypatch):
    monkeypatch.setattr(array_source, "MAX_NODES", most)
    graph = program(elements, (5,))
    adjoint = adjoint_program(graph, graph.outputs[0], graph.inputs).graph
    plan = Plan(adjoint, library_of([np.ones(1)]))
    assert len(plan.additions) == sum(node.op == "place" for node in plan.nodes) - 1
    assert all(plan.reusable(position) is not None for position in plan.additions)
    x = np.linspace(0.5, 1.5, 5)
    wanted = np.arange(1, 6) * np.cos(x)
    wanted[0] = 1
    wanted[1:4] += x[::2]
    wanted[::2] += x[1:4]
    np.testing.assert_allclose(compiled(adjoint)([x])[1], wanted, rtol=1e-15)


def test_what_an_index_adds_to_is_copied_where_it_is_needed_again():
    def formula(x, y):
        wide = y.place((1,), (3,))
        return exp(x) + wide, exp(x), x + wide.apply("neg").apply("neg")

    graph = program(formula, (3,), ())
    x = np.array([1.0, 2.0, 3.0])
    both, alone, _ = compiled(graph)([x, 5.0])
    np.testing.assert_array_equal(both, np.exp(x) + np.array([0, 5, 0]))
    np.testing.assert_array_equal(alone, np.exp(x))
    (moved,) = compiled(program(lambda x, y: x + y.place((1,), (3,)), (3,), ()))([x, 5.0])
    np.testing.assert_array_equal(moved, [1, 7, 3])
    np.testing.assert_array_equal(x, [1, 2, 3])


def test_repeated_numbers_take_no_memory():
    """The mean's 1/n reaches every element as a number, not as an array."""
    graph = program(lambda x: (x * x).sum((0,)) / 7, (1000,))
    adjoint = adjoint_program(graph, graph.outputs[0], graph.inputs).graph
    plan = Plan(adjoint, library_of([np.ones(1)]))
    assert not any(node.op == "broadcast" for node in plan.nodes)


def peak(run, values):
    """What a run needs beside its inputs and results, in bytes."""
    results = run(values)
    tracemalloc.start()
    try:
        results = run(values)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return most - sum(np.asarray(result).nbytes for result in results)


def chain(x):
    """20 operations, of which 19 have a derivative that needs their argument."""
    for k in range(20):
        x = x.apply(("sin", "exp", "tanh", "atan", "sigmoid")[k % 5])
    return x.sum((0,))


def test_a_sweep_over_a_chain_holds_little_beside_the_intermediates():
    size = 20_000
    graph = program(chain, (size,))
    sweep = compiled(adjoint_program(graph, graph.outputs[0], graph.inputs).graph)
    assert peak(sweep, [np.linspace(0.1, 1, size)]) <= 1.2 * 19 * size * 8


def test_a_sweep_over_layers_holds_little_beside_the_intermediates():
    """tanh(W·x) ten times: kept are the ten products and the ten activations."""
    width, batch = 8, 3000

    def network(x, weights):
        for _ in range(10):
            x = (weights @ x).apply("tanh")
        return x.sum((0, 1))

    graph = program(network, (width, batch), (width, width))
    sweep = compiled(adjoint_program(graph, graph.outputs[0], graph.inputs[1:]).graph)
    random = np.random.default_rng(0)
    values = [random.normal(size=(width, batch)), random.normal(size=(width, width))]
    assert peak(sweep, values) <= 1.2 * 20 * width * batch * 8


def test_the_slope_of_a_sigmoid_takes_one_exponential():
    """σ(x)·σ(−x) = e/(1 + e)² with e = exp(−|x|): the digits of 50-digit arithmetic, at special values too."""
    builder = Builder()
    x = builder.input("x", shape=(9,))
    graph = builder.graph((x,), (builder.apply("sum", builder.apply("sigmoid", x), axes=(0,), keepdims=False),))
    program = adjoint_program(graph, graph.outputs[0], graph.inputs).graph
    points = np.array([0.0, -0.0, 1.0, -3.0, 40.0, -700.0, 800.0, math.inf, math.nan])
    _, slopes = compiled(program)([points])
    with mpmath.workdps(50):
        exponentials = [mpmath.exp(-abs(mpmath.mpf(point))) for point in points[:8]]
        exact = [float(e / (1 + e) ** 2) for e in exponentials]
    np.testing.assert_allclose(slopes[:8], exact, rtol=1e-15)
    assert math.isnan(slopes[8])
    rewritten_ops = [node.op for node in rewritten(program, library_of([points])).nodes]
    assert rewritten_ops.count("exp") == 1
    assert "sigmoid" not in rewritten_ops[rewritten_ops.index("exp") :]
