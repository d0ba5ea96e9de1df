"""What a call becomes in the graph: arguments counted, logarithms to a base, max of several, orders of polygamma."""

from collections.abc import Sequence

from diffcli.errors import ExpressionError, Place, ShapeError
from diffcli.graph.ops import OPS
from diffcli.graph.primitive import Primitive
from diffcli.graph.program import CONSTANT, Builder
from diffcli.language.array_mistakes import shape_hint
from diffcli.language.precedence import Operand
from diffcli.language.scope import Scope

COMPARISONS = frozenset(("lt", "le", "gt", "ge", "eq", "ne"))
LARGEST_ORDER = 1000


def apply_call(scope: Scope, row: Primitive, name: str, arguments: Sequence[Operand], place: Place) -> int:
    """The node for `name(arguments)`, where the user wrote `name` for the primitive `row`."""
    try:
        return _applied(scope.builder, row, name, [argument.position for argument in arguments], place)
    except ShapeError as error:
        error.hint = shape_hint(scope, row.name, arguments)
        raise


def _applied(builder: Builder, row: Primitive, name: str, args: Sequence[int], place: Place) -> int:
    if row.name in ("min", "max") and len(args) > 2:
        result = args[0]
        for argument in args[1:]:
            result = builder.apply(row.name, result, argument, place=place)
        return result
    if row.name == "ln" and len(args) == 2:
        logarithms = [builder.apply("ln", argument, place=place) for argument in args]
        return builder.apply("div", *logarithms, place=place)
    if len(args) != row.arity:
        raise _wrong_count(row, name, len(args), place)
    if row.name == "polygamma":
        _check_order(builder, args[0], place)
    if row.name == "where" and builder.nodes[args[0]].op not in COMPARISONS:
        raise ExpressionError(
            "the first argument of where must be a comparison", place=place, hint="for example where(x > 0, x, 0)"
        )
    return builder.apply(row.name, *args, place=place)


def _wrong_count(row: Primitive, name: str, given: int, place: Place) -> ExpressionError:
    if row.name in ("min", "max"):
        message = f"{name} compares at least two numbers"
        return ExpressionError(message, place=place, hint=f"for example {name}(x, 0); or give an array")
    count = "one or two" if row.name == "ln" else str(row.arity)
    plural = "" if count == "1" else "s"
    example = ", ".join(("n", "x") if row.name == "polygamma" else ("x", "y", "z")[: row.arity])
    return ExpressionError(
        f"{name} takes {count} argument{plural}, not {given}",
        place=place,
        hint="write where(x > 0, a, b)" if row.name == "where" else f"write {name}({example})",
    )


def _check_order(builder: Builder, position: int, place: Place) -> None:
    node = builder.nodes[position]
    if node.op != CONSTANT or not node.literal.isdecimal() or int(node.literal) > LARGEST_ORDER:
        raise ExpressionError(
            f"the order of polygamma must be written as a whole number from 0 to {LARGEST_ORDER}",
            place=place,
            hint="for example polygamma(1, x)",
        )


assert OPS.keys() >= COMPARISONS
