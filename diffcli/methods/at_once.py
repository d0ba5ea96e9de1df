"""All sweeps of a mode in one run: every tangent, or every cotangent, beside the others.

What does not depend on the seeds, the primal and the local partials, is computed once for all of them. A program in
numbers becomes one longer program; a program on arrays gets a new first axis along which the seeds lie.
"""

from collections.abc import Iterable, Iterator, Sequence
from math import prod
from typing import Any

from diffcli.execute.flat import flattened, zeros
from diffcli.graph.batching import batched
from diffcli.graph.program import INPUT, Builder, Graph
from diffcli.methods.forward import directional_program, tangent_program
from diffcli.methods.method import Compiler, Jacobian
from diffcli.methods.reverse import adjoint_program, parts

BLOCK = 2**18
"""Elements that an array of one run may have: more seeds are taken in several runs, so that memory stays bounded."""


def merged(graphs: Iterable[Graph]) -> Graph:
    """Several programs as one with the outputs of all; what they have in common is computed once."""
    builder, outputs, names, inputs = Builder(), list[int](), list[str](), dict[int, None]()
    for graph in graphs:
        new: list[int] = []
        for node in graph.nodes:
            if node.op == INPUT:
                new.append(builder.input(node.literal, shape=node.shape))
            elif not node.args:
                new.append(builder.constant(node.literal))
            else:
                new.append(builder.apply(node.op, *[new[a] for a in node.args], **dict(node.params)))
        inputs.update((new[position], None) for position in graph.inputs)
        outputs += [new[position] for position in graph.outputs]
        names += graph.output_names
    return builder.graph(list(inputs), outputs, names)


class ForwardInNumbers:
    """A tangents for every node of a program in numbers, by one program."""

    notes: tuple[str, ...] = ()
    prepare_seconds: float | None = None

    def __init__(self, graph: Graph, wrt: Sequence[int], compiler: Compiler) -> None:
        """Write the tangents of all inputs at the positions `wrt` into one program."""
        self._outputs = len(graph.outputs)
        self._program = compiler(merged(tangent_program(graph, seed).graph.pruned() for seed in wrt), "sweep")

    def __call__(self, point: Sequence[Any]) -> Jacobian:
        """One run, which gives all columns."""
        results, height = self._program(point), self._outputs
        rows = tuple(tuple(results[row :: 2 * height]) for row in range(height, 2 * height))
        return Jacobian(tuple(results[:height]), rows)


class ReverseInNumbers:
    """B adjoints for every node of a program in numbers, by one program."""

    notes: tuple[str, ...] = ()
    prepare_seconds: float | None = None

    def __init__(self, graph: Graph, wrt: Sequence[int], compiler: Compiler) -> None:
        """Write the adjoints of all outputs into one program."""
        self._width = len(wrt) + 1
        sweeps = (adjoint_program(graph, output, wrt).graph.pruned() for output in graph.outputs)
        self._program = compiler(merged(sweeps), "sweep")

    def __call__(self, point: Sequence[Any]) -> Jacobian:
        """One run, which gives all rows."""
        results, width = self._program(point), self._width
        rows = (tuple(results[first + 1 : first + width]) for first in range(0, len(results), width))
        return Jacobian(tuple(results[::width]), tuple(rows))


class ForwardOnArrays:
    """The same for programs on arrays: unit tangents along a new first axis, in blocks."""

    notes: tuple[str, ...] = ()
    prepare_seconds: float | None = None

    def __init__(self, graph: Graph, wrt: Sequence[int], compiler: Compiler) -> None:
        """Compile the program of a block of tangents."""
        program = directional_program(graph, wrt).graph.pruned()
        self._outputs = len(graph.outputs)
        self._wrt = [graph.inputs.index(position) for position in wrt]
        self._count = sum(prod(graph.nodes[position].shape) for position in wrt)
        self._size = block_size(program, self._count)
        tangents = program.inputs[len(graph.inputs) :]
        self._program = compiler(batched(program, tangents, self._size), "sweep")

    def __call__(self, point: Sequence[Any]) -> Jacobian:
        """One run for each block of columns."""
        columns, values = list[Sequence[float]](), tuple[float, ...]()
        for results in self.sweeps(point):
            columns += rows_of(results[self._outputs :], self._size)
            values = values or tuple(flattened([result[0, ...] for result in results[: self._outputs]]))
        return Jacobian(values, tuple(zip(*columns[: self._count], strict=True)))

    def sweeps(self, point: Sequence[Any]) -> Iterator[Sequence[Any]]:
        """What each run finds, as arrays: values, then derivatives by a block of elements."""
        for seeds in unit_blocks([point[index] for index in self._wrt], self._size):
            yield self._program([*point, *seeds])


