"""Both modes in one table: the numbers of the lectures, and the sum that is equal at every cut of the graph."""

import json
import math

import pytest
from render_records import EXAMPLE_E, POINT_E, array_graph
from test_jacobian import array_point, array_program, random_program

from diffcli.cli.main import run
from diffcli.language import parse
from diffcli.render.document import Options, width
from diffcli.render.registry import render
from diffcli.studies.both_cuts import Cut
from diffcli.studies.trace import trace

DECK_001 = "ln(x1) + x1*x2 - sin(x2)"


def of(text: str, *point: float, **options):
    return trace(parse(text).graph, point, joined=True, **options)


def test_deck_001():
    nodes = of(DECK_001, 2.0, 5.0).both.nodes
    assert [row.name for row in nodes] == ["v-1", "v0", "v1", "v2", "v3", "v4", "v5"]
    assert [row.tangents[0] for row in nodes] == [1, 0, 0.5, 5, 0, 5.5, 5.5]
    assert [row.tangents[1] for row in nodes] == [0, 1, 0, 2, 0.28366218546322625, 2, 1.7163378145367738]
    assert [row.adjoints[0] for row in nodes] == [5.5, 1.7163378145367738, 1, 1, -1, 1, 1]
    locals_of = [(local.name, local.rule, local.value) for row in nodes for local in row.locals]
    assert locals_of == [
        ("∂v1/∂v-1", "1/v-1", 0.5), ("∂v2/∂v-1", "v0", 5.0), ("∂v2/∂v0", "v-1", 2.0),
        ("∂v3/∂v0", "cos v0", 0.28366218546322625), ("∂v4/∂v1", "1", 1.0), ("∂v4/∂v2", "1", 1.0),
        ("∂v5/∂v4", "1", 1.0), ("∂v5/∂v3", "−1", -1.0),
    ]  # fmt: skip


def test_deck_001_cuts():
    """By hand: after v2 (ln and the product) the edges from v1, v0 and v2 cross; 1·0.5 + (−cos 5)·0 + 1·5 = 5.5."""
    first, second = of(DECK_001, 2.0, 5.0).both.invariants
    assert [(cut.after, cut.crossing) for cut in first.cuts] == [
        ("", ("v-1", "v0")), ("v1", ("v-1", "v0", "v1")), ("v2", ("v0", "v1", "v2")), ("v3", ("v1", "v2", "v3")),
        ("v4", ("v3", "v4")), ("v5", ("v5",)),
    ]  # fmt: skip
    assert [cut.total for cut in first.cuts] == [5.5] * 6
    assert [cut.total for cut in second.cuts] == pytest.approx([2 - math.cos(5)] * 6, rel=1e-15)
    assert [cut.scale for cut in second.cuts] == pytest.approx([2 + math.cos(5)] * 5 + [2 - math.cos(5)], rel=1e-15)


@pytest.mark.parametrize("seed", range(150))
def test_sums_are_equal_at_every_cut_of_random_graphs(seed):
    graph, point = random_program(seed)
    record = trace(graph, point, joined=True)
    assert len(record.both.invariants) == 12
    for one, gradient in zip(record.both.invariants, (row for rows in record.gradient for row in rows), strict=True):
        assert not one.violations
        assert one.cuts[0].total == pytest.approx(gradient.value, rel=1e-12, abs=1e-12)  # the reverse sweep
        assert one.cuts[-1].total == one.derivative  # the forward sweep
        assert len(one.cuts) == len(record.primal) + 1


def test_arrays():
    record = trace(array_program(), array_point(), joined=True)
    assert len(record.both.invariants) == 2
    for one in record.both.invariants:
        assert one.cuts[0].total == pytest.approx(one.derivative, rel=1e-13)
        assert not one.violations


def test_example_e_in_arrays():
    """∂H/∂b = p − y, and every sum is ⟨ȳ, ẏ⟩."""
    graph, point = array_graph(EXAMPLE_E, POINT_E)
    record = trace(graph, point, [graph.inputs[graph.variables.index("b")]], joined=True)
    row = next(row for row in record.both.nodes if row.name == "b")
    assert row.adjoints[0] == pytest.approx([-0.99451370110055, 0.99451370110055], rel=1e-12)
    assert [one.derivative for one in record.both.invariants] == pytest.approx([-0.99451370110055, 0.99451370110055])
    assert not any(one.violations for one in record.both.invariants)


