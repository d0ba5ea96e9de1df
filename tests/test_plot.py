"""Plots: where points stand, what fits, and that no colour is needed to tell series apart."""

import math
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from diffcli.errors import LibraryError
from diffcli.render import plot_picture
from diffcli.render.document import Document, Options
from diffcli.render.markdown import document_text as markdown
from diffcli.render.plot import Axis, Mark, Plot, Region, Series, Surface
from diffcli.render.plot_axes import Scale
from diffcli.render.terminal import document_text

STEPS = [10.0 ** (-k / 2) for k in range(2, 33)]
LOG, LINEAR = Axis("h", is_log=True), Axis("x")
ERRORS = Plot(
    LOG,
    Axis("|error|", is_log=True),
    (
        Series("forward", tuple((h, h + 1e-16 / h) for h in STEPS), "o"),
        Series("centered", tuple((h, h * h + 1e-16 / h) for h in STEPS), "+", tone=1),
        Series("exact", tuple((h, 0.0) for h in STEPS), "x", tone=2),
        Series("fit", ((1e-16, 1.0), (1e-8, 1e-8)), "", "dotted", 1, is_listed=False),
    ),
    (Mark(1e-8, "1e-8 (deck)"), Mark(6e-6, "predicted best h"), Mark(9e-6, "measured")),
    (Region(1e-16, 1e-8, ("round-off, slope −1.00", "−1.00"), "o"), Region(1e-2, 1e-1, ("truncation",), "o")),
    title="errors",
)
GRID = tuple(k / 4 for k in range(-8, 9))
BOWL = Plot(
    LINEAR,
    Axis("y"),
    (Series("descent", ((-1.5, 1.5), (0.0, 0.5), (0.0, 0.0)), "*", "solid"),),
    surface=Surface(GRID, GRID, tuple(tuple(x * x + y * y for x in GRID) for y in GRID), (0.25, 1.0, 2.25)),
)


def drawn(plot, width=80, **options):
    return document_text(Document((plot,)), Options(width=width, **options)).splitlines()


@pytest.mark.parametrize("plot", [ERRORS, BOWL])
@pytest.mark.parametrize("width", [50, 80, 120, 200])
@pytest.mark.parametrize("is_ascii", [False, True])
def test_a_plot_fits_its_width(plot, width, is_ascii):
    lines = drawn(plot, width, ascii=is_ascii)
    assert max(map(len, lines)) <= width
    assert all(line.isascii() for line in lines) or not is_ascii
    assert not any("\\u" in line for line in lines)


def test_series_are_told_apart_without_colour():
    lines = drawn(ERRORS)
    assert "o forward   + centered   x exact" in lines[1]
    body = "".join(line.partition("┤")[2] + line.partition("│")[2] for line in lines)
    assert all(body.count(marker) > 10 for marker in "o+x")


def test_points_stand_where_they_belong():
    """A line of slope 1 through three decades of both axes is a diagonal."""
    points = tuple((10.0**k, 10.0**k) for k in range(4))
    lines = drawn(Plot(LOG, LOG, (Series("s", points, "o"),), height=13), 60)
    area = [line.rstrip() for line in lines if "┤" in line or "│" in line]
    places = [(row, line.index("o")) for row, line in enumerate(area) if "o" in line]
    assert [row for row, _ in places] == [0, 4, 8, 12]
    columns = [column for _, column in places]
    steps = [a - b for a, b in pairwise(columns)]
    assert max(steps) - min(steps) <= 1
    assert [line.split("┤")[0].strip() for line in area if "┤" in line] == ["1e3", "1e2", "1e1", "1e0"]


def test_a_zero_stands_at_the_lower_edge_of_a_logarithmic_axis():
    lines = [line for line in drawn(ERRORS) if "┤" in line]
    zero = next(line for line in lines if line.split("┤")[0].strip() == "0")
    assert zero.count("x") > 20


def test_marks_have_lines_and_labels():
    lines = drawn(ERRORS)
    assert sum("1e-8 (deck)" in line for line in lines) == 1
    column = next(line.index("1e-8 (deck)") + 5 for line in lines if "1e-8 (deck)" in line)
    assert sum(line[column : column + 1] == "┊" for line in lines) > 8
    assert any("predicted best h" in line for line in lines)
    assert any("measured" in line for line in lines)


