"""Networks as programs, their gradients, and the recursion of lecture deck 001."""

import math

import numpy as np
import pytest

from diffcli.errors import DiffcliError
from diffcli.language import library
from diffcli.learn import backprop_check, recursion
from diffcli.learn.architecture import Architecture, architecture, read_short_name
from diffcli.learn.data import Part
from diffcli.learn.network import of_architecture, of_text
from diffcli.learn.objective import Objective
from diffcli.learn.train import Settings, prepare, train
from diffcli.learn.train_requests import of_example, prepared, read_network, read_samples

EXAMPLES = ("linear-classifier", "logistic-regression", "mlp-sigmoid", "mlp-tanh", "mlp-relu")


def filled(chosen: Architecture, seed: int = 0) -> tuple[Objective, np.ndarray, np.ndarray]:
    """A network with random parameters, samples and labels."""
    random = np.random.default_rng(seed)
    objective = Objective(of_architecture("test", chosen))
    objective.parameters[...] = random.normal(size=objective.parameters.shape) * 0.5
    x = random.normal(size=(9, chosen.widths[0]))
    labels = random.integers(0, max(chosen.widths[-1], 2), 9)
    y = np.eye(chosen.widths[-1])[labels] if chosen.is_softmax else labels.reshape(-1, 1).astype(float)
    return objective, x, y


def plain_loss(chosen: Architecture, values: dict, x: np.ndarray, y: np.ndarray, masks: list, penalty: float) -> float:
    """The loss sample by sample in Python's math, without a program and without matrices."""
    g = {"tanh": math.tanh, "sigmoid": lambda z: 1 / (1 + math.exp(-z)), "relu": lambda z: max(z, 0.0)}
    total = 0.0
    for n, (sample, label) in enumerate(zip(x.tolist(), y.tolist(), strict=True)):
        a = sample
        for l in chosen.layers:
            weights, bias = values[f"W{l}"].tolist(), values[f"b{l}"].tolist()
            z = [
                math.fsum(w * s for w, s in zip(row, a, strict=True)) + b for row, b in zip(weights, bias, strict=True)
            ]
            a = [g[chosen.activation](v) for v in z] if l + 1 < chosen.last else z
            if l + 1 < chosen.last and masks:
                a = [v * m for v, m in zip(a, masks[l - 1][n].tolist(), strict=True)]
        if chosen.is_softmax:
            top = math.fsum(math.exp(v) for v in a)
            total -= math.fsum(t * math.log(math.exp(v) / top) for t, v in zip(label, a, strict=True))
        else:
            p = 1 / (1 + math.exp(-a[0]))
            total -= label[0] * math.log(p) + (1 - label[0]) * math.log(1 - p)
    squares = math.fsum(float((values[f"W{l}"] ** 2).sum()) for l in chosen.layers)
    return total / len(x) + penalty / 2 * squares


CASES = [
    Architecture((3, 4), "tanh", True), Architecture((3, 1), "tanh", False),
    Architecture((3, 5, 4), "tanh", True), Architecture((3, 5, 4, 1), "sigmoid", False),
    Architecture((3, 6, 5, 4), "relu", True), Architecture((3, 6, 5, 4), "relu", True, dropout=True, penalty=True),
    Architecture((3, 6, 1), "sigmoid", False, dropout=True, penalty=True),
]  # fmt: skip


@pytest.mark.parametrize("chosen", CASES)
def test_loss_and_gradient_are_those_of_an_independent_transcription(chosen: Architecture) -> None:
    objective, x, y = filled(chosen)
    random = np.random.default_rng(1)
    masks = (
        [np.where(random.random((9, width)) < 0.3, 0.0, 1 / 0.7) for width in chosen.widths[1:-1]]
        if chosen.dropout
        else []
    )
    penalty = 0.1 if chosen.penalty else 0.0
    loss = objective.gradient(x, y, masks, penalty)
    expected = plain_loss(chosen, objective.views, x, y, masks, penalty)
    assert loss == pytest.approx(expected, rel=1e-13)
    assert objective.loss(x, y, masks, penalty) == pytest.approx(expected, rel=1e-13)
    derivatives = objective.derivatives.copy()
    by_recursion = recursion.gradient(chosen, objective.views, x, y, masks, penalty)
    for parameter in objective.network.parameters:
        own = derivatives[parameter.start : parameter.start + parameter.size].reshape(parameter.shape, order="F")
        assert own == pytest.approx(by_recursion[parameter.name], rel=1e-11, abs=1e-15)
    for place in range(0, objective.network.size, 7):
        before, h = objective.parameters[place], 1e-6
        objective.parameters[place] = before + h
        up = plain_loss(chosen, objective.views, x, y, masks, penalty)
        objective.parameters[place] = before - h
        down = plain_loss(chosen, objective.views, x, y, masks, penalty)
        objective.parameters[place] = before
        assert derivatives[place] == pytest.approx((up - down) / (2 * h), abs=1e-8)


