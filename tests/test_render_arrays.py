"""Screens and tables of programs on arrays."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
from render_records import EXAMPLE_E, NETWORK, POINT_E, array_graph, array_study, array_trace, network_point

from diffcli.render import numbers
from diffcli.render.document import Options, width
from diffcli.render.latex_characters import escaped
from diffcli.render.registry import render
from diffcli.studies import judge_elements

SCREEN, WIDE = Options(width=80), Options()


def table(record):
    return list(csv.DictReader(io.StringIO(render(record, "csv", WIDE))))


def weights(*shape):
    return np.cos(np.arange(1, np.prod(shape) + 1) ** 2 * 0.3).reshape(shape)


@pytest.mark.parametrize(
    ("array", "text"),
    [
        ([1.5, -2.0], "[1.5, −2]"),
        ([[1, -1], [0.5, 2]], "[[1,\u00a0−1], [0.5,\u00a02]]"),
        (np.zeros((2, 0)), "[[], []]"),
        (np.float32([0.1, 1e-8]), "[0.1, 1e-8]"),
        (np.full(20, 2.0), "(20 numbers, from 2 to 2, norm 8.94)"),
        (np.linspace(-3.1, 4.2, 128 * 256).reshape(128, 256), "(128×256, from −3.1 to 4.2, norm 394)"),
        ([1e200] * 25, "(25 numbers, from 1e200 to 1e200, norm 5e200)"),
        ([np.nan, np.inf, *[1.0] * 16], "(18 numbers, from 1 to 1, norm 4, 2 of 18 not finite)"),
        ([np.nan] * 17, "(17 numbers, 17 of 17 not finite)"),
    ],
)
def test_an_array_in_words(array, text):
    assert numbers.value(array).text == text


def test_an_array_in_latex():
    assert numbers.value([[1, -1], [0.5, 2]]).latex == r"\begin{pmatrix}1 & -1 \\ 0.5 & 2\end{pmatrix}"
    large = numbers.value(np.full((5, 4), 2.0)).latex
    assert large == r"\left(5 \times 4,\ \text{from }2\text{ to }2,\ \text{norm }8.94\right)"


def test_a_vector_in_latex_is_a_column():
    assert numbers.value([1.5, -2.0]).latex == r"\begin{pmatrix}1.5 & -2\end{pmatrix}^{T}"
    assert numbers.value([[1.0, 2.0]]).latex == r"\begin{pmatrix}1 & 2\end{pmatrix}"
    assert numbers.value([[[1.0, 2.0]]]).latex == r"\begin{pmatrix}\begin{pmatrix}1 & 2\end{pmatrix}\end{pmatrix}"


ARRAYS = ("W @ x", "--at", "W=[[1,-1],[0.5,2]],x=[1,2]")
NUMBER = ("sum(tanh(W @ x) * x) / norm(x)", "--at", "W=[[1,-1],[0.5,2]],x=[1,2]")


@pytest.mark.parametrize(
    "words",
    [
        ("grad", *NUMBER),
        ("trace", *NUMBER),
        ("trace", *NUMBER, "--mode", "forward"),
        ("trace", *NUMBER, "--scalars"),
        ("jacobian", *ARRAYS, "--wrt", "x"),
        ("jvp", *ARRAYS, "--wrt", "x", "--tangent", "x=[1,2]"),
        ("vjp", *ARRAYS, "--wrt", "x", "--cotangent", "y=[1,2]"),
        ("hessian", *NUMBER, "--wrt", "x"),
        ("hessian", *NUMBER, "--wrt", "x", "--direction", "x=[1,2]"),
    ],
)
def test_latex_names_no_code_points(words, command):
    _, out, err = command(*words, "--format", "latex")
    assert "needs" in out, err
    assert "U+" not in out


@pytest.mark.parametrize(
    ("words", "formula"),
    [
        ("J·ẋ", r"J\ensuremath{\cdot}\ensuremath{\dot{x}}"),
        ("Jᵀȳ", r"J\ensuremath{^{T}}\ensuremath{\bar{y}}"),
        ("v̄₅", r"\ensuremath{\bar{v}}\ensuremath{_{5}}"),
        ("⟨a⊙b⟩", r"\ensuremath{\langle}a\ensuremath{\odot}b\ensuremath{\rangle}"),
        ("‖x‖²", r"\ensuremath{\|}x\ensuremath{\|}\ensuremath{^{2}}"),
        ("∂²", r"\ensuremath{\partial}\ensuremath{^{2}}"),
    ],
)
def test_signs_of_derivatives_in_latex(words, formula):
    assert escaped(words) == formula


def test_a_large_array_has_a_section_with_the_place_of_the_worst_error():
    study = array_study(NETWORK, network_point(), wrt="AcB")
    reverse = study.outputs[0].methods[-1]
    assert reverse.method == "reverse"
    components = [c._replace(within=c.variable != "A[3,2]") for c in reverse.components]
    methods = (*study.outputs[0].methods[:-1], replace(reverse, status="off", components=tuple(components)))
    changed = replace(study, outputs=(replace(study.outputs[0], methods=methods),))
    lines = render(changed, "rich", SCREEN).splitlines()
    start = next(k for k, line in enumerate(lines) if "∂L/∂A" in line)
    assert lines[start + 1].split()[0] == "4×5"
    assert lines[start + 3].endswith("off at A[3,2]")
    assert "Reverse is off in ∂L/∂A[3,2]." in "\n".join(lines)
    assert "more variables" not in "\n".join(lines)


def test_small_arrays_have_a_row_for_each_element():
    text = render(array_study(EXAMPLE_E, POINT_E, wrt="Wxb"), "rich", SCREEN)
    assert text.count("judge  ") == 8
    assert "∂H/∂W[1,0]" in text


def test_everything_is_shown_where_nothing_limits_the_width():
    text = render(array_study(NETWORK, network_point()), "rich", WIDE)
    assert text.count("judge  ") == 41
    assert "∂L/∂B[2,3]" in text


def test_many_arrays_are_summarised_by_the_worst():
    names = [f"a{k}" for k in range(15)]
    study = array_study("+".join(f"sum(sin({n}))" for n in names), {n: weights(2) + k for k, n in enumerate(names)})
    text = render(study, "rich", SCREEN)
    assert text.count("judge  ") == 8
    assert "… and 7 more variables, all within tolerance" in text


def test_many_outputs_are_not_all_shown_on_a_screen():
    study = array_study("A*x", {"A": weights(20), "x": 2.0}, wrt="x")
    assert "… and 12 more outputs" in render(study, "rich", SCREEN)
    assert render(study, "rich", WIDE).count("judge  ") == 20


def test_few_formulas_of_many():
    study = array_study(NETWORK, network_point(), wrt="Ac", methods=("symbolic",))
    assert render(study, "rich", SCREEN).count("∂L/∂A[") <= 2 * 8
    assert len(study.outputs[0].methods[0].formula) == 24


def test_a_sample_of_the_judge(monkeypatch):
    monkeypatch.setattr(judge_elements, "MAX_WORK", 1500)
    study = array_study(NETWORK, network_point(), wrt="AB")
    text = render(study, "rich", SCREEN)
    asked = sum(slope.status != "not sampled" for slope in study.outputs[0].reference.slopes)
    assert 4 <= asked < 32
    counts = [int(line.split()[-2]) for line in text.splitlines() if line.endswith(" asked")]
    assert sum(counts) == asked
    assert f"the judge takes a sample: {asked} of 32 derivatives" in text
    assert "All three agree with the judge." in text


def test_a_program_too_large_for_the_judge(monkeypatch):
    monkeypatch.setattr(judge_elements, "MAX_OPERATIONS", 10)
    study = array_study("sum(tanh(A @ x))", {"A": weights(3, 2), "x": weights(2)}, methods=("reverse",))
    text = render(study, "rich", SCREEN)
    assert "cannot be judged: written out in numbers it has" in text
    assert text.count("not asked") == 8
    assert "The program is too large for the judge: nothing is confirmed but by the notes." in " ".join(text.split())


def test_csv_of_a_study_has_a_row_for_each_element():
    rows = table(array_study(NETWORK, network_point(), wrt="AcB"))
    assert len(rows) == 36 * 4
    assert [row["variable"] for row in rows if row["method"] == "judge"][:6] == [
        "A[0,0]", "A[0,1]", "A[0,2]", "A[0,3]", "A[0,4]", "A[1,0]",
    ]  # fmt: skip


def test_csv_of_a_trace_has_a_row_for_each_element():
    record = array_trace(EXAMPLE_E, POINT_E, wrt="Wxb")
    rows = table(record)
    assert len([row for row in rows if row["trace"] == "primal"]) == 10 + 5 * 2 + 2
    weights_found = [row for row in rows if row["operation"] == "outer(v̄1, x)"]
    assert [row["name"] for row in weights_found] == ["W̄[0,0]", "W̄[0,1]", "W̄[1,0]", "W̄[1,1]"]
    assert [float(row["value"]) for row in weights_found] == record.gradient[0][0].value.ravel().tolist()
    product = [row for row in rows if row["operation"] == "v̄4 / p"]
    assert [float(row["contribution"]) for row in product] == [float(row["value"]) for row in product]
    assert [float(row["local"]) for row in product] == pytest.approx([182.27224187515114, 1.0055165638], rel=1e-9)
    assert {row["of"] for row in rows if row["trace"] == "tangent"} == {"ones"}


@pytest.mark.parametrize("digits", [None, 3, 17])
def test_screens_of_traces_fit_their_width(digits):
    record = array_trace(NETWORK, network_point(), style="pretty")
    text = render(record, "rich", Options(width=80, digits=digits))
    assert max(map(width, text.splitlines())) <= 80


def test_a_suggested_command_repeats_small_points_only():
    small = replace(array_study(EXAMPLE_E, POINT_E), input=EXAMPLE_E)
    assert "--at" in render(small, "rich", SCREEN)
    large = replace(array_study("sum(A)", {"A": weights(9, 9)}), input="sum(A)")
    assert "--at" not in render(large, "rich", SCREEN)


def test_an_array_as_a_result_on_a_screen():
    graph, point = array_graph("A @ x", {"A": weights(3, 2), "x": weights(2)})
    assert len(graph.outputs) == 1
    text = render(array_trace("A @ x", dict(zip("Ax", point, strict=True))), "rich", SCREEN)
    assert "note: ȳ = ones(3): the gradient of the sum of the elements of y" in text
