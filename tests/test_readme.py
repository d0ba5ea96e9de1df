"""The README is true: its output is what the commands print, and what it names exists.

`readme_blocks` says what a generated block is, `readme_masking` what does not count in the comparison.
"""

import re
import subprocess
import warnings

import pytest
from readme_blocks import BENCHMARK, README, ROOT, blocks, picture_file
from readme_masking import masked

from diffcli import errors
from diffcli.language import Limits
from diffcli.methods.finite import SCHEMES
from diffcli.methods.registry import METHODS
from diffcli.render.registry import FORMATS, SUFFIXES

with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # typer imports what click deprecates
    from diffcli.cli.main import COMMANDS

TEXT = README.read_text(encoding="utf-8")
BLOCKS = list(blocks(TEXT))
QUICK = [block for block in BLOCKS if not block.argument.startswith(BENCHMARK)]
WRITE = "run: python tests/readme_blocks.py --write --quick"
SCREEN = """\
  y = x²      at x = 3      y = 9.25

                     derivative            error     digits
  ────────────────────────────────────────────────────────────
  ∂y/∂x   judge      5.5                             50 agree
          finite     5.5000000000¦55003    5.5e-11   11.0

             what it takes                         prepare   one gradient    × f
  ──────────────────────────────────────────────────────────────────────────────
  finite     4 evaluations of f, 20 operations       83 µs         4.7 µs   28.4
  symbolic   1 run of its formulas, 9 operations    369 ms         1.2 µs    7.3
  forward    gave up after 512 nodes

  Rule: |method − judge| ≤ 1e-6·|judge| + at most 5.5e-14 (finite), and much more   6

             agree   worst error   digits   prepare   median       ±    × f   × fastest
  ─────────────────────────────────────────────────────────────────────────────────────
  @deck-001   ln(x1) + x1*x2 - sin(x2)   20 points, f takes 178 ns
  finite     20/20       8.7e-11     10.8    8.2 ms   4.9 µs   190 %   27.0         6.1

  name                                                          value
  ───────────────────────────────────────────────────────────────────
  a number                                                       31.5

| | agree | digits | prepare | × f | × fastest |
|:---|---:|---:|---:|---:|---:|
| **@deck-002**   `x^2`   20 points, f takes 199 ns | | | | | |
| finite | 17/20 | 10.8 | 71 µs | 26.6 | 5.9 |
| symbolic | 0/20 | 10.8 | 1.5 s |  |  |

| a | b | c | d | e | f |
|:---|---:|---:|---:|---:|---:|
| no | 1 | 2 | 3 | 4 | 5 |
"""
TIMES = ["83 µs", "4.7 µs", "28.4", "369 ms", "1.2 µs", "7.3", "178 ns", "8.2 ms", "4.9 µs", "190 %", "27.0", "6.1"]
TIMES += ["199 ns", "71 µs", "26.6", "5.9", "1.5 s"]


@pytest.mark.parametrize("block", QUICK, ids=lambda block: block.name)
def test_block_is_current(block):
    assert masked(block.saved()) == masked(block.fresh()), WRITE


def test_every_character_but_those_of_a_timing_is_compared():
    spans = [(SCREEN.index(time), SCREEN.index(time) + len(time)) for time in TIMES]
    wrong = []
    for place, character in enumerate(SCREEN):
        is_timing = any(start <= place < end for start, end in spans)
        if character in " ─\n" or (is_timing and not character.isdigit()):
            continue
        changed = SCREEN[:place] + ("7" if character != "7" else "8") + SCREEN[place + 1 :]
        if (masked(changed) == masked(SCREEN)) != is_timing:
            wrong.append(f"{SCREEN[max(place - 20, 0) : place]}>{character}<")
    assert not wrong


def test_a_wider_timing_makes_no_difference():
    narrow = "  f      prepare\n  ──────────────\n  finite   83 µs\n"
    wide = "  f        prepare\n  ────────────────\n  finite   1.35 ms\n"
    assert masked(narrow) == masked(wide)


