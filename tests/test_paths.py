"""Paths against edges: deck 004's example, closed forms, counts too large to follow, random graphs, the command."""

import json
import math
from dataclasses import replace
from itertools import pairwise

import pytest
from test_jacobian import random_program

from diffcli.cli.main import run
from diffcli.graph.program import Graph
from diffcli.language import parse
from diffcli.render.document import Options
from diffcli.render.numbers import grouped
from diffcli.render.registry import render
from diffcli.studies.paths import paths
from diffcli.studies.paths_search import edges

EXAMPLE_C = "c = a + b; d = b + 1; e = c*d"
SQUARED = "; ".join(["a1 = x*x", *[f"a{k + 1} = a{k}*a{k}" for k in range(1, 120)]])


def read(text: str) -> Graph:
    return parse(text).graph


def test_deck_004_sums_over_paths():
    record = paths(read(EXAMPLE_C), [2.0, 1.0])
    found = {g.variable: [(path.nodes, path.locals, path.product) for path in g.paths] for g in record.groups}
    assert found == {
        "a": [(("a", "c", "e"), (1.0, 2.0), 2.0)],
        "b": [(("b", "c", "e"), (1.0, 2.0), 2.0), (("b", "d", "e"), (1.0, 3.0), 3.0)],
    }
    assert [(group.count, group.total, group.sweep) for group in record.groups] == [(1, 2.0, 2.0), (2, 5.0, 5.0)]
    assert record.edges == (5,)
    assert record.exit_code == 0


def test_names_are_those_of_the_trace():
    record = paths(read("ln(x1) + x1*x2 - sin(x2)"), [2.0, 5.0], style="pretty")
    assert record.groups[0].paths[1].nodes == ("v₋₁", "v₂", "v₄", "v₅")
    assert record.groups[1].paths[1].nodes == ("v₀", "v₃", "v₅")
    assert [group.total for group in record.groups] == pytest.approx([5.5, 1.7163378145367738], rel=1e-15)


def test_an_argument_used_twice_is_two_edges():
    """x·x·x has three paths, each worth x²."""
    (group,) = paths(read("x*x*x"), [2.0]).groups
    assert [path.product for path in group.paths] == [4.0] * 3
    assert (group.total, group.sweep) == (12.0, 12.0)


def test_too_many_paths_are_counted_exactly():
    """x^(2^120) as 120 squarings: 2^120 paths; at x = 1 each is worth 1."""
    (group,) = paths(read(SQUARED), [1.0]).groups
    assert group.count == 2**120 > 10**30
    assert not group.paths
    assert len(group.examples) == 3
    assert group.total == group.sweep == 2.0**120


def test_a_limit_does_not_change_the_sum():
    record, limited = (paths(read("a = x*x; b = a*a; b*b"), [1.5], most=most).groups[0] for most in (8, 7))
    assert (record.count, record.is_listed, limited.count, limited.is_listed) == (8, True, 8, False)
    assert record.total == pytest.approx(8 * 1.5**7, rel=1e-15)
    assert limited.total == pytest.approx(8 * 1.5**7, rel=1e-15)


@pytest.mark.parametrize("seed", range(40))
def test_random_graphs(seed):
    """Counted paths are those that are followed; every one is a chain of edges; sums are what the sweep finds."""
    graph, point = random_program(seed, operations=14, outputs=2)
    record = paths(graph, point, most=5000)
    for group in record.groups:
        assert len(group.paths) == group.count
        assert len(set(group.paths)) <= group.count
        assert group.agrees
    found = edges(graph, graph.outputs[0], graph.inputs, point)
    totals = found.totals()
    for start in set(graph.inputs) & set(found.onwards):
        assert totals[start] == pytest.approx(math.fsum(map(_product, found.follow(start))), rel=1e-12, abs=1e-12)
        assert all(a.source == b.target for path in found.follow(start) for a, b in pairwise(path))


def _product(path):
    return math.prod(edge.local for edge in path)


def test_disagreement_is_seen():
    group = paths(read("x^2*y"), [3.0, 2.0]).groups[0]
    assert group.agrees
    assert not replace(group, total=group.total * (1 + 1e-9)).agrees
    assert not replace(group, total=math.nan).agrees


def test_zero_times_infinity_is_explained():
    record = paths(read("sqrt(x)^2"), [0.0])
    (path,) = record.groups[0].paths
    assert path.locals == (math.inf, 0.0)
    assert path.remark == "0 · ∞"
    assert any("0 · ∞" in note for note in record.notes)
    assert record.exit_code == 1
    assert paths(read("sqrt(x)"), [0.0]).exit_code == 3


