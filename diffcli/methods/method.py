"""What the four methods share: prepare once for a graph, then give value and Jacobian at many points.

A method never runs a graph itself. It asks a `Compiler` for runnable programs and says what each run counts as, so
that costs are counted by wrapping what really runs, and all methods are timed on the same kind of executor.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

from diffcli.graph.program import Graph

Program = Callable[[Sequence[Any]], Sequence[Any]]
"""A runnable graph: values of the inputs in, values of the outputs out; floats, or arrays of one library."""
Work = Literal["evaluation", "complex evaluation", "sweep"]
"""What one run of a program counts as: an evaluation of f (or of formulas for it), also one at a complex point (real
parts of all elements, then imaginary parts in and out), or a sweep of a derivative program."""
Compiler = Callable[[Graph, Work], Program]


class Jacobian(NamedTuple):
    """What a method computes at a point."""

    values: tuple[float, ...]
    """f_1 … f_B, all elements of all outputs; empty where the derivatives did not need them."""
    rows: tuple[tuple[float, ...], ...]
    """B rows of A derivatives ∂f_i/∂x_j, j over all elements of the inputs asked for."""


class Prepared(Protocol):
    """A method made ready for one graph."""

    notes: tuple[str, ...]
    """What the user should know about how this method went about it."""
    prepare_seconds: float | None
    """How long the preparation took, where it went on beside other work; None: as long as the constructor took."""

    def __call__(self, point: Sequence[Any]) -> Jacobian:
        """Values and derivatives at `point` (one float or array per input of the graph)."""
        ...


@dataclass
class Meter:
    """Counts what runs."""

    evaluations: int = 0
    sweeps: int = 0
    operations: int = 0

    def wrap(self, compiler: Compiler) -> Compiler:
        """A compiler whose programs count each of their runs here."""

        def metered(graph: Graph, work: Work) -> Program:
            program, operations = compiler(graph, work), graph.operations

            def run(values: Sequence[Any]) -> Sequence[Any]:
                self.evaluations += work != "sweep"
                self.sweeps += work == "sweep"
                self.operations += operations
                return program(values)

            return run

        return metered


class GaveUp(Exception):  # noqa: N818 - not an error of the user, an outcome that a row of the table reports
    """A method that cannot answer here; the message says why (a limit, an unsupported primitive)."""
