"""The grammar of expressions: tokens to nodes of the graph, by operator precedence.

    comparison   <  <=  >  >=  ==  !=     only in the condition of where
    sum          +  -
    product      *  /  and juxtaposition   1/2x is (1/2)·x
    function     sin 2x y                  a function without parentheses takes the run of factors after it
    sign         -                         -x^2 is -(x^2)
    power        ^                         from right to left, 2^3^2 is 2^(3^2)

The reader goes once from left to right and is always in one of two states: an operand comes next, or an operand has
just ended. Operators, functions and brackets that still wait for their right-hand side lie on the stack `pending`,
finished operands on the stack `operands`; so nothing is recursive, and no text is nested too deeply for Python.
"""

from collections.abc import Callable
from typing import NamedTuple

from diffcli.errors import Place
from diffcli.graph.ops import CALLABLE, OPS
from diffcli.graph.primitive import Primitive
from diffcli.language import mistakes
from diffcli.language.calls import COMPARISONS, apply_call
from diffcli.language.limits import Limits
from diffcli.language.numbers import check_boundary, literal, underflows
from diffcli.language.scope import CONSTANTS, Scope
from diffcli.language.suggestions import WORDS, nearest_function
from diffcli.language.tokens import END, LETTER, NAME, NUMBER, OTHER, POWER, Token

BOTTOM, BRACKET, OPERATOR = -1, 0, 1
COMPARISON, PRODUCT, SIGN, EXPONENT = (OPS[op].precedence for op in ("lt", "mul", "neg", "pow"))
FUNCTION = PRODUCT + 1
"""A function without parentheses ends at any operator that binds like * or more loosely, …"""
RUN = PRODUCT + 2
"""… but the juxtapositions in the run after it belong to its argument."""

BINARY = {row.symbol: row for row in OPS.values() if row.symbol and row.arity == 2}
LETTERS = frozenset(("gamma", "Gamma", "psi"))
"""Functions that are letters too, and as likely a variable as long as no point says more."""
WORDLIKE = (NAME, LETTER)
SHORT = 60
"""Longer pieces of text are not quoted in notes."""


class Operand(NamedTuple):
    """A finished operand: its node, and the range of the text with its brackets."""

    position: int
    start: int
    end: int


class Pending(NamedTuple):
    """An operator, a function without parentheses or a bracket that waits for its right-hand side."""

    precedence: int
    op: str
    token: Token
    row: Primitive | None = None
    """The function whose call it is."""
    exponent: str = ""
    """n in sin^n x."""
    base: int = 0
    """How many operands lie before a bracket."""
    implicit: bool = False
    """Whether a product was written by juxtaposition."""


