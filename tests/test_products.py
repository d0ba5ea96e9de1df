"""Products with Jacobian and Hessian: one sweep each, against the whole matrices and against the judge."""

import json
import math
import random
import subprocess
import sys
from dataclasses import replace

import pytest

from diffcli.cli.seeds import SeedError, read_seeds
from diffcli.language import parse
from diffcli.language.limits import DEFAULT
from diffcli.methods.products import along, cotangent_sweep, tangent_sweep, weighted
from diffcli.methods.registry import prepare
from diffcli.render.document import Options
from diffcli.render.registry import render
from diffcli.studies.hessian import hessian
from diffcli.studies.products.hessian import hvp
from diffcli.studies.products.jacobian import jvp, vjp
from diffcli.studies.running import executor_for
from diffcli.studies.study import Settings

POLAR = "r*cos(t); r*sin(t)"
QUICK = Settings(("finite", "forward", "reverse"), seconds=0)
SECOND = Settings(("finite", "forward-over-reverse", "reverse-over-reverse"), seconds=0)
TEXTS = [
    (POLAR, [2.0, 0.5]),
    ("a = x*y; sin(a)*z; a^2 + exp(z); x - y; ln(x + 2)", [0.5, -0.25, 1.5]),
    ("x^3*y + where(x > 0, y^2, z); tanh(x*z)", [1.0, 0.5, 0.25]),
]


def vectors(count, seed):
    generator = random.Random(seed)
    return [generator.uniform(-1, 1) for _ in range(count)]


@pytest.mark.parametrize(("text", "point"), TEXTS)
def test_sweeps_are_products_with_the_whole_matrix(text, point):
    graph = parse(text).graph
    compiler = executor_for(graph, point).compiler
    matrix = prepare("reverse", graph, graph.inputs, compiler)(point).rows
    outputs = len(graph.outputs)
    v, w = vectors(len(point), 1), vectors(outputs, 2)
    tangent = compiler(tangent_sweep(graph, graph.inputs), "sweep")([*point, *v])
    assert tangent[:outputs] == compiler(graph, "evaluation")(point)
    for found, row in zip(tangent[outputs:], matrix, strict=True):
        assert found == pytest.approx(
            math.sumprod(row, v) if hasattr(math, "sumprod") else sum(map(float.__mul__, row, v))
        )
    cotangent = compiler(cotangent_sweep(graph, graph.inputs), "sweep")([*point, *w])
    for found, column in zip(cotangent[outputs:], zip(*matrix, strict=True), strict=True):
        assert found == pytest.approx(sum(map(float.__mul__, column, w)))


@pytest.mark.parametrize(("text", "point"), TEXTS)
def test_all_methods_agree_with_the_judge(text, point):
    graph = parse(text).graph
    forward = jvp(graph, point, graph.inputs, vectors(len(point), 1), settings=QUICK)
    reverse = vjp(graph, point, graph.inputs, vectors(len(graph.outputs), 2), settings=QUICK)
    assert (forward.exit_code, reverse.exit_code) == (0, 0)


def test_symbolic_products():
    graph = parse(POLAR).graph
    settings = Settings(("symbolic",), seconds=0)
    assert jvp(graph, [2.0, 0.5], graph.inputs, [1.0, 1.0], settings=settings).exit_code == 0
    assert vjp(graph, [2.0, 0.5], graph.inputs, [1.0, 1.0], settings=settings).exit_code == 0
    graph = parse("x^2*y^3").graph
    assert hvp(graph, [2.0, 0.5], graph.inputs, [1.0, 1.0], settings=settings).exit_code == 0


def test_polar_columns_and_rows():
    graph, r, t = parse(POLAR).graph, 2.0, 0.5
    column = jvp(graph, [r, t], graph.inputs, [0.0, 1.0], settings=QUICK)
    assert [c.value for c in column.cells(1)] == pytest.approx([-r * math.sin(t), r * math.cos(t)], rel=1e-15)
    row = vjp(graph, [r, t], graph.inputs, [0.0, 1.0], settings=QUICK)
    assert [c.value for c in row.cells(2)] == pytest.approx([math.sin(t), r * math.cos(t)], rel=1e-15)
    assert column.study.outputs[0].methods[1].cost.sweeps == 1
    assert row.study.outputs[0].methods[2].cost.sweeps == 1
    assert row.study.outputs[0].methods[1].cost.sweeps == 2


def test_hessian_vector_product_is_the_hessian_times_the_vector():
    graph = parse("exp(x*z) + x*z/ln(x) + sin(ln(x))/(x*z)").graph
    point, v = [2.0, 3.0], [0.75, -1.25]
    matrix = hessian(graph, point, settings=SECOND).matrices["forward-over-reverse"]
    record = hvp(graph, point, graph.inputs, v, settings=SECOND)
    assert record.exit_code == 0
    expected = [sum(map(float.__mul__, row, v)) for row in matrix]
    for index, method in enumerate(SECOND.methods):
        assert [c.value for c in record.cells(index)] == pytest.approx(
            expected, rel=1e-5 if method == "finite" else 1e-13
        )
        assert record.study.outputs[0].methods[index].cost.sweeps == (0 if method == "finite" else 1)


