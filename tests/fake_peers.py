"""Peers that behave in every way a library might, for the tests of the protocol; run as a child process."""

import os
import signal
import sys
from functools import partial

from diffcli.studies.peers import worker
from diffcli.studies.peers.peer import NotApplicable


class Fake:
    """Knows the gradient of x²·y, and what its name says."""

    def __init__(self, name):
        self.name = name
        if name == "broken":
            raise ImportError("a library of it is missing")

    def prepare(self, graph, threads, **_):
        os.write(1, b"what a library prints goes nowhere")
        assert threads >= 1
        assert not any(literal for op, _, literal in graph["nodes"] if op == "input")
        if self.name == "hangs":
            while True:
                pass
        if self.name == "crashes":
            os.kill(os.getpid(), signal.SIGSEGV)
        if self.name == "leaves":
            os._exit(3)
        if self.name == "lacks":
            raise NotApplicable("it has no erf")
        if self.name == "raises":
            raise ValueError("no such thing\nand a long story")
        return {"seconds": 0.25, "version": "1.2.3"}

    def evaluate(self, point):
        x, y = point
        partials = [2 * x * y, x * x]
        if self.name == "wrong":
            partials[1] *= 1 + 1e-9
        if self.name == "infinite":
            partials[0] = float("inf")
        return {"value": x * x * y, "gradient": partials}

    def time(self, **_):
        if self.name == "tires":
            os._exit(1)
        return {"seconds": 1e-3}


def main():
    worker.run(partial(Fake, sys.argv[2]), int(sys.argv[1]))
