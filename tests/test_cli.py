"""The command line from its words to its exit code, in this process."""

import contextlib
import io
import json
import os
import pty
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from diffcli.cli.main import COMMANDS
from diffcli.cli.output import progress
from diffcli.cli.words import separate

DECK_001 = "ln(x1) + x1*x2 - sin(x2)"
AT = ["--at", "x1=2,x2=5"]


def test_grad_on_the_deck(command):
    code, out, err = command("grad", DECK_001, *AT)
    assert (code, err) == (0, "")
    assert "y = 11.652071455223084" in out
    assert "1.7163378145367738" in out
    assert "All four agree with the judge." in out
    assert all(len(line) <= 120 for line in out.splitlines())


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["grad", "x^2", "--at", "x=1"], 0),
        (["grad", "exp(x)/(1+exp(x))", "--at", "x=1000"], 1),
        (["grad", "(1-cos(x))/x^2", "--at", "x=1e-8"], 1),
        (["grad", "x +", "--at", "x=1"], 2),
        (["grad", "x"], 2),
        (["grad"], 2),
        (["grad", "x", "--at", "x=1", "--methods", "magic"], 2),
        (["grad", "x", "--at", "x=1", "--wrt", "z"], 2),
        (["grad", "x", "--at", "x=1", "--h", "-1"], 2),
        (["grad", "x", "--at", "x=1", "--limit", "nodes=0"], 2),
        (["grad", "@no-such-example"], 2),
        (["grad", "--file", "no-such-file"], 2),
        (["grad", "abs(x)", "--at", "x=0"], 3),
        (["trace", "ln(x)", "--at", "x=0"], 3),
        (["trace", "x", "--at", "x=1", "--mode", "both"], 0),
        (["compare", "abs(x)", "--at", "x=0"], 3),
        (["compare", "x^2", "sin(x)", "--points", "3", "--runs", "1"], 0),
        (["examples", "no-such-example"], 2),
        (["ops", "no-such-primitive"], 2),
        (["ops", "tanh"], 0),
        (["ops", "--of", "numpy"], 0),
        (["ops", "--of", "NUMPY"], 0),
        (["ops", "--of", "torch"], 2),
        (["doctor"], 0),
        (["--version"], 0),
        (["no-such-command"], 2),
        (["grad", "x", "--methdos", "finite"], 2),
        ([], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_exit_codes(words, code, command):
    found, out, err = command(*words)
    assert found == code
    assert "internal error" not in err
    assert (out or err).strip()


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_help_opens_with_examples(name, command):
    code, out, _ = command(name, "--help")
    assert code == 0
    assert f"diffcli {name}" in out.split("Options")[0]


@pytest.mark.parametrize(
    ("words", "options", "others"),
    [
        (["-a*b"], [], ["-a*b"]),
        (["-f(x)", "--at", "x=1"], ["--at", "x=1"], ["-f(x)"]),
        (["-o+1", "-foo*x"], [], ["-o+1", "-foo*x"]),
        (["x", "--at=x=1", "--trace"], ["--at=x=1", "--trace"], ["x"]),
        (["-a", "x=-1", "-x"], ["-a", "x=-1"], ["-x"]),
        (["--", "--trace"], [], ["--trace"]),
        (["-a", "x=1", "--eta", "--x"], ["-a", "x=1"], ["--eta", "--x"]),
    ],
)
def test_a_word_is_an_option_only_when_it_is_exactly_one(words, options, others):
    found, rest = separate(words, frozenset({"--at", "-a"}), frozenset({"--trace"}))
    assert ([word for option in found for word in option], rest) == (options, others)


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["grad", "x", "--at"], "--at needs a value", ""),
        (["grad", "x", "-o"], "-o needs a value", ""),
        (["grad", "--format"], "--format needs a value", ""),
        (["grad", "x", "--at", "--trace"], "--at needs a value", ""),
        (["grad", "--at", "--", "x"], "--at needs a value", ""),
        (["grad", "--methdos", "finite"], "there is no option --methdos", "did you mean --methods?"),
        (["compare", "--ponits", "5", "x^2"], "there is no option --ponits", "did you mean --points?"),
        (["compare", "x^2", "--ponits=5"], "there is no option --ponits=5", "did you mean --points?"),
        (["ops", "--fromat"], "there is no option --fromat", "did you mean --format?"),
        (["grad", "x", "--trace=1"], "there is no option --trace=1", "did you mean --trace?"),
        (["--verison"], "there is no option --verison", "did you mean --version?"),
        (["compare", "x^2", "y", "--at", "z=3"], "'z' is given a value but is no variable of any expression", "x, y"),
        (["grad", "x", "--file", "f"], "give an expression or --file, not both", ""),
        (["grad", "-F", "f", "-"], "give an expression or --file, not both", ""),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_messages(words, message, hint, command):
    code, _, err = command(*words)
    assert code == 2
    assert err.startswith(f"error: {message}\n")
    assert hint in err


