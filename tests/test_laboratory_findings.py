"""What a review of `stepsize`, `descend` and the explanations of `grad` found: sentences that were not true.

Expected values come from closed forms: differences of |x| across its kink, of x² + c, derivatives of both branches.
"""

import json
import math

import pytest

import diffcli
from diffcli.cli.main import main
from diffcli.errors import UsageError
from diffcli.language import parse
from diffcli.language.points import match_point, parse_point
from diffcli.learn.termination import Criteria
from diffcli.render import registry
from diffcli.render.commands import next_commands
from diffcli.render.document import Options
from diffcli.render.explanations import explanation_lines
from diffcli.render.latex_characters import escaped
from diffcli.studies.records import Study
from diffcli.studies.stepsize.study import stepsize
from diffcli.studies.study import Settings, study

ALL = ("finite", "forward", "reverse")


def studied(text: str, at: str, methods=ALL, **finite) -> Study:
    point = parse_point([at])
    reading = parse(text, bound=tuple(point))
    settings = Settings(methods, {"finite": finite}, seconds=0)
    return study(reading.graph, match_point(reading, point), text=text, typed=text, settings=settings)


def plain(lines) -> str:
    return "\n".join("".join(span.text for span in line) for line in lines)


def steps(text: str, at: str):
    point = parse_point([at])
    reading = parse(text, bound=tuple(point))
    record = stepsize(reading.graph, match_point(reading, point), text=text)
    return record.derivatives[0], registry.render(record, "rich", Options())


def test_no_truncation_is_claimed_only_as_far_as_f_stays_what_it_is():
    """(|x + h| − |x − h|)/2h is 1 up to h = x = 0.001, and x/h = 0.01 at h = 0.1."""
    found, screen = steps("abs(x)", "x=1e-3")
    curve = found.curve("centered")
    assert curve.finding == "no truncation"
    assert curve.samples[0].error == pytest.approx(0.99)
    assert 5e-4 <= curve.straight_up_to <= 1e-3
    assert "centered: no truncation error up to h = " in screen
    assert "centered and" not in screen
    assert "error 9.9e-1 at h = 1e-1" in " ".join(screen.split())


@pytest.mark.parametrize(("text", "at"), [("3*x", "x=2"), ("x^2", "x=2"), ("x*y", "x=2,y=3")])
def test_without_truncation_at_all_nothing_ends(text, at):
    found, screen = steps(text, at)
    assert found.curve("centered").straight_up_to is None
    assert "the larger h the better" in screen


@pytest.mark.parametrize(("text", "at"), [("0*x", "x=1"), ("exp(x)", "x=-1e5")])
def test_no_step_costs_anything_where_no_error_is(text, at):
    """Every quotient is 0, as it should be: nothing is lost at 1e-8, and there is nothing to draw."""
    _, screen = steps(text, at)
    assert "costs" not in screen
    assert "┤" not in screen


@pytest.mark.parametrize(
    ("text", "at", "is_same"),
    [("ln(x^2)", "x=-3", True), ("asin(sin(x))", "x=6.5", True), ("sqrt(x^2)", "x=-2", False),
     ("asin(sin(x))", "x=2", False), ("(x^2)^(1/3)", "x=-8", False)],
)  # fmt: skip
def test_a_tempting_formula_with_the_same_derivative(text, at, is_same):
    """2/x is the derivative of ln(x²) and of 2 ln(x); near 6.5 asin(sin(x)) is x − 2π."""
    (line,) = plain(explanation_lines(studied(text, at))).splitlines()
    assert ("nor is its derivative" in line) is not is_same


@pytest.mark.parametrize(("text", "at"), [("1e15 + x^2", "x=1"), ("x^2 + y", "x=1e-7,y=1e10")])
def test_steps_larger_than_x_are_tried(text, at):
    """Centered differences of x² are exact for any h: only round-off counts, and a larger step has less of it."""
    record = studied(text, at)
    (one,) = [e for e in record.explanations if "finite" in e.methods]
    assert one.reason.better_step > 1
    better = studied(text, at, step=one.reason.better_step).outputs[0].methods[0].components[0]
    assert better.error.relative < 1e-3


def test_what_no_step_does_is_said_of_the_steps_that_were_tried():
    assert "none of the steps 1e-" in plain(explanation_lines(studied("cos(1e15*x)", "x=1.1")))


@pytest.mark.parametrize(
    ("text", "at", "is_limited"),
    [("ln(x)*y", "x=2,y=5", True), ("x*y", "x=2,y=4", False), ("8*x", "x=2", False)],
)
def test_the_next_command_is_stepsize_where_finite_limits(text, at, is_limited):
    """As in the sketch of the screen: 11 digits of finite, all digits of the others."""
    lines = plain(next_commands(studied(text, at)))
    assert f"diffcli trace {text}" in lines.replace('"', "")
    assert ("diffcli stepsize" in lines) is is_limited


@pytest.mark.parametrize(
    ("name", "number"), [("target", math.nan), ("gradient", math.nan), ("value", math.inf), ("seconds", math.nan),
                         ("point", -1.0), ("target", math.inf)],
)  # fmt: skip
def test_criteria_are_numbers(name, number):
    with pytest.raises(UsageError, match=name):
        Criteria(**{name: number})


def test_a_criterion_that_is_no_number_is_a_usage_error(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["descend", "x^2", "--from", "x=1", "--target", "nan", "-f", "json"])
    assert ended.value.code == 2
    assert json.loads(capsys.readouterr().out)["error"]["kind"] == "usage"


def test_the_curvature_of_a_divergence_is_written_as_elsewhere():
    """10⁶ x² has the curvature 2·10⁶."""
    shown = registry.render(diffcli.descend("1e6*x^2", {"x": 1}, rate=0.1), "rich", Options())
    assert "2/L = 1e-6" in shown
    assert "L ≈ 2e6" in shown


def test_the_row_named_for_a_large_step_turns_farthest():
    """Within h = 0.6 sin(x) turns by 1.2 radians, cos(x³) by 3·10^10·1.2."""
    record = studied("sin(x)^2 + cos(x^3)", "x=1e5")
    (one,) = [e for e in record.explanations if "finite" in e.methods]
    assert one.reason.operation.startswith("cos")


def test_a_difference_to_one_side_says_so():
    text = plain(explanation_lines(studied("(x^3)^(1/3)*x", "x=0")))
    assert "h = 6.06e-6 to the right alone stays inside" in text


@pytest.mark.parametrize(("text", "latex"), [("m̂", r"\ensuremath{\hat{m}}"), ("ŝ", r"\ensuremath{\hat{s}}")])
def test_hats_in_latex(text, latex):
    assert escaped(text) == latex


@pytest.mark.parametrize("name", ["stepsize", "descend"])
def test_suffixes_of_pictures_are_named(name, capsys, tmp_path):
    with pytest.raises(SystemExit) as ended:
        main([name, "@deck-001", "-o", str(tmp_path / "curve.gif")])
    assert ended.value.code == 2
    assert ".png .svg .md" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["stepsize", "paths", "descend"])
def test_the_hint_for_no_expression_is_for_every_command(name, capsys):
    with pytest.raises(SystemExit) as ended:
        main([name])
    assert ended.value.code == 2
    err = capsys.readouterr().err
    assert "@deck-001" in err
    assert "diffcli grad" not in err
