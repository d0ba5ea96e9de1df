"""The kernels of CUDA: their text compiled for a CPU, where one loop stands for all threads; and on a GPU, if any."""

import ctypes
import re
import shutil
import subprocess
from types import ModuleType

import numpy as np
import pytest
from formula_rows import rows
from test_array_libraries import bare, stand_in  # noqa: F401 - a fixture
from test_batch import NUMBERS, SPECIAL, adjoint, assert_close, programs
from test_executors import assert_operations, everything
from test_source import TEXTS, expected, listing
from test_source import assert_close as assert_numbers

import diffcli
from diffcli.errors import ShapeError, UsageError
from diffcli.execute import cuda_source
from diffcli.execute.array_library import usable
from diffcli.execute.blocks import Batch
from diffcli.execute.c_source import Loop, is_available
from diffcli.methods.reverse import adjoint_program
from diffcli.render.source.registry import source_text

COMPILER = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
NVCC = shutil.which("nvcc")
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="no C++ compiler")
needs_gpu = pytest.mark.skipif(usable("cupy") is None, reason="CuPy is not installed or finds no device")
CPU = """\
#include <cmath>
using std::isnan;
#define __global__
#define __device__
#define __managed__
#define __restrict__ __restrict
struct place { long long x; };
static place blockIdx = {0}, blockDim = {4}, gridDim = {1}, threadIdx = {0};
enum { cudaSuccess };
static int cudaDeviceSynchronize() { return cudaSuccess; }
"""
"""What CUDA's compiler knows of itself, for one block of four threads."""
FLAGS = ["-O1", "-ffp-contract=off", "-shared", "-fPIC", "-x", "c++", "-"]


