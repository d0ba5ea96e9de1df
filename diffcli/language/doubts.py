"""What a reader of the text could doubt, and the notes that settle it."""

from diffcli.language.precedence import Operand, Pending
from diffcli.language.scope import Scope

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


def doubt_power(scope: Scope, right: Operand) -> None:
    """-x^2 and 2^3^2 are read differently by spreadsheets and other tools."""
    if scope.builder.nodes[right.position].op == "pow" and scope.text[right.start] != "(":
        scope.doubtful = True
