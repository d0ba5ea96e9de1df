"""Second derivatives: closed forms, the judge on treacherous points, all methods on arrays, the command."""

import json
import math
import random
from fractions import Fraction
from pathlib import Path

import pytest

from diffcli.errors import LimitError, UsageError
from diffcli.language import parse
from diffcli.methods import at_once
from diffcli.methods.method import GaveUp
from diffcli.methods.second_order import (
    SECOND_METHODS,
    PreparedSecondDifferences,
    SecondSymbolicJob,
    gradient_program,
    hessian_vector_program,
)
from diffcli.studies.curvature.elements import judge_curvature
from diffcli.studies.curvature.judge import curvature
from diffcli.studies.curvature.pattern import coupled, members
from diffcli.studies.hessian import hessian
from diffcli.studies.running import executor_for
from diffcli.studies.study import Settings

QUICK = Settings(("finite", "forward-over-reverse", "reverse-over-reverse"), seconds=0)
ALL = Settings(tuple(SECOND_METHODS), seconds=0)
SWEEPS = Settings(("forward-over-reverse", "reverse-over-reverse"), seconds=0)
FORMULAS = (Path(__file__).parent / "data" / "formulas.jsonl").read_text(encoding="utf-8").splitlines()
ROSENBROCK = "(1 - x)^2 + 100*(y - x^2)^2"
ROSENBROCK_ARRAY = "sum(100*(x[1:] - x[:-1]^2)^2 + (1 - x[:-1])^2)"


def second(text: str, **point: float):
    """What the judge says of all second derivatives, by name."""
    graph = parse(text, bound=tuple(point)).graph
    pairs = [(a, b) for a in graph.inputs for b in graph.inputs if a <= b]
    values = [point[name] for name in graph.variables]
    return {found.slope.name: found.slope for found in curvature(graph, values, pairs)}


def deck_a(x1, x2):
    return [[-1 / x1**2, 1], [1, math.sin(x2)]]


def deck_b(x, z):
    """By hand from y = exp(xz) + xz/L + sin(L)/(xz) with L = ln x."""
    e, log = math.exp(x * z), math.log(x)
    s, c = math.sin(log), math.cos(log)
    xx = z * z * e + z / x * (2 / log**3 - 1 / log**2) + (s - 3 * c) / (z * x**3)
    xz = (1 + x * z) * e + 1 / log - 1 / log**2 + (s - c) / (x * x * z * z)
    return [[xx, xz], [xz, x * x * e + 2 * s / (x * z**3)]]


@pytest.mark.parametrize(
    ("text", "point", "truth"),
    [
        (ROSENBROCK, (-1.2, 1.0), [[2 - 400 + 1200 * 1.44, 480], [480, 200]]),
        ("ln(x1) + x1*x2 - sin(x2)", (2.0, 5.0), deck_a(2.0, 5.0)),
        ("exp(x*z) + x*z/ln(x) + sin(ln(x))/(x*z)", (2.0, 3.0), deck_b(2.0, 3.0)),
        ("x^2*y^3 + 7*x*y", (2.0, 3.0), [[54, 4 * 27 + 7], [4 * 27 + 7, 6 * 4 * 3]]),
    ],
)
def test_closed_forms(text, point, truth):
    record = hessian(parse(text).graph, point, settings=ALL)
    assert record.exit_code == 0
    assert list(record.matrices) == list(SECOND_METHODS)
    for method, rows in record.matrices.items():
        tolerance = 1e-6 if method == "finite" else 1e-13
        for row, expected in zip(rows, truth, strict=True):
            assert row == pytest.approx(expected, rel=tolerance, abs=tolerance)
        assert record.asymmetry(method) <= 1e-12 * record.scale


def test_quadratic_form_on_arrays():
    np = pytest.importorskip("numpy")
    a = np.array([[2.0, 1.0, 0.5], [0.0, 3.0, -1.0], [4.0, 0.25, 1.0]])
    graph = parse("x@A@x", bound=("x", "A"), shapes={"x": (3,), "A": (3, 3)}).graph
    x = np.array([1.0, -2.0, 0.5])
    point = [{"x": x, "A": a}[name] for name in graph.variables]
    wrt = [p for p in graph.inputs if graph.nodes[p].literal == "x"]
    record = hessian(graph, point, wrt, settings=ALL)
    assert record.exit_code == 0
    for method, rows in record.matrices.items():
        assert np.abs(np.array(rows) - (a + a.T)).max() < (1e-6 if method == "finite" else 1e-13)


