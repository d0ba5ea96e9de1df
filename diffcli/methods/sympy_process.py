"""SymPy's processes: started when needed, kept for the next question, ended when they take too long."""

import atexit
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

RUN_WORKER = "import sys; sys.path[:] = sys.argv[2:]; from diffcli.methods.symbolic_worker import main; main()"
MEMORY_LIMIT = 3 * 2**28
MAX_QUESTIONS = 100
"""After so many the process is replaced: SymPy's caches only grow."""


class Worker:
    """A child process that differentiates; it answers one question after another."""

    _idle: ClassVar[list["Worker"]] = []
    _all: ClassVar[set["Worker"]] = set()
    _lock = threading.Lock()

    def __init__(self, memory: int) -> None:
        """Start the child; it finds the modules that this process finds, from whatever folder it is run."""
        path = [str(Path(__file__).parents[2]), *(folder for folder in sys.path if folder)]
        self._questions, self._ending, self._began = 0, threading.Lock(), time.perf_counter()
        self.memory = memory
        self.process = subprocess.Popen(  # noqa: S603 - this Python and text of our own
            [sys.executable, "-P", "-c", RUN_WORKER, str(memory), *path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONHASHSEED": "0", "SYMPY_CACHE_SIZE": "None"},  # the same formula every time; speed
            start_new_session=True,  # the interrupt key is for the main process, which ends this one
        )
        self._all.add(self)

    @classmethod
    def expect(cls, memory: int = MEMORY_LIMIT) -> None:
        """Have one for a question that is about to come: it loads SymPy meanwhile."""
        with suppress(OSError):  # who asks will hear of it
            worker = cls.idle(memory)
            with cls._lock:
                cls._idle.append(worker)

    @property
    def began(self) -> float:
        """When what is done for the next question began: for the first one, when the child was started."""
        return time.perf_counter() if self._questions else self._began

    @classmethod
    def idle(cls, memory: int) -> "Worker":
        """One that waits for a question, or a new one."""
        with cls._lock:
            for worker in cls._idle:
                if worker.memory == memory:
                    cls._idle.remove(worker)
                    return worker
        return cls(memory)

    def ask(self, question: Mapping[str, Any], seconds: float) -> dict[str, Any] | None:
        """The answer, or None if the child broke down or took longer than `seconds` and was ended."""
        timer = threading.Timer(seconds, self.process.kill)
        timer.daemon = True
        timer.start()
        try:
            answer = self._exchange(json.dumps({**question, "seconds": seconds}).encode())
        finally:
            timer.cancel()
        self._questions += 1
        if not answer or self._questions >= MAX_QUESTIONS:
            self.end()
        else:
            with self._lock:
                self._idle.append(self)
        return json.loads(answer) if answer else None

    def _exchange(self, line: bytes) -> bytes:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(line + b"\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except (BrokenPipeError, ValueError):  # it ended, or its pipes were closed by `end`
            return b""
        return answer if answer.endswith(b"\n") else b""

    def end(self) -> None:
        """Kill the child and reap it; at the end of the main process two threads may want to."""
        with self._ending:
            if self in self._all:
                self._all.discard(self)
                self.process.kill()
                self.process.communicate()

    @classmethod
    def end_all(cls) -> None:
        """Leave no process behind, also when the main one is interrupted in the middle of a question."""
        cls._idle.clear()
        for worker in list(cls._all):
            worker.end()


atexit.register(Worker.end_all)
