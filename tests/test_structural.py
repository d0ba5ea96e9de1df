"""The rows of the table for arrays: every rule against finite differences and against the other mode, on random
shapes, axes, broadcasting, arrays of one element and of none."""

from array import array

import numpy as np
import pytest

from diffcli.errors import ShapeError
from diffcli.execute.array_source import compiled
from diffcli.graph.batching import batched
from diffcli.graph.ops import OPS, STRUCTURAL
from diffcli.graph.program import Builder, Graph
from diffcli.graph.structural import Indices
from diffcli.methods.forward import directional_program
from diffcli.methods.reverse import adjoint_program


def indices(shape, *positions):
    return Indices(shape, array("q", positions).tobytes())


FULL = (0, None, 1)
CASES = [
    ("sum", [(4,)], {"axes": (0,), "keepdims": False}),
    ("sum", [(2, 3)], {"axes": (1,), "keepdims": True}),
    ("sum", [(2, 3, 4)], {"axes": (0, 2), "keepdims": False}),
    ("sum", [(0, 3)], {"axes": (0,), "keepdims": False}),
    ("sum", [(1, 1)], {"axes": (0, 1), "keepdims": False}),
    ("amax", [(5,)], {"axes": (0,), "keepdims": False}),
    ("amax", [(3, 4)], {"axes": (0,), "keepdims": True}),
    ("amin", [(3, 4)], {"axes": (0, 1), "keepdims": False}),
    ("norm", [(4,)], {"axes": (0,), "keepdims": False}),
    ("norm", [(3, 4)], {"axes": (1,), "keepdims": True}),
    ("logsumexp", [(4,)], {"axes": (0,), "keepdims": False}),
    ("logsumexp", [(2, 3, 2)], {"axes": (0, 2), "keepdims": False}),
    ("softmax", [(4,)], {"axis": 0}),
    ("softmax", [(3, 4)], {"axis": 0}),
    ("softmax", [(1,)], {"axis": 0}),
    ("cumsum", [(4,)], {"axis": 0}),
    ("cumsum", [(2, 3)], {"axis": 1}),
    ("cumsum", [(0,)], {"axis": 0}),
    ("matmul", [(3,), (3,)], {}),
    ("matmul", [(2, 3), (3,)], {}),
    ("matmul", [(3,), (3, 2)], {}),
    ("matmul", [(2, 3), (3, 4)], {}),
    ("matmul", [(5, 2, 3), (5, 3, 4)], {}),
    ("matmul", [(5, 2, 3), (3, 4)], {}),
    ("matmul", [(2, 3), (5, 3, 1)], {}),
    ("matmul", [(2, 1, 2, 3), (5, 3, 2)], {}),
    ("matmul", [(4, 2, 3), (3,)], {}),
    ("matmul", [(3,), (4, 3, 2)], {}),
    ("matmul", [(1, 1), (1, 1)], {}),
    ("matmul", [(2, 0), (0, 3)], {}),
    ("transpose", [(2, 3)], {"permutation": (1, 0)}),
    ("transpose", [(2, 3, 4)], {"permutation": (2, 0, 1)}),
    ("reshape", [(2, 3)], {"shape": (3, 2)}),
    ("reshape", [(6,)], {"shape": (1, 6, 1)}),
    ("broadcast", [(3,)], {"shape": (2, 3)}),
    ("broadcast", [(2, 1)], {"shape": (4, 2, 3)}),
    ("broadcast", [()], {"shape": (2, 2)}),
    ("index", [(4,)], {"key": (2,)}),
    ("index", [(4, 3)], {"key": (1, (0, 3, 2))}),
    ("index", [(5,)], {"key": ((4, None, -1),)}),
    ("index", [(4,)], {"key": ((2, 2, 1),)}),
    ("place", [(2,)], {"key": ((1, 5, 2), 0), "shape": (5, 2)}),
    ("take", [(5,)], {"indices": indices((3,), 4, 0, 4)}),
    ("take", [(2, 3)], {"indices": indices((2, 2), 5, 1, 1, 0)}),
    ("scatter", [(3,)], {"indices": indices((3,), 4, 0, 4), "shape": (5,)}),
    ("scatter", [(2, 2)], {"indices": indices((2, 2), 5, 1, 1, 0), "shape": (2, 3)}),
    ("concatenate", [(2,), (3,), (1,)], {"axis": 0}),
    ("concatenate", [(2, 1), (2, 3)], {"axis": 1}),
    ("inv", [(3, 3)], {}),
    ("inv", [(2, 2, 2)], {}),
    ("det", [(3, 3)], {}),
    ("det", [(4, 2, 2)], {}),
    ("logabsdet", [(3, 3)], {}),
    ("solve", [(3, 3), (3,)], {}),
    ("solve", [(3, 3), (3, 2)], {}),
]
NAMES = [
    f"{op}-{'-'.join('x'.join(map(str, shape)) or 'number' for shape in shapes)}-{k}"
    for k, (op, shapes, _) in enumerate(CASES)
]
cases = pytest.mark.parametrize(("op", "shapes", "params"), CASES, ids=NAMES)


