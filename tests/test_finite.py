"""Finite differences: the schemes, their counts, their steps, and what happens at the edge of a domain."""

import math

import pytest
from formula_rows import interpreted, rows

from diffcli.errors import UsageError
from diffcli.execute import complexes
from diffcli.language import parse
from diffcli.methods.finite import CENTERED, FORWARD, PreparedFinite, representable
from diffcli.methods.method import GaveUp, Meter

DECK_2 = "exp(x*z) + x*z/ln(x) + sin(ln(x))/(x*z)"
EPSILON = 2.0**-52


def finite(text, compiler=interpreted, **options):
    graph = parse(text).graph
    return PreparedFinite(graph, graph.inputs, compiler, **options)


def complex_compiler(graph, _work):
    return complexes.compiled(graph)


class Recorder:
    """A compiler that keeps the points at which programs run, and what they count as."""

    def __init__(self):
        self.points, self.works = [], []

    def __call__(self, graph, work):
        program = interpreted(graph, work)
        self.works.append(work)

        def run(values):
            self.points.append(tuple(values))
            return program(values)

        return run


def test_the_step_of_deck_002_reproduces_its_printed_digits():
    assert finite(DECK_2, step=1e-8)((2.0, 3.0)).rows == ((1208.3812094942914, 809.7074726265419),)


@pytest.mark.parametrize(
    ("step", "error"), [(1e-4, 1.8e-5), (1e-5, 2.1e-7), (1e-6, 4.8e-9), (1e-7, 5.2e-7), (1e-12, 8.1e-2)]
)
def test_errors_against_the_step_are_those_of_the_lecture(step, error):
    off = abs(finite(DECK_2, step=step)((2.0, 3.0)).rows[0][0] - 1208.3812151266096)
    assert off == pytest.approx(error, rel=0.03, abs=0)


@pytest.mark.parametrize(
    ("scheme", "evaluations", "compiler"),
    [("centered", 4, interpreted), ("forward", 3, interpreted), ("richardson", 8, interpreted),
     ("complex-step", 2, complex_compiler)],
)  # fmt: skip
def test_evaluations_are_counted_by_what_runs(scheme, evaluations, compiler):
    meter = Meter()
    prepared = finite(DECK_2, meter.wrap(compiler), scheme=scheme)
    prepared((2.0, 3.0))
    assert (meter.evaluations, meter.sweeps) == (evaluations, 0)
    prepared((2.0, 3.0))
    assert meter.evaluations == 2 * evaluations


@pytest.mark.parametrize(
    ("scheme", "compiler", "tolerance"),
    [("centered", interpreted, 1e-9), ("forward", interpreted, 1e-7), ("richardson", interpreted, 1e-11),
     ("complex-step", complex_compiler, 1e-15)],
)  # fmt: skip
def test_schemes_reach_their_accuracy(scheme, compiler, tolerance):
    jacobian = finite(DECK_2, compiler, scheme=scheme)((2.0, 3.0))
    assert jacobian.rows[0] == pytest.approx((1208.3812151266096, 809.70747921856408), rel=tolerance, abs=0)


def test_nothing_but_f_is_compiled():
    recorder = Recorder()
    finite(DECK_2, recorder)((2.0, 3.0))
    assert recorder.works == ["evaluation"]


def test_default_steps_are_symmetric_and_of_the_stated_size():
    recorder = Recorder()
    finite("x^2 + y", recorder)((0.1, -1234.5678))
    for (right, left), x, axis in ((recorder.points[:2], 0.1, 0), (recorder.points[2:], -1234.5678, 1)):
        assert right[axis] - x == x - left[axis] == pytest.approx(EPSILON ** (1 / 3) * max(1, abs(x)), rel=1e-6, abs=0)
        assert right[1 - axis] == left[1 - axis] == (-1234.5678, 0.1)[axis]


@pytest.mark.parametrize("x", [0.0, 1.0, -1.0, 0.1, -0.7, 1e-300, 3e5, -1e16, 1.7e308, 2.0**-1074])
def test_steps_lead_exactly_to_other_doubles(x):
    for h in (CENTERED.default_step(x), FORWARD.default_step(x), representable(1e-30, x)):
        assert h > 0
        assert (x + h) - x == h == x - (x - h)


def test_a_step_is_used_as_given():
    recorder = Recorder()
    finite("x^2", recorder, step=1e-3)((0.1,))
    assert recorder.points == [(0.1 + 1e-3,), (0.1 - 1e-3,)]


def test_a_step_below_the_spacing_of_doubles_is_said_to_be_one():
    prepared = finite("x^2", step=1e-8)
    assert prepared((1e10,)).rows == ((0.0,),)
    assert "below the spacing" in prepared.notes[0]


@pytest.mark.parametrize(
    ("text", "x", "slope", "tolerance"),
    [
        ("ln(x)", 1e-12, 1e12, 1e-9),
        ("sqrt(x)", 1e-300, 5e149, 1e-9),
        ("ln(x - 1)", 1 + 2.0**-30, 2.0**30, 1e-6),
        ("asin(x)", 1 - 2.0**-20, 1 / math.sqrt(2.0**-19 - 2.0**-40), 1e-6),
        ("exp(x)", 709.78, math.exp(709.78), 1e-6),
    ],
)
def test_the_step_shrinks_to_stay_in_the_domain(text, x, slope, tolerance):
    meter = Meter()
    prepared = finite(text, meter.wrap(interpreted))
    assert prepared((x,)).rows[0][0] == pytest.approx(slope, rel=tolerance, abs=0)
    assert "h = " in prepared.notes[0]
    assert 2 < meter.evaluations < 40