class ReverseOnArrays:
    """The same for cotangents: for each output that is an array one program of blocks."""

    notes: tuple[str, ...] = ()
    prepare_seconds: float | None = None

    def __init__(self, graph: Graph, wrt: Sequence[int], compiler: Compiler) -> None:
        """Compile the program of a block of cotangents for every output."""
        chosen = [graph.inputs.index(position) for position in wrt]
        self._shapes = [graph.nodes[position].shape for position in graph.outputs]
        self._sizes, self._programs = [], []
        for part, shape in zip(parts(graph), self._shapes, strict=True):
            sweep = adjoint_program(part, part.outputs[0], [part.inputs[k] for k in chosen]).graph.pruned()
            size = block_size(sweep, prod(shape))
            self._sizes.append(size)
            seeded = batched(sweep, sweep.inputs[len(part.inputs) :], size) if shape else sweep
            self._programs.append(compiler(seeded, "sweep"))

    def __call__(self, point: Sequence[Any]) -> Jacobian:
        """One run for each block of rows."""
        values, found = list[float](), [list[tuple[float, ...]]() for _ in self._shapes]
        for output, (value, *adjoints) in self.sweeps(point):
            shape, rows = self._shapes[output], found[output]
            if not shape:
                values += flattened([value])
                rows.append(tuple(flattened(adjoints)))
                continue
            values += [] if rows else flattened([value[0, ...]])
            rows += rows_of(adjoints, self._sizes[output])
        kept = (rows[: prod(shape)] for rows, shape in zip(found, self._shapes, strict=True))
        return Jacobian(tuple(values), tuple(row for rows in kept for row in rows))

    def sweeps(self, point: Sequence[Any]) -> Iterator[tuple[int, Sequence[Any]]]:
        """The number of an output and what each run finds: value, then derivatives of a block of its elements."""
        for output, (program, shape, size) in enumerate(zip(self._programs, self._shapes, self._sizes, strict=True)):
            for seeds in unit_blocks([zeros(shape, point)], size) if shape else [()]:
                yield output, program([*point, *seeds])


def block_size(graph: Graph, count: int) -> int:
    """How many of `count` seeds one run takes."""
    largest = max(prod(node.shape) for node in graph.nodes)
    return max(1, min(count, BLOCK // max(1, largest)))


def unit_blocks(like: Sequence[Any], size: int) -> Iterator[list[Any]]:
    """The unit vectors of the elements of `like`, `size` of them along a first axis; the last block ends with zeros."""
    from diffcli.execute.array_library import library_of

    library = library_of(like)
    shapes = [getattr(value, "shape", ()) for value in like]
    starts = [0]
    for shape in shapes:
        starts.append(starts[-1] + prod(shape))
    for first in range(0, starts[-1], size):
        seeds = []
        for shape, start in zip(shapes, starts, strict=False):
            seed = library.asarray([0.0] * (size * prod(shape))).reshape((size, prod(shape)))
            for row in range(max(0, start - first), min(size, start + prod(shape) - first)):
                seed[row, first + row - start] = 1.0
            seeds.append(seed.reshape((size, *shape)))
        yield seeds


def rows_of(results: Sequence[Any], size: int) -> list[tuple[float, ...]]:
    """The elements of all results that belong to each seed."""
    if not results:
        return [()] * size
    flat = [result.reshape((size, -1) if result.size else (size, 0)).tolist() for result in results]
    if len(flat) == 1:
        return list(map(tuple, flat[0]))
    return [tuple(element for part in parts_of for element in part) for parts_of in zip(*flat, strict=True)]


def at_once(mode: str, graph: Graph, wrt: Sequence[int], compiler: Compiler) -> Any:
    """All sweeps of a mode, "forward" or "reverse", made ready to run at once."""
    if mode == "forward":
        return (ForwardInNumbers if graph.is_scalar else ForwardOnArrays)(graph, wrt, compiler)
    return (ReverseInNumbers if graph.is_scalar else ReverseOnArrays)(graph, wrt, compiler)
