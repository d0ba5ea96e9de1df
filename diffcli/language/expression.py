"""The grammar of expressions: tokens to nodes of the graph, by operator precedence (see `precedence`).

The reader goes once from left to right and is always in one of two states: an operand comes next, or an operand has
just ended. Operators, functions and brackets that still wait for their right-hand side lie on the stack `pending`,
finished operands on the stack `operands`; so nothing is recursive, and no text is nested too deeply for Python.
"""

from collections.abc import Callable
from typing import ClassVar

from diffcli.errors import ExpressionError, Place
from diffcli.graph.ops import CALLABLE
from diffcli.graph.primitive import Primitive
from diffcli.language import mistakes
from diffcli.language.calls import COMPARISONS, apply_call
from diffcli.language.doubts import doubt_power, note_argument, note_product
from diffcli.language.limits import Limits
from diffcli.language.lookahead import Call, Lookahead
from diffcli.language.numbers import check_boundary, literal, underflows
from diffcli.language.precedence import (
    BINARY,
    BOTTOM,
    BRACKET,
    COMPARISON,
    FUNCTION,
    OPERATOR,
    PRODUCT,
    RUN,
    SIGN,
    Operand,
    Pending,
)
from diffcli.language.scope import Scope
from diffcli.language.tokens import END, LETTER, NAME, NUMBER, POWER, Token

Handler = Callable[["ExpressionReader", Token], None]


