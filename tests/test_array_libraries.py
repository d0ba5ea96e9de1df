"""The same programs on other array libraries, which refuse to hand elements to the host; numbers as FLOATS has them."""

import itertools
import sys
from math import inf, nan
from types import ModuleType, SimpleNamespace

import array_api_strict
import numpy as np
import pytest
from test_structural import CASES, NAMES, arrays, program

from diffcli.derivatives import Derivatives
from diffcli.errors import LibraryError, UsageError
from diffcli.execute import array_library
from diffcli.execute.array_library import library_of, named, synchronise, usable
from diffcli.execute.array_source import compiled
from diffcli.execute.floats import function
from diffcli.graph.ops import ELEMENTWISE
from diffcli.graph.program import Builder
from diffcli.methods.forward import directional_program
from diffcli.methods.reverse import adjoint_program

POINTS = [
    *(0.0, -0.0, inf, -inf, nan, 5e-324, 1e-300, -1e-300, 1e-20, -1e-20, 1e300, -1e300, 1e22, -1e10),
    *(0.1, -0.1, 0.5, -0.5, 0.7, 1.0, -1.0, 1.5, 2.0, -2.0, 2.5, -2.5, 3.0, -3.0, 7.3, -7.3, 27.0, -27.0, 30.5, -30.5),
    *(171.5, 709.5, -720.0, -745.0, 800.0, -800.0),
]
FEW = [0.0, 1.0, -2.0, nan, inf, -0.5]
BEYOND_THE_STANDARD = {"erf", "erfc", "gamma", "lgamma", "digamma", "polygamma"}


def numbers_for(op):
    """Fewer for polygamma, which takes as long as all others together."""
    return FEW if op == "polygamma" or ELEMENTWISE[op].arity > 2 else POINTS


def grid(op):
    return list(itertools.product(*[numbers_for(op)] * ELEMENTWISE[op].arity))


def elementwise(op, shapes):
    builder = Builder()
    inputs = [builder.input(name, shape=shape) for name, shape in zip("xyc", shapes, strict=False)]
    return builder.graph(inputs, [builder.apply(op, *inputs)])


def assert_close(found, wanted, ulps, dtype=np.float64):
    """Equal infinities and nans; numbers within some units in the last place, below the normal ones of the smallest."""
    found, wanted = np.asarray(found, dtype=float), np.asarray(wanted, dtype=float)
    info = np.finfo(dtype)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
    np.testing.assert_allclose(found, wanted, rtol=ulps * info.eps, atol=ulps * float(info.smallest_subnormal))


@pytest.mark.parametrize("op", ELEMENTWISE)
def test_arrays_mean_what_numbers_mean(op):
    points = grid(op)
    columns = [np.array(column) for column in zip(*points, strict=True)]
    (found,) = compiled(elementwise(op, [column.shape for column in columns]))(columns)
    assert_close(found, [function(op)(*numbers) for numbers in points], 4)


@pytest.mark.parametrize("op", [op for op, row in ELEMENTWISE.items() if row.arity == 2])
def test_numbers_beside_arrays_mean_the_same(op):
    """Libraries have short cuts for numbers, such as the square root for the power 0.5."""
    numbers = numbers_for(op)
    column = np.array(numbers)
    first, second = (compiled(elementwise(op, shapes)) for shapes in ([(), column.shape], [column.shape, ()]))
    for number in numbers:
        assert_close(first([number, column])[0], [function(op)(number, x) for x in numbers], 4)
        assert_close(second([column, number])[0], [function(op)(x, number) for x in numbers], 4)


@pytest.mark.parametrize("exponent", ["2", "0.5", "-1", "3", "-2", "0", "1"])
def test_constant_exponents(exponent):
    builder = Builder()
    x = builder.input("x", shape=(len(POINTS),))
    graph = builder.graph([x], [builder.apply("pow", x, builder.constant(exponent))])
    (found,) = compiled(graph)([np.array(POINTS)])
    assert_close(found, [function("pow")(x, float(exponent)) for x in POINTS], 4)


