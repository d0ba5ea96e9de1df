"""What lists, indices, transposes and calls of functions of arrays become in the graph."""

from collections.abc import Mapping, Sequence
from typing import Any

from diffcli.errors import Place, ShapeError
from diffcli.graph.composites import stack
from diffcli.graph.primitive import Term
from diffcli.graph.shapes import Shape, normal_key, selected
from diffcli.language import array_mistakes as mistakes
from diffcli.language.array_functions import ArrayFunction
from diffcli.language.array_value import MOST_AXES
from diffcli.language.indices import Entry
from diffcli.language.precedence import Operand
from diffcli.language.scope import Scope


def list_of(scope: Scope, elements: Sequence[Operand], place: Place) -> int:
    """[a, b, c]: numbers, or arrays of one shape, side by side along a new first axis."""
    shapes = [scope.builder.shape(element.position) for element in elements]
    for element, shape in zip(elements, shapes, strict=True):
        if shape != shapes[0]:
            raise mistakes.unequal_elements(shapes[0], shape, Place(element.start, element.end))
    if len(shapes[0]) == MOST_AXES:
        raise mistakes.too_many_axes(place)
    scope.builder.place = place
    term = stack([Term(scope.builder, element.position) for element in elements])
    scope.builder.place = None
    return term.position


def element_of(scope: Scope, operand: Operand, entries: Sequence[Entry], place: Place) -> int:
    """x[…]: an element, a part, or with None the same with new axes."""
    shape = scope.builder.shape(operand.position)
    if not shape:
        raise mistakes.only_arrays(scope, operand, "only arrays have elements", place)
    if len(entries) > MOST_AXES:
        raise mistakes.too_many_axes(place)
    entries = _expanded(entries, len(shape))
    axes = [entry for entry in entries if isinstance(entry, int | slice)]
    try:
        key = normal_key(shape, axes)
    except ShapeError as error:
        error.place, error.hint = place, mistakes.index_hint(shape, too_many=len(axes) > len(shape))
        raise
    lengths = selected(shape, key)
    if len(lengths) + entries.count(None) > MOST_AXES:
        raise mistakes.too_many_axes(place)
    if 0 in lengths:
        raise mistakes.nothing_selected(place, shape)
    scope.builder.place = place
    term = Term(scope.builder, operand.position)
    if None not in entries or any(entry != slice(None) for entry in axes):
        term = term.index(key)
    if None in entries:
        term = term.reshape(_with_new_axes(entries, lengths))
    scope.builder.place = None
    return term.position


def _expanded(entries: Sequence[Entry], rank: int) -> list[Entry]:
    """The entries with `...` replaced by as many full slices as are missing."""
    given = sum(isinstance(entry, int | slice) for entry in entries)
    full: list[Entry] = []
    for entry in entries:
        if entry is Ellipsis:
            full += [slice(None)] * (rank - given)
            given = rank
        else:
            full.append(entry)
    return full


def _with_new_axes(entries: Sequence[Entry], lengths: Shape) -> Shape:
    left = list(lengths)
    shape = [1 if entry is None else left.pop(0) for entry in entries if not isinstance(entry, int)]
    return (*shape, *left)


def transposed(scope: Scope, operand: Operand, place: Place) -> int:
    """x.T: all axes in reverse order."""
    rank = len(scope.builder.shape(operand.position))
    if not rank:
        raise mistakes.only_arrays(scope, operand, "only arrays are transposed", place)
    if rank == 1:
        scope.note(f"{mistakes.described(scope, operand)}.T is the vector itself, which has one axis; see outer(x, y)")
    return scope.builder.apply("transpose", operand.position, place=place, permutation=tuple(range(rank))[::-1])


def apply_array_call(
    scope: Scope,
    row: ArrayFunction,
    name: str,
    arguments: Sequence[Operand],
    keywords: Mapping[str, Any],
    place: Place,
) -> int:
    """The node for `name(arguments, keywords)`."""
    low, high = row.arguments
    if not low <= len(arguments) <= high:
        raise mistakes.wrong_count(row, name, len(arguments), place)
    if row.trailing == "shape" and "shape" not in keywords:
        raise mistakes.no_shape(name, place)
    terms = [Term(scope.builder, argument.position) for argument in arguments]
    if not row.of_numbers and not any(term.shape for term in terms):
        error = mistakes.only_arrays(scope, arguments[0], f"{name} works on arrays", place)
        if scope.known(name):
            error.hint = f"for a product write {name}*(…)"
        raise error
    called = (row.name, *(argument.position for argument in arguments), *sorted(keywords.items()))
    if called in scope.calls:
        return scope.calls[called]
    scope.builder.place = place
    try:
        result = row.build(*terms, **keywords)
    except ShapeError as error:
        error.place = place
        error.hint = error.hint or _hint(scope, row, arguments, error)
        raise
    scope.builder.place = None
    if len(result.shape) > MOST_AXES:
        raise mistakes.too_many_axes(place)
    scope.calls[called] = result.position
    if note := row.note(terms):
        scope.note(note)
    return result.position


def _hint(scope: Scope, row: ArrayFunction, arguments: Sequence[Operand], error: ShapeError) -> str | None:
    if error.message.startswith("there is no axis"):
        return mistakes.axis_hint(scope.builder.shape(arguments[0].position))
    if row.name in ("dot", "matmul"):
        return mistakes.shape_hint(scope, "matmul", arguments)
    return None
