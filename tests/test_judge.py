"""The judge against 50-digit references made elsewhere, closed forms, and the definition of a derivative."""

import json
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal, localcontext
from pathlib import Path
from time import perf_counter

import mpmath
import pytest

from diffcli.graph.ops import ELEMENTWISE, OPS
from diffcli.graph.program import Builder, Graph
from diffcli.language import parse
from diffcli.studies import judge as judge_module
from diffcli.studies.judge import Reference, judge

DATA = Path(__file__).parent / "data"


def rows(name):
    return [json.loads(line) for line in (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def decide(text, *point, bound=()) -> Reference:
    (reference,) = judge(parse(text, bound=bound).graph, point)
    return reference


def decide_row(row) -> Reference:
    graph = parse(row["expr"], bound=row["vars"]).graph
    (reference,) = judge(graph, [float(row["point"][name]) for name in graph.variables])
    return reference


def agree(ours, theirs, digits=40):
    """Whether two decimals agree to so many significant digits; a reference of 0 must be met exactly."""
    with localcontext() as context:
        context.prec = 120
        x, y = Decimal(ours), Decimal(theirs)
        return abs(x - y) <= abs(y) * Decimal(10) ** -digits


def assert_reference(row):
    reference = decide_row(row)
    assert reference.status == "differentiable"
    assert agree(reference.value, row["value"])
    assert {slope.name for slope in reference.slopes} == set(row["gradient"])
    for slope in reference.slopes:
        assert agree(slope.value, row["gradient"][slope.name]), slope
        assert slope.nearest == float(slope.value)


@pytest.mark.parametrize("row", rows("formulas"), ids=lambda row: row["name"])
def test_formulas_to_40_digits(row):
    assert_reference(row)


@pytest.mark.parametrize("row", rows("treacherous"), ids=lambda row: row["name"])
def test_treacherous_formulas_to_40_digits(row):
    assert_reference(row)


SMOOTH = [
    ("x*abs(x)", 0.0, "0"),
    ("abs(x)^3", 0.0, "0"),
    ("abs(x)*sin(x)", 0.0, "0"),
    ("abs(x)^1.1", 0.0, "0"),
    ("sqrt(x^4)", 0.0, "0"),
    ("relu(x)", -1.0, "0"),
    ("max(x, 1)", 1.0000000001, "1"),
    ("abs(x)", 1e-9, "1"),
    ("abs(x - 0.1)", 0.1, "1"),  # the double 0.1 is above the decimal 0.1
    ("floor(10*x)", 0.3, "0"),  # and the double 0.3 below the decimal 0.3
    ("where(x > 0, x^2, 0)", 0.0, "0"),
    ("where(x < 1, ln(x), x - 1)", 1.0, "1"),
    ("where(x == 0, 0, x^2*sin(1/x))", 0.0, "0"),
    ("where(x == 0, 0, exp(-1/x^2))", 0.0, "0"),
    ("cos(x) - 1 + x^2/2", 0.0, "0"),
    ("sin(x)^2 + cos(x)^2", 0.3, "0"),
    ("sqrt(sin(x)^2 + cos(x)^2 - 1)", 0.5, "0"),  # the root of an exact 0, never of rounding errors
    ("(-8)^(6/3) + x", 1.0, "1"),
    ("x^(0.1*10)", -3.0, "1"),
    ("x^0", 0.0, "0"),
    ("x", 5e-324, "1"),
    ("x", 1e308, "1"),
    ("x/(x + 1e-200)", 0.0, "1e+200"),
    ("sqrt(1e-200 + (x - 1)^2)", 1.0, "0"),
    ("softplus(x)", 0.0, "0.5"),
    ("hypot(x, 4)", 3.0, "0.6"),
    ("ln(abs(x))", -2.0, "-0.5"),
]


@pytest.mark.parametrize(("text", "x", "slope"), SMOOTH)
def test_derivative_exists(text, x, slope):
    reference = decide(text, x)
    assert reference.status == "differentiable"
    assert reference.cause is None
    assert (reference.slopes[0].status, reference.slopes[0].value) == ("smooth", slope)


# Values and slopes that came with the list of bad inputs, computed elsewhere to 50 digits.
FAR = [
    ("sin(x)", 1e308, "0.45339649050164911655418127019904948835077885042152", None),
    ("sin(x)", 1e22, "-0.85220084976718880177270589375302936826176215041004", None),
    ("sec(x)", 1.5707963267948966, "16331239353195369.75596773704152894714703404678874", None),
    ("1/(1 + exp(-x))", -1000.0, "5.0759588975494567652918094795743369193055992828928e-435", None),
    ("ln(exp(x) + exp(x))", 1000.0, "1000.6931471805599453094172321214581765680755001344", "1"),
    ("exp(x)/(1 + exp(x))", 1000.0, "1", "5.0759588975494567652918094795743369193055992828928e-435"),
]


@pytest.mark.parametrize(("text", "x", "value", "slope"), FAR)
def test_extreme_points(text, x, value, slope):
    reference = decide(text, x)
    assert reference.status == "differentiable"
    assert value is None or agree(reference.value, value, 48)
    assert slope is None or agree(reference.slopes[0].value, slope, 48)


def test_saturated_slope_is_not_taken_for_zero():
    """1/cosh(800)^2 = 4 exp(-1600) to far more than 50 digits."""
    with localcontext() as context:
        context.prec = 60
        assert agree(decide("tanh(x)", 800.0).slopes[0].value, 4 * Decimal(-1600).exp(), 45)


def test_logarithm_of_gamma_below_zero():
    """Γ(−1/2) = −2·sqrt(π), and ψ(1/2) − ψ(−1/2) = −2 with ψ(1/2) = −γ − 2·ln(2)."""
    with mpmath.workdps(60):
        reference = decide("lgamma(x)", -0.5)
        assert agree(reference.value, mpmath.nstr(mpmath.log(2 * mpmath.sqrt(mpmath.pi)), 55), 48)
        slope = 2 - mpmath.euler - 2 * mpmath.log(2)
        assert agree(reference.slopes[0].value, mpmath.nstr(slope, 55), 48)


def test_rounding_of_huge_numbers_is_not_the_identity():
    """Beyond the working digits every number looks whole; floor must not be taken for the identity there."""
    assert decide("floor(sinh(x))/sinh(x)", 7550.866149981261).status == "limit"
    assert decide("floor(x)", 1e300).cause.kind == "jump"


def test_slope_of_the_bell_curve_far_out():
    with localcontext() as context:
        context.prec = 60
        assert agree(decide("exp(-x^2)", 1000.0).slopes[0].value, -2000 * Decimal(-1000000).exp(), 45)


CORNERS = [
    ("abs(x)", 0.0, "kink", ("-1", "1"), "abs"),
    ("sqrt(x^2)", 0.0, "kink", ("-1", "1"), "sqrt"),
    ("max(x, 0)", 0.0, "kink", ("0", "1"), "max"),
    ("relu(x)", 0.0, "kink", ("0", "1"), "relu"),
    ("where(x > 0, x, 0)", 0.0, "kink", ("0", "1"), "gt"),
    ("abs(x - 1) + sqrt(1e-200 + (x - 1)^2)", 1.0, "kink", ("-1", "1"), "abs"),
    ("sqrt(x - 2)", 2.0, "infinite", (None, "+inf"), "sqrt"),
    ("sqrt(abs(x))", 0.0, "infinite", ("-inf", "+inf"), "sqrt"),
    ("x^(2/3)", 0.0, "infinite", (None, "+inf"), "pow"),
    ("cbrt(x)", 0.0, "infinite", ("+inf", "+inf"), "cbrt"),
    ("x^x", 0.0, "infinite", (None, "-inf"), "pow"),
    ("asin(x)", 1.0, "infinite", ("+inf", None), "asin"),
    ("sign(x)", 0.0, "infinite", ("+inf", "+inf"), "sign"),
    ("floor(x)", 1.0, "infinite", ("+inf", "0"), "floor"),
    ("floor(x/3*3)", 1.0, "infinite", ("+inf", "0"), "floor"),  # 1/3·3 is 1, whatever the rounding
    ("round(x)", 0.5, "infinite", ("0", "+inf"), "round"),
]


@pytest.mark.parametrize(("text", "x", "status", "sides", "op"), CORNERS)
def test_no_derivative(text, x, status, sides, op):
    reference = decide(text, x)
    (slope,) = reference.slopes
    assert reference.status == "not differentiable"
    assert reference.value is not None
    assert (slope.status, slope.value) == (status, None)
    assert (slope.left, slope.right) == sides
    assert reference.cause.op == op


def test_slopes_of_hidden_corner():
    """sqrt(1 - cos(x)) is |x|/sqrt(2) near 0, and 1 - cos(h) loses all digits to cancellation first."""
    (slope,) = decide("sqrt(1 - cos(x))", 0.0).slopes
    with localcontext() as context:
        context.prec = 60
        assert agree(slope.right, Decimal("0.5").sqrt(), 48)
        assert agree(slope.left, -Decimal("0.5").sqrt(), 48)


@pytest.mark.parametrize(
    ("text", "x", "slope"),
    [("x^1.5", 0.0, "0"), ("sqrt(x)*sqrt(x)", 0.0, "1"), ("abs(x) + x^1.5", 0.0, "1"), ("x^2.5", 0.0, "0")],
)
def test_one_sided(text, x, slope):
    reference = decide(text, x)
    assert reference.status == "differentiable"
    only = reference.slopes[0]
    assert (only.status, only.value, only.left, only.right) == ("one-sided", slope, None, slope)


OUTSIDE = [
    ("ln(x)", 0.0, "ln", "pole"),
    ("ln(x)", -1.0, "ln", "outside"),
    ("sqrt(x)", -1.0, "sqrt", "outside"),
    ("sin(x)/x", 0.0, "div", "outside"),
    ("x^2*sin(1/x)", 0.0, "div", "pole"),
    ("exp(-1/x^2)", 0.0, "div", "pole"),
    ("1/(x - 1)", 1.0, "div", "pole"),
    ("0*ln(x)", 0.0, "ln", "pole"),
    ("ln(ln(x))", 1.0, "ln", "pole"),
    ("x^x", -0.5, "pow", "outside"),
    ("x^(1/3)", -8.0, "pow", "outside"),
    ("(-8)^(1/3) + x", 1.0, "pow", "outside"),
    ("atanh(x)", 1.0, "atanh", "pole"),
    ("gamma(x)", -1.0, "gamma", "pole"),
    ("tan(pi*x)", 0.5, "tan", "pole"),
    ("(-1)^x", 0.5, "pow", "outside"),
]


@pytest.mark.parametrize(("text", "x", "op", "kind"), OUTSIDE)
def test_outside_the_domain(text, x, op, kind):
    reference = decide(text, x)
    assert (reference.status, reference.value) == ("outside", None)
    assert (reference.cause.op, reference.cause.kind) == (op, kind)
    assert [slope.status for slope in reference.slopes] == ["outside"]


@pytest.mark.parametrize(("text", "x"), [("sqrt(-x^2)", 0.0), ("(-1)^x", 2.0)])
def test_a_value_without_neighbours(text, x):
    reference = decide(text, x)
    assert reference.status == "outside"
    assert reference.value is not None
    assert reference.cause.kind == "outside"


def test_cause_has_its_place_and_argument():
    graph = parse("1 + ln(x - 2)").graph
    (reference,) = judge(graph, [2.0])
    place = graph.places[reference.cause.node]
    assert "1 + ln(x - 2)"[place.start : place.end] == "ln(x - 2)"
    assert (reference.cause.where, reference.cause.argument) == ("its argument is 0", "0")


@pytest.mark.parametrize(
    ("text", "x", "op"),
    [
        ("exp(x)", 709.79, "exp"),
        ("x^100", 1e10, "pow"),
        ("x^308", 10.0, "pow"),  # the value fits, the slope does not
        ("ln(x)", 1e-320, "ln"),
        ("1 + ln(x)", 1e-320, "ln"),
        ("cosh(x)", 800.0, "cosh"),
        ("10^5000 + x", 1.0, "pow"),
    ],
)
def test_overflow(text, x, op):
    reference = decide(text, x)
    assert reference.status == "overflow"
    assert (reference.cause.kind, reference.cause.op) == ("overflow", op)


LIMITS = [
    "exp(exp(exp(exp(x))))",
    "9**9**9**9*x",
    "sin(exp(exp(12*x)))",
    "gamma(1e9*x)",
    "2**(2**100)*x",
    "ln(2**(10**9)) + x",
    "(((x**9)**9)**9)**9**9",
    "tan(exp(10000*x))",
]


@pytest.mark.parametrize("text", LIMITS)
def test_limits_end_quickly(text):
    start = perf_counter()
    reference = decide(text, 1.5)
    assert perf_counter() - start < 1.5
    assert (reference.status, reference.cause.kind) == ("limit", "limit")


def test_oscillation_stays_undecided():
    reference = decide("where(x == 0, 0, x*sin(1/x))", 0.0)
    assert reference.status == "limit"
    assert reference.slopes[0].status == "undecided"


def test_time_budget_is_kept():
    builder = Builder()
    x = node = builder.input("x")
    for _ in range(3000):
        node = builder.apply("sin", node)
    graph = builder.graph([x], [node])
    start = perf_counter()
    (reference,) = judge(graph, [0.9], seconds=0.02)
    assert perf_counter() - start < 1
    assert reference.status == "limit"
    assert [slope.status for slope in reference.slopes] == ["undecided"]


def test_many_inputs():
    """∂/∂x_k of a product of 200 numbers is the product of the others."""
    names = [f"x{k}" for k in range(200)]
    point = [1 + k / 256 for k in range(200)]
    reference = decide("*".join(names), *point)
    assert reference.status == "differentiable"
    with localcontext() as context:
        context.prec = 400
        product = Decimal(1)
        for x in point:
            product *= Decimal(x)
        for slope, x in zip(reference.slopes, point, strict=True):
            assert agree(slope.value, product / Decimal(x), 48)


def test_several_outputs_and_structural_zeros():
    first, second = judge(parse("x*y; abs(x); z^2").graph, [0.0, 3.0, 4.0])[:2]
    assert [(s.value, s.structural_zero) for s in first.slopes] == [("3", False), ("0", False), ("0", True)]
    assert (first.status, second.status) == ("differentiable", "not differentiable")
    assert [s.status for s in second.slopes] == ["kink", "smooth", "smooth"]


def test_some_inputs_only():
    graph = parse("x*abs(y)").graph
    (reference,) = judge(graph, [2.0, 0.0], wrt=graph.inputs[:1])
    assert [(slope.name, slope.value) for slope in reference.slopes] == [("x", "0")]
    assert reference.status == "differentiable"


def test_untaken_branch_is_not_judged():
    reference = decide("where(x > 0, x^2, ln(x - 1) + abs(x - 2))", 2.0)
    assert (reference.status, reference.slopes[0].value) == ("differentiable", "4")


def test_table_is_never_differentiated(monkeypatch):
    """With every partial of the table wrong, the judge is as right as before."""
    graph = parse("sin(x)*sigmoid(x)^2").graph
    for name, row in ELEMENTWISE.items():
        wrong = tuple((lambda *_: 7) for _ in row.partials)
        monkeypatch.setitem(OPS, name, replace(row, partials=wrong))
    assert judge(graph, [0.0])[0].slopes[0].value == "0.25"


def test_wrong_primal_is_noticed(monkeypatch):
    """The judge follows the function that runs: a changed function changes the verdict."""
    from diffcli.execute import multiprecision

    monkeypatch.setitem(multiprecision.FUNCTIONS, "neg", lambda _: lambda x: -2 * x)
    assert decide("-x", 1.0).slopes[0].value == "-2"


def test_global_precision_is_untouched_and_mpmath_is_lazy():
    program = (
        "import sys, diffcli.studies.judge as j; from diffcli.graph.program import Builder\n"
        "assert 'mpmath' not in sys.modules\n"
        "b = Builder(); x = b.input('x'); g = b.graph([x], [b.apply('exp', x)])\n"
        "r, = j.judge(g, [0.0]); import mpmath; print(r.slopes[0].value, mpmath.mp.dps, 'numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "15", "False"]


def test_judge_is_deterministic():
    graph: Graph = parse("exp(x*y)/x").graph
    assert judge(graph, [2.0, 0.5]) == judge(graph, [2.0, 0.5])
    assert judge_module.SECONDS >= 1
