"""The grammar of expressions: tokens to nodes of the graph, by operator precedence (see `precedence`).

The reader goes once from left to right and is always in one of two states: an operand comes next, or an operand has
just ended. `brackets` reads what opens and closes, `stacks` knows what waits and what becomes of it.
"""

from collections.abc import Callable
from typing import ClassVar

from diffcli.errors import Place
from diffcli.language import array_mistakes, mistakes
from diffcli.language.array_functions import FUNCTIONS, ArrayFunction
from diffcli.language.brackets import BracketReader
from diffcli.language.calls import COMPARISONS
from diffcli.language.limits import Limits
from diffcli.language.lookahead import Call, Lookahead
from diffcli.language.numbers import check_boundary, literal, underflows
from diffcli.language.precedence import BINARY, COMPARISON, FUNCTION, OPERATOR, PRODUCT, RUN, SIGN, Pending
from diffcli.language.scope import Scope
from diffcli.language.tokens import END, LETTER, NAME, NUMBER, POWER, Token

Handler = Callable[["ExpressionReader", Token], None]


class ExpressionReader(BracketReader):
    """Reads one expression into the graph of its scope."""

    def __init__(self, tokens: list[Token], scope: Scope, limits: Limits, *, is_output: bool = True) -> None:
        """`tokens` end with an `end` token; `is_output` says that the expression is not assigned to a name."""
        super().__init__(tokens, scope, limits, is_output=is_output)
        self.ahead = Lookahead(tokens, scope)

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
        self.reduce(OPERATOR)
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
        if self.tokens[self.at + 1].kind == "=" and self._keyword(token):
            return
        call = self._call_at(self.at)
        if call is not None:
            self._begin_call(token, call)
            return
        if token.kind == NAME and token.text in FUNCTIONS and not self.ahead.may_be_variable(token.text):
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

    def _no_operand(self, token: Token) -> None:
        """Whatever cannot begin an operand is an error; this finds out which."""
        before = self.tokens[self.at - 1] if self.at else None
        if token.kind == ")" and before and before.kind == "(":
            self._without_argument(token.end)
        if token.kind in (")", "]") and not self.brackets:
            raise mistakes.never_opened(token, self.text)
        if token.kind == "]" and before and before.kind in ("[", ","):
            raise mistakes.missing_element(before, token)
        if token.kind in mistakes.MEANINGLESS:
            raise mistakes.unexpected(token, self.text)
        raise mistakes.missing_operand(self.tokens, self.at, self.text)

    # An operand has just ended.

    def _binary(self, token: Token) -> None:
        row = BINARY[token.kind]
        if row.precedence == COMPARISON:
            self._check_comparison(token)
        self.reduce(row.precedence + (row.name == "pow"))
        self.at += 1
        self._wait(Pending(row.precedence, row.name, token))

    def _juxtaposition(self, token: Token) -> None:
        """A product without a sign: inside the run of a function it binds tighter than the function."""
        in_list = bool(self.brackets) and self.brackets[-1].op == "["
        self.ahead.check_factors(self.tokens[self.at - 1], token, in_list=in_list)
        run = token.kind != "(" and self.in_run() and self._call_at(self.at) is None
        precedence = RUN if run else PRODUCT
        self.reduce(precedence)
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
        if not self.in_bars():
            self._juxtaposition(token)
            return
        bracket, (content,) = self.finish_bracket()
        place = Place(bracket.token.start, token.end)
        if self.builder.shape(content.position):
            self.scope.note("|x| is taken element by element; the length of a vector is norm(x)")
        self._operand(self.builder.apply("abs", content.position, place=place), place.start, place.end)

    def _no_operator(self, token: Token) -> None:
        """Whatever cannot follow an operand is an error; this finds out which."""
        self.reduce(OPERATOR)
        if token.kind == "=":
            raise mistakes.equals(token, self.tokens[self.at - 1], inside=bool(self.brackets))
        if token.kind == "'" and self.builder.shape(self.operands[-1].position):
            raise array_mistakes.prime(token)
        after = self.tokens[self.at + 1]
        raise mistakes.unexpected(token, self.text, self.operands[-1][1:], after.kind)

    # Calls and conditions.

    def _call_at(self, at: int) -> Call | None:
        return self.ahead.call(at, in_bars=self.in_bars())

    def _begin_call(self, token: Token, call: Call) -> None:
        exponent, following = call.exponent, self.tokens[call.argument]
        if exponent and not (exponent.isdecimal() and exponent.strip("0") and len(exponent) < 7):
            raise mistakes.function_power(token, following, inverse=exponent == "-1")
        if self.scope.known(token.text):
            self.scope.note(f"{token.text} with an argument is the function {token.text}")
        self.at = call.argument
        if following.kind == "(":
            self.scope.doubtful |= following.start > self.tokens[self.at - 1].end
            self.begin_bracket(token, call.row, exponent)
            return
        if isinstance(call.row, ArrayFunction) or call.row.arity != 1:
            raise mistakes.needs_parentheses(token)
        self._wait(Pending(FUNCTION, "call", token, call.row, exponent))

    def _check_comparison(self, token: Token) -> None:
        self.reduce(COMPARISON)
        if not (self.conditions and self.conditions[-1]):
            raise mistakes.comparison(token)
        if self.builder.nodes[self.operands[-1].position].op in COMPARISONS:
            raise mistakes.chained_comparison(token)

    # What is read in each of the two states, by the kind of the token.

    _AT_OPERAND: ClassVar[dict[str, Handler]] = {
        NUMBER: _number,
        NAME: _name,
        LETTER: _name,
        "-": _sign,
        "+": _sign,
        "(": BracketReader.begin_bracket,
        "|": BracketReader.begin_bracket,
        "[": BracketReader.begin_list,
    }
    _AT_OPERATOR: ClassVar[dict[str, Handler]] = {
        **dict.fromkeys(BINARY, _binary),
        **dict.fromkeys((NUMBER, NAME, LETTER, "("), _juxtaposition),
        POWER: _superscript,
        "|": _bar,
        ")": BracketReader.end_bracket,
        "]": BracketReader.end_list,
        ",": BracketReader.separate,
        "[": BracketReader.part,
        ".": BracketReader.attribute,
    }