class ExpressionReader:
    """Reads one expression into the graph of its scope."""

    def __init__(self, tokens: list[Token], scope: Scope, limits: Limits) -> None:
        """`tokens` end with an `end` token."""
        self.tokens, self.scope, self.limits = tokens, scope, limits
        self.text, self.builder = scope.text, scope.builder
        self.at = 0
        self.operand_next = True
        self.operands: list[Operand] = []
        self.pending = [Pending(BOTTOM, "", tokens[-1])]
        self.brackets: list[Pending] = []
        self.conditions: list[bool] = []
        self._variables: frozenset[str] | None = None

    def read(self) -> int:
        """The position of the node that the whole expression stands for."""
        tokens = self.tokens
        while True:
            token = tokens[self.at]
            if self.operand_next:
                AT_OPERAND.get(token.kind, ExpressionReader._no_operand)(self, token)
            elif token.kind == END:
                break
            else:
                AT_OPERATOR.get(token.kind, ExpressionReader._no_operator)(self, token)
        if self.brackets:
            raise self._never_closed()
        self._reduce(OPERATOR)
        return self.operands.pop().position

    # An operand comes next.

    def _number(self, token: Token) -> None:
        following = self.tokens[self.at + 1]
        if following.start == token.end and following.kind == NAME:
            check_boundary(token, following, self.text)
            self._check_exponent(token, following)
        text = literal(token, self.limits)
        if len(text) > 15 and underflows(text):
            self.scope.note(f"{text[:SHORT]} is 0 in double precision")
        elif "e" in text and underflows(text):
            self.scope.note(f"{text} is 0 in double precision")
        self._operand(self.builder.constant(text, token.place), token.start, token.end)

    def _name(self, token: Token) -> None:
        call = self._function(self.at)
        if call is not None:
            self._begin_call(token, *call)
            return
        if token.kind == NAME and token.text in CALLABLE and not self._may_be_variable(token.text):
            raise mistakes.no_argument(token, self._would_be_argument(), self.text)
        if self.tokens[self.at + 1].kind == "(" and not self._multiplies(token):
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
        inside = bracket.op == "(" and row is None and bool(self.conditions) and self.conditions[-1]
        self.at += 1
        self.brackets.append(bracket)
        self.conditions.append(inside or (row is not None and row.name == "where"))
        self._wait(bracket)

    def _no_operand(self, token: Token) -> None:
        before = self.tokens[self.at - 1] if self.at else None
        closes_nothing = token.kind == ")" and not self.brackets
        if token.kind == ")" and before and before.kind == "(" and self.brackets and self.brackets[-1].row:
            bracket = self.brackets[-1]
            assert bracket.row
            apply_call(self.builder, bracket.row, bracket.token.text, (), Place(bracket.token.start, token.end))
        if closes_nothing and (before is None or before.kind != "("):
            raise mistakes.never_opened(token, self.text)
        if token.kind == OTHER or (token.kind in mistakes.SIGNS and token.kind not in mistakes.OPERATORS):
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
        before = self.tokens[self.at - 1]
        if token.kind == NUMBER and before.kind in (NUMBER, POWER, NAME, LETTER):
            raise mistakes.adjacent_numbers(before, token, self.text)
        self._check_words(before, token)
        run = token.kind != "(" and self._in_run() and self._function(self.at) is None
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
        if not self.brackets or self.brackets[-1].op != "|":
            self._juxtaposition(token)
            return
        bracket, (content,) = self._finish_bracket()
        place = Place(bracket.token.start, token.end)
        self._operand(self.builder.apply("abs", content.position, place=place), place.start, place.end)

    def _close(self, token: Token) -> None:
        if not self.brackets:
            raise mistakes.never_opened(token, self.text)
        if self.brackets[-1].op == "|":
            raise self._never_closed()
        bracket, contents = self._finish_bracket()
        position = contents[0].position
        if bracket.row is not None:
            place = Place(bracket.token.start, token.end)
            position = self._call(bracket, [operand.position for operand in contents], place)
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
        self._reduce(OPERATOR)
        operand = self.operands[-1]
        if token.kind == "=":
            raise mistakes.equals(token, self.tokens[self.at - 1], inside=bool(self.brackets))
        after = self.tokens[self.at + 1].kind
        raise mistakes.unexpected(token, self.text, (operand.start, operand.end), after)

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
        right = self.operands.pop()
        if pending.row is not None:
            start = pending.token.start
            position = self._call(pending, [right.position], Place(start, right.end))
            self._note_argument(pending, right)
        elif pending.op == "neg":
            start = pending.token.start
            position = self.builder.apply("neg", right.position, place=Place(start, right.end))
            self._doubt_power(right)
        else:
            left = self.operands.pop()
            start = left.start
            position = self.builder.apply(pending.op, left.position, right.position, place=Place(start, right.end))
            if pending.implicit:
                self._note_product(left, right)
            elif pending.op == "pow":
                self._doubt_power(right)
        self.operands.append(Operand(position, start, right.end))

    def _finish_bracket(self) -> tuple[Pending, list[Operand]]:
        self._reduce(OPERATOR)
        bracket = self.pending.pop()
        self.brackets.pop()
        self.conditions.pop()
        contents = self.operands[bracket.base :]
        del self.operands[bracket.base :]
        return bracket, contents

    # Functions.

    def _function(self, at: int) -> tuple[Primitive, str, int] | None:
        """Whether tokens[at] calls a function: the function, n of sin^n, and where the argument begins.

        A function's name is a variable where no argument follows, and where the program itself defines it.
        """
        token = self.tokens[at]
        row = CALLABLE.get(token.text) if token.kind == NAME else None
        if row is None or self.scope.defined(token.text):
            return None
        exponent, after = self._function_power(at + 1)
        if not self._begins_argument(after, token.text):
            return None
        if exponent and not exponent.isdecimal() and self.scope.known(token.text):
            return None
        return row, exponent, after

    def _function_power(self, at: int) -> tuple[str, int]:
        """n of sin^n, sin^{n} or sin², and the place after it; ("", at) if there is none."""
        tokens, start = self.tokens, at
        if tokens[at].kind == POWER:
            return tokens[at].text, at + 1
        if tokens[at].kind != "^":
            return "", start
        at += 1
        wrapped = tokens[at].kind == "("
        at += wrapped
        sign = "-" if tokens[at].kind == "-" else ""
        at += len(sign)
        exponent = tokens[at]
        if exponent.kind not in (NUMBER, NAME, LETTER) or (wrapped and tokens[at + 1].kind != ")"):
            return "", start
        return sign + exponent.text, at + 1 + wrapped

    def _begins_argument(self, at: int, name: str) -> bool:
        """Whether tokens[at] is an argument of the function `name` before it."""
        token = self.tokens[at]
        if token.kind == "|":
            return not (self.brackets and self.brackets[-1].op == "|" and self._may_be_variable(name))
        if token.kind == NAME and token.text in CALLABLE:
            return not self.scope.known(name)
        return token.kind in ("(", NUMBER, NAME, LETTER)

    def _begin_call(self, token: Token, row: Primitive, exponent: str, after: int) -> None:
        if exponent and not (exponent.isdecimal() and exponent.strip("0") and len(exponent) < 7):
            following = self.tokens[after]
            argument = following.text if following.kind in WORDLIKE else ""
            raise mistakes.function_power(token, following, argument, inverse=exponent == "-1")
        if self.scope.known(token.text):
            self.scope.note(f"{token.text} with an argument is the function {token.text}")
        self.at = after
        if self.tokens[after].kind == "(":
            self.scope.doubtful |= self.tokens[after].start > self.tokens[after - 1].end
            self._open(token, row, exponent)
            return
        if row.arity != 1:
            apply_call(self.builder, row, token.text, (), token.place)
        self._wait(Pending(FUNCTION, "call", token, row, exponent))

    def _call(self, call: Pending, args: list[int], place: Place) -> int:
        assert call.row
        position = apply_call(self.builder, call.row, call.token.text, args, place)
        if call.exponent:
            exponent = self.builder.constant(call.exponent.lstrip("0"))
            position = self.builder.apply("pow", position, exponent, place=place)
        return position

    def _in_run(self) -> bool:
        """Whether a function without parentheses still takes what follows."""
        at = len(self.pending) - 1
        while self.pending[at].precedence > RUN:
            at -= 1
        return self.pending[at].precedence in (FUNCTION, RUN)

    def _may_be_variable(self, name: str) -> bool:
        return self.scope.known(name) or (not self.scope.closed and name in LETTERS)

    def _multiplies(self, token: Token) -> bool:
        """Whether x in x(y + 1) is a variable, so that a product is meant and not a call."""
        name = token.text
        if self.scope.known(name) or name in CONSTANTS:
            return True
        if self.scope.closed:
            return False
        letter = name.rstrip("0123456789").rstrip("_")
        return (len(letter) == 1 and letter not in "fgh") or token.kind == LETTER or name in self._plain_names()

    def _plain_names(self) -> frozenset[str]:
        """The names that somewhere stand without a parenthesis after them."""
        if self._variables is None:
            pairs = zip(self.tokens, self.tokens[1:], strict=False)
            self._variables = frozenset(a.text for a, b in pairs if a.kind in WORDLIKE and b.kind != "(")
        return self._variables

    # What is refused, and what a reader could doubt.

    def _check_exponent(self, token: Token, name: Token) -> None:
        """Refuse 3e and 1e+; 2e^x is 2·e^x."""
        after = self.tokens[self.at + 2]
        if name.text in ("e", "E") and not self.scope.known(name.text) and after.kind not in ("^", POWER):
            raise mistakes.broken_exponent(token, name, after)

    def _check_comparison(self, token: Token) -> None:
        self._reduce(COMPARISON)
        if not (self.conditions and self.conditions[-1]):
            raise mistakes.comparison(token)
        if self.builder.nodes[self.operands[-1].position].op in COMPARISONS:
            raise mistakes.chained_comparison(token)

    def _check_words(self, before: Token, token: Token) -> None:
        """Refuse `x if y`, `not x` and `sine x`, which nobody means as products."""
        for word in (before, token):
            if word.kind == NAME and word.text in WORDS and not self.scope.known(word.text):
                raise mistakes.programming_word(word, WORDS[word.text])
        unknown = before.kind == NAME and len(before.text) > 2 and self.scope.closed
        if unknown and not self.scope.known(before.text) and len(self.scope.inputs) < SHORT:
            self.scope.check_spelling(before)
            if before.text not in CALLABLE and nearest_function(before.text):
                raise mistakes.unknown_function(before, self.text)

    def _would_be_argument(self) -> Token | None:
        """The end of what follows a function's name and one sign: `2x` in `sin -2x`."""
        at = self.at + 1
        if self.tokens[at].kind not in ("-", "+"):
            return None
        while self.tokens[at + 1].kind in (NUMBER, NAME, LETTER, POWER):
            at += 1
        return self.tokens[at] if at > self.at + 1 else None

    def _never_closed(self) -> Exception:
        bracket, end = self.brackets[-1], self.tokens[-1]
        opening = bracket.token
        start = self.text.find("(", opening.end) if bracket.row else opening.start
        closers = "".join(")" if one.op == "(" else "|" for one in reversed(self.brackets))
        closers = closers if self.tokens[self.at].kind == END else ""
        return mistakes.never_closed(bracket.op, Place(start, start + 1), closers, end, self.text)

    def _note_argument(self, call: Pending, argument: Operand) -> None:
        """`sin 2x` takes the whole run: say so unless the argument is one name or number."""
        self.scope.doubtful = True
        written = self.text[argument.start : argument.end]
        if len(written) <= SHORT and not written.replace("_", "").isalnum():
            whole = self.text[call.token.start : argument.end]
            power = f"^{call.exponent}" if call.exponent else ""
            self.scope.note(f"'{whole}' is read as {call.token.text}{power}({written})")

    def _note_product(self, left: Operand, right: Operand) -> None:
        """`1/2x` is (1/2)·x."""
        self.scope.doubtful = True
        first, second = self.text[left.start : left.end], self.text[right.start : right.end]
        bare = self.builder.nodes[left.position].op in ("div", "pow") and len(first) > 1
        if bare and first[-1] not in ")}" and first[0] != "\\" and right.end - left.start <= SHORT:
            self.scope.note(f"'{self.text[left.start : right.end]}' is read as ({first})·{second}")

    def _doubt_power(self, right: Operand) -> None:
        """-x^2 and 2^3^2 are read differently by spreadsheets and other tools."""
        if self.builder.nodes[right.position].op == "pow" and self.text[right.start] != "(":
            self.scope.doubtful = True


Handler = Callable[[ExpressionReader, Token], None]
AT_OPERAND: dict[str, Handler] = {
    NUMBER: ExpressionReader._number,
    NAME: ExpressionReader._name,
    LETTER: ExpressionReader._name,
    "-": ExpressionReader._sign,
    "+": ExpressionReader._sign,
    "(": ExpressionReader._open,
    "|": ExpressionReader._open,
}
AT_OPERATOR: dict[str, Handler] = {
    **dict.fromkeys(BINARY, ExpressionReader._binary),
    **dict.fromkeys((NUMBER, NAME, LETTER, "("), ExpressionReader._juxtaposition),
    POWER: ExpressionReader._superscript,
    "|": ExpressionReader._bar,
    ")": ExpressionReader._close,
    ",": ExpressionReader._comma,
}
