"""How a person would write a sum or a product that SymPy keeps in an order of its own; and what SymPy lacks."""

import decimal
from collections import Counter
from collections.abc import Sequence

import sympy
from sympy import Expr, Integer, preorder_traversal

MAX_SORTED = 300
"""The size of a sum or product that is still put in a pleasant order; beyond, nobody reads it."""


class XLogY(sympy.Function):  # type: ignore[misc] # SymPy has no types
    """x·ln(y), and 0 where x is 0; differentiated as x·ln(y) there too, which SymPy does not do with a Piecewise."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Expr:
        """ln(y) by x, x/y by y."""
        x, y = self.args
        return sympy.log(y) if argindex == 1 else x / y


def ordered(expression: Expr) -> Sequence[Expr]:
    """The terms of a sum or the factors of a product as a person would order them, if it is not too large."""
    size = sum(1 for _ in zip(preorder_traversal(expression), range(MAX_SORTED), strict=False))
    if size == MAX_SORTED:
        return tuple(expression.args)
    if expression.is_Mul:
        return tuple(expression.as_ordered_factors())
    return sorted(expression.as_ordered_terms(), key=_first_symbol)


def is_negative(term: Expr) -> bool:
    """Whether a term is written with a minus sign."""
    return bool(term.as_coeff_Mul()[0].is_negative)


def is_reciprocal(factor: Expr) -> bool:
    """Whether a factor stands below the fraction line."""
    return bool(factor.is_Pow and factor.exp.is_Rational and factor.exp.is_negative)


def _first_symbol(term: Expr) -> str:
    """Terms go by their first variable; those without any come last."""
    return min((symbol.name for symbol in term.free_symbols), default="~")


def with_joined_powers(factors: Sequence[Expr]) -> list[Expr]:
    """x^n / x is x^(n−1), also at 0; SymPy joins them only where n is a number."""
    split = [(factor.base, factor.exp) if factor.is_Pow else (factor, Integer(1)) for factor in factors]
    times = Counter(base for base, _ in split)
    unknown = {base for base, exponent in split if not exponent.is_number and times[base] > 1}
    joined: dict[Expr, Expr] = {}
    for base, exponent in split:
        if base in unknown:
            joined[base] = joined.get(base, Integer(0)) + exponent
    apart = [factor for factor, (base, _) in zip(factors, split, strict=True) if base not in unknown]
    return apart + [base**exponent for base, exponent in joined.items()]


def is_short_decimal(q: int) -> bool:
    """Whether a fraction with this denominator is read more easily as a decimal: 0.044715, but x/2 and x/25."""
    return q > 100 and 10**12 % q == 0


def decimal_text(p: int, q: int) -> str:
    """The decimal text of p/q, exact or rounded to 40 digits."""
    with decimal.localcontext(prec=40, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN):
        quotient = decimal.Decimal(p) / decimal.Decimal(q)
    return str(quotient).replace("E+", "e").replace("E", "e")
