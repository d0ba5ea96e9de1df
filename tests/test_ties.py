"""Ties of max and min: each of two equal arguments takes half of the slope, whatever the mode."""

import numpy as np
import pytest

from diffcli import grad, jvp
from diffcli.language import parse
from diffcli.methods.tape import swept


@pytest.mark.parametrize(
    ("text", "slopes"),
    [
        ("max(x, y)", (0.5, 0.5)),
        ("min(x, y)", (0.5, 0.5)),
        ("max(y, x)", (0.5, 0.5)),
        ("max(x, x) + 0*y", (1.0, 0.0)),
        ("max(max(x, y), x)", (0.75, 0.25)),
        ("min(x, max(x, y))", (0.75, 0.25)),
        ("4*max(x, 1) - 2*min(1, y)", (2.0, -1.0)),
    ],
)
def test_halves(text, slopes):
    point, graph = {"x": 1.0, "y": 1.0}, parse(text).graph
    assert grad(text, point) == slopes
    assert tuple(swept(graph, graph.outputs[0], graph.inputs)([1.0, 1.0])[1:]) == slopes
    for name, slope in zip("xy", slopes, strict=True):
        assert jvp(text, point, {"x": 0.0, "y": 0.0, name: 1.0})[1] == slope


def test_ties_of_elements():
    x, y = np.array([1.0, 2.0, 3.0, -0.0]), np.array([1.0, 3.0, 2.0, 0.0])
    of_x, of_y = grad("sum(max(x, y))", {"x": x, "y": y})
    assert (list(of_x), list(of_y)) == ([0.5, 0, 1, 0.5], [0.5, 1, 0, 0.5])
    of_x, of_y = grad("sum(min(x, y))", {"x": x, "y": y})
    assert (list(of_x), list(of_y)) == ([0.5, 1, 0, 0.5], [0.5, 0, 1, 0.5])