def test_evaluation_is_without_dropout_and_penalty() -> None:
    with_both = Architecture((3, 6, 4), "tanh", True, dropout=True, penalty=True)
    objective, x, y = filled(with_both)
    plain, *_ = filled(with_both._replace(dropout=False, penalty=False))
    assert np.array_equal(objective.parameters, plain.parameters)
    assert objective.evaluate(x, y).loss == plain.evaluate(x, y).loss
    assert objective.evaluate(x, y).loss == pytest.approx(plain_loss(with_both, plain.views, x, y, [], 0.0))


def test_large_data_are_evaluated_in_parts() -> None:
    objective, x, y = filled(Architecture((3, 4), "tanh", True))
    many, labels = np.tile(x, (1000, 1)), np.tile(y, (1000, 1))
    found = objective.evaluate(many, labels)
    assert found.loss == pytest.approx(objective.evaluate(x, y).loss)
    assert found.scores.shape == (9000, 4)


def test_wide_layers_are_evaluated_and_trained_in_parts_that_fit() -> None:
    samples = read_samples("moons:2000")
    record = train(prepare(read_network("mlp:10000", samples), samples, Settings(epochs=0)))
    assert record.scores["training"].samples == 1400
    with pytest.raises(DiffcliError) as caught:
        train(prepare(read_network("mlp:10000", samples), samples, Settings(epochs=1, batch=1400)))
    assert "--batch" in (caught.value.hint or "")


@pytest.mark.parametrize("name", EXAMPLES)
def test_networks_of_the_library_are_what_train_writes(name: str) -> None:
    network, data = of_example(f"@{name}", {})
    assert network.architecture is not None
    assert network.architecture.text == library.example(name).text
    assert len(data.x) == len(data.labels)


def test_a_program_that_is_no_perceptron_is_trained_all_the_same() -> None:
    text = "Z = X @ W1.T + (X^2) @ W2.T + b; L = mean(cross_entropy_of_logits(Z, Y))"
    start = {"W1": np.zeros((3, 4)), "W2": np.zeros((3, 4)), "b": np.zeros(3)}
    network = of_text("own", text, 4, 3, (3,), start)
    assert network.architecture is None
    record = train(prepare(network, read_samples("iris"), Settings(epochs=5)))
    assert record.exit_code == 0
    assert len(record.checks) == 1
    assert record.scores["training"].loss < record.curves[0].training_loss


def test_probabilities_are_a_decision_function_too() -> None:
    text = "P = sigmoid(X @ W.T + b); L = -mean(Y*ln(P) + (1 - Y)*ln(1 - P))"
    record = train(prepared(text, "moons", settings={"epochs": 30}, at={}, hidden=None, label=None,
                            classes=None, optimizer="adam", rate=0.05, schedule=None))  # fmt: skip
    other = train(prepared("logistic", "moons", settings={"epochs": 30}, at={}, hidden=None, label=None, classes=None,
                           optimizer="adam", rate=0.05, schedule=None))  # fmt: skip
    assert record.scores["test"].accuracy == other.scores["test"].accuracy
    assert record.scores["test"].loss == pytest.approx(other.scores["test"].loss, rel=1e-9)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mlp:0", "no widths"), ("mlp:-3", "no widths|no activation"), ("mlp:8:rleu", "one of tanh"),
        ("mlp:a:b:c", "no network|no activation"),
        ("linear:3", "no layers"), ("logistic", "two classes"), ("mlp:" + "9" * 40, "no widths"),
        ("mlp:" + ",".join(["2"] * 300), "too many"), ("@no-such", "no example"),
        ("no-such-file", "no such network or file"),
        ("mlp:100000,100000", "the limit is"), ("Z = X @ W.T + b; L = mean((Z - Y)^2)", "two classes"),
        ("L = mean(cross_entropy_of_logits(X @ V.T, Y))", ""),
        ("Z = X @ W.T +; L = 1", "no Y"), ("L = (", "operand"), ("L = x^2", "no X"),
        ("mlp:-1", "no widths"), ("mlp:" + "0" * 7 + "12" + "9" * 5000, "no widths"),
        ("mlp:0000000129999999999", "no widths"),
    ],
)  # fmt: skip
def test_what_is_no_network_is_said(text: str, words: str) -> None:
    with pytest.raises(DiffcliError) as caught:
        read_network(text, read_samples("iris"))
    said = f"{caught.value.message} {caught.value.hint}"
    assert any(word in said for word in words.split("|"))
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [("L = sum(W)", "no X"), ("L = sum(X @ W.T)", "no Y"), ("Z = X @ W.T; L = Z - Y", "one number"),
     ("Z = X @ W.T; mean(Z - Y); mean(Z)", "2 outputs"), ("Z = X*1; L = mean(Z - Y)", "no parameters"),
     ("Z = V*X; L = mean(Z - Y)", "the shape of 'V'")],
)  # fmt: skip
def test_programs_need_samples_labels_parameters_and_one_loss(text: str, words: str) -> None:
    with pytest.raises(DiffcliError) as caught:
        read_network(text, read_samples("moons"))
    assert words in caught.value.message


