"""What a reader of the text could doubt, and the notes that settle it."""

from diffcli.errors import Place
from diffcli.graph.program import INPUT
from diffcli.language import array_mistakes
from diffcli.language.precedence import Operand, Pending
from diffcli.language.scope import Scope

DOTS = frozenset("·⋅∙•") | {"\\cdot"}
SHORT = 60
"""Longer pieces of text are not quoted."""


def note_argument(scope: Scope, call: Pending, argument: Operand) -> None:
    """`sin 2x` takes the whole run: say so unless the argument is one name or number."""
    scope.doubtful = True
    written = scope.text[argument.start : argument.end]
    if argument.end - call.token.start <= SHORT and not (written.isidentifier() or written.isdecimal()):
        whole = scope.text[call.token.start : argument.end]
        power = f"^{call.exponent}" if call.exponent else ""
        scope.note(f"'{whole}' is read as {call.token.text}{power}({written})")


def note_product(scope: Scope, left: Operand, right: Operand) -> None:
    """`1/2x` is (1/2)·x."""
    scope.doubtful = True
    if right.end - left.start > SHORT:
        return
    first, second = scope.text[left.start : left.end], scope.text[right.start : right.end]
    bare = len(first) > 1 and first[-1] not in ")}" and first[0] != "\\"
    if bare and scope.builder.nodes[left.position].op in ("div", "pow"):
        scope.note(f"'{scope.text[left.start : right.end]}' is read as ({first})·{second}")


def note_elementwise(scope: Scope, operator: Pending, left: Operand, right: Operand) -> None:
    """What mathematics writes without a sign, with a dot or as a power is more than elementwise for arrays."""
    x, y = scope.builder.shape(left.position), scope.builder.shape(right.position)
    if not x:
        return
    if operator.op == "mul" and y:
        if operator.implicit:
            raise array_mistakes.unsigned_product(scope, left, right)
        if scope.text[operator.token.start : operator.token.end] in DOTS:
            scope.note("a dot between arrays multiplies element by element; the sum of products is x @ y")
    if operator.op == "pow":
        exponent = scope.builder.nodes[right.position]
        if exponent.literal == "T" and exponent.op == INPUT and not scope.known("T"):
            base = array_mistakes.described(scope, left)
            raise array_mistakes.transposed_by_power(base, Place(left.start, right.end))
        if len(x) > 1 and exponent.op == "neg":
            scope.note("a power of a matrix is taken element by element; its inverse is inv(A)")


def doubt_power(scope: Scope, right: Operand) -> None:
    """-x^2 and 2^3^2 are read differently by spreadsheets and other tools."""
    if scope.builder.nodes[right.position].op == "pow" and scope.text[right.start] != "(":
        scope.doubtful = True