def test_a_violation_is_named():
    one = of(DECK_001, 2.0, 5.0).both.invariants[0]
    wrong = (*one.cuts[:2], Cut("v2", ("v0",), 5.5 + 1e-9, 5.5), *one.cuts[3:])
    broken = type(one)(one.output, one.seed, one.derivative, wrong)
    assert [cut.after for cut in broken.violations] == ["v2"]
    record = of(DECK_001, 2.0, 5.0)
    shown = render(record._replace(both=record.both._replace(invariants=(broken,))), "rich", Options(width=100))
    assert "not equal at every cut for ẋ1 = 1: 5.500000001 instead of 5.5 after v2." in shown


def test_zero_times_infinity_is_named():
    record = of("sqrt(x)^2", 0.0)
    assert len(record.both.invariants[0].violations) == 3
    assert "no number for ẋ = 1 after the inputs, v1 and v2: 0 · ∞ there." in render(record, "rich", Options())


def test_a_branch_not_taken_passes_nothing():
    """Its tangent is infinite at 0, its adjoint 0."""
    (one,) = of("where(x > 0, sqrt(x), 3x)", 0.0).both.invariants
    assert [cut.total for cut in one.cuts] == [3.0] * 5


@pytest.mark.parametrize("columns", [60, 80, 120, None])
@pytest.mark.parametrize("form", ["rich", "markdown", "latex", "csv", "json"])
def test_formats(form, columns):
    record = of(DECK_001, 2.0, 5.0, style="latex" if form == "latex" else "pretty")
    text = render(record, form, Options(width=columns))
    assert "1.7163378145367738" in text
    if form == "rich" and columns:
        assert max(map(width, text.splitlines())) <= columns


def test_one_table_holds_both_seeds_at_80_columns():
    text = render(of(DECK_001, 2.0, 5.0, style="pretty"), "rich", Options(width=80))
    assert "tangent trace" not in text
    line = next(line for line in text.splitlines() if line.split()[:1] == ["v₃"])
    assert line.split() == ["v₃", "sin", "v₀", "−0.958924", "0", "0.283662", "−1", "∂v₃/∂v₀", "=", "0.283662"]


def test_command(capsys):
    words = ["trace", DECK_001, "--at", "x1=2,x2=5", "--mode", "both", "--wrt", "x2", "--format", "json"]
    assert run(words) == 0
    record = json.loads(capsys.readouterr().out)
    (cuts,) = record["cuts"]
    assert cuts["is_equal"]
    assert [cut["sum"] for cut in cuts["sums"]] == [record["tangent"]["x2"][-1]["value"]] * 6
    assert record["nodes"][4]["locals"] == [
        {"name": "∂v3/∂v0", "target": "v0", "rule": "cos v0", "value": 0.28366218546322625}
    ]


@pytest.mark.parametrize("text", ["2", "x; 3", "x"])
def test_programs_without_steps(capsys, text):
    assert run(["trace", text, *(["--at", "x=2"] if "x" in text else []), "--mode", "both"]) == 0
    assert "Traceback" not in capsys.readouterr().err


def test_long_chains_are_not_summed_at_every_cut():
    """3000 steps: within a second, and still equal where they are summed."""
    record = of("; ".join(["a0 = x", *[f"a{k + 1} = sin(a{k}) + x" for k in range(1500)]]), 0.5)
    (one,) = record.both.invariants
    assert 100 < len(one.cuts) <= 3001
    assert not one.violations


def test_wide_programs_take_little_time():
    """100 inputs, each with a sweep of its own, and 200 operations."""
    record = of(" + ".join(f"sin(x{k})" for k in range(100)), *(k / 7 for k in range(100)))
    assert len(record.both.invariants) == 100
    assert not any(one.violations for one in record.both.invariants)
