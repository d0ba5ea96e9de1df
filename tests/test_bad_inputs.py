"""Every bad input through the command line: its exit code, its manners, and what it may take."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

import pytest
from language_cases import CASES, case_text

BOUND = 6
"""Seconds on a busy machine; on an idle one every case takes less than 2."""
MEGABYTES = 500
LONGEST_WORD = 100_000
"""Longer texts do not fit on a command line and come from standard input."""

DECIDED: dict[int, dict[str, str]] = {
    0: {
        "juxtaposition is a product and binds like * from left to right; x(y+1) is one when x is a variable":
            "ambiguous-001 ambiguous-004 ambiguous-006 ambiguous-016 ambiguous-018 ambiguous-030 ambiguous-033 "
            "ambiguous-035 ambiguous-037 ambiguous-039",
        "a function without parentheses takes the run that follows": "ambiguous-010 ambiguous-040",
        "e is the constant unless the point binds it, and then 2e is 2*e": "ambiguous-019 ambiguous-020 ambiguous-038",
        "-2^2 is -(2^2); a constant expression has an empty gradient": "ambiguous-031",
        "a word that is exactly an option is one": "cli-002",
        "x^0 is 1 and has slope 0; lgamma is ln|Γ|, real on both sides of 0": "domain-008 domain-030",
        "LaTeX is read, slides too: with a left side, hair spaces, subscripts as names":
            "latex-paste-001 latex-paste-003 latex-paste-004 latex-paste-005 latex-paste-006 latex-paste-011 "
            "latex-paste-014 latex-paste-016 latex-paste-018 latex-paste-021 latex-paste-024 latex-paste-025 "
            "latex-paste-034 latex-paste-035 latex-paste-036 latex-paste-038",
        "every name but pi and e is the user's, these too once they are bound; a function's without an argument":
            "name-clash-002 name-clash-003 name-clash-004 name-clash-005 name-clash-006 name-clash-009 name-clash-010 "
            "name-clash-013 name-clash-014 name-clash-019 name-clash-024 name-clash-025 name-clash-029 name-clash-030 "
            "name-clash-031 name-clash-032 name-clash-033 name-clash-035 name-clash-036 name-clash-038 name-clash-039 "
            "name-clash-040 name-clash-041 name-clash-044 name-clash-045 name-clash-052 name-clash-053 name-clash-057 "
            "name-clash-058 name-clash-059 name-clash-061 name-clash-065 name-clash-066 name-clash-069 name-clash-071 "
            "name-clash-074 name-clash-075 name-clash-077 name-clash-080",
        "sigmoid and softplus are functions of the language": "non-smooth-041 non-smooth-042",
        "1e-400 rounds to the double 0, x^100 at 1e-10 to slope 0: both are right there": "point-016 range-013",
        "the minus sign U+2212 and the asterisk operator are - and *": "syntax-069 syntax-076",
    },
    1: {
        "pi/2 as a double lies beside the pole: there is a slope, and a finite step passes over the pole": "domain-023",
        "an intermediate value overflows or underflows, the slope would not":
            "range-007 range-008 range-010 range-011 range-031",
        "2e-200 is the slope, finite differences of the underflown values give 0": "point-046",
    },
    2: {
        "a variable without a value: x2, sin2x, x_1 and I are names": "ambiguous-003 complex-007 syntax-034 syntax-060 "
            "syntax-080 not-an-expression-068",
        "a value without a variable":
            "domain-013 not-an-expression-051 point-008 resource-007 resource-009 resource-011 resource-022 syntax-031 "
            "syntax-057 syntax-061 syntax-065 syntax-067 syntax-089 syntax-090 syntax-091 syntax-093 syntax-094 "
            "syntax-095 syntax-098 syntax-110 syntax-118",
        "a name that the point gives is not assigned; x-1 is no name": "not-an-expression-048 name-clash-064",
        "errors with a hint: 5!, x.5, 10%, x//y": "ambiguous-028 ambiguous-029 ambiguous-034 ambiguous-036 "
            "ambiguous-050 not-an-expression-059 not-an-expression-060",
        "an empty standard input is no expression": "cli-005",
        "functions that the language does not have, with the nearest or a rewriting":
            "non-smooth-029 non-smooth-035 non-smooth-040 not-an-expression-019 resource-024 syntax-055",
        "numbers are decimal with a point, arguments are counted, a dash is no minus, digits are 0 to 9":
            "syntax-014 syntax-027 syntax-029 syntax-032 syntax-051 syntax-071 syntax-092",
        "limits on exponents and nesting": "resource-017 resource-031",
    },
    3: {
        "the primal decides the domain: nothing is simplified, a pole or 0/0 inside has no value":
            "complex-011 domain-007 domain-039 domain-040 domain-046 domain-047 non-smooth-026",
        "kinks, ties and jumps": "domain-035 non-smooth-001 non-smooth-010 non-smooth-013 non-smooth-015",
        "the value is beyond the largest double": "resource-008",
    },
}  # fmt: skip
"""What the language and the exit codes of the interface decide where a case leaves it open, and by which rule."""
NO_DERIVATIVE = set(
    "complex-003 complex-004 complex-005 complex-013 domain-001 domain-002 domain-004 domain-011 domain-012 domain-014 "
    "domain-020 domain-027 domain-028 domain-029 domain-032 domain-037 domain-041 domain-049 non-smooth-022 "
    "non-smooth-023 non-smooth-025 point-045 range-003 range-012 range-014 range-016 range-017 range-032".split()
)
"""Errors of the point, not of the text: outside the domain, a cusp, an overflow of value or slope."""
STEP_TOO_LARGE = set(
    "domain-025 non-smooth-018 non-smooth-019 non-smooth-020 non-smooth-024 range-027 range-028".split()
)
"""There is a derivative, but the default step reaches over a pole or a kink, or is many periods long."""


def decided() -> dict[str, int]:
    """The exit code of every case."""
    codes = {"error": 2, "value": 0}
    known = {case["id"]: codes[case["expect"]] for case in CASES if case["expect"] in codes}
    known |= dict.fromkeys(NO_DERIVATIVE, 3) | dict.fromkeys(STEP_TOO_LARGE, 1)
    for code, groups in DECIDED.items():
        known |= dict.fromkeys(" ".join(groups.values()).split(), code)
    return known


EXIT_CODES = decided()


def words(text: str, at: dict[str, str]) -> list[str]:
    """The command that differentiates the text at the point."""
    point = [word for name, value in at.items() for word in ("--at", f"{name}={value}")]
    return ["grad", "-" if len(text) > LONGEST_WORD else text, *point]


def test_every_open_case_is_decided_once():
    named = [name for groups in DECIDED.values() for names in groups.values() for name in names.split()]
    assert sorted(named) == sorted(case["id"] for case in CASES if case["expect"] == "either")
    expected = {case["id"]: case["expect"] for case in CASES}
    assert {expected[name] for name in NO_DERIVATIVE} == {"error"}
    assert {expected[name] for name in STEP_TOO_LARGE} == {"value"}


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in CASES])
def test_bad_inputs(case, command, tmp_path, monkeypatch):
    text = case_text(case)
    if text == "-" or len(text) > LONGEST_WORD:
        monkeypatch.setattr("sys.stdin.read", lambda size=-1: "" if text == "-" else text[:size], raising=False)
    start = perf_counter()
    code, out, err = command(*words(text, case["at"]))
    assert perf_counter() - start < BOUND
    assert "Traceback" not in out + err
    assert "internal error" not in err
    assert not [c for c in out + err if c != "\n" and (ord(c) < 32 or 0x7F <= ord(c) < 0xA0)]
    assert list(tmp_path.iterdir()) == []
    assert code == EXIT_CODES[case["id"]]
    assert err.startswith("error: ") == (code == 2)
    if code != 2 and case["id"] != "cli-002":
        assert "nan" not in out.replace(text, "").replace(own_word(text), "")
        check_truth(case, text, command)


def own_word(text: str) -> str:
    """A user's own variable may be called nan."""
    return "nan" if "nan" in text else "\0"


