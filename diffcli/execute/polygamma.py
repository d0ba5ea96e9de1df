"""The digamma function and its derivatives on Python floats, standard library only.

ψ is the derivative of ln|Γ|, the polygamma function ψ⁽ⁿ⁾ its n-th derivative. The formulas are those of Abramowitz and
Stegun, Handbook of Mathematical Functions, sections 6.3 and 6.4, the plan of digamma that of J. M. Bernardo, Algorithm
AS 103: an asymptotic series where arguments are large, a recurrence that leads there, a reflection for negative
arguments. Three things keep the digits:

- Near the root x₀ = 1.46… of ψ no terms are subtracted: between 1 and 2 it is (x − x₀)·P(x − x₀)/Q(x − x₀), a Padé
  approximant. x₀ is stored as the sum of two doubles.
- From 2 to 10 the recurrence is used downwards, where x − 1 is exact and all that is added is positive.
- Left of 0 the nearest pole is taken out, whose distance is exact: what remains is made of ψ⁽ⁿ⁾ of positive numbers.

Left of 0, ψ and its even derivatives have a root between any two poles. Near those the error is a few units in the last
place of the terms, not of their difference: `cancels` tells where, and there Python and NumPy ask mpmath.

`polygamma_arrays` and `polygamma_c` are the same in whole arrays and in C.
"""

import math

ROOT, ROOT_REST = 1.4616321449683622, 9.549995429965697e-17
"""The positive root of digamma is the sum of the two."""
NEAR = (
    (
        0.9676722454476212, 1.3258640334680671, 0.6846980863268833, 0.16867091147775454,
        0.02048446717552533, 0.0011239453493703706, 2.0761752783773515e-05, 2.5413243209206893e-08,
    ),
    (
        1.0, 1.8277130617025563, 1.2767157044913227, 0.4396456760929749,
        0.07949886886974394, 0.007348744821870532, 0.0003057981969553456, 3.98898775631658e-06,
    ),
)  # fmt: skip
"""Coefficients of P and Q: the Padé approximant [7/7] of ψ(x)/(x − x₀) about x₀, exact to 1e-19 from 1 to 2."""
BERNOULLI = (
    1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330,
    854513 / 138, -236364091 / 2730,
)  # fmt: skip
"""B₂, B₄, …"""
SERIES = tuple(number / math.factorial(2 * k + 2) for k, number in enumerate(BERNOULLI))
"""B₂ₖ/(2k)! in the series of the derivatives (6.4.11)."""
DIGAMMA_SERIES = tuple(number / (2 * k + 2) for k, number in enumerate(BERNOULLI[:8]))
"""B₂ₖ/(2k) in ψ(x) ~ ln x − 1/(2x) − Σ B₂ₖ/(2k)·x⁻²ᵏ (6.3.18)."""
LARGE = 10
"""From here on that series is exact to the last bit; the one of the n-th derivative is from n + LARGE on."""
MOST_ORDER = 12
"""Derivatives up to this one are computed here."""


def digamma(x: float) -> float:
    """ψ(x), and nan at its poles, the whole numbers up to 0."""
    if x > 0:
        return _digamma_of_positive(x)
    distance = from_pole(x)
    if not distance:
        return math.nan
    if x > -0.5:
        return _digamma_of_positive(1 + x) - 1 / x  # 6.3.5
    return _digamma_of_positive(1 - x) - _cotangent(distance)  # 6.3.7


def polygamma(order: int, x: float) -> float:
    """The derivative of ψ of this order, which is 0 to `MOST_ORDER`; nan at its poles."""
    if order == 0:
        return digamma(x)
    sign = 1.0 if order % 2 else -1.0
    if x > 0:
        return 0.0 if math.isinf(x) else sign * _size(order, x)
    distance = from_pole(x)
    if not distance:
        return math.nan
    others = _size(order, 1 + distance)
    if x < -0.5:
        others += sign * (_size(order, 1 - distance) - _size(order, 1 - x))
    return sign * (_term(order, distance) + others)


def cancels(order: int, x: float, result: float) -> bool:
    """Whether the result is so much less than its terms, next to a root, that more than a bit is lost."""
    return x < 0 and order % 2 == 0 and 2 * abs(result) < abs(_term(order, from_pole(x) or 1.0))


def from_pole(x: float) -> float:
    """How far x ≤ 0 is from the nearest pole, exactly; 0 for what is one, for nan and for −∞."""
    return x - round(x) if math.isfinite(x) else 0.0


def _digamma_of_positive(x: float) -> float:
    if x >= LARGE:
        power = 1 / (x * x)
        return math.log(x) - 0.5 / x - power * _polynomial(DIGAMMA_SERIES, power)
    total = 0.0
    if x < 1:
        total, x = -1 / x, x + 1
    while x > 2:
        x -= 1
        total += 1 / x
    x = (x - ROOT) - ROOT_REST
    return total + x * (_polynomial(NEAR[0], x) / _polynomial(NEAR[1], x))


def _polynomial(coefficients: tuple[float, ...], x: float) -> float:
    result = 0.0
    for coefficient in reversed(coefficients):
        result = result * x + coefficient
    return result


def _cotangent(x: float) -> float:
    """The value π·cot(πx) for |x| ≤ 1/2, to its last digits near its root at 1/2 too."""
    if abs(x) > 0.25:
        return math.copysign(math.pi * math.tan(math.pi * (0.5 - abs(x))), x)
    return math.pi / math.tan(math.pi * x)


def _size(order: int, x: float) -> float:
    """The size of the derivative at x > 0, n!·Σ 1/(x + k)ⁿ⁺¹ (6.4.10): the first terms, then a series for the rest."""
    if x >= order + LARGE:
        return _rest(order, x)
    steps = math.ceil(order + LARGE - x)
    total = sum(1 / (x + k) ** (order + 1) for k in range(steps - 1, 0, -1))
    return _term(order, x) + (math.factorial(order) * total + _rest(order, x + steps))


def _term(order: int, x: float) -> float:
    """The value n!/xⁿ⁺¹, which may leave the range of doubles though n!, or xⁿ⁺¹, does not."""
    result = float(math.factorial(order))
    for _ in range(order + 1):
        result /= x
    return result


def _rest(order: int, x: float) -> float:
    """The asymptotic series (n−1)!/xⁿ·(1 + n/(2x) + Σ B₂ₖ·(2k+n−1)!/((2k)!·(n−1)!)·x⁻²ᵏ) (6.4.11)."""
    total, factor, power = 0.5 * order / x, 1.0, 1 / x / x
    for k, coefficient in enumerate(SERIES):
        factor *= (2 * k + order) * (2 * k + order + 1) * power
        total += coefficient * factor
    result = float(math.factorial(order - 1))
    for _ in range(order):
        result /= x
    return result + result * total
