"""All executors against the interpreter, operation by operation, and the choice between them."""

import itertools
import math
import random
import re
from dataclasses import replace

import numpy as np
import pytest
from formula_rows import rows
from test_batch import NUMBERS, SPECIAL, adjoint, assert_close, programs

import diffcli
from diffcli.errors import UsageError
from diffcli.execute import c_batch, c_source, executors, numpy_batch
from diffcli.execute.blocks import Batch
from diffcli.execute.c_compiler import CompilerError
from diffcli.execute.c_functions import SUPPLIED
from diffcli.execute.c_source import HEAD, Loop, in_c, is_available, vector_declarations
from diffcli.execute.c_vectors import toolchain
from diffcli.execute.executors import EXECUTORS
from diffcli.execute.floats import function
from diffcli.graph.ops import ELEMENTWISE
from diffcli.graph.program import Builder, Graph
from diffcli.methods.reverse import adjoint_program

try:
    toolchain()
    HAS_COMPILER = True
except CompilerError:
    HAS_COMPILER = False
needs_compiler = pytest.mark.skipif(not HAS_COMPILER, reason="no C compiler")
DECK_001 = "ln(x1) + x1*x2 - sin(x2)"
TOLERANCES = {"gamma": (64, 0.0), "lgamma": (16, 1.0)}
"""Units in the last place, and of what at least: for these two Python has functions of its own."""


@pytest.fixture
def fresh_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DIFFCLI_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def everything(graph: Graph) -> Graph:
    """The operations that C runs, each of them an output."""
    graph = in_c(graph)
    positions = tuple(range(len(graph.nodes)))
    return replace(graph, outputs=positions, output_names=tuple(map(str, positions)))


def compiled_together(loops, made_by):
    """The programs of many loops out of one library: compiling each of them alone would take minutes."""
    texts = [HEAD, *vector_declarations(made_by.vectors), *SUPPLIED.values()]
    for number, loop in enumerate(loops):
        body = c_source.block(loop, list(loop.lines())) + "\n\n" + c_source.program(loop)
        texts.append(re.sub(r"\b(block|program)\(", rf"\g<1>_{number}(", body))
    library = made_by.library("\n\n".join(texts) + "\n")
    for number, loop in enumerate(loops):
        run = getattr(library, f"program_{number}")

        def call(columns, run=run, loop=loop):
            inputs = [np.ascontiguousarray(column) for column in columns]
            results = np.empty((loop.outputs, inputs[0].size))
            run(0, inputs[0].size, *(_pointers(arrays) for arrays in (inputs, results)), None)
            return results

        yield call


def _pointers(arrays):
    import ctypes

    return (ctypes.c_void_p * len(arrays))(*[array.ctypes.data for array in arrays])


def test_the_names_are_checked():
    with pytest.raises(UsageError, match="no executor 'fortran'") as caught:
        diffcli.value_and_grad("x*y", executor="fortran")
    assert all(name in caught.value.hint for name in EXECUTORS)
    with pytest.raises(UsageError, match="no executor 'int'"):
        diffcli.value_and_grad("x*y", executor=3)
    with pytest.raises(UsageError, match="needs arrays"):
        diffcli.value_and_grad("sum(x*x)", executor="numpy")
    with pytest.raises(UsageError, match="for texts"):
        diffcli.value_and_grad(lambda x: x * x, executor="c")


@pytest.mark.parametrize("executor", [None, *EXECUTORS])
def test_every_executor_gives_the_numbers_of_the_lecture(executor):
    if executor == "c" and not HAS_COMPILER:
        pytest.skip("no C compiler")
    run = diffcli.value_and_grad(DECK_001, executor=executor)
    value, gradient = run(2.0, 5.0)
    np.testing.assert_allclose([value, *gradient], [11.652071455223084, 5.5, 1.7163378145367738], rtol=1e-15)
    assert {type(number) for number in (value, *gradient)} == {float}
    values, partials = run.batch(np.full(7, 2.0), 5)
    for one, wanted in zip((values, *partials), (value, *gradient), strict=True):
        np.testing.assert_allclose(one, np.full(7, wanted), rtol=1e-15)
    assert run(-1.0, math.inf)[1][1] != run(-1.0, math.inf)[1][1]
    assert math.isnan(run(-1.0, 5.0)[0])


