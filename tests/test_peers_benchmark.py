"""The benchmark against peers: its workloads compute what they say, and its tables show what was measured."""

import importlib
import math
import sys
from pathlib import Path

import pytest

from diffcli.execute.floats import FLOATS
from diffcli.execute.interpreter import outputs

FOLDER = Path(__file__).parents[1] / "benchmarks"
NAMES = ("peers_by_hand", "peers_programs", "peers_rounds", "peers_tables", "peers")


@pytest.fixture(scope="module")
def modules():
    sys.path.insert(0, str(FOLDER))
    yield {name: importlib.import_module(name) for name in NAMES}
    sys.path.remove(str(FOLDER))
    for name in NAMES:
        sys.modules.pop(name)


@pytest.mark.parametrize(
    ("name", "value", "gradient"),
    [
        ("A", 11.652071455223084, (5.5, 1.7163378145367738)),
        ("B", 412.19145728412118, (1208.3812151266096, 809.70747921856408)),
        ("C", 6.0, (2.0, 5.0)),
    ],
)
def test_transcriptions_by_hand_are_the_lectures_examples(modules, name, value, gradient):
    by_hand = modules["peers_by_hand"]
    for write in (by_hand.in_python, by_hand.in_numpy):
        found = write(name)(*by_hand.EXAMPLES[name].point)
        assert found[0] == pytest.approx(value, rel=1e-15)
        assert found[1] == pytest.approx(gradient, rel=1e-14)


def test_logistic_map_by_hand_has_the_derivative_of_differences(modules):
    by_hand = modules["peers_by_hand"]
    r, x = by_hand.LOGISTIC_POINT
    value, (by_r, _) = by_hand.logistic_with_adjoint(r, x)
    assert value == by_hand.logistic(r, x)
    assert value == pytest.approx(1 - 1 / r, rel=1e-12)  # where it settles
    assert by_r == pytest.approx(1 / r**2, rel=1e-12)
    graph = modules["peers_programs"].logistic_graph(by_hand.STEPS)
    assert outputs(graph, FLOATS, (r, x)) == [value]


@pytest.mark.parametrize("seed", range(3))
def test_random_programs_are_bounded_and_need_all_their_operations(modules, seed):
    programs = modules["peers_programs"]
    instructions, point = programs.random_program(500, seed)
    graph = programs.built(instructions)
    assert 490 <= len(instructions) <= 510
    assert all(graph.needed)
    functions = {name: getattr(math, name) for name in programs.FUNCTIONS}
    value = programs.runner(instructions, functions)(*point)
    assert outputs(graph, FLOATS, point) == [value]
    assert abs(value) < programs.MOST * 500


@pytest.mark.parametrize(
    ("kind", "details"),
    [("point", {"example": "B", "own": False}), ("batch", {"example": "A", "count": 100}), ("logistic", {})],
)
def test_candidates_take_turns(modules, kind, details):
    rounds, peers = modules["peers_rounds"], modules["peers"]
    team = [rounds.Candidate(name) for name in ("diffcli", "by hand")]
    column = peers.Column("", kind, details, 0.0005, 3)
    found = rounds.side_by_side(team, kind, details, peers.judge_of(column), column.turn, column.rounds)
    assert found["diffcli"].ratio == (1.0, 1.0, 1.0)
    ours, theirs = found["diffcli"], found["by hand"]
    assert ours.error < 1e-12
    assert theirs.error < 1e-12
    assert ours.low <= ours.seconds <= ours.high
    assert 0 < theirs.ratio[1] <= theirs.ratio[0] <= theirs.ratio[2]
    for candidate in team:
        candidate.process.end()


@pytest.mark.parametrize("name", ["diffcli", "diffcli, graph given", "by hand"])
def test_whole_programs_agree_with_the_judge(modules, name):
    rounds, peers = modules["peers_rounds"], modules["peers"]
    column = peers.Column("", "random", {"nodes": 200}, 0.0, 1)
    candidate = rounds.Candidate(name)
    (result,) = rounds.side_by_side([candidate], "random", column.details, peers.judge_of(column), 0.0, 1).values()
    candidate.process.end()
    if name == "by hand":
        assert result.problem
    else:
        assert result.error < 1e-13


def test_tables_say_what_is_wrong_and_what_is_not_met(modules):
    result, tables = modules["peers_rounds"].Result, modules["peers_tables"]
    ours = result(1e-6, 0.9e-6, 2e-6, (1.0, 1.0, 1.0), 1e-16, 0.5)
    rows = {
        "diffcli": ours,
        "slow": result(2e-5, 2e-5, 2e-5, (20.0, 19.0, 150.2), 1e-15, 1.0),
        "wrong": result(5e-7, 5e-7, 5e-7, (0.5, 0.4, 0.6), 1e-3, 1.0),
        "absent": result(problem="failed: it broke"),
    }
    text = tables.table("A title", ["A"], [rows], {"slow": 20.0, "wrong": 1.0}).splitlines()
    assert text[0] == "**A title**"
    assert text[4] == "| diffcli | 1 µs (900 ns … 2 µs) |  | 1e-16 | 500 ms |"
    assert text[5] == "| slow | 20.0 (19.0 … 150) | ≥ 20 | 1e-15 | 1 s |"
    assert text[6] == "| wrong | 0.50 (0.40 … 0.60) | ≥ 1, **not met** | **wrong: 1e-03** | 1 s |"
    assert text[7] == "| absent | — |  |  |  |"
    assert "absent, A: failed: it broke." in text


def test_every_candidate_of_the_plan_is_known(modules):
    from diffcli.studies.peers.registry import PEERS

    for quick in (True, False):
        for table in modules["peers"].plan(quick=quick):
            assert table.candidates[0].startswith("diffcli")
            assert {name.partition(", ")[0] for name in table.candidates} <= {"by hand", *PEERS}
            assert set(table.limits) <= set(table.candidates)