@pytest.mark.parametrize(("word", "at"), [("--x", "x=1"), ("--a", "a=1"), ("--beta", "beta=1"), ("--(x)", "x=1")])
def test_two_minus_signs_may_begin_an_expression(word, at, command):
    assert command("grad", word, "--at", at)[0] == 0


def test_behind_two_dashes_every_word_is_an_expression(command):
    code, out, _ = command("compare", "--runs", "1", "-f", "json", "--", "--rate")
    assert (code, json.loads(out)["cases"][0]["expression"]) == (0, "-(-rate)")


def test_an_expression_may_begin_with_a_minus(command):
    code, out, _ = command("grad", "-x^2", "--at", "x=3", "-f", "json")
    assert (code, json.loads(out)["value"]) == (0, -9.0)


def test_without_a_point_the_corrected_command_is_proposed(command):
    code, _, err = command("grad", "ln(x - 1) + y")
    assert code == 2
    assert 'try: diffcli grad "ln(x - 1) + y" --at x=2,y=3' in err
    assert command("grad", "ln(x - 1) + y", "--at", "x=2,y=3")[0] == 0


def test_the_corrected_command_can_be_run(command):
    _, _, err = command("grad", "sine(x", "--at", "x=1")
    assert 'try: diffcli grad "sin(x)" --at x=1' in err


