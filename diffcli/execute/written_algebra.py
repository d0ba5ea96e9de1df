"""Determinants, inverses and solutions written out in numbers, by minors: division-free, so that no pivot can be 0.

det X = Σ_j (−1)^j x_0j · det(X without row 0 and column j). Each minor of the last rows is computed once: about
n·2^(n−1) products instead of n!.
"""

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

from diffcli.errors import LimitError

LARGEST = 6
"""Rows of the largest matrix that is written out."""
Apply = Callable[..., int]
"""Adds an operation on nodes to the graph under construction."""
Rows = Sequence[Sequence[int]]


def determinant(apply: Apply, constant: Callable[[str], int], rows: Rows) -> int:
    """The determinant of a matrix of nodes; 1 for the empty one."""
    if not rows:
        return constant("1")
    size = len(rows)
    minors: dict[tuple[int, ...], int] = {(column,): rows[-1][column] for column in range(size)}
    for height in range(2, size + 1):
        row = rows[size - height]
        minors = {chosen: _along_first_row(apply, row, chosen, minors) for chosen in combinations(range(size), height)}
    return minors[tuple(range(size))]


def _along_first_row(
    apply: Apply, row: Sequence[int], chosen: tuple[int, ...], minors: dict[tuple[int, ...], int]
) -> int:
    total = apply("mul", row[chosen[0]], minors[chosen[1:]])
    for place, column in enumerate(chosen[1:], start=1):
        term = apply("mul", row[column], minors[chosen[:place] + chosen[place + 1 :]])
        total = apply("sub" if place % 2 else "add", total, term)
    return total


def inverse(apply: Apply, constant: Callable[[str], int], rows: Rows) -> list[list[int]]:
    """X⁻¹ = adj(X) / det(X)."""
    whole, size = determinant(apply, constant, rows), len(rows)

    def entry(i: int, j: int) -> int:
        rest = [[x for column, x in enumerate(row) if column != i] for number, row in enumerate(rows) if number != j]
        minor = determinant(apply, constant, rest)
        quotient = apply("div", minor, whole)
        return apply("neg", quotient) if (i + j) % 2 else quotient

    return [[entry(i, j) for j in range(size)] for i in range(size)]


def check_size(matrix: Any, op: str) -> None:
    """Raise LimitError for a matrix that is too large to be written out."""
    if matrix.shape[-1] > LARGEST:
        raise LimitError(f"{op} of a matrix larger than {LARGEST}×{LARGEST} is not written out in numbers")
