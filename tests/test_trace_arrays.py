"""Traces of programs on arrays: the lectures' networks, as arrays and with every element a node (decks 001 and 004)."""

import json
import math
import re

import numpy as np
import pytest
from render_records import EXAMPLE_E, POINT_E, array_graph, array_trace

from diffcli.errors import LimitError
from diffcli.execute.array_library import library_of
from diffcli.execute.arrays import ArrayArithmetic
from diffcli.execute.interpreter import outputs
from diffcli.graph.text import latex_name
from diffcli.language.limits import Limits
from diffcli.studies.scalars import in_scalars
from diffcli.studies.trace import trace

H = 5.2055014039096574
P0 = 1 / (1 + math.exp(5.2))
"""The softmax of (-0.9, 4.3) in closed form."""
P_MINUS_Y = np.array([P0 - 1, 1 - P0])
GRADIENT_E = {"W": np.outer(P_MINUS_Y, [1, 2]), "x": np.array([[1, 0.5], [-1, 2]]) @ P_MINUS_Y, "b": P_MINUS_Y}

PERCEPTRON = (
    "z1 = W1 @ x + b1; a = sigmoid(z1); z2 = W2 @ a + b2; o = sigmoid(z2); L = -sum(t*ln(o) + (1 - t)*ln(1 - o))"
)
POINT_G = {
    "W1": [[0.1, 0.2], [-0.3, 0.4]], "x": [1.0, 0.5], "b1": [0.05, -0.05], "W2": [[0.7, -0.6]], "b2": [0.1], "t": [1.0],
}  # fmt: skip
DELTA_2, DELTA_3 = [-0.076879855525633923, 0.066556948512238478], [-0.44621355894749071]
"""The recursion of deck 001, with 30 digits: δ3 = o − t, δ2 = a(1−a)·Θ2ᵀδ3."""
GRADIENT_G = {
    "W1": [[-0.076879855525633923, -0.038439927762816961], [0.066556948512238478, 0.033278474256119239]],
    "b1": DELTA_2,
    "W2": [[-0.25085077721689914, -0.20640507497205671]],
    "b2": DELTA_3,
}

PROGRAMS = {
    "classifier": (EXAMPLE_E, POINT_E),
    "perceptron": (PERCEPTRON, POINT_G),
    "broadcast": ("m = A*r + c*k; s = exp(-m); w = sum(s*s)", {"A": [[1, 2, 3], [4, 5, 6]], "r": [0.1, 0.2, 0.3],
                  "c": [[0.5], [0.25]], "k": 0.7}),
    "reductions": ("m = max(A, axis=0); n = norm(A, axis=1); l = logsumexp(m); w = l*sum(n)*mean(A)",
                   {"A": [[1, -2, 3], [4, 5, -6.5]]}),
    "products": ("q = x @ A @ x; r = outer(x, x)*A; w = q + sum(r @ x)", {"A": [[2, 1], [0.5, 3]], "x": [0.3, -0.7]}),
    "linear algebra": ("m = inv(A); u = m @ x; w = sum(u*u)", {"A": [[2, 1], [0.5, 3]], "x": [0.3, -0.7]}),
    "array output": ("u = tanh(A @ x); w = u/norm(u)", {"A": [[2, 1], [0.5, 3]], "x": [0.3, -0.7]}),
    "parts": ("u = x[1:]*x[0]; w = sum(u^2)", {"x": [0.3, -0.7, 2]}),
    "branches": ("u = where(x > 0, sqrt(abs(x)), -x); w = sum(u*relu(x))", {"x": [0.3, -0.7, 2]}),
}  # fmt: skip


@pytest.fixture(scope="module")
def example_e():
    return array_trace(EXAMPLE_E, POINT_E, wrt="Wxb")


def last(rows):
    """The final value of each name."""
    return {row.name: row.value for row in rows}


def gradients(record):
    return dict(zip("Wxb", (row.value for row in record.gradient[0]), strict=True))


def test_example_e_primal(example_e):
    assert [(r.name, r.operation, r.value.shape) for r in example_e.inputs] == [
        ("W", "W", (2, 2)), ("x", "x", (2,)), ("b", "b", (2,)), ("y", "y", (2,)),
    ]  # fmt: skip
    assert [(r.name, r.operation) for r in example_e.primal] == [
        ("v1", "W @ x"), ("z", "v1 + b"), ("p", "softmax(z)"), ("v4", "ln p"), ("v5", "y ⊙ v4"), ("v6", "sum(v5)"),
        ("H", "−v6"),
    ]  # fmt: skip
    found = last(example_e.primal)
    np.testing.assert_allclose(found["z"], [-0.9, 4.3], rtol=1e-15)
    np.testing.assert_allclose(found["p"], [P0, 1 - P0], rtol=1e-14)
    assert found["H"] == pytest.approx(H, rel=1e-15)
    assert isinstance(found["H"], float)


