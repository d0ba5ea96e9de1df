"""The programming interface, as the README shows it."""

import math
import subprocess
import sys

import pytest

import diffcli
from diffcli.errors import DiffcliError

DECK_001 = "ln(x1) + x1*x2 - sin(x2)"


def test_value_and_grad():
    function = diffcli.value_and_grad(DECK_001)
    assert function.variables == ("x1", "x2")
    assert function(2.0, 5.0) == (11.652071455223084, (5.5, 1.7163378145367738))


def test_grad_takes_numbers_and_texts():
    assert diffcli.grad("x^2*y", {"x": 3, "y": "1/2"}) == (3.0, 9.0)


@pytest.mark.parametrize("_", range(2))
def test_records_also_after_the_first_call(_):
    assert diffcli.study(DECK_001, {"x1": 2, "x2": 5}).to_dict()["verdict"] == "agree"
    assert diffcli.trace(DECK_001, {"x1": 2, "x2": 5}).to_dict()["adjoint"][0]["name"] == "v̄5"
    assert diffcli.compare(["x^2"], points=2).to_dict()["cases"][0]["points"] == 2


def test_errors_are_diffcli_errors():
    with pytest.raises(DiffcliError, match="never closed"):
        diffcli.grad("sin(x", {"x": 1})
    with pytest.raises(DiffcliError, match="no value"):
        diffcli.grad("x*y", {"x": 1})
    with pytest.raises(ValueError, match="one output"):
        diffcli.value_and_grad("x; 2*x")
    with pytest.raises(AttributeError):
        diffcli.nothing  # noqa: B018


def test_points_are_checked():
    function = diffcli.value_and_grad("x^2*y")
    assert function(3, 2) == (18.0, (12.0, 9.0))
    assert all(isinstance(number, float) for number in function(3, 2)[1])
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'y'"):
        function(3)
    with pytest.raises(TypeError, match="2 numbers are needed"):
        diffcli.value_and_grad("x^2*y", executor="interpreter")(3)
    assert function(y=2.0, x=3.0) == (18.0, (12.0, 9.0))
    with pytest.raises(DiffcliError, match="not a finite number"):
        diffcli.study("x", {"x": float("nan")})
    assert diffcli.grad("x₁^2", {"x₁": 3}) == (6.0,)
    assert diffcli.grad("x", {"x": -2.5e-300}) == (1.0,)


AWKWARD = (
    "v0 v1 t1 type float otherwise lambda α θ_1 TypeError ValueError None __debug__ value_and_grad pow ln2".split()
)


@pytest.mark.parametrize("name", AWKWARD)
@pytest.mark.parametrize("executor", [None, "interpreter"])
def test_arguments_may_be_named_whatever_the_name(name, executor):
    function = diffcli.value_and_grad(f"f({name}, x) = 3*{name} + ln(x)", executor=executor)
    assert function.variables == (name, "x")
    assert function(2.0, x=1.0) == function(**{name: 2.0, "x": 1.0}) == function(2, 1) == (6.0, (3.0, 1.0))
    assert function(2.0, 0.0)[0] == -math.inf
    for wrong in ({"y": 1.0}, {name: 1.0}, {}):
        with pytest.raises(TypeError, match=r"argument|needed"):
            function(2.0, **wrong)


def test_arguments_of_texts_that_need_arrays_may_be_named():
    value, (slope,) = diffcli.value_and_grad("sum(x*x)")(x=[1.0, 2.0])
    assert (value, [*slope]) == (5.0, [2.0, 4.0])


def test_messages_are_short_for_many_variables():
    function = diffcli.value_and_grad("+".join(f"x{number}^2" for number in range(400)))
    with pytest.raises(TypeError, match="400 numbers are needed") as caught:
        function(1.0)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("executor", [None, "interpreter"])
def test_integers_too_large_for_a_double(executor):
    with pytest.raises(DiffcliError, match="too large"):
        diffcli.value_and_grad("x*y", executor=executor)(10**400, 1.0)


@pytest.mark.parametrize("executor", ["", "C", 3, ["c"], {}])
def test_executors_that_there_are_not(executor):
    with pytest.raises(DiffcliError, match="there is no executor"):
        diffcli.value_and_grad("x", executor=executor)


def test_long_texts_are_functions_too():
    chain = "; ".join(["a0 = x", *[f"a{k} = 0.5*sin(a{k - 1}) + x" for k in range(1, 200)]])
    function = diffcli.value_and_grad(chain)
    value, (slope,) = function(0.3)
    wanted, by_hand = 0.3, 1.0
    for _ in range(199):
        by_hand = 0.5 * math.cos(wanted) * by_hand + 1
        wanted = 0.5 * math.sin(wanted) + 0.3
    assert (value, slope) == pytest.approx((wanted, by_hand), rel=1e-14)
    assert function.variables == ("x",)
    assert function(1)[0] == function(1.0)[0]


def test_texts_of_numbers_need_no_numpy():
    program = (
        "import sys, diffcli; f = diffcli.value_and_grad('x*y'); f(2.0, 5.0); diffcli.grad('x^2', {'x': 2});"
        "sys.exit('numpy' in sys.modules or 'sympy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_tangents_of_texts_may_be_arrays():
    np = pytest.importorskip("numpy")
    matrix = np.array([[1.0, -1.0], [0.5, 2.0]])
    value, tangent = diffcli.jvp("W@x", {"W": matrix, "x": [1.0, 2.0]}, {"x": np.ones(2)})
    np.testing.assert_array_equal(value, [-1.0, 4.5])
    np.testing.assert_array_equal(tangent, [0.0, 2.5])