@pytest.mark.parametrize(
    ("text", "x", "side"), [("exp(x) + 0*sqrt(x)", 0.0, "right"), ("exp(x) + 0*acos(x)", 1.0, "left")]
)
def test_one_sided_differences_of_second_order_at_an_edge(text, x, side):
    prepared = finite(text)
    assert prepared((x,)).rows[0][0] == pytest.approx(math.exp(x), rel=1e-9, abs=0)
    assert f"to the {side}" in prepared.notes[0]


def test_the_one_sided_formula():
    h = EPSILON ** (1 / 3)
    assert finite("x^1.5")((0.0,)).rows[0][0] == pytest.approx(
        (4 * h**1.5 - (2 * h) ** 1.5) / (2 * h), rel=1e-12, abs=0
    )


@pytest.mark.parametrize(
    ("text", "point", "note"),
    [
        ("ln(x)", -1.0, "f itself is not finite"),
        ("sqrt(-x^2)", 0.0, "however small the step"),
    ],
)
def test_where_nothing_can_be_done_the_slope_is_nan_and_it_is_said(text, point, note):
    prepared = finite(text)
    assert math.isnan(prepared((point,)).rows[0][0])
    assert note in prepared.notes[0]


def test_an_output_outside_its_domain_leaves_the_others_alone():
    prepared = finite("ln(x); x^2; ln(-x)")
    rows_ = prepared((1e-9,)).rows
    assert rows_[0][0] == pytest.approx(1e9, rel=1e-8, abs=0)
    assert rows_[1][0] == pytest.approx(2e-9, rel=1e-6, abs=0)
    assert math.isnan(rows_[2][0])


def test_values_are_there_where_they_were_needed_and_notes_go_with_the_point():
    prepared = finite("ln(x)")
    assert prepared((0.0,)).values == (-math.inf,)
    assert prepared.notes
    assert prepared((2.0,)).values == ()
    assert not prepared.notes
    assert finite("ln(x)", scheme="forward")((2.0,)).values == (math.log(2),)


def test_inputs_that_are_not_asked_for_cost_nothing():
    graph, recorder = parse("x*y; x", bound=("x", "y")).graph, Recorder()
    assert PreparedFinite(graph, graph.inputs[1:], recorder)((2.0, 3.0)).rows == (pytest.approx((2.0,)), (0.0,))
    assert len(recorder.points) == 2
    assert PreparedFinite(graph, (), recorder)((2.0, 3.0)).rows == ((), ())
    assert len(recorder.points) == 2


@pytest.mark.parametrize(
    "options", [{"scheme": "backwards"}, {"step": 0.0}, {"step": -1e-6}, {"step": math.nan}, {"step": math.inf}]
)
def test_options_that_make_no_sense_are_refused(options):
    with pytest.raises(UsageError):
        finite("x", **options)


@pytest.mark.parametrize(
    ("text", "x", "slope"),
    [
        ("x^3", -2.0, 12.0),
        ("x^101", -1.01, 101 * 1.01**100),
        ("2^x/x", 3.0, 8 * math.log(2) / 3 - 8 / 9),
        ("abs(x)^3", -2.0, -12.0),
        ("sigmoid(x)", -30.0, math.exp(-30) / (1 + math.exp(-30)) ** 2),
        ("softplus(x)", 2.0, 1 / (1 + math.exp(-2))),
        ("tanh(x)", 20.0, 1 / math.cosh(20) ** 2),
        ("hypot(x, 3)", -4.0, -0.8),
        ("hypot(3, x)", 1e200, 1.0),
        ("atan2(x, 2)", 5.0, 2 / 29),
        ("atan2(2, x)", 5.0, -2 / 29),
        ("cbrt(x)", -8.0, 1 / 12),
        ("where(x > 0, ln(x), x^2)", -3.0, -6.0),
        ("max(x, 2)*min(x, 4) + floor(x) + relu(-x)", 3.0, 6.0),
        ("log2(x) + log1p(x) + expm1(x)", 1.0, 1 / math.log(2) + 0.5 + math.e),
        ("sec(x) + csc(x) + cot(x)", 1.0, math.sin(1) / math.cos(1) ** 2 - (1 + math.cos(1)) / math.sin(1) ** 2),
        ("acosh(x) + asinh(x)", 2.0, 1 / math.sqrt(3) + 1 / math.sqrt(5)),
        ("sqrt(x)", 1e-300, 5e149),
    ],
)  # fmt: skip
def test_complex_steps_do_not_cancel(text, x, slope):
    assert finite(text, complex_compiler, scheme="complex-step")((x,)).rows[0][0] == pytest.approx(
        slope, rel=4e-15, abs=0
    )


@pytest.mark.parametrize(("text", "x"), [("ln(x)", -1.0), ("sqrt(x)", -4.0), ("x^0.5", -4.0), ("1/x", 0.0)])
def test_complex_steps_stay_in_the_real_domain(text, x):
    assert math.isnan(finite(text, complex_compiler, scheme="complex-step")((x,)).rows[0][0])


def test_complex_steps_say_which_function_is_missing():
    with pytest.raises(GaveUp, match="erf and gamma"):
        finite("erf(x) + gamma(x) + sin(x)", complex_compiler, scheme="complex-step")


def test_formulas_of_the_literature():
    errors = [
        row.error(PreparedFinite(row.graph, row.graph.inputs, interpreted)(row.point).rows[0])
        for row in rows("formulas")
    ]
    assert sum(error <= 1e-6 for error in errors) >= 0.96 * len(errors)
