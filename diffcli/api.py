"""What Python programs use: the same studies, traces and gradients as the command line, from text."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from diffcli.execute.python_source import compiled
from diffcli.graph.program import Graph
from diffcli.language import Reading, parse
from diffcli.language.points import match_point, parse_point
from diffcli.methods.reverse import adjoint_program

if TYPE_CHECKING:
    from diffcli.studies.compare import Comparison
    from diffcli.studies.records import Study
    from diffcli.studies.trace import Trace

At = Mapping[str, float | str]
"""Names to numbers or texts: {"x1": 2, "x2": "pi/2"}."""


class ValueAndGradient:
    """A function of floats that returns the value and the gradient of an expression, by reverse mode."""

    def __init__(self, graph: Graph) -> None:
        """Compile the adjoint program of the one output of `graph`."""
        if len(graph.outputs) != 1:
            raise ValueError("one output is needed; diffcli.study takes several")
        self.variables = graph.variables
        """The names of the arguments, in order."""
        self._program = compiled(adjoint_program(graph, graph.outputs[0], graph.inputs).graph)

    def __call__(self, *point: float) -> tuple[float, tuple[float, ...]]:
        """Value and gradient at a point, one number per variable; raises TypeError for another count."""
        if len(point) != len(self.variables):
            raise TypeError(f"{len(self.variables)} numbers are needed ({', '.join(self.variables)}), not {len(point)}")
        value, *gradient = self._program([float(number) for number in point])
        return value, tuple(gradient)


def value_and_grad(text: str) -> ValueAndGradient:
    """The value and the gradient of an expression as a function of floats; raises `DiffcliError`."""
    return ValueAndGradient(parse(text).graph)


def grad(text: str, at: At) -> tuple[float, ...]:
    """The gradient of an expression at a point, in the order of its variables."""
    reading, point = _read(text, at)
    return ValueAndGradient(reading.graph)(*point)[1]


def study(text: str, at: At) -> "Study":
    """The record of `diffcli grad`; `.to_dict()` is its JSON object."""
    from diffcli.studies import study as studies

    reading, point = _read(text, at)
    return studies.study(reading.graph, point, text=text, notes=reading.notes)


def trace(text: str, at: At) -> "Trace":
    """The record of `diffcli trace`, with adjoint and tangent traces; `.to_dict()` is its JSON object."""
    from diffcli.studies import trace as traces

    reading, point = _read(text, at)
    return traces.trace(reading.graph, point, text=text, notes=reading.notes)


def compare(texts: str | Sequence[str], points: int = 10, seed: int = 0) -> "Comparison":
    """The record of `diffcli compare` over one or several expressions; `.to_dict()` is its JSON object."""
    from diffcli.studies import compare as comparisons

    chosen = [texts] if isinstance(texts, str) else texts
    subjects = [comparisons.Subject(text, parse(text).graph, None) for text in chosen]
    return comparisons.compare(subjects, points=points, seed=seed)


def _read(text: str, at: At) -> tuple[Reading, tuple[float, ...]]:
    """Expression and point; numbers are taken as they are, texts are read as `--at` reads them."""
    point = parse_point(
        [f"{name}={value if isinstance(value, str) else repr(float(value))}" for name, value in at.items()]
    )
    reading = parse(text, bound=tuple(point))
    return reading, match_point(reading, point)
