"""Points: values as typed, rounded once, and matched to the variables."""

import math
from fractions import Fraction

import pytest

from diffcli.errors import PointError
from diffcli.language.points import match_point, parse_point
from diffcli.language.reading import parse

VALUES = [
    ("2", 2.0, True),
    (" 1 ", 1.0, True),
    ("+1", 1.0, True),
    ("-1.5e3", -1500.0, True),
    ("0.1", 0.1, False),
    (".5", 0.5, True),
    ("1e22", 1e22, True),
    ("1e23", 1e23, False),
    ("5e-324", 5e-324, False),
    ("9007199254740993", 9007199254740992.0, False),
    ("0.1000000000000000055511151231257827021181583404541015625", 0.1, True),
    ("1/3", 1 / 3, False),
    ("3/4", 0.75, True),
    ("0.1+0.2", 0.3, False),
    ("2^-1074", 5e-324, True),
    ("10^-3", 0.001, False),
    ("(-2)^3", -8.0, True),
    ("-2^-1", -0.5, True),
    ("sqrt(16/25)", 0.8, False),
    ("sqrt(9)", 3.0, True),
    ("sqrt(2)", math.sqrt(2), False),
    ("pi", math.pi, False),
    ("π/2", math.pi / 2, False),
    ("2pi", 2 * math.pi, False),
    ("e", math.e, False),
    ("exp(1)", math.e, False),
    ("ln 2", math.log(2), False),
    ("max(1, 2.5)", 2.5, False),
    ("round(2.5)", 2.0, False),
    ("−3", -3.0, True),
]


@pytest.mark.parametrize(("text", "value", "exact"), VALUES)
def test_value(text: str, value: float, exact: bool) -> None:
    (point,) = parse_point([f"x={text}"]).values()
    assert (point.name, point.text, point.value, point.exact) == ("x", text, value, exact)
    assert point.place is not None
    assert (point.place.start, point.place.end) == (2, 2 + len(text))


@pytest.mark.parametrize("text", ["0.1", "1e23", "123.456e-7", "1e-320", "9007199254740993", "2e0"])
def test_exactness_is_that_of_rational_numbers(text: str) -> None:
    point = parse_point([f"x={text}"])["x"]
    assert point.exact == (Fraction(text) == Fraction(point.value))


def test_the_sign_of_zero_is_kept() -> None:
    assert math.copysign(1, parse_point(["x=-0"])["x"].value) == -1


def test_underflow_is_noted() -> None:
    for text in ("1e-400", "1e-5000"):
        point = parse_point([f"x={text}"])["x"]
        assert (point.value, point.note) == (0.0, f"{text} is 0 in double precision")


@pytest.mark.parametrize("texts", [["x=2,y=3"], ["x=2, y=3"], ["x=2", "y=3"], [" x = 2 , y = 3 "], ["x=min(2,9),y=3"]])
def test_several_values(texts: list[str]) -> None:
    assert {name: value.value for name, value in parse_point(texts).items()} == {"x": 2.0, "y": 3.0}


def test_names_are_spelled_as_in_expressions() -> None:
    assert list(parse_point(["x₁=1, π=3, θ=2, ｘ=4, lambda=5, gamma=6"])) == ["x_1", "pi", "θ", "x", "lambda", "gamma"]


ERRORS = [
    ("x=abc", "the value of 'x' cannot be read: 'abc' is not a number", "abc"),
    ("x=nan", "the value of 'x' cannot be read: 'nan' is not a finite number", "nan"),
    ("x=-Infinity", "the value of 'x' cannot be read: 'Infinity' is not a finite number", "Infinity"),
    ("x=1e400", "the value of 'x' cannot be read: this number is too large for double precision", "1e400"),
    ("x=10^400", "the value of 'x' cannot be read: it is too large for double precision", "10^400"),
    ("x=9^9^9^9", "the value of 'x' cannot be read: it is too large for double precision", "9^9^9^9"),
    ("x=1/0", "the value of 'x' cannot be read: it divides by 0", "1/0"),
    ("x=0^-1", "the value of 'x' cannot be read: it is not a real number", "0^-1"),
    ("x=sqrt(-1)", "the value of 'x' cannot be read: it is not a real number", "sqrt(-1)"),
    ("x=2+", "the value of 'x' cannot be read: an operand is missing after '+'", "+"),
    ("x=1;2", "the value of 'x' cannot be read: one value is expected", "1;2"),
    ("x=y=2", "the value of 'x' cannot be read: one value is expected", "y=2"),
    ("x=1_0", "the value of 'x' cannot be read: digits are not grouped by underscores", "1_0"),
    ("x=", "the value of 'x' cannot be read: the expression is empty", ""),
    ("x=digamma(1)", "the value of 'x' cannot be read: digamma cannot be computed in a point", "digamma(1)"),
    ("x=--1", "'--1' has two signs", "--1"),
    ("x=2,x=3", "'x' is given twice", "3"),
    ("2", "'2' is no name with a value", "2"),
    ("x=2,", "a name and its value are missing", ""),
    ("x=1,5", "'x' is given a number with a comma", "5"),
    ("x=1,2,3", "'x' is given 3 numbers that are no list", "1,2,3"),
    ("x=1.5,2", "'x' is given 2 numbers that are no list", "1.5,2"),
    ("x=(1,2)", "the list of 'x' stands in round brackets", "(1,2)"),
    ("x=1,y", "'y' is no name with a value", "y"),
    ("x=max((1,2))", "the value of 'x' cannot be read: a decimal comma cannot be read", ","),
    ("=2", "a name is missing before '='", "="),
    ("x-1=2", "'x-1' is not a name", "x-1"),
    ("x;y=1", "'x;y' is not a name", "x;y"),
    ("2x=1", "'2x' is not a name", "2x"),
    ("\u001b[0m=1", "'U+001B[0m' is not a name", "\u001b[0m"),
    ("х=1", "'х' is not a name", "х"),
]