def program(op, shapes, params) -> Graph:
    builder = Builder()
    inputs = [builder.input(name, shape=shape) for name, shape in zip("abc", shapes, strict=False)]
    return builder.graph(inputs, [builder.apply(op, *inputs, **params)])


def arrays(shapes, seed=0, dtype=float):
    """Numbers that are nowhere equal; square matrices well away from singular ones."""
    random = np.random.default_rng(seed)
    values = [random.uniform(0.5, 2.0, shape) * random.choice([-1, 1], shape) for shape in shapes]
    return [
        (v + 4 * np.eye(s[-1]) if len(s) > 1 and s[-1] == s[-2] else v).astype(dtype)
        for v, s in zip(values, shapes, strict=True)
    ]


def test_every_row_has_cases():
    assert {op for op, _, _ in CASES} == {row.name for row in STRUCTURAL}


@cases
def test_the_shape_is_that_of_the_result(op, shapes, params):
    graph = program(op, shapes, params)
    (result,) = compiled(graph)(arrays(shapes))
    assert np.shape(result) == graph.nodes[graph.outputs[0]].shape


@cases
def test_tangents_are_those_of_finite_differences(op, shapes, params):
    graph, values, tangents = program(op, shapes, params), arrays(shapes), arrays(shapes, seed=1)
    f, h = compiled(graph), 1e-5
    (above,), (below,) = (f([v + s * h * t for v, t in zip(values, tangents, strict=True)]) for s in (1, -1))
    value, tangent = compiled(directional_program(graph, graph.inputs).graph)([*values, *tangents])
    np.testing.assert_array_equal(value, f(values)[0])
    np.testing.assert_allclose(tangent, (np.asarray(above) - below) / (2 * h), rtol=1e-7, atol=1e-8)


def vjp(graph, values, cotangent):
    adjoint = adjoint_program(graph, graph.outputs[0], graph.inputs, with_cotangent=True)
    adjoint.graph.check()
    _, *found = compiled(adjoint.graph)([*values, cotangent])
    return found


@cases
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("are_views", [False, True])
def test_reverse_agrees_with_forward(op, shapes, params, dtype, are_views):
    """⟨ȳ, Jẋ⟩ = ⟨Jᵀȳ, ẋ⟩, also in single precision and on views that are not contiguous."""
    graph, values, tangents = program(op, shapes, params), arrays(shapes, dtype=dtype), arrays(shapes, 1, dtype)
    if are_views:
        values = [np.repeat(value, 2, axis=-1)[..., ::2] if value.ndim else value for value in values]
    (cotangent,) = arrays([graph.nodes[graph.outputs[0]].shape], 2, dtype)
    _, tangent = compiled(directional_program(graph, graph.inputs).graph)([*values, *tangents])
    found = vjp(graph, values, cotangent)
    assert [np.shape(v) for v in found] == list(shapes)
    assert all(np.asarray(v).dtype == dtype for v in found)
    terms = [np.ravel(v * t) for v, t in zip(found, tangents, strict=True)]
    left, scale = np.sum(cotangent * tangent, dtype=float), sum(np.abs(t).sum() for t in terms)
    right = sum(t.sum(dtype=float) for t in terms)
    assert abs(left - right) <= (1e-14 if dtype == "float64" else 1e-5) * max(scale, 1)


