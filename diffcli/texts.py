"""Derivatives of programs written as text, at points of numbers and arrays."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from diffcli.derivatives import Derivatives, Mode
from diffcli.errors import PointError, ShapeError, UsageError
from diffcli.execute.executors import at_one_point, checked
from diffcli.execute.python_source import compiled_function
from diffcli.graph.ops import CALLABLE
from diffcli.graph.program import Graph
from diffcli.graph.shapes import Shape
from diffcli.language import Reading, parse
from diffcli.language.array_value import ArrayValue
from diffcli.language.points import PointValue, match_point, parse_point
from diffcli.methods.gradient import SHORT, gradient_program
from diffcli.methods.reverse import adjoint_program

if TYPE_CHECKING:
    from diffcli.batches import PointBatch
    from diffcli.execute.blocks import Batch
    from diffcli.language.tokens import Token

At = Mapping[str, Any]
"""Names to numbers, arrays or texts: {"x1": 2, "x2": "pi/2", "W": [[1, 2], [3, 4]]}."""
Point = At | Sequence[Any]
FLOATS = frozenset((float,))
NUMBERS = frozenset((float, int, bool))
MOST_NAMED = 8
"""Variables that a message lists."""


class ValueAndGradient:
    """A function that returns the value and the gradient of a text, by reverse mode."""

    def __init__(self, text: str, executor: str | None = None) -> None:
        """Read the text, unless it needs arrays, whose shapes are not known yet.

        `executor` says what runs it (see `diffcli.execute.executors`); by default what is quickest.
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
        """The same as a plain function of Python where the text is short, which is several times quicker to call."""
        graph = self._primal
        if graph is None or self._executor not in (None, "python") or len(graph.nodes) > SHORT:
            return self
        found: Any = compiled_function(self._adjoint, self.__call__)
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
        if len(points) != len(self.variables):
            raise TypeError(f"{len(self.variables)} arrays are needed ({self._names}), not {len(points)}")
        if self._batch is not None and out is None:  # small batches are quick
            results = self._batch(points, None, threads)
            return results[0], tuple(results[1:])
        given = None
        if out is not None:
            try:
                given = [out[0], *out[1]]
            except (TypeError, ValueError, LookupError):
                raise UsageError("out is a pair: the array of values, and a tuple of arrays for the gradient") from None
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
        return _jvp(self._located(point), tangents)

    def vjp(self, point: Point) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
        """Value, and what takes a cotangent ȳ of it to Jᵀ·ȳ; the point is a tuple, or by name."""
        return _vjp(self._located(point))

    def _located(self, point: Point) -> "Located":
        named = point if isinstance(point, Mapping) else self._named(point)
        for name in self.variables:
            if name not in named:
                raise PointError(f"the point has no value for '{name}'")
        for name in named:
            if name not in self.variables:
                raise PointError(f"'{name}' is no variable of the expression", hint=f"they are {_list(self.variables)}")
        values = tuple(_value_of_text(name, named[name]) for name in self.variables)
        return Located(self.variables, values, self._at_shapes(tuple(getattr(value, "shape", ()) for value in values)))

    def _named(self, point: Any) -> At:
        if not isinstance(point, (tuple, list)) or len(point) != len(self.variables):
            raise PointError(f"a tuple with a value for each of {_list(self.variables)} is needed, or values by name")
        return dict(zip(self.variables, point, strict=True))

    def _at_arrays(self, point: Sequence[Any]) -> tuple[Any, tuple[Any, ...]]:
        from diffcli.differentiated import like, value_of

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


def one_output(graph: Graph) -> int:
    """The output of a program that has one."""
    if len(graph.outputs) != 1:
        raise ValueError("one output is needed; diffcli.study and diffcli.jacobian take several")
    return graph.outputs[0]


_NO_NAMES = {".": ("T",), "=": ("true", "True", "false", "False")}
"""Words that are no names behind these signs: W.T, keepdims=true."""


def names_of_variables(text: str) -> tuple[str, ...]:
    """The names in a text that are neither called nor assigned, by first appearance."""
    from diffcli.language.array_functions import FUNCTIONS
    from diffcli.language.characters import spell
    from diffcli.language.tokens import WORDLIKE, tokenize

    tokens = tokenize(spell(text))
    known = {*FUNCTIONS, *CALLABLE, "pi", "π", "e"}
    names = dict.fromkeys(
        token.text
        for kind, token in zip(["", *[token.kind for token in tokens]], tokens, strict=False)
        if token.kind in WORDLIKE and token.text not in known and token.text not in _NO_NAMES.get(kind, ())
    )
    for place, token in enumerate(tokens):
        if token.kind == "=":
            names.pop(tokens[_head(tokens, place - 1)].text, None)
    return tuple(names)


def _head(tokens: "Sequence[Token]", place: int) -> int:
    """Where the name stands that is assigned: before its parameters, if there are some."""
    if tokens[place].kind != ")":
        return place
    while place > 0 and tokens[place].kind != "(":
        place -= 1
    return max(place - 1, 0)


