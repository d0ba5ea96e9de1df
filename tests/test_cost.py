"""What a step costs: counts of what runs, and gradients against a pass by hand."""

import json

import numpy as np
import pytest

from diffcli.cli.main import run
from diffcli.learn import cost
from diffcli.learn.cost import SAMPLE, CostStudy, Step, cost_study, differences, network, sample, values

EPSILONS = 1e-8


@pytest.fixture(scope="module")
def study():
    return cost_study([10, 1000, 200, 100_000], whole=200)


def test_two_evaluations_for_each_parameter_against_one_sweep(study):
    assert [step.parameters for step in study.steps] == [10, 200, 1000, 100_000]
    assert [step.all_evaluations for step in study.steps] == [20, 400, 2000, 200_000]
    assert [step.evaluations for step in study.steps] == [20, 400, 2 * SAMPLE, 2 * SAMPLE]
    assert [step.sweeps for step in study.steps] == [1, 1, 1, 1]
    assert study.holds


def test_what_was_not_run_is_marked(study):
    assert [step.is_extrapolated for step in study.steps] == [False, False, True, True]
    for step in study.steps:
        assert step.all_seconds == pytest.approx(step.difference_seconds * step.parameters / step.differenced)
        assert min(step.seconds, step.sweep_seconds, step.difference_seconds) > 0


def test_the_sweep_takes_a_bounded_multiple_of_the_operations_of_f(study):
    ratios = [step.sweep_operations / step.operations for step in study.steps]
    assert all(1 < ratio < 5 for ratio in ratios)  # the cheap-gradient bound
    assert [step.operations for step in study.steps] == sorted(step.operations for step in study.steps)


def test_differences_agree_with_reverse_mode(study):
    assert all(step.error < EPSILONS for step in study.steps)


@pytest.mark.parametrize("size", [10, 130])
def test_differences_against_a_pass_by_hand(size):
    graph = network(size)
    point = values(graph, 4)
    x, y, w1, w2 = point
    a = np.tanh(x @ w1.T)
    d = (1 / (1 + np.exp(-a @ w2.T)) - y) / len(x)
    by_hand = np.concatenate([((d @ w2 * (1 - a**2)).T @ x).reshape(-1), (d.T @ a).reshape(-1)])
    assert by_hand.size == size
    found, evaluations, _ = differences(graph, graph.inputs[2:], point, range(size))
    assert evaluations == 2 * size
    np.testing.assert_allclose(found, by_hand, rtol=1e-6, atol=EPSILONS)
    some, evaluations, _ = differences(graph, graph.inputs[2:], point, [0, size // 2, size - 1])
    assert evaluations == 6
    np.testing.assert_allclose(some, by_hand[[0, size // 2, -1]], rtol=1e-6, atol=EPSILONS)


def test_the_sample_goes_from_the_first_parameter_to_the_last():
    chosen = sample(5000)
    assert len(set(chosen)) == SAMPLE
    assert (chosen[0], chosen[-1]) == (0, 4999)


def test_a_wrong_count_is_said(capsys, monkeypatch):
    wrong = CostStudy((Step(10, 1, 1e-6, 10, 10, 1e-5, 1, 3, 1e-6, 0.0),))
    assert not wrong.holds
    monkeypatch.setattr(cost, "cost_study", lambda *_: wrong)
    assert run(["cost"]) == 1
    assert "not those of the lectures" in capsys.readouterr().out


def test_growth_is_the_power_of_the_number_of_parameters():
    steps = [Step(n, 1, 1.0, n, 2 * n, 1e-9 * n**2, 1, 3, 1e-9 * n, 0.0) for n in (10, 100, 1000)]
    study = CostStudy(tuple(steps))
    assert study.growth(lambda step: step.all_seconds) == pytest.approx(2)
    assert study.growth(lambda step: step.sweep_seconds) == pytest.approx(1)
    assert CostStudy(tuple(steps[:1])).growth(lambda step: step.all_seconds) is None


def test_the_command(capsys):
    assert run(["cost", "--parameters", "10,1e3", "--whole", "10", "-f", "json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert [step["finite"]["function_evaluations"] for step in record["steps"]] == [20, 2000]
    assert [step["finite"]["extrapolated"] for step in record["steps"]] == [False, True]
    assert record["holds"] is True


def test_the_screen(capsys):
    assert run(["cost", "--parameters", "10,200,1000", "--whole", "10"]) == 0
    shown = capsys.readouterr().out
    assert "2000 f" in shown
    assert "1 sweep" in shown
    assert "≈" in shown
    assert "Time of one step" in shown


@pytest.mark.parametrize(
    "words", ["--parameters 15", "--parameters 0", "--parameters x", "--parameters 1e9", "--parameters 10,",
              "--whole -1", "--whole 10000000", "-o nowhere/x.png"],
)  # fmt: skip
def test_what_cannot_be_done(words, capsys):
    assert run(["cost", *words.split()]) == 2
    assert "error" in capsys.readouterr().err
