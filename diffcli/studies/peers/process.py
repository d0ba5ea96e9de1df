"""The parent's side of a peer's process: questions with a time limit, and an end to all that it started."""

import atexit
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, ClassVar

MEMORY = 12 * 2**30
"""Addresses, not pages: compilers and thread pools reserve a lot that they never use."""
RUN = "import json, sys; sys.path[:] = json.loads(sys.argv.pop()); from {} import main; main()"
WORKER = "diffcli.studies.peers.worker"


class Lost(Exception):  # noqa: N818 - says what happened
    """The process took too long and was ended, or ended by itself."""


class Process:
    """A child process that answers one question after another."""

    _all: ClassVar[set["Process"]] = set()

    def __init__(self, *words: str, module: str = WORKER, memory: int = MEMORY) -> None:
        """Start the child, which calls `main` of `module`; it finds the modules that this process finds."""
        path = json.dumps([str(Path(__file__).parents[3]), *(folder for folder in sys.path if folder)])
        self._killed = False
        self._process = subprocess.Popen(  # noqa: S603 - this Python and text of our own
            [sys.executable, "-P", "-c", RUN.replace("{}", module), str(memory), *words, path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "JAX_PLATFORMS": "cpu", "TF_CPP_MIN_LOG_LEVEL": "3"},
            start_new_session=True,  # with whatever it starts, to be ended together
        )
        self._all.add(self)

    def ask(self, do: str, limit: float, **details: Any) -> dict[str, Any]:
        """The answer to a request; raises Lost when the process ends or needs more than `limit` seconds."""
        timer = threading.Timer(limit, self._kill)
        timer.daemon = True
        timer.start()
        try:
            answer = self._exchange(json.dumps({"do": do, "limit": limit, "with": details}).encode() + b"\n")
        finally:
            timer.cancel()
        if not answer.endswith(b"\n"):
            reason = f"it took longer than {limit:g} s" if self._killed else self._last_words()
            self.end()
            raise Lost(reason)
        found: dict[str, Any] = json.loads(answer)
        return found

    def answer(self, do: str, limit: float, **details: Any) -> dict[str, Any]:
        """The same; a process that is lost has failed, as one that says so itself."""
        try:
            return self.ask(do, limit, **details)
        except Lost as reason:
            return {"problem": "failed", "reason": str(reason)}

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked."""
        return self in self._all and self._process.poll() is None

    def _exchange(self, line: bytes) -> bytes:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError, ValueError):  # it has ended
            self._process.stdin.write(line)
            self._process.stdin.flush()
            return self._process.stdout.readline()
        return b""

    def _last_words(self) -> str:
        code = self._process.wait()
        if code >= 0:
            return "its process ended"
        return f"its process was ended by {signal.Signals(-code).name}"

    def _kill(self) -> None:
        self._killed = True
        _end_group(self._process)

    def end(self) -> None:
        """Kill the child with all that it started, and reap it."""
        if self in self._all:
            self._all.discard(self)
            _end_group(self._process)
            self._process.communicate()

    @classmethod
    def end_all(cls) -> None:
        """Leave no process behind."""
        for process in list(cls._all):
            process.end()


def _end_group(process: "subprocess.Popen[bytes]") -> None:
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()


atexit.register(Process.end_all)