class Located(NamedTuple):
    """A text at a point."""

    variables: tuple[str, ...]
    values: tuple[Any, ...]
    derivatives: Derivatives

    @classmethod
    def read(cls, text: str, at: At) -> "Located":
        """Read both; raises `DiffcliError`."""
        reading, values = read(text, at)
        return cls(reading.variables, values, Derivatives(reading.graph, reading.graph.inputs))

    @staticmethod
    def output(results: Sequence[Any]) -> Any:
        """The one output, or a tuple of them."""
        from diffcli.differentiated import value_of

        values = tuple(map(value_of, results))
        return values[0] if len(values) == 1 else values

    def inputs(self, results: Sequence[Any]) -> tuple[Any, ...]:
        """One result for each variable."""
        if all(type(value) is float for value in self.values):
            return tuple(results)  # without NumPy
        from diffcli.differentiated import like

        return tuple(map(like, results, self.values))

    def seeds(self, given: Point) -> list[Any]:
        """Tangents by name, 0 for a name that is not given; or one for each variable, in their order."""
        from diffcli.differentiated import matched

        names = self.variables
        if not isinstance(given, Mapping):
            return matched(given, self.values, "tangent")
        unknown = [name for name in given if name not in names]
        if unknown:
            raise PointError(f"'{unknown[0]}' is no variable of the expression", hint=f"they are {_list(names)}")
        wanted = self.values
        return matched([_tangent(given.get(n, 0.0), v) for n, v in zip(names, wanted, strict=True)], wanted, "tangent")


def _list(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def _value_of_text(name: str, value: Any) -> Any:
    """A value of a point, also one that is given as text."""
    if not isinstance(value, str):
        return as_value(value)
    return as_value(parse_point([_assignment(name, value)])[name].value)


def _tangent(given: Any, value: Any) -> Any:
    if hasattr(value, "shape") and isinstance(given, int | float) and given == 0:
        return 0.0 * value
    return as_value(given)


def gradient(text: str, at: At) -> tuple[Any, ...]:
    """The partials of the one output by every variable."""
    place = Located.read(text, at)
    one_output(place.derivatives.graph)
    return place.inputs(place.derivatives.gradient(place.values)[1])


def blocks(rows: Sequence[Sequence[Any]]) -> tuple[tuple[Any, ...], ...]:
    """The blocks of a matrix as floats or arrays."""
    from diffcli.differentiated import block

    return tuple(tuple(map(block, row)) for row in rows)


def jacobian(text: str, at: At, mode: Mode | None = None) -> tuple[tuple[Any, ...], ...]:
    """For every output a row with the partials by every variable."""
    place = Located.read(text, at)
    rows = place.derivatives.jacobian(place.values, mode)
    return blocks(rows)


def hessian(text: str, at: At, mode: Mode | None = None) -> tuple[tuple[Any, ...], ...]:
    """For every variable a row with the second partials by every variable."""
    place = Located.read(text, at)
    rows = place.derivatives.hessian(place.values, mode)
    return blocks(rows)


def jvp(text: str, at: At, tangents: Mapping[str, Any]) -> tuple[Any, Any]:
    """Value and J·ẋ."""
    return _jvp(Located.read(text, at), tangents)


def _jvp(place: Located, tangents: Point) -> tuple[Any, Any]:
    values, results = place.derivatives.jvp(place.values, place.seeds(tangents))
    return place.output(values), place.output(results)


def vjp(text: str, at: At) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """Value, and the function that takes a cotangent ȳ of the value to Jᵀ·ȳ."""
    return _vjp(Located.read(text, at))


def _vjp(place: Located) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    point = place.values
    if any(type(value) is not float for value in point):  # without NumPy where nothing is an array
        from diffcli.differentiated import unchanging

        point = unchanging(point)
    value = place.output(place.derivatives.value(point))

    def pulled_back(cotangent: Any) -> tuple[Any, ...]:
        from diffcli.differentiated import matched

        given = matched([cotangent], [value], "cotangent")
        return place.inputs(place.derivatives.vjp(point, given)[1])

    return value, pulled_back


def hvp(text: str, at: At, direction: Mapping[str, Any]) -> tuple[Any, ...]:
    """The Hessian times a direction."""
    place = Located.read(text, at)
    return place.inputs(place.derivatives.hvp(place.values, place.seeds(direction)))


def read(text: str, at: At) -> tuple[Reading, tuple[Any, ...]]:
    """Expression and point; numbers and arrays are taken as they are, texts are read as `--at` reads them."""
    arrays = {name: as_value(value) for name, value in at.items() if is_array(value)}
    point = parse_point([_assignment(name, value) for name, value in at.items() if name not in arrays])
    shapes = {name: given.value.shape for name, given in point.items() if isinstance(given.value, ArrayValue)}
    shapes |= {name: tuple(value.shape) for name, value in arrays.items()}
    reading = parse(text, bound=tuple(at), shapes=shapes)
    places = {name: PointValue(name, "", value) for name, value in arrays.items()}
    return reading, tuple(map(as_value, match_point(reading, {**point, **places})))


def _assignment(name: str, value: Any) -> str:
    return f"{name}={value if isinstance(value, str) else repr(float(value))}"


def is_array(value: Any) -> bool:
    """Whether a value of a point is an array, or nested lists."""
    return isinstance(value, (list, tuple)) or bool(getattr(value, "shape", ()))


def as_value(value: Any) -> Any:
    """A value of a point as programs take it: a float, or an array of floats."""
    if isinstance(value, (int, float)):
        try:
            return float(value)
        except OverflowError:
            raise PointError("an integer is too large for double precision") from None
    if isinstance(value, ArrayValue):
        import numpy as np

        return np.array(value.elements, dtype=value.dtype).reshape(value.shape)
    if isinstance(value, (list, tuple)):
        import numpy as np

        return np.asarray(value, dtype=float)
    kind = getattr(getattr(value, "dtype", None), "kind", "f")
    if not hasattr(value, "shape") or kind not in "fiu":
        raise PointError(f"numbers are needed, not {type(value).__name__}")
    return value.astype(float) if kind in "iu" else value


def point_leaves(point: Sequence[Any]) -> list[Any]:
    """What results are returned like: nested lists come back as arrays."""
    return [as_value(value) if isinstance(value, (list, tuple)) else value for value in point]
