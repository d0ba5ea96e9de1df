"""Training data: samples with numbers as features and one of several classes as label, split and standardised."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from diffcli.errors import UsageError
from diffcli.language.suggestions import nearest

Array = Any
LEAST_CLASSES, LEAST_SAMPLES = 2, 3
"""Classes there must be, and samples of each of them: one for each part."""
MOST_CLASSES = 1000


@dataclass(frozen=True)
class Data:
    """Samples and their labels."""

    name: str
    x: Array
    """One row for each sample, in double precision."""
    labels: Array
    """The number of the class of each sample."""
    classes: tuple[str, ...]
    features: tuple[str, ...]
    source: str = ""
    has_one_unit: bool = False
    """Whether all features are of one kind, such as pixels, so that one scale is for all of them."""

    def __len__(self) -> int:
        return len(self.x)

    @property
    def counts(self) -> list[int]:
        """How many samples there are of each class."""
        import numpy as np

        return [int(n) for n in np.bincount(self.labels, minlength=len(self.classes))]

    @property
    def digest(self) -> str:
        """What tells these data from all others."""
        import numpy as np

        known = hashlib.sha256(repr((self.classes, self.x.shape)).encode())
        known.update(np.ascontiguousarray(self.x).tobytes())
        known.update(np.ascontiguousarray(self.labels).tobytes())
        return known.hexdigest()[:16]


@dataclass(frozen=True)
class Part:
    """The samples of training, validation or test as a network takes them."""

    x: Array
    y: Array
    """Labels as 0 and 1: a column for each class, or one for the second of two."""
    labels: Array

    def __len__(self) -> int:
        return len(self.x)


class Split(NamedTuple):
    """Three parts that have no sample in common."""

    training: Part
    validation: Part
    test: Part
    mean: Array
    """Subtracted from every feature, …"""
    scale: Array
    """… which is then divided by this: mean and standard deviation over the training part, or 0 and 1.

    Features of one unit share a deviation: a pixel that is nearly always dark is not blown up to the size of others."""


def refuse_unfit(data: Data, places: Sequence[str] = ()) -> Data:
    """The data, if there are enough samples of at least two classes; `places` say where each sample comes from."""
    counts = data.counts
    if len(data.classes) < LEAST_CLASSES:
        only = f"all samples have the label {data.classes[0][:60]!r}"
        raise UsageError(only, hint="two classes or more can be told apart", kind="data")
    rare = [k for k, n in enumerate(counts) if n < LEAST_SAMPLES]
    if rare:
        name, count = data.classes[rare[0]], counts[rare[0]]
        where = f" ({places[[*data.labels].index(rare[0])]})" if len(places) and count else ""
        guess = nearest(name, [other for k, other in enumerate(data.classes) if k not in rare])
        raise UsageError(
            f"{LEAST_SAMPLES} samples of each class are needed, and {name[:60]!r} has {count}{where}",
            kind="data",
            hint=f"did you mean {guess!r}?" if guess else "training, validation and test need one each",
        )
    if len(data.classes) > MOST_CLASSES:
        raise UsageError(
            f"there are {len(data.classes)} different labels",
            hint="labels are classes; which column is it? --label NAME",
            kind="data",
        )
    return data


def split(
    data: Data, shares: tuple[float, float, float], random: Any, *, outputs: int, dtype: Any, is_standardised: bool
) -> Split:
    """Every class in the same shares, shuffled; with mean and deviation of the training part if wanted."""
    import numpy as np

    members: list[list[Any]] = [[], [], []]
    for k in range(len(data.classes)):
        own = random.permutation(np.flatnonzero(data.labels == k))
        for rows, piece in zip(members, np.split(own, _cuts(len(own), shares)), strict=True):
            rows.append(piece)
    chosen = [np.sort(np.concatenate(rows)) for rows in members]
    mean, scale = np.zeros(data.x.shape[1]), np.ones(data.x.shape[1])
    if is_standardised:
        mean, scale = _scale(data, chosen[0])
    parts = [part(data, rows, mean, scale, outputs, dtype) for rows in chosen]
    return Split(parts[0], parts[1], parts[2], mean, scale)


def _scale(data: Data, rows: Array) -> tuple[Array, Array]:
    """Mean and standard deviation of every feature over some samples; what is constant is not scaled."""
    import numpy as np

    with np.errstate(over="ignore", invalid="ignore"):
        own = data.x[rows]
        mean, deviation = own.mean(axis=0), own.std(axis=0)
        if data.has_one_unit:
            deviation = np.full_like(deviation, np.sqrt((deviation**2).mean()))
    large = np.flatnonzero(~np.isfinite(deviation))
    if len(large):
        name = data.features[large[0]]
        raise UsageError(f"the values of {name[:60]!r} are too large to be scaled", hint="--raw", kind="data")
    return mean, np.where(deviation > 0, deviation, 1.0)


def part(data: Data, rows: Array, mean: Array, scale: Array, outputs: int, dtype: Any) -> Part:
    """Some samples as a network takes them."""
    import numpy as np

    labels = data.labels[rows]
    y = np.eye(len(data.classes))[labels] if outputs > 1 else labels.reshape(-1, 1).astype(float)
    return Part(((data.x[rows] - mean) / scale).astype(dtype), y.astype(dtype), labels)


def _cuts(count: int, shares: tuple[float, float, float]) -> list[int]:
    """Where to cut `count` samples: at least one for each part that has a share."""
    total = sum(shares)
    rest = [max(1, round(count * share / total)) if share else 0 for share in shares[1:]]
    first = max(count - sum(rest), 1)
    return [first, min(first + rest[0], count)]


def read_shares(text: str) -> tuple[float, float, float]:
    """The shares of training, validation and test in a text such as 70,15,15; raises UsageError."""
    try:
        training, validation, test = (float(word) for word in text.split(","))
    except ValueError:
        training = validation = test = -1.0
    if not (0 < training < 1e9 and 0 <= validation < 1e9 and 0 <= test < 1e9):
        raise UsageError(
            f"{text[:40]!r} are no shares of training, validation and test", hint="three numbers: --split 70,15,15"
        )
    return training, validation, test
