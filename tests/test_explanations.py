"""Why methods are off: digits lost derived in closed form, traps of the treacherous points, no false alarms."""

import json
import math
from pathlib import Path

import pytest
from formula_rows import rows

from diffcli.cli.main import main
from diffcli.execute.interpreter import outputs
from diffcli.execute.magnitudes import Undefined
from diffcli.execute.multiprecision import Multiprecision
from diffcli.graph.rewrites import REWRITES, places, rewritten
from diffcli.graph.text import program_text
from diffcli.language import parse
from diffcli.language.points import match_point, parse_point
from diffcli.render.explanations import explanation_lines
from diffcli.studies.compare import Comparison, Subject, compare
from diffcli.studies.explanation.inquiry import LARGE
from diffcli.studies.records import Study
from diffcli.studies.study import Settings, study

DATA = Path(__file__).parent / "data"


def studied(text: str, at: str, methods=("finite", "forward", "reverse"), **finite) -> Study:
    point = parse_point([at])
    reading = parse(text, bound=tuple(point))
    settings = Settings(methods, {"finite": finite}, seconds=0)
    return study(reading.graph, match_point(reading, point), text=text, settings=settings)


def found(record: Study, method: str):
    """The explanations for one method."""
    return [one for one in record.explanations if method in one.methods]


# Digits lost by a subtraction a − b are log10(|a| / |a − b|), its condition number: closed forms.
CANCELLATIONS = [
    ("(1 + x) - 1", "x=1e-10", "value", "v2", math.log10(1e10)),
    ("exp(x) - 1", "x=1e-9", "value", "v2", 9.0),
    ("(1 - cos(x))/x^2", "x=1e-4", "reverse", "v3", math.log10(2e8)),
    ("(x - sin(x))/x^3", "x=1e-3", "forward", "v3", math.log10(6e6)),
    ("ln(x) - ln(y)", "x=1e10,y=10000000001", "value", "v3", math.log10(math.log(1e10) * 1e10)),
    ("sqrt(x+1) - sqrt(x)", "x=1e12", "value", "v4", math.log10(2e12)),
]


@pytest.mark.parametrize(("text", "at", "method", "row", "digits"), CANCELLATIONS)
def test_digits_lost_by_cancellation(text, at, method, row, digits):
    one = found(studied(text, at), method)[0]
    assert (one.reason.cause, one.reason.row) == ("cancellation", row)
    assert one.reason.digits_lost == pytest.approx(digits, abs=0.05)


@pytest.mark.parametrize("method", ["symbolic", "forward", "reverse"])
def test_a_derivative_cancels_though_f_does_not(method):
    """d/dx (sqrt(x²+1) − x·0.5 − x·0.5 + x) has x/sqrt(x²+1) − 1 ≈ −1/(2x²) in it: 14.3 digits at 1e7."""
    record = studied("sqrt(x^2 + 1) + 1e9 - x", "x=1e7", ("symbolic", "forward", "reverse"))
    one = found(record, method)[0]
    assert one.reason.cause == "cancellation"
    assert one.reason.digits_lost == pytest.approx(math.log10(2e14), abs=0.1)
    assert not found(record, "value")


CAUSES = [
    ("1/(1 + exp(-x))", "x=-750", "reverse", "overflow", "v2"),
    ("exp(x)/(1 + exp(x))", "x=720", "value", "overflow", "v1"),
    ("ln(exp(a) + exp(b))", "a=-1000,b=-1001", "value", "underflow", "v1"),
    ("x*exp(-x^2/2)", "x=38", "reverse", "underflow", "v4"),
    ("sqrt(x^4)", "x=0", "reverse", "0·∞", "v̄1"),
    ("sin(1e6*x)", "x=3", "finite", "step too large", "v2"),
    ("relu(x) - relu(-x)", "x=0", "reverse", "rule at a kink", "v1"),
    ("x - 0.1", "x=0.1", "value", "literal", "v1"),
    ("sin(1e12*x)", "x=0.3", "forward", "argument reduction", "v̇2"),
    ("ln(1 + x)", "x=1e-12", "value", "ill-conditioned operation", "v2"),
    ("1/x", "x=1e-6", "finite", "pole", "v1"),
    ("abs(x)", "x=1e-6", "finite", "kink", "v1"),
    ("where(x < 1, x^2, 3*x)", "x=1.000001", "finite", "switch", "v1"),
    ("x*floor(x)", "x=2.000001", "finite", "jump", "v1"),
    ("cbrt(x)", "x=1e-7", "finite", "vertical tangent", "v1"),
    ("x^x", "x=1e-8", "finite", "step too small", None),
    ("gamma(x)", "x=170.5", "finite", "step too large", None),
]


