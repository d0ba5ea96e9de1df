"""The approaches of the lectures: every claim has a command, and the counts that it shows are right.

Counts are from the lectures (2A calls, A and B sweeps, 100 000 paths against 420 edges, 2 → 2096 operations of the
derivative written out and 2 → 93 shared at k = 6, 0.25^10 and 0.25^50) or follow by hand from the programs.
"""

import json
import math
import shlex

import click
import pytest
import sympy
import typer

from diffcli.cli.main import application, run
from diffcli.cli.words import PLANNED
from diffcli.execute.floats import FLOATS
from diffcli.execute.interpreter import evaluate
from diffcli.language import parse
from diffcli.methods.method import GaveUp
from diffcli.render.document import Options, width
from diffcli.render.registry import render
from diffcli.studies.methods import costs, formulas, graphs
from diffcli.studies.methods.families import (
    coupled,
    fixed_cost,
    fixed_cost_point,
    fully_connected,
    logistic,
    weights,
)
from diffcli.studies.methods.record import Measurement, Part
from diffcli.studies.methods.study import APPROACHES, CLAIMS, MEASUREMENTS, Methods, chosen, measured

COMMANDS = [claim.command for claim in CLAIMS] + [command for approach in APPROACHES for command in approach.see]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Times are shown, not tested."""
    monkeypatch.setattr(costs, "BATCH", 0.0)
    monkeypatch.setattr(costs, "BATCHES", 1)


@pytest.mark.parametrize("command", sorted(set(COMMANDS)))
def test_every_claim_has_a_command_that_exists(command):
    name, *words = shlex.split(command)[1:]
    group = typer.main.get_command(application())
    if name in PLANNED and name not in group.commands:
        pytest.skip(f"{name} is not built yet")
    context = group.commands[name].make_context(name, words, parent=click.Context(group))
    if name == "methods":
        assert set(context.params["names"]) <= set(MEASUREMENTS)
        assert context.params["measure"]


def test_every_measurement_belongs_to_a_claim():
    assert {claim.command.split()[-1] for claim in CLAIMS if "--measure" in claim.command} == set(MEASUREMENTS)
    assert {one.measured for approach in APPROACHES for one in approach.statements} - {""} <= set(MEASUREMENTS)


def test_approaches_are_those_of_the_lectures():
    assert [approach.name for approach in APPROACHES] == ["finite", "symbolic", "forward", "reverse"]
    for approach in APPROACHES:
        kinds = [statement.kind for statement in approach.statements]
        assert kinds == sorted(kinds, key=["note", "required", "pro", "con"].index)
        assert {"note", "required", "pro", "con"} == set(kinds)
        assert approach.see


def test_cost_against_inputs():
    """Example: 2A calls, one run of formulas, A sweeps, 1 sweep."""
    runs = costs.inputs().part("runs: calls of f, of formulas, sweeps")
    assert runs.rows == ((1, 2, 1, 1, 1), (2, 4, 1, 2, 1), (4, 8, 1, 4, 1), (8, 16, 1, 8, 1), (16, 32, 1, 16, 1))


def test_cost_against_outputs():
    found = costs.outputs()
    runs = found.part("runs: calls of f, of formulas, sweeps")
    assert runs.rows == ((1, 2, 1, 1, 1), (2, 2, 1, 1, 2), (4, 2, 1, 1, 4), (8, 2, 1, 1, 8), (16, 2, 1, 1, 16))
    assert set(found.part("operations").column("finite")) == {2 * 64}


def test_the_family_costs_the_same_for_all_inputs_and_outputs():
    for inputs, outputs in costs.PAIRS:
        graph = fixed_cost(inputs, outputs)
        assert graph.operations == 64
        assert (len(graph.inputs), len(graph.outputs)) == (inputs, outputs)
        assert all(graph.needed)


def test_crossover_by_counts():
    """Forward takes A sweeps, reverse B of about the same cost: they meet near A = B."""
    part = costs.crossover().parts[0]
    ratios = part.column("ratio")
    assert ratios == sorted(ratios)
    assert ratios[3] < 1 < ratios[4]  # between A = 8, B = 10 and A = 10, B = 8
    assert part.column("A")[3:5] == [8, 10]


@pytest.mark.parametrize(
    ("places", "ratios", "expected"),
    [([0.5, 2.0], [0.5, 2.0], 1.0), ([1, 100], [0.1, 10], 10.0), ([1, 4, 16], [0.25, 0.5, 2.0], 8.0)],
)
def test_crossing_is_interpolated_on_logarithmic_scales(places, ratios, expected):
    assert costs.crossing(places, ratios) == pytest.approx(expected)
    assert math.isnan(costs.crossing(places, [2.0] * len(places)))


def test_a_reverse_sweep_takes_a_constant_times_f():
    """For each input one sin and two products of cos and a factor each, and a sum: 7A − 1 operations for 3A − 1."""
    part = costs.sweep().parts[0]
    for size, of_f, of_sweep, ratio, *_ in part.rows:
        assert (of_f, of_sweep) == (3 * size - 1, 7 * size - 1)
        assert ratio == pytest.approx(7 / 3, abs=0.13)
    assert coupled(4).operations == 11


def test_what_each_method_needs():
    """Finite differences run f itself; the others programs written from it."""
    rows = costs.requirements().parts[0].rows
    assert [row[:3] for row in rows] == [("finite", 1, 0), ("symbolic", 1, 1), ("forward", 4, 4), ("reverse", 1, 1)]


def test_symbolic_derivatives_swell():
    """The numbers of the issue: 2 → 2096 at k = 6 written out, 2 → 93 shared; again by SymPy from the map itself."""
    part = formulas.swell().parts[0]
    assert part.column("k") == list(range(1, 9))
    written, shared = part.column("derivative written out"), part.column("shared")
    assert (written[0], written[5], shared[0], shared[5]) == (2, 2096, 2, 93)
    assert part.column("one reverse sweep") == [6, *range(14, 63, 8)]
    x = sympy.Symbol("x")
    value = x
    for k in range(6):
        value = 4 * value * (1 - value)
        derivative = value.diff(x)
        replacements, (reduced,) = sympy.cse(derivative)
        assert written[k] == sympy.count_ops(derivative)
        assert shared[k] == sum(sympy.count_ops(one) for _, one in replacements) + sympy.count_ops(reduced)


def test_sympy_may_give_up(monkeypatch):
    monkeypatch.setattr(formulas.Worker, "ask", lambda *_: None)
    found = formulas.swell()
    assert not found.holds
    assert found.notes == ("SymPy gave up on 8 of 8",)
    assert "gave up" in render(Methods((found,), is_selection=True), "rich", Options(width=80))


def test_a_method_that_gives_up_leaves_a_gap(monkeypatch):
    original = costs.prepare

    def prepare(method, *arguments, **options):
        if method == "symbolic":
            raise GaveUp("too long")
        return original(method, *arguments, **options)

    monkeypatch.setattr(costs, "prepare", prepare)
    monkeypatch.setattr(costs, "start", lambda *_, **__: {})
    found = costs.inputs()
    assert found.part("operations").column("symbolic") == [None] * 5
    assert found.holds


def test_formulas_are_interpretable():
    rows = formulas.formula().parts[0].rows
    assert rows == (("∂y/∂x1", "1/x1 + x2"), ("∂y/∂x2", "x1 − cos(x2)"))


def test_errors_of_finite_differences():
    """The errors that the lectures' notes give for example B."""
    part = formulas.precision().parts[0]
    found = dict(zip(part.column("ε"), part.column("error in ∂y/∂x"), strict=True))
    expected = {1e-4: 1.8e-5, 1e-5: 2.1e-7, 1e-6: 4.8e-9, 1e-7: 5.2e-7, 1e-8: 5.6e-6, 1e-12: 8.1e-2}
    assert {step: float(f"{found[step]:.1e}") for step in expected} == expected


