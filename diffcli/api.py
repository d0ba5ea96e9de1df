"""What Python programs use: the same studies, traces and gradients as the command line, from text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from diffcli.execute.python_source import compiled
from diffcli.graph.program import Graph
from diffcli.language import Reading, parse
from diffcli.language.points import PointValue, match_point, parse_point
from diffcli.methods.reverse import adjoint_program

if TYPE_CHECKING:
    from diffcli.studies.compare import Comparison
    from diffcli.studies.records import Study
    from diffcli.studies.trace import Trace

At = Mapping[str, float | str]
"""Names to numbers or texts: {"x1": 2, "x2": "pi/2"}."""


@dataclass(frozen=True)
class ValueAndGradient:
    """A function of floats that returns the value and the gradient of an expression, by reverse mode."""

    graph: Graph

    def __post_init__(self) -> None:
        """Compile the adjoint program."""
        if len(self.graph.outputs) != 1:
            raise ValueError("value_and_grad takes one output; diffcli.study takes several")
        program = adjoint_program(self.graph, self.graph.outputs[0], self.graph.inputs)
        object.__setattr__(self, "_program", compiled(program.graph))

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the arguments, in order."""
        return self.graph.variables

    def __call__(self, *point: float) -> tuple[float, tuple[float, ...]]:
        """Value and gradient at a point, one float per variable."""
        value, *gradient = self._program(point)  # type: ignore[attr-defined]
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


def compare(texts: Sequence[str], points: int = 10, seed: int = 0) -> "Comparison":
    """The record of `diffcli compare` over several expressions at random points; `.to_dict()` is its JSON object."""
    from diffcli.studies import compare as comparisons

    subjects = [comparisons.Subject(text, parse(text).graph, None) for text in texts]
    return comparisons.compare(subjects, points=points, seed=seed)


def _read(text: str, at: At) -> tuple[Reading, tuple[float, ...]]:
    """Expression and point; numbers are taken as they are, texts are read as `--at` reads them."""
    texts = [f"{name}={value}" for name, value in at.items() if isinstance(value, str)]
    numbers = {
        name: PointValue(name, repr(value), float(value)) for name, value in at.items() if not isinstance(value, str)
    }
    reading = parse(text, bound=tuple(at))
    return reading, match_point(reading, {**numbers, **parse_point(texts)})
