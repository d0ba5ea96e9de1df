"""`diffcli stepsize`: error of finite differences against h.

Expected values come from LECTURES (slopes, and the deck's errors for example B), from closed forms (derivatives of exp
and sin, the textbook's best steps), and from the deck's snippet and NumPy's single precision as other implementations.
"""

import json
import math

import numpy as np
import pytest

from diffcli.cli.groups import Evaluation
from diffcli.cli.invocation import read_request
from diffcli.execute.interpreter import outputs
from diffcli.execute.singles import SingleArithmetic, single
from diffcli.language import library
from diffcli.language.reading import parse
from diffcli.render import registry
from diffcli.render.document import Options
from diffcli.studies.scalars import in_scalars
from diffcli.studies.stepsize.fit import fitted
from diffcli.studies.stepsize.study import stepsize

LECTURED = {"@deck-001": ("x1", "x2"), "@deck-002": ("x", "z")}
PAIRS = [(name, variable) for name, variables in LECTURED.items() for variable in variables]
DECK_ERRORS = {1e-4: 1.8e-5, 1e-5: 2.1e-7, 1e-6: 4.8e-9, 1e-7: 5.2e-7, 1e-8: 5.6e-6, 1e-12: 8.1e-2}
"""Of ∂y/∂x of example B, by the lectures."""
known = {}


def study(text, dtype="float64", **at):
    """The study of a text or an example; each is computed once."""
    key = (text, dtype, *at.items())
    if key not in known:
        request = read_request(Evaluation(text, [f"{name}={value}" for name, value in at.items()]))
        program = in_scalars(request.reading.graph, request.point, request.wrt)
        known[key] = stepsize(*program, dtype=dtype, text=request.reading.text, typed=text)
    return known[key]


def derivative(record, variable):
    return next(found for found in record.derivatives if found.variable == variable)


@pytest.mark.parametrize(("name", "variable"), PAIRS)
@pytest.mark.parametrize(("scheme", "order"), [("forward", 1), ("centered", 2), ("complex-step", 2), ("richardson", 4)])
def test_slopes_of_the_lectures_examples(name, variable, scheme, order):
    curve = derivative(study(name), variable).curve(scheme)
    assert curve.truncation.slope == pytest.approx(order, abs=0.1)
    assert curve.round_off.slope == pytest.approx(0 if scheme == "complex-step" else -1, abs=0.1)


@pytest.mark.parametrize(("name", "variable"), PAIRS)
def test_slopes_in_single_precision(name, variable):
    found = derivative(study(name, "float32"), variable)
    assert found.curve("forward").truncation.slope == pytest.approx(1, abs=0.1)
    assert found.curve("complex-step").truncation.slope == pytest.approx(2, abs=0.1)
    assert found.curve("centered").round_off.slope == pytest.approx(-1, abs=0.15)


@pytest.mark.parametrize(("h", "error"), DECK_ERRORS.items())
def test_the_decks_errors_of_example_b(h, error):
    sample = derivative(study("@deck-002"), "x").curve("centered").sample(h)
    assert float(f"{sample.error:.1e}") == error


@pytest.mark.parametrize("h", [1e-1, 1e-4, 1e-8, 1e-12, 1e-15])
def test_a_centered_difference_is_that_of_the_decks_snippet(h):
    def f(x, z):
        return math.exp(x * z) + x * z / math.log(x) + math.sin(math.log(x)) / (x * z)

    found = derivative(study("@deck-002"), "z").curve("centered").sample(h)
    assert found.value == (f(2.0, 3.0 + h) - f(2.0, 3.0 - h)) / (2 * h)


@pytest.mark.parametrize("h", [1e-1, 1e-3, 1e-6])
def test_single_precision_is_that_of_numpy(h):
    """+ − × ÷ are correctly rounded, so every bit is the same."""
    one, x, y, step = np.float32(1), np.float32(0.3), np.float32(1.7), np.float32(h)

    def f(x, y):
        return (x * x * y - y) / (one + x * y)

    found = derivative(study("(x*x*y - y)/(1 + x*y)", "float32", x=0.3, y=1.7), "x")
    expected = (f(x + step, y) - f(x - step, y)) / (np.float32(2) * step)
    assert found.curve("centered").sample(float(step)).value == float(expected)
    expected = (f(x + step, y) - f(x, y)) / step
    assert found.curve("forward").sample(float(step)).value == float(expected)


@pytest.mark.parametrize("x", [0.1, 1e-50, -3.3e38, 1e39, 7e-46, 16777217.0])
def test_singles_are_rounded_as_by_numpy(x):
    with np.errstate(all="ignore"):
        assert single(x) == float(np.float32(x))


