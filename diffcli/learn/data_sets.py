"""The data sets that come with diffcli, by name. Where they are from: datasets/SOURCES.md."""

import math
from collections.abc import Callable
from pathlib import Path

from diffcli.errors import UsageError
from diffcli.language.suggestions import nearest
from diffcli.learn.data import Data

FOLDER = Path(__file__).parent / "datasets"
MOONS, NOISE, MOST_MOONS = 400, 0.2, 1_000_000


def digits(_: str, __: int) -> Data:
    """1797 handwritten digits of 8×8 pixels (Alpaydin and Kaynak, 1998)."""
    import numpy as np

    with np.load(FOLDER / "digits.npz") as arrays:
        x, labels = arrays["X"].astype(float), arrays["y"].astype(int)
    pixels = tuple(f"pixel {k // 8},{k % 8}" for k in range(64))
    source = "Alpaydin and Kaynak 1998, UCI Machine Learning Repository, CC BY 4.0"
    return Data("digits", x, labels, tuple("0123456789"), pixels, source, has_one_unit=True)


def iris(_: str, __: int) -> Data:
    """150 flowers of three species by four lengths (Fisher, 1936)."""
    from dataclasses import replace

    from diffcli.learn.data_files import read_data

    data = read_data(FOLDER / "iris.csv")
    return replace(data, name="iris", source="Fisher 1936, UCI Machine Learning Repository, CC BY 4.0")


def moons(numbers: str, seed: int) -> Data:
    """Two half circles with noise: (cos t, sin t) and (1 − cos t, 1/2 − sin t) for t from 0 to π."""
    import numpy as np

    count, noise = _moon_numbers(numbers)
    random = np.random.default_rng([seed, 0x6D6F6F6E])
    halves = [count - count // 2, count // 2]
    angles = [np.linspace(0, math.pi, half) for half in halves]
    x = np.concatenate(
        [
            np.stack([np.cos(angles[0]), np.sin(angles[0])], axis=1),
            np.stack([1 - np.cos(angles[1]), 0.5 - np.sin(angles[1])], axis=1),
        ]
    )
    x += random.normal(0.0, noise, x.shape) if noise else 0.0
    labels = np.repeat([0, 1], halves)
    source = f"two half circles with noise {noise:g}, seed {seed}"
    return Data(f"moons:{count},{noise:g}", x, labels, ("upper", "lower"), ("x", "y"), source)


def _moon_numbers(text: str) -> tuple[int, float]:
    """How many points and how much noise, from a text such as 500,0.1."""
    first, _, second = text.partition(",")
    try:
        count, noise = int(first or MOONS), float(second or NOISE)
    except ValueError:
        count, noise = -1, -1.0
    if not (6 <= count <= MOST_MOONS and 0 <= noise < 1e6):
        raise UsageError(f"moons:{text[:40]} is no number of points with a noise", hint="moons:500,0.1")
    return count, noise


DATA_SETS: dict[str, Callable[[str, int], Data]] = {"digits": digits, "iris": iris, "moons": moons}


def is_data_set(text: str) -> bool:
    """Whether a text names a data set and not a file."""
    return text.partition(":")[0] in DATA_SETS


def data_set(text: str, seed: int) -> Data:
    """The data set of a name such as digits or moons:500,0.1; the seed is that of the random points."""
    name, colon, numbers = text.partition(":")
    if name not in DATA_SETS:
        guess = nearest(name, DATA_SETS)
        hint = f"did you mean {guess}?" if guess else f"one of {', '.join(DATA_SETS)}, or a .csv or .npz file"
        raise UsageError(f"there are no data called {text[:60]!r}", hint=hint)
    if colon and name != "moons":
        raise UsageError(f"{name} has no numbers to choose", hint=f"--data {name}")
    return DATA_SETS[name](numbers, seed)
