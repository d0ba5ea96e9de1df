"""The digamma function and its derivatives on arrays of NumPy: `polygamma` for many numbers at once.

Every formula runs on those elements that need it and on no others.
"""

from collections.abc import Callable, Sequence
from math import factorial
from typing import Any

import numpy as np

from diffcli.execute.floats import function
from diffcli.execute.polygamma import DIGAMMA_SERIES, LARGE, MOST_ORDER, NEAR, ROOT, ROOT_REST, SERIES

Array = Any
Part = Callable[[Array], Array]
FEW = 32
"""Up to so many numbers are quicker one by one."""


def digamma(x: Any, out: Any = None) -> Array:
    """ψ of all elements; nan at the poles."""
    return _filled(0, x, _digamma, out)


def polygamma(order: Any, x: Any, out: Any = None) -> Array:
    """The derivative of ψ of an order, which is a number or an array of as many as x."""
    if np.ndim(order) and np.ptp(order) == 0:
        order = order.flat[0]
    if np.ndim(order) or not (0 <= order <= MOST_ORDER and order == int(order)):
        return _one_by_one(order, x, out)
    n = int(order)
    return _filled(n, x, lambda some: _polygamma(n, some), out)


def _one_by_one(order: Any, x: Any, out: Any) -> Array:
    found = np.frompyfunc(function("polygamma"), 2, 1)(order, x)
    if out is None:
        return np.asarray(found, dtype=np.float64)
    out[...] = found
    return out


def _filled(order: int, x: Any, many: Part, out: Any) -> Array:
    """The results for a number or for an array, which may be the one that takes them."""
    x = np.asarray(x, dtype=np.float64)
    out = np.empty(x.shape) if out is None else out
    if x.size <= FEW:
        out[...] = _each(order, x)
        return out
    given = x.ravel()
    with np.errstate(all="ignore"):
        found = many(given)
        terms = factorial(order) / np.abs(given - np.rint(given)) ** (order + 1)
    if order % 2 == 0:
        near_root = (given < 0) & (2 * np.abs(found) < terms)  # see `polygamma.cancels`
        found[near_root] = _each(order, given[near_root])
    out[...] = found.reshape(x.shape)
    return out


def _each(order: int, x: Array) -> Array:
    one = function("polygamma")
    return np.reshape([one(float(order), number) for number in x.ravel().tolist()], x.shape)


def _in_parts(x: Array, parts: Sequence[tuple[Array, Part]]) -> Array:
    """Each function where its mask holds, else nan."""
    for mask, part in parts:
        if mask.all():
            return part(x)
    result = np.full(x.shape, np.nan)
    for mask, part in parts:
        if mask.any():
            result[mask] = part(x[mask])
    return result


def _digamma(x: Array) -> Array:
    is_near = (x > -0.5) & (x < 0)
    parts = [(x > 0, _digamma_of_positive), (is_near, lambda x: _digamma_of_positive(1 + x) - 1 / x)]
    return _in_parts(x, [*parts, (_is_between_poles(x) & ~is_near, _reflected)])


def _is_between_poles(x: Array) -> Array:
    return (x < 0) & (x != np.rint(x)) & np.isfinite(x)


def _digamma_of_positive(x: Array) -> Array:
    return _in_parts(x, [(x < LARGE, _digamma_of_small), (x >= LARGE, _digamma_of_large)])


def _digamma_of_large(x: Array) -> Array:
    power = 1 / (x * x)
    return np.log(x) - 0.5 / x - power * _polynomial(DIGAMMA_SERIES, power)


def _digamma_of_small(x: Array) -> Array:
    is_low = x < 1
    total = np.where(is_low, -1 / x, 0.0)
    x = x + is_low
    for _ in range(LARGE - 2):
        is_high = x > 2
        if not is_high.any():
            break
        x -= is_high
        total += is_high / x
    x -= ROOT
    x -= ROOT_REST
    x *= _polynomial(NEAR[0], x) / _polynomial(NEAR[1], x)
    return total + x


def _polynomial(coefficients: Sequence[float], x: Array) -> Array:
    result = np.full_like(x, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        result *= x
        result += coefficient
    return result


def _reflected(x: Array) -> Array:
    return _digamma_of_positive(1 - x) - _cotangent(x - np.rint(x))


def _cotangent(x: Array) -> Array:
    """The value π·cot(πx) for |x| ≤ 1/2."""
    size = np.abs(x)
    is_far = size > 0.25
    tangent = np.tan(np.pi * np.where(is_far, 0.5 - size, size))
    return np.copysign(np.where(is_far, np.pi * tangent, np.pi / tangent), x)


def _polygamma(order: int, x: Array) -> Array:
    if order == 0:
        return _digamma(x)
    sign = 1.0 if order % 2 else -1.0

    def near_zero(x: Array) -> Array:
        return sign * (_term(order, x) + _size(order, 1 + x))

    def beyond(x: Array) -> Array:
        distance = x - np.rint(x)
        others = _size(order, 1 + distance) + sign * (_size(order, 1 - distance) - _size(order, 1 - x))
        return sign * (_term(order, distance) + others)

    is_finite, is_far = np.isfinite(x), x < -0.5
    parts: list[tuple[Array, Part]] = [
        ((x > 0) & is_finite, lambda x: sign * _size(order, x)),
        (x == np.inf, np.zeros_like),
        ((x < 0) & ~is_far, near_zero),
        (_is_between_poles(x) & is_far, beyond),
    ]
    return _in_parts(x, parts)


def _size(order: int, x: Array) -> Array:
    """The size of the derivative at x > 0."""
    large = order + LARGE
    return _in_parts(x, [(x >= large, lambda x: _rest(order, x)), (x < large, lambda x: _size_of_small(order, x))])


def _size_of_small(order: int, x: Array) -> Array:
    steps = np.ceil(order + LARGE - x)
    total = np.zeros_like(x)
    for k in range(int(steps.max()) - 1, 0, -1):
        shifted = x + k
        total += (k < steps) / _power(shifted, order + 1)
    return _term(order, x) + (factorial(order) * total + _rest(order, x + steps))


def _power(x: Array, exponent: int) -> Array:
    """By squares, which take less time than NumPy's power."""
    result = x if exponent % 2 else None
    while exponent > 1:
        x, exponent = x * x, exponent // 2
        if exponent % 2:
            result = x if result is None else result * x
    return result


def _term(order: int, x: Array) -> Array:
    result = factorial(order) / x
    for _ in range(order):
        result /= x
    return result


def _rest(order: int, x: Array) -> Array:
    total, factor = 0.5 * order / x, np.ones_like(x)
    power = 1 / x / x
    for k, coefficient in enumerate(SERIES):
        factor *= (2 * k + order) * (2 * k + order + 1) * power
        total += coefficient * factor
    result = factorial(order - 1) / x
    for _ in range(order - 1):
        result /= x
    return result + result * total