def test_functions_in_single_precision_are_rounded_once():
    graph = parse("exp(x)/3", bound=("x",)).graph
    (found,) = outputs(graph, SingleArithmetic(), [0.5])
    assert found == float(np.float32(np.float32(math.exp(0.5)) / np.float32(3)))


def test_higher_derivatives():
    """Those of exp(2x) are 2^k exp(2x), those of sin alternate; a quadratic function has no third one."""
    found = study("exp(2*x)", x=0.5).derivatives[0].derivatives
    assert found == pytest.approx([2**k * math.e for k in range(1, 8)], rel=1e-15)
    c, s = math.cos(1), math.sin(1)
    assert study("sin(x)", x=1).derivatives[0].derivatives == pytest.approx([c, -s, -c, s, c, -s, -c], rel=1e-15)
    assert study("3*x^2 - x", x=0.7).derivatives[0].derivatives[2:] == (0, 0, 0, 0, 0)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_best_steps_of_the_textbook(dtype):
    """cbrt(3ε|f|/|f'''|) and 2·sqrt(ε|f|/|f''|) for sin at 1, where f is off by at most about half a unit, ε/2."""
    found = study("sin(x)", dtype, x=1).derivatives[0]
    epsilon = 2.0**-53 if dtype == "float64" else 2.0**-24
    f, second, third = math.sin(1), math.sin(1), math.cos(1)
    assert 0.3 < found.curve("centered").predicted / (3 * epsilon * f / third) ** (1 / 3) < 2
    assert 0.3 < found.curve("forward").predicted / (2 * math.sqrt(epsilon * f / second)) < 2
    for scheme in ("forward", "centered"):
        curve = found.curve(scheme)
        assert 0.1 < curve.measured.h / curve.predicted < 10


def test_the_best_step_is_the_predicted_one_all_over_the_library():
    """Within a factor of 10 on 90 % of the derivatives with |h³ f'''| above round-off at h = 0.1; the rest say why."""
    names = [name for name, e in library.examples().items() if e.expect == library.AGREE][::9]
    near = far = 0
    for name in names:
        request = read_request(Evaluation(f"@{name}"))
        if request.reading.graph.operations > 25:
            continue
        graph, point, wrt = in_scalars(request.reading.graph, request.point, request.wrt)
        for found in stepsize(graph, point, wrt[:2]).derivatives:
            curve = found.curve("centered")
            if curve.finding == "no truncation":
                level = max((s.round_off for s in curve.samples[:8] if s.round_off is not None), default=0.0)
                h = max((s.h for s in curve.samples if s.value is not None), default=0.0)
                assert h**2 * abs(found.derivatives[2]) <= 20 * level + 1e-300, name
            elif curve.predicted is not None and curve.measured is not None:
                is_near = 0.1 <= curve.measured.h / curve.predicted <= 10
                near, far = near + is_near, far + (not is_near)
    assert near + far > 12
    assert near >= 0.9 * (near + far)


def test_without_truncation_the_larger_step_is_the_better(command):
    code, out, _ = command("stepsize", "x*y + y^2", "--at", "x=0.3,y=1.7")
    assert code == 0
    assert out.count("centered and richardson: no truncation error here: the larger h the better.") == 2  # by x and y
    assert out.count("forward, centered and richardson: no truncation error here") == 1  # linear in x only


def test_round_off_and_truncation_add_up():
    for sample in derivative(study("@deck-001"), "x1").curve("centered").samples:
        assert sample.error <= (sample.truncation + sample.round_off) * (1 + 1e-12)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_step_below_the_spacing_of_numbers_leaves_nothing(dtype):
    found = derivative(study("@deck-001", dtype), "x2")
    sample = found.curve("centered").samples[-1]
    assert (sample.moves, sample.value) == (False, 0.0)
    assert sample.error == pytest.approx(1.7163378145367738)
    assert 2.2e-16 < found.unmoved * (1 if dtype == "float64" else 2.0**-29) < 8.9e-16  # ulp(5)/2 is 4.4e-16


def test_steps_that_leave_the_domain_are_left_out(command):
    code, out, _ = command("stepsize", "ln(x)", "--at", "x=0.01")
    assert code == 0
    assert "left out from h = 1e-2 on: f is not finite at a point that is needed (centered" in out
    found = study("ln(x)", x=0.01).derivatives[0]
    assert found.curve("centered").sample(1e-2).value is None
    assert found.curve("forward").sample(1e-1).value == pytest.approx(10 * math.log(11))


def test_a_function_without_complex_counterpart_is_named(command):
    code, out, _ = command("stepsize", "erf(x)", "--at", "x=0.3")
    assert code == 0
    assert "complex-step: not applicable, as there is no erf of a complex number here." in out


