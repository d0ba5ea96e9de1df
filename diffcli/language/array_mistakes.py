"""The errors of arrays: shapes that do not fit, lists, indices, arguments of functions of arrays."""

from collections.abc import Mapping, Sequence

from diffcli.errors import ExpressionError, Place, ShapeError
from diffcli.graph.program import CONSTANT, INPUT
from diffcli.graph.shapes import Shape, matrix_product, shown
from diffcli.language.array_functions import MANY, ArrayFunction, Kind
from diffcli.language.array_value import MOST_AXES
from diffcli.language.precedence import Operand
from diffcli.language.scope import Scope
from diffcli.language.tokens import Token

SHORT = 40
"""Longer pieces of text are not quoted."""
KEYWORDS = frozenset(("axis", "axes", "keepdims", "shape", "ord", "dtype", "initial", "out", "dim"))
"""Keywords that people know from other tools."""
EXAMPLES: Mapping[Kind, str] = {"axis": "0 or -1", "axes": "0 or (0, 1)", "sizes": "(2, 3)", "flag": "true"}


def described(scope: Scope, operand: Operand) -> str:
    """An operand as the user wrote it, where that is short."""
    text = scope.text[operand.start : operand.end]
    return text if len(text) <= SHORT and text.isprintable() else "this"


def value_hint(scope: Scope, operands: Sequence[Operand], *, matrix: bool = False) -> str | None:
    """Which variable to give an array for a value."""
    nodes = scope.builder.nodes
    example = "[[1,2],[3,4]]" if matrix else "[1,2,3]"
    for operand in operands:
        node = nodes[operand.position]
        if node.op == INPUT and not node.shape:
            return f"give {node.literal} a value such as {node.literal}={example}"
    if not scope.shapes:
        return f"arrays come from the point, for example W={example}"
    return None


def shape_hint(scope: Scope, op: str, operands: Sequence[Operand]) -> str | None:
    """What would help where shapes do not fit an operator."""
    shapes = [scope.builder.shape(operand.position) for operand in operands]
    if op == "matmul":
        if not all(shapes):
            numbers = [operand for operand, shape in zip(operands, shapes, strict=True) if not shape]
            return value_hint(scope, numbers, matrix=True) or "numbers are multiplied with *"
        return _transposed(scope, operands, shapes)
    if len(shapes) == 2 and set(shapes[0]) | set(shapes[1]):
        return "combined element by element, lengths are equal or 1, counted from the last axis"
    return None


def _transposed(scope: Scope, operands: Sequence[Operand], shapes: Sequence[Shape]) -> str | None:
    """The product with one factor or both transposed, or in the other order, if that fits."""
    (x, y), (left, right) = shapes, [described(scope, operand) for operand in operands]
    x_turned, y_turned = (f"{text}.T" if text.isidentifier() else f"({text}).T" for text in (left, right))
    attempts = (
        (x[::-1], y, f"{x_turned} @ {right}"),
        (x, y[::-1], f"{left} @ {y_turned}"),
        (x[::-1], y[::-1], f"{x_turned} @ {y_turned}"),
        (y, x, f"{right} @ {left}"),
    )
    for first, second, text in attempts:
        try:
            matrix_product(first, second)
        except ShapeError:
            continue
        return f"{text} would fit: {shown(first)} and {shown(second)}" if "this" not in (left, right) else None
    return None


def unsigned_product(scope: Scope, left: Operand, right: Operand) -> ExpressionError:
    """For W x, which many would take for the matrix product."""
    first, second = described(scope, left), described(scope, right)
    return ExpressionError(
        "a product of two arrays needs its sign",
        place=Place(left.start, right.end),
        hint=f"write {first} @ {second} for the matrix product, {first}*{second} for element by element",
        kind="shape",
    )


def transposed_by_power(base: str, place: Place) -> ExpressionError:
    """For W^T."""
    return ExpressionError(
        "a power T is no transpose", place=place, hint=f"write {base}.T; if T is your variable, give it a value"
    )


def only_arrays(scope: Scope, operand: Operand, what: str, place: Place) -> ShapeError:
    """For a number that is indexed, transposed or given to a function of arrays."""
    node = scope.builder.nodes[operand.position]
    hint = value_hint(scope, [operand])
    if node.op == CONSTANT:
        hint = "a product is written with *"
    text = described(scope, operand)
    subject = f"{text} is a number" if text != "this" else "this is a number"
    return ShapeError(f"{subject}, and {what}", place=place, hint=hint)


def index_hint(shape: Shape, *, too_many: bool) -> str:
    """Which indices there are."""
    if too_many:
        return f"at most {len(shape)}, one for every axis" if len(shape) > 1 else "one is enough: x[0]"
    axes = [f"0 to {size - 1}" if size > 1 else "0" for size in shape]
    ranges = axes[0] if len(axes) == 1 else "; ".join(f"axis {axis}: {text}" for axis, text in enumerate(axes))
    return f"indices are counted from 0: {ranges}; negative ones from the end"


