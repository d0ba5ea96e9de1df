"""Causes put into words: one sentence each, with the names and numbers of the trace."""

import math
from collections.abc import Sequence
from typing import Any

from diffcli.graph.program import CONSTANT
from diffcli.studies.explanation.origin import ALL, UNIT, Comparison, Origin
from diffcli.studies.explanation.record import Cause, Reason
from diffcli.studies.explanation.rewrites import Branch
from diffcli.studies.explanation.rows import Named, Rows, shown
from diffcli.studies.explanation.steps import PERIODIC, Crossing
from diffcli.studies.values import rounded, tidied

LARGE_ARGUMENT = 1000.0
SHORT = 3
"""Digits of numbers that only show a size."""


def origin_reason(comparison: Comparison, origin: Origin, named: Named, rows: Rows) -> Reason:
    """The words for an error that arises in a program."""
    node = comparison.graph.nodes[origin.node]
    cause, text = _words(comparison, origin, named, rows)
    if origin.kind in ("cancellation", "conditioning"):
        if comparison.is_literal(origin.source):
            cause = "literal" if origin.source in node.args else cause
            literal = comparison.graph.nodes[origin.source].literal
            text += f"; what is magnified is the rounding error of {literal}, which is no double"
        else:
            text += _magnified(comparison, origin, rows)
    return Reason(cause, text, named.row, named.operation, origin.digits_lost)


def _words(  # noqa: PLR0911 - one line per kind
    comparison: Comparison, origin: Origin, named: Named, rows: Rows
) -> tuple[Cause, str]:
    node, op = origin.node, comparison.graph.nodes[origin.node].op
    exact = comparison.exact[node]
    equation = named.equation if named.is_whole else f"{rows.written(comparison.graph, node)} in {named.equation}"
    if origin.kind == "cancellation":
        return "cancellation", f"{_digits(origin)} cancel in {named.equation}{_operands(comparison, node, rows)}"
    if origin.kind == "conditioning":
        argument = max((abs(comparison.floats[a]) for a in comparison.graph.nodes[node].args), default=0.0)
        is_turning = op in PERIODIC and argument > LARGE_ARGUMENT
        why = ": the rounding error of its large argument counts in radians" if is_turning else ""
        text = f"{_digits(origin)} are lost in {named.equation}{_operands(comparison, node, rows)}{why}"
        return ("argument reduction" if is_turning else "ill-conditioned operation"), text
    if origin.kind == "overflow":
        true = "beyond 1e100000" if not hasattr(exact, "_mpf_") else f"{_size(comparison, exact)}, beyond 1.8e308"
        return "overflow", f"{equation} overflows: it is {true}{_undefined(comparison, origin)}"
    if origin.kind == "underflow":
        return "underflow", _underflow(comparison, origin, equation)
    if origin.kind == "pole":
        return "0·∞", f"{equation} is not finite here, though the derivative is{_undefined(comparison, origin)}"
    if origin.kind == "inaccurate":
        digits = -math.log10(comparison.relative_error(node))
        return "inaccurate function", f"{equation} has {digits:.1f} digits only in double precision"
    return "rounding", f"rounding errors of {comparison.graph.operations} operations add up"


def _magnified(comparison: Comparison, origin: Origin, rows: Rows) -> str:
    """Which rounding it is, where it was not that of an argument; and literals that are no doubles."""
    args = comparison.graph.nodes[origin.node].args
    literals = [a for a in (*comparison.graph.nodes[origin.source].args, *args) if comparison.is_literal(a)]
    if literals and comparison.relative_error(origin.node) > UNIT:
        names = dict.fromkeys(comparison.graph.nodes[a].literal for a in literals)
        return f"; {', '.join(names)} {'is no double' if len(names) == 1 else 'are no doubles'}"
    if origin.kind == "conditioning" and origin.source < len(rows.graph.nodes) and origin.source in args:
        return f"; it magnifies the rounding error of {rows.primal(origin.source).equation}"
    return ""


def _underflow(comparison: Comparison, origin: Origin, equation: str) -> str:
    true = _size(comparison, comparison.exact[origin.node])
    if comparison.floats[origin.node] == 0:
        return f"{equation} underflows to 0: it is {true}, below 4.9e-324{_undefined(comparison, origin)}"
    return f"{equation} is {true}, a subnormal number with {origin.digits_lost:.0f} digits less than others"


def _digits(origin: Origin) -> str:
    lost = origin.digits_lost or 0.0
    if lost >= ALL - 0.5:
        return "all digits"
    return "1 digit" if round(lost) == 1 else f"{lost:.0f} digits"


