"""Nested tuples, lists and dictionaries of arrays: taken apart into leaves, and put together again."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from diffcli.errors import FunctionError

MAX_DEPTH = 100
"""How deep containers can be nested; one that contains itself is deeper than any."""


class Leaf(NamedTuple):
    """An array or a number, with its name such as params.W1 or layers[0]."""

    name: str
    value: Any


def leaves(name: str, tree: Any) -> Iterator[Leaf]:
    """The leaves from left to right; None is an empty container."""
    waiting: list[tuple[str, Any, int]] = [(name, tree, 0)]
    while waiting:
        name, tree, depth = waiting.pop()
        _check_depth(depth)
        if isinstance(tree, dict):
            waiting.extend((_dotted(name, key), tree[key], depth + 1) for key in reversed(tree))
        elif isinstance(tree, tuple) and hasattr(tree, "_fields"):
            waiting.extend((f"{name}.{field}", getattr(tree, field), depth + 1) for field in reversed(tree._fields))
        elif isinstance(tree, (tuple, list)):
            waiting.extend((f"{name}[{k}]", tree[k], depth + 1) for k in range(len(tree) - 1, -1, -1))
        elif tree is not None:
            yield Leaf(name, tree)


def _check_depth(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise FunctionError(f"containers are nested more than {MAX_DEPTH} deep, or one contains itself")


def _dotted(name: str, key: Any) -> str:
    return f"{name}.{key}" if isinstance(key, str) else f"{name}[{key!r}]"


def mapped(function: Callable[[Any], Any], tree: Any) -> Any:
    """The same containers with other leaves, which are asked for from left to right."""
    if isinstance(tree, dict):
        return {key: mapped(function, value) for key, value in tree.items()}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(mapped(function, value) for value in tree))
    if isinstance(tree, (tuple, list)):
        return type(tree)(mapped(function, value) for value in tree)
    return None if tree is None else function(tree)


def filled(tree: Any, values: Iterator[Any]) -> Any:
    """The same containers with these leaves."""
    return mapped(lambda _: next(values), tree)


def structure(tree: Any, depth: int = 0) -> Any:
    """What can be compared and hashed: the kinds of containers, their keys, and how many leaves they hold."""
    _check_depth(depth)
    if isinstance(tree, dict):
        return dict, tuple((key, structure(value, depth + 1)) for key, value in tree.items())
    if isinstance(tree, (tuple, list)):
        return type(tree), tuple(structure(value, depth + 1) for value in tree)
    return tree is None