@pytest.mark.parametrize(
    ("words", "corrected"),
    [
        (
            ["grad", "sine(x)", "--at", "x=1", "--methods", "reverse"],
            'diffcli grad "sin(x)" --at x=1 --methods reverse',
        ),
        (["grad", "--trace", "-m", "forward", "x*y"], 'diffcli grad "x*y" --trace -m forward --at x=2,y=3'),
        (
            ["grad", "-a", "x=1", "--wrt=x", "x*y", "--limit", "nodes=9"],
            'diffcli grad "x*y" --wrt=x --limit nodes=9 --at x=1,y=2',
        ),
        (
            ["trace", "a = sine(x  # the angle\n*2)\n\nb = a\na*b", "--at", "x=1"],
            'diffcli trace "a = sin(x *2); b = a; a*b" --at x=1',
        ),
        (["trace", "a = x\na^2", "--digits", "3"], 'diffcli trace "a = x; a^2" --digits 3 --at x=2'),
        (["grad", "@rosenbrok", "--scheme", "forward"], "diffcli grad @rosenbrock --scheme forward"),
        (["examples", "rosenbrok", "--ascii"], "diffcli examples @rosenbrock --ascii"),
        (["grad", "--file", "program", "--at", "x=1"], 'diffcli grad "a = sin(x); a^2" --at x=1'),
        (["grad", "--file", "good", "--wrt", "x", "-a", "z=1"], "diffcli grad --file good --wrt x --at x=1"),
        (["compare", "sine(x)", "--points", "3"], 'diffcli compare "sin(x)" --points 3'),
        (["compare", "x*y", "-a", "x=3"], 'diffcli compare "x*y" --at x=3,y=2'),
        (["x^2", "--at", "x=1"], "diffcli grad x^2 --at x=1"),
        (["-x^2", "--at", "x=2"], "diffcli grad -x^2 --at x=2"),
        (["-f", "rich", "trace", "x"], "diffcli trace -f rich x"),
        (["--at", "x=2", "-x*y"], 'diffcli grad --at x=2 "-x*y"'),
        (["a = x\na*a", "--at", "x=2"], 'diffcli grad "a = x; a*a" --at x=2'),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_the_corrected_command_keeps_every_option(words, corrected, command, tmp_path):
    (tmp_path / "program").write_text("a = sine(x)\na^2\n")
    (tmp_path / "good").write_text("x^2")
    code, _, err = command(*words)
    assert code == 2
    assert f"try: {corrected}\n" in err.replace('"x^2"', "x^2").replace('"-x^2"', "-x^2")


def test_no_command_corrects_one_of_several_expressions(command):
    assert "try:" not in command("compare", "sine(x)", "y")[2]
    assert "try:" not in command("compare", "x*y", "x*z", "--at", "x=1")[2]


def test_at_overrides_single_names_of_an_example(command):
    code, out, _ = command("grad", "@rosenbrock", "--at", "x1=1", "-f", "json")
    assert code == 0
    assert json.loads(out)["point"] == {"x2": 1.0, "x1": 1.0}
    assert json.loads(out)["input"] == "@rosenbrock"


def test_the_caret_of_an_example_stands_under_its_own_text(command):
    _, out, _ = command("grad", "@abs-at-0")
    lines = out.splitlines()
    marked = next(k for k, line in enumerate(lines) if set(line.strip()) == {"^"})
    start, end = lines[marked].index("^"), len(lines[marked])
    assert lines[marked - 1][start:end] == "|x|"


def test_errors_as_json(command):
    code, out, err = command("grad", "x +", "--at", "x=1", "--format", "json")
    found = json.loads(out)
    assert (code, err) == (2, "")
    assert found["schema"] == "diffcli/1"
    assert found["error"]["kind"] == "syntax"
    assert found["error"]["position"] == len("x ")


@pytest.mark.parametrize("suffix", ["json", "md", "tex", "csv", "txt"])
def test_output_files_are_whole_or_absent(suffix, command, tmp_path):
    code, out, _ = command("grad", DECK_001, *AT, "-o", f"result.{suffix}")
    assert (code, out) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == [f"result.{suffix}"]
    assert "1.7163378145" in (tmp_path / f"result.{suffix}").read_text(encoding="utf-8")


def test_an_output_file_that_cannot_be_written(command, tmp_path):
    code, _, err = command("grad", "x", "--at", "x=1", "-o", "no-such-folder/result.json")
    assert code == 2
    assert "no-such-folder" in err
    assert command("grad", "x", "--at", "x=1", "-o", "result.xyz")[0] == 2
    assert list(tmp_path.iterdir()) == []


def test_an_output_file_keeps_its_link_and_its_mode(command, tmp_path):
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target.name)
    assert command("grad", "x", "--at", "x=1", "-o", "link.json")[0] == 0
    assert link.is_symlink()
    assert json.loads(target.read_text())["value"] == 1
    assert target.stat().st_mode & 0o777 == 0o640


def test_output_to_a_pipe_is_written_into_it(command, tmp_path):
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    assert command("grad", "x", "--at", "x=1", "-o", "pipe.json")[0] == 0
    assert json.loads(os.read(reader, 100_000))["value"] == 1
    os.close(reader)
    assert pipe.is_fifo()


def test_standard_input_as_expression(command, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("x^2\nx^3\n"))
    code, out, _ = command("compare", "-", "--at", "x=2", "--runs", "1", "-f", "json")
    assert (code, [case["name"] for case in json.loads(out)["cases"]]) == (0, ["x^2", "x^3"])


def test_standard_input_that_is_not_text(command, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff"), encoding="utf-8"))
    code, _, err = command("grad", "-", "--at", "x=2")
    assert code == 2
    assert "not UTF-8" in err


def test_a_file_as_expression(command, tmp_path):
    (tmp_path / "program.txt").write_text("a = x*z  # product\nb = ln(x)\nexp(a) + a/b\n")
    assert command("grad", "--file", "program.txt", "--at", "x=2,z=3")[0] == 0


def test_ascii_output_is_ascii(command):
    for words in (
        ["grad", DECK_001, *AT, "--trace"],
        ["trace", DECK_001, *AT],
        ["trace", DECK_001, *AT, "--mode", "forward"],
    ):
        code, out, _ = command(*words, "--ascii")
        assert code == 0
        assert out.isascii()
    assert "v3_bar * cos v0" in command("trace", DECK_001, *AT, "--ascii")[1]


def run_process(*words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "diffcli", *words], capture_output=True, check=False, timeout=60,
        env={"PATH": "/usr/bin:/bin", **environment},
    )  # fmt: skip


def test_an_encoding_without_bars_gets_ascii_names():
    done = run_process("trace", DECK_001, *AT, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0
    assert b"v3_bar * cos v0" in done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ["ops", "-f", "json"],
        ["examples", "-f", "csv"],
        ["trace", "α^2 y", "--at", "α=1,y=2", "-f", "csv"],
        ["trace", "α^2 y", "--at", "α=1,y=2", "-f", "json"],
        ["trace", "α^2 y", "--at", "α=1,y=2", "-f", "markdown"],
        ["trace", "α^2 y", "--at", "α=1,y=2", "-f", "latex"],
        ["grad", "α^2 y", "--at", "α=1,y=2", "-f", "latex"],
        ["grad", "--help"],
    ],
    ids=" ".join,
)
def test_every_format_in_ascii(words):
    done = run_process(*words, PYTHONIOENCODING="ascii", PYTHONUTF8="1")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.isascii()