@pytest.mark.parametrize("op", ELEMENTWISE)
def test_single_precision_means_the_double_rounded(op):
    """Overflow to infinities and underflow to zero included."""
    with np.errstate(all="ignore"):
        columns = [np.array(column).astype(np.float32) for column in zip(*grid(op), strict=True)]
    points = zip(*[column.tolist() for column in columns], strict=True)
    (found,) = compiled(elementwise(op, [column.shape for column in columns]))(columns)
    assert found.dtype == np.float32
    with np.errstate(all="ignore"):
        wanted = np.array([function(op)(*numbers) for numbers in points]).astype(np.float32)
    assert_close(found, wanted, 4, np.float32)


def test_one_singular_matrix_of_a_stack():
    graph = program("inv", [(2, 2, 2)], {})
    (found,) = compiled(graph)([np.array([[[2.0, 0], [0, 4]], [[1, 1], [1, 1]]])])
    np.testing.assert_array_equal(found, [[[0.5, 0], [0, 0.25]], [[nan, nan], [nan, nan]]])
    (alone,) = compiled(program("solve", [(2, 2), (2,)], {}))([np.zeros((2, 2)), np.ones(2)])
    np.testing.assert_array_equal(alone, [nan, nan])


# A library of the standard, on a device whose elements stay there.


@pytest.fixture
def strict(monkeypatch):
    """array-api-strict on its second device, with every way to the host closed."""

    def refuse(*_args, **_options):
        raise AssertionError("an element travels to the host")

    device = array_api_strict.Device("device1")
    kind = type(array_api_strict.asarray([1.0]))
    made = lambda value: array_api_strict.asarray(value, device=device)  # noqa: E731
    host = lambda value: np.asarray(value._array)  # noqa: E731
    for name in ("__float__", "__bool__", "__int__", "__index__", "__complex__", "__array__", "__buffer__"):
        monkeypatch.setattr(kind, name, refuse, raising=False)
    return made, host


def runs(graph, values, made, host):
    """Primal, forward and reverse programs of a graph on arrays of a library, beside those of NumPy."""
    shape = graph.nodes[graph.outputs[0]].shape
    cotangent, tangents = np.full(shape, 0.75, values[0].dtype), [np.cos(value) for value in values]
    adjoint = adjoint_program(graph, graph.outputs[0], graph.inputs, with_cotangent=True).graph
    tangent = directional_program(graph, graph.inputs).graph
    for one, inputs in ((graph, values), (tangent, [*values, *tangents]), (adjoint, [*values, cotangent])):
        for found, wanted in zip(compiled(one)(list(map(made, inputs))), compiled(one)(inputs), strict=True):
            yield host(found), np.asarray(wanted)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("op", "shapes", "params"), CASES, ids=NAMES)
def test_operations_on_whole_arrays_by_the_standard(op, shapes, params, dtype, strict):
    for found, wanted in runs(program(op, shapes, params), arrays(shapes, dtype=dtype), *strict):
        assert found.shape == wanted.shape
        assert found.dtype == wanted.dtype == dtype
        np.testing.assert_allclose(found, wanted, rtol=1e-12 if dtype == "float64" else 1e-4, atol=1e-6)


def inside(op, dtype):
    """Points inside the domain of a primitive."""
    random = np.random.default_rng(0)
    return [random.uniform(low, high, (4,)).astype(dtype) for low, high in ELEMENTWISE[op].domain]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("op", sorted(set(ELEMENTWISE) - BEYOND_THE_STANDARD))
def test_elementwise_operations_by_the_standard(op, dtype, strict):
    values = inside(op, dtype)
    for found, wanted in runs(elementwise(op, [(4,)] * len(values)), values, *strict):
        assert found.dtype == wanted.dtype == dtype
        np.testing.assert_allclose(found, wanted, rtol=64 * np.finfo(dtype).eps, atol=1e-30)


def test_extreme_numbers_by_the_standard(strict):
    made, host = strict
    for op in sorted(set(ELEMENTWISE) - BEYOND_THE_STANDARD - {"hypot"}):
        points = grid(op)
        columns = [made(list(column)) for column in zip(*points, strict=True)]
        (found,) = compiled(elementwise(op, [column.shape for column in columns]))(columns)
        assert_close(host(found), [function(op)(*numbers) for numbers in points], 8)


