"""Norms of the gradient by layer during training, and the same network on another array library."""

import json
import sys

import numpy as np
import pytest
from test_array_libraries import stand_in  # noqa: F401 - a fixture

from diffcli.cli.main import run
from diffcli.execute.array_library import usable
from diffcli.learn.architecture import Architecture
from diffcli.learn.data import Part
from diffcli.learn.device import DeviceObjective
from diffcli.learn.network import of_architecture
from diffcli.learn.objective import Objective
from diffcli.learn.vanishing import LayerNorms, layer_norms

WORDS = ["train", "mlp:6,6,6:sigmoid", "--data", "iris", "--epochs", "3", "--show", "gradients"]


def problem(dropout=False, penalty=False):
    architecture = Architecture((4, 5, 5, 3), "sigmoid", is_softmax=True, dropout=dropout, penalty=penalty)
    objective = Objective(of_architecture("net", architecture))
    random = np.random.default_rng(2)
    objective.parameters[...] = random.normal(size=objective.parameters.size)
    x, y = random.normal(size=(9, 4)), np.eye(3)[random.integers(3, size=9)]
    return objective, x, y


def test_norms_of_the_delta_recursion():
    objective, x, y = problem()
    w = objective.views
    a2 = 1 / (1 + np.exp(-(x @ w["W1"].T + w["b1"])))
    a3 = 1 / (1 + np.exp(-(a2 @ w["W2"].T + w["b2"])))
    logits = a3 @ w["W3"].T + w["b3"]
    d4 = (np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True) - y) / 9
    d3 = a3 * (1 - a3) * (d4 @ w["W3"])
    d2 = a2 * (1 - a2) * (d3 @ w["W2"])
    found = layer_norms(objective, Part(x, y, y.argmax(axis=1)), 7)
    wanted = {"W1": d2.T @ x, "b1": d2.sum(axis=0), "W2": d3.T @ a2, "b2": d3.sum(axis=0), "W3": d4.T @ a3}
    assert found.epoch == 7
    for name, array in wanted.items():
        assert dict(found.norms)[name] == pytest.approx(np.linalg.norm(array), rel=1e-12)
    assert found.ratio == pytest.approx(np.linalg.norm(wanted["W1"]) / np.linalg.norm(wanted["W3"]), rel=1e-12)


def test_dropout_is_off_and_the_penalty_counts():
    objective, x, y = problem(dropout=True, penalty=True)
    plain, _, _ = problem()
    part = Part(x, y, y.argmax(axis=1))
    plain.parameters[...] = objective.parameters
    without = dict(layer_norms(objective, part, 0, 0.0).norms)
    assert without == pytest.approx(dict(layer_norms(plain, part, 0).norms), rel=1e-12)
    before = objective.parameters.copy()
    with_penalty = dict(layer_norms(objective, part, 0, 2.0).norms)
    plain.gradient(x, y)
    from_views = plain.derivatives[:20].reshape((5, 4), order="F") + 2.0 * plain.views["W1"]
    assert with_penalty["W1"] == pytest.approx(np.linalg.norm(from_views), rel=1e-12)
    assert with_penalty["b1"] == pytest.approx(without["b1"], rel=1e-12)
    assert objective.parameters.tobytes() == before.tobytes()


def test_the_ratio_where_the_last_layer_has_no_gradient():
    assert LayerNorms(0, (("W1", 1.0), ("W2", 0.0))).ratio is None


def test_watching_does_not_change_the_training(capsys):
    assert run([*WORDS, "-f", "json"]) == 0
    watched = json.loads(capsys.readouterr().out)
    assert run([*WORDS[:-2], "-f", "json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert watched["curves"] == plain["curves"]
    assert [one["epoch"] for one in watched["gradients"]] == [0, 1, 2, 3]
    assert list(watched["gradients"][0]["norms"]) == ["W1", "b1", "W2", "b2", "W3", "b3", "W4", "b4"]
    assert plain["gradients"] == []


def test_the_screen(capsys):
    assert run(WORDS) == 0
    shown = capsys.readouterr().out
    assert "Norm of the gradient by layer" in shown
    assert "W1 / W4" in shown
    assert "Gradient norm by epoch" in shown
    assert "Gradient norm by layer" in shown


# On another array library.


def assert_same(device, host, x, y, rtol):
    masks = [np.full((9, 5), 0.5, host.dtype)] * 2 if host.network.masks else []
    assert device.gradient(x, y, masks, 0.1) == pytest.approx(host.gradient(x, y, masks, 0.1), rel=rtol)
    assert type(device.derivatives) is np.ndarray
    np.testing.assert_allclose(device.derivatives, host.derivatives, rtol=rtol, atol=rtol)
    found, wanted = device.evaluate(x, y), host.evaluate(x, y)
    assert found.loss == pytest.approx(wanted.loss, rel=rtol)
    np.testing.assert_allclose(found.scores, wanted.scores, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("dropout", [False, True])
def test_a_stand_in_for_cupy_gives_the_same(dropout, stand_in, monkeypatch):  # noqa: F811
    _, host_of = stand_in
    host, x, y = problem(dropout=dropout, penalty=True)
    library = sys.modules["cupy"]
    monkeypatch.setattr(library, "asnumpy", host_of, raising=False)
    monkeypatch.setattr("diffcli.learn.device.named", lambda _: library)
    assert_same(DeviceObjective(host, "cupy"), host, x, y, 1e-13)


@pytest.mark.gpu
@pytest.mark.skipif(usable("cupy") is None, reason="CuPy is not installed or finds no device")
@pytest.mark.parametrize(("dtype", "rtol"), [("float64", 1e-12), ("float32", 1e-4)])
def test_cupy_gives_the_same(dtype, rtol):
    made, x, y = problem(dropout=True, penalty=True)
    host = Objective(made.network, dtype)
    host.parameters[...] = made.parameters
    assert_same(DeviceObjective(host, "cupy"), host, x.astype(dtype), y.astype(dtype), rtol)


@pytest.mark.skipif(usable("cupy") is not None, reason="CuPy is here")
def test_without_a_gpu_the_message_says_what_is_missing(capsys):
    assert run(["train", "mlp:2", "--data", "iris", "--epochs", "1", "--array-library", "cupy"]) == 4
    assert "cupy" in capsys.readouterr().err.lower()
