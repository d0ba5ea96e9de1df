"""Symbolic differentiation by SymPy: an interpretable formula, and a second opinion that shares no rule with ours.

SymPy works in a child process with limits on time and memory. It is started first, so that its import overlaps with
everything else; its answer is a graph, which the same executor runs as for the other methods.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from diffcli.errors import LimitError
from diffcli.execute.expansion import expanded
from diffcli.execute.flat import flattened
from diffcli.graph.layout import components, output_elements
from diffcli.graph.program import Graph, Node
from diffcli.methods.method import Compiler, GaveUp, Jacobian
from diffcli.methods.symbolic_worker import Payload, encoded
from diffcli.methods.sympy_process import MEMORY_LIMIT, Worker

TIME_LIMIT = 3.0
MAX_NODES = 20_000
"""Nodes that a program, and its derivative, may have before SymPy is not worth asking."""
SWELL = 10
"""A formula this many times longer than its program is worth a note."""


class SymbolicJob:
    """A derivative that is being computed in a child process."""

    def __init__(self, graph: Graph, wrt: Sequence[int], time_limit: float, memory: int) -> None:
        """Ask a child; the time limit runs from now on."""
        self.seconds = 0.0
        """How long it took, the child's start included (known after `result`)."""
        self._graph, self._wrt, self._time_limit = graph, tuple(wrt), time_limit
        self._answer: Payload = {}
        self._thread = threading.Thread(target=self._converse, args=(memory,), daemon=True)
        self._thread.start()

    def result(self) -> Graph:
        """The program with outputs f_1 … f_B, then all ∂f_i/∂x_j row by row; raises `GaveUp`."""
        self._thread.join()
        return self._formulas

    @property
    def written_out(self) -> int:
        """How many operations the derivatives have when nothing is shared (known after `result`)."""
        return int(self._answer["written_out"])

    @cached_property
    def _formulas(self) -> Graph:
        return formulas(self._graph, self._wrt, self._answer)

    def _converse(self, memory: int) -> None:
        """Ask a child and await its answer until the time is up."""
        began = time.perf_counter()
        try:
            self._write_out()
            question, worker = request(self._graph, self._wrt), Worker.idle(memory)
            began = min(began, worker.began)
            answer = worker.ask(question, self._time_limit)
        except LimitError as error:
            answer = {"gave_up": error.message}
        except OSError:
            answer = {"gave_up": "no process can be started for SymPy"}
        self.seconds = time.perf_counter() - began
        if answer is None and self.seconds >= self._time_limit:
            answer = {"gave_up": f"SymPy took more than {self._time_limit:g} s"}
        self._answer = answer or {"gave_up": "SymPy's process broke down, probably for lack of memory"}

    def _write_out(self) -> None:
        """SymPy differentiates programs in numbers."""
        if not self._graph.is_scalar:
            expansion = expanded(self._graph, MAX_NODES)
            self._graph, self._wrt = expansion.graph, expansion.wrt(self._wrt)


def start(graph: Graph, wrt: Sequence[int], time_limit: float = TIME_LIMIT, memory: int = MEMORY_LIMIT) -> SymbolicJob:
    """Begin to differentiate `graph` by the inputs at the positions `wrt`."""
    return SymbolicJob(graph, wrt, time_limit, memory)


def request(graph: Graph, wrt: Sequence[int]) -> Payload:
    """What the child is asked."""
    return {**encoded(graph), "wrt": tuple(wrt), "max_nodes": MAX_NODES}


def formulas(graph: Graph, wrt: Sequence[int], answer: Payload) -> Graph:
    """The child's answer as a graph, with the user's names again; raises `GaveUp` if it has none."""
    if "gave_up" in answer:
        raise GaveUp(answer["gave_up"])
    added = answer["nodes"][len(graph.nodes) :]
    nodes = (*graph.nodes, *(Node(op, tuple(args), literal) for op, args, literal in added))
    names = [f"d{output}_d{graph.nodes[position].literal}" for output in graph.output_names for position in wrt]
    return Graph(nodes, graph.inputs, tuple(answer["outputs"]), (*graph.output_names, *names), graph.names)


class PreparedSymbolic:
    """Symbolic derivatives made ready: the formulas of f and of all its derivatives as one compiled program."""

    def __init__(self, graph: Graph, wrt: Sequence[int], compiler: Compiler, job: SymbolicJob | None = None) -> None:
        """Await the formulas of `job`, if it was started earlier, and compile them; raises `GaveUp`."""
        job = job or start(graph, wrt)
        self.formulas = job.result()
        """f_1 … f_B, then all ∂f_i/∂x_j row by row."""
        self.prepare_seconds: float | None = job.seconds
        """How long SymPy took, its start included."""
        self._outputs, self._width = len(output_elements(graph)), len(components(graph, wrt))
        self.written_out, self.shared = job.written_out, self._operations()
        """Operations of the derivatives written out in full, and with each common subexpression computed once."""
        self.notes: tuple[str, ...] = ()
        if self.shared and self.written_out > SWELL * self.shared:
            sizes = (
                f"{self.written_out} operations written out in full, {self.shared} with common subexpressions shared"
            )
            self.notes = (f"expression swell: {sizes}",)
        self._program = compiler(self.formulas, "evaluation")

    def __call__(self, point: Sequence[Any]) -> Jacobian:
        """One run of the formulas."""
        numbers = point if all(isinstance(value, float) for value in point) else flattened(point)
        results, width = self._program(numbers), self._width
        starts = range(self._outputs, len(results), width) if width else ()
        rows = tuple(tuple(results[first : first + width]) for first in starts) or ((),) * self._outputs
        return Jacobian(tuple(results[: self._outputs]), rows)

    def _operations(self) -> int:
        """Operations that the derivatives alone need."""
        derivatives = replace(self.formulas, outputs=self.formulas.outputs[self._outputs :])
        return derivatives.pruned().operations
