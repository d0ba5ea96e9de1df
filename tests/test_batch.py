"""Many points at once: NumPy in blocks against the interpreter, point by point."""

import math
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

import diffcli
from diffcli.errors import DiffcliError, ShapeError, UsageError
from diffcli.execute import block_plan, numpy_batch, results
from diffcli.execute.blocks import Batch
from diffcli.execute.floats import FLOATS, function
from diffcli.execute.interpreter import outputs
from diffcli.graph.ops import ELEMENTWISE
from diffcli.graph.program import Builder, Graph
from diffcli.language import parse
from diffcli.language.library import examples
from diffcli.language.points import match_point, parse_point
from diffcli.methods.reverse import adjoint_program, parts

SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, math.inf, -math.inf, math.nan, 1e308, -1e308, 5e-324, 1e-300, 709.9, -745.0]
ULPS = 16
DECK_001 = "ln(x1) + x1*x2 - sin(x2)"


def adjoint(text: str) -> Graph:
    graph = parse(text).graph
    return adjoint_program(graph, graph.outputs[0], graph.inputs).graph


def interpreted(graph: Graph, points):
    return np.array([outputs(graph, FLOATS, [float(x) for x in point]) for point in zip(*points, strict=True)]).T


def assert_close(found, expected, ulps=ULPS, scale=0.0):
    """Equal to a few units in the last place; nan and infinities in the same places."""
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    is_finite = np.isfinite(expected)
    np.testing.assert_array_equal(found[~is_finite & ~np.isnan(expected)], expected[~is_finite & ~np.isnan(expected)])
    error = np.abs(found[is_finite] - expected[is_finite])
    size = np.maximum(np.abs(expected[is_finite]), scale)
    assert np.all(error <= ulps * np.spacing(np.maximum(size, 1e-300)))


def rows():
    return [row for row in ELEMENTWISE.values() if row.name != "polygamma"]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.name)
def test_every_primitive_at_ordinary_and_special_values(row):
    builder = Builder()
    names = [builder.input(f"x{k}") for k in range(row.arity)]
    result = builder.apply(row.name, *names)
    graph = builder.graph(names, [result, builder.apply("add", result, names[-1])], ["y", "z"])
    choose = random.Random(row.name)
    ordinary = [[choose.uniform(*domain) for domain in row.domain] for _ in range(50)]
    if row.arity == 1:
        special = [[x] for x in SPECIAL]
    else:
        special = [[choose.choice(SPECIAL) for _ in range(row.arity)] for _ in range(300)]
    points = np.array(ordinary + special).T
    expected = interpreted(graph, points)
    for found in (Batch(graph)(list(points)), Batch(graph)(list(points.astype(object).astype(">f8")))):
        assert_close(np.array(found[0]), expected[0])


