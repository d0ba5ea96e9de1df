"""Whole screens against snapshots.

Every snapshot was read by eye against the lectures: deck 001's value 11.652071455223084, gradient (5.5,
1.7163378145367738), its five primal rows, nine adjoint rows in the deck's order with two accumulations, and both
tangent traces (0.5, 5, 0, 5.5, 5.5 and 0, 2, 0.284, 2, 1.716); deck 002's value 412.19145728412116 with the names a to
f and 14 adjoint rows, g_c = 1/6, g_b = -12.36, g_a = 404.85; example E's H = 5.2055014039096574, ∂H/∂b = p − y
= (-0.9945, 0.9945), ∂H/∂W = (p − y)xᵀ, ∂H/∂x = Wᵀ(p − y), by hand (-0.4973, 2.9835). Times in them are made up.
To write them anew: UPDATE_SNAPSHOTS=1 pytest tests/test_render_screens.py, then read the difference.
"""

import io
import os
import re
import unicodedata
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from render_records import (
    DECK_001,
    DECK_002,
    EXAMPLE_E,
    NETWORK,
    POINT_E,
    array_study,
    array_trace,
    comparison_of,
    network_point,
    scalar_trace,
    study_of,
    trace_of,
)

from diffcli.errors import ExpressionError, Place
from diffcli.render.document import Options, width
from diffcli.render.registry import document, error_text, render
from diffcli.render.terminal import document_svg, document_text, print_document
from diffcli.studies.methods.study import Methods
from diffcli.studies.operations import function_entry

SNAPSHOTS = Path(__file__).parent / "snapshots"
WIDE, SCREEN = Options(), Options(width=80)
PLAIN = Options(width=80, ascii=True)
THREE = Options(width=80, digits=3)
FOUR = ("finite", "symbolic", "forward", "reverse")
CANCELLING = "(1 - cos(x))/x^2"