def check_truth(case: dict[str, Any], text: str, command: Callable[..., tuple[int, str, str]]) -> None:
    """What the case knows to be true is what the judge says and reverse mode finds."""
    gradient = (case.get("ref") or {}).get("gradient")
    if not gradient or EXIT_CODES[case["id"]] == 3:
        return
    _, out, _ = command(*words(text, case["at"]), "--format", "json", "--methods", "reverse")
    found = json.loads(out)
    for name, value in gradient.items():
        assert float(found["reference"]["gradient"][name]) == pytest.approx(float(value), rel=1e-15)
        if case["kind"] != "range":  # an overflow on the way spoils the number, which the exit code says
            assert found["methods"]["reverse"]["gradient"][name] == pytest.approx(float(value), rel=1e-12)


LOGISTIC = "x0 = x; " + "; ".join(f"x{k + 1} = 4*x{k}*(1 - x{k})" for k in range(60))
MANY = {f"v{k}": "1" for k in range(200)}
DEMANDING = [
    ("(x+1)**100000", {"x": "1.5"}, 3),
    ("(x+y+z)**5000", {"x": "1.5", "y": "1", "z": "1"}, 3),
    ("(((x**9)**9)**9)**9**9", {"x": "1.5"}, 3),
    ("exp(exp(exp(exp(x))))", {"x": "1.5"}, 3),
    ("9**9**9**9", {}, 3),
    ("log(2**(10**9))", {}, 3),
    ("gamma(gamma(gamma(x)))", {"x": "6"}, 3),
    ("lgamma(exp(x))", {"x": "700"}, 1),
    ("exp(-exp(x))", {"x": "700"}, 0),
    ("sin(x)", {"x": "1e308"}, 1),
    ("polygamma(200, 1e-300*x)", {"x": "1"}, 3),
    ("(1-cos(x^40))/x^80", {"x": "1e-30"}, 1),
    ("-" * 900 + "x", {"x": "1"}, 0),
    ("x*" * 2000 + "x", {"x": "1"}, 1),
    ("+".join(f"{name}**2" for name in MANY), MANY, 0),
    ("(" * 1_000_000 + "x" + ")" * 1_000_000, {"x": "2"}, 2),
    (LOGISTIC, {"x": "0.2"}, 1),
]
"""Texts that make a careless program work for hours, with points that bind all their variables, and exit codes."""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize(("text", "at", "code"), DEMANDING, ids=lambda value: value[:24] if type(value) is str else "")
def test_time_and_memory_are_bounded(text, at, code, tmp_path):
    """As a real process, with the process in which SymPy works."""
    source = tmp_path / "text"
    source.write_text(text)
    start = perf_counter()
    with source.open() as stdin, (tmp_path / "printed").open("w+") as printed:
        command = [sys.executable, "-m", "diffcli", *words(text, at), "--time-limit", "1"]
        process = subprocess.Popen(command, stdin=stdin, stdout=printed, stderr=printed)
        timer = threading.Timer(BOUND, process.kill)
        timer.start()
        most, usage = watched(process)
        timer.cancel()
        printed.seek(0)
        assert "Traceback" not in printed.read()
    assert perf_counter() - start < BOUND
    assert process.returncode == code
    assert max(most, usage) < MEGABYTES * 1024


def watched(process: subprocess.Popen) -> tuple[int, int]:
    """Wait for the process; the most memory of it and its children together as seen, and of the largest, in KiB."""
    most = 0
    while True:
        done, status, usage = os.wait4(process.pid, os.WNOHANG)
        if done:
            process.returncode = os.waitstatus_to_exitcode(status)
            return most, usage.ru_maxrss
        most = max(most, sum(map(peak_memory, [process.pid, *children(process.pid)])))
        sleep(0.01)


def children(process: int) -> list[int]:
    """The processes that a process has started, in whichever of its threads."""
    try:
        lists = [path.read_text() for path in Path(f"/proc/{process}/task").glob("*/children")]
    except OSError:
        return []
    return [int(child) for text in lists for child in text.split()]


def peak_memory(process: int) -> int:
    """The largest resident size of a process so far, in KiB; 0 if it has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)