def test_regions_are_brackets_with_the_longest_label_that_fits():
    assert any("├─" in line and " round-off, slope −1.00 " in line for line in drawn(ERRORS))
    assert not any("truncation" in line for line in drawn(ERRORS, 50))


def test_contours_and_a_path():
    lines = drawn(BOWL)
    assert sum(line.count("˙") for line in lines) > 100
    assert sum(line.count("*") for line in lines[1:]) == 3


@pytest.mark.parametrize(
    "plot",
    [
        Plot(LINEAR, LINEAR),
        Plot(LOG, LOG),
        Plot(LOG, LOG, (Series("s", ((math.nan, 1.0), (1.0, math.inf), (-1.0, 2.0), (0.0, 0.0))),)),
        Plot(LINEAR, LINEAR, (Series("s", ((3.0, 3.0),)),)),
        Plot(LINEAR, LINEAR, (Series("s", ((1e300, -1e300), (-1e300, 1e300))),)),
        Plot(LOG, LOG, (Series("s", ((5e-324, 1e308), (1e308, 5e-324))),)),
        Plot(
            LINEAR,
            LINEAR,
            (
                Series(
                    "s",
                    ((1.0, 1.0), (1.0 + 2**-52, 1.0)),
                ),
            ),
        ),
    ],
)
def test_odd_numbers_are_drawn_or_left_out(plot):
    assert len(drawn(plot)) > 12


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-3.0, 7.0), (1e-9, 3e-9), (99.0, 101.0)])
def test_ticks_of_linear_axes_are_round_and_inside(low, high):
    scale = Scale(LINEAR, [low, high])
    ticks = scale.ticks(6)
    assert 3 <= len(ticks) <= 8
    assert all(scale.low <= value <= scale.high for value, _ in ticks)
    assert all(float(label) == pytest.approx(value) for value, label in ticks if value)


def test_markdown_keeps_the_drawing_in_a_code_block():
    text = markdown(Document((ERRORS,)))
    assert all(line.startswith("    ") for line in text.splitlines() if line)


def test_without_matplotlib_the_install_command_is_named(monkeypatch):
    monkeypatch.setattr(plot_picture, "find_spec", lambda _: None)
    with pytest.raises(LibraryError) as problem:
        plot_picture.picture([ERRORS], ".png")
    assert problem.value.exit_code == 4
    assert problem.value.hint == "pip install 'diffcli[plot]'"


def test_the_command_exits_with_4_and_leaves_no_file(command, tmp_path, monkeypatch):
    monkeypatch.setattr(plot_picture, "find_spec", lambda _: None)
    code, out, err = command("stepsize", "sin(x)", "--at", "x=1", "-o", "a.png")
    assert (code, out) == (4, "")
    assert "diffcli[plot]" in err
    assert list(tmp_path.iterdir()) == []


def test_pictures(command, tmp_path):
    pytest.importorskip("matplotlib")
    code, out, error = command("stepsize", "sin(x)", "--at", "x=1", "-o", "a.png")
    assert (code, error) == (0, "")
    assert "truncation slope" in out  # the record stays on the screen beside the picture
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert command("stepsize", "sin(x)", "--at", "x=1", "-o", "a.svg")[0] == 0
    text = "".join(ET.fromstring((tmp_path / "a.svg").read_bytes()).itertext())
    for words in ("1e-8 (deck)", "predicted best h (centered)", "round-off, slope −", "complex-step", "∂y/∂x"):
        assert words in text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "a.svg"]


def test_the_same_plot_is_the_same_picture_and_dollars_are_dollars():
    pytest.importorskip("matplotlib")
    plot = Plot(LINEAR, LINEAR, (Series("a $x$ b", ((0.0, 0.0), (1.0, 1.0))),), title="$\\frac{1}{$")
    first, second = (plot_picture.picture([plot, BOWL], ".svg") for _ in range(2))
    assert first == second
    assert "a $x$ b" in "".join(ET.fromstring(first).itertext())
