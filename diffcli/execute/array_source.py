"""Programs on arrays as straight-line Python source, compiled.

Every array is dropped after its last use, and NumPy writes into arrays that nobody needs any more, so that a reverse
sweep holds little beside the intermediates it needs. What depends on the array library is settled once for
each library and type, in the first run.
"""

from collections.abc import Callable, Sequence
from contextvars import Context
from typing import Any, NamedTuple

from diffcli.errors import ShapeError
from diffcli.execute.array_library import Library, library_of
from diffcli.execute.array_plan import Plan
from diffcli.execute.array_text import Text
from diffcli.execute.python_source import MAX_NODES
from diffcli.graph.program import Graph
from diffcli.graph.shapes import shown

Program = Callable[[Sequence[Any]], Sequence[Any]]


class Prepared(NamedTuple):
    """A program that has met inputs of these types before."""

    program: Program
    careful: Callable[[], Program]
    """The same for points where Python's math raises."""
    conversions: tuple[tuple[int, Callable[[Any], Any]], ...]
    """For inputs of another type than the program computes in."""


def compiled(graph: Graph) -> Program:
    """A runnable program: arrays (or floats) of the inputs' shapes in, values of the outputs out.

    All inputs are converted to the widest type among them, float32 or float64. Arrays that come back are the caller's
    own: they share no element with an input or with each other. An input of another shape raises ShapeError.
    """
    import numpy as np

    needed, array = graph.pruned(), np.ndarray
    prepared: dict[Any, Prepared] = {}
    programs: dict[str, tuple[Program, Callable[[], Program]]] = {}
    contexts: list[Context] = []

    def prepare(values: Sequence[Any], key: Any) -> Prepared:
        _check_shapes(needed, values)
        library = library_of(values)
        name = f"{library.name} {library.dtype} {library.device}"
        programs[name] = programs.get(name) or _programs(needed, library)
        found = Prepared(*programs[name], tuple(_conversions(needed, library, values)))
        if all(type(value) in (array, float, int) or isinstance(value, np.generic) for value in values):
            prepared[key] = found
        return found

    def run(values: Sequence[Any]) -> Sequence[Any]:
        key = tuple([(value.dtype, value.shape) if type(value) is array else type(value) for value in values])
        program, careful, conversions = prepared.get(key) or prepare(values, key)
        if conversions:
            values = list(values)
            for number, convert in conversions:
                values[number] = convert(values[number])
        context = contexts.pop() if contexts else _without_warnings()
        try:
            return context.run(program, values)
        except (ArithmeticError, ValueError):
            return context.run(careful(), values)
        finally:
            contexts.append(context)

    return run


def _without_warnings() -> Context:
    """A context in which 1/0 is inf and not a warning; entering one is quicker than np.errstate."""
    import numpy as np

    context = Context()
    context.run(np.seterr, all="ignore")
    return context


def _check_shapes(graph: Graph, values: Sequence[Any]) -> None:
    import numpy as np

    for position, value in zip(graph.inputs, values, strict=True):
        node, shape = graph.nodes[position], tuple(value.shape) if hasattr(value, "shape") else np.shape(value)
        if shape != node.shape:
            raise ShapeError(f"{node.literal} has the shape {shown(shape)} here, and not {shown(node.shape)}")


def _conversions(graph: Graph, library: Library, values: Sequence[Any]) -> Sequence[tuple[int, Callable[[Any], Any]]]:
    """What makes the inputs arrays of the library and type, or floats where numbers are."""
    found: list[tuple[int, Callable[[Any], Any]]] = []
    for number, (position, value) in enumerate(zip(graph.inputs, values, strict=True)):
        if library.has_quick_numbers and graph.nodes[position].shape == ():
            if type(value) is not float:
                found.append((number, float))
        elif library.name == "numpy":
            if type(value) is not library.namespace.ndarray or value.dtype != library.dtype:
                found.append((number, library.asarray))
        elif not hasattr(value, "__array_namespace__") or bool(value.dtype != library.dtype):
            found.append((number, library.asarray))
    return found


def _programs(graph: Graph, library: Library) -> tuple[Program, Callable[[], Program]]:
    plan = Plan(graph, library)
    if len(plan.nodes) > MAX_NODES:
        loop = looped(plan)
        return loop, lambda: loop
    known: list[Program] = []

    def careful() -> Program:
        known[:] = known or [straight(Text(plan, is_careful=True))]
        return known[0]

    return straight(Text(plan)), careful


def straight(text: Text) -> Program:
    """The text, compiled."""
    exec(compile(text.text, "<diffcli program>", "exec"), text.names)  # noqa: S102 - our own text, see there
    program: Program = text.names["program"]
    return program


def looped(plan: Plan) -> Program:
    """The program without generated text, where it is too large for Python's compiler."""
    start = [plan.constants.get(position) for position in range(len(plan.nodes))]
    steps = [
        (position, plan.call(position), plan.args(position), plan.dropped(position))
        for position in range(len(plan.nodes))
        if plan.args(position)
    ]
    copied = plan.copied_results()

    def run(values: Sequence[Any]) -> Sequence[Any]:
        results: list[Any] = start.copy()
        for position, value in zip(plan.graph.inputs, values, strict=True):
            results[position] = value
        for position, call, args, dropped in steps:
            results[position] = call(*[results[argument] for argument in args])
            for old in dropped:
                results[old] = None
        found = [results[position] for position in plan.graph.outputs]
        if not plan.library.has_quick_numbers:
            found = [plan.library.lifted(value) for value in found]
        return [plan.library.copied(value) if flag else value for value, flag in zip(found, copied, strict=True)]

    return run
