"""Choices and hypotenuses on blocks: every bit of a choice, hypotenuses against 50 digits, whatever is beside them."""

import math

import mpmath
import numpy as np
import pytest

from diffcli.execute.block_operations import MANY, choose, hypotenuse

SPECIAL = [0.0, -0.0, 1.0, -3.0, math.inf, -math.inf, math.nan, 1e308, -1e308, 5e-324, -2e-310, 1e-160, 1e200]
SIZES = [MANY - 1, MANY, MANY + 1, 4097]


def bits(array):
    return np.ascontiguousarray(array).view(np.int64)


def operands(generator, size):
    """Ordinary and special numbers, a view with gaps, and numbers that are the same at all points."""
    special = generator.choice(SPECIAL, 2 * size)
    return [generator.normal(size=size), special[::2], *map(np.asarray, (0.0, -0.0, 2.5, math.nan))]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_choices_keep_every_bit(size, share):
    generator = np.random.default_rng(size)
    mask, numbers = generator.random(2 * size) < share, operands(generator, size)
    for holds in (mask[:size], mask[::2], np.where(mask[:size], math.nan, 0.0)):
        for x, y in ((x, y) for x in numbers for y in numbers[::-1]):
            wanted = bits(np.broadcast_to(np.where(holds != 0, x, y), size))
            for out in (np.empty(size), np.empty(2 * size)[::2]):
                np.testing.assert_array_equal(bits(choose(holds, x, y, out=out)), wanted)
            if y.shape:
                above = y.copy()
                np.testing.assert_array_equal(bits(choose(holds, x, above, out=above)), wanted)


def of_50_digits(x, y):
    with mpmath.workdps(50):
        return float(mpmath.hypot(mpmath.mpf(float(x)), mpmath.mpf(float(y))))


def assert_hypotenuses(x, y):
    with np.errstate(all="ignore"):  # as `NumpyBatch` does
        found = hypotenuse(x, y, out=np.empty(np.broadcast(x, y).shape))
    wanted = np.array([of_50_digits(*pair) for pair in np.broadcast(x, y)])
    assert np.all(np.abs(found - wanted) <= 2 * np.spacing(wanted))


@pytest.mark.parametrize("scale", [1.0, 1e-100, 1e-140, 1e-154, 1e-161, 1e-200, 1e-300, 1e150, 1e154, 1e200, 1e307])
def test_hypotenuses_of_all_sizes(scale):
    """Squares are lost below 1e-154 and overflow from 1e154 on."""
    generator = np.random.default_rng(5)
    x, y = generator.uniform(0.1, 1, (2, MANY)) * scale
    assert_hypotenuses(x, -y)
    assert_hypotenuses(x, y * 1e-9)
    assert_hypotenuses(np.asarray(scale), y)
    assert_hypotenuses(x, np.asarray(0.0))


@pytest.mark.parametrize("other", [0.0, 1e-161, 1e-140, 1e150, 1e200])
def test_one_hypotenuse_of_another_size(other):
    x, y = np.random.default_rng(6).normal(size=(2, MANY))
    x[MANY // 2] = y[MANY // 2] = other
    assert_hypotenuses(x, y)


def test_hypotenuses_beside_special_values():
    """IEEE 754, section 9.2.1: an infinity beside anything is one, nan included."""
    generator = np.random.default_rng(8)
    x, y = generator.normal(size=(2, MANY))
    for a in SPECIAL:
        for b in SPECIAL:
            x[3], y[3] = a, b
            with np.errstate(all="ignore"):  # as `NumpyBatch` does
                found = hypotenuse(x, y, out=np.empty(MANY))[3]
            wanted = math.hypot(a, b)
            assert found == pytest.approx(wanted, rel=1e-15, abs=0, nan_ok=True)
