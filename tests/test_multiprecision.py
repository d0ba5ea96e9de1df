"""The arithmetic of the judge: digits against identities, limits before mpmath is called, reasons that travel."""

from fractions import Fraction
from time import perf_counter

import pytest

from diffcli.execute.floats import FLOATS
from diffcli.execute.interpreter import outputs
from diffcli.execute.magnitudes import MAX_EXPONENTIAL, Undefined, binary_exponent, decimal_digits
from diffcli.execute.multiprecision import Multiprecision
from diffcli.graph.ops import ELEMENTWISE, OPS
from diffcli.language import parse


@pytest.fixture
def arithmetic():
    return Multiprecision(60)


def number(arithmetic, text):
    return arithmetic.constant(text)


def value(arithmetic, text, *point):
    """The value of an expression in this arithmetic."""
    (result,) = outputs(parse(text).graph, arithmetic, [arithmetic.context.mpf(x) for x in point])
    return result


@pytest.mark.parametrize("op", sorted(ELEMENTWISE))
def test_every_primitive_equals_the_floats(arithmetic, op):
    """At a point inside its domain, 60 digits rounded to a double are the double to a few units in the last place."""
    args = [low + 0.6180339887 * (high - low) for low, high in OPS[op].domain]
    if op == "polygamma":
        args[0] = 2.0
    precise = float(arithmetic.apply(op, *map(arithmetic.context.mpf, args)))
    assert precise == pytest.approx(FLOATS.apply(op, *args), rel=1e-14)


# Identities between different functions: an error in one of them shows.
IDENTITIES = [
    ("sin(x)^2 + cos(x)^2", 1.25, "1"),
    ("tan(x)*cos(x)/sin(x)", 1.25, "1"),
    ("sec(x)*cos(x) + csc(x)*sin(x) + cot(x)*tan(x)", 1.25, "3"),
    ("(sigmoid(x) + sigmoid(-x))", 3.5, "1"),
    ("softplus(x) - softplus(-x)", 3.5, "3.5"),
    ("erf(x) + erfc(x)", 0.75, "1"),
    ("gamma(x + 1)/gamma(x)", 2.75, "2.75"),
    ("lgamma(x + 1) - lgamma(x) - ln(abs(x))", -1.25, "0"),
    ("digamma(x + 1) - digamma(x) - 1/x", -1.25, "0"),
    ("cbrt(x)^3", -2.5, "-2.5"),
    ("log2(x)*ln(2)/ln(x)", 5.5, "1"),
    ("exp(log1p(expm1(x)))/exp(x)", 0.125, "1"),
    ("hypot(x, 4)", 3.0, "5"),
    ("round(x) + floor(x) + ceil(x)", 2.5, "7"),
    ("max(x, 1) - min(x, 1) - relu(x - 1)", 2.5, "0"),
    ("(-8)^(6/3)*x", 1.0, "64"),
]


@pytest.mark.parametrize(("text", "x", "expected"), IDENTITIES)
def test_identities(arithmetic, text, x, expected):
    result = value(arithmetic, text, x)
    assert abs(result - number(arithmetic, expected)) < 1e-57


@pytest.mark.parametrize(
    ("op", "args", "kind"),
    [
        ("ln", ("0",), "pole"),
        ("ln", ("-1",), "outside"),
        ("div", ("0", "0"), "outside"),
        ("div", ("1", "0"), "pole"),
        ("pow", ("-8", "0.5"), "outside"),
        ("pow", ("0", "-1"), "pole"),
        ("asin", ("2",), "outside"),
        ("gamma", ("-2",), "pole"),
        ("csc", ("0",), "pole"),
        ("exp", ("1e300",), "limit"),
        ("cosh", ("1e6",), "limit"),
        ("sin", ("1e5000",), "limit"),
        ("pow", ("10", "1e6"), "limit"),
        ("gamma", ("1e9",), "limit"),
        ("polygamma", ("2", "-1000000000.5"), "limit"),
        ("floor", ("1e5000",), "limit"),
    ],
)
def test_reasons(arithmetic, op, args, kind):
    result = arithmetic.apply(op, *(number(arithmetic, text) for text in args))
    assert type(result) is Undefined
    assert (result.op, result.kind) == (op, kind)
    assert result.where


def test_the_first_reason_travels_past_everything_but_an_untaken_branch(arithmetic):
    pole = arithmetic.apply("ln", arithmetic.zero)
    outside = arithmetic.apply("sqrt", -arithmetic.one)
    assert arithmetic.apply("mul", arithmetic.zero, pole) is pole
    assert arithmetic.apply("add", pole, outside) is pole
    assert arithmetic.apply("where", arithmetic.one, arithmetic.one, pole) == 1
    assert arithmetic.apply("where", arithmetic.zero, arithmetic.one, pole) is pole
    assert arithmetic.apply("where", outside, arithmetic.one, arithmetic.one) is outside