def nothing_selected(place: Place, shape: Shape) -> ShapeError:
    """For x[3:1]."""
    message = f"this index selects nothing of an array of shape {shown(shape)}"
    return ShapeError(message, place=place, hint="x[1:3] are the elements 1 and 2; the end is not included")


def axis_hint(shape: Shape) -> str:
    """Which axes there are."""
    if len(shape) == 1:
        return "a vector has only the axis 0, which is also -1"
    return f"axes are counted from 0: 0 to {len(shape) - 1}, or -1 for the last"


def wrong_count(row: ArrayFunction, name: str, given: int, place: Place) -> ExpressionError:
    """For a function of arrays with too few or too many of them."""
    low, high = row.arguments
    if low == high:
        count = f"{low} array{'' if low == 1 else 's'}"
    else:
        count = f"{low} or more arrays" if high == MANY else f"{low} to {high} arrays"
    hint = f"write {row.signature}"
    if "axis" in row.keywords and given > high:
        hint = f"an axis is given as {name}(x, axis=0)"
    elif row.name == "concatenate" and given == 1:
        hint = "name the arrays one by one: concatenate(x, y)"
    return ExpressionError(f"{name} takes {count}, not {given}", place=place, hint=hint)


def unknown_keyword(name: str, known: Mapping[str, Kind], token: Token) -> ExpressionError:
    """For a keyword that a function does not take."""
    hint = f"its keywords are {', '.join(known)}" if known else f"{name} takes no keywords"
    return ExpressionError(f"{name} has no '{token.text}'", place=token.place, hint=hint)


def bad_keyword(keyword: Token, kind: Kind, value: Token) -> ExpressionError:
    """For a keyword with a value that it does not take."""
    whole = "true or false" if kind == "flag" else "whole numbers written as such"
    return ExpressionError(
        f"{keyword.text}= takes {whole}",
        place=Place(keyword.start, max(value.end, keyword.end)),
        hint=f"for example {keyword.text}={EXAMPLES[kind]}",
    )


def bad_sizes(name: str, row: ArrayFunction, token: Token) -> ExpressionError:
    """For reshape(x, n)."""
    what = "the shape is" if row.trailing == "shape" else "the axes are"
    example = f"{name}(x, 2, 3)" if row.trailing == "shape" else f"{name}(x, (1, 0))"
    return ExpressionError(f"{what} written in whole numbers", place=token.place, hint=f"for example {example}")


def too_many_axes(place: Place) -> ShapeError:
    """For lists in lists in lists … and x[None, None, …]."""
    return ShapeError(f"an array has at most {MOST_AXES} axes", place=place)


def no_shape(name: str, place: Place) -> ExpressionError:
    """For reshape(x)."""
    return ExpressionError(f"{name} lacks the new shape", place=place, hint=f"for example {name}(x, 2, 3)")


def list_as_parenthesis(token: Token, text: str, end: int) -> ExpressionError:
    """For [x+1]*2 where nothing is an array."""
    inside = f"({text[token.end : end - 1]})"
    return ExpressionError(
        "square brackets make lists, and this one has only one number",
        place=token.place,
        hint="use parentheses ( ) for grouping",
        correction=text[: token.start] + inside + text[end:],
    )


def list_of_outputs(elements: Sequence[Operand], text: str, place: Place) -> ExpressionError:
    """For [x, y] as a whole expression of numbers."""
    parts = [text[element.start : element.end] for element in elements]
    return ExpressionError(
        "a list alone is not read as several outputs",
        place=place,
        hint="outputs are separated by ;",
        correction=text[: place.start] + "; ".join(parts) + text[place.end :] if len(parts) > 1 else None,
    )


def unequal_elements(first: Shape, other: Shape, place: Place) -> ShapeError:
    """For lists whose elements have different shapes."""
    if first and other and len(first) == len(other) == 1:
        message = f"the rows of this list have different lengths: {first[0]} and {other[0]}"
    else:
        message = f"the elements of this list have different shapes: {shown(first)} and {shown(other)}"
    return ShapeError(message, place=place, hint="arrays are joined by concatenate(x, y)")


def attribute(name: Token, *, is_function: bool) -> ExpressionError:
    """For x.sum and x.shape."""
    if is_function:
        return ExpressionError("functions stand before their argument", place=name.place, hint=f"write {name.text}(x)")
    return ExpressionError(f"'.{name.text}' is nothing known here", place=name.place, hint="the transpose is x.T")


def prime(token: Token) -> ExpressionError:
    """For W'."""
    return ExpressionError("a prime is no part of an expression", place=token.place, hint="the transpose is x.T")