def test_a_branch_not_taken_hands_nothing_on():
    record = paths(read("where(x > 0, sqrt(x), 3x)"), [-1.0])
    assert [(p.product, p.remark) for p in record.groups[0].paths] == [(0.0, "branch not taken"), (3.0, "")]
    assert record.groups[0].total == record.groups[0].sweep == 3.0


def test_an_input_may_be_the_output_and_may_not_matter():
    record = paths(read("x; x*y; 3"), [2.0, 3.0])
    counts = {(group.output, group.variable): (group.count, group.total) for group in record.groups}
    assert counts == {
        ("y1", "x"): (1, 1.0), ("y1", "y"): (0, 0.0), ("y2", "x"): (1, 3.0), ("y2", "y"): (1, 2.0),
        ("y3", "x"): (0, 0.0), ("y3", "y"): (0, 0.0),
    }  # fmt: skip


def test_screen_of_deck_004():
    text = render(paths(read(EXAMPLE_C), [2.0, 1.0]), "rich", Options(width=80))
    lines = [line.split() for line in text.splitlines()]
    assert ["b", "→", "d", "→", "e", "1", "·", "3", "=", "3"] in lines
    assert ["∂e/∂b", "2", "+", "3", "=", "5"] in lines
    assert "3 paths along 5 edges; the reverse sweep touches every edge once." in text


@pytest.mark.parametrize("form", ["rich", "markdown", "latex", "csv", "json"])
def test_every_format_has_the_exact_count(form):
    style = "latex" if form == "latex" else "unicode"
    text = render(paths(read(SQUARED), [1.0], style=style), form, Options())
    assert str(2**120) in text if form == "json" else "1.33e36" in text


def test_many_inputs_and_long_paths_take_little_time_and_room():
    """400 inputs, and a chain of 600 steps behind them: 400 paths of a thousand edges and less."""
    text = " + ".join(f"x{k}" for k in range(400))
    steps = "; ".join(f"a{k + 1} = sin(a{k})" for k in range(600))
    record = paths(read(f"a0 = {text}; {steps}"), [0.001] * 400)
    assert len(record.groups) == 400
    assert all(group.count == 1 and group.agrees for group in record.groups)
    assert sum(len(path.locals) for group in record.groups for path in group.paths) <= 200_000


def test_sums_beyond_all_doubles(capsys):
    assert command(capsys, "1e308*x + 1e308*x*x", "--at", "x=1")[0] in (1, 3)


def test_counts_in_groups():
    assert [grouped(n) for n in (420, 100_000, 10**30)] == ["420", "100 000", "about 1.00e30"]


def test_longer_numbers_than_python_reads():
    record = paths(read("x*x"), [1.0])
    large = replace(record, groups=(replace(record.groups[0], count=2**15_000, paths=()),))
    assert len(large.to_dict()["paths"][0]["count"]) == 4516  # digits: 15 000 · log10(2)
    assert "about 2.82e4515" in render(large, "rich", Options(width=80))


def command(capsys, *words: str):
    code = run(["paths", *words])
    return code, capsys.readouterr()


def test_command(capsys):
    code, out = command(capsys, EXAMPLE_C, "--at", "a=2,b=1", "--from", "b", "--format", "json")
    record = json.loads(out.out)
    assert code == 0
    assert [group["variable"] for group in record["paths"]] == ["b"]
    assert record["paths"][0]["paths"][1] == {"nodes": ["b", "d", "e"], "locals": [1.0, 3.0], "product": 3.0}
    assert record["paths"][0]["sum"] == record["paths"][0]["sweep"] == 5.0
    assert record["edges"] == {"e": 4}


def test_command_on_arrays_follows_elements(capsys):
    words = ("sum(x*W)", "--at", "x=[1,2],W=[3,4]", "--from", "x", "--format", "json")
    code, out = command(capsys, *words)
    groups = json.loads(out.out)["paths"]
    assert code == 0
    assert [(group["variable"], group["count"], group["sum"]) for group in groups] == [
        ("x[0]", 1, 3.0),
        ("x[1]", 1, 4.0),
    ]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("x*y", "--at", "x=1,y=2", "--from", "z"), "the variables are x, y"),
        (("x*y", "--at", "x=1,y=2", "--to", "z"), "the outputs are"),
        (("x*y", "--at", "x=1,y=2", "--to", ","), "no output is named"),
        (("x*y", "--at", "x=1,y=2", "--most", "0"), "--most"),
        (("x*(y", "--at", "x=1,y=2"), "never closed"),
    ],
)
def test_errors(capsys, words, hint):
    code, out = command(capsys, *words)
    assert code == 2
    assert hint in out.err