def test_example_e_adjoint(example_e):
    assert [(r.name, r.operation) for r in example_e.adjoint[0]] == [
        ("H̄", "1"), ("v̄6", "H̄ · (−1)"), ("v̄5", "v̄6 · ones(2)"), ("v̄4", "v̄5 ⊙ y"), ("p̄", "v̄4 / p"),
        ("z̄", "p ⊙ (p̄ − sum(p̄ ⊙ p))"), ("v̄1", "z̄ · 1"), ("b̄", "z̄ · 1"), ("W̄", "outer(v̄1, x)"),
        ("x̄", "Wᵀ @ v̄1"),
    ]  # fmt: skip
    np.testing.assert_allclose(last(example_e.adjoint[0])["z̄"], P_MINUS_Y, rtol=1e-14)
    for name, value in gradients(example_e).items():
        np.testing.assert_allclose(value, GRADIENT_E[name], rtol=1e-14)


def test_an_adjoint_that_stands_for_its_copies_is_shown_in_full(example_e):
    row = example_e.adjoint[0][2]
    assert row.name == "v̄5"
    assert row.value.tolist() == [-1.0, -1.0]


def test_example_e_in_latex_and_ascii():
    latex = array_trace(EXAMPLE_E, POINT_E, wrt="Wxb", style="latex").adjoint[0]
    assert latex[8].operation == r"\bar{v}_{1} \, {x}^{T}"
    assert latex[9].operation == r"{W}^{T} \, \bar{v}_{1}"
    record = array_trace(EXAMPLE_E, POINT_E, wrt="Wxb", style="ascii")
    assert record.adjoint[0][9].operation == "W.T @ v1_bar"
    rows = (*record.primal, *record.adjoint[0], *record.gradient[0], *record.tangent["ones"])
    assert all(text.isascii() for row in rows for text in (row.name, row.operation))


def test_example_e_in_scalars():
    graph, point = array_graph(EXAMPLE_E, POINT_E)
    record = trace(*in_scalars(graph, point, graph.inputs), tangent=False, written=graph)
    assert [row.name for row in record.inputs] == [
        "W[0,0]", "W[0,1]", "W[1,0]", "W[1,1]", "x[0]", "x[1]", "b[0]", "b[1]", "y[0]", "y[1]",
    ]  # fmt: skip
    assert record.expression == "z = W @ x + b; p = softmax(z); H = -sum(y*ln(p))"
    assert (record.primal[0].name, record.primal[0].operation) == ("v1", "W[0,0] × x[0]")
    names = last(record.primal)
    assert names["H"] == pytest.approx(H, rel=1e-14)
    assert [names["p[0]"], names["p[1]"]] == pytest.approx([P0, 1 - P0], rel=1e-14)
    found = last(record.gradient[0])
    expected = [*GRADIENT_E["W"].ravel(), *GRADIENT_E["x"], *GRADIENT_E["b"]]
    shown = [found[name] for name in ("W̄[0,0]", "W̄[0,1]", "W̄[1,0]", "W̄[1,1]", "x̄[0]", "x̄[1]", "b̄[0]", "b̄[1]")]
    assert shown == pytest.approx(expected, rel=1e-14)


def test_scalars_have_a_limit():
    graph, point = array_graph("sum(A @ x)", {"A": np.ones((40, 40)), "x": np.ones(40)})
    with pytest.raises(LimitError, match="the limit is 2000") as caught:
        in_scalars(graph, point, graph.inputs)
    assert caught.value.hint.endswith("--limit rows=3200")
    assert len(in_scalars(graph, point, graph.inputs, Limits(rows=3200)).point) == 1640


def test_elements_in_latex():
    assert latex_name("W[0,1]", r"\bar") == r"\bar{W}_{0,1}"
    assert latex_name("x1[2]") == r"{x_{1}}_{2}"


def test_perceptron_has_the_deltas_of_the_lectures():
    record = array_trace(PERCEPTRON, POINT_G)
    values = last(record.primal)
    np.testing.assert_allclose(values["z1"], [0.25, -0.15], rtol=1e-15)
    np.testing.assert_allclose(values["a"], [0.56217650088579811, 0.46257015465625045], rtol=1e-14)
    np.testing.assert_allclose(values["o"], [0.55378644105250929], rtol=1e-14)
    assert values["L"] == pytest.approx(0.59097615201825948, rel=1e-14)
    adjoints = last(record.adjoint[0])
    np.testing.assert_allclose(adjoints["z̄1"], DELTA_2, rtol=1e-14)
    np.testing.assert_allclose(adjoints["z̄2"], DELTA_3, rtol=1e-14)
    for name, value in GRADIENT_G.items():
        np.testing.assert_allclose(adjoints[name[0] + "\u0304" + name[1]], value, rtol=1e-14)


