"""The child process of one peer: a graph comes in as JSON, then points and requests to time.

A peer may take any time and memory, print what it likes, or end the process: nothing of that reaches the parent.
"""

import json
import os
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from time import perf_counter
from typing import IO, Any

from diffcli.methods.symbolic_worker import decoded, limit_memory, limit_time
from diffcli.studies.peers.peer import Gradient, NotApplicable
from diffcli.studies.peers.registry import PEERS

STACK_BYTES = 512 * 2**20
RECURSION_LIMIT = 50_000
MOST_WORDS = 160
Message = dict[str, Any]
Call = Callable[[tuple[float, ...]], tuple[Any, Any]]


class Server:
    """Answers the requests for one peer, one program after another."""

    def __init__(self, peer: str) -> None:
        """Import the peer, which is the longest part for some."""
        self._peer = PEERS[peer]
        self._adapter = import_module(self._peer.module, __package__)
        import_module(self._peer.package)
        self._call: Call | None = None
        self._point: tuple[float, ...] = ()

    def prepare(self, graph: Mapping[str, Any], point: list[float], threads: int) -> Message:
        """Make the program ready and run it for the first time: compilers work at the first call."""
        start = perf_counter()
        self._point = tuple(point)
        gradient: Gradient = self._adapter.gradient(decoded(graph), 0, threads)
        self._call = gradient.call
        self._call(self._point)
        return {"seconds": perf_counter() - start, "version": self._version()}

    def evaluate(self, point: list[float]) -> Message:
        """Value and gradient at a point."""
        value, gradient = self._ready(tuple(point))
        return {"value": float(value), "gradient": [float(partial) for partial in gradient]}

    def time(self, calls: int) -> Message:
        """Seconds of one gradient, from Python's numbers to Python's numbers."""
        return {"seconds": timed(partial(self._ready, self._point), calls)}

    @property
    def _ready(self) -> Call:
        assert self._call is not None, "it is prepared first"
        return self._call

    def _version(self) -> str:
        try:
            return version(self._peer.package)
        except PackageNotFoundError:
            return ""


def timed(run: Callable[[], object], calls: int) -> float:
    """Seconds of one call, over `calls` of them."""
    start = perf_counter()
    for _ in range(calls):
        run()
    return (perf_counter() - start) / calls


def answered(server: Callable[[], Any], request: Mapping[str, Any]) -> Message:
    """The answer to one request by what `server` gives; what goes wrong is a part of it."""
    try:
        answer: Message = getattr(server(), request["do"])(**request["with"])
    except (NotApplicable, NotImplementedError) as reason:
        return {"problem": "not applicable", "reason": first_line(reason)}
    except MemoryError:
        return {"problem": "failed", "reason": "it needed too much memory"}
    except Exception as error:  # noqa: BLE001 - whatever a peer stumbles over, the others go on
        return {"problem": "failed", "reason": f"{type(error).__name__}: {first_line(error)}".rstrip(": ")}
    return answer


def first_line(error: Exception) -> str:
    """What an error says, cut where it gets long."""
    words = (str(error).strip().splitlines() or [""])[0]
    return words if len(words) <= MOST_WORDS else words[:MOST_WORDS] + " …"


def serve(make: Callable[[], Any], requests: Iterable[bytes], out: IO[bytes]) -> None:
    """Answer each line of `requests` with a line on `out`; the first says that the process is ready."""
    server = cache(make)  # an import that fails is an answer too
    for line in requests:
        request = json.loads(line)
        limit_time(request["limit"] + 5)  # even if nobody waits for it any more
        out.write(json.dumps(answered(server, request)).encode() + b"\n")
        out.flush()
        limit_time(0)


def run(make: Callable[[], Any], memory: int) -> None:
    """Serve standard input until it ends; what is printed meanwhile goes nowhere."""
    limit_memory(memory)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.setrecursionlimit(RECURSION_LIMIT)
    threading.stack_size(STACK_BYTES)
    thread = threading.Thread(target=serve, args=(make, sys.stdin.buffer, out))
    thread.start()
    thread.join()
    os._exit(0)  # no clearing up of thread pools


def main() -> None:
    """The process of the peer that is named, with at most so much memory."""
    run(partial(Server, sys.argv[2]), int(sys.argv[1]))
