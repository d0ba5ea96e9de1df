"""The child process of one candidate: it prepares a workload, says what it computes, and times itself when told to."""

import os
import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from itertools import repeat
from time import perf_counter
from typing import Any, NamedTuple

import peers_by_hand as by_hand
import peers_programs as programs

from diffcli.studies.peers import worker
from diffcli.studies.peers.peer import Gradient, NotApplicable
from diffcli.studies.peers.registry import PEERS

THREADS = os.cpu_count() or 1
THREADED = 10_000
"""Points from which on the peers that can be told get all threads."""
WARM = 0.5
"""Seconds for which everything runs before it is timed: some compile only what runs often."""
SAMPLE = 4
"""Points of a batch that are compared with the judge."""


class Job(NamedTuple):
    """A workload, ready to be timed."""

    call: Callable[..., Any]
    args: tuple[Any, ...]
    read: Callable[[Any], tuple[Any, Any]] = lambda result: result
    points: Any = None
    """Of a batch: one row of numbers for each variable."""
    keep: Any = None
    """What must live as long as `call` is used."""


class Server:
    """Answers for one candidate: "diffcli", "by hand", or a peer; what follows a comma is a variant of it."""

    def __init__(self, candidate: str) -> None:
        """Import it."""
        self.name, _, self.variant = candidate.partition(", ")
        self.adapter: Any = None
        if self.name in PEERS:
            self.adapter = import_module(PEERS[self.name].module, "diffcli.studies.peers")
            import_module(PEERS[self.name].package)
        self.job: Job | None = None

    def prepare(self, kind: str, **details: Any) -> worker.Message:
        """Make it ready and run it once; the results are compared by the parent."""
        self.job = None  # the memory of the one before
        start = perf_counter()
        self.job = KINDS[kind](self, **details)
        result = self.job.call(*self.job.args)
        seconds = perf_counter() - start
        while perf_counter() - start < WARM:
            self.job.call(*self.job.args)
        value, partials = self.job.read(result)
        if self.job.points is None:
            return {"seconds": seconds, "samples": [[None, float(value), [float(one) for one in partials]]]}
        chosen = [k * (len(value) - 1) // (SAMPLE - 1) for k in range(SAMPLE)]
        samples = [
            [[float(row[k]) for row in self.job.points], float(value[k]), [float(one[k]) for one in partials]]
            for k in chosen
        ]
        return {"seconds": seconds, "samples": samples}

    def time(self, calls: int) -> worker.Message:
        """Seconds of one call."""
        assert self.job is not None, "it is prepared first"
        call, args, *_ = self.job
        start = perf_counter()
        for _ in repeat(None, calls):
            call(*args)
        return {"seconds": (perf_counter() - start) / calls}


def at_a_point(server: Server, example: str, *, own: bool) -> Job:
    """Value and gradient at one point, from floats to floats, or with inputs and results of the candidate's own kind."""
    text, _, point, *_ = by_hand.EXAMPLES[example]
    if server.name == "diffcli":
        import diffcli

        return Job(diffcli.value_and_grad(text, executor="c" if server.variant == "C" else None), point)
    if server.name == "by hand":
        return Job(by_hand.in_python(example), point)
    gradient = server.adapter.gradient(_graph(text), 0, THREADS)
    return Job(gradient.run, gradient.own(point), gradient.read, keep=gradient) if own else Job(gradient.call, (point,))


def at_many_points(server: Server, example: str, count: int) -> Job:
    """Value and gradient at many points, inputs and results being arrays of the candidate's own kind."""
    import numpy as np

    text, _, _, low, high = by_hand.EXAMPLES[example]
    points = tuple(np.random.default_rng(0).uniform(low, high, (2, count)))
    if server.name == "diffcli":
        function, out = batch_function(text, points, "numpy" if "NumPy" in server.variant else "c")
        call = partial(function.batch, out=out) if "out=" in server.variant else function.batch
        return Job(call, points, points=points)
    if server.name == "by hand":
        return Job(by_hand.in_numpy(example), points, points=points)
    if server.variant:  # numba with arrays that are reused
        results = np.empty((3, count))
        fill, rows = server.adapter.loop(_graph(text), count, THREADS), np.array(points)
        return Job(fill, (rows, results), lambda _: (results[0], results[1:]), points)
    threads = THREADS if count >= THREADED else 1
    gradient = server.adapter.gradient(_graph(text), count, threads)
    return Job(gradient.run, gradient.own(points), gradient.read, points, gradient)


def batch_function(text: str, points: tuple[Any, ...], executor: str | None) -> tuple[Any, Any]:
    """Our function of many points with its results; without a compiler what it chooses by itself."""
    import diffcli
    from diffcli.errors import DiffcliError

    try:
        function = diffcli.value_and_grad(text, executor=executor)
        return function, function.batch(*points)
    except DiffcliError:
        return batch_function(text, points, None)


def logistic_map(server: Server) -> Job:
    """The iterated map with its gradient, a loop as everybody would write it."""
    point, steps = by_hand.LOGISTIC_POINT, by_hand.STEPS
    if server.name == "diffcli":
        return Job(server.adapter.gradient(programs.logistic_graph(steps), 0, 1).call, (point,))
    if server.name == "by hand":
        return Job(by_hand.logistic_with_adjoint, point)
    return Job(recorded(server, by_hand.logistic, 2).call, (point,))


def recorded(server: Server, program: Callable[..., Any], width: int) -> Gradient:
    """A Python function by a peer that records what it does."""
    if server.name == "casadi":
        import casadi

        return server.adapter.of(program, width, 0, casadi.MX if server.variant == "MX" else casadi.SX)  # type: ignore[no-any-return]
    if server.name == "autograd":
        return server.adapter.of(program, width)  # type: ignore[no-any-return]
    if server.name == "micrograd":
        return server.adapter.of(program)  # type: ignore[no-any-return]
    if server.name == "torch":
        return server.adapter.of(program, 0, THREADS)  # type: ignore[no-any-return]
    raise NotApplicable(f"{server.name} takes too long to compile programs of this size")


def whole_program(server: Server, nodes: int) -> Job:
    """A random program: everything from its instructions to one gradient, anew at each call."""
    instructions, point = programs.random_program(nodes)
    if server.name == "diffcli":
        given = programs.built(instructions) if "graph" in server.variant else None

        def ours() -> Any:
            graph = given or programs.built(instructions)
            return server.adapter.gradient(graph, 0, 1).call(point)

        return Job(ours, ())
    program = programs.runner(instructions, functions_of(server))
    return Job(lambda: recorded(server, program, len(point)).call(point), ())


def functions_of(server: Server) -> dict[str, Callable[..., Any]]:
    """The functions of random programs in a peer's words."""
    if server.name == "autograd":
        import autograd.numpy as recorded_numpy

        return {op: getattr(recorded_numpy, op) for op in programs.FUNCTIONS}
    found: dict[str, Callable[..., Any]] = server.adapter.functions()
    return {op: found[op] for op in programs.FUNCTIONS}


def first_gradient(_: Server, example: str) -> Job:
    """From a text that was never read before to its gradient; all modules are loaded."""
    import diffcli

    text, _, point, *_ = by_hand.EXAMPLES[example]
    numbers = iter(range(10**9))

    def ours() -> Any:
        number = next(numbers)  # other names, so that nothing can be remembered
        names = dict(zip(("x1", "x2", "x", "z", "a", "b"), (f"{n}_{number}" for n in "pqrstu"), strict=True))
        return diffcli.value_and_grad(_renamed(text, names))(*point)

    return Job(ours, ())


def _renamed(text: str, names: dict[str, str]) -> str:
    import re

    return re.sub(r"[a-z]\w*", lambda word: names.get(word[0], word[0]), text)


def _graph(text: str) -> Any:
    from diffcli.language import parse

    return parse(text).graph


KINDS: dict[str, Callable[..., Job]] = {
    "point": at_a_point,
    "batch": at_many_points,
    "logistic": logistic_map,
    "random": whole_program,
    "first": first_gradient,
}


def main() -> None:
    """The process of the candidate that is named."""
    worker.run(partial(Server, sys.argv[2]), int(sys.argv[1]))
