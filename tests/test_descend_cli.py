"""`diffcli descend` from its words to its screen, files and exit code."""

import csv
import io
import json
import shlex
import subprocess
import sys

import pytest
from test_startup import loaded

QUADRATIC = "x^2 + 10*y^2"
START = ["--from", "x=1,y=1"]


def test_the_screen_says_how_it_ended_and_what_it_took(command):
    code, out, err = command("descend", QUADRATIC, *START, "--rate", "0.05", "--method", "all")
    assert (code, err) == (0, "")
    assert "gradient norm at most 1e-6" in out
    assert "The same path by all methods" in out
    assert "139 sweeps" in out
    assert "278 sweeps" in out
    assert "556 calls" in out
    assert "o f   x |gradient|" in out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([QUADRATIC, *START, "--rate", "0.05"], 0),
        ([QUADRATIC, *START, "--steps", "2"], 0),
        ([QUADRATIC, *START, "--rate", "0.2"], 1),
        (["-x^2", "--from", "x=1"], 1),
        (["x - ln(x)", "--from", "x=5", "--rate", "10"], 3),
        (["sqrt(x)", "--from", "x=0"], 3),
        (["exp(x)", "--from", "x=1000"], 3),
        (["@rosenbrock", "--rate", "0.001", "--steps", "10"], 0),
        (["@ridge", "--wrt", "w1,w2", "--rate", "0.1"], 0),
        (["r^2", "--from", "x=1"], 2),
        ([QUADRATIC], 2),
        ([QUADRATIC, "--from", "x=1"], 2),
        ([QUADRATIC, *START, "--at", "y=2"], 2),
        ([QUADRATIC, "--at", "x=1,y=2"], 2),
        (["x; y", *START], 2),
        (["x + ", "--from", "x=1"], 2),
        (["x^2", "--from", "x=1", "--optimizer", "no"], 2),
        (["x^2", "--from", "x=1", "--optimizer", "momentum:beta=1"], 2),
        (["x^2", "--from", "x=1", "--optimizer", "momentum:__class__=1"], 2),
        (["x^2", "--from", "x=1", "--optimizer", ":" * 1000], 2),
        (["x^2", "--from", "x=1", "--schedule", "{0}"], 2),
        (["x^2", "--from", "x=1", "--method", "magic"], 2),
        (["x^2", "--from", "x=1", "--method", ""], 2),
        (["x^2", "--from", "x=1", "--rate", "nan"], 2),
        (["x^2", "--from", "x=1", "--rate", "inf"], 2),
        (["x^2", "--from", "x=1", "--steps", "-1"], 2),
        (["x^2", "--from", "x=1", "--steps", "1000000000"], 2),
        (["x^2", "--from", "x=1", "--restarts", "100000"], 2),
        (["x^2", "--from", "x=1", "-o", "path.gif"], 2),
        (["x^2", "--from", "x=1", "-o", "nowhere/path.png"], 2),
        (["no-such.py:f", "--from", "x=1"], 2),
    ],
)
def test_exit_codes(command, words, code):
    found, _, err = command("descend", *words)
    assert found == code
    assert "Traceback" not in err
    assert bool(err) == (code == 2)


@pytest.mark.parametrize("words", [[QUADRATIC], [QUADRATIC, "--from", "x=1"], [QUADRATIC, "--at", "x=1,y=2"]])
def test_without_a_start_the_corrected_command_is_said_and_works(command, words):
    code, _, err = command("descend", *words)
    assert code == 2
    line = err.partition("try: ")[2].strip()
    assert "--from" in line
    again, out, _ = command(*shlex.split(line)[1:], "--rate", "0.05")
    assert again == 0
    assert "Stopped after" in out


def test_a_descent_that_diverges_proposes_a_command_that_does_not(command):
    words = [QUADRATIC, "--from", "x=1,y=1", "--optimizer", "momentum:beta=0.5", "--rate", "0.5"]
    code, out, _ = command("descend", *words)
    assert code == 1
    assert "is more than 3/L" in out
    line = out.partition("Tried, and goes down: ")[2].splitlines()[0]
    again, out, _ = command(*shlex.split(line)[1:])
    assert again == 0
    assert "momentum" in out


