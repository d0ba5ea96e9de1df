"""What is asked for, in words: a network, data, an example; and what Python programs ask of a training."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from diffcli.errors import UsageError
from diffcli.language.points import PointValue
from diffcli.language.suggestions import nearest
from diffcli.learn.architecture import (
    SYNTAX,
    architecture,
    hidden_widths,
    is_short_name,
    read_short_name,
)
from diffcli.learn.data import Data, part, refuse_unfit
from diffcli.learn.data_files import read_data
from diffcli.learn.data_sets import data_set, is_data_set
from diffcli.learn.network import MASK, PENALTY, Network, of_architecture, of_text
from diffcli.learn.specification import read_optimizer
from diffcli.learn.train import Job, Settings, prepare

Array = Any
MOST_CHARACTERS, MOST_SHOWN = 200_000, 2000


def read_network(
    text: str,
    data: Data,
    *,
    hidden: str | None = None,
    start: Mapping[str, Array] | None = None,
    dropout: bool = False,
    penalty: bool = False,
) -> Network:
    """The network of a short name, an @example or a file, for these data."""
    features, classes = data.x.shape[1], len(data.classes)
    if is_short_name(text):
        if hidden is not None:
            raise UsageError("the widths stand in the name of the network", hint=f"mlp:{hidden}")
        chosen = architecture(read_short_name(text), features, classes)
        chosen = chosen._replace(dropout=dropout and len(chosen.widths) > 2, penalty=penalty)
        return of_architecture(text.strip(), chosen, start)
    program = program_of(text)
    widths = hidden_widths(hidden) if hidden is not None else None
    name = text.strip() if len(text) <= 60 and "\n" not in text else "a program"
    return of_text(name, program, features, classes, widths, start or {})


def program_of(text: str) -> str:
    """The program that @NAME or a file holds; a text with an assignment is a program itself."""
    stripped = text.strip()
    if stripped.startswith("@"):
        from diffcli.language import library

        return library.example(stripped).text
    if "=" in text or "\n" in text:
        return text
    path = Path(text)
    try:
        with path.open(encoding="utf-8") as stream:
            return stream.read(MOST_CHARACTERS + 1)
    except (OSError, UnicodeDecodeError, ValueError) as problem:
        guess = nearest(stripped.partition(":")[0], ("linear", "logistic", "mlp"))
        reason = "there is no such network or file" if isinstance(problem, FileNotFoundError) else "it cannot be read"
        raise UsageError(
            f"{text[:60]!r}: {reason}", hint=f"did you mean {guess}?" if guess else SYNTAX, kind="file"
        ) from None


def read_samples(text: str, *, seed: int = 0, label: str | None = None, classes: str | None = None) -> Data:
    """The data of a name or a file."""
    if is_data_set(text) or Path(text).suffix == "":
        if label is not None or classes is not None:
            raise UsageError("--label and --classes are for files", hint=f"--data {text}")
        return data_set(text, seed)
    names = [name.strip() for name in classes.split(",") if name.strip()] if classes is not None else None
    if names is not None and (len(names) < 2 or len(set(names)) < len(names)):
        raise UsageError("two classes or more are needed, each once", hint="--classes setosa,versicolor,virginica")
    return read_data(Path(text), label, names)


def of_arrays(x: Any, y: Any) -> Data:
    """Data that a Python program holds: one row of numbers and one label for each sample."""
    import numpy as np

    samples, labels = np.asarray(x), np.asarray(y)
    if samples.ndim < 2 or labels.ndim != 1 or len(samples) != len(labels) or samples.dtype.kind not in "fiub":
        raise UsageError("data are samples with numbers in rows, and as many labels", hint="(X, y)")
    numbers = samples.reshape(len(samples), -1).astype(float)
    if not np.isfinite(numbers).all():
        row, column = np.argwhere(~np.isfinite(numbers))[0]
        raise UsageError(f"X[{row}, {column}] is not a finite number")
    found, number = np.unique(labels, return_inverse=True)
    features = tuple(f"X[{k}]" for k in range(numbers.shape[1]))
    return refuse_unfit(Data("arrays", numbers, number.reshape(-1), tuple(map(str, found)), features))


def prepared(
    network: str,
    data: Any,
    *,
    at: Mapping[str, Any],
    hidden: str | Sequence[int] | None,
    label: str | None,
    classes: Sequence[str] | None,
    optimizer: str,
    rate: float | None,
    schedule: str | None,
    settings: Mapping[str, Any],
) -> Job:
    """What a Python program asks for, set up; `settings` are fields of `Settings`."""
    import numpy as np

    known = [field.name for field in fields(Settings)]
    if unknown := [name for name in settings if name not in known or name == "optimizer"]:
        raise UsageError(f"a training has no setting {unknown[0]!r}", hint=f"there are {', '.join(known)}")
    chosen = Settings(read_optimizer(optimizer, rate, schedule), **settings)
    if chosen.checkpoint is not None:
        chosen = replace(chosen, checkpoint=Path(chosen.checkpoint))
    if isinstance(data, Data):
        samples = data
    elif isinstance(data, (str, Path)):
        samples = read_samples(str(data), seed=chosen.seed, label=label, classes=",".join(classes) if classes else None)
    else:
        samples = of_arrays(*data)
    widths = ",".join(map(str, hidden)) if hidden is not None and not isinstance(hidden, str) else hidden
    start = {name: np.asarray(value, dtype=float) for name, value in at.items()}
    found = read_network(
        network, samples, hidden=widths, start=start, dropout=chosen.dropout > 0, penalty=chosen.l2 > 0
    )
    return prepare(found, samples, chosen)


def of_example(text: str, start: Mapping[str, Array]) -> tuple[Network, Data]:
    """An example with its own samples, labels and parameters."""
    import numpy as np

    from diffcli.language import library
    from diffcli.language.points import parse_point

    example = library.example(text.strip())
    values = {**arrays_of(parse_point([example.at] if example.at else [])), **start}
    if values.get("X", np.zeros(0)).ndim != 2 or values.get("Y", np.zeros(0)).ndim != 2:
        raise UsageError(f"{text.strip()} has no samples X and labels Y of its own", hint="give some: --data digits")
    x, y = values.pop("X"), values.pop("Y")
    labels = y.argmax(axis=1) if y.shape[1] > 1 else (y.reshape(-1) > 0.5).astype(int)
    classes = tuple(str(k) for k in range(max(y.shape[1], 2)))
    data = Data(text.strip(), x, labels, classes, tuple(f"X[{k}]" for k in range(x.shape[1])))
    parameters = {name: value for name, value in values.items() if name != PENALTY and not MASK.fullmatch(name)}
    return of_text(text.strip(), example.text, x.shape[1], len(classes), None, parameters), data


def arrays_of(point: Mapping[str, PointValue]) -> dict[str, Array]:
    """The values of a point as arrays."""
    import numpy as np

    found = {}
    for name, given in point.items():
        value = given.value
        found[name] = np.array(value) if isinstance(value, float) else np.array(value.elements).reshape(value.shape)
    return found


def point_of(job: Job, sample: int) -> str:
    """A point for the program, as --at takes it: one sample, its label, and the parameters as they are."""
    import numpy as np

    data, network = job.data, job.network
    if not 0 <= sample < len(data):
        raise UsageError(f"there is no sample {sample}", hint=f"they have the numbers 0 to {len(data) - 1}")
    if network.size > MOST_SHOWN:
        raise UsageError(f"a point of {network.size} parameters is too long to be typed", hint="mlp:4 has few")
    one = part(data, np.array([sample]), job.split.mean, job.split.scale, network.outputs, np.dtype(float))
    values: dict[str, Any] = {"X": one.x, **job.objective.views, "Y": one.y.reshape(network.shape("Y", 1))}
    values |= {name: np.ones(network.shape(name, 1)) for name in network.masks}
    values |= {PENALTY: np.array(job.settings.l2)} if network.has_penalty else {}
    return ",".join(f"{name}={_typed(value.tolist())}" for name, value in values.items())


def _typed(value: Any) -> str:
    return f"[{','.join(map(_typed, value))}]" if isinstance(value, list) else repr(value)
