"""Derivatives of a text at one point: gradient, Jacobian, Hessian, and products with them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from diffcli.derivatives import Mode
from diffcli.text_points import At, Located, Point, one_output


def gradient(text: str, at: At) -> tuple[Any, ...]:
    """The partials of the one output by every variable."""
    place = Located.read(text, at)
    one_output(place.derivatives.graph)
    return place.inputs(place.derivatives.gradient(place.values)[1])


def blocks(rows: Sequence[Sequence[Any]]) -> tuple[tuple[Any, ...], ...]:
    """The blocks of a matrix as floats or arrays."""
    from diffcli.conversions import block

    return tuple(tuple(map(block, row)) for row in rows)


def jacobian(text: str, at: At, mode: Mode | None = None) -> tuple[tuple[Any, ...], ...]:
    """For every output a row with the partials by every variable."""
    place = Located.read(text, at)
    rows = place.derivatives.jacobian(place.values, mode)
    return blocks(rows)


def hessian(text: str, at: At, mode: Mode | None = None) -> tuple[tuple[Any, ...], ...]:
    """For every variable a row with the second partials by every variable."""
    place = Located.read(text, at)
    rows = place.derivatives.hessian(place.values, mode)
    return blocks(rows)


def jvp(text: str, at: At, tangents: Mapping[str, Any]) -> tuple[Any, Any]:
    """Value and J·ẋ."""
    return jvp_at(Located.read(text, at), tangents)


def jvp_at(place: Located, tangents: Point) -> tuple[Any, Any]:
    """The same where text and point are read already."""
    values, results = place.derivatives.jvp(place.values, place.seeds(tangents))
    return place.output(values), place.output(results)


def vjp(text: str, at: At) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """Value, and the function that takes a cotangent ȳ of the value to Jᵀ·ȳ."""
    return vjp_at(Located.read(text, at))


def vjp_at(place: Located) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The same where text and point are read already."""
    point = place.values
    if any(type(value) is not float for value in point):  # without NumPy where nothing is an array
        from diffcli.conversions import unchanging

        point = unchanging(point)
    value = place.output(place.derivatives.value(point))

    def pulled_back(cotangent: Any) -> tuple[Any, ...]:
        from diffcli.conversions import matched

        given = matched([cotangent], [value], "cotangent")
        return place.inputs(place.derivatives.vjp(point, given)[1])

    return value, pulled_back


def hvp(text: str, at: At, direction: Mapping[str, Any]) -> tuple[Any, ...]:
    """The Hessian times a direction."""
    place = Located.read(text, at)
    return place.inputs(place.derivatives.hvp(place.values, place.seeds(direction)))
