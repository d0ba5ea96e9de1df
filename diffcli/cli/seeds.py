"""Tangents, cotangents and directions from the command line: vectors in the syntax of points."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from diffcli.errors import PointError
from diffcli.graph.shapes import Shape, shown
from diffcli.language.array_value import ArrayValue
from diffcli.language.limits import Limits
from diffcli.language.points import parse_point
from diffcli.render.shell import quoted


class SeedError(PointError):
    """A tangent, cotangent or direction that does not fit; `option` is where the correction belongs."""

    option: str = "--tangent"


def read_seeds(option: str, texts: Sequence[str], like: Mapping[str, Any], limits: Limits) -> list[Any]:
    """One float or array for each name in `like`, of the shape, library and type of its value.

    Without any text all elements are 1; with some, what is not named is 0.
    """
    try:
        given = parse_point(texts, limits)
    except PointError as problem:
        raise _error(option, problem.message, like, hint=problem.hint, text=problem.text, place=problem.place) from None
    unknown = next((name for name in given if name not in like), None)
    if unknown is not None:
        raise _error(option, f"there is no {quoted(unknown)} that {option} could belong to", like)
    if not given:
        return [_filled(value, 1.0) for value in like.values()]
    return [_seed(option, name, given[name].value, like) if name in given else _filled(value, 0.0)
            for name, value in like.items()]  # fmt: skip


def _seed(option: str, name: str, value: float | ArrayValue, like: Mapping[str, Any]) -> Any:
    wanted = tuple(getattr(like[name], "shape", ()))
    found = value.shape if isinstance(value, ArrayValue) else ()
    if found != wanted:
        raise _error(option, f"{option} gives {_sized(found)} for {name}, which is {_sized(wanted)}", like)
    if isinstance(like[name], float):
        return value
    from diffcli.execute.flat import unflattened

    elements = list(value.elements) if isinstance(value, ArrayValue) else [value]
    return unflattened(elements, [like[name]])[0]


def _filled(value: Any, element: float) -> Any:
    if isinstance(value, float):
        return element
    from diffcli.execute.flat import unflattened

    return unflattened([element] * prod(value.shape), [value])[0]


def _sized(shape: Shape) -> str:
    """A number, or an array of shape 2×3."""
    return f"an array of shape {shown(shape)}" if shape else "a number"


def _error(option: str, message: str, like: Mapping[str, Any], **details: Any) -> SeedError:
    names = ", ".join(like) or "none"
    details["hint"] = (
        details.get("hint") or f"the names are {names}; what is not named is 0, without {option} all are 1"
    )
    is_small = all(len(getattr(value, "shape", ())) <= 1 and getattr(value, "size", 1) <= 8 for value in like.values())
    proposal = ",".join(f"{name}={_ones(value)}" for name, value in like.items()) if is_small else None
    problem = SeedError(message, correction=proposal, **details)
    problem.option = option
    return problem


def _ones(value: Any) -> str:
    shape = getattr(value, "shape", ())
    return f"[{','.join(['1'] * shape[0])}]" if shape else "1"
