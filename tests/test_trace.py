"""The traces of the lectures, row by row (decks 001, 002 and 004)."""

import pytest

from diffcli.errors import Place
from diffcli.graph.program import Graph
from diffcli.language import parse
from diffcli.studies.trace import Trace, trace

DECK_001 = "ln(x1) + x1*x2 - sin(x2)"
DECK_002 = "a = x*z; b = ln(x); c = sin(b); d = exp(a); e = a/b; f = c/a; d + e + f"
DECK_002_ONE = "exp(x*z) + x*z/ln(x) + sin(ln(x))/(x*z)"


def read(text: str) -> Graph:
    return parse(text).graph


def table(rows) -> list[tuple[str, str, float]]:
    return [(row.name, row.operation, pytest.approx(row.value, rel=1e-14, abs=1e-14)) for row in rows]


def test_deck_001_primal():
    record = trace(read(DECK_001), [2.0, 5.0])
    assert [(r.name, r.operation) for r in record.inputs] == [("v-1", "x1"), ("v0", "x2")]
    assert [(r.name, r.operation) for r in record.primal] == [
        ("v1", "ln v-1"), ("v2", "v-1 × v0"), ("v3", "sin v0"), ("v4", "v1 + v2"), ("v5", "v4 − v3"),
    ]  # fmt: skip
    assert [round(r.value, 3) for r in record.primal] == [0.693, 10.0, -0.959, 10.693, 11.652]
    assert [(r.name, r.operation, r.value) for r in record.outputs] == [("y", "v5", 11.652071455223084)]


def test_deck_001_adjoint_in_the_order_of_computation():
    rows = trace(read(DECK_001), [2.0, 5.0]).adjoint[0]
    assert [(r.name, r.operation, round(r.value, 3), r.accumulated) for r in rows] == [
        ("v̄5", "ȳ", 1.0, False),
        ("v̄4", "v̄5 · 1", 1.0, False),
        ("v̄3", "v̄5 · (−1)", -1.0, False),
        ("v̄1", "v̄4 · 1", 1.0, False),
        ("v̄2", "v̄4 · 1", 1.0, False),
        ("v̄0", "v̄3 · cos v0", -0.284, False),
        ("v̄-1", "v̄2 · v0", 5.0, False),
        ("v̄0", "v̄0 + v̄2 · v-1", 1.716, True),
        ("v̄-1", "v̄-1 + v̄1 / v-1", 5.5, True),
    ]
    gradient = trace(read(DECK_001), [2.0, 5.0]).gradient[0]
    assert [(r.name, r.operation, r.value) for r in gradient] == [
        ("x̄1", "v̄-1", 5.5), ("x̄2", "v̄0", 1.7163378145367738),
    ]  # fmt: skip


def test_deck_001_tangents_of_both_seeds():
    tangent = trace(read(DECK_001), [2.0, 5.0]).tangent
    assert [r.name for r in tangent["x1"]] == ["v̇1", "v̇2", "v̇3", "v̇4", "v̇5"]
    assert [r.value for r in tangent["x1"]] == [0.5, 5, 0, 5.5, 5.5]
    assert [r.value for r in tangent["x2"]] == [0, 2, 0.28366218546322625, 2, 1.7163378145367738]
    assert [r.operation for r in tangent["x1"]] == [
        "v̇-1 / v-1", "v̇-1 · v0 + v̇0 · v-1", "v̇0 · cos v0", "v̇1 + v̇2", "v̇4 − v̇3",
    ]  # fmt: skip


def test_deck_002_keeps_its_names_and_order():
    record = trace(read(DECK_002), [2.0, 3.0])
    assert [r.name for r in record.primal] == ["a", "b", "c", "d", "e", "f", "v7", "y"]
    assert table(record.primal)[:6] == [
        ("a", "x × z", 6.0), ("b", "ln x", 0.6931471805599453), ("c", "sin b", 0.6389612763136348),
        ("d", "exp a", 403.42879349273511), ("e", "a / b", 8.6561702453337804), ("f", "c / a", 0.10649354605227247),
    ]  # fmt: skip
    rows = record.adjoint[0]
    assert [(r.name, r.operation) for r in rows] == [
        ("ȳ", "1"), ("v̄7", "ȳ · 1"), ("f̄", "ȳ · 1"), ("d̄", "v̄7 · 1"), ("ē", "v̄7 · 1"), ("c̄", "f̄ / a"),
        ("ā", "f̄ · (−c/a²)"), ("ā", "ā + ē / b"), ("b̄", "ē · (−a/b²)"), ("ā", "ā + d̄ · exp a"),
        ("b̄", "b̄ + c̄ · cos b"), ("x̄", "b̄ / x"), ("x̄", "x̄ + ā · z"), ("z̄", "ā · x"),
    ]  # fmt: skip
    last = {r.name: r.value for r in rows}
    assert last == pytest.approx(
        {
            "ȳ": 1, "v̄7": 1, "f̄": 1, "d̄": 1, "ē": 1, "c̄": 0.16666666666666667, "b̄": -12.360007402472985,
            "ā": 404.85373960928204, "z̄": 809.70747921856408, "x̄": 1208.3812151266096,
        },
        rel=1e-15,
    )  # fmt: skip


