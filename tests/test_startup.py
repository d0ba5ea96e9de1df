"""What a command imports: start-up counts, and the heavy packages are loaded only where they are used."""

import subprocess
import sys

import pytest

PROBE = """
import sys
from diffcli.cli.main import run
code = run(sys.argv[1:])
heavy = {"sympy", "numpy", "mpmath", "matplotlib", "rich"}
print(code, *sorted(heavy & set(sys.modules)), file=sys.stderr)
"""
EXPRESSION = ["ln(x1) + x1*x2 - sin(x2)", "--at", "x1=2,x2=5"]


def loaded(*words: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", PROBE, *words], capture_output=True, text=True, check=True, timeout=60)
    code, *modules = done.stderr.split()
    assert code == "0"
    return modules


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        (["--version"], set()),
        (["--help"], {"rich"}),
        (["trace", *EXPRESSION], {"rich"}),
        (["ops", "--of", "numbers"], {"rich"}),
        (["grad", *EXPRESSION, "--methods", "finite,forward,reverse"], {"rich", "mpmath"}),
        (["grad", *EXPRESSION], {"rich", "mpmath"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_heavy_packages_are_not_loaded(words, allowed):
    assert set(loaded(*words)) <= allowed


@pytest.mark.parametrize(
    ("words", "needless"),
    [
        (["trace", *EXPRESSION], "cli.grad cli.descend cli.train render.plot learn execute.blocks"),
        (["grad", *EXPRESSION], "cli.trace cli.descend cli.train cli.points render.plot learn execute.blocks"),
        (["--help"], "render graph language execute methods studies learn"),
    ],
    ids=["trace", "grad", "help"],
)
def test_a_command_loads_no_file_of_others(words, needless):
    probe = PROBE.replace("heavy & set(sys.modules)", f"{set(needless.split())} & {{m[8:] for m in sys.modules}}")
    done = subprocess.run([sys.executable, "-c", probe, *words], capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr.split() == ["0"]