class ExpressionReader:
    """Reads one expression into the graph of its scope."""

    def __init__(self, tokens: list[Token], scope: Scope, limits: Limits) -> None:
        """`tokens` end with an `end` token."""
        self.tokens, self.scope, self.limits = tokens, scope, limits
        self.text, self.builder = scope.text, scope.builder
        self.ahead = Lookahead(tokens, scope)
        self.at = 0
        self.operand_next = True
        self.operands: list[Operand] = []
        self.pending = [Pending(BOTTOM, "", tokens[-1])]
        self.brackets: list[Pending] = []
        self.conditions: list[bool] = []
        """For every open bracket, whether comparisons may stand in it now."""

    def read(self) -> int:
        """The position of the node that the whole expression stands for."""
        tokens = self.tokens
        while True:
            token = tokens[self.at]
            if self.operand_next:
                self._AT_OPERAND.get(token.kind, ExpressionReader._no_operand)(self, token)
            elif token.kind == END:
                break
            else:
                self._AT_OPERATOR.get(token.kind, ExpressionReader._no_operator)(self, token)
        if self.brackets:
            raise self._never_closed(token)
        self._reduce(OPERATOR)
        return self.operands.pop().position

    # An operand comes next.

    def _number(self, token: Token) -> None:
        following = self.tokens[self.at + 1]
        if following.start == token.end and following.kind == NAME:
            check_boundary(token, following, self.text)
            self.ahead.check_exponent(self.at)
        text = literal(token, self.limits)
        if underflows(text):
            self.scope.note(f"{text[:60]} is 0 in double precision")
        self._operand(self.builder.constant(text, token.place), token.start, token.end)

    def _name(self, token: Token) -> None:
        call = self._call_at(self.at)
        if call is not None:
            self._begin_call(token, call)
            return
        if token.kind == NAME and token.text in CALLABLE and not self.ahead.may_be_variable(token.text):
            raise mistakes.no_argument(token, self.ahead.would_be_argument(self.at), self.text)
        if self.tokens[self.at + 1].kind == "(" and not self.ahead.multiplies(token):
            if token.text in self.scope.functions:
                raise mistakes.called(token)
            self.scope.check_spelling(token)
            raise mistakes.unknown_function(token, self.text)
        self._operand(self.scope.lookup(token), token.start, token.end)

    def _sign(self, token: Token) -> None:
        self.at += 1
        if token.kind == "-":
            self._wait(Pending(SIGN, "neg", token))

    def _open(self, token: Token, row: Primitive | None = None, exponent: str = "") -> None:
        """A parenthesis or bar, or the parenthesis of a call of `row`, whose name is `token`."""
        bracket = Pending(BRACKET, "|" if token.kind == "|" else "(", token, row, exponent, len(self.operands))
        inside = token.kind == "(" and bool(self.conditions) and self.conditions[-1]
        self.conditions.append(inside or (row is not None and row.name == "where"))
        self.brackets.append(bracket)
        self.at += 1
        self._wait(bracket)

    def _no_operand(self, token: Token) -> None:
        """Whatever cannot begin an operand is an error; this finds out which."""
        before = self.tokens[self.at - 1] if self.at else None
        if token.kind == ")" and before and before.kind == "(" and (row := self.brackets[-1].row):
            name = self.brackets[-1].token
            apply_call(self.builder, row, name.text, (), Place(name.start, token.end))
        if token.kind == ")" and not self.brackets:
            raise mistakes.never_opened(token, self.text)
        if token.kind in mistakes.MEANINGLESS:
            raise mistakes.unexpected(token, self.text)
        raise mistakes.missing_operand(self.tokens, self.at, self.text)

    # An operand has just ended.

    def _binary(self, token: Token) -> None:
        row = BINARY[token.kind]
        if row.precedence == COMPARISON:
            self._check_comparison(token)
        self._reduce(row.precedence + (row.name == "pow"))
        self.at += 1
        self._wait(Pending(row.precedence, row.name, token))

    def _juxtaposition(self, token: Token) -> None:
        """A product without a sign: inside the run of a function it binds tighter than the function."""
        self.ahead.check_factors(self.tokens[self.at - 1], token)
        run = token.kind != "(" and self._in_run() and self._call_at(self.at) is None
        precedence = RUN if run else PRODUCT
        self._reduce(precedence)
        self._wait(Pending(precedence, "mul", token, implicit=True))

    def _superscript(self, token: Token) -> None:
        operand = self.operands.pop()
        exponent = self.builder.constant(token.text.lstrip("-"), token.place)
        if token.text.startswith("-"):
            exponent = self.builder.apply("neg", exponent, place=token.place)
        place = Place(operand.start, token.end)
        self._operand(self.builder.apply("pow", operand.position, exponent, place=place), place.start, place.end)

    def _bar(self, token: Token) -> None:
        """A bar closes when one is open and an operand has just ended; else it opens."""
        if not self._in_bars():
            self._juxtaposition(token)
            return
        bracket, (content,) = self._finish_bracket()
        place = Place(bracket.token.start, token.end)
        self._operand(self.builder.apply("abs", content.position, place=place), place.start, place.end)

    def _close(self, token: Token) -> None:
        if not self.brackets:
            raise mistakes.never_opened(token, self.text)
        if self._in_bars():
            raise self._never_closed(token)
        bracket, contents = self._finish_bracket()
        position = contents[0].position
        if bracket.row is not None:
            place = Place(bracket.token.start, token.end)
            position = self._call(bracket, bracket.row, [operand.position for operand in contents], place)
        elif self.text[bracket.token.start] == "\\":
            self._widen(position, Place(bracket.token.start, token.end))
        self._operand(position, bracket.token.start, token.end)

    def _comma(self, token: Token) -> None:
        if not self.brackets or self.brackets[-1].row is None:
            before, after = self.tokens[self.at - 1], self.tokens[self.at + 1]
            raise mistakes.stray_comma(token, before, after, self.text, outside=not self.brackets)
        self._reduce(OPERATOR)
        self.conditions[-1] = False
        self.at += 1
        self.operand_next = True

    def _no_operator(self, token: Token) -> None:
        """Whatever cannot follow an operand is an error; this finds out which."""
        self._reduce(OPERATOR)
        if token.kind == "=":
            raise mistakes.equals(token, self.tokens[self.at - 1], inside=bool(self.brackets))
        after = self.tokens[self.at + 1]
        raise mistakes.unexpected(token, self.text, self.operands[-1][1:], after.kind)

    def _widen(self, position: int, place: Place) -> None:
        r"""A node written as a LaTeX command stands where its command stands: all of \frac{a}{b}."""
        inner = self.builder.places[position]
        if inner is not None and inner.start >= place.start:
            self.builder.places[position] = place

    # The two stacks.

    def _operand(self, position: int, start: int, end: int) -> None:
        self.operands.append(Operand(position, start, end))
        self.operand_next = False
        self.at += 1

    def _wait(self, pending: Pending) -> None:
        self.pending.append(pending)
        self.operand_next = True
        if len(self.pending) > self.limits.nesting:
            self.limits.check("nesting", len(self.pending), "the expression is nested too deeply", pending.token.place)

    def _reduce(self, precedence: int) -> None:
        """Finish everything on the stack that binds at least as tightly as `precedence`."""
        while self.pending[-1].precedence >= precedence:
            self._finish(self.pending.pop())

    def _finish(self, pending: Pending) -> None:
        """Take the operands of an operator or of a function without parentheses, and put its node in their place."""
        right = self.operands.pop()
        if pending.row is not None:
            start = pending.token.start
            position = self._call(pending, pending.row, [right.position], Place(start, right.end))
            note_argument(self.scope, pending, right)
        elif pending.op == "neg":
            start = pending.token.start
            position = self.builder.apply("neg", right.position, place=Place(start, right.end))
            doubt_power(self.scope, right)
        else:
            left = self.operands.pop()
            start = left.start
            position = self.builder.apply(pending.op, left.position, right.position, place=Place(start, right.end))
            if pending.implicit:
                note_product(self.scope, left, right)
            elif pending.op == "pow":
                doubt_power(self.scope, right)
        self.operands.append(Operand(position, start, right.end))

    def _finish_bracket(self) -> tuple[Pending, list[Operand]]:
        """The innermost bracket and the operands in it."""
        self._reduce(OPERATOR)
        bracket = self.pending.pop()
        self.brackets.pop()
        self.conditions.pop()
        contents = self.operands[bracket.base :]
        del self.operands[bracket.base :]
        return bracket, contents

    def _in_bars(self) -> bool:
        return bool(self.brackets) and self.brackets[-1].op == "|"

    def _in_run(self) -> bool:
        """Whether a function without parentheses still takes what follows."""
        at = len(self.pending) - 1
        while self.pending[at].precedence > RUN:
            at -= 1
        return self.pending[at].precedence in (FUNCTION, RUN)

    # Calls and conditions.

    def _call_at(self, at: int) -> Call | None:
        return self.ahead.call(at, in_bars=self._in_bars())

    def _begin_call(self, token: Token, call: Call) -> None:
        exponent, following = call.exponent, self.tokens[call.argument]
        if exponent and not (exponent.isdecimal() and exponent.strip("0") and len(exponent) < 7):
            raise mistakes.function_power(token, following, inverse=exponent == "-1")
        if self.scope.known(token.text):
            self.scope.note(f"{token.text} with an argument is the function {token.text}")
        self.at = call.argument
        if following.kind == "(":
            self.scope.doubtful |= following.start > self.tokens[self.at - 1].end
            self._open(token, call.row, exponent)
            return
        if call.row.arity != 1:
            raise mistakes.needs_parentheses(token)
        self._wait(Pending(FUNCTION, "call", token, call.row, exponent))

    def _call(self, call: Pending, row: Primitive, args: list[int], place: Place) -> int:
        position = apply_call(self.builder, row, call.token.text, args, place)
        if call.exponent:
            exponent = self.builder.constant(call.exponent.lstrip("0"))
            position = self.builder.apply("pow", position, exponent, place=place)
        return position

    def _check_comparison(self, token: Token) -> None:
        self._reduce(COMPARISON)
        if not (self.conditions and self.conditions[-1]):
            raise mistakes.comparison(token)
        if self.builder.nodes[self.operands[-1].position].op in COMPARISONS:
            raise mistakes.chained_comparison(token)

    def _never_closed(self, token: Token) -> ExpressionError:
        """For the innermost open bracket, noticed at `token`."""
        bracket = self.brackets[-1]
        start = self.text.find("(", bracket.token.end) if bracket.row else bracket.token.start
        closers = "".join(")" if one.op == "(" else "|" for one in reversed(self.brackets))
        place = Place(start, start + 1)
        return mistakes.never_closed(bracket.op, place, closers if token.kind == END else "", token, self.text)

    # What is read in each of the two states, by the kind of the token.

    _AT_OPERAND: ClassVar[dict[str, Handler]] = {
        NUMBER: _number,
        NAME: _name,
        LETTER: _name,
        "-": _sign,
        "+": _sign,
        "(": _open,
        "|": _open,
    }
    _AT_OPERATOR: ClassVar[dict[str, Handler]] = {
        **dict.fromkeys(BINARY, _binary),
        **dict.fromkeys((NUMBER, NAME, LETTER, "("), _juxtaposition),
        POWER: _superscript,
        "|": _bar,
        ")": _close,
        ",": _comma,
    }