def test_softmax_cross_entropy():
    """The Hessian of the cross-entropy by the logits is diag(p) − p pᵀ."""
    np = pytest.importorskip("numpy")
    graph = parse("-sum(y*ln(softmax(z)))", bound=("y", "z"), shapes={"y": (4,), "z": (4,)}).graph
    z, y = np.array([0.5, -1.0, 2.0, 0.25]), np.array([0.0, 0.0, 1.0, 0.0])
    point = [{"z": z, "y": y}[name] for name in graph.variables]
    wrt = [p for p in graph.inputs if graph.nodes[p].literal == "z"]
    p = np.exp(z) / np.exp(z).sum()
    record = hessian(graph, point, wrt, settings=QUICK)
    assert record.exit_code == 0
    for method, rows in record.matrices.items():
        assert np.abs(np.array(rows) - (np.diag(p) - np.outer(p, p))).max() < (1e-6 if method == "finite" else 1e-14)


@pytest.mark.parametrize("seed", range(12))
def test_judge_is_exact_on_random_polynomials(seed):
    generator = random.Random(seed)
    terms = [(generator.randrange(1, 9), generator.randrange(4), generator.randrange(4)) for _ in range(4)]
    text = " + ".join(f"{c}*x^{i}*y^{j}" for c, i, j in terms) + " + 0*x*y"
    x, y = generator.uniform(-2, 2), generator.uniform(-2, 2)
    found = second(text, x=x, y=y)
    fx, fy = Fraction(x), Fraction(y)

    def power(base, exponent):
        return base**exponent if exponent >= 0 else Fraction(0)

    exact = {
        "x²": sum(c * i * (i - 1) * power(fx, i - 2) * fy**j for c, i, j in terms),
        "x∂y": sum(c * i * power(fx, i - 1) * j * power(fy, j - 1) for c, i, j in terms),
        "y²": sum(c * fx**i * j * (j - 1) * power(fy, j - 2) for c, i, j in terms),
    }
    for name, value in exact.items():
        assert found[name].status == "smooth"
        assert abs(Fraction(found[name].value) - value) <= abs(value) / 10**45


@pytest.mark.parametrize(
    ("text", "point", "statuses"),
    [
        ("x*abs(x)", {"x": 0.0}, {"x²": "kink"}),
        ("max(x, 0)^2 + y", {"x": 0.0, "y": 1.0}, {"x²": "kink", "y²": "smooth"}),
        ("where(x > 1, x^2, 2*x - 1)", {"x": 1.0}, {"x²": "kink"}),
        ("x*y*abs(x*y)", {"x": 0.0, "y": 1.0}, {"x²": "kink", "y²": "smooth"}),
        ("abs(x)^3", {"x": 0.0}, {"x²": "smooth"}),
        ("x^1.5", {"x": 0.0}, {"x²": "infinite"}),
        ("x^2.5", {"x": 0.0}, {"x²": "one-sided"}),
        ("1/x", {"x": 1e-110}, {"x²": "overflow"}),
        ("ln(x)", {"x": 0.0}, {"x²": "undecided"}),
    ],
)
def test_judge_on_corners(text, point, statuses):
    found = second(text, **point)
    assert {name: found[name].status for name in statuses} == statuses


@pytest.mark.parametrize(
    ("text", "x", "truth"),
    [
        ("(1 - cos(x))/x^2", 1e-8, "-0.08333333333333333"),
        ("tanh(x)", 100.0, "-1.1071172213893900245"),
        ("ln(1 + exp(-x))", 50.0, "1.928749847963917783016"),
        ("x^4", 0.0, "0"),
    ],
)
def test_judge_on_treacherous_points(text, x, truth):
    assert second(text, x=x)["x²"].value.startswith(truth)


def test_cancellation_is_found():
    record = hessian(parse("(1 - cos(x))/x^2").graph, [1e-8], settings=QUICK)
    assert record.exit_code == 1
    assert {m.method: m.status for m in record.study.outputs[0].methods} == dict.fromkeys(QUICK.methods, "off")


def test_a_kink_of_the_function_has_no_second_derivative():
    record = hessian(parse("abs(x) + x*y").graph, [0.0, 1.0], settings=QUICK)
    assert record.exit_code == 3
    assert "kink" in record.study.outputs[0].problem.message


def test_a_kink_of_the_slope_is_placed_in_the_text():
    text = "y + x*abs(x)"
    record = hessian(parse(text).graph, [1.0, 0.0], settings=QUICK)
    problem = record.study.outputs[0].problem
    assert record.exit_code == 3
    assert text[problem.start : problem.end] == "abs(x)"
    assert "−2 on one side, 2 on the other" in problem.details


