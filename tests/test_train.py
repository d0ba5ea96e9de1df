"""`diffcli train`: what is learned, early stopping, dropout, checkpoints, the screen, the command line."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import kill_training
import numpy as np
import pytest

import diffcli
from diffcli.errors import DiffcliError
from diffcli.learn.data import Data
from diffcli.learn.optimizers import optimizer
from diffcli.learn.progress import Progress, as_text
from diffcli.learn.train import Job, Settings, prepare, train
from diffcli.learn.train_requests import read_network, read_samples
from diffcli.learn.training import Interrupted, drawn_masks
from diffcli.learn.training_record import Training
from diffcli.render.document import Options
from diffcli.render.registry import render
from diffcli.whole_file import remove_leftovers

IRIS = read_samples("iris")


def job(network: str = "mlp:5", data: Data = IRIS, rate: float | None = None, **known: Any) -> Job:
    """A training that is set up."""
    settings = Settings(optimizer("adam", rate), **known)
    found = read_network(network, data, dropout=settings.dropout > 0, penalty=settings.l2 > 0)
    return prepare(found, data, settings)


def state(progress: Progress) -> dict[str, bytes]:
    """All of a training's state, to the last bit."""
    return {name: np.asarray(value).tobytes() for name, value in progress.to_arrays().items()}


def test_digits_with_one_hidden_layer() -> None:
    """At least 97 % of samples that it has never seen; the same seed gives the same bits."""
    data = read_samples("digits")
    began = time.perf_counter()
    first = train(job("mlp:128:relu", data, 0.003, l2=1e-3, epochs=25))
    assert time.perf_counter() - began < 20
    assert first.scores["test"].accuracy >= 0.97


@pytest.mark.parametrize("seed", range(3))
def test_what_people_type_first_reads_digits(seed: int) -> None:
    """`diffcli train mlp:64 --data digits`, with nothing chosen."""
    samples = read_samples("digits")
    record = train(prepare(read_network("mlp:64", samples), samples, Settings(seed=seed)))
    assert record.scores["test"].accuracy >= 0.97


def test_the_same_seed_gives_the_same_bits() -> None:
    runs = [job("mlp:16", dropout=0.2, epochs=5, seed=seed) for seed in (4, 4, 5)]
    records = [train(run) for run in runs]
    assert state(runs[0].progress) == state(runs[1].progress)
    assert records[0].scores == records[1].scores
    assert records[2].curves[1] != records[0].curves[1]


@pytest.mark.parametrize(
    ("network", "data", "least"),
    [("linear", "iris", 0.9), ("logistic", "moons", 0.75), ("mlp:16:relu", "moons", 0.9),
     ("mlp:16,16", "moons:300,0.1", 0.95), ("mlp:8:sigmoid", "iris", 0.9)],
)  # fmt: skip
def test_every_network_learns(network: str, data: str, least: float) -> None:
    record = train(job(network, read_samples(data), 0.03, epochs=80))
    assert record.exit_code == 0
    assert record.scores["test"].accuracy >= least
    assert record.scores["training"].loss < record.curves[0].training_loss / 1.5


def test_a_small_step_of_gradient_descent_is_the_one_by_hand() -> None:
    """One full batch: W ← W − η(Δ/n + λW), b ← b − η Δ/n; no penalty on the bias."""
    settings = Settings(optimizer("sgd", 0.1), epochs=1, batch=1000, l2=0.5, patience=0)
    one = prepare(read_network("linear", IRIS, penalty=True), IRIS, settings)
    w, b = (one.objective.views[name].copy() for name in ("W1", "b1"))
    part = one.split.training
    z = part.x @ w.T + b
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    train(one)
    assert one.objective.views["W1"] == pytest.approx(w - 0.1 * ((p - part.y).T @ part.x / len(part) + 0.5 * w))
    assert one.objective.views["b1"] == pytest.approx(b - 0.1 * (p - part.y).mean(axis=0))


def test_patience_keeps_the_best_parameters() -> None:
    record = train(one := job("mlp:32:relu", read_samples("moons:120,0.4"), 0.05, epochs=400, patience=5))
    losses = [epoch.validation_loss for epoch in record.curves]
    assert record.ending == "patience"
    assert record.best_epoch == int(np.argmin(losses))
    assert len(losses) - 1 == record.best_epoch + 5
    assert record.scores["validation"].loss == losses[record.best_epoch]
    best = dict(record.values)
    one.objective.parameters[...] = one.progress.best
    assert all(np.array_equal(view, best[name]) for name, view in one.objective.views.items())
    without = train(job("mlp:32:relu", read_samples("moons:120,0.4"), 0.05, epochs=30, patience=0))
    assert without.best_epoch is None
    assert without.ending == "epochs"
    assert without.scores["training"].loss == without.curves[-1].training_loss