@pytest.mark.parametrize(("text", "at", "method", "cause", "row"), CAUSES)
def test_causes(text, at, method, cause, row):
    reasons = [one.reason for one in found(studied(text, at), method)]
    assert (cause, row) in [(reason.cause, reason.row) for reason in reasons], reasons


def test_a_fixed_step_that_is_too_small_names_a_better_one():
    record = studied("exp(x)", "x=1", step=1e-13)
    (one,) = found(record, "finite")
    assert one.reason.cause == "step too small"
    assert 1e-7 <= one.reason.better_step <= 1e-4  # cbrt(eps) = 6e-6 is best
    better = studied("exp(x)", "x=1", step=one.reason.better_step)
    assert better.verdict == "agree"
    assert not better.explanations


def test_a_step_that_is_lost_beside_x():
    (one,) = found(studied("3*x", "x=1e16", step=1e-5), "finite")
    assert one.reason.cause == "step too small"
    assert "doubles are 2 apart" in one.reason.text


def test_a_step_across_a_pole_names_a_better_one():
    (one,) = found(studied("1/x", "x=1e-6"), "finite")
    assert studied("1/x", "x=1e-6", step=one.reason.better_step).verdict == "agree"


SUGGESTIONS = [
    ("ln(1 + x)", "x=1e-12", "log1p(x)"),
    ("(exp(x) - 1)/x", "x=1e-10", "expm1(x)/x"),
    ("sqrt(x*x + y^2)", "x=3e200,y=4e200", "hypot(x, y)"),
    ("ln(1 + exp(x))", "x=800", "softplus(x)"),
    ("(1 - cos(x))/x^2", "x=1e-5", "2*sin(x/2)^2/x^2"),
    ("ln(exp(a) + exp(b))", "a=-1000,b=-1001", "a + softplus(b - a)"),
    ("sqrt(x+1) - sqrt(x)", "x=1e12", "1/(sqrt(x + 1) + sqrt(x))"),
    ("(x^2 - y^2)/(x - y)", "x=1.0000000000000002,y=1", "x + y"),
    ("1 - erf(x)", "x=7", "erfc(x)"),
    ("exp(x)/(1 + exp(x))", "x=720", "sigmoid(x)"),
    ("a = exp(x) - 1; ln(1 + a^2)/x^2", "x=1e-9", "a = expm1(x); log1p(a^2)/x^2"),
]


@pytest.mark.parametrize(("text", "at", "better"), SUGGESTIONS)
def test_rewrites_are_named_and_better(text, at, better):
    rewrite = next(one.rewrite for one in studied(text, at).explanations if one.rewrite)
    assert rewrite.expression == better
    assert rewrite.error_after < rewrite.error_before / 10
    assert studied(better, at, ("forward", "reverse")).outputs[0].value is not None


@pytest.mark.parametrize("rewrite", REWRITES, ids=lambda row: program_text(row.graph))
def test_every_rewrite_of_the_table_is_an_identity(rewrite):
    graph = rewrite.graph
    (place,) = places(graph, graph.outputs, [rewrite])
    both = (graph, rewritten(graph, place).graph)
    checked = 0
    for point in [(0.3, 0.2, 0.1), (0.7, 0.5, -0.4), (1.25, 2.0, 0.5), (3.0, 2.5, 1.0), (1.5, 1.25, -2.0)]:
        arithmetic = Multiprecision(60)
        at = [arithmetic.context.mpf(x) for x in point[: rewrite.arity]]
        left, right = (outputs(program, arithmetic, at)[0] for program in both)
        if Undefined not in (type(left), type(right)):
            assert abs(left - right) <= abs(left) * 1e-40
            checked += 1
    assert checked >= 2


def test_no_rewrite_where_none_helps():
    """X − sin(x) has no other form in the table."""
    assert not any(one.rewrite for one in studied("(x - sin(x))/x^3", "x=1e-3").explanations)


def test_condition_numbers():
    """For sin(x) it is |x / tan(x)|."""
    (one,) = [e for e in studied("sin(x)", "x=1e10").explanations if e.reason.cause == "ill-conditioned point"]
    assert one.reason.digits_lost == pytest.approx(math.log10(abs(1e10 / math.tan(1e10))), abs=1e-6)


def test_simplifications_that_do_not_hold():
    assert [e.reason.cause for e in studied("sqrt(x^2)", "x=-2").explanations] == ["branch"]
    assert not studied("sqrt(x^2)", "x=2").explanations


EXPECTED = {
    "symbolic": {"branch"},
    "value": {"cancellation", "literal", "ill-conditioned operation"},
    "gradient": {
        "cancellation", "literal", "overflow", "underflow", "argument reduction", "ill-conditioned operation",
        "ill-conditioned point", "0·∞",
    },
    "fd": {
        "step too large", "step too small", "pole", "kink", "jump", "domain", "fixed step", "vertical tangent",
        "cancellation", "underflow",
    },
}  # fmt: skip