def _operands(comparison: Comparison, node: int, rows: Rows) -> str:
    """(v3 = 1.0000000001), or for a row of a derivative the numbers themselves."""
    graph, values = comparison.graph, comparison.floats
    args = [argument for argument in dict.fromkeys(graph.nodes[node].args) if graph.nodes[argument].op != CONSTANT]
    if node < len(rows.graph.nodes):
        words = [f"{rows.name(argument)} = {shown(values[argument])}" for argument in args]
        return f" ({', '.join(words)})" if words else ""
    if graph.nodes[node].op in ("add", "sub"):
        first, second = (values[argument] for argument in graph.nodes[node].args)
        sign = "+" if (graph.nodes[node].op == "add") == (second >= 0) else "−"
        return f" ({shown(first)} {sign} {shown(abs(second))})"
    return f" (at {', '.join(shown(values[argument]) for argument in args)})"


def _undefined(comparison: Comparison, origin: Origin) -> str:
    """; then 0·∞ is undefined."""
    if origin.undefined is None or origin.undefined == origin.node:
        return ""
    node = comparison.graph.nodes[origin.undefined]
    sizes = ["∞" if math.isinf(v) else "0" if v == 0 else "" for v in (comparison.floats[a] for a in node.args)]
    symbol = {"mul": "·", "div": "/", "sub": " − ", "add": " − "}.get(node.op)
    return f"; then {symbol.join(sizes)} is undefined" if symbol and all(sizes) else ""


def _size(comparison: Comparison, number: Any) -> str:
    return tidied(comparison.probe.arithmetic.decimal(number, SHORT)).replace("-", "−", number < 0)


def crossed(found: Crossing, named: Named, h: float, variable: str) -> Reason:
    """The words for a step that jumps over something."""
    x = variable
    if found.kind == "domain":
        text = f"{x} ± h leaves the domain (h = {rounded(h)}): {named.equation}, {found.where}"
        return Reason("domain", text, named.row, named.operation)
    between = f"between {x} − h and {x} + h"
    text = f"the step h = {rounded(h)} crosses a {found.kind}: {named.equation}, {found.where} {between}"
    cause: Cause = found.kind  # type: ignore[assignment]
    return Reason(cause, text, named.row, named.operation)


def turned(named: Named, h: float, radians: float) -> Reason:
    """The words for a step across periods."""
    periods = radians / (2 * math.pi)
    far = f"goes through {rounded(periods)} periods" if periods >= 1 else f"turns by {radians:.1f} radians"
    text = f"the step h = {rounded(h)} is too large: {named.equation} {far} within it"
    return Reason("step too large", text, named.row, named.operation)


def truncated(h: float, relative: float) -> Reason:
    """The words for a step that is too large for a function that bends."""
    text = f"the step h = {rounded(h)} is too large: its truncation error is {rounded(relative)}"
    return Reason("step too large", text)


def lost_beside(h: float, x: float, variable: str) -> Reason:
    """The words for a step that x + h rounds away, in part or in full."""
    spacing = f"doubles are {rounded(math.ulp(x))} apart"
    text = f"the step h = {rounded(h)} is too small: beside {variable} = {rounded(x)} {spacing}"
    return Reason("step too small", text)


def rounded_off(h: float, values: Sequence[float]) -> Reason:
    """The words for a difference in which the values of f cancel; whether the step is too small, others tell."""
    first, second = values
    if first == second:
        text = f"with h = {rounded(h)} the values of f in the difference are the same double"
        return Reason("cancellation", text, digits_lost=ALL)
    lost = max(0.0, math.log10(max(abs(first), abs(second)) / abs(first - second)))
    text = f"with h = {rounded(h)} {lost:.0f} digits of f cancel in the difference"
    return Reason("cancellation", text, digits_lost=lost)


def branch_reason(branch: Branch, named: Named) -> Reason:
    """The words for a simplification that does not hold here."""
    other = f"not {shown(branch.tempting_value)}" if math.isfinite(branch.tempting_value) else "and that has no value"
    slope = "though its derivative is the same" if branch.is_parallel else "nor is its derivative"
    text = f"{branch.original} is not {branch.tempting} here: it is {shown(branch.value)}, {other}; {slope}"
    return Reason("branch", text, named.row, named.operation)


def kink_reason(named: Named, found: float) -> Reason:
    """The words for a chain rule that cannot know how kinks combine."""
    text = (
        f"the chain rule takes one slope at the kink of {named.equation} and comes to {shown(found)}; the function as "
        "a whole is smooth here, which values of f alone show"
    )
    return Reason("rule at a kink", text, named.row, named.operation)