def test_the_classic_mistake_is_found():
    """Overwriting adjoints on deck 001's example gives (0.5, 2) instead of (5.5, 1.716)."""
    part = formulas.testing().parts[0]
    assert part.column("accumulated") == [5.5, 1.7163378145367738]
    assert part.column("overwritten") == [0.5, 2.0]
    assert max(part.column("off by")) < 1e-9
    assert part.column("off by ") == pytest.approx([10, 0.1418], rel=1e-3)


def test_paths_against_edges():
    """H^L paths, H²(L − 1) + 2H edges: 100 000 against 420 for H = 10, L = 5."""
    rows = graphs.paths().parts[0].rows
    assert (10, 5, 100_000, 420) in [row[:4] for row in rows]
    for h, depth, paths, edges, *_ in rows:
        assert paths == h**depth
        assert edges == h * h * (depth - 1) + 2 * h


def test_networks_compute_what_they_say():
    """Two layers of two units, by hand."""
    graph = fully_connected(2, 2)
    x, *w = weights(graph)

    def unit(z):
        return 1 / (1 + math.exp(-z))

    first = [unit(w[0] * x), unit(w[1] * x)]
    second = [unit(w[2] * first[0] + w[3] * first[1]), unit(w[4] * first[0] + w[5] * first[1])]
    expected = w[6] * second[0] + w[7] * second[1]
    assert evaluate(graph, FLOATS, [x, *w])[graph.outputs[0]] == pytest.approx(expected, rel=1e-15)


