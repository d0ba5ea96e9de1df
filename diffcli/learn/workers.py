"""Gradients of mini-batches spread over worker processes, here or on other machines, by Dask.

Each worker gets its share of the samples and gives the gradient of their mean; the shares are summed here, each with
its part of the samples as weight, in the order of the samples. Nothing is kept on a worker that could be lost: the
parameters travel with every share, so that any other worker can compute it, and it comes to the same number.
"""

import pickle
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import lru_cache
from importlib.util import find_spec
from itertools import pairwise
from typing import Any, NamedTuple

from diffcli.errors import LibraryError, UsageError
from diffcli.learn.objective import Objective

Array = Any
INSTALL = "pip install 'diffcli[dask]'"
MOST_WORKERS = 64
PATIENCE, CONNECTING = 30.0, 10.0
"""Seconds without any worker after which nobody is waited for any longer; and for a scheduler to answer."""
TOLERANCE = 1e-9
"""How far the sum of the shares may be off from the whole gradient: more means that the loss is no mean."""
QUIET = {
    "distributed.admin.large-graph-warning-threshold": "1 TiB",  # parameters travel with every share
    "distributed.worker.memory.terminate": False,
}


class Share(NamedTuple):
    """What a worker needs to know to compute its part of a gradient: all of it."""

    network: bytes
    """The program with its shapes, pickled once."""
    dtype: str
    parameters: Array
    x: Array
    y: Array
    masks: tuple[Array, ...]
    penalty: float


class Part(NamedTuple):
    """What a worker says."""

    loss: float
    derivatives: Array
    process: str
    """Which process computed it."""


def computed(share: Share) -> Part:
    """The gradient of a share; this is what runs on a worker."""
    with _ONE_AT_A_TIME:
        objective = _objective(share.network, share.dtype)
        objective.parameters[...] = share.parameters
        loss = objective.gradient(share.x, share.y, share.masks, share.penalty)
        return Part(loss, objective.derivatives.copy(), process())


def process() -> str:
    """The name of this process among those of all machines."""
    import os
    import socket

    return f"{socket.gethostname()} {os.getpid()}"


_ONE_AT_A_TIME = threading.Lock()


@lru_cache(maxsize=2)
def _objective(network: bytes, dtype: str) -> Objective:
    """A worker compiles a program once."""
    return Objective(pickle.loads(network), dtype)  # noqa: S301 - it comes from the process that trains


class Team:
    """The workers of one training."""

    def __init__(self, client: Any, shares: int) -> None:
        """`shares` is the number of parts of every mini-batch, however many workers are alive."""
        self.shares, self.processes = shares, set[str]()
        self._client = client

    def compute(self, shares: Sequence[Share]) -> list[Part]:
        """All shares at once; one whose worker is lost is computed by another. Raises LibraryError."""
        from distributed import CancelledError
        from distributed.scheduler import KilledWorker

        futures = [self._client.submit(computed, share, pure=False, retries=3) for share in shares]
        try:
            self._wait(futures)
            parts: list[Part] = self._client.gather(futures)
        except (CancelledError, KilledWorker, OSError) as problem:
            raise LibraryError(
                "the workers are gone, or end whenever they compute a gradient",
                hint="with --checkpoint the same command goes on where it was", kind="workers",
            ) from problem  # fmt: skip
        except ImportError as problem:
            raise LibraryError("the workers cannot import diffcli", hint="install it on their machines") from problem
        self.processes.update(part.process for part in parts)
        return parts

    def _wait(self, futures: Sequence[Any]) -> None:
        """Until all are done; without any worker only for a while."""
        from distributed import wait

        while True:
            with suppress(TimeoutError):
                wait(futures, timeout=PATIENCE)
                return
            if not self._client.scheduler_info()["workers"]:
                raise OSError

    def lost(self) -> int:
        """How many of the processes that computed shares are gone."""
        return len(self.processes - set(self._client.run(process).values()))


