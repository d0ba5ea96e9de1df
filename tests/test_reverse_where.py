"""What is only looked at by a condition hands no adjoint on."""

import pytest

from diffcli import grad, hessian, jvp


@pytest.mark.parametrize(
    ("text", "slope"),
    [
        ("where(sqrt(x) > 1, sqrt(x), 3*x)", 3.0),
        ("where(ln(x) > -1000, ln(x), x)", 1.0),
        ("where(1/x < 9, 1/x, x^2)", 0.0),
    ],
)
def test_the_branch_that_is_not_taken_may_be_what_the_condition_asks_about(text, slope):
    assert grad(text, {"x": 0.0}) == (slope,)
    assert jvp(text, {"x": 0.0}, {"x": 1.0})[1] == slope


def test_the_same_in_second_derivatives():
    assert hessian("where(sqrt(x) > 1, sqrt(x), x^2)", {"x": 0.0}) == ((2.0,),)