def test_pattern_of_coupled_inputs():
    graph = parse("a*b + sin(c)*d + p/q + g").graph
    rows = coupled(graph, graph.inputs)
    names = graph.variables
    found = {names[k]: {names[m] for m in members(row)} for k, row in enumerate(rows)}
    assert found == {"a": {"b"}, "b": {"a"}, "c": {"c", "d"}, "d": {"c"}, "p": {"q"}, "q": {"p", "q"}, "g": set()}


@pytest.mark.parametrize("seed", range(8))
def test_what_is_not_coupled_is_zero(seed):
    generator = random.Random(seed)
    names = "abcd"
    parts = [f"{generator.choice(['sin', 'exp', ''])}({'*'.join(generator.sample(names, 2))})" for _ in range(3)]
    text = " + ".join([*parts, *names])
    graph = parse(text, bound=tuple(names)).graph
    point = [generator.uniform(-1, 1) for _ in graph.inputs]
    rows = coupled(graph, graph.inputs)
    record = hessian(graph, point, settings=Settings(("forward-over-reverse",), seconds=0))
    matrix = record.matrices["forward-over-reverse"]
    for i, row in enumerate(rows):
        for j in range(len(names)):
            assert row >> j & 1 or matrix[i][j] == 0
    assert record.exit_code == 0


@pytest.mark.parametrize("line", FORMULAS, ids=lambda line: json.loads(line)["name"])
def test_formulas_of_the_collection(line):
    """The judge decides every second derivative, and both sweeps over the gradient agree with it."""
    case = json.loads(line)
    graph = parse(case["expr"], bound=tuple(case["point"])).graph
    record = hessian(graph, [float(case["point"][name]) for name in graph.variables], settings=SWEEPS)
    assert record.exit_code == 0


def test_sweeps_and_evaluations_are_counted():
    record = hessian(parse("x^2*y*z + sin(z)").graph, [1.0, 2.0, 3.0], settings=QUICK)
    costs = {m.method: m.cost for m in record.study.outputs[0].methods}
    assert costs["finite"].function_evaluations == 3 * 4 + 3 * 2 + 1
    assert (costs["forward-over-reverse"].sweeps, costs["reverse-over-reverse"].sweeps) == (3, 3)
    assert all(way.at_once.sweeps == 1 for way in record.sweeps)
    assert all(way.largest_difference == 0 for way in record.sweeps)


def rosenbrock_point(n):
    np = pytest.importorskip("numpy")
    graph = parse(ROSENBROCK_ARRAY, bound=("x",), shapes={"x": (n,)}).graph
    return np, graph, np.linspace(-1.0, 1.2, n)


def rosenbrock_hessian(np, x):
    matrix = np.zeros((len(x), len(x)))
    for k in range(len(x) - 1):
        matrix[k, k] += 1200 * x[k] ** 2 - 400 * x[k + 1] + 2
        matrix[k, k + 1] = matrix[k + 1, k] = -400 * x[k]
        matrix[k + 1, k + 1] += 200
    return matrix


@pytest.mark.parametrize("n", [2, 7])
def test_rosenbrock_on_arrays(n):
    np, graph, x = rosenbrock_point(n)
    record = hessian(graph, [x], settings=ALL)
    assert record.exit_code == 0
    truth = rosenbrock_hessian(np, x)
    for method, rows in record.matrices.items():
        assert np.abs(np.array(rows) - truth).max() <= (1e-5 if method == "finite" else 1e-12) * np.abs(truth).max()
    assert record.judged.coupled == n + n - 1


def test_rosenbrock_in_many_variables_in_blocks():
    np, graph, x = rosenbrock_point(400)
    gradient = gradient_program(graph, graph.inputs)
    prepared = at_once.at_once("forward", gradient, gradient.inputs, executor_for(graph, [x]).compiler)
    rows = np.array(prepared([x]).rows)
    assert np.abs(rows - rosenbrock_hessian(np, x)).max() < 1e-9
    judged = judge_curvature(graph, [x], graph.inputs, None, 50)
    assert "sample" in judged.notes[0]
    for (i, j), slope in judged.entries.items():
        assert slope.status == "smooth"
        assert rows[i, j] == pytest.approx(float(slope.value), rel=1e-12)