@pytest.mark.parametrize("size", [1e-9, 1.0, 1e12])
def test_differences_along_short_and_long_directions(size):
    graph = parse("sin(x)*y").graph
    record = jvp(graph, [1.0, 2.0], graph.inputs, [size, size], settings=Settings(("finite",), seconds=0))
    assert record.exit_code == 0
    assert record.cells(0)[0].value == pytest.approx(size * (2 * math.cos(1.0) + math.sin(1.0)), rel=1e-8)


def test_a_kink_counts_only_along_the_direction():
    graph = parse("abs(x)*y").graph
    assert jvp(graph, [0.0, 2.0], graph.inputs, [1.0, 0.0], settings=QUICK).exit_code == 3
    assert jvp(graph, [0.0, 2.0], graph.inputs, [0.0, 1.0], settings=QUICK).exit_code == 0


def test_a_wrong_rule_is_found(monkeypatch):
    """The judge of J·ẋ does not use the tangent program: a wrong one is off."""
    from diffcli.studies.products import jacobian

    graph = parse("sin(x)").graph
    wrong = replace(tangent_sweep(parse("cos(x)").graph, graph.inputs), output_names=("y", "y_dot"))
    monkeypatch.setattr(jacobian, "tangent_sweep", lambda *_: wrong)
    record = jvp(graph, [1.0], graph.inputs, [1.0], settings=Settings(("forward",), seconds=0))
    assert record.exit_code == 1


def test_arrays():
    np = pytest.importorskip("numpy")
    graph = parse("tanh(W@x); sum(x^2)", bound=("W", "x"), shapes={"W": (2, 3), "x": (3,)}).graph
    values = {"W": np.arange(6.0).reshape(2, 3) / 10, "x": np.array([0.5, -1.0, 0.25])}
    point = [values[name] for name in graph.variables]
    tangents = [np.cos(value) for value in point]
    record = jvp(graph, point, graph.inputs, tangents, settings=QUICK)
    assert record.exit_code == 0
    move = dict(zip(graph.variables, tangents, strict=True))
    z = values["W"] @ values["x"]
    truth = (1 - np.tanh(z) ** 2) * (move["W"] @ values["x"] + values["W"] @ move["x"])
    assert [c.value for c in record.cells(1)] == pytest.approx([*truth, 2 * values["x"] @ move["x"]], rel=1e-14)
    back = vjp(graph, point, graph.inputs, [np.array([1.0, -2.0]), 0.5], settings=QUICK)
    assert back.exit_code == 0
    delta = np.array([1.0, -2.0]) * (1 - np.tanh(z) ** 2)
    product = back.to_dict()["product"]["reverse"]
    assert np.abs(np.array(product["W"]) - np.outer(delta, values["x"])).max() < 1e-15
    assert np.abs(np.array(product["x"]) - (values["W"].T @ delta + values["x"])).max() < 1e-15


def test_programs_of_the_judge():
    graph = parse(POLAR).graph
    compiler = executor_for(graph, [1.0, 1.0]).compiler
    line = compiler(along(graph, graph.inputs), "evaluation")([2.0, 0.5, 1.0, 2.0, 0.25])
    assert line == pytest.approx(compiler(graph, "evaluation")([2.25, 1.0]))
    total = compiler(weighted(graph), "evaluation")([2.0, 0.5, 3.0, -1.0])
    assert total == pytest.approx([3 * 2 * math.cos(0.5) - 2 * math.sin(0.5)])


def test_seeds_of_numbers():
    like = {"x": 2.0, "y": 3.0}
    assert read_seeds("--tangent", [], like, DEFAULT) == [1.0, 1.0]
    assert read_seeds("--tangent", ["y=pi/2"], like, DEFAULT) == [0.0, math.pi / 2]


