"""The programs that benchmarks/arrays.py runs: as graphs of diffcli, and as a good programmer writes them by hand."""

from collections.abc import Sequence
from math import sqrt
from typing import Any

from diffcli.graph.composites import cross_entropy_of_logits, mean
from diffcli.graph.primitive import Term, function
from diffcli.graph.program import Builder, Graph
from diffcli.graph.shapes import Shape

Array = Any
ln, relu, root, tanh = (function(op) for op in ("ln", "relu", "sqrt", "tanh"))


def graph_of(formula: Any, **shapes: Shape) -> Graph:
    """The program of a formula on arrays of these shapes."""
    builder = Builder()
    inputs = [builder.input(name, shape=shape) for name, shape in shapes.items()]
    result = formula(*[Term(builder, position) for position in inputs])
    return builder.graph(inputs, [result.position])


# A network 784-256-10: relu, softmax, cross-entropy, mean over the batch.


def network(batch: int) -> Graph:
    """The loss of a batch; the inputs at 2 and above are the weights."""

    def loss(x: Term, y: Term, w1: Term, b1: Term, w2: Term, b2: Term) -> Term:
        return mean(cross_entropy_of_logits(relu(x @ w1 + b1) @ w2 + b2, y), (0,))

    return graph_of(loss, x=(batch, 784), y=(batch, 10), w1=(784, 256), b1=(256,), w2=(256, 10), b2=(10,))


def network_values(xp: Any, batch: int, dtype: str) -> list[Array]:
    """Data, labels and weights; the same for every library."""
    import numpy as np

    random = np.random.default_rng(0)
    weights = [random.normal(scale=0.05, size=shape) for shape in ((784, 256), (256,), (256, 10), (10,))]
    data, labels = random.uniform(size=(batch, 784)), np.eye(10)[random.integers(0, 10, batch)]
    return [xp.asarray(value.astype(dtype)) for value in (data, labels, *weights)]


def network_by_hand(xp: Any, x: Array, y: Array, w1: Array, b1: Array, w2: Array, b2: Array) -> tuple[Array, ...]:
    """The backward pass as it is written for speed: five products of matrices, everything else in place."""
    a = x @ w1
    a += b1
    h = xp.maximum(a, 0)
    z = h @ w2
    z += b2
    z -= z.max(axis=1, keepdims=True)
    agreement = xp.vdot(y, z)
    p = xp.exp(z)
    total = p.sum(axis=1, keepdims=True)
    loss = (xp.log(total).sum() - agreement) / len(x)
    p /= total
    p -= y
    p /= len(x)
    delta = p @ w2.T
    delta *= a > 0
    return loss, x.T @ delta, delta.sum(axis=0), h.T @ p, p.sum(axis=0)


def network_loss(xp: Any, weights: Sequence[Array], x: Array, y: Array) -> Array:
    """The loss alone, for libraries that record it."""
    w1, b1, w2, b2 = weights
    z = xp.maximum(xp.dot(x, w1) + b1, 0) @ w2 + b2
    z = z - xp.max(z, axis=1, keepdims=True)
    return xp.mean(xp.log(xp.sum(xp.exp(z), axis=1)) - xp.sum(y * z, axis=1))


# The Helmholtz energy of a mixture of n gases by the equation of Peng and Robinson, with R·T = 1.


def helmholtz(n: int) -> Graph:
    """The energy of the amounts x, with covolumes b and attractions a."""

    def energy(x: Term, b: Term, a: Term) -> Term:
        one = Term(x.builder, x.builder.constant("1"))
        two, eight = (root(Term(x.builder, x.builder.constant(literal))) for literal in ("2", "8"))
        bx = b @ x
        ideal = (x * ln(x / (one - bx))).sum((0,))
        return ideal - x @ a @ x / (eight * bx) * ln((one + (one + two) * bx) / (one + (one - two) * bx))

    return graph_of(energy, x=(n,), b=(n,), a=(n, n))


def helmholtz_values(xp: Any, n: int) -> list[Array]:
    """Amounts, covolumes and attractions."""
    import numpy as np

    random = np.random.default_rng(0)
    a = random.uniform(size=(n, n))
    values = (random.uniform(0.5, 1.5, n), random.uniform(0.5, 1.5, n) * 0.05 / n, (a + a.T) / 2)
    return [xp.asarray(value) for value in values]


def helmholtz_as_written(xp: Any, x: Array, b: Array, a: Array) -> Array:
    """The function as its formula is written in NumPy."""
    ideal = xp.sum(x * xp.log(x / (1 - b @ x)))
    quotient = (1 + (1 + sqrt(2)) * (b @ x)) / (1 + (1 - sqrt(2)) * (b @ x))
    return ideal - x @ a @ x / (sqrt(8) * (b @ x)) * xp.log(quotient)


def helmholtz_by_hand(xp: Any, x: Array, b: Array, a: Array) -> tuple[Array, Array]:
    """Value and gradient for any matrix a: two products with it, one with each of its sides."""
    bx = b @ x
    free = 1 - bx
    logarithms = xp.log(x / free)
    left = x @ a
    xax = left @ x
    above, below = 1 + (1 + sqrt(2)) * bx, 1 + (1 - sqrt(2)) * bx
    logarithm, factor = xp.log(above / below), xax / (sqrt(8) * bx)
    value = xp.dot(x, logarithms) - factor * logarithm
    slope = (1 + sqrt(2)) / above - (1 - sqrt(2)) / below
    along = xp.sum(x) / free + factor * logarithm / bx - factor * slope
    left += a @ x
    left *= -logarithm / (sqrt(8) * bx)
    left += logarithms
    left += 1
    left += along * b
    return value, left


# The Rosenbrock function in n variables, by slices.


def rosenbrock(n: int) -> Graph:
    """Σ 100·(x_{k+1} − x_k²)² + (1 − x_k)²."""

    def valley(x: Term) -> Term:
        ahead, behind = x.index(((1, n, 1),)), x.index(((0, n - 1, 1),))
        one, two = (Term(x.builder, x.builder.constant(literal)) for literal in "12")
        hundred = Term(x.builder, x.builder.constant("100"))
        return (hundred * (ahead - behind**two) ** two + (one - behind) ** two).sum((0,))

    return graph_of(valley, x=(n,))


def rosenbrock_as_written(xp: Any, x: Array) -> Array:
    """The function as its formula is written in NumPy."""
    return xp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def rosenbrock_by_hand(xp: Any, x: Array) -> tuple[Array, Array]:
    """Value and gradient."""
    behind = x[:-1]
    valley, slope = x[1:] - behind * behind, 1 - behind
    value = 100 * xp.dot(valley, valley) + xp.dot(slope, slope)
    gradient = xp.empty_like(x)
    gradient[-1] = 0
    xp.multiply(valley, behind, out=gradient[:-1])
    gradient[:-1] *= -400
    slope *= 2
    gradient[:-1] -= slope
    valley *= 200
    gradient[1:] += valley
    return value, gradient


# What shows the memory of a sweep, and many tangents at once.


def chain(n: int) -> Graph:
    """Twenty operations element by element, nineteen of which have a derivative that needs their argument."""

    def composed(x: Term) -> Term:
        for k in range(20):
            x = x.apply(("sin", "exp", "tanh", "atan", "sigmoid")[k % 5])
        return x.sum((0,))

    return graph_of(composed, x=(n,))


def layers(inputs: int, outputs: int) -> Graph:
    """Two layers from R^inputs to R^outputs, for Jacobians."""
    return graph_of(lambda x, v, w: tanh(w @ tanh(v @ x)), x=(inputs,), v=(64, inputs), w=(outputs, 64))
