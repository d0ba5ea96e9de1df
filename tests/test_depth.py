"""Gradients against depth, on closed forms: chains of sigmoids, products of weights, formulas of normalisation."""

import json
import math

import numpy as np
import pytest

from diffcli.cli.main import run
from diffcli.learn.depth import depth_study, profile, starting_values, steepest_chain
from diffcli.learn.depth_programs import CLASSES, Backward, Deep, norm
from diffcli.learn.depth_record import Settings

SMALL = Settings(depths=(1, 2, 5, 10), width=48, rows=16)


def chain_values(backward, weight, bias=0.0):
    """One unit in each layer, all with this weight; the input is 1."""
    values = {"X": np.ones((1, 1)), "Y": np.eye(CLASSES)[1:2]}
    for parameter in backward.network.parameters:
        values[parameter.name] = np.full(parameter.shape, bias if parameter.is_bias else weight)
    values[f"W{backward.deep.depth + 1}"] = np.eye(CLASSES, 1)
    return values


@pytest.mark.parametrize("depth", [1, 2, 10, 50])
def test_a_chain_of_sigmoids_at_zero_has_the_factor_one_quarter(depth):
    assert steepest_chain(depth) == 0.25**depth  # powers of two: exact


def test_the_numbers_of_the_lectures():
    assert steepest_chain(10) == pytest.approx(9.5e-7, rel=0.01)
    assert steepest_chain(50) == pytest.approx(7.9e-31, rel=0.01)


@pytest.mark.parametrize("weight", [0.5, 1.0, -2.0, 3.0])
def test_a_linear_chain_gives_the_product_of_the_weights(weight):
    backward = Backward(Deep(9, 1, "linear"), 1)
    found = profile(backward, chain_values(backward, weight))
    for number, signal in enumerate(found.signals):
        assert signal == pytest.approx(found.signals[-1] * abs(weight) ** (8 - number), rel=1e-14)
    assert found.factor == pytest.approx(abs(weight), rel=1e-14)
    assert found.expected == pytest.approx(abs(weight), rel=1e-14)
    assert found.bound == pytest.approx(abs(weight), rel=1e-14)


def test_a_linear_network_gives_the_product_of_its_matrices():
    backward = Backward(Deep(4, 3, "linear"), 5)
    values = starting_values(backward, "he", Settings(width=3, rows=5))
    found = profile(backward, values)
    logits = values["X"]
    for l in range(1, 6):
        logits = logits @ values[f"W{l}"].T
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    delta = (p - values["Y"]) / 5
    signals = []
    for l in (5, 4, 3, 2):
        delta = delta @ values[f"W{l}"]
        signals.insert(0, np.linalg.norm(delta))
    assert found.signals == pytest.approx(signals, rel=1e-13)
    assert found.first == pytest.approx(np.linalg.norm(delta.T @ values["X"]), rel=1e-13)


def test_the_delta_recursion_by_hand():
    backward = Backward(Deep(3, 4, "tanh"), 6)
    values = starting_values(backward, "glorot", Settings(width=4, rows=6))
    flow = backward(values)
    a, z = {1: values["X"]}, {}
    for l in (1, 2, 3):
        z[l + 1] = a[l] @ values[f"W{l}"].T + values[f"b{l}"]
        a[l + 1] = np.tanh(z[l + 1])
    logits = a[4] @ values["W4"].T
    delta = {5: (np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True) - values["Y"]) / 6}
    for l in (4, 3, 2):
        delta[l] = (1 - a[l] ** 2) * (delta[l + 1] @ values[f"W{l}"])
    assert flow.signals == pytest.approx([np.linalg.norm(delta[l]) for l in (2, 3, 4)], rel=1e-13)
    assert flow.weights == pytest.approx([np.linalg.norm(delta[l + 1].T @ a[l]) for l in (1, 2, 3, 4)], rel=1e-13)
    assert flow.slopes == pytest.approx([np.sqrt(np.mean((1 - a[l] ** 2) ** 2)) for l in (2, 3, 4)], rel=1e-13)


