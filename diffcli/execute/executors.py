"""What can run a program of numbers, and which of them does where nothing else is asked for.

One point runs as Python source, which is there at once; C takes a third to four fifths of its time, but a tenth of a
second to compile, and is for who asks for it. Many points run in NumPy, and as C as soon as the work that NumPy has
done, or is about to do, outweighs what compiling costs: whoever rents until the rent equals the price never pays more
than twice.
"""

from collections.abc import Callable, Sequence

from diffcli.errors import UsageError
from diffcli.execute.floats import FLOATS
from diffcli.execute.interpreter import outputs
from diffcli.execute.python_source import compiled
from diffcli.graph.program import Graph

EXECUTORS = {
    "interpreter": "one operation after the other; what it computes is what the others are tested against",
    "python": "straight-line Python source on the math module; at one point the quickest that needs no compiler",
    "numpy": "NumPy in blocks that stay in the cache, with threads over the blocks",
    "c": "one loop in C over all points, made by the system's compiler, with threads; one point by Python's own call",
}
"""Each runs every program of numbers, the last one only where there is a compiler and C has the functions."""
COMPILING, COMPILING_EACH = 70_000_000, 400_000
"""Nanoseconds that a compiler takes to begin with, and for each operation (gcc 12: 66 ms for 38 of them, 104 ms for
216, 0.27 s for 524, 0.52 s for 1060, 1.2 s for 2136)."""
LOOKING = 2_000_000
"""Nanoseconds that it takes to see whether a program is compiled already, and to load it (1.2 ms for 30 operations)."""
MOST_COMPILED = 3_000
"""Nodes above which compiling takes seconds, and is not begun unasked."""

Program = Callable[[Sequence[float]], Sequence[float]]


def checked(executor: str | None) -> str | None:
    """The name of an executor, or None for an automatic choice; raises UsageError."""
    if executor is not None and not (isinstance(executor, str) and executor in EXECUTORS):
        shown = executor if isinstance(executor, str) else type(executor).__name__
        raise UsageError(f"there is no executor '{shown[:40]}'", hint=f"the executors are {', '.join(EXECUTORS)}")
    return executor


def at_one_point(graph: Graph, executor: str | None = None) -> Program:
    """The program at one point: values of the inputs in, values of the outputs out."""
    if executor in (None, "python"):
        return compiled(graph)
    if executor == "interpreter":
        return lambda values: outputs(graph, FLOATS, values)
    from diffcli.execute.blocks import Batch

    batch = Batch(graph, executor)

    def run(*values: float) -> tuple[float, list[float]]:
        first, *others = map(float, batch(values))
        return first, others

    one = batch.one(run) if executor == "c" else run

    def program(values: Sequence[float]) -> list[float]:
        first, others = one(*values)
        return [first, *others]

    return program


def compiling(operations: int) -> int:
    """About how many nanoseconds it takes to compile a program of so many operations."""
    return COMPILING + COMPILING_EACH * operations
