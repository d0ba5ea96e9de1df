"""The array programs on a GPU with CuPy: the numbers of NumPy to a few ulps, nothing copied to the host in between."""

import numpy as np
import pytest
from test_array_libraries import assert_close, elementwise, grid, inside, runs
from test_structural import CASES, NAMES, arrays, program

from diffcli.execute.array_library import library_of, named, synchronise, usable
from diffcli.execute.array_source import compiled
from diffcli.execute.floats import function
from diffcli.graph.ops import ELEMENTWISE

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(usable("cupy") is None, reason="CuPy is not installed or finds no device"),
]


@pytest.fixture
def device(monkeypatch):
    """CuPy with its ways to the host closed: `host` is the only one."""
    cupy = named("cupy")
    copy_to_host = cupy.asnumpy

    def refuse(*_args, **_options):
        raise AssertionError("an element travels to the host")

    monkeypatch.setattr(cupy, "asnumpy", refuse)
    try:
        for name in ("get", "item", "tolist", "__float__", "__bool__", "__int__", "__index__", "__array__"):
            monkeypatch.setattr(cupy.ndarray, name, refuse)
    except TypeError:  # the class cannot be changed where it is compiled so; CuPy itself refuses __array__
        monkeypatch.undo()
    return cupy.asarray, copy_to_host


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("op", "shapes", "params"), CASES, ids=NAMES)
def test_operations_on_whole_arrays(op, shapes, params, dtype, device):
    for found, wanted in runs(program(op, shapes, params), arrays(shapes, dtype=dtype), *device):
        assert found.dtype == wanted.dtype == dtype
        np.testing.assert_allclose(found, wanted, rtol=1e-12 if dtype == "float64" else 1e-4, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("op", ELEMENTWISE)
def test_elementwise_operations(op, dtype, device):
    values = inside(op, dtype)
    for found, wanted in runs(elementwise(op, [(4,)] * len(values)), values, *device):
        assert found.dtype == wanted.dtype == dtype
        np.testing.assert_allclose(found, wanted, rtol=256 * np.finfo(dtype).eps, atol=1e-30)


@pytest.mark.parametrize("op", sorted(set(ELEMENTWISE) - {"gamma", "lgamma", "digamma", "polygamma"}))
def test_extreme_numbers(op, device):
    made, host = device
    points = grid(op)
    columns = [made(np.array(column)) for column in zip(*points, strict=True)]
    (found,) = compiled(elementwise(op, [column.shape for column in columns]))(columns)
    normal = [(p, function(op)(*p)) for p in points]
    flags = np.array([not 0 < abs(wanted) < 1e-290 for _, wanted in normal])
    assert_close(host(found)[flags], np.array([wanted for _, wanted in normal])[flags], 16)


def test_the_library_is_found_by_its_arrays(device):
    made, _ = device
    library = library_of([made(np.ones(2, dtype=np.float32)), 1.0])
    assert library.name == "cupy"
    assert library.dtype == np.float32
    synchronise(library.namespace)
