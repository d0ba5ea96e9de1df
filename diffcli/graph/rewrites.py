"""Formulas that compute the same more accurately: a pattern on the graph, and what to write in its place.

Both sides are written with the terms of the table of primitives. Whether a rewrite is true and helps at a point is not
decided here: `studies.explanation.rewrites` measures it.
"""
# ruff: noqa: PLW0108 - both sides of a row are written alike

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from diffcli.graph.folding import FoldingBuilder
from diffcli.graph.matching import Bindings, Matcher
from diffcli.graph.ops import absolute, cos, cosh, exp, gamma, hypot, ln, log1p, sigmoid, sin, sinh, sqrt, tan
from diffcli.graph.primitive import Formula, Term, formula_graph, function
from diffcli.graph.program import CONSTANT, INPUT, Builder, Graph

expm1, softplus, tanh, erf, erfc = (function(name) for name in ("expm1", "softplus", "tanh", "erf", "erfc"))
asin, acos, atan, atan2 = function("asin"), function("acos"), function("atan"), function("atan2")
asinh, acosh, atanh, lgamma = function("asinh"), function("acosh"), function("atanh"), function("lgamma")


def difference(x: Term, y: Term | int) -> Term:
    """X − y with terms that stand in both left out: (a + 1) − a is 1."""
    builder = x.builder
    assert isinstance(builder, FoldingBuilder)
    left: dict[int, int] = {}
    for position, sign in (*_terms(builder, x.position, 1), *_terms(builder, x.lifted(y).position, -1)):
        left[position] = left.get(position, 0) + sign
    result: int | None = None
    for position, count in sorted(left.items(), key=lambda item: -item[1]):
        for _ in range(abs(count)):
            if result is None:
                result = position if count > 0 else builder.apply("neg", position)
            else:
                result = builder.apply("add" if count > 0 else "sub", result, position)
    return Term(builder, builder.zero if result is None else result)


def _terms(builder: FoldingBuilder, position: int, sign: int) -> Iterator[tuple[int, int]]:
    """The terms of a sum with their signs; u·u is written u^2, so that it equals one that is."""
    waiting = [(position, sign)]
    while waiting:
        term, sign = waiting.pop()
        node = builder.nodes[term]
        if node.op in ("add", "sub"):
            waiting += [(node.args[1], sign if node.op == "add" else -sign), (node.args[0], sign)]
        elif node.op == "neg":
            waiting.append((node.args[0], -sign))
        elif node.op == "mul" and node.args[0] == node.args[1]:
            yield builder.apply("pow", node.args[0], builder.constant("2")), sign
        else:
            yield term, sign


@dataclass(frozen=True)
class Rewrite:
    """What stands in a program, and what computes the same."""

    pattern: Formula
    arity: int
    replacement: Callable[..., Term]

    @cached_property
    def graph(self) -> Graph:
        """The pattern as a small graph."""
        return formula_graph(self.pattern, self.arity)


class Place(NamedTuple):
    """Where a rewrite applies."""

    rewrite: Rewrite
    position: int
    bound: Bindings


def _in_one(*rows: tuple[Formula, Callable[..., Term]]) -> tuple[Rewrite, ...]:
    return tuple(Rewrite(pattern, 1, replacement) for pattern, replacement in rows)


def _in_two(*rows: tuple[Formula, Callable[..., Term]]) -> tuple[Rewrite, ...]:
    return tuple(Rewrite(pattern, 2, replacement) for pattern, replacement in rows)