@pytest.mark.parametrize("executor", ["interpreter", "python", "numpy", "c"])
@pytest.mark.parametrize("size", [0, 1, 3, 1000, 50_000])
def test_shapes_scalars_and_outputs(executor, size):
    if executor == "c" and not HAS_COMPILER:
        pytest.skip("no C compiler")
    if executor in ("interpreter", "python") and size > 1000:
        pytest.skip("one by one")
    run = diffcli.value_and_grad("w*sin(x) + w^2*y + 2", executor=executor)
    x, y = np.random.default_rng(size).uniform(-3, 3, (2, size))
    for points in ((1.5, x, y), (x, 2, y[::-1]), (x, x, x), (np.float32(1.5), x.astype("f4"), y.astype(">f8"))):
        w, a, b = (np.broadcast_to(np.asarray(point, dtype=float), x.shape) for point in points)
        wanted = (w * np.sin(a) + w**2 * b + 2, np.sin(a) + 2 * w * b, w * np.cos(a), w**2)
        out = (np.empty(size), tuple(np.empty(2 * size)[::2] for _ in range(3)))
        for value, partials in (run.batch(*points), run.batch(*points, out=out), run.batch(*points, threads=3)):
            for one, other in zip((value, *partials), wanted, strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-13, atol=1e-14)


@needs_compiler
@pytest.mark.usefixtures("fresh_cache")
def test_reused_outputs_are_checked_by_c_too():
    run = diffcli.value_and_grad("x*y", executor="c")
    x, y, table = np.arange(1.0, 5.0), np.arange(2.0, 6.0), np.zeros((3, 5))
    run.batch(x, y)
    out = (table[0, :4], (table[1, :4], table[2, :4]))
    assert run.batch(x, y, out=out)[0] is out[0]
    np.testing.assert_array_equal(table[:, :4], [x * y, y, x])
    np.testing.assert_array_equal(table[:, 4], 0.0)
    overlapping = (table[0, :4], (table[0, 1:], table[2, :4]))
    for wrong in (overlapping, (x, (table[0, :4], table[1, :4])), (np.broadcast_to(0.0, 4), out[1])):
        with pytest.raises(UsageError):
            run.batch(x, y, out=wrong)
    np.testing.assert_array_equal(x, np.arange(1.0, 5.0))
    assert run.batch(x, y[:3:2].repeat(2))[0].tolist() == (x * y[:3:2].repeat(2)).tolist()


@needs_compiler
def test_the_library_and_the_cases_operation_by_operation_in_c():
    """Every operation on the values found for its arguments, at ordinary points and special ones."""
    named = [(name, graph, points) for name in NUMBERS for graph, points in programs(name)]
    for file in ("formulas", "treacherous"):
        for row in rows(file):
            graph = adjoint_program(row.graph, row.graph.outputs[0], row.graph.inputs).graph
            choose = random.Random(row.name)
            wild = [[choose.choice(SPECIAL) for _ in row.point] for _ in range(20)]
            named.append((row.name, graph, list(np.array([row.point, *wild], dtype=float).T)))
    available = {name: None for name, graph, _ in named if is_available(graph)}
    assert len(available) == len({name for name, _, _ in named})
    distinct = {(graph.nodes, graph.outputs): everything(graph) for _, graph, _ in named if is_available(graph)}
    loops = [Loop(graph, [True] * len(graph.inputs)) for graph in distinct.values()]
    calls = dict(zip(distinct, compiled_together(loops, toolchain()), strict=True))
    for name, graph, points in named:
        if not is_available(graph) or not points:
            continue
        key = (graph.nodes, graph.outputs)
        assert_operations(name, distinct[key], calls[key](points))


def assert_operations(name, graph, found):
    for position, node in enumerate(graph.nodes):
        if node.args:
            args = [found[argument].tolist() for argument in node.args]
            expected = np.array([function(node.op)(*point) for point in zip(*args, strict=True)])
            try:
                assert_close(found[position], expected, *TOLERANCES.get(node.op, (16, 0.0)))
            except AssertionError as error:
                raise AssertionError(f"{name}: {node.op} of {args}: {found[position]}, not {expected}") from error


@needs_compiler
def test_every_primitive_in_c_at_special_values():
    grid = [*SPECIAL, 0.3, -2.5, 1.5, 3.0, 171.5, -171.5, 1e16, -1e-310]
    graphs = {}
    for row in ELEMENTWISE.values():
        if row.name == "polygamma":  # whose order is no variable: see test_polygamma
            continue
        builder = Builder()
        inputs = [builder.input(f"x{k}") for k in range(row.arity)]
        graphs[row.name] = builder.graph(inputs, [builder.apply(row.name, *inputs)])
    loops = [Loop(graph, [True] * len(graph.inputs)) for graph in graphs.values()]
    for (op, graph), call in zip(graphs.items(), compiled_together(loops, toolchain()), strict=True):
        arity = len(graph.inputs)
        points = list(itertools.product(grid if arity < 3 else grid[:9], repeat=arity))
        points += [[random.Random(k).uniform(*domain) for domain in ELEMENTWISE[op].domain] for k in range(100)]
        expected = np.array([function(op)(*point) for point in points])
        (found,) = call(list(np.array(points).T))
        assert_close(found, expected, *TOLERANCES.get(op, (16, 0.0)))
        zero = expected == 0
        if op not in ("gamma", "pow"):  # where both underflow, …
            np.testing.assert_array_equal(np.signbit(found[zero]), np.signbit(expected[zero]), err_msg=op)