def test_memory():
    """f needs x, 4x and 1 − x at a time; the reverse sweep keeps two factors for each step."""
    part = graphs.memory().parts[0]
    assert part.column("f alone") == [3] * 7
    assert part.column("forward") == [6] * 7
    assert part.column("reverse") == [2 * n + 2 for n in (1, 2, 4, 8, 16, 32, 64)]


def test_values_go_after_their_last_use():
    assert graphs.kept(parse("sin(sin(sin(x)))").graph, FLOATS, [1.0]) == 2
    assert graphs.kept(parse("a = sin(x); b = sin(a); a*b").graph, FLOATS, [1.0]) == 3
    assert graphs.kept(parse("a = sin(x); b = sin(a); a*b*x").graph, FLOATS, [1.0]) == 4


def test_products_along_chains():
    part = graphs.chains().parts[0]
    found = {row[0]: row[1:] for row in part.rows}
    assert found[10][0] == pytest.approx(9.5e-7, rel=0.01)
    assert found[50][0] == pytest.approx(7.9e-31, rel=0.01)
    assert found[50][2] == 2.0**50
    assert all(0 < real <= steepest for steepest, real, _ in found.values())


def test_vectorised_nodes():
    """32 products and 31 sums for each of 32 units, their tanh, and 31 sums."""
    part = graphs.nodes().parts[0]
    assert part.column("nodes")[:2] == [32 * 63 + 32 + 31, 3]


def test_points_and_maps():
    assert logistic(2).operations == 6
    assert evaluate(logistic(2), FLOATS, [0.3])[-1] == pytest.approx(4 * 0.84 * 0.16)
    assert len(set(fixed_cost_point(16))) == 16


@pytest.mark.parametrize("form", ["rich", "markdown", "latex", "csv", "json"])
def test_formats(form):
    record = measured(("paths", "chains"))
    assert [one.name for one in record.measured] == ["paths", "chains"]
    assert "420" in render(record, form, Options())
    assert "backpropagation" in render(Methods(), form, Options())


def test_findings_replace_claims():
    found = formulas.testing()
    text = render(Methods((found,)), "rich", Options(width=80))
    assert "Great for testing" not in text
    assert "Ability to call" in text
    assert max(map(width, text.splitlines())) <= 80


def test_a_claim_that_does_not_hold():
    wrong = Measurement("paths", "Paths", "", (Part("", (("A", "count"),), ((1,),)),), {"": "no"}, holds=False)
    record = Methods((wrong,), is_selection=True)
    assert record.exit_code == 1
    assert "Not as the lectures claim: paths." in render(record, "rich", Options(width=80))


def test_one_screen():
    text = render(Methods(), "rich", Options(width=80))
    assert max(map(width, text.splitlines())) <= 80
    assert len(text.splitlines()) <= 40
    assert render(Methods(), "rich", Options(width=80, ascii=True)).isascii()


def test_command(capsys):
    assert run(["methods", "--measure", "memory", "chains", "--format", "json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert list(record["measurements"]) == ["memory", "chains"]
    rows = record["measurements"]["memory"]["parts"][0]["rows"]
    assert rows[-1] == {"n": 64, "operations of f": 192, "f alone": 3, "forward": 6, "reverse": 130}
    assert len(record["claims"]) == len(CLAIMS)


def test_table_of_claims(capsys):
    assert run(["methods", "--claims", "--format", "markdown"]) == 0
    out = capsys.readouterr().out
    assert out.count("diffcli ") == len(CLAIMS)
    assert "| reverse | every edge touched once | diffcli methods --measure paths |" in out


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--claims", "--measure"], "a table of its own"),
        (["--measure", "memroy"], "did you mean memory?"),
        (["memory"], "diffcli methods --measure memory"),
        (["--measur"], "--measure"),
        (["--measure", "{x}[red]"], "there are inputs, outputs"),
    ],
)
def test_errors(capsys, words, hint):
    assert run(["methods", *words]) == 2
    assert hint in capsys.readouterr().err


def test_all_are_chosen_by_default():
    assert chosen(()) == tuple(MEASUREMENTS)
    assert chosen(("paths", "paths")) == ("paths",)