def built(text, target):
    words = [COMPILER, *FLAGS, "-o", str(target)]
    done = subprocess.run(words, input=text, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr[:2000]
    return ctypes.CDLL(str(target))


def kernels(loops, target):
    """The kernels of many loops out of one library, each run by four threads, one after the other."""
    texts = [CPU, cuda_source.HEAD, *cuda_source.SUPPLIED.values()]
    for number, loop in enumerate(loops):
        whole = cuda_source.source(loop)
        texts.append(whole[whole.index('extern "C"') :].replace("void program(", f"void program_{number}("))
    texts.append('extern "C" void thread(int k) { threadIdx.x = k; }')
    library = built("\n\n".join(texts), target)
    for number in range(len(loops)):
        yield lambda *args, number=number: launched(library, getattr(library, f"program_{number}"), *args)


def launched(library, kernel, count, *arguments):
    converted = [
        ctypes.c_double(value) if isinstance(value, float) else ctypes.c_void_p(value.ctypes.data)
        for value in arguments
    ]
    for thread in range(4):
        library.thread(thread)
        kernel(ctypes.c_longlong(count), *converted)


@needs_compiler
def test_the_library_and_the_cases(tmp_path):
    """Every operation on the values found for its arguments, at ordinary points and special ones."""
    named = [(name, graph, points) for name in NUMBERS for graph, points in programs(name)]
    for row in (*rows("formulas"), *rows("treacherous")):
        graph = adjoint_program(row.graph, row.graph.outputs[0], row.graph.inputs).graph
        wild = [[value] * len(row.point) for value in SPECIAL]
        named.append((row.name, graph, list(np.array([row.point, *wild], dtype=float).T)))
    named = [(name, everything(graph), points) for name, graph, points in named if is_available(graph) and points]
    loops = [Loop(graph, [True] * len(points)) for _, graph, points in named]
    for (name, graph, points), kernel in zip(named, kernels(loops, tmp_path / "all.so"), strict=True):
        columns = [np.ascontiguousarray(point) for point in points]
        results = [np.full(columns[0].size, 7.0) for _ in graph.outputs]
        kernel(columns[0].size, *columns, *results)
        assert_operations(name, graph, np.array(results))


@needs_compiler
@pytest.mark.parametrize("label", ["special names", "several outputs", "an input", "ties"])
@pytest.mark.parametrize("mode", ["primal", "reverse", "forward"])
def test_what_is_printed_runs(label, mode, tmp_path):
    text, at = TEXTS[label]
    source = source_text(listing(text, at, mode, "cuda"), "cuda")
    assert source.isascii()
    source = CPU + re.sub(r"<<<1, 1>>>", "", source).replace("#include <math.h>", "")
    (tmp_path / "p.cpp").write_text(source)
    words = [COMPILER, "-Wall", "-Werror", "-Wno-unused-variable", "p.cpp", "-o", "p"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    out = subprocess.run([tmp_path / "p"], capture_output=True, text=True, timeout=60, check=True).stdout
    found = [float(line) for line in out.split()]
    wanted = expected(text, at, "reverse" if mode == "primal" else mode)
    assert_numbers(found, wanted[: len(listing(text, at, mode).outputs)] if mode == "primal" else wanted)


@pytest.mark.skipif(NVCC is None, reason="no nvcc")
def test_the_compiler_of_cuda_takes_both_texts(tmp_path):
    text = "sigmoid(x) + max(x, y) + sign(y) + round(x)*gamma(y) + where(x < y, x^0.5, y^x) + new*lambda + lgamma(x)"
    text = text.replace("lgamma(x)", "erf(x)").replace("gamma(y)", "cbrt(y)")
    (tmp_path / "kernel.cu").write_text(cuda_source.source(Loop(adjoint(text), [True, False, True, True])))
    at = "x=2,y=3,new=4,lambda=5"
    (tmp_path / "printed.cu").write_text(source_text(listing(text, at, "reverse", "cuda"), "cuda"))
    for name in ("kernel", "printed"):
        words = [NVCC, "--fmad=false", "-ptx", f"{name}.cu", "-o", f"{name}.ptx"]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False)
        assert done.returncode == 0, done.stderr


def test_names_of_cpp_are_changed(command):
    code, out, _ = command("source", "new*class + x", "--at", "new=1,class=2,x=3", "--lang", "cuda")
    assert code == 0
    assert "const double new_ = x_[0];" in out or "const double new_ = point[0];" in out
    code, out, _ = command("source", "gamma(x)", "--at", "x=3", "--lang", "cuda")
    assert code == 0
    assert out.index("static __device__ double digamma_of_positive(") < out.index("static __device__ double digamma(")


@pytest.fixture
def device(stand_in, monkeypatch, tmp_path):  # noqa: F811 - the fixture
    """The stand-in for CuPy, with kernels that run on the CPU, and the number of its launches."""
    made, host = stand_in
    cupy = __import__("cupy")
    launches = []

    class RawKernel:
        def __init__(self, text, name, options):
            assert (name, options) == ("program", ("--fmad=false",))
            folder = tmp_path / str(len(list(tmp_path.iterdir())))
            thread = 'extern "C" void thread(int k) { threadIdx.x = k; }'
            self.library = built(f"{CPU}\n{text}\n{thread}", folder)

        def __call__(self, grid, block, arguments):
            assert grid[0] * block[0] >= arguments[0]
            launches.append(grid)
            launched(self.library, self.library.program, *map(host, arguments))

    monkeypatch.setattr(cupy, "RawKernel", RawKernel, raising=False)
    for name in ("empty", "ascontiguousarray"):
        function = getattr(np, name)
        monkeypatch.setattr(cupy, name, lambda *args, f=function, **o: made(f(*map(bare, args), **o)), raising=False)
    monkeypatch.setattr(cupy, "broadcast_shapes", np.broadcast_shapes, raising=False)
    monkeypatch.setattr("diffcli.execute.cuda_batch.address", lambda array: array.ctypes.data)
    assert isinstance(cupy, ModuleType)
    return made, host, launches


@needs_compiler
def test_batches_on_a_device_are_one_kernel(device):
    made, host, launches = device
    run = diffcli.value_and_grad("w*sin(x) + w^2*y + max(x, y)")
    x, y = np.random.default_rng(1).uniform(-3, 3, (2, 4, 5))
    for points in ((1.5, x, y), (x, 2, y), (y[:1], x, y), (x, x, x[:, :1])):
        w, a, b = (np.broadcast_to(np.asarray(point, dtype=float), x.shape) for point in points)
        wanted = (w * np.sin(a) + w**2 * b + np.maximum(a, b), np.sin(a) + 2 * w * b)
        there = [made(point) if isinstance(point, np.ndarray) else point for point in points]
        out = tuple(made(np.empty((4, 5))) for _ in range(4))
        for value, partials in (run.batch(*there), run.batch(*there, out=(out[0], out[1:]))):
            assert all(type(one) is type(there[-1]) for one in (value, *partials))
            np.testing.assert_allclose(host(value), wanted[0], rtol=1e-14)
            np.testing.assert_allclose(host(partials[0]), wanted[1], rtol=1e-13)
        assert value is out[0]
    assert len(launches) == 8


@needs_compiler
def test_what_a_device_does_not_take_is_said(device):
    made, _, _ = device
    run = diffcli.value_and_grad("x*y")
    x = made(np.ones(4))
    with pytest.raises(ShapeError, match="do not fit"):
        run.batch(x, made(np.ones(5)))
    with pytest.raises(UsageError, match="y is of float64: beside arrays of CuPy"):
        run.batch(x, np.ones(4))
    with pytest.raises(UsageError, match="shares its memory"):
        run.batch(x, x, out=(x, (made(np.ones(4)), made(np.ones(4)))))
    with pytest.raises(UsageError, match="arrays of CuPy of float64"):
        run.batch(x, x, out=(np.ones(4), (np.ones(4), np.ones(4))))
    with pytest.raises(UsageError, match="one kernel"):
        diffcli.value_and_grad("x*y", executor="numpy").batch(x, x)


@pytest.mark.gpu
@needs_gpu
@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("ln(x1) + x1*x2 - sin(x2)", 0.5, 5.0),
        ("exp(x*z) + x*z/ln(x) + sin(ln(x))/(x*z)", 1.2, 3.0),
        ("(a+b)*(b+1)", -2.0, 2.0),
    ],
)
def test_a_hundred_million_points_on_a_gpu(text, low, high):
    import cupy

    points = cupy.random.default_rng(0).uniform(low, high, (2, 10**8))
    value, partials = diffcli.value_and_grad(text).batch(*points)
    run = diffcli.value_and_grad(text, executor="numpy")
    for start in range(0, 10**8, 10**7):
        part = slice(start, start + 10**7)
        expected_value, expected_partials = run.batch(*[cupy.asnumpy(point[part]) for point in points])
        for found, wanted in zip((value, *partials), (expected_value, *expected_partials), strict=True):
            np.testing.assert_allclose(cupy.asnumpy(found[part]), wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.gpu
@needs_gpu
def test_special_values_on_a_gpu():
    import cupy

    for name in NUMBERS:
        for graph, points in programs(name):
            if is_available(graph) and points:
                found = Batch(graph)([cupy.asarray(point) for point in points])
                wanted = np.array(Batch(graph, "interpreter")(points))
                scale = 1e-9 * np.nanmax(np.abs(wanted[:, :20]), initial=1)
                assert_close(np.array([cupy.asnumpy(one) for one in found]), wanted, ulps=1e5, scale=scale)
