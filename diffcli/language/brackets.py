"""Brackets: parentheses, bars, calls with their keywords, lists, indices; and the position in the tokens."""

from diffcli.errors import ExpressionError, Place
from diffcli.language import array_mistakes, mistakes
from diffcli.language.array_functions import ARRAY_FUNCTIONS, ArrayFunction, Function
from diffcli.language.arrays import apply_array_call, element_of, list_of, transposed
from diffcli.language.calls import apply_call
from diffcli.language.indices import read_index, read_keyword, read_numbers
from diffcli.language.limits import Limits
from diffcli.language.precedence import BRACKET, OPERATOR, Operand, Pending
from diffcli.language.scope import Scope
from diffcli.language.stacks import Stacks
from diffcli.language.tokens import END, NAME, Token

ENDS = (",", ")", END)
"""What may follow an argument."""


class BracketReader(Stacks):
    """Reads what opens, separates and closes brackets; `ExpressionReader` reads all else."""

    def __init__(self, tokens: list[Token], scope: Scope, limits: Limits, *, is_output: bool) -> None:
        """`tokens` end with an `end` token; `is_output` says that the expression is not assigned to a name."""
        super().__init__(scope, limits, tokens[-1])
        self.tokens, self.is_output = tokens, is_output
        self.at = 0
        self.operand_next = True

    def _operand(self, position: int, start: int, end: int) -> None:
        self.operands.append(Operand(position, start, end))
        self.operand_next = False
        self.at += 1

    def _wait(self, pending: Pending) -> None:
        self.wait(pending)
        self.operand_next = True

    # What opens.

    def begin_bracket(self, token: Token, row: Function | None = None, exponent: str = "") -> None:
        """A parenthesis, a bar or a list, or the parenthesis of a call of `row`, whose name is `token`."""
        kind = token.kind if token.kind in ("|", "[") else "("
        bracket = Pending(BRACKET, kind, token, row, exponent, len(self.operands), keywords={} if row else None)
        inside = token.kind == "(" and bool(self.conditions) and self.conditions[-1]
        self.conditions.append(inside or (row is not None and row.name == "where"))
        self.brackets.append(bracket)
        self.at += 1
        self._wait(bracket)

    def begin_list(self, token: Token) -> None:
        """[ where an operand comes next; in LaTeX it is a kind of parenthesis."""
        if self.scope.is_latex:
            raise mistakes.unexpected(token, self.text)
        self.begin_bracket(token)

    # What separates.

    def separate(self, token: Token) -> None:
        """A comma between arguments or elements."""
        if not self.brackets or (self.brackets[-1].row is None and self.brackets[-1].op != "["):
            before, after = self.tokens[self.at - 1], self.tokens[self.at + 1]
            raise mistakes.stray_comma(token, before, after, self.text, outside=not self.brackets)
        self.reduce(OPERATOR)
        self.conditions[-1] = False
        self.at += 1
        self.operand_next = True
        self._trailing(self.brackets[-1])

    def _trailing(self, bracket: Pending) -> None:
        """The whole numbers after the arrays in reshape(x, 2, 3)."""
        row, keywords = bracket.row, bracket.keywords
        if not isinstance(row, ArrayFunction) or keywords is None or not row.trailing or row.trailing in keywords:
            return
        token = self.tokens[self.at]
        is_keyword = token.kind == NAME and self.tokens[self.at + 1].kind == "="
        if is_keyword or len(self.operands) - bracket.base < row.arguments[1]:
            return
        read = read_numbers(self.tokens, self.at)
        if read is None or self.tokens[read.after].kind not in ENDS:
            raise array_mistakes.bad_sizes(bracket.token.text, row, token)
        keywords[row.trailing] = read.value
        self.at, self.operand_next = read.after, False

    def _keyword(self, token: Token) -> bool:
        """Read `axis=0` in a call, if it stands there."""
        bracket = self.brackets[-1] if self.brackets else None
        if bracket is None or bracket.row is None or bracket.keywords is None or self.pending[-1] is not bracket:
            return False
        row = bracket.row if isinstance(bracket.row, ArrayFunction) else ARRAY_FUNCTIONS.get(bracket.row.name)
        known = row.keywords if row else {}
        kind = known.get(token.text)
        if kind is None:
            if row is bracket.row or token.text in array_mistakes.KEYWORDS:
                raise array_mistakes.unknown_keyword(bracket.token.text, known, token)
            return False
        read = read_keyword(kind, self.tokens, self.at + 2)
        if read is None or self.tokens[read.after].kind not in ENDS:
            raise array_mistakes.bad_keyword(token, kind, self.tokens[self.at + 2])
        if token.text in bracket.keywords:
            raise ExpressionError(f"'{token.text}' is given twice", place=token.place, hint="give it once")
        bracket.keywords[token.text] = read.value
        self.at, self.operand_next = read.after, False
        return True

    # What closes.

    def end_bracket(self, token: Token) -> None:
        """A parenthesis, or that of a call."""
        self._check_closing(token)
        bracket, contents = self.finish_bracket()
        place = Place(bracket.token.start, token.end)
        if bracket.row is not None:
            position = self.call(bracket, bracket.row, contents, place)
        else:
            position = contents[0].position
            if self.text[bracket.token.start] == "\\":
                self._widen(position, place)
        self._operand(position, place.start, place.end)

    def end_list(self, token: Token) -> None:
        """[a, b, c]."""
        self._check_closing(token)
        bracket, elements = self.finish_bracket()
        place = Place(bracket.token.start, token.end)
        self._check_list(bracket.token, elements, place)
        self._operand(list_of(self.scope, elements, place), place.start, place.end)

    def _check_list(self, token: Token, elements: list[Operand], place: Place) -> None:
        """Brackets are sometimes meant as parentheses, and among numbers only as several outputs."""
        if len(elements) == 1 and not any(bracket.row or bracket.op == "[" for bracket in self.brackets):
            if not self.scope.shapes and not self.builder.shape(elements[0].position):
                raise array_mistakes.list_as_parenthesis(token, self.text, place.end)
            self.scope.note("square brackets make a list, here of one element; parentheses group")
        is_all = token is self.tokens[0] and self.tokens[self.at + 1].kind == END
        if self.is_output and is_all and not self.scope.shapes:
            raise array_mistakes.list_of_outputs(elements, self.text, place)

    def _check_closing(self, token: Token) -> None:
        """Refuse ) and ] that close nothing, or another bracket."""
        if not self.brackets:
            raise mistakes.never_opened(token, self.text)
        if self.in_bars():
            raise self._never_closed(token)
        if mistakes.CLOSERS[self.brackets[-1].op] != token.kind:
            raise mistakes.mismatched(token, self.text)

    def _never_closed(self, token: Token) -> ExpressionError:
        """For the innermost open bracket, noticed at `token`."""
        bracket = self.brackets[-1]
        start = self.text.find("(", bracket.token.end) if bracket.row else bracket.token.start
        closers = "".join(mistakes.CLOSERS[one.op] for one in reversed(self.brackets))
        place = Place(start, start + 1)
        return mistakes.never_closed(bracket.op, place, closers if token.kind == END else "", token, self.text)

    def _without_argument(self, end: int) -> None:
        """Raise the error for `sin()`."""
        bracket = self.brackets[-1]
        row, place = bracket.row, Place(bracket.token.start, end)
        if isinstance(row, ArrayFunction):
            apply_array_call(self.scope, row, bracket.token.text, (), {}, place)
        elif row is not None:
            apply_call(self.scope, row, bracket.token.text, (), place)

    def _widen(self, position: int, place: Place) -> None:
        r"""A node written as a LaTeX command stands where its command stands: all of \frac{a}{b}."""
        inner = self.builder.places[position]
        if inner is not None and inner.start >= place.start:
            self.builder.places[position] = place

    # Parts of the operand that has just ended.

    def part(self, token: Token) -> None:
        """x[0], W[:,1]."""
        operand = self.operands[-1]
        if self.scope.is_latex:
            raise mistakes.unexpected(token, self.text, operand[1:])
        if not self.builder.shape(operand.position):
            raise array_mistakes.only_arrays(self.scope, operand, "only arrays have elements", token.place)
        entries, after = read_index(self.tokens, self.at)
        place = Place(operand.start, self.tokens[after - 1].end)
        self._replace(element_of(self.scope, operand, entries, place), place, after)

    def attribute(self, token: Token) -> None:
        """x.T; no other attribute means anything."""
        name, operand = self.tokens[self.at + 1], self.operands[-1]
        if name.kind == NAME and name.text == "T":
            place = Place(operand.start, name.end)
            self._replace(transposed(self.scope, operand, place), place, self.at + 2)
            return
        is_array = bool(self.builder.shape(operand.position))
        is_function = name.text in ARRAY_FUNCTIONS
        if name.kind == NAME and (is_array or is_function):
            raise array_mistakes.attribute(name, is_function=is_function)
        raise mistakes.unexpected(token, self.text, operand[1:], name.kind)

    def _replace(self, position: int, place: Place, after: int) -> None:
        """Put a part in the place of the operand it was taken from."""
        self.operands[-1] = Operand(position, place.start, place.end)
        self.at = after
