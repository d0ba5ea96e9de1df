"""When a program at many points runs as C: the programs that are compiled, and the decision to compile one more."""

import math

from diffcli.errors import LibraryError
from diffcli.execute import executors
from diffcli.execute.c_program import CProgram, is_cached
from diffcli.execute.c_source import Loop, is_available
from diffcli.execute.c_vectors import toolchain
from diffcli.graph.program import Graph

Arrays = tuple[bool, ...]
"""For every input whether it is an array."""


class CBatch:
    """A program of numbers, compiled for each choice of the inputs that are arrays."""

    def __init__(self, graph: Graph) -> None:
        """Nothing is compiled before it pays."""
        self.graph = graph
        self._programs: dict[Arrays, CProgram | None] = {}
        """None for a choice that cannot be compiled."""
        self._loops: dict[Arrays, Loop] = {}
        self._work: dict[Arrays, float] = {}
        """The nanoseconds that NumPy has worked for each choice."""
        self._is_possible = len(graph.nodes) <= executors.MOST_COMPILED and is_available(graph)

    def compiled(self, arrays: Arrays) -> CProgram:
        """The program, compiled now if it is not; raises CompilerError, or UsageError for what C has not got."""
        program = self._programs.get(arrays)
        if program is None:
            program = self._programs[arrays] = CProgram(Loop(self.graph, arrays), toolchain())
        return program

    def patience(self, arrays: Arrays) -> float:
        """The nanoseconds that NumPy should work before C is thought of again."""
        if arrays in self._programs or not self._is_possible:
            return math.inf
        loop = self._loops.get(arrays)
        enough = executors.LOOKING if loop is None else executors.compiling(loop.operations)
        return max(1.0, enough - self._work.get(arrays, 0.0))

    def if_it_pays(self, arrays: Arrays, work: float) -> CProgram | None:
        """The program, if it is compiled or should be now.

        Args:
            arrays: The choice of inputs.
            work: The nanoseconds that NumPy would take for what is to be done now.
        """
        if arrays in self._programs:
            return self._programs[arrays]
        before = self._work.get(arrays, 0.0)
        total = self._work[arrays] = before + work
        if not self._is_possible or total < executors.LOOKING:
            return None
        try:
            loop = self._loops.get(arrays)
            is_first_look = loop is None
            if loop is None:
                loop = self._loops[arrays] = Loop(self.graph, arrays)
            pays = total >= executors.compiling(loop.operations)
            if not pays and not (is_first_look and is_cached(loop)):
                return None
            self._programs[arrays] = CProgram(loop, toolchain())
        except (LibraryError, OSError):
            self._programs[arrays] = None  # NumPy runs on
        return self._programs[arrays]