def test_an_edge_of_the_domain_has_no_prediction(command):
    code, out, _ = command("stepsize", "x^1.5", "--at", "x=0")
    assert code == 0
    assert "forward: no prediction" in out


@pytest.mark.parametrize(("text", "at"), [("abs(x)", "x=0"), ("1/x", "x=0"), ("sqrt(x)", "x=-1"), ("exp(x)", "x=1000")])
def test_without_a_derivative_the_exit_code_is_3(command, tmp_path, text, at):
    code, out, _ = command("stepsize", text, "--at", at)
    assert code == 3
    assert "Error of" not in out
    assert command("stepsize", text, "--at", at, "-o", "a.svg")[0] == 3
    assert list(tmp_path.iterdir()) == []


def test_several_outputs_and_what_does_not_depend(command):
    code, out, _ = command("stepsize", "sin(x); 3*y", "--at", "x=3,y=2", "-f", "json")
    record = json.loads(out)
    assert code == 0
    assert [(d["output"], d["variable"]) for d in record["derivatives"]] == [("y1", "x"), ("y2", "y")]
    assert len(record["independent"]) == 2


def test_elements_of_arrays(command):
    words = ("stepsize", "sum(tanh(W@x))", "--at", "W=[[1,-1],[0.5,2]],x=[1,2]", "-f", "json")
    code, out, _ = command(*words, "--wrt", "W[0,1], x")
    record = json.loads(out)
    assert (code, record["variables"]) == (0, ["W[0,1]", "x[0]", "x[1]"])
    expected = 2 * (1 - math.tanh(-1) ** 2)
    assert float(record["derivatives"][0]["judge"]) == pytest.approx(expected, rel=1e-15)
    code, _, err = command(*words[:-2], "--wrt", "W[0,7]")
    assert code == 2
    assert "W[0,0], W[0,1]" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("x^2",), "no value is given for x"),
        (("x^2", "--at", "x=3", "--wrt", "q"), "there is no variable"),
        (("x^2", "--at", "x=3", "--wrt", ","), "no variable is named"),
        (("x^2", "--at", "x=3", "--dtype", "float16"), "float16"),
        (("sum(x^2)", "--at", f"x={list(range(1, 40))}"), "studies up to 24"),
        (("x^2", "--at", "x=1e300", "--dtype", "float32"), "too large for single precision"),
        (("x^2", "--at", "x=3", "-o", "nowhere/a.png"), "its folder does not exist"),
    ],
)
def test_what_cannot_be_done_is_said(command, words, message):
    code, out, err = command("stepsize", *words)
    assert (code, out) == (2, "")
    assert message in err


def test_a_large_program_gives_up_in_time():
    text = "+".join(f"sin({k}*x)" for k in range(1, 400))
    graph = parse(text, bound=("x",)).graph
    with pytest.raises(Exception, match="take more than") as problem:
        stepsize(graph, [0.3], seconds=0.05)
    assert problem.value.exit_code == 2


def test_json_and_csv_have_every_sample(command):
    _, out, _ = command("stepsize", "@deck-001", "-f", "json")
    record = json.loads(out, parse_constant=pytest.fail)
    scheme = record["derivatives"][0]["schemes"]["centered"]
    assert record["command"] == "stepsize"
    assert scheme["truncation"]["slope"] == pytest.approx(2, abs=0.1)
    assert len(scheme["samples"]) == 15 * 16 + 1
    _, out, _ = command("stepsize", "@deck-001", "-f", "csv")
    lines = out.splitlines()
    assert lines[0] == "output,variable,dtype,scheme,h,value,error,truncation,round_off,moves"
    assert len(lines) == 1 + 2 * 4 * 241


@pytest.mark.parametrize("form", ["rich", "markdown", "latex"])
@pytest.mark.parametrize("width", [80, 120])
def test_screens(form, width):
    shown = registry.render(study("@deck-001"), form, Options(width=width))
    assert "5.6e-6" not in shown
    for word in ("richardson", "complex-step", "the deck's"):
        assert word in shown
    if form == "rich":
        assert max(map(len, shown.splitlines())) <= width
        plain = registry.render(study("@deck-001"), form, Options(width=width, ascii=True))
        assert plain.isascii()
        assert "\\u" not in plain


def test_a_lucky_hit_does_not_move_a_line():
    points = [(10.0**-k, 3 * 10.0**-k) for k in range(1, 20)]
    points[7] = (points[7][0], 1e-40)
    fit = fitted(points)
    assert fit.slope == pytest.approx(1)
    assert fit.at(0.5) == pytest.approx(1.5)
    assert fitted(points[:3]) is None