def test_example_d_at_two_points_at_once():
    text = "h1 = sin(x); h2 = x^2; h3 = exp(x); g1 = h1*h2; g2 = h2 + h3; w = g1*g2"
    record = array_trace(text, {"x": [1.0, 1.0]})
    np.testing.assert_allclose(record.values[0], [3.1288262719867390] * 2, rtol=1e-15)
    np.testing.assert_allclose(record.gradient[0][0].value, [12.236946046552138] * 2, rtol=1e-15)
    assert [row.accumulated for row in record.adjoint[0] if row.name == "h̄2"] == [False, True]
    assert [note for note in record.notes if "sum of the elements of w" in note]


@pytest.mark.parametrize("name", PROGRAMS)
def test_arrays_and_scalars_have_the_same_gradient(name):
    graph, point = array_graph(*PROGRAMS[name])
    arrays = trace(graph, point, tangent=False)
    numbers = trace(*in_scalars(graph, point, graph.inputs), tangent=False)
    whole = np.concatenate([np.ravel(row.value) for row in arrays.gradient[0]])
    parts = np.sum([[row.value for row in found] for found in numbers.gradient], axis=0)
    np.testing.assert_allclose(whole, parts, rtol=1e-12, atol=1e-14)
    assert np.abs(whole).max() > 0.01


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_tangent_along_ones_is_the_sum_of_the_gradient(name):
    graph, point = array_graph(*PROGRAMS[name])
    record = trace(graph, point, tangents=[np.ones(np.shape(value)) if np.shape(value) else 1.0 for value in point])
    final = last(record.tangent["given"])[record.tangent_outputs[0][1]]
    total = sum(np.sum(row.value) for row in record.gradient[0])
    assert np.sum(final) == pytest.approx(total, rel=1e-12)


@pytest.mark.parametrize("name", [name for name in PROGRAMS if name not in ("parts", "branches")])
@pytest.mark.parametrize("mode", ["primal", "adjoint", "tangent"])
def test_what_a_row_says_gives_its_value(name, mode):
    """Every row is read by diffcli's own language with the values of the rows before it."""
    graph, point = array_graph(*PROGRAMS[name])
    record = trace(graph, point, style="ascii")
    known = {row.name: row.value for row in record.inputs}
    if mode != "primal":
        known |= {row.name: row.value for row in record.primal}
    if mode == "tangent":
        starts = next(iter(record.sweeps)).tangents
        known |= dict(zip((node for node, _ in record.seeds), starts, strict=True))
    rows = {"primal": record.primal, "adjoint": record.adjoint[0], "tangent": next(iter(record.tangent.values()))}[mode]
    for row in rows:
        known[row.name] = checked(row, known)


def checked(row, known):
    """The value of a row, once its text has been found to give it."""
    if not re.fullmatch(r"1|0|ones\(.*\)", row.operation):
        text = re.sub(r"\bones\([\dx]+\)", "one", row.operation)
        known = {**known, "one": np.ones(np.shape(row.value)) if "ones(" in row.operation else 0.0}
        used = {name: value for name, value in known.items() if re.search(rf"(?<!\w){name}(?!\w)", text)}
        graph, point = array_graph(text, used)
        (value,) = outputs(graph, ArrayArithmetic(library_of(point)), point)
        np.testing.assert_allclose(np.broadcast_to(value, np.shape(row.value)), row.value, rtol=1e-12, atol=1e-15)
    return row.value


def test_few_elements_have_a_sweep_each():
    record = array_trace(EXAMPLE_E, POINT_E, wrt="xb")
    assert [(sweep.name, sweep.title) for sweep in record.sweeps] == [
        ("x[0]", "ẋ[0] = 1"), ("x[1]", "ẋ[1] = 1"), ("b[0]", "ḃ[0] = 1"), ("b[1]", "ḃ[1] = 1"),
    ]  # fmt: skip
    found = [last(record.tangent[sweep.name])["Ḣ"] for sweep in record.sweeps]
    assert found == pytest.approx([*GRADIENT_E["x"], *P_MINUS_Y], rel=1e-13)
    assert [value.tolist() for value in record.sweeps[1].tangents] == [[[0, 0], [0, 0]], [0, 1], [0, 0], [0, 0]]


