"""Random functions of arrays: what is composed has the values of NumPy and the derivatives of the complex step."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import diffcli

WEIGHTS = np.random.default_rng(20261120).normal(size=100)
STEP = 1e-30
"""The complex step has no cancellation, so it can be as small as this."""


def weights(*shape):
    return WEIGHTS[: int(np.prod(shape))].reshape(shape)


def last(x):
    """The length of the last axis, 1 of a number."""
    return x.shape[-1] if x.shape else 1


def in_place(x, y):
    result = x * 2
    result -= y
    return result


# All are analytic, so that NumPy runs them on complex numbers too; the second operand has any shape that fits or not.
OPERATIONS = {
    "sin": lambda x, _: np.sin(x),
    "exp": lambda x, _: np.exp(x / (1.5 + x * x)),
    "square": lambda x, _: x**2 / 2,
    "quotient": lambda x, y: x / (2 + y * y),
    "product": lambda x, y: x * y,
    "difference": lambda x, y: np.subtract(x, 0.3 * y),
    "in place": in_place,
    "matmul": lambda x, y: x @ y,
    "weights": lambda x, _: x @ weights(last(x), 2),
    "weights first": lambda x, _: weights(2, x.shape[0] if x.ndim == 1 else x.shape[-2]) @ x,
    "outer": np.outer,
    "einsum": lambda x, y: np.einsum("ij,ik->jk", x, y),
    "diagonal": lambda x, _: np.einsum("ii->i", x),
    "sum": lambda x, _: x.sum(axis=-1) if x.ndim else x,
    "mean": lambda x, _: np.mean(x, axis=0, keepdims=True) if x.ndim else x,
    "prod": lambda x, _: np.prod(x, axis=-1) if x.ndim else x,
    "variance": lambda x, _: variance(x),
    "cumsum": lambda x, _: np.cumsum(x),
    "cumprod": lambda x, _: np.cumprod(x, axis=-1) if x.ndim else x,
    "transpose": lambda x, _: x.T,
    "reshape": lambda x, _: x.reshape(-1, 1),
    "reverse": lambda x, _: x[::-1],
    "row": lambda x, _: x[0],
    "column": lambda x, _: x[..., -1:],
    "indices": lambda x, _: x[[0, -1, 0]],
    "mask": lambda x, _: x[weights(*x.shape) > 0],
    "new axis": lambda x, _: x[:, None],
    "where": lambda x, y: np.where(weights(last(x)) > 0, x, y),
    "concatenate": lambda x, y: np.concatenate([x, y, x]),
    "stack": lambda x, _: np.stack([x, x * x], axis=-1),
    "pad": lambda x, _: np.pad(x, 1),
    "roll": lambda x, _: np.roll(x, 1),
    "solve": lambda x, _: np.linalg.solve(3 * np.eye(last(x)) + np.sin(x), np.ones(last(x))),
    "inverse": lambda x, _: np.linalg.inv(3 * np.eye(last(x)) + np.sin(x)),
    "determinant": lambda x, _: np.linalg.det(np.eye(last(x)) + x / 3),
}


def variance(x):
    distance = x - x.mean()
    return (distance * distance).mean()


@st.composite
def programs(draw):
    """Steps that fit the shapes, and the shapes of two arguments."""
    size = st.integers(1, 3)
    shapes = [tuple(draw(st.lists(size, max_size=3))) for _ in range(2)]
    values, steps = [weights(*shape) for shape in shapes], []
    for name in draw(st.lists(st.sampled_from(sorted(OPERATIONS)), min_size=1, max_size=8)):
        first, second = (draw(st.integers(0, len(values) - 1)) for _ in range(2))
        try:
            result = np.asarray(OPERATIONS[name](values[first], values[second]))
        except (ValueError, IndexError, TypeError, np.linalg.LinAlgError):
            continue  # NumPy says that these shapes do not fit
        if result.size <= 40 and np.all(np.abs(result) < 1e3):
            values.append(result)
            steps.append((name, first, second))
    return shapes, steps


def function_of(steps):
    """One number: the weighted sum of all arrays on the way."""

    def function(*arguments):
        values = list(arguments)
        for name, first, second in steps:
            values.append(OPERATIONS[name](values[first], values[second]))
        return sum(np.sum(value * weights(*value.shape)) for value in values)

    return function


@settings(max_examples=90, deadline=None, derandomize=True, database=None)
@given(programs(), st.integers(0, 1000))
def test_random_functions_of_arrays(program, seed):
    shapes, steps = program
    rng, function = np.random.default_rng(seed), function_of(steps)
    point, direction = ([np.asarray(rng.normal(size=shape)) for shape in shapes] for _ in range(2))
    value, gradient = diffcli.value_and_grad(function)(*point)
    slope = sum(np.sum(a * b) for a, b in zip(gradient, direction, strict=True))
    expected = function(*[x + STEP * 1j * d for x, d in zip(point, direction, strict=True)])
    scale = 1 + sum(np.sum(np.abs(a * b)) for a, b in zip(gradient, direction, strict=True))
    assert abs(value - expected.real) <= 1e-11 * (1 + abs(value))
    assert abs(slope - expected.imag / STEP) <= 1e-10 * scale
    found, forward = diffcli.jvp(function, tuple(point), tuple(direction))
    assert abs(found - value) <= 1e-11 * (1 + abs(value))
    assert abs(forward - slope) <= 1e-10 * scale
    forwards = diffcli.hvp(function, tuple(point), tuple(direction))
    blocks = diffcli.hessian(function, tuple(point), mode="reverse-over-reverse")
    for row, product in zip(blocks, forwards, strict=True):
        total = sum(np.tensordot(block, d, axes=d.ndim) for block, d in zip(row, direction, strict=True))
        assert np.allclose(total, product, rtol=1e-8, atol=1e-8 * (1 + np.abs(product).max()))
