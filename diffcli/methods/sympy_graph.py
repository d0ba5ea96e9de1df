"""SymPy ▶ graph: the derivative that SymPy found, as nodes that the same executor runs as for all other methods.

Equal subexpressions become one node. Sums and products are written as a person would: negative terms are subtracted,
negative powers stand below a fraction line.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import NamedTuple

import sympy
from sympy import Expr, Integer, Rational, Symbol

from diffcli.graph.program import Builder
from diffcli.methods.method import GaveUp
from diffcli.methods.sympy_notation import (
    XLogY,
    decimal_text,
    is_negative,
    is_reciprocal,
    is_short_decimal,
    ordered,
    with_joined_powers,
)

EXACT = 10**15
"""Whole numbers below this are doubles, so that a quotient of two of them is rounded once."""
NAMES: dict[type, str] = {
    sympy.exp: "exp",
    sympy.log: "ln",
    sympy.sin: "sin",
    sympy.cos: "cos",
    sympy.tan: "tan",
    sympy.sec: "sec",
    sympy.csc: "csc",
    sympy.cot: "cot",
    sympy.asin: "asin",
    sympy.acos: "acos",
    sympy.atan: "atan",
    sympy.atan2: "atan2",
    sympy.sinh: "sinh",
    sympy.cosh: "cosh",
    sympy.tanh: "tanh",
    sympy.asinh: "asinh",
    sympy.acosh: "acosh",
    sympy.atanh: "atanh",
    sympy.Abs: "abs",
    sympy.sign: "sign",
    sympy.erf: "erf",
    sympy.erfc: "erfc",
    sympy.gamma: "gamma",
    sympy.loggamma: "lgamma",
    XLogY: "xlogy",
}


class Parts(NamedTuple):
    """How an expression is put together from smaller ones."""

    parts: Sequence[Expr]
    combine: Callable[..., int]
    """From the nodes of the parts to the node of the whole."""


class Nodes:
    """Adds SymPy expressions to a builder."""

    def __init__(self, builder: Builder, meanings: Mapping[Symbol, int], limit: int) -> None:
        """`meanings` says which node each symbol stands for; `limit` how many nodes may be added."""
        self._builder = builder
        self._limit, self._start = limit, len(builder.nodes)
        self._positions: dict[Expr, int] = dict(meanings)
        self._sizes: dict[Expr, int] = dict.fromkeys(meanings, 0)
        self._applied = 0

    def position(self, expression: Expr) -> int:
        """The node of an expression; an explicit stack, as expressions may be nested deeply."""
        stack = [(expression, self._taken_apart(expression))]
        while stack:
            top, (parts, combine) = stack[-1]
            missing = [part for part in parts if part not in self._positions]
            if missing:
                stack += [(part, self._taken_apart(part)) for part in reversed(missing)]
                continue
            stack.pop()
            if top not in self._positions:
                self._combine(top, parts, combine)
        return self._positions[expression]

    def size(self, expression: Expr) -> int:
        """How many operations the expression has if it is written out in full, nothing shared."""
        return self._sizes[expression]

    def _combine(self, whole: Expr, parts: Sequence[Expr], combine: Callable[..., int]) -> None:
        before = self._applied
        self._positions[whole] = combine(*[self._positions[part] for part in parts])
        self._sizes[whole] = self._applied - before + sum(self._sizes[part] for part in parts)
        if len(self._builder.nodes) - self._start > self._limit:
            raise GaveUp(f"the derivative has more than {self._limit} operations")

    def apply(self, op: str, *positions: int) -> int:
        """Add an operation and count it."""
        self._applied += 1
        return self._builder.apply(op, *positions)

    def constant(self, literal: str) -> int:
        """Add a literal."""
        return self._builder.constant(literal)

    def fold(self, op: str) -> Callable[..., int]:
        """Join all with one operation, from the left."""
        return lambda *positions: reduce(lambda x, y: self.apply(op, x, y), positions)

    def _taken_apart(self, expression: Expr) -> Parts:
        if expression in self._positions:
            return Parts((), lambda: self._positions[expression])
        if isinstance(expression, Rational):
            return Parts((), lambda: self._rational(expression))
        kind = type(expression)
        if kind in _RULES:
            return _RULES[kind](self, expression)
        if kind in NAMES:
            return Parts(expression.args, lambda *positions: self.apply(NAMES[kind], *positions))
        raise GaveUp(f"SymPy's derivative contains {kind.__name__}, which cannot be evaluated here")

    def _rational(self, number: Rational) -> int:
        p, q = int(number.p), int(number.q)
        if q > 1 and abs(p) < EXACT and q < EXACT and not is_short_decimal(q):
            return self.apply("div", self.constant(str(p)), self.constant(str(q)))
        return self.constant(decimal_text(p, q))

    def sum(self, expression: Expr) -> Parts:
        """Write x − y instead of x + (−1)·y, and a positive term first if there is one."""
        terms = list(ordered(expression))
        first = next((k for k, term in enumerate(terms) if not is_negative(term)), 0)
        terms.insert(0, terms.pop(first))
        negative = [is_negative(term) for term in terms]

        def combine(*positions: int) -> int:
            total = self.apply("neg", positions[0]) if negative[0] else positions[0]
            for position, subtract in zip(positions[1:], negative[1:], strict=True):
                total = self.apply("sub" if subtract else "add", total, position)
            return total

        return Parts([-term if subtract else term for term, subtract in zip(terms, negative, strict=True)], combine)

    def product(self, expression: Expr) -> Parts:
        """Write −(a·b / (c·d)) instead of −1·a·b·c^(−1)·d^(−1)."""
        if is_negative(expression):
            return Parts([-expression], lambda position: self.apply("neg", position))
        above: list[Expr] = []
        below: list[Expr] = []
        for factor in with_joined_powers(ordered(expression)):
            if isinstance(factor, Rational) and factor.q > 1 and not is_short_decimal(int(factor.q)):
                above += [Integer(factor.p)] if factor.p > 1 else []
                below.append(Integer(factor.q))
            elif is_reciprocal(factor):
                below.append(1 / factor)
            else:
                above.append(factor)
        if not below:
            return Parts(above, self.fold("mul"))
        return self._fraction(above or [Integer(1)], below)

    def _fraction(self, above: list[Expr], below: list[Expr]) -> Parts:
        multiply = self.fold("mul")

        def combine(*positions: int) -> int:
            return self.apply("div", multiply(*positions[: len(above)]), multiply(*positions[len(above) :]))

        return Parts([*above, *below], combine)

    def power(self, expression: Expr) -> Parts:
        """Write 1/x and sqrt(x) instead of powers."""
        base, exponent = expression.args
        if is_reciprocal(expression):
            return self._fraction([Integer(1)], [1 / expression])
        if exponent == Rational(1, 2):
            return Parts([base], lambda x: self.apply("sqrt", x))
        return Parts([base, exponent], lambda x, y: self.apply("pow", x, y))

    def step(self, expression: Expr) -> Parts:
        """Heaviside's function of x − y, from the slope of max(x, y): 1 where x > y, and 1/2 where x = y."""
        terms = sympy.Add.make_args(expression.args[0])
        x = sympy.Add(*(term for term in terms if not is_negative(term)))
        y = sympy.Add(*(-term for term in terms if is_negative(term)))

        def combine(x: int, y: int) -> int:
            half = self.apply("div", self.apply("eq", x, y), self.constant("2"))
            return self.apply("add", self.apply("gt", x, y), half)

        return Parts([x, y], combine)

    def piecewise(self, expression: Expr) -> Parts:
        """Nested selections; the last branch holds otherwise."""
        parts = [part for branch in expression.args for part in branch.args]

        def combine(*positions: int) -> int:
            result = positions[-2]
            for k in range(len(positions) - 4, -1, -2):
                result = self.apply("where", positions[k + 1], positions[k], result)
            return result

        return Parts(parts, combine)

    def polygamma(self, expression: Expr) -> Parts:
        """Write digamma for order 0."""
        order, x = expression.args
        if order == 0:
            return Parts([x], lambda position: self.apply("digamma", position))
        return Parts([order, x], lambda n, position: self.apply("polygamma", n, position))