CASES = {
    "grad-deck-001.txt": lambda: render(study_of(DECK_001, 2.0, 5.0, methods=FOUR), "rich", SCREEN),
    "grad-deck-001-ascii.txt": lambda: render(study_of(DECK_001, 2.0, 5.0, methods=FOUR), "rich", PLAIN),
    "grad-deck-001.md": lambda: render(study_of(DECK_001, 2.0, 5.0, methods=FOUR), "markdown", WIDE),
    "grad-deck-001.tex": lambda: render(study_of(DECK_001, 2.0, 5.0, methods=FOUR), "latex", WIDE),
    "grad-deck-001.csv": lambda: render(study_of(DECK_001, 2.0, 5.0), "csv", WIDE),
    "grad-kink.txt": lambda: render(study_of("|x|*y", 0.0, 3.0), "rich", SCREEN),
    "grad-root.txt": lambda: render(study_of("sqrt(x - 2)", 2.0), "rich", SCREEN),
    "grad-root.md": lambda: render(study_of("sqrt(x - 2)", 2.0), "markdown", WIDE),
    "grad-cancelling.txt": lambda: render(study_of(CANCELLING, 1e-8), "rich", SCREEN),
    "grad-two-outputs.txt": lambda: render(study_of("x*y; sin(x)/y", 2.0, 3.0), "rich", SCREEN),
    "trace-deck-001.txt": lambda: render(trace_of(DECK_001, 2.0, 5.0), "rich", THREE),
    "trace-deck-001-120.txt": lambda: render(trace_of(DECK_001, 2.0, 5.0), "rich", Options(width=120)),
    "trace-deck-001-60.txt": lambda: render(trace_of(DECK_001, 2.0, 5.0), "rich", Options(width=60)),
    "trace-deck-001-ascii.txt": lambda: render(trace_of(DECK_001, 2.0, 5.0, style="ascii"), "rich", PLAIN),
    "trace-deck-001.md": lambda: render(trace_of(DECK_001, 2.0, 5.0), "markdown", WIDE),
    "trace-deck-001.tex": lambda: render(trace_of(DECK_001, 2.0, 5.0, style="latex"), "latex", WIDE),
    "trace-deck-001.csv": lambda: render(trace_of(DECK_001, 2.0, 5.0, style="unicode"), "csv", WIDE),
    "trace-deck-001-order-deck.txt": lambda: render(
        trace_of(DECK_001, 2.0, 5.0), "rich", Options(width=80, digits=3, order="deck")
    ),
    "trace-deck-001-forward.txt": lambda: render(trace_of(DECK_001, 2.0, 5.0, mode="forward"), "rich", THREE),
    "trace-deck-001-forward.tex": lambda: render(
        trace_of(DECK_001, 2.0, 5.0, mode="forward", style="latex"), "latex", Options(digits=3)
    ),
    "trace-deck-001-both.txt": lambda: render(joined(), "rich", SCREEN),
    "trace-deck-001-both.tex": lambda: render(joined("latex"), "latex", Options(digits=3)),
    "trace-deck-002-g.txt": lambda: render(trace_of(DECK_002, 2.0, 3.0, kind="g"), "rich", Options(width=100)),
    "trace-arrays.txt": lambda: render(classifier(), "rich", SCREEN),
    "trace-arrays.md": lambda: render(classifier(), "markdown", Options(digits=6)),
    "trace-arrays.tex": lambda: render(classifier(style="latex"), "latex", Options(digits=6)),
    "trace-arrays-ascii.txt": lambda: render(classifier(style="ascii"), "rich", PLAIN),
    "trace-arrays-forward.txt": lambda: render(
        array_trace(EXAMPLE_E, POINT_E, wrt="x", adjoint=False, style="pretty"), "rich", SCREEN
    ),
    "trace-arrays-scalars.txt": lambda: render(scalar_trace(), "rich", THREE),
    "trace-arrays-large.txt": lambda: render(
        array_trace(NETWORK, network_point(), tangent=False, style="pretty"), "rich", SCREEN
    ),
    "grad-arrays.txt": lambda: render(array_study(EXAMPLE_E, POINT_E, wrt="xb"), "rich", SCREEN),
    "grad-arrays-large.txt": lambda: render(array_study(NETWORK, network_point(), wrt="AcB"), "rich", SCREEN),
    "compare.txt": lambda: render(comparison_of(DECK_001, "x^2*exp(y)"), "rich", SCREEN),
    "compare-wide.txt": lambda: render(comparison_of(DECK_001, "x^2*exp(y)"), "rich", WIDE),
    "compare.md": lambda: render(comparison_of(DECK_001, "x^2*exp(y)"), "markdown", WIDE),
    "methods.txt": lambda: render(Methods(), "rich", SCREEN),
    "ops-tanh.txt": lambda: render(function_entry("tanh"), "rich", SCREEN),
    "error.txt": lambda: error_text(never_closed(), "rich", SCREEN),
}


def joined(style="pretty"):
    return trace_of(DECK_001, 2.0, 5.0, mode="both", style=style, joined=True)


def classifier(style="pretty"):
    return array_trace(EXAMPLE_E, POINT_E, wrt="Wxb", tangent=False, style=style)


def never_closed() -> ExpressionError:
    text = DECK_001.removesuffix(")")
    error = ExpressionError("this parenthesis is never closed", text=text, place=Place(20, 21), hint="add )")
    error.command = f'diffcli grad "{DECK_001}" --at x1=2,x2=5'
    return error


@pytest.mark.parametrize("name", CASES)
def test_screen(name):
    text, path = CASES[name](), SNAPSHOTS / name
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_no_snapshot_is_left_over():
    assert {path.name for path in SNAPSHOTS.iterdir()} == set(CASES)


@pytest.mark.parametrize("name", [name for name in CASES if name.endswith(".txt") and "wide" not in name])
def test_screens_fit_their_width(name):
    limit = {"120": 120, "100": 100, "60": 60, "g": 100}.get(name.removesuffix(".txt").rpartition("-")[2], 80)
    assert max(map(width, CASES[name]().splitlines())) <= limit


@pytest.mark.parametrize("name", [name for name in CASES if "ascii" in name])
def test_ascii_is_ascii(name):
    assert CASES[name]().isascii()


