"""`diffcli grad file.py:function`: a user's own Python function on the command line."""

import json
import sys

import numpy as np
import pytest

MODEL = """
import numpy as np

DATA = np.array([1.0, 2.0, 3.0])


def loss(w, b=0.0):
    if b > 10:
        return w[0] * b
    return np.mean(np.tanh(w * DATA + b) ** 2)


def broken(x):
    return np.fft.fft(x)


CONSTANT = 3
"""


@pytest.fixture
def model(tmp_path, monkeypatch):
    (tmp_path / "model.py").write_text(MODEL, encoding="utf-8")
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("model")
def test_a_function_is_differentiated_four_ways(command):
    code, out, _ = command("grad", "model.py:loss", "--at", "w=[0.1,0.2,0.3]", "-f", "json")
    record = json.loads(out)
    assert (code, record["verdict"], record["variables"]) == (0, "agree", ["w"])
    w, data = np.array([0.1, 0.2, 0.3]), np.array([1.0, 2.0, 3.0])
    t = np.tanh(w * data)
    for method, found in record["methods"].items():
        limit = 1e-8 if method == "finite" else 1e-14
        np.testing.assert_allclose(found["gradient"]["w"], 2 * t * (1 - t**2) * data / 3, rtol=limit)


@pytest.mark.usefixtures("model")
def test_parameters_with_defaults_and_branches(command):
    code, out, _ = command("grad", "model.py:loss", "--at", "w=[2,3],b=11", "-m", "reverse", "-f", "json")
    record = json.loads(out)
    assert code == 0
    assert record["methods"]["reverse"]["gradient"] == {"w": [11.0, 0.0], "b": 2.0}
    _, out, _ = command("grad", "model.py:loss", "--at", "w=[2,3],b=11", "-m", "reverse", "--wrt", "b", "-f", "json")
    assert json.loads(out)["methods"]["reverse"]["gradient"] == {"b": 2.0}


@pytest.mark.usefixtures("model")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["model.py:loss"], "no value is given for w"),
        (["model.py:loss", "--at", "w=[1],c=2"], "'c' is given a value but is no parameter"),
        (["model.py:loss", "--at", "w=[1]", "--wrt", "c"], "there is no variable c"),
        (["model.py:lose", "--at", "w=[1]"], "has no function 'lose'"),
        (["model.py:CONSTANT", "--at", "w=[1]"], "CONSTANT"),
        (["nothing.py:loss", "--at", "w=[1]"], "no file nothing.py"),
        (["model.py:broken", "--at", "x=[1,2]"], "fft.fft is not supported"),
    ],
)
def test_what_can_go_wrong(command, words, message):
    code, _, err = command("grad", *words)
    assert code == 2
    assert message in err


@pytest.mark.usefixtures("model")
@pytest.mark.parametrize("words", [["grad", "model.py"], ["compare", "model.py:loss"], ["trace", "model.py:"]])
def test_a_file_is_no_expression(command, words):
    code, _, err = command(*words)
    assert code == 2
    assert "diffcli grad model.py:NAME" in err


def test_a_function_that_is_not_the_same_twice_is_noticed(command, tmp_path):
    file = tmp_path / "random_loss.py"
    file.write_text("import numpy as np\n\n\ndef f(x):\n    return x * np.random.normal()\n", encoding="utf-8")
    _, out, _ = command("grad", f"{file}:f", "--at", "x=3", "-m", "reverse", "-f", "json")
    assert any("something else" in note for note in json.loads(out)["notes"])


def test_what_the_file_prints_is_no_result(command, tmp_path):
    file = tmp_path / "loud.py"
    file.write_text("print('loading')\n\n\ndef f(x):\n    print('running')\n    return x * x\n", encoding="utf-8")
    code, out, err = command("grad", f"{file}:f", "--at", "x=3", "-m", "reverse", "-f", "json")
    assert (code, json.loads(out)["value"]) == (0, 9.0)
    assert "loading" in err
    assert "running" in err


def test_writing_into_an_array_is_refused_with_a_way_out(command, tmp_path):
    file = tmp_path / "writes.py"
    lines = ["import numpy as np", "", "", "def f(x):", "    y = np.zeros(2)", "    y[0] = x[0]", "    return y.sum()"]
    file.write_text("\n".join(lines), encoding="utf-8")
    code, _, err = command("grad", f"{file}:f", "--at", "x=[1,2]")
    assert code == 2
    assert "np.stack" in err


@pytest.mark.usefixtures("model")
def test_the_next_command_does_not_name_captured_arrays(command):
    _, out, _ = command("grad", "model.py:loss", "--at", "w=[0.1,0.2,0.3]")
    (advice,) = [line for line in out.splitlines() if "Next:" in line]
    assert "captured" not in advice


def test_files_with_dataclasses_and_imports_inside_of_functions(command, tmp_path):
    (tmp_path / "beside_it.py").write_text("FACTOR = 3\n", encoding="utf-8")
    text = """
from __future__ import annotations
from dataclasses import dataclass


@dataclass
class Pair:
    a: float


def f(x):
    import beside_it

    return Pair(x).a * beside_it.FACTOR
"""
    (tmp_path / "late.py").write_text(text, encoding="utf-8")
    folders = list(sys.path)
    code, out, _ = command("grad", f"{tmp_path}/late.py:f", "--at", "x=2", "-m", "reverse", "-f", "json")
    assert code == 0
    assert json.loads(out)["methods"]["reverse"]["gradient"] == {"x": 3.0}
    assert sys.path == folders
    (tmp_path / "stops.py").write_text("1 / 0\n", encoding="utf-8")
    assert command("grad", f"{tmp_path}/stops.py:f", "--at", "x=2")[0] != 0
    assert not any("stops" in name for name in sys.modules)