REWRITES = (
    *_in_one(
        # logarithms and exponentials
        (lambda x: ln(1 + x), lambda x: log1p(x)),
        (lambda x: ln(1 - x), lambda x: log1p(-x)),
        (lambda x: exp(x) - 1, lambda x: expm1(x)),
        (lambda x: 1 - exp(x), lambda x: -expm1(x)),
        (lambda x: ln(exp(x)), lambda x: x),
        (lambda x: ln(1 + exp(x)), lambda x: softplus(x)),
        (lambda x: ln(1 / (1 + exp(x))), lambda x: -softplus(x)),
        (lambda x: ln(sigmoid(x)), lambda x: -softplus(-x)),
        (lambda x: ln(gamma(x)), lambda x: lgamma(x)),
        (lambda x: 1 / (1 + exp(-x)), lambda x: sigmoid(x)),
        (lambda x: 1 / (1 + exp(x)), lambda x: sigmoid(-x)),
        (lambda x: exp(x) / (1 + exp(x)), lambda x: sigmoid(x)),
        (lambda x: exp(-x) / (1 + exp(-x)), lambda x: sigmoid(-x)),
        (lambda x: 1 - 1 / (1 + exp(-x)), lambda x: sigmoid(-x)),
        (lambda x: 1 - 1 / (1 + exp(x)), lambda x: sigmoid(x)),
        (lambda x: 1 - sigmoid(x), lambda x: sigmoid(-x)),
        # hyperbolic functions
        (lambda x: exp(x) - exp(-x), lambda x: 2 * sinh(x)),
        (lambda x: (exp(x) - exp(-x)) / 2, lambda x: sinh(x)),
        (lambda x: (exp(x) - exp(-x)) / (exp(x) + exp(-x)), lambda x: tanh(x)),
        (lambda x: (exp(x) - 1) / (exp(x) + 1), lambda x: tanh(x / 2)),
        (lambda x: (exp(2 * x) - 1) / (exp(2 * x) + 1), lambda x: tanh(x)),
        (lambda x: sinh(x) / cosh(x), lambda x: tanh(x)),
        (lambda x: 1 - tanh(x), lambda x: 2 * sigmoid(-(2 * x))),
        (lambda x: tanh(x) - 1, lambda x: -(2 * sigmoid(-(2 * x)))),
        (lambda x: cosh(x) ** 2 - sinh(x) ** 2, lambda x: x.lifted(1)),
        (lambda x: ln(cosh(x)), lambda x: absolute(x) + softplus(-(2 * absolute(x))) - ln(x.lifted(2))),
        (lambda x: 1 - tanh(x) ** 2, lambda x: 1 / cosh(x) ** 2),
        (lambda x: cosh(x) - 1, lambda x: 2 * sinh(x / 2) ** 2),
        (lambda x: cosh(x) ** 2 - 1, lambda x: sinh(x) ** 2),
        (lambda x: ln(x + sqrt(x**2 + 1)), lambda x: asinh(x)),
        (lambda x: ln(x + sqrt(x**2 - 1)), lambda x: acosh(x)),
        (lambda x: ln((1 + x) / (1 - x)), lambda x: 2 * atanh(x)),
        # trigonometric functions
        (lambda x: 1 - cos(x), lambda x: 2 * sin(x / 2) ** 2),
        (lambda x: cos(x) - 1, lambda x: -(2 * sin(x / 2) ** 2)),
        (lambda x: 1 - cos(x) ** 2, lambda x: sin(x) ** 2),
        (lambda x: 1 - sin(x) ** 2, lambda x: cos(x) ** 2),
        (lambda x: 1 / cos(x) ** 2 - 1, lambda x: tan(x) ** 2),
        (lambda x: tan(x) - sin(x), lambda x: 2 * tan(x) * sin(x / 2) ** 2),
        (lambda x: 1 / tan(x) - 1 / sin(x), lambda x: -tan(x / 2)),
        (lambda x: 1 / sin(x) - 1 / tan(x), lambda x: tan(x / 2)),
        (lambda x: (1 - cos(x)) / sin(x), lambda x: tan(x / 2)),
        (lambda x: acos(1 - x), lambda x: 2 * asin(sqrt(x / 2))),
        (lambda x: acos(x), lambda x: 2 * asin(sqrt((1 - x) / 2))),
        # the error function
        (lambda x: 1 - erf(x), lambda x: erfc(x)),
        (lambda x: 1 - erfc(x), lambda x: erf(x)),
        # powers and roots
        (lambda x: x**2 - 1, lambda x: (x - 1) * (x + 1)),
        (lambda x: 1 - x**2, lambda x: (1 - x) * (1 + x)),
        (lambda x: (x**2 - 1) / (x - 1), lambda x: x + 1),
        (lambda x: (x**2 - 1) / (x + 1), lambda x: x - 1),
        (lambda x: sqrt(x**2 + 1), lambda x: hypot(x, 1)),
        (lambda x: sqrt(x**2), lambda x: absolute(x)),
    ),
    *_in_two(
        (lambda x, y: ln(exp(x) + exp(y)), lambda x, y: x + softplus(difference(y, x))),
        (lambda x, y: ln(exp(x) - exp(y)), lambda x, y: x + ln(-expm1(difference(y, x)))),
        (lambda x, y: exp(x) / (exp(x) + exp(y)), lambda x, y: sigmoid(difference(x, y))),
        (lambda x, y: exp(x) - exp(y), lambda x, y: exp(y) * expm1(difference(x, y))),
        (lambda x, y: exp(x) / exp(y), lambda x, y: exp(difference(x, y))),
        (lambda x, y: exp(x) * exp(y), lambda x, y: exp(x + y)),
        (lambda x, y: ln(x) - ln(y), lambda x, y: log1p(difference(x, y) / y)),
        (lambda x, y: ln(x / y), lambda x, y: log1p(difference(x, y) / y)),
        (lambda x, y: ln(x / y), lambda x, y: ln(x) - ln(y)),
        (lambda x, y: ln(x * y), lambda x, y: ln(x) + ln(y)),
        (lambda x, y: ln(x**y), lambda x, y: y * ln(x)),
        (lambda x, y: gamma(x) / gamma(y), lambda x, y: exp(lgamma(x) - lgamma(y))),
        (lambda x, y: (1 + x) ** y - 1, lambda x, y: expm1(y * log1p(x))),
        (lambda x, y: (1 + x) ** y, lambda x, y: exp(y * log1p(x))),
        (lambda x, y: x**y - 1, lambda x, y: expm1(y * ln(x))),
        (lambda x, y: sqrt(x) - sqrt(y), lambda x, y: difference(x, y) / (sqrt(x) + sqrt(y))),
        (lambda x, y: sqrt(x) - y, lambda x, y: difference(x, y * y) / (sqrt(x) + y)),
        (lambda x, y: x - sqrt(y), lambda x, y: difference(x * x, y) / (x + sqrt(y))),
        (lambda x, y: x**2 - y**2, lambda x, y: (x - y) * (x + y)),
        (lambda x, y: (x**2 - y**2) / (x - y), lambda x, y: x + y),
        (lambda x, y: (x**2 - y**2) / (x + y), lambda x, y: x - y),
        (lambda x, y: x**2 - 2 * x * y + y**2, lambda x, y: (x - y) ** 2),
        (lambda x, y: x * y / x, lambda _, y: y),
        (lambda x, y: (x + y) - x, lambda _, y: y),
        (lambda x, y: sqrt(x**2 + y**2), lambda x, y: hypot(x, y)),
        (lambda x, y: 1 / x - 1 / y, lambda x, y: difference(y, x) / (x * y)),
        (lambda x, y: sin(x) - sin(y), lambda x, y: 2 * cos((x + y) / 2) * sin(difference(x, y) / 2)),
        (lambda x, y: cos(x) - cos(y), lambda x, y: -(2 * sin((x + y) / 2) * sin(difference(x, y) / 2))),
        (lambda x, y: tan(x) - tan(y), lambda x, y: sin(difference(x, y)) / (cos(x) * cos(y))),
        (lambda x, y: atan(x) - atan(y), lambda x, y: atan2(difference(x, y), 1 + x * y)),
    ),
    Rewrite(
        lambda x, y, c: ln(exp(x) + exp(y) + exp(c)),
        3,
        lambda x, y, c: x + softplus((y - x) + softplus(c - y)),
    ),
)  # fmt: skip
"""The table: a row holds for all numbers for which both sides are defined, or is rejected where it is measured."""