def test_many_elements_have_one_sweep():
    record = array_trace(EXAMPLE_E, POINT_E, wrt="Wxb")
    assert [(sweep.name, sweep.title) for sweep in record.sweeps] == [("ones", "Ẇ = 1, ẋ = 1, ḃ = 1")]
    assert [(r.name, r.operation) for r in record.tangent["ones"]][:3] == [
        ("v̇1", "Ẇ @ x + W @ ẋ"), ("ż", "v̇1 + ḃ"), ("ṗ", "p ⊙ (ż − sum(ż ⊙ p))"),
    ]  # fmt: skip


def test_a_cotangent_of_one_s_own():
    graph, point = array_graph("A @ x", {"A": [[2, 1], [0.5, 3]], "x": [0.3, -0.7]})
    record = trace(graph, point, cotangents=[np.array([1.0, -2.0])], tangent=False)
    assert record.notes == ()
    assert record.adjoint[0][0].value.tolist() == [1, -2]
    np.testing.assert_allclose(record.gradient[0][1].value, np.array([[2, 0.5], [1, 3]]) @ [1, -2])
    single = trace(*array_graph("k*sum(x)", {"k": 2.0, "x": [1, 2]}), cotangents=[3.0], tangent=False)
    assert single.gradient[0][1].value.tolist() == [6.0, 6.0]


def test_json_has_full_nested_lists(example_e):
    found = json.loads(json.dumps(example_e.to_dict(), allow_nan=False))
    assert found["point"]["W"] == [[1.0, -1.0], [0.5, 2.0]]
    assert found["primal"][0] == {"name": "v1", "operation": "W @ x", "shape": [2], "value": [-1.0, 4.5]}
    assert found["adjoint"][8]["shape"] == [2, 2]
    assert found["adjoint"][8]["local"] is None
    np.testing.assert_allclose(found["adjoint"][8]["value"], GRADIENT_E["W"], rtol=1e-14)
    assert list(found["tangent"]) == ["ones"]


def test_json_has_null_for_what_is_not_finite():
    record = array_trace("ln(x)", {"x": [0.0, 1.0]})
    assert record.to_dict()["primal"][0]["value"] == [None, 0.0]


def test_a_tie_is_a_problem_at_its_place():
    record = array_trace("2*max(x)", {"x": [3.0, 3.0, 1.0]})
    assert record.exit_code == 3
    assert (record.problems[0].start, record.problems[0].end) == (2, 8)


def test_single_precision_is_written_shortly():
    graph, point = array_graph("sum(x)*0.1", {"x": [0.5, 0.5]})
    record = trace(graph, tuple(np.asarray(value, dtype=np.float32) for value in point), tangent=False)
    assert record.values == (0.1,)
    assert record.gradient[0][0].value.dtype == np.float32


def test_numbers_as_arrays_without_axes_trace_like_numbers():
    graph, _ = array_graph("x*sin(x)", {"x": 2.0})
    plain, arrays = (trace(graph, (value,)) for value in (2.0, np.asarray(2.0)))
    assert plain.adjoint == arrays.adjoint
    assert plain.tangent == arrays.tangent


CLASSIFIER = ["trace", EXAMPLE_E, "--at", "W=[[1,-1],[0.5,2]],x=[1,2],b=[0.1,-0.2],y=[1,0]", "--wrt", "W,x,b"]


def test_scalars_on_the_command_line(command):
    code, out, _err = command(*CLASSIFIER, "--scalars", "--format", "json")
    found = json.loads(out)
    assert code == 0
    assert found["value"] == pytest.approx(H, rel=1e-14)
    assert {row["name"] for row in found["adjoint"]} >= {"W̄[0,1]", "x̄[1]", "p̄[0]"}
    assert found["point"]["W[0,1]"] == -1.0


def test_the_limit_of_scalars_on_the_command_line(command):
    code, _out, err = command(*CLASSIFIER, "--scalars", "--limit", "rows=20")
    assert code == 2
    assert "one row each; the limit is 20" in err
    assert command(*CLASSIFIER, "--scalars", "--limit", "nodes=20000", "--limit", "rows=23")[0] == 0
    assert "--limit rows=23" in err


@pytest.mark.parametrize("options", [["--dtype", "float32"], ["--mode", "forward"], ["--ascii"], ["--notation", "g"]])
@pytest.mark.parametrize("form", ["rich", "markdown", "latex", "json", "csv"])
def test_arrays_in_every_format(command, options, form):
    code, out, _err = command(*CLASSIFIER, *options, "--format", form)
    assert code == 0
    assert "5.2055" in out
    assert "--ascii" not in options or out.isascii()