def is_named(row, trap: str) -> bool:
    """Whether a cause that fits the kind of trap is named for the number that the trap spoils."""
    record = study(row.graph, row.point, settings=Settings(seconds=0))
    causes = {one.reason.cause for one in record.explanations}
    return any(causes & EXPECTED[kind] for kind in trap.split("+"))


def test_traps_are_named():
    lines = (DATA / "treacherous.jsonl").read_text(encoding="utf-8").splitlines()
    traps = {case["name"]: case["trap"] for case in map(json.loads, lines)}
    named = [row.name for row in rows("treacherous") if is_named(row, traps[row.name])]
    assert len(named) >= 38, sorted(traps.keys() - set(named))


def test_no_false_alarms():
    """Where value and gradient are right nothing is explained."""
    wrong = []
    for row in rows("formulas"):
        record = study(row.graph, row.point, settings=Settings(seconds=0))
        if record.explanations and record.verdict == "agree":
            wrong.append(row.name)
    assert not wrong


@pytest.mark.parametrize(
    ("text", "at"),
    [("x*x", "x=1e308"), ("x*1e308*10/1e308", "x=2"), ("1/x", "x=1e-308"), ("exp(exp(x))", "x=6.5"), ("x-x", "x=1e308"),
     ("x^y", "x=1e-308,y=0.5"), ("sin(x)", "x=1e308"), ("ln(x)", "x=5e-324"), ("gamma(x)", "x=-170.000001")],
)  # fmt: skip
def test_hostile_points_end_in_a_record(text, at):
    json.dumps(studied(text, at).to_dict(), allow_nan=False)


def test_large_programs_are_not_searched(monkeypatch):
    monkeypatch.setattr("diffcli.studies.explanation.inquiry.MOST_NODES", 4)
    record = studied("(1 - cos(x))/x^2", "x=1e-5", ("reverse",))
    assert not record.explanations
    assert LARGE in record.notes


def test_json_lists_one_entry_for_each_method(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["grad", "(exp(x)-1)/x", "--at", "x=1e-10", "--methods", "forward,reverse", "-f", "json"])
    assert ended.value.code == 1
    entries = json.loads(capsys.readouterr().out)["explanations"]
    assert [entry["method"] for entry in entries] == ["value", "forward", "reverse"]
    assert {entry["row"] for entry in entries} == {"v2"}
    assert entries[0]["operation"] == "v1 − 1"
    assert entries[0]["digits_lost"] == pytest.approx(10.0, abs=0.1)
    assert entries[0]["rewrite"]["expression"] == "expm1(x)/x"


def test_nothing_is_printed_where_nothing_is_off():
    assert studied("ln(x1) + x1*x2 - sin(x2)", "x1=2,x2=5").explanations == ()


def test_compare_says_why():
    subject = Subject("cancelling", parse("(1 - cos(x))/x^2").graph, (1e-5,))
    (case,) = compare([subject], methods=("forward", "reverse"), runs=1).cases
    (one,) = case.explanations
    assert (one.points, one.explanation.reason.row) == (1, "v3")
    assert one.explanation.methods == ("value", "forward", "reverse")
    assert [entry["points"] for entry in compared_dict(case)] == [1, 1, 1]


def compared_dict(case):
    return Comparison((case,), 0, 1, "").to_dict()["cases"][0]["explanations"]


def screen(record: Study) -> list[str]:
    return ["".join(span.text for span in line) for line in explanation_lines(record)]


def test_lines_of_a_step_across_a_pole():
    assert screen(studied("1/x", "x=1e-6")) == [
        (
            "finite: the step h = 6.06e-6 crosses a pole: v1 = 1 / v0, its denominator changes sign between x − h and "
            "x + h; --h 1e-12 has an error of 5.82e-11"
        ),
    ]


def test_lines_of_a_derivative_that_cancels():
    assert screen(studied("sqrt(x+1) - sqrt(x)", "x=1e12", ("forward", "reverse"))) == [
        "value of y: 12 digits cancel in v4 = v3 − v2 (v3 = 1000000.0000005, v2 = 1000000)",
        "  better: 1/(sqrt(x + 1) + sqrt(x)) for sqrt(x + 1) − sqrt(x) (worst error 2.7e-16 instead of 7.8e-5)",
        '  diffcli grad "1/(sqrt(x + 1) + sqrt(x))" --at x=1000000000000',
        "forward: 12 digits cancel in v̇4 = v̇3 − v̇2 (4.9999999999975e-7 − 5e-7)",
        "reverse: 12 digits cancel in v̄0 = v̄0 + v̄1 · 1 (−5e-7 + 4.9999999999975e-7)",
    ]