def _literal(text: str) -> Callable[[Nodes, Expr], Parts]:
    return lambda nodes, _: Parts((), lambda: nodes.constant(text))


def _applied(op: str, *literals: str) -> Callable[[Nodes, Expr], Parts]:
    return lambda nodes, _: Parts((), lambda: nodes.apply(op, *[nodes.constant(text) for text in literals]))


def _folded(op: str) -> Callable[[Nodes, Expr], Parts]:
    return lambda nodes, expression: Parts(expression.args, nodes.fold(op))


def _negated_condition(nodes: Nodes, expression: Expr) -> Parts:
    return Parts(expression.args, lambda condition: nodes.apply("eq", condition, nodes.constant("0")))


_RULES: dict[type, Callable[[Nodes, Expr], Parts]] = {
    sympy.Add: Nodes.sum,
    sympy.Mul: Nodes.product,
    sympy.Pow: Nodes.power,
    sympy.Heaviside: Nodes.step,
    sympy.Piecewise: Nodes.piecewise,
    sympy.polygamma: Nodes.polygamma,
    sympy.Max: _folded("max"),
    sympy.Min: _folded("min"),
    sympy.And: _folded("min"),
    sympy.Or: _folded("max"),
    sympy.Not: _negated_condition,
    sympy.DiracDelta: _literal("0"),
    type(sympy.pi): _literal("pi"),
    type(sympy.E): _literal("e"),
    type(sympy.true): _literal("1"),
    type(sympy.false): _literal("0"),
    type(sympy.oo): _applied("div", "1", "0"),
    type(-sympy.oo): _applied("div", "-1", "0"),
    type(sympy.zoo): _applied("div", "0", "0"),
    type(sympy.nan): _applied("div", "0", "0"),
}