def test_json_is_strict_and_has_every_step(command):
    code, out, _ = command("descend", QUADRATIC, *START, "--rate", "0.2", "-f", "json", "--restarts", "2")
    data = json.loads(out, parse_constant=pytest.fail)
    assert (code, data["exit_code"], data["schema"], data["command"]) == (1, 1, "diffcli/1", "descend")
    assert data["stopped_by"] == "diverged"
    assert data["methods"]["reverse"]["divergence"]["exceeds"] is True
    assert [step["step"] for step in data["steps"]] == list(range(len(data["steps"])))
    assert data["steps"][0]["point"] == {"x": 1.0, "y": 1.0}
    assert len(data["restarts"]) == 3


def test_errors_are_json_where_json_is_asked_for(command):
    code, out, _ = command("descend", "x; y", *START, "-f", "json")
    assert code == 2
    assert "one number" in json.loads(out)["error"]["message"]


def test_csv_has_a_row_for_each_step_of_each_method(command):
    code, out, _ = command(
        "descend", "sum(w^2)", "--from", "w=[1,2]", "--steps", "5", "-f", "csv", "-m", "reverse,finite"
    )
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert [row["method"] for row in rows] == ["reverse"] * 6 + ["finite"] * 6
    assert float(rows[3]["w[1]"]) == pytest.approx(2 * 0.8**3)
    assert list(rows[0])[:4] == ["method", "step", "value", "gradient_norm"]


@pytest.mark.parametrize(
    ("name", "start"), [("path.png", b"\x89PNG\r\n"), ("path.svg", b"<?xml"), ("path.json", b"{"), ("path.tex", b"%")]
)
def test_files_are_written_in_the_format_of_their_suffix(command, tmp_path, name, start):
    if name.endswith(("png", "svg")):
        pytest.importorskip("matplotlib")
    code, out, err = command("descend", QUADRATIC, *START, "--rate", "0.05", "-o", name)
    is_picture = name.endswith(("png", "svg"))
    assert (code, "138 steps" in out, err) == (0, is_picture, "")  # beside a picture the record stays on the screen
    content = (tmp_path / name).read_bytes()
    assert content.startswith(start)
    if name.endswith("svg"):  # its text stays text
        assert "start" in content.decode()
        assert "gradient-descent, 138 steps" in content.decode()


def test_beside_a_picture_the_record_is_written_in_any_format(command, tmp_path):
    pytest.importorskip("matplotlib")
    code, out, _ = command("descend", QUADRATIC, *START, "--rate", "0.05", "-o", "path.svg", "-f", "json")
    assert (code, json.loads(out)["command"]) == (0, "descend")
    assert (tmp_path / "path.svg").stat().st_size > 0


def test_a_picture_of_one_variable_shows_the_curves_alone(command, tmp_path):
    pytest.importorskip("matplotlib")
    assert command("descend", "x^2", "--from", "x=1", "-o", "path.svg")[0] == 0
    assert "|gradient|" in (tmp_path / "path.svg").read_text()


def test_ascii_and_other_formats(command):
    for words in (["--ascii"], ["-f", "markdown"], ["-f", "latex"], ["--digits", "3"]):
        code, out, _ = command("descend", QUADRATIC, *START, "--rate", "0.11", *words)
        assert code == 1
        assert "2/L" in out
        assert "--ascii" not in words or out.isascii()


def test_a_function_of_a_file_descends(command, tmp_path):
    (tmp_path / "model.py").write_text("def loss(w):\n    return ((w - 3.0) ** 2).sum()\n")
    code, out, _ = command("descend", "model.py:loss", "--from", "w=[0,1]", "-f", "json")
    assert code == 0
    assert json.loads(out)["point"]["w"] == pytest.approx([3, 3], abs=1e-5)


def test_nothing_heavy_is_loaded_for_numbers():
    assert set(loaded("descend", QUADRATIC, *START, "--rate", "0.05")) <= {"rich"}


def test_names_and_texts_of_users_are_data(command):
    code, out, _ = command("descend", "a_b^2 # [red] {0} $(id)", "--from", "a_b=1", "--rate", "2")
    assert code == 1
    assert "[red]" not in out or "$(id)" not in out.partition("Tried")[0]


def test_it_ends_when_the_reader_goes_away():
    words = [sys.executable, "-m", "diffcli", "descend", QUADRATIC, "--from", "x=1,y=1", "-f", "csv"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
