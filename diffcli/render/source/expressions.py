"""Expressions in a language: operators with no more parentheses than needed, calls, literals to their last digit.

Only operations of ours, digits and checked identifiers get into the text.
"""

import math
import re
from typing import NamedTuple

from diffcli.errors import UsageError
from diffcli.graph.ops import OPS
from diffcli.graph.program import CONSTANT, INPUT, Graph, Node
from diffcli.render.source.identifiers import Identifiers
from diffcli.render.source.language import ATOM, COMPARED, COMPARISONS, SIGN, SUM, Language

LITERAL = re.compile(r"(-?)([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


class Written(NamedTuple):
    """A piece of source and how tightly its outermost operator binds."""

    text: str
    precedence: int = ATOM
    condition: str = ""
    """A comparison as a condition; its text is then that of a number."""

    def within(self, least: int, *, is_first: bool) -> str:
        """The text as an operand, in parentheses where it binds more loosely or begins with a sign."""
        is_signed = self.text.startswith("-") and not is_first
        return f"({self.text})" if self.precedence < least or is_signed else self.text


class ExpressionWriter:
    """Writes expressions in one language and remembers which functions they call."""

    def __init__(self, language: Language, identifiers: Identifiers) -> None:
        """`identifiers` names the inputs of the expressions."""
        self.language, self.identifiers = language, identifiers
        self.called: dict[str, None] = {}
        """The functions to be supplied, those they call before them."""
        self.definitions: dict[str, str] = {}
        """The texts of functions that other primitives define."""

    def text(self, expression: Graph, least: int = 0) -> str:
        """The text of an expression with one output, in parentheses if it binds more loosely than `least`."""
        return self._written(expression)[expression.outputs[0]].within(least, is_first=not least)

    def _written(self, expression: Graph) -> list[Written]:
        written: list[Written] = []
        for node in expression.nodes:
            args = [written[argument] for argument in node.args]
            written.append(self._node(node, args, expression, written))
        return written

    def _node(self, node: Node, args: list[Written], expression: Graph, written: list[Written]) -> Written:  # noqa: PLR0911 - kinds
        if node.op == INPUT:
            return Written(self.identifiers[node.literal])
        if node.op == CONSTANT:
            return self.number(node.literal)
        if node.op in COMPARISONS:
            left, right = (arg.within(SUM, is_first=True) for arg in args)
            condition = f"{left} {COMPARISONS[node.op]} {right}"
            return Written(_filled(self.language.truth, [condition]), ATOM, condition)
        if node.op == "where":
            return self._choice(args)
        if node.op == "add" and expression.nodes[node.args[1]].op == "neg":  # x + (-y) is x - y
            inner = expression.nodes[node.args[1]].args[0]
            return self._node(Node("sub", (node.args[0], inner)), [args[0], written[inner]], expression, written)
        template = self.language.operations.get(node.op)
        if template is None or (node.op == "div" and self._may_raise(expression.nodes[node.args[1]])):
            self._refuse_missing(node, expression)
            return self._call(node.op, args)
        operands = enumerate(zip(args, template.loosest, strict=True))
        texts = [arg.within(least, is_first=not number) for number, (arg, least) in operands]
        return Written(_filled(template.text, texts), template.precedence)

    def _may_raise(self, divisor: Node) -> bool:
        """Whether a division must be a call, because the operator refuses to divide by zero."""
        if "div" not in self.language.functions:
            return False
        return divisor.op != CONSTANT or (divisor.literal not in self.language.constants and not float(divisor.literal))

    def _choice(self, args: list[Written]) -> Written:
        template = self.language.choice
        texts = [arg.within(least, is_first=True) for arg, least in zip(args, template.loosest, strict=True)]
        texts[0] = args[0].condition or args[0].within(COMPARED, is_first=True)
        return Written(_filled(template.text, texts), template.precedence)

    def _refuse_missing(self, node: Node, expression: Graph) -> None:
        """Raise UsageError where a primitive, or its order, cannot be computed in the language."""
        language, what = self.language, "" if node.op not in self.language.missing else node.op
        if node.op in language.most_orders:
            most, order = language.most_orders[node.op], expression.nodes[node.args[0]]
            if order.op == CONSTANT and float(order.literal) > most:
                what = f"{node.op} of an order above {most}"
        if what:
            hint = "`diffcli grad` computes it; --mode primal may not need it"
            raise UsageError(f"{language.title} has no {what}", hint=hint)

    def _call(self, op: str, args: list[Written]) -> Written:
        return Written(f"{self._function(op)}({', '.join(arg.text for arg in args)})")

    def _function(self, op: str) -> str:
        """The name of the function of a primitive; one that the language lacks is supplied, or defined by others."""
        language = self.language
        if op not in language.functions and f"{op}_of" not in self.called:
            self._define(op)
        name = language.functions.get(op, f"{op}_of")
        self.supply(name)
        return name

    def supply(self, name: str) -> None:
        """Put a function in front of the program, if the language has not got it, and those that it calls."""
        text = self.language.supplied.get(name)
        if text is not None and name not in self.called:
            for other in self.language.supplied:
                if other != name and other in self.language.words(text):
                    self.supply(other)
            self.called[name] = None

    def _define(self, op: str) -> None:
        """A function by its definition in other primitives, which the table knows."""
        definition = OPS[op].definition_graph()
        own = ExpressionWriter(self.language, Identifiers(self.language))
        own.called, own.definitions = self.called, self.definitions
        result = own.text(definition)
        arguments = tuple(own.identifiers[name] for name in definition.variables)
        self.definitions[f"{op}_of"] = self.language.function(f"{op}_of", arguments, result)
        self.called[f"{op}_of"] = None

    @property
    def supplied(self) -> list[str]:
        """The texts of the functions that are called and that the language has not."""
        return [self.language.supplied.get(name) or self.definitions[name] for name in self.called]

    def number(self, literal: str) -> Written:
        """A literal to its last digit, as a double."""
        if literal in self.language.constants:
            return Written(self.language.constants[literal])
        digits = LITERAL.fullmatch(literal)
        assert digits is not None, "constants are decimals, pi and e"
        sign, mantissa, exponent = digits[1], digits[2], digits[3] or ""
        if math.isinf(float(literal)):
            mantissa, exponent = self.language.infinity, ""
        elif "." not in mantissa and not exponent:
            mantissa += ".0"
        return Written(sign + mantissa + exponent, SIGN if sign else ATOM)


def _filled(template: str, texts: list[str]) -> str:
    """A template of ours with its slots filled, once each, from the left."""
    return re.sub(r"\{(\d)\}", lambda slot: texts[int(slot[1])], template)
