"""How good a network is on samples: loss, accuracy, and which class is taken for which."""

from typing import Any, NamedTuple

from diffcli.learn.data import Part
from diffcli.learn.objective import Objective

Array = Any


class Score(NamedTuple):
    """Of one part of the data."""

    samples: int
    loss: float
    """The mean, without penalty and dropout."""
    accuracy: float


def predicted(scores: Array) -> Array:
    """The number of the class that each row of scores speaks for."""
    return scores.argmax(axis=1) if scores.ndim > 1 and scores.shape[1] > 1 else (scores.reshape(-1) > 0).astype(int)


def score(objective: Objective, part: Part) -> Score:
    """Loss and accuracy."""
    found = objective.evaluate(part.x, part.y)
    return Score(len(part), found.loss, float((predicted(found.scores) == part.labels).mean()))


def confusion(objective: Objective, part: Part, classes: int) -> tuple[tuple[int, ...], ...]:
    """How many samples of each class (row) are taken for each class (column)."""
    import numpy as np

    taken = predicted(objective.evaluate(part.x, part.y).scores)
    counts = np.zeros((classes, classes), dtype=int)
    np.add.at(counts, (part.labels, taken), 1)
    return tuple(tuple(row) for row in counts.tolist())