@pytest.mark.parametrize("op", ["where", "hypot", "sigmoid", "gamma", "lgamma", "erf", "erfc", "digamma"])
def test_many_points_have_ways_of_their_own(op):
    """Choices by bits, hypotenuses by a root, special functions in parts: the interpreter's numbers."""
    generator, builder = np.random.default_rng(7), Builder()
    arity = ELEMENTWISE[op].arity
    names = [builder.input(f"x{k}") for k in range(arity)]
    graph = builder.graph(names, [builder.apply(op, *names)], ["y"])
    special = generator.choice([*SPECIAL, 1e-310, -1e200, 1e200], (arity, 1500))
    points = list(np.concatenate([generator.normal(size=(arity, 1500)), special], axis=1))
    points[0][::7] = 0.0
    expected = interpreted(graph, points)[0]
    with_out = Batch(graph, "numpy")(points, out=[np.empty(3000)])
    for found in (*Batch(graph, "numpy")(points), *with_out, *Batch(graph, "numpy")([np.tile(x, 4) for x in points])):
        repeated = np.tile(expected, found.size // 3000)
        assert_close(found, repeated)
        if op == "where":
            np.testing.assert_array_equal(np.signbit(found), np.signbit(repeated))


@pytest.mark.parametrize("bound", [0.5, -1e9, 1e9])
@pytest.mark.parametrize("branches", [(2.0, None), (None, 0.0), (None, -0.0), (0.0, None), (0.0, 1.0)])
def test_choices_of_numbers_by_bits(branches, bound):
    """Some elements from either branch, or all from one."""
    builder, x = Builder(), np.random.default_rng(3).normal(size=20_000)
    name = builder.input("x")
    nodes = [name if value is None else builder.constant(repr(value)) for value in branches]
    condition = builder.apply("lt", name, builder.constant(repr(bound)))
    graph = builder.graph([name], [builder.apply("where", condition, *nodes)], ["y"])
    wanted = np.where(x < bound, *[x if value is None else value for value in branches])
    found = Batch(graph, "numpy")([x])[0]
    np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(np.signbit(found), np.signbit(wanted))
    single = x.astype("f4")
    wanted = np.where(single < bound, *[single if value is None else value for value in branches])
    np.testing.assert_array_equal(Batch(graph, "numpy")([single])[0], wanted)


@pytest.mark.parametrize(
    ("arrays", "points"), [(1, 16384), (22, 16384), (60, 6144), (200, 4096), (900, 4096), (1500, 2048), (10**5, 1024)]
)
def test_blocks_fit_into_a_cache_and_are_not_too_short(arrays, points):
    assert numpy_batch.block_length(arrays) == points


def programs(name):
    """The adjoint programs of an example, with points around its own and with special values."""
    example, choose = examples()[name], random.Random(name)
    reading = parse(example.text, tuple(example.point))
    own = match_point(reading, parse_point([example.at] if example.at else []))
    near = [[x * choose.uniform(0.9, 1.1) for x in own] for _ in range(20)]
    wild = [[choose.choice(SPECIAL) for _ in own] for _ in range(20)]
    points = list(np.array([*near, *wild]).reshape(40, -1).T.copy())
    for part in parts(reading.graph):
        yield adjoint_program(part, part.outputs[0], part.inputs).graph, points


NUMBERS = [name for name, example in examples().items() if "[" not in example.at and example.point]


@pytest.mark.parametrize("name", NUMBERS)
def test_the_expression_library_operation_by_operation(name):
    """Every node against the interpreter's function on the values found for its arguments; buffers change nothing."""
    for graph, points in programs(name):
        everything = tuple(range(len(graph.nodes)))
        found = np.array(Batch(replace(graph, outputs=everything, output_names=tuple(map(str, everything))))(points))
        for position, node in enumerate(graph.nodes):
            if node.args:
                args = [found[argument].tolist() for argument in node.args]
                expected = np.array([function(node.op)(*point) for point in zip(*args, strict=True)])
                assert_close(found[position], expected)
        results = Batch(graph)(points)
        np.testing.assert_array_equal(np.array(results), found[list(graph.outputs)])
        in_blocks = Batch(graph)(points, out=[np.empty(40) for _ in results])
        np.testing.assert_array_equal(np.array(in_blocks), found[list(graph.outputs)])


@pytest.mark.parametrize("threads", [None, 1, 3])
@pytest.mark.parametrize("count", [1, 2, 20_000, 100_001])
def test_deck_001_in_blocks_and_threads(count, threads):
    generator = np.random.default_rng(count)
    x, y = generator.uniform(0.1, 5, (2, count))
    value, (first, second) = diffcli.value_and_grad(DECK_001).batch(x, y, threads=threads)
    np.testing.assert_allclose(value, np.log(x) + x * y - np.sin(y), rtol=1e-14, atol=1e-14)
    np.testing.assert_allclose(first, 1 / x + y, rtol=1e-14)
    np.testing.assert_allclose(second, x - np.cos(y), rtol=1e-13, atol=1e-14)


def test_one_point_is_the_number_of_the_lecture():
    value, (first, second) = diffcli.value_and_grad(DECK_001).batch([2.0], [5.0])
    np.testing.assert_allclose(
        [value[0], first[0], second[0]], [11.652071455223084, 5.5, 1.7163378145367738], rtol=1e-15
    )


X, Y = np.linspace(0.5, 2, 24), np.linspace(-1, 3, 24)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (X.reshape(4, 6), Y.reshape(4, 6)),
        (X.reshape(4, 6).T, Y.reshape(6, 4)),
        (X[::2], Y[::-2]),
        (X[:4, None], Y[None, :6]),
        (X, 2.5),
        (1, Y),
        (X, np.array([2.5])),
        (X[:0], Y[:0]),
        (X[:0], 2.0),
        (X.reshape(4, 6)[:, 1:5:2], Y[:2]),
        (X.tolist(), range(24)),
        (X.astype("float32"), Y.astype(">f8")),
        (np.arange(1, 5), np.array([True, False, True, True])),
        (np.asfortranarray(X.reshape(4, 6)), np.asfortranarray(Y.reshape(4, 6))),
        (3.0, 2.0),
    ],
    ids=range(15),
)
def test_shapes_strides_and_types(x, y):
    doubles = [np.asarray(values).astype(float) for values in (x, y)]
    common = np.broadcast_arrays(*doubles)
    value, partials = diffcli.value_and_grad(DECK_001).batch(x, y)
    assert all(one.shape == common[0].shape and one.dtype == np.float64 for one in (value, *partials))
    expected = [
        diffcli.value_and_grad(DECK_001)(a, b) for a, b in zip(*[c.ravel().tolist() for c in common], strict=True)
    ]
    flat = np.array([[v, *g] for v, g in expected]).reshape(-1, 3).T
    np.testing.assert_allclose([one.ravel() for one in (value, *partials)], flat, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("count", [7, 20_000])
def test_outputs_are_reused(count):
    x, y = np.random.default_rng(1).uniform(1, 2, (2, count))
    function = diffcli.value_and_grad("x + y + exp(x)")
    for make in (lambda: np.empty(count), lambda: np.empty(3 * count)[::3]):
        out = (make(), (make(), make()))
        found = function.batch(x, y, out=out)
        assert found[0] is out[0]
        assert all(a is b for a, b in zip(found[1], out[1], strict=True))
        np.testing.assert_allclose(out[0], x + y + np.exp(x), rtol=1e-15)
        np.testing.assert_allclose(out[1][0], 1 + np.exp(x), rtol=1e-15)
        np.testing.assert_array_equal(out[1][1], 1.0)
    table = np.empty((3, count, 2))[:, :, 0].reshape(3, count, 1)
    function.batch(x[:, None], y[:, None], out=(table[0], (table[1], table[2])))
    np.testing.assert_array_equal(table[0, :, 0], out[0])


def test_results_never_share_memory_with_inputs_or_each_other():
    x, y = np.ones(5), np.ones(5)
    value, (first, second) = diffcli.value_and_grad("x*y").batch(x, y)
    assert not any(np.shares_memory(a, b) for a in (value, first, second) for b in (x, y))
    value, (first, second) = diffcli.value_and_grad("x*x/2 + y*x*0 + y").batch(x, y)
    first[0] = 7
    assert x[0] == 1
    assert second[0] != 7
    both = diffcli.value_and_grad("x*y + y*x").batch(x, y)
    assert not np.shares_memory(both[1][0], both[1][1])


@pytest.mark.parametrize(
    ("out", "match"),
    [
        (np.empty(3), "pair"),
        ((np.empty(3), (np.empty(3),)), "2 arrays, 3 are needed"),
        ((np.empty(3), (np.empty(3), np.empty(4))), "shape"),
        ((np.empty(3), (np.empty(3), np.empty(3, dtype="f4"))), "float32"),
        ((np.empty(3), (np.empty(3), [0.0, 0.0, 0.0])), "list"),
        ((np.empty(3), (np.empty(3), np.broadcast_to(0.0, 3))), "read-only"),
    ],
)
def test_unusable_outputs_are_refused(out, match):
    with pytest.raises(DiffcliError, match=match):
        diffcli.value_and_grad("x*y").batch(np.ones(3), np.ones(3), out=out)


def test_overlap_is_refused():
    x, y, out = np.ones(3), np.ones(3), np.empty(3)
    for wrong in ((x, (np.empty(3), out)), (out, (out, np.empty(3)))):
        with pytest.raises(UsageError, match="shares its memory"):
            diffcli.value_and_grad("x*y").batch(x, y, out=wrong)


def test_views_of_outputs_are_seen():
    function, out = diffcli.value_and_grad("x*y"), [np.ones(6) for _ in range(3)]
    function.batch(np.ones(6), np.ones(6), out=(out[0], out[1:]))
    for wrong in (out[1][:], out[2].reshape(2, 3).reshape(6), np.asarray(memoryview(out[0]))):
        for _ in range(3):
            with pytest.raises(UsageError, match="shares its memory"):
                function.batch(wrong, np.ones(6), out=(out[0], out[1:]))
    function.batch(np.ones((2, 6))[1], np.ones(6), out=(out[0], out[1:]))
    np.testing.assert_array_equal(out, 1.0)


def test_what_cannot_be_a_batch_is_said():
    function = diffcli.value_and_grad("x*y")
    with pytest.raises(ShapeError, match="do not fit"):
        function.batch(np.ones(3), np.ones(4))
    with pytest.raises(TypeError, match="2 arrays are needed"):
        function.batch(np.ones(3))
    for wrong in (np.ones(3) * 1j, np.array(["1"]), [[1.0], [1.0, 2.0]], np.ma.masked_array([1.0], [True]), [None]):
        with pytest.raises(UsageError, match="x "):
            function.batch(wrong, 1.0)
    with pytest.raises(ShapeError, match="works on arrays"):
        diffcli.value_and_grad("sum(x*x)").batch(np.ones(3))
    with pytest.raises(ValueError, match="one output"):
        diffcli.value_and_grad("x; 2*x")


def test_no_variable_at_all():
    value, partials = diffcli.value_and_grad("2*3").batch()
    assert (value.shape, float(value), partials) == ((), 6.0, ())


def test_buffers_are_few_in_long_programs(monkeypatch):
    text = "x" + "".join(f" + sin({k}*x)*cos(x/{k})" for k in range(1, 200))
    plan = block_plan.Plan(adjoint(text), [True])
    assert plan.buffers.count <= 4 * 199 + 4  # sines, cosines and their arguments wait for the gradient
    primal = block_plan.Plan(parse(text).graph, [True])
    assert primal.buffers.count <= 4
    x = np.linspace(-1, 1, 10_000)
    straight = Batch(adjoint(text))([x])
    monkeypatch.setattr(block_plan, "MAX_NODES", 10)
    monkeypatch.setattr(numpy_batch, "MAX_NODES", 10)
    np.testing.assert_array_equal(straight, Batch(adjoint(text))([x]))


def test_a_failing_thread_is_heard():
    batch = Batch(adjoint("x*x"))
    batch([np.ones(numpy_batch.WHOLE + 1)])

    def broken(_):
        raise MemoryError

    key = ((True,), True)
    prepared = batch._numpy._prepared[key]
    batch._numpy._prepared[key] = prepared._replace(program=broken)
    with pytest.raises(MemoryError):
        batch([np.ones(100_000)], threads=2)


def test_nothing_warns_where_numbers_overflow():
    value, (slope,) = diffcli.value_and_grad("1/(1+exp(x))").batch([1000.0, -1000.0, math.nan])
    np.testing.assert_array_equal(value, [0.0, 1.0, math.nan])
    assert slope[1] == 0


@pytest.mark.parametrize("scale", [1e-310, 1e-160, 1e-9, 1e-7, 1.0, 10.0, 1e5, 1e16, 1e100, 1e300])
def test_sine_and_cosine_by_half_angles(scale):
    """To a few units in the last place everywhere, never above 1, and special values as they are."""
    angles = np.random.default_rng(5).uniform(-7, 7, 4000) * scale
    ends = [k * math.pi / 2 for k in range(-9, 9)] if scale == 1 else SPECIAL
    angles = np.concatenate([angles, ends, np.nextafter(ends, math.inf), np.nextafter(ends, -math.inf)])
    graph = parse("sin(x); cos(x)").graph
    plan = block_plan.Plan(graph, [True], by_half_angles=True)
    assert not any(step.call in (np.sin, np.cos) for step in plan.steps)
    with np.errstate(all="ignore"):
        sine, (cosine,) = plan.allocating(10_000, [10_000_000])(angles)
    found = [sine, cosine]
    for values, exact in zip(found, interpreted(graph, [angles]), strict=True):
        assert_close(values, exact, ulps=4)
        assert np.nanmax(np.abs(values)) <= 1
    is_number = ~np.isnan(found[0])
    exact = interpreted(graph, [angles])[0]
    np.testing.assert_array_equal(np.signbit(found[0])[is_number], np.signbit(exact)[is_number])


def test_large_batches_are_those_of_small_ones_to_a_few_ulps():
    x, y = np.random.default_rng(6).uniform(0.5, 5, (2, 30_000))
    function = diffcli.value_and_grad("sin(x)*cos(y) + sin(x*y)")
    value, (first, second) = function.batch(x, y)
    small = [function.batch(x[k : k + 5000], y[k : k + 5000]) for k in range(0, 30_000, 5000)]
    for large, parted in (
        (value, [v for v, _ in small]),
        (first, [g[0] for _, g in small]),
        (second, [g[1] for _, g in small]),
    ):
        np.testing.assert_allclose(large, np.concatenate(parted), rtol=0, atol=2e-14)


def test_memory_of_results_is_used_again_when_nobody_holds_it():
    x, y = np.random.default_rng(7).uniform(1, 2, (2, 20_000))
    function = diffcli.value_and_grad("x*y + x")
    first = function.batch(x, y)
    places = {array.ctypes.data for array in (first[0], *first[1])}
    part, wanted = first[0][10:20], first[0][10:20].copy()
    second = function.batch(y, x)
    assert not places & {array.ctypes.data for array in (second[0], *second[1])}
    np.testing.assert_array_equal(first[1][0], y + 1)
    value_place = first[0].ctypes.data
    del first, second
    third = function.batch(y, y)  # a part of the first values is still held
    np.testing.assert_array_equal(part, wanted)
    assert value_place not in {array.ctypes.data for array in (third[0], *third[1])}
    assert places & {array.ctypes.data for array in (third[0], *third[1])}
    view = memoryview(third[0])
    wanted = third[0].copy()
    del third
    function.batch(x, x)
    np.testing.assert_array_equal(np.asarray(view), wanted)


def test_kept_memory_is_bounded(monkeypatch):
    kept = results.Results(3)
    monkeypatch.setattr(results, "MOST_KEPT", 5 * 8 * 20_000)
    held = [kept.arrays((20_000,)) for _ in range(4)]
    assert len({array.ctypes.data for arrays in held for array in arrays}) == 12
    assert len(kept._kept) == 5
    del held
    assert [array.shape for array in kept.arrays((100, 300))] == [(100, 300)] * 3
    assert [array.size for array, _ in kept._kept] == [30_000] * 3


def test_many_threads_never_get_the_same_memory():
    x = np.linspace(1, 2, 10_000)
    function = diffcli.value_and_grad("x*x*3")

    def run(number):
        for _ in range(50):
            value, _ = function.batch(x + number)
            np.testing.assert_allclose(value, (x + number) ** 2 * 3, rtol=1e-14)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(4)))


@pytest.mark.parametrize("executor", [None, "numpy"])
def test_a_condition_that_is_known_chooses_once(executor):
    x = np.arange(3.0)
    function = diffcli.value_and_grad("where(1 < 2, x, 2*x) + where(2 < 1, ln(x), x^2)", executor=executor)
    value, (slope,) = function.batch(x)
    np.testing.assert_array_equal(value, x + x**2)
    np.testing.assert_array_equal(slope, 1 + 2 * x)