def test_product_with_a_direction_costs_one_sweep():
    np, graph, x = rosenbrock_point(50)
    v = np.cos(np.arange(50.0))
    program = hessian_vector_program(graph, graph.inputs)
    _, product = executor_for(graph, [x]).compiler(program, "sweep")([x, v])
    assert np.abs(product - rosenbrock_hessian(np, x) @ v).max() < 1e-10
    assert program.operations <= 6 * graph.operations


def test_symbolic_gives_up_with_a_reason():
    np, graph, _ = rosenbrock_point(60)
    with pytest.raises(GaveUp, match="3600 second derivatives are too many"):
        SecondSymbolicJob(graph, graph.inputs, 3.0).result()
    assert np


def test_differences_give_up_with_a_reason():
    _, graph, x = rosenbrock_point(200)
    with pytest.raises(GaveUp, match="80400 evaluations"):
        PreparedSecondDifferences(graph, graph.inputs, None, executor_for(graph, [x]).compiler)


def test_differences_near_an_edge_take_smaller_steps():
    graph = parse("x*ln(x)").graph
    x = 1e-5
    found = PreparedSecondDifferences(graph, graph.inputs, None, executor_for(graph, [x]).compiler)([x]).rows[0][0]
    assert found == pytest.approx(1 / x, rel=0.2)


def test_limits_and_several_outputs():
    with pytest.raises(UsageError, match="2 \\(y1 and y2\\)"):
        hessian(parse("x; x^2").graph, [1.0])
    np = pytest.importorskip("numpy")
    graph = parse("sum(x^2)", bound=("x",), shapes={"x": (3000,)}).graph
    with pytest.raises(LimitError, match="3000×3000"):
        hessian(graph, [np.ones(3000)])
    graph = parse("x^2", bound=("x",), shapes={"x": (3,)}).graph
    with pytest.raises(UsageError, match="array"):
        hessian(graph, [np.ones(3)])


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["hessian", ROSENBROCK, "--at", "x=-1.2,y=1"], 0),
        (["hessian", ROSENBROCK, "--at", "x=-1.2,y=1", "--wrt", "y"], 0),
        (["hessian", ROSENBROCK, "--at", "x=-1.2,y=1", "--direction", "x=1"], 0),
        (["hessian", "(1-cos(x))/x^2", "--at", "x=1e-8"], 1),
        (["hessian", "x*abs(x)", "--at", "x=0"], 3),
        (["hessian", "x*abs(x)", "--at", "x=0", "--direction", "x=1"], 3),
        (["hessian", "x; y", "--at", "x=1,y=1"], 2),
        (["hessian", ROSENBROCK], 2),
        (["hessian", ROSENBROCK, "--at", "x=1,y=1", "--direction", "z=1"], 2),
        (["hessian", ROSENBROCK, "--at", "x=1,y=1", "--methods", "magic"], 2),
        (["hessian", ROSENBROCK, "--at", "x=1,y=1", "--h", "-1"], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_exit_codes(words, code, command):
    methods = [] if "--methods" in words else ["--methods", "finite,forward,reverse"]
    found, out, err = command(*words, *methods)
    assert found == code
    assert "internal" not in err
    assert (out or err).strip()


def test_json(command):
    words = ["hessian", ROSENBROCK, "--at", "x=-1.2,y=1", "-m", "forward,reverse", "--format", "json"]
    code, out, _ = command(*words)
    found = json.loads(out)
    assert (code, found["schema"], found["command"]) == (0, "diffcli/1", "hessian")
    assert found["elements"] == ["x", "y"]
    assert found["hessian"]["forward-over-reverse"][0] == pytest.approx([1330, 480])
    assert found["reference"]["entries"][2] == {"row": "y", "column": "y", "value": "200", "status": "smooth"}
    assert found["methods"]["reverse-over-reverse"]["cost"]["sweeps"] == 2
    assert found["methods"]["reverse-over-reverse"]["asymmetry"] == 0
    assert found["hessian_vector_product"]["operations"] > 0


@pytest.mark.parametrize(
    ("form", "piece"), [("latex", r"\begin{pmatrix}"), ("markdown", "| x |"), ("csv", "x,y,finite,")]
)
def test_formats(form, piece, command):
    words = ["hessian", ROSENBROCK, "--at", "x=-1.2,y=1", "-m", "finite,forward", "--format", form]
    code, out, _ = command(*words)
    assert code == 0
    assert piece in out


def test_ascii(command):
    code, out, _ = command("hessian", "x^2*y", "--at", "x=2,y=1", "-m", "forward", "--ascii")
    assert code == 0
    assert out.isascii()