@pytest.mark.parametrize(("text", "message", "piece"), ERRORS)
def test_error(text: str, message: str, piece: str) -> None:
    with pytest.raises(PointError) as caught:
        parse_point([text])
    error = caught.value
    assert (error.message, error.text, error.exit_code) == (message, text, 2)
    assert error.place is not None
    assert text[error.place.start : error.place.end] == piece


@pytest.mark.parametrize(
    ("text", "hint", "correction"),
    [
        ("x=1,5", "write x=1.5 for one number, x=[1,5] for a list of two", None),
        ("x=-1,5", "write x=-1.5 for one number, x=[-1,5] for a list of two", None),
        ("x=1,2,3", "lists stand in square brackets: x=[1,2,3]", "x=[1,2,3]"),
        ("z=0, x=1, -2.5, 3, y=4", "lists stand in square brackets: x=[1,-2.5,3]", "z=0, x=[1,-2.5,3], y=4"),
        ("x=(1,2)", "lists stand in square brackets: x=[1,2]", "x=[1,2]"),
        ("x=(1,),y=2", "lists stand in square brackets: x=[1]", "x=[1],y=2"),
        (
            "W=((1,2), (3,max(4,(5)))),y=2",
            "lists stand in square brackets: W=[[1,2], [3,max(4,(5))]]",
            "W=[[1,2], [3,max(4,(5))]],y=2",
        ),
        ("W=[(1,2),(3,4)]", "lists stand in square brackets: W=[[1,2],[3,4]]", "W=[[1,2],[3,4]]"),
    ],
)
def test_lists_that_were_meant(text: str, hint: str, correction: str | None) -> None:
    with pytest.raises(PointError) as caught:
        parse_point([text])
    assert (caught.value.hint, caught.value.correction) == (hint, correction)
    if correction is not None:
        assert "[" in correction
        assert parse_point([correction])


def test_the_correction_of_one_of_several_points() -> None:
    with pytest.raises(PointError) as caught:
        parse_point(["a=1", "x=(1,2)"])
    assert caught.value.correction == "a=1,x=[1,2]"


def test_one_name_in_two_options() -> None:
    with pytest.raises(PointError, match="'x' is given twice"):
        parse_point(["x=2", "x=3"])


def test_match_orders_the_values() -> None:
    point = parse_point(["a=1,b=2"])
    assert match_point(parse("b - a", point), point) == (2.0, 1.0)


MISMATCHES = [
    ("x+y", "x=1", "no value is given for y", None, "x=1,y=2"),
    ("x+y", "", "no value is given for x, y", None, "x=1,y=2"),
    ("x", "X=7", "no value is given for x", "a value is given for X", "x=7"),
    ("x1+z", "x_1=7,z=3", "no value is given for x1", "a value is given for x_1", "x1=7,z=3"),
    ("x2", "x=3", "no value is given for x2", "x2 is one name; a product is x*2, a power x^2", "x2=1"),
    ("x", "x=1,y=2", "'y' is given a value but is no variable of the expression", "the variables are x", "x=1"),
    ("3", "x=1", "'x' is given a value but is no variable of the expression", "the expression has no variables", None),
    ("x", "pi=3", "no value is given for x", None, "x=1"),
    ("x", "x=1,sin=3", "'sin' is given a value but is no variable of the expression", "the variables are x", "x=1"),
    ("ο", "o=1", "no value is given for ο ['ο' (U+03BF GREEK SMALL LETTER OMICRON)]", None, "ο=1"),
]


@pytest.mark.parametrize(("text", "at", "message", "hint", "correction"), MISMATCHES)
def test_mismatch(text: str, at: str, message: str, hint: str | None, correction: str | None) -> None:
    point = parse_point([at] if at else [])
    with pytest.raises(PointError) as caught:
        match_point(parse(text, point), point)
    error = caught.value
    assert (error.message, error.hint, error.correction) == (message, hint, correction)
    if correction:
        corrected = parse_point([correction])
        match_point(parse(text, corrected), corrected)