class SpreadObjective(Objective):
    """A network whose gradients a team computes; parameters and all evaluations stay in this process."""

    def __init__(self, whole: Objective, team: Team) -> None:
        """The parameters are those of `whole`, which are changed in place."""
        super().__init__(whole.network, whole.dtype.name)
        self.parameters, self.views, self.team = whole.parameters, whole.views, team
        self._whole, self._is_checked = whole, False
        self._pickled = pickle.dumps(replace(whole.network, shapes=dict(whole.network.shapes), start={}))

    def gradient(self, x: Array, y: Array, masks: Sequence[Array] = (), penalty: float = 0.0) -> float:
        """The loss of a mini-batch; its derivatives are left in `derivatives`."""
        parts = self.team.compute(
            [
                Share(self._pickled, self.dtype.name, self.parameters, x[rows], y[rows],
                      tuple(mask[rows] for mask in masks), penalty)
                for rows in divided(len(x), self.team.shares)
            ]
        )  # fmt: skip
        sizes = [rows.stop - rows.start for rows in divided(len(x), self.team.shares)]
        loss, self.derivatives[...] = 0.0, 0.0
        for part, size in zip(parts, sizes, strict=True):
            loss += part.loss * (size / len(x))
            self.derivatives += part.derivatives * self.dtype.type(size / len(x))
        if not self._is_checked:
            self._check(x, y, masks, penalty)
        return loss

    def _check(self, x: Array, y: Array, masks: Sequence[Array], penalty: float) -> None:
        """Shares only add up to the gradient of a loss that is a mean over samples that know nothing of each other."""
        import numpy as np

        self._is_checked = True
        self._whole.gradient(x, y, masks, penalty)
        wanted = self._whole.derivatives
        limit = TOLERANCE if self.dtype == np.float64 else 1e-3
        if np.linalg.norm(self.derivatives - wanted) > limit * np.linalg.norm(wanted):
            raise UsageError(
                "this loss is no mean over samples: gradients of shares of a mini-batch do not add up to its own",
                hint="write it with mean(…), or train it without --workers",
            )


def divided(rows: int, shares: int) -> list[slice]:
    """The rows in order as so many parts of nearly the same size, fewer where there are fewer rows."""
    count = min(rows, shares)
    ends = [rows * k // count for k in range(count + 1)]
    return [slice(start, end) for start, end in pairwise(ends)]


@contextmanager
def team(workers: int | None, scheduler: str | None = None) -> Iterator[Team]:
    """So many worker processes here, or those of a scheduler such as tcp://host:8786. Raises LibraryError."""
    if find_spec("distributed") is None:
        raise LibraryError("worker processes need Dask, which is not installed", hint=INSTALL)
    if workers is not None and not 1 <= workers <= MOST_WORKERS:
        raise UsageError(f"--workers takes 1 to {MOST_WORKERS} processes", kind="limit")
    import dask
    from distributed import Client

    with dask.config.set(QUIET), _silent():
        if scheduler is not None:
            with _connected(scheduler) as client:
                yield Team(client, workers or max(len(client.scheduler_info()["workers"]), 1))
            return
        with _cluster(workers or 1) as cluster, Client(cluster) as client:
            yield Team(client, workers or 1)


@contextmanager
def _silent() -> Iterator[None]:
    """Without the messages that Dask logs about lost workers and connections: what matters is said by this tool."""
    import logging

    import distributed

    known = [logging.getLogger(name) for name in (distributed.__name__, "tornado", "asyncio")]
    loggers = [*known, *(logging.getLogger(name) for name in list(logging.root.manager.loggerDict)
                         if name.startswith("distributed."))]  # fmt: skip
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _cluster(workers: int) -> Any:
    """Processes that are started again when they are lost, and end when this one does."""
    import logging

    from distributed import LocalCluster

    try:
        return LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, memory_limit=0, dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        )  # fmt: skip
    except (RuntimeError, OSError, TimeoutError) as problem:
        hint = f"Dask says: {str(problem)[:200]}"
        raise LibraryError("the worker processes cannot be started", hint=hint) from problem


def _connected(scheduler: str) -> Any:
    from distributed import Client

    try:
        return Client(scheduler, timeout=CONNECTING)
    except (OSError, TimeoutError, ValueError) as problem:
        raise LibraryError(
            f"no Dask scheduler answers at {scheduler[:80]}",
            hint="start one by `dask scheduler`, and on each machine `dask worker tcp://…`",
        ) from problem