def test_the_blocks_are_found():
    fences = re.findall(r"^```(?:console|pycon)$", TEXT, re.MULTILINE)
    openings = re.findall(r"^<!-- (?:output of|computed|listing of|picture of): ", TEXT, re.MULTILINE)
    assert len(BLOCKS) == len(fences) + len(openings)
    assert {block.kind for block in BLOCKS} == {"console", "pycon", "output of", "computed", "listing of", "picture"}
    assert all(block.text.strip() for block in BLOCKS if block.kind != "picture"), WRITE


def test_the_startup_table_is_a_run_of_the_benchmark():
    (block,) = [block for block in BLOCKS if block.argument == "python benchmarks/startup.py"]
    source = (ROOT / "benchmarks/startup.py").read_text(encoding="utf-8")
    head, rule, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.text.splitlines()]
    assert head == ["diffcli", "against", "median ratio", "range", "limit"]
    assert set("".join(rule)) <= set("-: ")
    assert len(rows) == source.count("[*diffcli, ")
    for name, other, median, spread, limit in rows:
        low, high = map(float, spread.split("…"))
        assert f'"{name}"' in source
        assert f'"{other}", [' in source
        assert f"], {limit})" in source
        assert low <= float(median) <= high


def test_the_table_of_arrays_is_a_run_of_the_benchmark():
    (block,) = [block for block in BLOCKS if block.argument == "python benchmarks/arrays.py"]
    lines = [line for line in block.text.splitlines() if line.startswith("|")]
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert head == ["Workload", "What", "Against", "Time", "Ratio", "10 … 90 %", "Limit"]
    assert {row[0].split(",")[0] for row in rows} >= {"network 784-256-10", "Helmholtz energy"}
    for *_, ratio, spread, limit in rows:
        low, high = map(float, spread.split("…")) if spread else (float(ratio), float(ratio))
        assert low <= float(ratio) <= high
        assert limit == "" or limit[0] in "≤≥"


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_is_mentioned(name):
    assert f"| `diffcli {name}" in TEXT


@pytest.mark.parametrize("title", ["Exit codes", "Formats", "Limits", "The four methods", "What is right?"])
def test_sections_are_complete(title):
    section = TEXT.partition(f"\n## {title}")[2].partition("\n## ")[0]
    exit_codes = {kind.exit_code for kind in vars(errors).values() if hasattr(kind, "exit_code")}
    names = {
        "Exit codes": [str(code) for code in {0, 1, *exit_codes}],
        "Formats": [f"`{name}`" for name in (*FORMATS, *SUFFIXES)],
        "Limits": [f"`{name}`" for name in Limits.__annotations__],
        "The four methods": [*(f"| {name}" for name in METHODS), *(f"`{scheme}`" for scheme in SCHEMES)],
        "What is right?": [f"| `{name}`" for name in METHODS],
    }
    assert not [name for name in names[title] if name not in section]


def test_every_file_it_names_exists():
    named = re.findall(r"`((?:diffcli|tests|benchmarks|expressions|docs|\.ci)/[\w./-]*)`", TEXT)
    named += re.findall(r"\]\(([\w./-]+)\)", TEXT)
    assert len(named) > 50
    assert not [name for name in named if not (ROOT / name).exists()]


@pytest.mark.parametrize(
    ("mark", "parts"),
    [
        ("run the main job", ["python3 -m venv", "pip install", 'diffcli grad "ln(x1) + x1*x2 - sin(x2)"']),
        ("run the tests", ["python3 -m venv", "pip install", "'.[test]'", "pytest"]),
    ],
)
def test_the_two_commands_stand_where_ci_finds_them(mark, parts):
    code = re.search(rf"^<!-- {mark} -->\n```sh\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert code
    assert [part for part in parts if part not in code[1]] == []
    assert code[1].count("&&") == code[1].strip().count("\n") + 2, "one command: every part waits for the one before"
    assert subprocess.run(["sh", "-n"], input=code[1], text=True, check=False).returncode == 0
    assert f'block "{mark}"' in (ROOT / ".ci/run").read_text(encoding="utf-8")


def test_pictures_fetch_nothing():
    for block in BLOCKS:
        if block.kind == "picture":
            svg = picture_file(block).read_text(encoding="utf-8")
            assert "url(http" not in svg
            assert "@import" not in svg
            assert f"]({block.argument.rpartition(' in ')[2]})" in TEXT
