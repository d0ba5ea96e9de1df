"""A program written as text, at a point of numbers, arrays or texts: both read, the derivatives made ready to run.

Nothing here loads NumPy before there is an array.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from diffcli.derivatives import Derivatives
from diffcli.errors import PointError
from diffcli.graph.program import Graph
from diffcli.language import Reading, parse
from diffcli.language.array_value import ArrayValue
from diffcli.language.points import PointValue, match_point, parse_point

At = Mapping[str, Any]
"""Names to numbers, arrays or texts: {"x1": 2, "x2": "pi/2", "W": [[1, 2], [3, 4]]}."""
Point = At | Sequence[Any]


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
        from diffcli.conversions import value_of

        values = tuple(map(value_of, results))
        return values[0] if len(values) == 1 else values

    def inputs(self, results: Sequence[Any]) -> tuple[Any, ...]:
        """One result for each variable."""
        if all(type(value) is float for value in self.values):
            return tuple(results)  # without NumPy
        from diffcli.conversions import like

        return tuple(map(like, results, self.values))

    def seeds(self, given: Point) -> list[Any]:
        """Tangents by name, 0 for a name that is not given; or one for each variable, in their order."""
        from diffcli.conversions import matched

        names = self.variables
        if not isinstance(given, Mapping):
            return matched(given, self.values, "tangent")
        unknown = [name for name in given if name not in names]
        if unknown:
            raise PointError(f"'{unknown[0]}' is no variable of the expression", hint=f"they are {listed(names)}")
        wanted = self.values
        return matched([_tangent(given.get(n, 0.0), v) for n, v in zip(names, wanted, strict=True)], wanted, "tangent")


def _tangent(given: Any, value: Any) -> Any:
    if hasattr(value, "shape") and isinstance(given, int | float) and given == 0:
        return 0.0 * value
    return as_value(given)


def one_output(graph: Graph) -> int:
    """The output of a program that has one."""
    if len(graph.outputs) != 1:
        raise ValueError("one output is needed; diffcli.study and diffcli.jacobian take several")
    return graph.outputs[0]


def read(text: str, at: At) -> tuple[Reading, tuple[Any, ...]]:
    """Expression and point; numbers and arrays are taken as they are, texts are read as `--at` reads them."""
    arrays = {name: as_value(value) for name, value in at.items() if is_array(value)}
    point = parse_point([_assignment(name, value) for name, value in at.items() if name not in arrays])
    shapes = {name: given.value.shape for name, given in point.items() if isinstance(given.value, ArrayValue)}
    shapes |= {name: tuple(value.shape) for name, value in arrays.items()}
    reading = parse(text, bound=tuple(at), shapes=shapes)
    places = {name: PointValue(name, "", value) for name, value in arrays.items()}
    return reading, tuple(map(as_value, match_point(reading, {**point, **places})))


def value_of_variable(name: str, value: Any) -> Any:
    """The value of one variable, also one that is given as text."""
    if not isinstance(value, str):
        return as_value(value)
    return as_value(parse_point([_assignment(name, value)])[name].value)


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


def listed(names: Sequence[str]) -> str:
    """Names in a message."""
    return ", ".join(names) or "none"