def test_names_in_ascii_data(command):
    data = json.loads(command("trace", DECK_001, *AT, "--ascii", "-f", "json")[1])
    assert data["adjoint"][0]["name"] == "v5_bar"
    assert r"\bar{v}_{5}" in command("trace", DECK_001, *AT, "--ascii", "-f", "latex")[1]
    assert command("grad", "α +", "--ascii", "-f", "json")[1].isascii()


def test_a_terminal_of_unknown_width_has_80_columns():
    master, terminal = pty.openpty()
    subprocess.run([sys.executable, "-m", "diffcli", "doctor"], stdout=terminal, check=True, timeout=60)
    os.close(terminal)
    shown = b""
    with contextlib.suppress(OSError):  # how a terminal says that nobody is left to write
        while part := os.read(master, 10_000):
            shown += part
    os.close(master)
    assert any(b"what is installed here" in line for line in shown.splitlines())


def test_names_of_expressions_are_harmless_in_the_progress_bar(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: True)
    monkeypatch.setattr("sys.stderr", stream)
    with progress(2) as advance:
        advance("\x1b]0;owned\x07" + "x" * 50)
    assert "\\x1b]0;owned" in stream.getvalue()
    assert "\x1b]0;" not in stream.getvalue()


def test_without_any_point_there_is_no_agreement(command):
    code, out, _ = command("compare", "sqrt(-1-x^2)", "--runs", "1")
    assert code == 3
    assert "only 0 of 1 random points had a finite gradient" in out


def test_the_deck_order_of_a_trace_within_grad(command):
    words = ["grad", DECK_001, *AT, "--trace", "--ascii"]
    rows = [line for line in command(*words)[1].splitlines() if "_bar" in line]
    deck = [line for line in command(*words, "--order", "deck")[1].splitlines() if "_bar" in line]
    assert rows != deck
    assert sorted(line.split()[0] for line in rows) == sorted(line.split()[0] for line in deck)


def test_a_closed_pipe_is_no_error():
    process = subprocess.Popen([sys.executable, "-m", "diffcli", "ops"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    error = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=30) == 0
    assert b"Traceback" not in error


def test_completion_is_offered():
    done = run_process("--show-completion", "bash", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert b"_diffcli_completion" in done.stdout or b"complete" in done.stdout


@pytest.mark.parametrize(
    ("words", "proposed"),
    [
        (["grad", "x", "+", "y", "--at", "x=1,y=2"], 'diffcli grad "x + y" --at x=1,y=2'),
        (["grad", "x*y", "--at", "x=2", "y=3"], 'diffcli grad "x*y" --at x=2,y=3'),
        (["grad", "ln(x-5)"], 'diffcli grad "ln(x-5)" --at x='),
    ],
)
def test_commonest_slips_get_a_corrected_command(words, proposed, command):
    code, _, err = command(*words)
    assert code == 2
    assert f"try: {proposed}" in err
    suggestion = shlex.split(next(line for line in err.splitlines() if "try:" in line).partition("diffcli ")[2])
    assert command(*suggestion)[0] == 0


def test_an_unknown_tag_is_an_error(command):
    assert command("compare", "--tag", "nosuch")[0] == 2


def test_a_full_disk_and_closed_streams_are_said_in_words():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "diffcli", "ops"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 2
    assert b"cannot write to standard output" in done.stderr
    closed = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m diffcli grad - <&- >&-"], capture_output=True, check=False
    )
    assert closed.returncode == 2
    assert b"internal" not in closed.stderr


def test_planned_commands_are_said_to_be_planned(command):
    code, _, err = command("report", "x^2")
    assert code == 2
    assert "planned" in err


def test_a_missing_folder_is_said_before_the_work(command):
    code, out, err = command("compare", "-o", "nowhere/all.md")
    assert (code, out) == (2, "")
    assert "its folder does not exist" in err