def test_numbers_beside_arrays_by_the_standard(strict):
    made, host = strict
    builder = Builder()
    x, a = builder.input("x", shape=(2,)), builder.input("a")
    chosen = builder.apply("where", builder.apply("lt", x, a), builder.constant("1"), builder.constant("0.1"))
    graph = builder.graph([x, a], [chosen, builder.constant("0.1"), a], ["y", "c", "a"])
    y, constant, same = compiled(graph)([made(np.array([1, 2], dtype=np.float32)), 1.5])
    assert [host(one).dtype for one in (y, constant, same)] == [np.float32] * 3
    np.testing.assert_array_equal(host(y), np.array([1, 0.1], dtype=np.float32))


def test_what_the_standard_lacks_is_said(strict):
    made, _ = strict
    with pytest.raises(LibraryError, match="erf cannot be computed with array_api_strict"):
        compiled(elementwise("erf", [(1,)]))([made([1.0])])


def test_arrays_of_two_libraries_are_refused(strict):
    made, _ = strict
    with pytest.raises(UsageError, match="different libraries: array_api_strict and numpy"):
        compiled(elementwise("add", [(1,), (1,)]))([made([1.0]), np.ones(1)])


# A stand-in for CuPy: NumPy's functions under an older set of names, on arrays that stay on their device.


class DeviceArray(np.ndarray):
    """An array whose elements cannot be read by Python; functions of NumPy itself refuse it too."""

    def _refuse(self, *_args, **_options):
        raise AssertionError("an element travels to the host")

    __float__ = __bool__ = __int__ = __index__ = __complex__ = __array_function__ = _refuse
    tolist = item = tobytes = _refuse

    def __setitem__(self, key, value):
        assert type(value) is DeviceArray
        self.view(np.ndarray)[key] = value.view(np.ndarray)

    @property
    def __array_namespace__(self):
        raise AttributeError  # as in CuPy before it spoke the standard


DeviceArray.__module__ = "cupy"
MAKERS = {
    "asarray": ("dtype",),
    "zeros": ("dtype",),
    "arange": (),
    "full": (),
    "zeros_like": (),
    "ones_like": (),
    "eye": (),
}
USED = """abs add arccos arccosh arcsin arcsinh arctan arctan2 arctanh broadcast_to cbrt ceil concatenate cos
cosh cumsum exp expm1 floor hypot isfinite log log10 log1p log2 matmul max maximum min minimum reshape round sin
sinh sqrt squeeze sum take tan tanh transpose where""".split()


def on_device(numpy_function, is_maker=False):
    """A function of the stand-in: arrays of the device (or numbers) in, arrays of the device out."""

    def call(*args, **options):
        flat = [part for arg in args for part in (arg if isinstance(arg, tuple) else (arg,))]
        assert is_maker or not any(type(arg) is np.ndarray for arg in flat), "an array of the host"
        plain = [tuple(map(bare, arg)) if isinstance(arg, tuple) else bare(arg) for arg in args]
        result = numpy_function(*plain, **{name: bare(value) for name, value in options.items()})
        parts = [np.asarray(part).view(DeviceArray) for part in (result if isinstance(result, tuple) else (result,))]
        return tuple(parts) if isinstance(result, tuple) else parts[0]

    return call


def bare(value):
    return value.view(np.ndarray) if isinstance(value, DeviceArray) else value


@pytest.fixture
def stand_in(monkeypatch):
    cupy, special = ModuleType("cupy"), ModuleType("cupyx.scipy.special")
    for name in USED:
        setattr(cupy, name, on_device(getattr(np, name)))
    cupy.add.at = on_device(np.add.at)
    cupy.sign = on_device(lambda x: (x > 0) * 1.0 - (x < 0))
    for name in MAKERS:
        setattr(cupy, name, on_device(getattr(np, name), is_maker=True))
    for name in ("float32", "float64", "int64", "ndarray"):
        setattr(cupy, name, getattr(np, name))
    cupy.linalg = SimpleNamespace(
        **{name: on_device(getattr(np.linalg, name)) for name in ("inv", "det", "slogdet", "solve")}
    )
    for op, name in array_library.array_functions.SPECIAL.items():
        each = np.frompyfunc(lambda *args, op=op: function(op)(*args), ELEMENTWISE[op].arity, 1)
        setattr(special, name, on_device(lambda *args, each=each: each(*args).astype(float)))
    cupy.__version__ = "0"
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    monkeypatch.setitem(sys.modules, "cupyx.scipy.special", special)
    return (lambda value: np.array(value).view(DeviceArray)), bare


