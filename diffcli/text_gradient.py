"""The value and the gradient of a text as a function of the point: at one point, at many, and products with them.

The text is read once, and once more for every set of shapes where it needs arrays.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Any, cast

from diffcli.derivatives import Derivatives
from diffcli.errors import PointError, ShapeError, UsageError
from diffcli.execute.executors import at_one_point, checked
from diffcli.execute.python_source import compiled_function
from diffcli.graph.program import Graph
from diffcli.graph.shapes import Shape
from diffcli.language import parse
from diffcli.language.variables import names_of_variables
from diffcli.methods.gradient import SHORT, gradient_program
from diffcli.methods.reverse import adjoint_program
from diffcli.text_points import At, Located, Point, as_value, listed, one_output, point_leaves, value_of_variable
from diffcli.texts import jvp_at, vjp_at

if TYPE_CHECKING:
    from diffcli.batches import PointBatch
    from diffcli.execute.blocks import Batch

FLOATS = frozenset((float,))
NUMBERS = frozenset((float, int, bool))
MOST_NAMED = 8
"""Variables that a message lists."""


class ValueAndGradient:
    """A function that returns the value and the gradient of a text, by reverse mode."""

    def __init__(self, text: str, executor: str | None = None) -> None:
        """Read the text, unless it needs arrays, whose shapes are not known yet.

        `executor` says what runs it (see `diffcli.execute.executors`, also for what does by default).
        """
        self.text, self._executor = text, checked(executor)
        self._primal: Graph | None = None
        self._batch: Batch | None = None
        self._by_shapes: dict[tuple[Shape, ...], Derivatives] = {}
        self._batches: dict[tuple[Shape, ...], PointBatch] = {}
        try:
            graph = parse(text).graph
        except ShapeError:
            self.variables = names_of_variables(text)
            if not self.variables:
                raise
        else:
            self.variables = graph.variables
            one_output(graph)
            self._primal = graph if graph.is_scalar else None
            self._by_shapes[((),) * len(graph.inputs)] = Derivatives(graph, graph.inputs)
        if executor is not None and self._primal is None:
            raise UsageError("executors are for programs of numbers, and this text needs arrays")

    variables: tuple[str, ...]
    """The names of the arguments, in order."""

    def function(self) -> "ValueAndGradient":
        """The same as a plain function of Python or C where the text is short, which is several times quicker to call.

        Raises:
            CompilerError: C is to run it, and there is no compiler that works.
        """
        graph = self._primal
        if graph is None or self._executor not in (None, "python", "c") or len(graph.nodes) > SHORT:
            return self
        found: Any
        if self._executor == "c":
            from diffcli.execute.blocks import Batch

            self._batch = Batch(self._adjoint, "c")
            found = partial(self._batch.one(self.__call__))  # which, unlike a function of C, has attributes
            found.__name__, found.__signature__ = "value_and_grad", _signature(self.variables)
        else:
            found = compiled_function(self._adjoint, self.__call__)
        found.__doc__ = f"Value and gradient of {self.text}"
        for name in ("text", "variables", "batch", "jvp", "vjp"):
            setattr(found, name, getattr(self, name))
        return cast("ValueAndGradient", found)

    @cached_property
    def _adjoint(self) -> Graph:
        assert self._primal is not None, "a text of numbers"
        return adjoint_program(self._primal, self._primal.outputs[0], self._primal.inputs).graph

    @cached_property
    def _program(self) -> Callable[[Sequence[float]], Sequence[float]] | None:
        graph = self._primal
        if graph is None or self._executor is not None:
            return None if graph is None else at_one_point(self._adjoint, self._executor)
        return gradient_program(graph, graph.outputs[0], graph.inputs)

    def __call__(self, /, *point: Any, **named: Any) -> tuple[Any, tuple[Any, ...]]:
        """Value and gradient at a point, one number or array per variable; raises TypeError for another count."""
        if named:
            point = self._in_order(point, named)
        if len(point) != len(self.variables):
            raise TypeError(f"{len(self.variables)} numbers are needed ({self._names}), not {len(point)}")
        if self._program is None or not FLOATS.issuperset(map(type, point)):
            if self._program is None or not NUMBERS.issuperset(map(type, point)):
                return self._at_arrays(point)
            point = tuple(map(as_value, point))
        value, *gradient = self._program(point)
        return value, tuple(gradient)

    def _in_order(self, point: Sequence[Any], named: Mapping[str, Any]) -> tuple[Any, ...]:
        """All arguments, those behind the first ones by name."""
        rest = self.variables[len(point) :]
        if named.keys() != set(rest):
            wrong = next((name for name in named if name not in rest), "")
            what = f"the argument {wrong} is not one of them" if wrong else f"only {', '.join(named)} is given by name"
            raise TypeError(f"{len(self.variables)} numbers are needed ({self._names}): {what}")
        return (*point, *[named[name] for name in rest])

    @property
    def _names(self) -> str:
        more = len(self.variables) - MOST_NAMED
        return ", ".join([*self.variables[:MOST_NAMED], *([f"and {more} more"] if more > 0 else [])])

    def batch(self, *points: Any, out: Any = None, threads: int | None = None) -> tuple[Any, tuple[Any, ...]]:
        """Value and gradient at many points: (values, (g1, g2, …)), arrays of the inputs' common shape.

        Everything is computed in double precision, also for arrays of single precision. Where a text needs arrays,
        the first axis of what is given is that of the points; one of length 1 is the same at all of them.

        Args:
            points: For every variable an array, or a number that is the same at all points.
            out: (values, (g1, g2, …)): arrays of double precision that take the results.
            threads: How many threads share many points; as many as there are cores by default.
        """
        if self._batch is not None and threads is None:
            try:  # as `Batch` does, but without its steps, which count for few points
                if out is None:
                    found: tuple[Any, tuple[Any, ...]] | None = self._batch.many(*points)
                    if found is not None:
                        return found
                else:
                    value, partials = out = out[0], tuple(out[1])  # which may be read only once
                    if self._batch.fill_few(*points, value, *partials):
                        return value, partials
            except (LookupError, RuntimeError, TypeError, ValueError):
                pass  # another thread is in it, or something is wrong with what is given
        return self._at_points(points, out, threads)

    def _at_points(self, points: Sequence[Any], out: Any, threads: Any) -> tuple[Any, tuple[Any, ...]]:
        """The same for whatever is given."""
        from diffcli.execute import workers

        threads = workers.checked(threads)
        if len(points) != len(self.variables):
            raise TypeError(f"{len(self.variables)} arrays are needed ({self._names}), not {len(points)}")
        given = None if out is None else _flat(out)
        if self._primal is None:
            results = self._arrays_at_points(points, given)
        else:
            if self._batch is None:
                from diffcli.execute.blocks import Batch

                self._batch = Batch(self._adjoint, self._executor)
            results = self._batch(points, given, threads)
        return results[0], tuple(results[1:])

    def _arrays_at_points(self, points: Sequence[Any], out: Sequence[Any] | None) -> list[Any]:
        """The same for a text that needs arrays, which have one axis more than at one point."""
        from diffcli.batches import FIRST_AXIS, PointBatch, along_points, count_of_points

        arrays = [as_value(value) for value in points]
        count = count_of_points(arrays)
        shapes = tuple(tuple(getattr(array, "shape", ())[1:]) for array in arrays)
        if shapes not in self._batches:
            try:
                self._batches[shapes] = PointBatch(self._at_shapes(shapes).gradient_program.graph)
            except ShapeError as error:
                error.hint = error.hint or FIRST_AXIS
                raise
        return self._batches[shapes]([along_points(array, count) for array in arrays], count, out)

    def jvp(self, point: Point, tangents: Point) -> tuple[Any, Any]:
        """Value and J·ẋ; point and tangents are tuples in the order of the variables, or by name."""
        return jvp_at(self._located(point), tangents)

    def vjp(self, point: Point) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
        """Value, and what takes a cotangent ȳ of it to Jᵀ·ȳ; the point is a tuple, or by name."""
        return vjp_at(self._located(point))

    def _located(self, point: Point) -> Located:
        named = point if isinstance(point, Mapping) else self._named(point)
        for name in self.variables:
            if name not in named:
                raise PointError(f"the point has no value for '{name}'")
        for name in named:
            if name not in self.variables:
                raise PointError(
                    f"'{name}' is no variable of the expression", hint=f"they are {listed(self.variables)}"
                )
        values = tuple(value_of_variable(name, named[name]) for name in self.variables)
        return Located(self.variables, values, self._at_shapes(tuple(getattr(value, "shape", ()) for value in values)))

    def _named(self, point: Any) -> At:
        if not isinstance(point, (tuple, list)) or len(point) != len(self.variables):
            raise PointError(f"a tuple with a value for each of {listed(self.variables)} is needed, or values by name")
        return dict(zip(self.variables, point, strict=True))

    def _at_arrays(self, point: Sequence[Any]) -> tuple[Any, tuple[Any, ...]]:
        from diffcli.conversions import like, value_of

        values = [as_value(value) for value in point]
        derivatives = self._at_shapes(tuple(getattr(value, "shape", ()) for value in values))
        value, partials = derivatives.gradient(values)
        return value_of(value), tuple(map(like, partials, point_leaves(point)))

    def _at_shapes(self, shapes: tuple[Shape, ...]) -> Derivatives:
        """The derivatives for variables of these shapes; the text is read once for them."""
        derivatives = self._by_shapes.get(shapes)
        if derivatives is None:
            derivatives = self._by_shapes[shapes] = self._derivatives(shapes)
        return derivatives

    def _derivatives(self, shapes: Sequence[Shape]) -> Derivatives:
        graph = parse(self.text, self.variables, shapes=dict(zip(self.variables, shapes, strict=True))).graph
        if graph.variables != self.variables:
            raise PointError(
                f"the variables are {', '.join(graph.variables)}",
                hint=f"fix their order: f({', '.join(self.variables)}) = …",
            )
        one_output(graph)
        return Derivatives(graph, graph.inputs)


def _signature(variables: Sequence[str]) -> Signature | None:
    """What `help` shows; None where a variable has a name that no parameter can have, such as lambda."""
    try:
        return Signature([Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in variables])
    except ValueError:
        return None


def _flat(out: Any) -> list[Any]:
    """All arrays that take results."""
    try:
        return [out[0], *out[1]]
    except (TypeError, ValueError, LookupError):
        raise UsageError("out is a pair: the array of values, and a tuple of arrays for the gradient") from None
