"""`diffcli grad file.py:function`: a user's own Python function on the command line."""

import json

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
        (["model.py:loss", "--at", "w=[1]", "--wrt", "c"], "there is no variable 'c'"),
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
def test_the_next_command_does_not_name_captured_arrays(command):
    _, out, _ = command("grad", "model.py:loss", "--at", "w=[0.1,0.2,0.3]")
    (advice,) = [line for line in out.splitlines() if "Next:" in line]
    assert "captured" not in advice