def test_what_c_lacks_runs_elsewhere():
    with pytest.raises(UsageError, match="polygamma up to order"):
        diffcli.value_and_grad("polygamma(12, x)", executor="c").batch([2.0])
    value, (slope,) = diffcli.value_and_grad("polygamma(12, x)").batch(np.full(3, 1.0))
    zeta_13, zeta_14 = (sum(k**-s for k in range(1, 100)) for s in (13.0, 14.0))
    np.testing.assert_allclose(value, -math.factorial(12) * zeta_13)
    np.testing.assert_allclose(slope, math.factorial(13) * zeta_14)


@needs_compiler
def test_numbers_that_are_the_same_at_all_points_are_computed_once():
    graph = adjoint("exp(w)*x + sin(w*2)*x^2 + w")
    text = c_source.source(Loop(graph, [False, True]), ["exp", "sin"])
    loop = text[text.index("for (") : text.index("y0[i]")]
    assert "exp" not in loop
    assert "sin" not in loop
    assert "c[0]" in loop
    (value, by_w, by_x) = Batch(graph, "c")([0.5, np.array([2.0, 3.0])])
    x, w = np.array([2.0, 3.0]), 0.5
    np.testing.assert_allclose(value, np.exp(w) * x + np.sin(2 * w) * x**2 + w, rtol=1e-15)
    np.testing.assert_allclose(by_w, np.exp(w) * x + 2 * np.cos(2 * w) * x**2 + 1, rtol=1e-15)
    np.testing.assert_allclose(by_x, np.exp(w) + 2 * np.sin(2 * w) * x, rtol=1e-15)


def test_no_text_of_the_user_is_in_the_source():
    graph = adjoint("evil*sin(system) + evil")
    text = c_source.source(Loop(graph, [True, True]), ["sin", "cos"])
    assert "evil" not in text
    assert "system" not in text


@needs_compiler
def test_the_choice_is_c_as_soon_as_it_pays(fresh_cache, monkeypatch):
    x, y = np.random.default_rng(0).uniform(1, 2, (2, 1000))
    batch = Batch(adjoint(DECK_001))
    batch([x, y])
    assert runs_in_numpy(batch)
    for _ in range(200):
        batch([x, y])
    assert runs_in_numpy(batch)  # 5 ms of work: it was looked for, and is not there
    Batch(adjoint("x*y"), "c")([np.resize(x, 3_000_000)] * 2)  # compiles what programs have in common
    before = set(fresh_cache.glob("*.so"))
    batch([np.resize(x, 3_000_000), np.resize(y, 3_000_000)])
    assert not runs_in_numpy(batch)
    assert len(set(fresh_cache.glob("*.so")) - before) == 1
    again = Batch(adjoint(DECK_001))
    for _ in range(200):
        found = again([x, y])
    assert not runs_in_numpy(again)  # it was looked for, and is there
    np.testing.assert_allclose(found, Batch(adjoint(DECK_001), "numpy")([x, y]), rtol=1e-13)
    monkeypatch.setattr(executors, "MOST_COMPILED", 3)
    large = Batch(adjoint(DECK_001))
    large([np.resize(x, 3_000_000), np.resize(y, 3_000_000)])
    assert runs_in_numpy(large)


def runs_in_numpy(batch):
    return batch.many is batch._numpy.many


@needs_compiler
@pytest.mark.parametrize("error", [CompilerError("broken"), OSError(28, "no space")])
def test_the_choice_is_numpy_where_compiling_fails(error, monkeypatch):
    def broken(*_):
        raise error

    monkeypatch.setattr(c_batch, "CProgram", broken)
    monkeypatch.setattr(c_batch, "is_cached", lambda _: False)
    monkeypatch.setattr(executors, "COMPILING", 0)
    x = np.linspace(1, 2, 500_000)
    batch = Batch(adjoint(DECK_001))
    value, _, _ = batch([x, x])
    np.testing.assert_allclose(value, np.log(x) + x * x - np.sin(x), rtol=1e-13)
    assert batch._numpy.quota > numpy_batch.UNLIMITED / 2
    with pytest.raises(type(error)):
        Batch(adjoint(DECK_001), "c")([x, x])