@pytest.mark.parametrize("normalisation", ["batch", "layer"])
def test_the_gradient_of_normalisation_against_its_formula_and_differences(normalisation):
    """Ioffe and Szegedy's backward pass: ∂L/∂u = g/s·(ḡ − mean ḡ − û·mean(ḡ û)), ḡ the cotangent times the scale."""
    backward = Backward(Deep(1, 4, "tanh", normalisation), 6)
    values = starting_values(backward, "glorot", Settings(width=4, rows=6))
    random = np.random.default_rng(5)
    values |= {"G2": random.normal(1, 0.3, 4), "B2": random.normal(0, 0.3, 4), "b1": random.normal(size=4)}
    axis = 0 if normalisation == "batch" else 1

    def forward(w):
        u = values["X"] @ w.T + values["b1"]
        deviation = np.sqrt(u.var(axis=axis, keepdims=True) + 1e-5)
        hat = (u - u.mean(axis=axis, keepdims=True)) / deviation
        a = np.tanh(values["G2"] * hat + values["B2"])
        logits = a @ values["W2"].T + values["b2"]
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        return -np.mean(np.sum(values["Y"] * np.log(p), axis=1)), p, a, hat, deviation

    loss, p, a, hat, deviation = forward(values["W1"])
    delta = (1 - a**2) * ((p - values["Y"]) / 6 @ values["W2"])
    g = delta * values["G2"]
    du = (g - g.mean(axis=axis, keepdims=True) - hat * (g * hat).mean(axis=axis, keepdims=True)) / deviation
    flow = backward(values)
    assert flow.loss == pytest.approx(loss, rel=1e-13)
    assert flow.signals == pytest.approx([np.linalg.norm(delta)], rel=1e-12)
    assert flow.weights[0] == pytest.approx(np.linalg.norm(du.T @ values["X"]), rel=1e-12)
    slopes = np.empty((4, 4))
    for index in np.ndindex(4, 4):
        step = np.zeros((4, 4))
        step[index] = 1e-5
        slopes[index] = (forward(values["W1"] + step)[0] - forward(values["W1"] - step)[0]) / 2e-5
    assert flow.weights[0] == pytest.approx(np.linalg.norm(slopes), rel=1e-7)


@pytest.fixture(scope="module")
def study():
    return depth_study(SMALL)


def test_no_factor_exceeds_its_bound(study):
    found = [one for case in study.cases + study.changes for one in case.profiles if one.bound is not None]
    assert len(found) > 40
    assert all(one.factor <= one.bound * (1 + 1e-12) for one in found)


def test_factors_are_about_as_expected(study):
    for case in study.cases:
        assert case.deepest.factor == pytest.approx(case.deepest.expected, rel=0.15)


def test_what_vanishes_and_what_explodes(study):
    factors = {(case.activation, case.initialisation): case.deepest.factor for case in study.cases}
    assert all(factors["sigmoid", name] < 0.8 for name in SMALL.initialisations)
    assert 0.7 < factors["relu", "he"] < 1.3
    assert factors["tanh", "normal:sigma=1"] > 1.2
    assert factors["relu", "normal:sigma=1"] == pytest.approx(math.sqrt(48 / 2), rel=0.15)
    assert factors["relu", "glorot"] == pytest.approx(math.sqrt(1 / 2), rel=0.15)


def test_what_is_said_to_help(study):
    found = {case.change.partition(",")[0]: case.deepest for case in study.changes if case.activation == "sigmoid"}
    plain, penalty = found["plain"], found["L2"]
    assert penalty.factor == pytest.approx(plain.factor, rel=1e-12)  # L2 leaves the signal as it is
    backward = Backward(Deep(10, 48, "sigmoid", penalty=True), 16)
    weights = starting_values(backward, "glorot", SMALL)["W1"]
    assert penalty.first == pytest.approx(0.001 * np.linalg.norm(weights), rel=0.01)
    assert found["batch normalisation"].factor > 0.8 > 3 * plain.factor
    assert found["dropout 0.5"].factor == pytest.approx(plain.factor * math.sqrt(2), rel=0.2)


def test_the_same_seed_gives_the_same_numbers():
    small = Settings(activations=("tanh",), depths=(3,), width=8, rows=4)
    first, again = depth_study(small), depth_study(small)
    other = depth_study(Settings(activations=("tanh",), depths=(3,), width=8, rows=4, seed=1))
    assert first.to_dict() == again.to_dict()
    assert first.to_dict() != other.to_dict()


@pytest.mark.parametrize(("array", "expected"), [([3e200, 4e200], 5e200), ([3e-200, 4e-200], 5e-200), ([0.0], 0.0)])
def test_norms_neither_overflow_nor_underflow(array, expected):
    assert norm(np.array(array)) == pytest.approx(expected, rel=1e-14)


def test_the_command(capsys):
    assert run(["depth", "--activations", "sigmoid", "--init", "glorot", "--depths", "1..3,10", "--width", "8"]) == 0
    shown = capsys.readouterr().out
    assert "9.5e-07" in shown or "9.5e-7" in shown
    assert "vanish: sigmoid with glorot" in shown


def test_overflow_is_null_in_json(capsys):
    words = ["depth", "--activations", "linear", "--init", "normal:sigma=1000", "--depths", "120", "-f", "json"]
    assert run([*words, "--width", "4"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["command"] == "depth"
    assert record["cases"][0]["depths"][0]["first_layer"] is None


@pytest.mark.parametrize(
    "words",
    ["--depths 0", "--depths 1..9999999", "--depths ,", "--activations sigmod", "--init foo", "--init normal:sigma=x",
     "--width 0", "--width 1000 --samples 4000", "--dropout 1", "--l2 nan", "--seed -1", "-o nowhere/x.png"],
)  # fmt: skip
def test_what_cannot_be_done(words, capsys):
    assert run(["depth", *words.split()]) == 2
    assert "error" in capsys.readouterr().err
