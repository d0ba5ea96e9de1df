"""The two stacks of the grammar: what waits for its right-hand side, and finished operands.

Operators, functions and brackets that still wait lie on `pending`, finished operands on `operands`; so nothing is
recursive, and no text is nested too deeply for Python.
"""

from collections.abc import Sequence

from diffcli.errors import Place, ShapeError
from diffcli.language import array_mistakes
from diffcli.language.array_functions import ARRAY_FUNCTIONS, ArrayFunction, Function
from diffcli.language.arrays import apply_array_call
from diffcli.language.calls import apply_call
from diffcli.language.doubts import doubt_power, note_argument, note_elementwise, note_product
from diffcli.language.limits import Limits
from diffcli.language.precedence import BOTTOM, FUNCTION, OPERATOR, RUN, Operand, Pending
from diffcli.language.scope import Scope
from diffcli.language.tokens import Token


class Stacks:
    """The stacks, and how what lies on them becomes nodes of the graph."""

    def __init__(self, scope: Scope, limits: Limits, end: Token) -> None:
        """Empty, for a text that ends with the token `end`."""
        self.scope, self.limits = scope, limits
        self.text, self.builder = scope.text, scope.builder
        self.operands: list[Operand] = []
        self.pending = [Pending(BOTTOM, "", end)]
        self.brackets: list[Pending] = []
        self.conditions: list[bool] = []
        """For every open bracket, whether comparisons may stand in it now."""

    def wait(self, pending: Pending) -> None:
        """Put what needs a right-hand side on its stack."""
        self.pending.append(pending)
        if len(self.pending) > self.limits.nesting:
            self.limits.check("nesting", len(self.pending), "the expression is nested too deeply", pending.token.place)

    def reduce(self, precedence: int) -> None:
        """Finish everything that waits and binds at least as tightly as `precedence`."""
        while self.pending[-1].precedence >= precedence:
            self._finish(self.pending.pop())

    def finish_bracket(self) -> tuple[Pending, list[Operand]]:
        """The innermost bracket and the operands in it."""
        self.reduce(OPERATOR)
        bracket = self.pending.pop()
        self.brackets.pop()
        self.conditions.pop()
        contents = self.operands[bracket.base :]
        del self.operands[bracket.base :]
        return bracket, contents

    def in_bars(self) -> bool:
        """Whether the innermost open bracket is a bar."""
        return bool(self.brackets) and self.brackets[-1].op == "|"

    def in_run(self) -> bool:
        """Whether a function without parentheses still takes what follows."""
        at = len(self.pending) - 1
        while self.pending[at].precedence > RUN:
            at -= 1
        return self.pending[at].precedence in (FUNCTION, RUN)

    def call(self, call: Pending, row: Function, args: Sequence[Operand], place: Place) -> int:
        """The node of a finished call; max and min of one array are functions of arrays."""
        keywords, name = call.keywords or {}, call.token.text
        if not isinstance(row, ArrayFunction) and row.name in ARRAY_FUNCTIONS:
            of_one = len(args) == 1 and self.builder.shape(args[0].position) != ()
            row = ARRAY_FUNCTIONS[row.name] if keywords or of_one else row
        if isinstance(row, ArrayFunction):
            position = apply_array_call(self.scope, row, name, args, keywords, place)
            self.limits.check("nodes", len(self.builder.nodes), "the expression has too many nodes", place)
        else:
            position = apply_call(self.scope, row, name, args, place)
        if call.exponent:
            exponent = self.builder.constant(call.exponent.lstrip("0"))
            position = self.builder.apply("pow", position, exponent, place=place)
        return position

    def apply(self, op: str, operands: Sequence[Operand], place: Place) -> int:
        """The node of an operator; where shapes do not fit, the error says what would help."""
        try:
            return self.builder.apply(op, *[operand.position for operand in operands], place=place)
        except ShapeError as error:
            error.hint = array_mistakes.shape_hint(self.scope, op, operands)
            raise

    def _finish(self, pending: Pending) -> None:
        """Take the operands of an operator or of a function without parentheses, and put its node in their place."""
        right = self.operands.pop()
        if pending.row is not None:
            start = pending.token.start
            position = self.call(pending, pending.row, [right], Place(start, right.end))
            note_argument(self.scope, pending, right)
        elif pending.op == "neg":
            start = pending.token.start
            position = self.apply("neg", [right], Place(start, right.end))
            doubt_power(self.scope, right)
        else:
            left = self.operands.pop()
            start = left.start
            position = self._combine(pending, left, right)
        self.operands.append(Operand(position, start, right.end))

    def _combine(self, pending: Pending, left: Operand, right: Operand) -> int:
        note_elementwise(self.scope, pending, left, right)
        position = self.apply(pending.op, [left, right], Place(left.start, right.end))
        if pending.implicit:
            note_product(self.scope, left, right)
        elif pending.op == "pow":
            doubt_power(self.scope, right)
        return position