@pytest.mark.parametrize(
    ("text", "x", "expected"),
    [
        ("sin(pi*x)", 1.0, 0),
        ("cos(pi*x)", 0.5, 0),
        ("x/3*3 - 1", 1.0, 0),
        ("floor(x/3*3)", 1.0, 1),
        ("round(x/3*3/2)", 1.0, 0),
        ("sqrt(sin(x)^2 + cos(x)^2 - 1)", 0.5, 0),
        ("asin(sin(x)^2 + cos(x)^2)*2/pi", 1.5, 1),
        ("where(x/7*7 == x, 1, 0)", 5.0, 1),
    ],
)
def test_rounding_answers_no_question_of_yes_or_no(text, x, expected):
    for digits in (60, 61, 67, 100, 133):
        assert abs(value(Multiprecision(digits), text, x) - expected) < 1e-50


def test_unsettled_says_that_rounding_was_interpreted(arithmetic):
    value(arithmetic, "1 + exp(x) - 1", 1.0)
    assert not arithmetic.unsettled
    value(arithmetic, "sin(pi*x)", 1.0)
    assert arithmetic.unsettled


def test_a_difference_with_itself_is_settled(arithmetic):
    x = arithmetic.context.mpf(3) / 7
    assert arithmetic.apply("sub", x, x) == 0
    assert not arithmetic.unsettled


def test_more_digits_reveal_what_is_no_zero():
    assert value(Multiprecision(60), "(x + 1e-90) - x", 1.0) == 0
    assert (
        abs(value(Multiprecision(200), "(x + 1e-90) - x", 1.0) / Fraction(1, 10**90).limit_denominator(10**91) - 1)
        < 1e-50
    )


def test_huge_powers_end_quickly(arithmetic):
    start = perf_counter()
    for text in ("9**9**9**9*x", "exp(exp(exp(exp(x))))", "0.5^(1e300*x)", "(1 + 1e-10)^(1e15*x)", "exp(-exp(500*x))"):
        value(arithmetic, text, 1.5)
    assert perf_counter() - start < 1


def test_small_numbers_are_no_limit(arithmetic):
    """exp(-1e6) is far below all doubles and still a number: its logarithm is exact."""
    assert abs(value(arithmetic, "ln(exp(-x))", 1e6) + 10**6) < 1e-50
    assert abs(value(arithmetic, "1/(1 + exp(-x))", 1e6) - 1) < 1e-50


def test_exponential_limit_is_the_limit_of_exponents(arithmetic):
    largest = arithmetic.apply("exp", arithmetic.context.mpf(MAX_EXPONENTIAL))
    assert decimal_digits(binary_exponent(largest)) in (99_999, 100_000)


@pytest.mark.parametrize("literal", ["1e999999999", "1e-999999999", "1" * 5000])
def test_literals_are_limited(arithmetic, literal):
    assert type(arithmetic.constant(literal)) is Undefined


def test_literals_are_exact_decimals(arithmetic):
    tenth = arithmetic.constant("0.1")
    assert abs(tenth * 10 - 1) < 1e-59
    assert arithmetic.rational(Fraction(3, 8)) == 0.375
    assert abs(arithmetic.rational(Fraction(1, 3)) * 3 - 1) < 1e-59


def test_decimal_text(arithmetic):
    texts = {"5.5": "5.5", "3628800": "3628800", "1e-10": "1e-10", "0": "0", "-1e1000": "-1e+1000", "0.001": "0.001"}
    assert {text: arithmetic.decimal(number(arithmetic, text), 50) for text in texts} == texts


def test_agreeing_digits(arithmetic):
    one = arithmetic.one
    assert arithmetic.agreeing_digits(one, one) == 60
    assert arithmetic.agreeing_digits(one, one + number(arithmetic, "1e-20")) in (19, 20)
    assert arithmetic.agreeing_digits(one, -one) == 0
    assert arithmetic.agreeing_digits(one, arithmetic.zero) == 0


def test_contexts_do_not_disturb_each_other():
    coarse, fine = Multiprecision(20), Multiprecision(80)
    coarse.apply("exp", coarse.one)
    assert abs(fine.rational(Fraction(1, 3)) * 3 - 1) < 1e-79
    assert abs(fine.apply("ln", fine.apply("exp", fine.one)) - 1) < 1e-78
