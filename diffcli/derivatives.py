"""First and second derivatives of a program on numbers and arrays, each prepared when it is first asked for.

All tangents of a forward sweep, or all cotangents of a reverse sweep, run at once, in blocks that bound the memory.
The gradient is a program like any other: the Jacobian of the gradient is the Hessian, and its J·ẋ is H·ẋ.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, partial
from math import prod
from typing import Any, Literal

from diffcli.errors import ShapeError, UsageError
from diffcli.graph.batching import batched
from diffcli.graph.primitive import Term
from diffcli.graph.program import Builder, Graph
from diffcli.graph.shapes import Shape, shown
from diffcli.methods.forward import directional_program
from diffcli.methods.gradient import gradient_program
from diffcli.methods.reverse import adjoint_program

Mode = Literal["forward", "reverse"]
Values = Sequence[Any]
BLOCK_BYTES = 2**28
"""What the intermediates of the runs of one block may take together."""


class Runnable:
    """A program, compiled for numbers or for arrays when it first meets them."""

    def __init__(self, graph: Graph) -> None:
        """Nothing is compiled yet."""
        self.graph = graph
        self._on_numbers: Callable[[Values], Values] | None = None
        self._on_arrays: Callable[[Values], Values] | None = None

    @property
    def is_scalar(self) -> bool:
        """Whether it is a program of numbers."""
        return self.graph.is_scalar

    def compiled(self) -> Callable[[Values], Values]:
        """What runs at numbers."""
        from diffcli.execute.python_source import compiled

        return compiled(self.graph)

    def __call__(self, values: Values) -> Values:
        """The outputs; where a value is recorded itself, the program becomes a part of that recording."""
        return self.chosen(values)(values)

    def chosen(self, values: Values) -> Callable[[Values], Values]:
        """What runs at values of these types."""
        if self.is_scalar and all(type(value) is float for value in values):
            self._on_numbers = self._on_numbers or self.compiled()
            return self._on_numbers
        recorders = [value.recorder for value in values if hasattr(value, "recorder")]
        if recorders:
            return partial(max(recorders, key=lambda recorder: recorder.level).inlined, self.graph)
        if self._on_arrays is None:
            from diffcli.execute.array_source import compiled as compiled_for_arrays

            self._on_arrays = compiled_for_arrays(self.graph)
        return self._on_arrays


class RunnableGradient(Runnable):
    """The program of one output and its partials, which need not be written down to run at numbers."""

    def __init__(self, primal: Graph, wrt: Sequence[int]) -> None:
        """Neither written nor compiled yet."""
        self._task = primal, primal.outputs[0], wrt
        self._on_numbers = self._on_arrays = None

    @cached_property
    def graph(self) -> Graph:  # type: ignore[override]
        """The adjoint program."""
        return adjoint_program(*self._task).graph

    @property
    def is_scalar(self) -> bool:
        """Whether the primal program is one of numbers."""
        return self._task[0].is_scalar

    def compiled(self) -> Callable[[Values], Values]:
        """What runs at numbers."""
        return gradient_program(*self._task)


class Derivatives:
    """The derivatives of a program by some of its inputs."""

    def __init__(self, graph: Graph, wrt: Sequence[int]) -> None:
        """`wrt` are positions of inputs."""
        self.graph, self.wrt = graph, tuple(wrt)
        self._programs: dict[Any, Runnable] = {}

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shapes of the outputs."""
        return tuple(self.graph.nodes[position].shape for position in self.graph.outputs)

    @property
    def input_shapes(self) -> tuple[Shape, ...]:
        """The shapes of the inputs asked for."""
        return tuple(self.graph.nodes[position].shape for position in self.wrt)

    def value(self, values: Values) -> Values:
        """The outputs."""
        return self._program("value", lambda: self.graph)(values)

    def gradient(self, values: Values) -> tuple[Any, Values]:
        """The one output, a number, and its partials."""
        value, *partials = self.gradient_program(values)
        return value, partials

    @cached_property
    def gradient_program(self) -> Runnable:
        """The program of the one output and its partials."""
        if self.shapes != ((),):
            found = " and ".join(shown(shape) for shape in self.shapes)
            raise ShapeError(
                f"a gradient needs one number, not {found}", hint="sum the elements up, or ask for the jacobian"
            )
        return RunnableGradient(self.graph, self.wrt)

    @cached_property
    def of_gradient(self) -> "Derivatives":
        """The derivatives of the gradient: the Hessian is its Jacobian."""
        adjoint = self.gradient_program.graph
        return Derivatives(_with_outputs(adjoint, adjoint.outputs[1:]), self.wrt)

    def jvp(self, values: Values, tangents: Values) -> tuple[Values, Values]:
        """The outputs, and J·ẋ for a tangent of each input."""
        results = self._program("jvp", lambda: directional_program(self.graph, self.wrt).graph)([*values, *tangents])
        count = len(self.shapes)
        return results[:count], results[count:]

    def vjp(self, values: Values, cotangents: Values) -> tuple[Values, Values]:
        """The outputs, and Jᵀ·ȳ for a cotangent of each output."""
        program = self._program("vjp", lambda: pullback(self.graph, self.graph.outputs, self.wrt))
        results = program([*values, *cotangents])
        count = len(self.shapes)
        return results[:count], results[count:]

    def mode(self) -> Mode:
        """The cheaper one: as many tangents as inputs, or as many cotangents as outputs."""
        return "forward" if self._inputs <= self._outputs else "reverse"

    @property
    def _inputs(self) -> int:
        return sum(map(prod, self.input_shapes))

    @property
    def _outputs(self) -> int:
        return sum(map(prod, self.shapes))

    def jacobian(self, values: Values, mode: Mode | None = None) -> list[list[Any]]:
        """For every output and every input asked for the array of partials, of the shape of both, output first."""
        chosen = mode or self.mode()
        if chosen not in ("forward", "reverse"):
            raise UsageError(f"there is no mode {chosen!r}", hint="forward or reverse")
        if chosen == "forward":
            columns = [self._columns(values, number) for number in range(len(self.wrt))]
            return [list(row) for row in zip(*columns, strict=True)] if columns else [[] for _ in self.shapes]
        return [self._rows(values, number) for number in range(len(self.shapes))]

    def _columns(self, values: Values, number: int) -> list[Any]:
        """All outputs by one input: one tangent for each of its elements."""
        shape, outputs = self.input_shapes[number], self.shapes

        def made(count: int) -> Graph:
            sweep = directional_program(self.graph, [self.wrt[number]]).graph
            sweep = _with_outputs(sweep, sweep.outputs[len(outputs) :])
            return batched(sweep, sweep.inputs[-1:], count)

        runs = self._many(values, ("column", number), prod(shape), shape, made)
        return [_seeds_last(run, (prod(shape), *out), (*out, *shape)) for run, out in zip(runs, outputs, strict=True)]

    def _rows(self, values: Values, number: int) -> list[Any]:
        """One output by all inputs: one cotangent for each of its elements."""
        output, shapes = self.shapes[number], self.input_shapes

        def made(count: int) -> Graph:
            sweep = pullback(self.graph, self.graph.outputs[number : number + 1], self.wrt)
            sweep = _with_outputs(sweep, sweep.outputs[1:])
            return batched(sweep, sweep.inputs[-1:], count)

        runs = self._many(values, ("row", number), prod(output), output, made)
        return [_reshaped(run, (*output, *shape)) for run, shape in zip(runs, shapes, strict=True)]

    def _many(
        self, values: Values, kind: tuple[str, int], total: int, shape: Shape, made: Callable[[int], Graph]
    ) -> list[Any]:
        """One sweep for every element of a seed of this shape, in blocks; the sweeps lie along the first axis."""
        from diffcli.execute.array_library import library_of

        library = library_of(values)
        xp = library.namespace
        size = min(total, self._block) or 1
        blocks: list[Values] = []
        for start in range(0, total, size) or (0,):
            count = min(size, total - start)
            seeds = xp.reshape(xp.eye(count, total, k=start, **library.where(dtype=library.dtype)), (count, *shape))
            blocks.append(self._program((*kind, count), partial(made, count))([*values, seeds]))
        join = library.find("concat", "concatenate")
        return [parts[0] if len(parts) == 1 else join(parts, axis=0) for parts in zip(*blocks, strict=True)]

    @property
    def _block(self) -> int:
        """How many runs at once."""
        return max(1, BLOCK_BYTES // (8 * sum(prod(node.shape) for node in self.graph.nodes) or 8))

    def hessian(self, values: Values, mode: Mode | None = None) -> list[list[Any]]:
        """The Jacobian of the gradient: forward over reverse (the default) or reverse over reverse."""
        return self.of_gradient.jacobian(values, mode or "forward")

    def hvp(self, values: Values, direction: Values, mode: Mode = "forward") -> Values:
        """The Hessian times a direction, without the matrix; it is symmetric, so both modes give the same."""
        gradient = self.of_gradient
        return (gradient.jvp if mode == "forward" else gradient.vjp)(values, direction)[1]

    def _program(self, kind: Any, made: Callable[[], Graph]) -> Runnable:
        program = self._programs.get(kind)
        if program is None:
            program = self._programs[kind] = Runnable(made())
        return program


def pullback(graph: Graph, outputs: Sequence[int], wrt: Sequence[int]) -> Graph:
    """The outputs, and Jᵀ·ȳ by the gradient of Σ ȳ·f; the cotangents ȳ are further inputs."""
    builder = Builder(graph)
    names = [graph.output_names[graph.outputs.index(position)] for position in outputs]
    cotangents = [
        builder.input(f"{name} bar {number}", shape=builder.shape(position))  # no name of the user has a space
        for number, (name, position) in enumerate(zip(names, outputs, strict=True))
    ]
    total: Term | None = None
    for cotangent, position in zip(cotangents, outputs, strict=True):
        product = Term(builder, cotangent) * Term(builder, position)
        term = product.sum(range(len(product.shape)))
        total = term if total is None else total + term
    assert total is not None, "a program has an output"
    weighted = builder.graph([*graph.inputs, *cotangents], [total.position], ["total"])
    sweep = adjoint_program(weighted, total.position, wrt).graph
    return _with_outputs(sweep, [*outputs, *sweep.outputs[1:]])


def _with_outputs(graph: Graph, outputs: Sequence[int]) -> Graph:
    return replace(graph, outputs=tuple(outputs), output_names=tuple(f"y{k}" for k in range(len(outputs))))


def _reshaped(array: Any, shape: Shape) -> Any:
    if shape == ():
        return array if isinstance(array, float) else array.reshape(()) if hasattr(array, "reshape") else array
    from diffcli.execute.array_library import library_of

    return library_of([array]).namespace.reshape(array, shape)


def _seeds_last(array: Any, runs: Shape, shape: Shape) -> Any:
    """The axis of the runs behind the axes of the output, then as many axes as the input has."""
    from diffcli.execute.array_library import library_of

    library = library_of([array])
    xp, permute = library.namespace, library.find("permute_dims", "transpose")
    flat = xp.reshape(array, runs)
    return xp.reshape(permute(flat, (*range(1, len(runs)), 0)), shape)