@pytest.mark.parametrize(("op", "shapes", "params"), CASES, ids=NAMES)
def test_operations_on_whole_arrays_stay_on_the_device(op, shapes, params, stand_in):
    for found, wanted in runs(program(op, shapes, params), arrays(shapes), *stand_in):
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("op", ELEMENTWISE)
def test_elementwise_operations_stay_on_the_device(op, stand_in):
    values = inside(op, "float64")
    for found, wanted in runs(elementwise(op, [(4,)] * len(values)), values, *stand_in):
        np.testing.assert_allclose(found, wanted, rtol=1e-13, atol=1e-30)


def test_derivatives_of_all_kinds_stay_on_the_device(stand_in):
    """Jacobians and Hessians at once, products, on a program with a product of matrices, a softmax and an index."""
    made, host = stand_in
    builder = Builder()
    matrix, x = builder.input("W", shape=(3, 2)), builder.input("x", shape=(2,))
    z = builder.apply("softmax", builder.apply("tanh", builder.apply("matmul", matrix, x)), axis=0)
    vector = builder.graph([matrix, x], [builder.apply("index", z, key=((0, 2, 1),))])
    scalar = builder.graph([matrix, x], [builder.apply("norm", z, axes=(0,), keepdims=False)])
    values = arrays([(3, 2), (2,)])
    for graph, kinds in ((vector, ("jacobian", "jvp")), (scalar, ("jacobian", "jvp", "hessian", "gradient", "hvp"))):
        for kind in kinds:
            on_host, on_device = (
                getattr(Derivatives(graph, graph.inputs), kind)(
                    *([place, place] if kind in ("jvp", "hvp") else [place])
                )
                for place in (values, [made(value) for value in values])
            )
            found, wanted = leaves_of(on_device), leaves_of(on_host)
            assert len(found) == len(wanted) > 0
            for one, other in zip(found, wanted, strict=True):
                np.testing.assert_allclose(host(one), other, rtol=1e-12, atol=1e-14)


def leaves_of(tree):
    return [leaf for part in tree for leaf in leaves_of(part)] if isinstance(tree, (tuple, list)) else [tree]


def test_the_sign_of_no_number_on_the_device(stand_in):
    made, host = stand_in
    (found,) = compiled(elementwise("sign", [(3,)]))([made(np.array([nan, -2.0, 0.0]))])
    np.testing.assert_array_equal(host(found), [nan, -1, 0])


def test_the_stand_in_refuses(stand_in):
    made, _ = stand_in
    array = made([1.0])
    assert library_of([array]).name == "cupy"
    for way in (float, bool, np.sum, lambda x: x.tolist()):
        with pytest.raises(AssertionError, match="travels to the host"):
            way(array)


# Libraries by name.


def test_numpy_by_its_name():
    assert named("numpy") is np
    assert usable("numpy") == np.__version__
    synchronise(np)


def test_a_library_that_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(LibraryError, match="cupy is not installed") as error:
        named("cupy")
    assert error.value.exit_code == 4
    assert error.value.hint == "pip install cupy-cuda12x"
    assert usable("cupy") is None


def runtime(devices):
    def count():
        if not devices:
            raise RuntimeError
        return devices

    return SimpleNamespace(
        CUDARuntimeError=RuntimeError,
        getDeviceCount=count,
        getDevice=lambda: 0,
        getDeviceProperties=lambda _: {"name": b"a device"},
    )


@pytest.mark.usefixtures("stand_in")
@pytest.mark.parametrize("devices", [0, 1])
def test_a_library_with_and_without_a_device(devices):
    calls = []
    stream = SimpleNamespace(synchronize=lambda: calls.append("waited"))
    cupy = sys.modules["cupy"]
    cupy.cuda = SimpleNamespace(runtime=runtime(devices), get_current_stream=lambda: stream)
    if not devices:
        assert usable("cupy") is None
        with pytest.raises(LibraryError, match="CuPy finds no GPU"):
            named("cupy")
        return
    assert usable("cupy") == "0 on a device"
    synchronise(named("cupy"))
    assert calls == ["waited"]


def test_an_unknown_library():
    with pytest.raises(UsageError, match="no array library torch"):
        named("torch")