def test_deltas_are_the_numbers_of_the_lectures() -> None:
    network, data = of_example("@mlp-sigmoid", {})
    record = train(prepare(network, data, Settings(sample=0, is_standardised=False)), trains=False)
    assert record.deltas is not None
    hidden, output = record.deltas.layers
    assert record.deltas.loss == pytest.approx(0.59097615201825948, rel=1e-15)
    assert hidden.z == pytest.approx((0.25, -0.15), rel=1e-15)
    assert hidden.a == pytest.approx((0.56217650088579811, 0.46257015465625045), rel=1e-15)
    assert output.a == pytest.approx((0.55378644105250929,), rel=1e-15)
    for layer, expected in ((output, (-0.44621355894749071,)), (hidden, (-0.076879855525633923, 0.066556948512238478))):
        assert layer.delta == pytest.approx(expected, rel=1e-14)
        assert layer.engine == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("chosen", CASES)
def test_a_right_gradient_passes_both_checks(chosen: Architecture) -> None:
    objective, x, y = filled(chosen)
    part = Part(x, y, np.zeros(9))
    masks = [np.full((9, width), 2.0) for width in chosen.widths[1:-1]] if chosen.dropout else []
    for one in backprop_check.check(objective, part, masks, 0.1 if chosen.penalty else 0.0, np.random.default_rng(0)):
        assert one.is_right, one
        assert one.worst.error < 1e-6


@pytest.mark.parametrize("wrong", ["sign", "factor", "one", "transposed", "nan"])
def test_a_wrong_gradient_is_found_and_named(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = Objective.gradient

    def spoiled(self: Objective, *batch: object) -> float:
        loss = usual(self, *batch)
        w2 = self._slots[2]
        if wrong == "sign":
            w2 *= -1
        elif wrong == "factor":
            w2 *= 1.001
        elif wrong == "one":
            w2[1, 2] += 1e-3
        elif wrong == "transposed":
            w2[:3, :3] = w2[:3, :3].T.copy()
        else:
            w2[0, 0] = np.nan
        return loss

    monkeypatch.setattr(Objective, "gradient", spoiled)
    job = prepare(read_network("mlp:3", read_samples("iris")), read_samples("iris"), Settings(epochs=3))
    before = job.objective.parameters.copy()
    record = train(job)
    assert record.exit_code == 1
    assert not record.curves
    assert np.array_equal(job.objective.parameters, before)
    recursive = record.checks[1]
    assert not recursive.is_right
    assert recursive.worst.name.startswith("W2[")
    if wrong == "one":
        assert recursive.worst.name == "W2[1,2]"


@pytest.mark.parametrize("seed", range(6))
def test_derivatives_that_cancel_over_the_samples_are_no_alarm(seed: int) -> None:
    """Four samples to train with: by some biases the sum of all δ is nothing but rounding."""
    samples = read_samples("moons:6", seed=seed)
    record = train(prepare(read_network("mlp:4", samples), samples, Settings(epochs=0, seed=seed)))
    assert [one.failed for one in record.checks] == [0, 0]


@pytest.mark.parametrize("factor", [4, 8, 10, 20])
def test_saturated_outputs_are_no_alarm(factor: int) -> None:
    """Where softmax is all but the label, its difference from it has few digits, and so has the loss."""
    chosen = Architecture((3, 6, 4), "relu", True)
    objective, x, _ = filled(chosen)
    objective.parameters *= factor
    x = x[:1]
    y = np.eye(4)[objective.evaluate(x, np.eye(4)[:1]).scores.argmax(axis=1)]
    checks = backprop_check.check(objective, Part(x, y, np.zeros(1)), [], 0.0, np.random.default_rng(0))
    assert [one.failed for one in checks] == [0, 0]


@pytest.mark.parametrize("seed", range(6))
def test_units_of_relu_whose_inputs_are_all_left_out_are_no_alarm(seed: int) -> None:
    """With a bias of 0 such a unit stands exactly on its kink, where differences see half of each side."""
    samples = read_samples("iris")
    network = read_network("mlp:6,6:relu", samples, dropout=True)
    record = train(prepare(network, samples, Settings(epochs=0, seed=seed, dropout=0.6)))
    assert [one.failed for one in record.checks] == [0, 0]


def test_short_names_and_data_decide_the_layers() -> None:
    assert architecture(read_short_name("mlp:64,32:relu"), 5, 3) == Architecture((5, 64, 32, 3), "relu", True)
    assert architecture(read_short_name("mlp:4"), 5, 2) == Architecture((5, 4, 1), "tanh", False)
    assert architecture(read_short_name("linear"), 5, 2) == Architecture((5, 2), "tanh", True)
    assert architecture(read_short_name("MLP"), 5, 2).widths == (5, 32, 1)