def test_deck_002_in_the_deck_s_notation():
    rows = trace(read(DECK_002), [2.0, 3.0], kind="g").adjoint[0]
    assert rows[10].name == "g_b"
    assert rows[10].operation == "g_b + g_c · cos b"


def test_deck_002_as_one_expression_numbers_as_the_lectures_do():
    record = trace(read(DECK_002_ONE), [2.0, 3.0])
    assert [(r.name, r.operation) for r in record.primal] == [
        ("v1", "v-1 × v0"), ("v2", "ln v-1"), ("v3", "exp v1"), ("v4", "v1 / v2"), ("v5", "sin v2"),
        ("v6", "v3 + v4"), ("v7", "v5 / v1"), ("v8", "v6 + v7"),
    ]  # fmt: skip
    assert len(record.adjoint[0]) == 14
    assert record.values[0] == pytest.approx(412.19145728412118, rel=1e-15)


def test_deck_004_adjoint_order():
    record = trace(read("c = a + b; d = b + 1; e = c*d"), [2.0, 1.0])
    assert [(r.name, r.value) for r in record.primal] == [("c", 3.0), ("d", 2.0), ("e", 6.0)]
    assert [(r.name, r.operation, r.value) for r in record.adjoint[0]] == [
        ("ē", "1", 1.0), ("c̄", "ē · d", 2.0), ("d̄", "ē · c", 3.0), ("b̄", "d̄ · 1", 3.0),
        ("ā", "c̄ · 1", 2.0), ("b̄", "b̄ + c̄ · 1", 5.0),
    ]  # fmt: skip


def test_a_user_s_own_v1_makes_the_trace_use_w():
    record = trace(read("v1*v2 + v1"), [2.0, 3.0])
    assert [r.name for r in record.primal] == ["w1", "w2"]


def test_output_is_f_when_y_is_an_input():
    record = trace(read("x*y"), [2.0, 3.0])
    assert record.output_names == ("f",)
    assert record.adjoint[0][0].operation == "f̄"


def test_styles():
    pretty: Trace = trace(read(DECK_001), [2.0, 5.0], style="pretty")
    assert pretty.adjoint[0][8].name == "v̄₋₁"
    latex = trace(read(DECK_001), [2.0, 5.0], style="latex")
    assert latex.adjoint[0][8].operation == r"\bar{v}_{-1} + \frac{\bar{v}_{1}}{v_{-1}}"
    plain = trace(read(DECK_001), [2.0, 5.0], style="ascii")
    assert plain.adjoint[0][5].operation == "v3_bar * cos v0"
    assert all(
        text.isascii() for r in (*plain.primal, *plain.adjoint[0], *plain.gradient[0]) for text in (r.name, r.operation)
    )
    spelled = trace(read(DECK_001), [2.0, 5.0], kind="partial")
    assert spelled.adjoint[0][5].name == "∂y/∂v0"


def test_constants_are_not_numbered_and_unused_inputs_have_no_row():
    record = trace(read("3*x + 2"), [5.0])
    assert [(r.name, r.operation) for r in record.primal] == [("v1", "3 × v0"), ("v2", "v1 + 2")]


def test_a_trace_outside_the_domain_names_the_place():
    text = "x*ln(x - 2)"
    record = trace(read(text), [1.0])
    assert record.exit_code == 3
    place = Place(record.problems[0].start, record.problems[0].end)
    assert text[place.start : place.end] == "ln(x - 2)"


def test_letters_do_not_run_out():
    record = trace(read("v1+w1+u1+z1+p1+q1+r1+s1+t1"), [1.0] * 9)
    assert record.primal[0].name == "v_1"


def test_a_guarded_branch_is_written_as_such():
    record = trace(read("where(x > 0, sqrt(x), 2*x)"), [-1.0])
    assert [(r.name, r.operation, r.value) for r in record.adjoint[0]][-1] == (
        "v̄0", "v̄0 + where(v1, v̄2 / (2·sqrt(v0)), 0)", 2.0,
    )  # fmt: skip
