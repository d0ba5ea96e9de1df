"""Arrays in expressions: what a text computes is what NumPy computes, with the shapes that NumPy gives."""

import numpy as np
import pytest

from diffcli.execute.array_source import compiled
from diffcli.language import parse

RANDOM = np.random.default_rng(20261120)
POINT = {
    "W": RANDOM.normal(size=(2, 3)),
    "A": RANDOM.normal(size=(3, 3)),
    "S": RANDOM.normal(size=(2, 3, 4)),
    "x": RANDOM.uniform(0.1, 1, size=3),
    "y": RANDOM.uniform(0.1, 1, size=3),
    "b": RANDOM.normal(size=2),
    "c": np.array(0.7),
}
SHAPES = {name: value.shape for name, value in POINT.items()}
W, A, S, x, y, b, c = POINT.values()


def read(text, shapes=SHAPES, **options):
    return parse(text, bound=shapes, shapes=shapes, **options)


def value(text):
    """What the text computes at the point."""
    graph = read(text).graph
    results = compiled(graph)([POINT[name] for name in graph.variables])
    return results[0] if isinstance(results, list | tuple) else results


def softmax(z, axis=-1):
    powers = np.exp(z - z.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


VALUES = [
    ("W @ x + b", W @ x + b),
    ("x @ y", x @ y),
    ("x @ A @ y", x @ A @ y),
    ("2 W @ x", 2 * W @ x),
    ("W @ A", W @ A),
    ("A^2", A**2),
    ("c*x + 1", c * x + 1),
    ("W*x", W * x),
    ("W.T @ b", W.T @ b),
    ("transpose(W) @ b", W.T @ b),
    ("Wᵀ @ b", W.T @ b),
    ("transpose(S, (1, 0, 2))", S.transpose(1, 0, 2)),
    ("transpose(S, 2, 0, 1)", S.transpose(2, 0, 1)),
    ("transpose(S, axes=(0, 2, 1))", S.transpose(0, 2, 1)),
    ("x[0]", x[0]),
    ("x[-1]*x[1]", x[-1] * x[1]),
    ("2x[0]^2", 2 * x[0] ** 2),
    ("-x[0]", -x[0]),
    ("sin x[0]", np.sin(x[0])),
    ("|x[0] - x[1]|", abs(x[0] - x[1])),
    ("x[1:3]", x[1:3]),
    ("x[:-1]", x[:-1]),
    ("x[-2:]", x[-2:]),
    ("x[::2]", x[::2]),
    ("x[::-1]", x[::-1]),
    ("x[2:0:-1]", x[2:0:-1]),
    ("x[0:99]", x[0:99]),
    ("W[0]", W[0]),
    ("W[1, 2]", W[1, 2]),
    ("W[1][2]", W[1][2]),
    ("W[:, 1]", W[:, 1]),
    ("W[:, ::-1]", W[:, ::-1]),
    ("W[:, -1:]", W[:, -1:]),
    ("S[..., 0]", S[..., 0]),
    ("S[0, ..., 1:3]", S[0, ..., 1:3]),
    ("S[1, :, 0]", S[1, :, 0]),
    ("x[:, None]*y[None, :]", x[:, None] * y[None, :]),
    ("x[none]", x[None]),
    ("W[:, none, 0]", W[:, None, 0]),
    ("(x + y)[0]", (x + y)[0]),
    ("exp(x)[0]", np.exp(x)[0]),
    ("W.T[0]", W.T[0]),
    ("[1, 2, 3] @ x", np.array([1, 2, 3]) @ x),
    ("[[1, 2, 3], [4, 5, 6]] @ x", np.array([[1, 2, 3], [4, 5, 6]]) @ x),
    ("[x, y, x*y]", np.array([x, y, x * y])),
    ("[c, 1 - c, pi]", np.array([c, 1 - c, np.pi])),
    ("[c]", np.array([c])),
    ("[\n 1, 2\n] @ [\n 3, 4\n]", 11.0),
    ("[[1,2],[3,4]][1, 0]", 3.0),
    ("stack(x, y)", np.stack([x, y])),
    ("stack(x, y, axis=1)", np.stack([x, y], axis=1)),
    ("stack(x, y, axis=-1)", np.stack([x, y], axis=-1)),
    ("concatenate(x, b)", np.concatenate([x, b])),
    ("concat(W, [x, y], axis=0)", np.concatenate([W, [x, y]])),
    ("concatenate(W, W, axis=-1)", np.concatenate([W, W], axis=-1)),
    ("concatenate(x, [1])", np.append(x, 1)),
    ("reshape(W, 3, 2)", W.reshape(3, 2)),
    ("reshape(W, (3, 2))", W.reshape(3, 2)),
    ("reshape(W, [3, 2])", W.reshape(3, 2)),
    ("reshape(W, -1)", W.reshape(-1)),
    ("reshape(W, shape=(6, 1))", W.reshape(6, 1)),
    ("broadcast(x, 2, 3)", np.broadcast_to(x, (2, 3))),
    ("sum(x)", x.sum()),
    ("sum(S)", S.sum()),
    ("sum(W, axis=0)", W.sum(axis=0)),
    ("sum(W, axis=-1)", W.sum(axis=-1)),
    ("sum(S, axis=(0, 2))", S.sum(axis=(0, 2))),
    ("sum(S, axis=(0, -1), keepdims=true)", S.sum(axis=(0, -1), keepdims=True)),
    ("sum(W, axis=none)", W.sum()),
    ("W/sum(W, axis=1, keepdims=True)", W / W.sum(axis=1, keepdims=True)),
    ("mean(W)", W.mean()),
    ("mean(W, axis=0)", W.mean(axis=0)),
    ("average(x)", x.mean()),
    ("prod(x)", x.prod()),
    ("prod(S, axis=1)", S.prod(axis=1)),
    ("max(x)", x.max()),
    ("amax(W, axis=1)", W.max(axis=1)),
    ("Max(W, axis=0, keepdims=true)", W.max(axis=0, keepdims=True)),
    ("min(W, axis=0)", W.min(axis=0)),
    ("max(x, 0.5)", np.maximum(x, 0.5)),
    ("max(x, y)", np.maximum(x, y)),
    ("max(x, y, 0.6)", np.maximum(np.maximum(x, y), 0.6)),
    ("norm(x)", np.linalg.norm(x)),
    ("norm(W)", np.linalg.norm(W)),
    ("norm(W, axis=1)", np.linalg.norm(W, axis=1)),
    ("norm^2(x)", x @ x),
    ("softmax(x)", softmax(x)),
    ("softmax(W)", softmax(W)),
    ("softmax(W, axis=0)", softmax(W, axis=0)),
    ("logsumexp(x)", np.log(np.exp(x).sum())),
    ("logsumexp(W, axis=1)", np.log(np.exp(W).sum(axis=1))),
    ("cumsum(x)", x.cumsum()),
    ("cumsum(W)", W.cumsum(axis=1)),
    ("cumsum(W, axis=0)", W.cumsum(axis=0)),
    ("cross_entropy(softmax(x), y)", -(y * np.log(softmax(x))).sum()),
    ("cross_entropy_of_logits(x, y)", -(y * np.log(softmax(x))).sum()),
    ("cross_entropy(x, [0, 1, 0])", -np.log(x[1])),
    ("mean(cross_entropy_of_logits(W, softmax(W)))", -(softmax(W) * np.log(softmax(W))).sum(axis=1).mean()),
    ("dot(x, y)", np.dot(x, y)),
    ("dot(W, S)", np.dot(W, S.transpose(0, 1, 2))),
    ("matmul(W, x)", W @ x),
    (r"\operatorname{norm}(x)^2", x @ x),
    (r"\frac{x \odot y}{2}", x * y / 2),
    ("outer(x, b)", np.outer(x, b)),
    ("where(x > 0.5, x, 0)", np.where(x > 0.5, x, 0)),
    ("where(x < y, x, -y)", np.where(x < y, x, -y)),
    ("relu(W @ x)", np.maximum(W @ x, 0)),
    ("sum(x*log(x/(1 - y@x/9)))", (x * np.log(x / (1 - y @ x / 9))).sum()),
    ("log(x, 2)", np.log2(x)),
    ("hypot(x, y)", np.hypot(x, y)),
    ("atan2(x, c)", np.arctan2(x, c)),
    ("sin^2(x) + cos^2(x)", np.ones(3)),
    ("inv(A) @ x", np.linalg.solve(A, x)),
    ("solve(A, x)", np.linalg.solve(A, x)),
    ("det(A)", np.linalg.det(A)),
    ("logabsdet(A)", np.linalg.slogdet(A)[1]),
    ("z = W @ x; p = softmax(z); sum(p*b)", softmax(W @ x) @ b),
    ("f(x, W) = W @ x", W @ x),
    ("sum = x@y; sum*c", x @ y * c),
    ("xlogy(c, 2) + xlogy(x - x, x)", c * np.log(2) + np.zeros(3)),
]


@pytest.mark.parametrize(("text", "expected"), VALUES, ids=[text for text, _ in VALUES])
def test_value(text, expected):
    found = np.asarray(value(text))
    assert found.shape == np.shape(expected) == read(text).graph.nodes[read(text).graph.outputs[0]].shape
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-13)