TEMPTING = (
    *_in_one(
        (lambda x: sqrt(x**2), lambda x: x),
        (lambda x: asin(sin(x)), lambda x: x),
        (lambda x: acos(cos(x)), lambda x: x),
        (lambda x: atan(tan(x)), lambda x: x),
        (lambda x: acosh(cosh(x)), lambda x: x),
        (lambda x: ln(x**2), lambda x: 2 * ln(x)),
    ),
    Rewrite(lambda x, y: (x**2) ** y, 2, lambda x, y: x ** (2 * y)),
)
"""Simplifications that hold on one branch only."""


def places(graph: Graph, wanted: Sequence[int], table: Sequence[Rewrite] = REWRITES) -> Iterator[Place]:
    """Where in a program of numbers the rewrites of the table apply, at the nodes `wanted`."""
    matcher = Matcher(graph)
    for position in wanted:
        for rewrite in table:
            for bound in matcher.matches(rewrite.graph, position):
                yield Place(rewrite, position, bound)
                break


class Rewritten(NamedTuple):
    """A program with one part written in another way."""

    graph: Graph
    position: int
    """The node that stands for the part."""


def rewritten(graph: Graph, place: Place) -> Rewritten:
    """The same program with the replacement; what the user wrote elsewhere is not touched."""
    builder, new = FoldingBuilder(), list[int]()
    found = -1
    for position, node in enumerate(graph.nodes):
        builder.place = graph.places[position] if graph.places else None
        if position == place.position:
            pattern = place.rewrite.graph
            terms = [Term(builder, new[place.bound[p]]) for p in pattern.inputs]
            found = place.rewrite.replacement(*terms).position
            new.append(found)
        elif node.op == INPUT:
            new.append(builder.input(node.literal))
        elif node.op == CONSTANT:
            new.append(builder.constant(node.literal))
        else:
            new.append(Builder.apply(builder, node.op, *[new[argument] for argument in node.args]))
    names = {new[p]: name for p, name in graph.names.items()}
    inputs, outputs = [new[p] for p in graph.inputs], [new[p] for p in graph.outputs]
    return Rewritten(builder.graph(inputs, outputs, graph.output_names, names), found)
