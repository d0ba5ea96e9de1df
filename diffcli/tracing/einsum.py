"""np.einsum: operand after operand, each pair as one (stacked) product of matrices."""

from collections import Counter
from collections.abc import Iterable
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from diffcli.errors import FunctionError, ShapeError
from diffcli.graph.primitive import Term
from diffcli.tracing.indexing import positions, taken

if TYPE_CHECKING:
    from diffcli.tracing.recorder import Recorder


def einsum(recorder: "Recorder", subscripts: Any, *operands: Any, optimize: Any = False) -> Term:  # noqa: ARG001 - NumPy's option
    """Sum of products over the labels that the result does not have."""
    if not isinstance(subscripts, str):
        raise FunctionError("np.einsum is supported with its labels as text", hint='np.einsum("ij,jk->ik", A, B)')
    labels, goal = _read(subscripts.replace(" ", ""))
    if len(labels) != len(operands):
        raise ShapeError(f"np.einsum has labels for {len(labels)} arrays, not {len(operands)}")
    terms = [_without_repetition(recorder.term(x), own) for x, own in zip(operands, labels, strict=True)]
    terms = _without_copies(terms)
    result, own = terms[0]
    for number, (other, names) in enumerate(terms[1:], start=2):
        later = set(goal).union(*(names for _, names in terms[number:]))
        result, own = _product(result, own, other, names, later)
    result, own = _summed(result, own, set(goal))
    return result.transpose([own.index(label) for label in goal])


def _read(text: str) -> tuple[list[str], str]:
    """The labels of the operands, and those of the result: by default all that occur once, in order."""
    left, arrow, goal = text.partition("->")
    labels = left.split(",")
    if not all(label.isalpha() for label in "".join(labels)) or not all(label.isalpha() for label in goal):
        raise FunctionError(f"np.einsum with {text!r} is not supported", hint="write one letter for each axis")
    if len(set(goal)) < len(goal) or not set(goal).issubset("".join(labels)):
        raise FunctionError(f"np.einsum with {text!r} has a result whose labels are new or repeated")
    if not arrow:
        counts = Counter("".join(labels))
        goal = "".join(sorted(label for label, count in counts.items() if count == 1))
    return labels, goal


def _without_repetition(x: Term, labels: str) -> tuple[Term, str]:
    """A label twice in one operand takes its diagonal."""
    if len(labels) != len(x.shape):
        raise ShapeError(f"np.einsum has {len(labels)} labels for an array with {len(x.shape)} axes")
    repeated = next((label for label in labels if labels.count(label) > 1), None)
    if repeated is None:
        return x, labels
    first = labels.index(repeated)
    second = labels.index(repeated, first + 1)
    if x.shape[first] != x.shape[second]:
        raise ShapeError(f"the axes {repeated!r} of np.einsum differ in length")
    rest = "".join(label for k, label in enumerate(labels) if k not in (first, second))
    return _without_repetition(taken(x, np.diagonal(positions(x), 0, first, second)), rest + repeated)


def _without_copies(terms: list[tuple[Term, str]]) -> list[tuple[Term, str]]:
    """An axis of length 1 that stands for a longer one of another operand is left out: nothing depends on it."""
    long = {label for x, labels in terms for label, size in zip(labels, x.shape, strict=True) if size != 1}
    kept = []
    for x, labels in terms:
        pairs = [pair for pair in zip(labels, x.shape, strict=True) if pair[1] != 1 or pair[0] not in long]
        kept.append((x.reshape(tuple(size for _, size in pairs)), "".join(label for label, _ in pairs)))
    return kept


def _summed(x: Term, labels: str, needed: Iterable[str]) -> tuple[Term, str]:
    """Summed over the labels that nobody needs."""
    axes = [k for k, label in enumerate(labels) if label not in needed]
    return x.sum(axes), "".join(label for label in labels if label in needed)


def _product(x: Term, first: str, y: Term, second: str, later: set[str]) -> tuple[Term, str]:
    """Two operands as one, whose labels are those needed later."""
    x, first = _summed(x, first, later.union(second))
    y, second = _summed(y, second, later.union(first))
    sizes = _sizes(x, first, y, second)
    stacked = [label for label in first if label in second and label in later]
    common = [label for label in first if label in second and label not in later]
    left = [label for label in first if label not in second]
    right = [label for label in second if label not in first]

    def matrix(term: Term, labels: str, *groups: list[str]) -> Term:
        order = [labels.index(label) for group in groups for label in group]
        batch, *parts = ([sizes[label] for label in group] for group in groups)
        return term.transpose(order).reshape((*batch, *(prod(part) for part in parts)))

    product = matrix(x, first, stacked, left, common) @ matrix(y, second, stacked, common, right)
    labels = [*stacked, *left, *right]
    return product.reshape(tuple(sizes[label] for label in labels)), "".join(labels)


def _sizes(x: Term, first: str, y: Term, second: str) -> dict[str, int]:
    sizes = dict(zip(first, x.shape, strict=True))
    for label, size in zip(second, y.shape, strict=True):
        if sizes.setdefault(label, size) != size:
            raise ShapeError(f"the axes {label!r} of np.einsum differ in length: {sizes[label]} and {size}")
    return sizes
