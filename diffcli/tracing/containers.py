"""Nested tuples, lists and dictionaries of arrays: taken apart into leaves, and put together again."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple


class Leaf(NamedTuple):
    """An array or a number, with its name such as params.W1 or layers[0]."""

    name: str
    value: Any


def leaves(name: str, tree: Any) -> Iterator[Leaf]:
    """The leaves from left to right; None is an empty container."""
    waiting: list[tuple[str, Any]] = [(name, tree)]
    while waiting:
        name, tree = waiting.pop()
        if isinstance(tree, dict):
            waiting.extend((_dotted(name, key), tree[key]) for key in reversed(tree))
        elif isinstance(tree, tuple) and hasattr(tree, "_fields"):
            waiting.extend((f"{name}.{field}", getattr(tree, field)) for field in reversed(tree._fields))
        elif isinstance(tree, (tuple, list)):
            waiting.extend((f"{name}[{k}]", tree[k]) for k in range(len(tree) - 1, -1, -1))
        elif tree is not None:
            yield Leaf(name, tree)


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


def structure(tree: Any) -> Any:
    """What can be compared and hashed: the kinds of containers, their keys, and how many leaves they hold."""
    if isinstance(tree, dict):
        return dict, tuple((key, structure(value)) for key, value in tree.items())
    if isinstance(tree, (tuple, list)):
        return type(tree), tuple(structure(value) for value in tree)
    return tree is None
