"""Numbers as text: what is shown reads in again as the same number, and the bar stands behind the digits that agree."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffcli.render import numbers

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (11.652071455223084, None, "11.652071455223084"),
        (2.0, None, "2"),
        (1e-07, None, "1e-7"),
        (1e16, None, "1e16"),
        (-0.0, None, "-0"),
        (math.inf, None, "+inf"),
        (-math.inf, None, "-inf"),
        (math.nan, None, "undefined"),
        (0.6931471805599453, 3, "0.693"),  # as deck 001 prints them: 0.693, 10.693, 11.652, -0.959, 5.5
        (10.693147180559945, 3, "10.693"),
        (11.652071455223084, 3, "11.652"),
        (-0.9589242746631385, 3, "-0.959"),
        (5.5, 3, "5.5"),
        (0.999999, 3, "1"),
        (1208.3812151266096, 3, "1208.381"),
        (1.23456e-9, 3, "1.23e-9"),
        (1.23456e300, 3, "1.23e300"),
    ],
)
def test_plain(value, digits, text):
    assert numbers.plain(value, digits) == text


@given(FINITE)
def test_plain_reads_in_again(value):
    assert float(numbers.plain(value)) == value


@given(FINITE, st.integers(1, 17))
def test_rounded_keeps_the_digits_asked_for(value, digits):
    shown = float(numbers.plain(value, digits))
    assert shown == value or abs(shown - value) <= abs(value) * 10.0 ** (1 - digits) or math.isinf(shown)


@pytest.mark.parametrize(
    ("value", "reference", "shown"),
    [
        (5.500000000055003, "5.5", "5.5000000000¦55003"),  # the two of the sketch of this screen
        (1.7163378145812018, "1.7163378145367737355333608284864", "1.7163378145¦812018"),
        (0.999999999945, "1", "0.9999999999¦45"),  # a carry: the digits above the size of the error agree
        (1.0000000001, "0.99999999999", "1.000000000¦1"),
        (5.5, "5.5", "5.5"),
        (-5.500000000055003, "-5.5", "−5.5000000000¦55003"),
        (-3.0, "3", "¦−3"),
        (0.037108250309493516, "-8.3333333333333334e-10", "¦0.037108250309493516"),
        (99999999.99999999, "-8.3333333333333334e-10", "¦99999999.99999999"),
        (1.2345e-10, "1.2346e-10", "1.234¦5e-10"),
        (1.5e300, "1.5e-300", "¦1.5e300"),
        (0.0, "0.25", "¦0"),
        (1e-17, "0", "¦1e-17"),
        (123456.0, "123999", "123¦456"),
        (12.0, "13", "1¦2"),
        (3.0, "3.4", "3.¦0"),  # the 3 agrees, the zeros behind it do not
        (2.5, "2.53", "2.5¦0"),
        (2.0, "2.0000000000000000000001", "2"),
    ],
)
def test_bar_stands_behind_the_digits_that_agree(value, reference, shown):
    assert "".join(span.text for span in numbers.compared(value, reference)) == shown


@given(FINITE, FINITE)
def test_bar_changes_nothing_but_the_minus_sign(value, reference):
    shown = "".join(span.text for span in numbers.compared(value, repr(reference)))
    assert float(shown.replace("¦", "").replace("−", "-")) == value


@given(FINITE)
def test_equal_numbers_have_no_bar(value):
    assert "¦" not in "".join(span.text for span in numbers.compared(value, repr(value)))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (2.0, "2.0 s"),
        (0.0098, "9.8 ms"),
        (1e-4, "100 µs"),
        (9e-7, "900 ns"),
        (4.12e-7, "412 ns"),
        (9.99e-4, "999 µs"),
        (9.9999e-4, "1.0 ms"),
        (3e-10, "0.3 ns"),
        (None, ""),
        (75.0, "75 s"),
    ],
)
def test_seconds(seconds, text):
    assert numbers.seconds(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("5.5", "5.5"),
        ("1.71633781453677373553", "1.7163378145367737…"),
        ("5.5000000000000000000000", "5.5"),
        ("-8.33333333333333333333e-10", "-8.3333333333333333…e-10"),
        ("100", "100"),
        ("0.00012345678901234567890", "0.00012345678901234567…"),
    ],
)
def test_shortened(number, text):
    assert numbers.shortened(number) == text


@pytest.mark.parametrize(
    ("number", "text"), [(5.5003e-11, "5.5e-11"), (0.0, "0"), (3.7e-5, "3.7e-5"), (math.inf, "inf")]
)
def test_error(number, text):
    assert numbers.error(number).text == text


@pytest.mark.parametrize(("number", "text"), [(4.1, "4.1"), (99.96, "100"), (1234.4, "1234"), (None, "")])
def test_times(number, text):
    assert numbers.times(number) == text


@pytest.mark.parametrize(("number", "text"), [(math.inf, "all"), (10.98, "11.0"), (-3.0, "0.0")])
def test_digits(number, text):
    assert numbers.digits(number).text == text


@pytest.mark.parametrize(
    ("number", "digits", "text"),
    [
        ("1208.3812151266096294", 3, "1208.38…"), ("12345", 3, "12345"), ("120", 3, "120"),
        ("26670937881135711958.75", None, "2.6670937881135711…e19"), ("10000000000000000000000", None, "1e22"),
        ("-26670937881135711958.75", None, "−2.6670937881135711…e19"), ("5.5", None, "5.5"), ("0.25", 1, "0.25"),
    ],
)  # fmt: skip
def test_the_judge_s_number_is_never_cut_inside_its_integer_part(number, digits, text):
    shown = numbers.judged(number, digits).text
    assert shown == text or (digits and shown.startswith(text.rstrip("…")))