@cases
def test_second_derivatives(op, shapes, params):
    """The tangent of the cotangent against finite differences of the cotangent."""
    graph, values, tangents = program(op, shapes, params), arrays(shapes), arrays(shapes, seed=1)
    (cotangent,) = arrays([graph.nodes[graph.outputs[0]].shape], 2)
    adjoint = adjoint_program(graph, graph.outputs[0], graph.inputs, with_cotangent=True).graph
    second = directional_program(adjoint, adjoint.inputs[: len(shapes)]).graph
    results = compiled(second)([*values, cotangent, *tangents])[len(shapes) + 2 :]
    moved = [vjp(graph, [v + s * 1e-5 * t for v, t in zip(values, tangents, strict=True)], cotangent) for s in (1, -1)]
    for found, above, below in zip(results, *moved, strict=True):
        np.testing.assert_allclose(found, (np.asarray(above) - below) / 2e-5, rtol=1e-6, atol=1e-7)


@cases
def test_a_batch_is_many_runs(op, shapes, params):
    graph, count = program(op, shapes, params), 3
    runs = [arrays(shapes, seed) for seed in range(count)]
    f = compiled(graph)
    for chosen in range(1, 2 ** len(shapes)):
        flags = [bool(chosen >> k & 1) for k in range(len(shapes))]
        inputs = [np.stack([run[k] for run in runs]) if flag else runs[0][k] for k, flag in enumerate(flags)]
        many = batched(graph, [p for p, flag in zip(graph.inputs, flags, strict=True) if flag], count)
        (result,) = compiled(many)(inputs)
        for number in range(count):
            (one,) = f([runs[number][k] if flag else runs[0][k] for k, flag in enumerate(flags)])
            np.testing.assert_allclose(result[number], one, rtol=1e-13, atol=1e-14)


def test_elementwise_batches_of_different_ranks():
    builder = Builder()
    x, matrix = builder.input("x", shape=(3,)), builder.input("m", shape=(2, 3))
    graph = builder.graph([x, matrix], [builder.apply("mul", x, matrix)])
    vectors = np.arange(12.0).reshape(4, 3)
    (result,) = compiled(batched(graph, [x], 4))([vectors, np.ones((2, 3))])
    np.testing.assert_array_equal(result, np.broadcast_to(vectors[:, None], (4, 2, 3)))


BROADCASTS = [
    ((3,), ()),
    ((2, 3), (3,)),
    ((2, 1), (1, 3)),
    ((1,), (4,)),
    ((1, 1), (2, 3)),
    ((0, 3), (3,)),
    ((0,), (1,)),
]


@pytest.mark.parametrize("op", ["add", "sub", "mul", "div", "max", "hypot", "atan2"])
@pytest.mark.parametrize("shapes", BROADCASTS, ids=str)
def test_broadcasting_is_undone_by_the_sweep(op, shapes):
    test_reverse_agrees_with_forward(op, shapes, {}, "float64", are_views=False)
    test_reverse_agrees_with_forward(op, shapes[::-1], {}, "float64", are_views=False)


def test_rows_that_are_told_apart_by_their_name_only():
    assert len({OPS[op] for op, _, _ in CASES}) == len({op for op, _, _ in CASES})


def test_parameters_are_settled_as_numbers_of_python():
    builder = Builder()
    x = builder.input("x", shape=(4, 3))
    position = builder.apply("broadcast", x, shape=(np.int64(2), 4, 3))
    assert [type(size) for size in dict(builder.nodes[position].params)["shape"]] == [int, int, int]


def test_a_softmax_of_nothing_is_refused_at_once():
    builder = Builder()
    with pytest.raises(ShapeError, match="no elements to share"):
        builder.apply("softmax", builder.input("x", shape=(2, 0)), axis=1)


def test_constants_too_large_for_single_precision_are_infinite_without_a_warning():
    builder = Builder()
    x = builder.input("x", shape=(2,))
    graph = builder.graph([x], [builder.apply("mul", x, builder.constant("1e300"))])
    (result,) = compiled(graph)([np.ones(2, "float32")])
    assert result.dtype == "float32"
    assert np.isinf(result).all()
