"""The recipe of the lectures: data, decision function, loss, minimise; the gradient is checked before it is used."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from diffcli.errors import UsageError
from diffcli.learn.backprop_check import Check, check
from diffcli.learn.checkpoint import Checkpoint, read_checkpoint
from diffcli.learn.data import Data, Split, split
from diffcli.learn.deltas import deltas
from diffcli.learn.initialisation import read_initialisation
from diffcli.learn.metrics import confusion, score
from diffcli.learn.network import Network
from diffcli.learn.objective import Objective
from diffcli.learn.optimizers import Optimizer, optimizer
from diffcli.learn.progress import EPOCHS, PATIENCE, Epoch, Progress, begun, resumed
from diffcli.learn.training import Plan, drawn_masks
from diffcli.learn.training import train as go_on
from diffcli.learn.training_record import DataFacts, Training
from diffcli.whole_file import remove_leftovers

Array = Any
PARTS = ("training", "validation", "test")
BOUNDS: Mapping[str, tuple[Any, int, float]] = {
    "epochs": (int, 0, 1e7), "batch": (int, 1, 1e9), "patience": (int, 0, 1e9), "seed": (int, 0, 2**63),
    "l2": ((int, float), 0, 1e300), "dropout": ((int, float), 0, 1), "checkpoint_seconds": ((int, float), 0, 1e9),
}  # fmt: skip
"""What the settings may be."""
SIGNS = {"l2": "λ of the L2 penalty"}
SAID_ELSEWHERE = frozenset(("network", "program", "shapes", "start"))
"""Options that the record has in fields of their own."""


@dataclass(frozen=True)
class Settings:
    """What a training is asked to do."""

    optimizer: Optimizer = field(default_factory=lambda: optimizer("adam"))
    epochs: int = 100
    batch: int = 32
    l2: float = 0.0
    dropout: float = 0.0
    patience: int = 20
    initialisation: str | None = None
    shares: tuple[float, float, float] = (70, 15, 15)
    is_standardised: bool = True
    seed: int = 0
    dtype: str = "float64"
    threads: int | None = None
    """Of matrix products, where that is known; their last digits can depend on it."""
    checkpoint: Path | None = None
    checkpoint_seconds: float = 1.0
    resume: bool = False
    """The checkpoint must be there."""
    sample: int | None = None
    """The sample whose layer tables are wanted."""
    with_confusion: bool = False

    def plan(self) -> Plan:
        """What every step needs."""
        return Plan(self.optimizer, self.epochs, self.batch, self.l2, self.dropout, self.patience)


@dataclass
class Job:
    """A training that is set up: network, data, parameters where it stands."""

    network: Network
    data: Data
    settings: Settings
    objective: Objective
    split: Split
    initialisation: str
    progress: Progress
    checkpoint: Checkpoint | None = None
    resumed_at: int | None = None

    @property
    def options(self) -> dict[str, Any]:
        """All that decides the numbers, as JSON has it."""
        return options(self.network, self.data, self.settings, self.initialisation)


def prepare(network: Network, data: Data, settings: Settings) -> Job:
    """Split and scale the data, and initialise the parameters or take them up from the checkpoint."""
    import numpy as np

    _refuse(network, settings)
    random = np.random.default_rng(settings.seed)
    objective = Objective(network, settings.dtype)
    parts = split(
        data, settings.shares, random, outputs=network.outputs, dtype=objective.dtype,
        is_standardised=settings.is_standardised,
    )  # fmt: skip
    parts = parts._replace(**{name: _shaped(getattr(parts, name), network) for name in PARTS})
    initialisation = read_initialisation(settings.initialisation, network)
    known, path = options(network, data, settings, initialisation), settings.checkpoint
    if path is None or not (path.exists() or settings.resume):
        progress = begun(objective, settings.optimizer, parts, initialisation, random)
        job = Job(network, data, settings, objective, parts, initialisation, progress)
    else:
        progress = _resumed(path, known, objective, settings, len(parts.training))
        job = Job(network, data, settings, objective, parts, initialisation, progress, resumed_at=progress.epoch)
    if path is not None:
        remove_leftovers(path)
        job.checkpoint = Checkpoint(path, known, settings.checkpoint_seconds)
    return job


def _resumed(path: Path, known: Mapping[str, Any], objective: Objective, settings: Settings, rows: int) -> Progress:
    arrays = read_checkpoint(path, known)
    try:
        progress = resumed(arrays, objective, settings.optimizer, rows)
    except (ValueError, KeyError, TypeError, IndexError):
        raise UsageError(
            f"cannot resume from '{path}': it is damaged", hint="remove it to start again", kind="file"
        ) from None
    if progress.ending == EPOCHS and progress.epoch < settings.epochs:
        progress.ending = ""  # more epochs are wanted now
    return progress


def _shaped(part: Any, network: Network) -> Any:
    """Labels in the shape that the program takes them."""
    return replace(part, y=part.y.reshape(network.shape("Y", len(part))))


def _refuse(network: Network, settings: Settings) -> None:
    for name, (kind, low, high) in BOUNDS.items():
        value = getattr(settings, name)
        if not (isinstance(value, kind) and low <= value < high):
            wanted = "a whole number" if kind is int else "a number"
            raise UsageError(f"{SIGNS.get(name, name)} must be {wanted} from {low} to below {high:g}, not {value!r}")
    if settings.dtype not in ("float64", "float32"):
        raise UsageError(f"there is no type {settings.dtype!r} to compute in", hint="float64 or float32")
    if len(settings.shares) != len(PARTS) or not all(0 <= share < 1e9 for share in settings.shares):
        raise UsageError("shares are three numbers, of training, validation and test", hint="(70, 15, 15)")
    if not settings.shares[0]:
        raise UsageError("training needs a share of the data", hint="(70, 15, 15)")
    if settings.dropout and not network.masks:
        raise UsageError("dropout needs masks in the program", hint="A2 = tanh(Z2)*M2; see --show program of mlp:8")
    if settings.l2 and not network.has_penalty:
        hint = "L = … + lambda/2*sum(W1^2); see --show program of mlp:8"
        raise UsageError("an L2 penalty needs its factor in the program", hint=hint)


def options(network: Network, data: Data, settings: Settings, initialisation: str) -> dict[str, Any]:
    """All that decides the numbers: two trainings with the same options are the same."""
    chosen = settings.optimizer
    return {
        "network": network.name,
        "program": network.text,
        "shapes": {name: list(shape) for name, shape in network.shapes.items()},
        "start": {name: _digest(value) for name, value in network.start.items()},
        "data": f"{data.name} {data.digest}",
        "optimizer": f"{chosen.name} {dict(chosen.hyperparameters)}",
        "rate": chosen.rate,
        "schedule": f"{chosen.schedule.name} {dict(chosen.schedule.numbers)}",
        "epochs": settings.epochs,
        "batch": settings.batch,
        "l2": settings.l2,
        "dropout": settings.dropout,
        "patience": settings.patience,
        "init": initialisation,
        "split": list(settings.shares),
        "standardise": settings.is_standardised,
        "seed": settings.seed,
        "dtype": settings.dtype,
        "threads": settings.threads,
    }


def _digest(value: Array) -> str:
    import hashlib

    return hashlib.sha256(value.tobytes()).hexdigest()[:16]


def checked(job: Job) -> tuple[Check, ...]:
    """The checks of the gradient where the training stands; the random numbers are not those of the training."""
    import numpy as np

    random = np.random.default_rng([job.settings.seed, 0x636865636B])
    part, settings = job.split.training, job.settings
    masks = drawn_masks(job.network, min(len(part), 32), settings.dropout, random, job.objective.dtype)
    return check(job.objective, part, masks, settings.l2, random)


def train(
    job: Job,
    *,
    on_check: Callable[[Sequence[Check]], None] = lambda _: None,
    on_epoch: Callable[[Epoch], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
    trains: bool = True,
) -> Training:
    """Check the gradient, and where it is right, train; raises Interrupted where `should_stop` says so."""
    import numpy as np

    with np.errstate(all="ignore"):  # what is not finite is noticed and said
        checks = checked(job)
        on_check(checks)
        tables = tables_of(job) if job.settings.sample is not None else None
        began = perf_counter()
        if not trains or not all(one.is_right for one in checks):
            return _record(job, checks, deltas=tables)
        go_on(
            job.objective, job.split, job.settings.plan(), job.progress, checkpoint=job.checkpoint, on_epoch=on_epoch,
            should_stop=should_stop,
        )  # fmt: skip
        return _finished(job, checks, tables, perf_counter() - began)


def _finished(job: Job, checks: Sequence[Check], tables: Any, seconds: float) -> Training:
    """With the parameters of the least validation loss, the scores of all parts."""
    progress, objective = job.progress, job.objective
    last = objective.parameters.copy()
    is_best = job.settings.patience > 0 and len(job.split.validation) > 0
    if is_best:
        objective.parameters[...] = progress.best
    parts = {name: getattr(job.split, name) for name in PARTS}
    scores = {name: score(objective, part) for name, part in parts.items() if len(part)}
    shown = job.split.test if len(job.split.test) else job.split.training
    record = _record(
        job,
        checks,
        curves=tuple(progress.curves),
        ending=progress.ending,
        best_epoch=progress.best_epoch if is_best else None,
        scores=scores,
        confusion=confusion(objective, shown, len(job.data.classes)) if job.settings.with_confusion else (),
        deltas=tables,
        values={name: view.copy() for name, view in objective.views.items()},
        seconds=seconds,
        resumed_at=job.resumed_at,
    )
    objective.parameters[...] = last
    return record


def _record(job: Job, checks: Sequence[Check], **known: Any) -> Training:
    network, data = job.network, job.data
    facts = DataFacts(
        data.name, data.source, len(data), data.x.shape[1], data.classes,
        (len(job.split.training), len(job.split.validation), len(job.split.test)), job.settings.is_standardised,
        data.has_one_unit,
    )  # fmt: skip
    shapes = {parameter.name: parameter.shape for parameter in network.parameters}
    path = job.settings.checkpoint
    shown = {name: value for name, value in job.options.items() if name not in SAID_ELSEWHERE}
    return Training(
        network.name, network.text, shapes, facts, job.settings.optimizer, shown, tuple(checks),
        checkpoint=str(path) if path else None, **known,
    )  # fmt: skip


def tables_of(job: Job) -> Any:
    """The layer tables of the sample that was asked for, at the parameters as they are."""
    sample, data = job.settings.sample, job.data
    assert sample is not None
    if not 0 <= sample < len(data):
        raise UsageError(f"there is no sample {sample}", hint=f"they have the numbers 0 to {len(data) - 1}")
    import numpy as np

    from diffcli.learn.data import part

    place = np.array([sample])
    one = part(data, place, job.split.mean, job.split.scale, job.network.outputs, np.dtype(float))
    return deltas(job.objective, one.x, one.y, sample, data.classes[data.labels[sample]])


__all__ = ["EPOCHS", "PATIENCE", "Job", "Settings", "checked", "options", "prepare", "train"]