def test_deck_001_has_its_numbers_and_order():
    """Straight from the deck, independently of the snapshots."""
    text = render(trace_of(DECK_001, 2.0, 5.0), "rich", Options(digits=3))
    names, values = zip(*[_name_and_value(line) for line in text.splitlines()[4:13]], strict=True)
    assert names == ("v̄₅", "v̄₄", "v̄₃", "v̄₁", "v̄₂", "v̄₀", "v̄₋₁", "v̄₀", "v̄₋₁")
    assert values == ("1", "1", "−1", "1", "1", "−0.284", "5", "1.716", "5.5")
    assert text.count("(accumulate)") == 2


def _name_and_value(line):
    right = line[line.index("v̄") :].split()
    return right[0], right[-1]


def test_order_deck_is_bottom_to_top():
    forwards = render(trace_of(DECK_001, 2.0, 5.0), "markdown", WIDE).split("Reverse")[1].splitlines()[4:13]
    backwards = (
        render(trace_of(DECK_001, 2.0, 5.0), "markdown", Options(order="deck")).split("Reverse")[1].splitlines()[4:13]
    )
    assert backwards == forwards[::-1]


def test_many_variables_are_summarised_on_a_screen_only():
    names = [f"a{k}" for k in range(40)]
    record = study_of(" + ".join(f"sin({name})" for name in names), *(k / 7 for k in range(40)))
    screen, piped = render(record, "rich", SCREEN), render(record, "rich", WIDE)
    assert screen.count("judge  ") == 8
    assert "… and 32 more variables, all within tolerance" in screen
    assert piped.count("judge  ") == 40
    assert all(f"∂y/∂{name} " in piped for name in names)


@pytest.mark.parametrize("columns", [80, 100, 120])
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_digits_are_not_cut_where_there_is_room(columns, mode):
    text = render(trace_of(DECK_002, 2.0, 3.0, mode=mode), "rich", Options(width=columns))
    assert "digits fit" not in text
    assert "12.488213886033648" in text if mode == "reverse" else "0.38461945068198605" in text


def test_a_note_says_that_digits_are_cut():
    text = render(trace_of("a = x*1.1; exp(a)*sin(a)/cos(a)", 2.0), "rich", Options(width=34))
    shown = int(re.search(r"(\d+) digits fit the width of this screen; --digits 17", " ".join(text.split()))[1])
    assert shown in (12, 9, 6, 5, 4, 3)
    assert "digits fit" not in render(
        trace_of("a = x*1.1; exp(a)*sin(a)/cos(a)", 2.0), "rich", Options(width=34, digits=4)
    )
    assert "digits fit" not in render(trace_of("a = x*1.1; exp(a)*sin(a)/cos(a)", 2.0), "rich", WIDE)


def test_seeds_are_wrapped_in_groups():
    names = "abcdfghijklm"
    record = trace_of(" + ".join(f"{n}^2" for n in names), *map(float, range(1, 13)), mode="forward")
    text = render(record, "rich", SCREEN)
    assert text.count("Forward tangent trace") > 1
    seeds = unicodedata.normalize("NFD", text)
    assert all(f"{n}\u0307 = 1" in seeds for n in names)


def test_nothing_is_cut_when_piped():
    names = [f"variable{k}" for k in range(30)]
    expression = " + ".join(names)
    text = render(study_of(expression, *map(float, range(30))), "rich", WIDE)
    assert expression in text.replace("·", "*")
    assert "…" not in text.splitlines()[0]


def test_colour_adds_only_styles():
    record = study_of(DECK_001, 2.0, 5.0)
    stream = io.StringIO()
    options = Options(width=80, color=True)
    print_document(document(record, options), stream, options)
    assert "\x1b[" in stream.getvalue()
    assert re.sub(r"\x1b\[[\d;]*m", "", stream.getvalue()) == document_text(document(record, SCREEN), SCREEN)


def test_svg_shows_the_same_text():
    svg = document_svg(document(study_of(DECK_001, 2.0, 5.0), SCREEN), SCREEN)
    shown = "".join(ET.fromstring(svg).itertext()).replace("\u00a0", " ")
    assert "11.652071455223084" in shown
    assert "All three agree with the judge." in shown