def test_dropout_leaves_out_its_share_and_keeps_the_mean() -> None:
    network = read_network("mlp:200", IRIS, dropout=True)
    (mask,) = drawn_masks(network, 500, 0.3, np.random.default_rng(0), np.dtype(float))
    assert set(np.unique(mask)) == {0.0, 1 / 0.7}
    assert (mask == 0).mean() == pytest.approx(0.3, abs=0.01)
    assert mask.mean() == pytest.approx(1, abs=0.01)
    assert train(job("mlp:8", dropout=0.5, epochs=3)).is_checked


def test_single_precision() -> None:
    record = train(job("mlp:8:relu", rate=0.01, dtype="float32", epochs=40))
    assert record.values["W1"].dtype == np.float32
    assert record.scores["test"].accuracy >= 0.9


def test_divergence_is_noticed() -> None:
    settings = Settings(optimizer("sgd", 1e6), epochs=50)
    record = train(prepare(read_network("mlp:8:relu", IRIS), IRIS, settings))
    assert record.ending == "diverged"
    assert record.exit_code == 1
    shown = render(record, "rich", Options(width=80))
    assert "--rate 0.1" in shown
    json.loads(render(record, "json", Options()))


def test_a_training_that_only_got_worse_says_so() -> None:
    record = train(job("mlp:4", rate=1e6, epochs=3))
    assert record.best_epoch == 0
    shown = render(record, "rich", Options(width=80))
    assert "the parameters at the start" in shown
    assert "--rate 0.01" in shown


# Checkpoints.


def interrupted_after(steps: int, path: Path, **known: Any) -> None:
    """A training with a checkpoint, stopped after so many mini-batches."""
    left = iter(range(steps))
    with pytest.raises(Interrupted):
        train(job(checkpoint=path, **known), should_stop=lambda: next(left, None) is None)


VARIANTS = [
    {"rate": 0.05, "patience": 0}, {"rate": 0.05, "dropout": 0.3, "l2": 1e-3, "network": "mlp:6,5:relu"},
    {"rate": 0.05, "dtype": "float32", "batch": 7}, {"shares": (1, 0, 0), "network": "linear"},
]  # fmt: skip


@pytest.mark.parametrize("known", VARIANTS)
@pytest.mark.parametrize("steps", [0, 1, 3, 4, 5, 17])
def test_resumed_at_any_step_the_numbers_are_the_same_bit_for_bit(
    known: dict[str, Any], steps: int, tmp_path: Path
) -> None:
    expected = train(whole := job(epochs=8, **known))
    path = tmp_path / "run.npz"
    interrupted_after(steps, path, epochs=8, **known)
    interrupted_after(2, path, epochs=8, resume=True, **known)
    record = train(rest := job(epochs=8, checkpoint=path, resume=True, **known))
    assert state(rest.progress) == state(whole.progress)
    assert record.scores == expected.scores
    assert record.curves == expected.curves
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.npz"]


@pytest.mark.parametrize("name", ["momentum", "nesterov", "adagrad", "rmsprop", "momentum-deck", "sgd"])
def test_every_optimizer_resumes(name: str, tmp_path: Path) -> None:
    def made(path: Path | None) -> Job:
        chosen = Settings(optimizer(name, 0.01), epochs=5, checkpoint=path)
        return prepare(read_network("mlp:5", IRIS), IRIS, chosen)

    train(whole := made(None))
    left = iter(range(7))
    with pytest.raises(Interrupted):
        train(made(tmp_path / "a.npz"), should_stop=lambda: next(left, None) is None)
    train(rest := made(tmp_path / "a.npz"))
    assert state(rest.progress) == state(whole.progress)


