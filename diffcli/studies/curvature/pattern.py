"""Which second derivatives can differ from 0 at all: those by two inputs that some operation couples."""

from collections.abc import Sequence

from diffcli.graph.ops import OPS
from diffcli.graph.program import Graph, Node

LINEAR = frozenset(("add", "sub", "neg", "where"))
"""Operations that couple no inputs (the condition of `where` has no derivative)."""


def coupled(graph: Graph, wrt: Sequence[int]) -> list[int]:
    """For each input in `wrt` a set of bits: the numbers in `wrt` of the inputs it is coupled with, itself included.

    The program is one in numbers. What is not coupled has a second derivative of exactly 0; what is can still cancel.
    """
    seeds = {position: 1 << number for number, position in enumerate(wrt)}
    depends: list[int] = []
    rows, seen = [0] * len(wrt), set[tuple[int, int]]()
    for position, node in enumerate(graph.nodes):
        parts = [0 if OPS[node.op].is_constant_in(k) else depends[a] for k, a in enumerate(node.args)]
        union = seeds.get(position, 0)
        for part in parts:
            union |= part
        depends.append(union)
        if graph.needed[position] and node.args and node.op not in LINEAR:
            for one, other in _products(node, parts, union):
                if (one, other) not in seen:
                    seen.add((one, other))
                    _couple(rows, one, other)
    return rows


def _products(node: Node, parts: Sequence[int], union: int) -> list[tuple[int, int]]:
    """The sets of inputs of which every one of the first meets every one of the second."""
    if node.op == "mul":
        return [(parts[0], parts[1])]
    if node.op == "div":
        return [(parts[0], parts[1]), (parts[1], parts[1])]
    return [(union, union)]


def _couple(rows: list[int], one: int, other: int) -> None:
    for number in members(one):
        rows[number] |= other
    for number in members(other):
        rows[number] |= one


def members(bits: int) -> list[int]:
    """The members of a set of bits."""
    found = []
    while bits:
        lowest = bits & -bits
        found.append(lowest.bit_length() - 1)
        bits ^= lowest
    return found