def test_seeds_of_arrays():
    np = pytest.importorskip("numpy")
    like = {"W": np.zeros((2, 2)), "b": np.zeros(2, dtype="float32")}
    given = read_seeds("--tangent", ["W=[[1,2],[3,4]]"], like, DEFAULT)
    assert given[0].tolist() == [[1, 2], [3, 4]]
    assert (given[1].tolist(), given[1].dtype) == ([0, 0], np.float32)
    with pytest.raises(SeedError, match="an array of shape 2 for W, which is an array of shape 2×2"):
        read_seeds("--tangent", ["W=[1,2]"], like, DEFAULT)
    with pytest.raises(SeedError, match="a number for b, which is an array of shape 2"):
        read_seeds("--tangent", ["b=1"], like, DEFAULT)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["jvp", POLAR, "--at", "r=2,t=0.5"], 0),
        (["jvp", POLAR, "--at", "r=2,t=0.5", "--tangent", "r=1"], 0),
        (["vjp", POLAR, "--at", "r=2,t=0.5", "--cotangent", "y2=1"], 0),
        (["jvp", "(1-cos(x))/x^2", "--at", "x=1e-8"], 1),
        (["vjp", "abs(x)", "--at", "x=0"], 3),
        (["jvp", POLAR, "--at", "r=2,t=0.5", "--tangent", "q=1"], 2),
        (["vjp", POLAR, "--at", "r=2,t=0.5", "--cotangent", "r=1"], 2),
        (["vjp", POLAR, "--at", "r=2,t=0.5", "--cotangent", "y1=1,y1=2"], 2),
        (["vjp", POLAR, "--at", "r=2,t=0.5", "--cotangent", "y1=[1,2]"], 2),
        (["jvp", POLAR], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_exit_codes(words, code, command):
    found, out, err = command(*words, "--methods", "finite,forward,reverse")
    assert found == code
    assert "internal" not in err
    assert (out or err).strip()


@pytest.mark.parametrize(("name", "option"), [("jvp", "--tangent"), ("vjp", "--cotangent")])
def test_the_corrected_command_works(name, option, command):
    code, _, err = command(name, POLAR, "--at", "r=2,t=0.5", option, "q=1", "-m", "forward,reverse")
    assert code == 2
    words = err.partition("try: diffcli ")[2]
    assert option in words
    import shlex

    assert command(*shlex.split(words))[0] == 0


@pytest.mark.parametrize(
    ("words", "key", "expected"),
    [
        (["jvp", POLAR, "--at", "r=2,t=0.5", "--tangent", "r=1"], "y1", math.cos(0.5)),
        (["vjp", POLAR, "--at", "r=2,t=0.5", "--cotangent", "y2=1"], "r", math.sin(0.5)),
    ],
)
def test_json(words, key, expected, command):
    code, out, _ = command(*words, "-m", "forward,reverse", "--format", "json")
    found = json.loads(out)
    assert (code, found["command"], found["variables"]) == (0, words[0], ["r", "t"])
    assert found["product"]["forward"][key] == pytest.approx(expected, rel=1e-15)
    assert float(found["reference"]["product"][key]) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("form", ["latex", "markdown", "csv"])
@pytest.mark.parametrize("name", ["jvp", "vjp"])
def test_formats(name, form, command):
    code, out, _ = command(name, POLAR, "--at", "r=2,t=0.5", "-m", "forward,reverse", "--format", form)
    assert code == 0
    assert ("0.0812" if name == "jvp" else "1.357") in out


@pytest.fixture
def large(tmp_path, monkeypatch):
    """A matrix of 90×60 numbers in a file; and the words that name it."""
    np = pytest.importorskip("numpy")
    monkeypatch.chdir(tmp_path)
    np.save("W.npy", np.cos(np.arange(5400.0)).reshape(90, 60))
    return ["--at", "W=@W.npy"]


@pytest.mark.parametrize(
    ("words", "label", "last"),
    [
        (
            ["vjp", "s = sum(W, axis=1)", "--cotangent", "s=[" + ",".join(["1"] * 90) + "]", "-m", "reverse"],
            "W̄",
            "W[89,59]",
        ),
        (["jvp", "Y = W*2", "--tangent", "W=@W.npy", "-m", "forward"], "Y\u0307", "Y[89,59]"),
        (["hessian", "sum(W^2)", "--direction", "W=@W.npy", "-m", "forward-over-reverse"], "(H·v) W", "W[89,59]"),
    ],
)
def test_large_arrays_are_described(words, label, last, large, command):
    _, out, _ = command(*words, *large)
    lines = out.splitlines()
    assert len(lines) < 150
    start = next(k for k, line in enumerate(lines) if label in line.split("judge")[0] and "judge" in line)
    assert lines[start + 1].split()[0] == "90×60"
    assert "from " in lines[start + 1]
    assert command(*words, *large, "--format", "csv")[1].count("\n") == 1 + 2 * 5400
    assert last in command(*words, *large, "--format", "json")[1]


def test_a_large_value_is_described_on_a_screen():
    np = pytest.importorskip("numpy")
    graph = parse("W*2; sum(W)", bound=("W",), shapes={"W": (4, 5)}).graph
    record = jvp(graph, [np.ones((4, 5))], graph.inputs, [np.full((4, 5), 0.5)], settings=QUICK)
    shown = render(record, "rich", Options(width=80))
    assert "y1 = (4×5, from 2 to 2, norm 8.94)" in shown
    assert [line.split() for line in shown.splitlines() if "judge " in line] == [
        ["y\u03071", "judge", "from", "1", "to", "1", "50", "agree"],
        ["y\u03072", "judge", "10", "50", "agree"],
    ]
    assert "y\u03071[3,4]" in render(record, "rich", Options())


PROBE = """
import sys
from diffcli.cli.main import run
codes = [run([*words.split("|"), "--at", "r=2,t=0.5", "-m", "finite,forward,reverse"]) for words in sys.argv[1:]]
print(*codes, *sorted({"sympy", "numpy"} & set(sys.modules)), file=sys.stderr)
"""


def test_numbers_need_no_array_library():
    commands = [f"jvp|{POLAR}", f"vjp|{POLAR}", f"jacobian|{POLAR}", "hessian|r*t^2", "hessian|r*t|--direction|r=1"]
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *commands], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr.split() == ["0"] * len(commands)
