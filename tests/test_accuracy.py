"""Errors against a decimal reference, checked by hand-made exact cases."""

import math

import pytest

from diffcli.studies.accuracy import error, within


def test_the_nearest_double_has_all_digits():
    third = error(1 / 3, "0.33333333333333333333333333333333333333333333333333")
    assert third.digits == math.inf
    assert 0 < third.ulps <= 0.5
    assert third.relative == pytest.approx(2.0**-54)  # 1/3 = 0.0101…01|01…: a third of an ulp of 2^-54 is cut


def test_an_exact_result():
    assert error(5.5, "5.5") == (exact := error(5.5, "5.50"))
    assert (exact.absolute, exact.relative, exact.ulps, exact.digits) == (0.0, 0.0, 0.0, math.inf)


def test_one_ulp():
    off = error(math.nextafter(1.5, 2), "1.5")
    assert (off.ulps, off.absolute) == (1.0, 2.0**-52)
    assert off.digits == pytest.approx(-math.log10(2.0**-52 / 1.5))


def test_reference_zero():
    assert error(0.0, "0").relative is None
    assert error(0.0, "0").digits == math.inf
    assert (error(1e-17, "0").relative, error(1e-17, "0").digits) == (None, 0.0)


def test_underflow_is_no_error():
    tiny = "1.9016849634750064399954562367340163752329734347849e-326"
    assert error(0.0, tiny).digits == math.inf
    assert within(0.0, tiny, 0.0, 1e-12)
    assert error(1.0, "3.3e-434295").absolute == 1.0


@pytest.mark.parametrize("computed", [math.nan, math.inf, -math.inf])
def test_not_a_number(computed):
    assert error(computed, "1").ulps == math.inf
    assert error(computed, "1").digits == 0.0
    assert not within(computed, "1", 1e300, 1.0)


def test_within_is_the_printed_formula():
    assert within(1.001, "1", 0.0, 1.1e-3)
    assert not within(1.001, "1", 0.0, 0.9e-3)
    assert within(1e-9, "0", 1e-9, 0.0)
    assert not within(1.1e-9, "0", 1e-9, 0.0)


@pytest.mark.parametrize(("reference", "absolute"), [("7.5e-43429436", 0.0), ("-3e43429436", math.inf)])
def test_references_far_outside_the_doubles_take_no_time(reference, absolute):
    found = error(0.0, reference)
    assert found.absolute == absolute
    assert found.relative == 1.0
    assert within(0.0, reference, 0.0, 1e-12) is (absolute == 0.0)