def test_a_finished_training_can_go_on_with_more_epochs(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    train(job(epochs=3, patience=0, checkpoint=path))
    record = train(one := job(epochs=6, patience=0, checkpoint=path))
    assert record.resumed_at == 3
    train(whole := job(epochs=6, patience=0))
    assert state(one.progress) == state(whole.progress)


@pytest.mark.parametrize(
    ("other", "name"),
    [
        ({"batch": 16}, "--batch 32, not 16"), ({"seed": 1}, "--seed 0, not 1"), ({"l2": 0.1}, "--l2 0.0, not 0.1"),
        ({"network": "mlp:6"}, "network mlp:5, not mlp:6"), ({"data": read_samples("moons")}, "data iris"),
        ({"rate": 0.5}, "--rate 0.01, not 0.5"), ({"shares": (80, 10, 10)}, "--split"),
        ({"dtype": "float32"}, "--dtype"),
        ({"is_standardised": False}, "--standardise"), ({"initialisation": "he"}, "--init glorot, not he"),
    ],
)  # fmt: skip
def test_other_options_than_those_of_the_checkpoint_are_named(other: dict[str, Any], name: str, tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    train(job(epochs=1, checkpoint=path))
    before = path.read_bytes()
    with pytest.raises(DiffcliError) as caught:
        job(epochs=1, checkpoint=path, **other)
    assert name in caught.value.message
    assert path.read_bytes() == before


def test_what_is_no_checkpoint_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    train(job(epochs=2, checkpoint=path))
    whole = path.read_bytes()
    for content in (b"", b"my notes", whole[:50], whole[: len(whole) // 2], whole[:-10]):
        path.write_bytes(content)
        with pytest.raises(DiffcliError, match="cannot resume"):
            job(epochs=2, checkpoint=path)
        assert path.read_bytes() == content
    np.savez(path, X=np.zeros(3))
    with pytest.raises(DiffcliError, match="no checkpoint of diffcli"):
        job(epochs=2, checkpoint=path)
    with pytest.raises(DiffcliError, match="cannot resume"):
        job(epochs=2, checkpoint=tmp_path / "absent.npz", resume=True)
    for place in range(0, len(whole), 211):  # damaged, but perhaps still readable
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        with suppress(DiffcliError):  # and nothing else
            train(job(epochs=2, checkpoint=path))


@pytest.mark.parametrize(
    "change",
    [{"epoch": -1}, {"epoch": None}, {"epoch": 10**9}, {"position": 10**9}, {"position": -1}, {"t": -1}, {"t": 10**400},
     {"t": "x"}, {"best_loss": "x"}, {"ending": "x"}, {"best_epoch": 1e300}, {"random": {}}],
)  # fmt: skip
def test_a_state_that_no_training_writes_is_refused(change: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    train(job(epochs=1, checkpoint=path))
    with np.load(path) as file:
        arrays = dict(file)
    known = json.loads(arrays["state"].tobytes())
    np.savez(path, **{**arrays, "state": as_text({**known, **change})})
    with pytest.raises(DiffcliError, match="it is damaged"):
        job(epochs=2, checkpoint=path)


@pytest.mark.parametrize(
    ("name", "change"),
    [("order", lambda x: x[:5]), ("order", lambda x: x + 1), ("order", lambda x: x.astype(float)),
     ("order", lambda x: x * 0), ("curves", lambda x: x[:, :2]), ("curves", lambda x: x[:0]),
     ("memory.m.0", lambda x: x[:3]), ("memory.s.0", lambda x: x.astype("U5")), ("best", lambda x: x.astype("f4"))],
)  # fmt: skip
def test_arrays_that_no_training_writes_are_refused(name: str, change: Any, tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    train(job(epochs=1, checkpoint=path))
    with np.load(path) as file:
        arrays = dict(file)
    np.savez(path, **{**arrays, name: change(arrays[name])})
    with pytest.raises(DiffcliError, match="it is damaged"):
        job(epochs=2, checkpoint=path)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/full", "/dev/null"])
def test_devices_are_no_checkpoints(device: str) -> None:
    with pytest.raises(DiffcliError, match="cannot resume"):
        job(epochs=2, checkpoint=Path(device))


@pytest.mark.parametrize("moment", ["fsync", "replace", "write"])
def test_the_old_checkpoint_stays_whole_when_writing_fails(
    moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.npz"
    train(one := job(epochs=1, checkpoint=path))
    before = path.read_bytes()

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    where: tuple[Any, str] = {"fsync": (os, "fsync"), "replace": (Path, "replace"), "write": (os, "fdopen")}[moment]
    monkeypatch.setattr(*where, fail)
    assert one.checkpoint
    with pytest.raises(DiffcliError, match="No space left"):
        one.checkpoint.write(one.progress)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.npz"]


def test_leftovers_of_a_killed_process_are_removed(tmp_path: Path) -> None:
    leftover = tmp_path / ".run.npz.abc123.tmp"
    leftover.write_bytes(b"half")
    (tmp_path / "other.tmp").write_bytes(b"mine")
    remove_leftovers(tmp_path / "run.npz")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["other.tmp"]


def test_killed_three_times_nothing_is_different(tmp_path: Path) -> None:
    """`python tests/kill_training.py 20` does it twenty times."""
    first, second = tmp_path / "undisturbed.npz", tmp_path / "killed.npz"
    kill_training.undisturbed(first, 33)
    kill_training.killed(second, 33, kills=3, seed=5)
    assert kill_training.differences(first, second) == []
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_leaves_the_checkpoint_whole_and_says_how_to_go_on(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    words = kill_training.command(path, 10_000, 0.0)
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 30
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == ""
    assert "the same command goes on from" in err
    assert "Traceback" not in err
    with np.load(path) as arrays:
        assert "parameters" in arrays


# The record, the screen, the command.


@pytest.fixture(scope="module")
def record() -> Training:
    """A short training."""
    return train(job("mlp:4", rate=0.05, epochs=12, l2=1e-3, dropout=0.1, with_confusion=True))


@pytest.mark.parametrize(
    ("form", "width"),
    [
        ("rich", None),
        ("rich", 60),
        ("rich", 80),
        ("rich", 120),
        *((f, None) for f in ("markdown", "latex", "json", "csv")),
    ],
)
@pytest.mark.parametrize("is_ascii", [False, True])
def test_every_format_shows_it(record: Training, width: int | None, form: str, is_ascii: bool) -> None:
    shown = render(record, form, Options(width=width, ascii=is_ascii))
    assert f"{record.curves[2].training_loss:.4g}"[:5] in shown
    if is_ascii:
        assert shown.isascii()
    if width and form == "rich":
        assert max(map(len, shown.splitlines())) <= width
    if form == "rich":
        assert all(
            word in shown for word in ("decision function", "loss", "minimise", "Gradient check", "kept", "test")
        )


def test_the_end_of_the_screen_says_where_to_go_on(record: Training) -> None:
    shown = " ".join(render(record, "rich", Options()).split())
    assert "--show program writes the program, --show gradients the gradient of every layer" in shown


def test_the_json_object(record: Training) -> None:
    found = json.loads(render(record, "json", Options()))
    assert (found["schema"], found["command"]) == ("diffcli/1", "train")
    assert found["scores"]["test"]["accuracy"] == record.scores["test"].accuracy
    assert len(found["curves"]) == found["epochs"] + 1
    assert sum(map(sum, found["confusion"])) == found["data"]["parts"]["test"]
    assert [check["ok"] for check in found["checks"]] == [True, True]
    trace = np.trace(np.array(found["confusion"])) / found["data"]["parts"]["test"]
    assert trace == pytest.approx(found["scores"]["test"]["accuracy"])


def test_a_failed_check_stops_and_says_which_parameter(record: Training) -> None:
    worst = record.checks[0].worst._replace(is_right=False, name="W1[2,3]", error=0.5)
    failed = replace(record, checks=(record.checks[0]._replace(worst=worst, failed=2),), curves=(), scores={})
    shown = render(failed, "rich", Options(width=80))
    assert "The gradient is wrong: 2 of" in shown
    assert "W1[2,3]" in shown
    assert failed.exit_code == 1


def test_programs_that_are_shown_can_be_differentiated(command: Any) -> None:
    words = ("train", "mlp:2:sigmoid", "--data", "iris", "--l2", "0.01", "--dropout", "0.5", "--show")
    code, text, _ = command(*words, "program")
    assert code == 0
    code, point, _ = command(*words, "point")
    assert code == 0
    code, out, _ = command("grad", text.strip(), "--at", point.strip(), "--wrt", "b2", "-f", "json")
    assert code == 0
    assert json.loads(out)["verdict"] == "agree"


def test_the_command_trains(command: Any, tmp_path: Path) -> None:
    code, out, err = command("train", "mlp:3:relu", "--data", "iris", "--epochs", "3", "--seed", "2", "-f", "json")
    assert (code, err) == (0, "")
    assert json.loads(out)["epochs"] == 3
    code, out, _ = command("train", "linear", "--data", "moons:60", "--epochs", "2", "-f", "csv", "-o", "curves.csv")
    assert (code, out) == (0, "")
    assert (tmp_path / "curves.csv").read_text().startswith("epoch,training_loss")
    code, out, _ = command("train", "@mlp-sigmoid", "--show", "deltas")
    assert code == 0
    assert all(number in out for number in ("0.25", "−0.14999999999999997", "0.5621765008857981", "−0.44621355894749"))


def test_the_picture(command: Any, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    code, out, _ = command("train", "linear", "--data", "moons:60", "--epochs", "2", "-o", "curves.png")
    assert code == 0
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert "accuracy" in out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("", 2, "which network"), ("mlp:4", 2, "--data is missing"), ("mlp:4 --data nothing", 2, "no data called"),
        ("mlp:4 --data iris --epochs -1", 2, ""), ("mlp:4 --data iris --batch 0", 2, ""),
        ("mlp:4 --data iris --rate 0", 2, "learning rate"), ("mlp:4 --data iris --rate nan", 2, "learning rate"),
        ("mlp:4 --data iris --l2 -1", 2, ""), ("mlp:4 --data iris --dropout 1", 2, ""),
        ("mlp:4 --data iris --l2 nan", 2, "λ"), ("mlp:4 --data iris --dropout nan", 2, "dropout"),
        ("mlp:4 --data iris --l2 inf", 2, "λ"), ("mlp:4 --data iris --init magic", 2, "no initialisation"),
        ("mlp:4 --data iris --init normal:sigma=-1", 2, "sigma"),
        ("mlp:4 --data iris --optimizer adm", 2, "no optimizer"),
        ("mlp:4 --data iris --schedule x", 2, "no schedule"), ("mlp:4 --data iris --split 1", 2, "no shares"),
        ("mlp:4 --data iris --show all", 2, "--show"), ("mlp:4 --data iris --resume", 2, "--checkpoint"),
        ("mlp:4 --data iris --checkpoint no/where.npz", 2, "cannot write"), ("mlp:4 --data iris -o x.xyz", 2, "suffix"),
        ("mlp:4 --data iris --hidden 5", 2, "mlp:5"), ("@mlp-tanh --data iris --hidden 5,6", 2, "hidden layers"),
        ("mlp:4 --data iris --at W1=[1,2]", 2, "shape"), ("mlp:4 --data iris --at Q=[1,2]", 2, "no parameter"),
        ("mlp:4 --data iris --show deltas --sample 999", 2, "no sample"), ("mlp:4 --data iris --label x", 2, "files"),
        ("@mlp-tanh --data iris --dropout 0.5", 2, "masks"), ("@mlp-tanh --data iris --l2 1", 2, "factor"),
        ("@deck-001 --data iris", 2, "no X"), ("mlp:4 --data iris --seed -1", 2, ""),
        ("@softmax-regression --show deltas", 2, "layer tables"), ("mlp:4 --dta iris", 2, "did you mean --data"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said(command: Any, words: str, code: int, said: str) -> None:
    found, out, err = command("train", *words.split())
    assert found == code
    assert out == ""
    assert said in err
    assert "internal error" not in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "known",
    [{"l2": -1.0}, {"l2": np.nan}, {"dropout": 1.0}, {"epochs": -1}, {"batch": 0}, {"patience": -1}, {"seed": -1},
     {"dtype": "int8"}, {"epochs": 1.5}, {"shares": (0, 1, 1)}, {"shares": (1, 1)}, {"checkpoint_seconds": np.nan}],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(known: dict[str, Any]) -> None:
    with pytest.raises(DiffcliError):
        diffcli.train("linear", "iris", **known)


def test_python_programs_train(tmp_path: Path) -> None:
    seen: list[int] = []
    record = diffcli.train("mlp:6:relu", "moons", rate=0.05, epochs=4, seed=3, on_epoch=lambda e: seen.append(e.number))
    assert seen == [1, 2, 3, 4]
    assert {name: value.shape for name, value in record.values.items()} == {
        "W1": (6, 2),
        "b1": (6,),
        "W2": (1, 6),
        "b2": (1,),
    }
    x = np.random.default_rng(0).normal(size=(90, 3))
    labels = np.where(x[:, 0] > 0, "up", "down")
    own = diffcli.train("linear", (x, labels), rate=0.1, epochs=30, checkpoint=str(tmp_path / "a.npz"))
    assert own.data.classes == ("down", "up")
    assert own.scores["test"].accuracy >= 0.85
    program = "Z = X @ W.T + b; L = mean(softplus(Z) - Y*Z)"
    assert diffcli.train(program, (x, labels), at={"W": np.ones((1, 3))}, epochs=0).values["W"].tolist() == [[1, 1, 1]]
    for wrong in ({"epoch": 3}, {"optimizer_": 1}):
        with pytest.raises(DiffcliError, match="no setting"):
            diffcli.train("linear", (x, labels), **wrong)
    with pytest.raises(DiffcliError, match=r"X\[4, 1\]"):
        diffcli.train("linear", (np.where(np.arange(270).reshape(90, 3) == 13, np.nan, x), labels))
