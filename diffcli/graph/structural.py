"""What a row of the second half of the table says: primitives that compute with arrays as a whole.

The rows stand in `reductions`, `products` and `moves`.

A row has the same knowledge as an elementwise row, in the same form: formulas from graph nodes to graph nodes.
`jvp(k, t, *arguments, **params)` is what the tangent t of the k-th argument adds to the tangent of the result;
`vjp(k, g, *arguments, **params)` is what the cotangent g of the result adds to the cotangent of the k-th argument.
A rule may give back a smaller or a larger shape that broadcasts with the expected one: the sweep alone sums a
cotangent back over broadcast axes. `batch` computes many results at once, along a new first axis.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar, NamedTuple

from diffcli.graph import shapes
from diffcli.graph.primitive import Formula, Primitive, Term
from diffcli.graph.program import Builder, Graph, Parameters
from diffcli.graph.shapes import Shape


class Indices(NamedTuple):
    """Positions in a flattened array, for indices that are arrays themselves."""

    shape: Shape
    data: bytes
    """64-bit integers in the machine's order, in bytes because they are hashed once only."""


@dataclass(frozen=True, eq=False)
class Structural(Primitive):
    """One row for arrays."""

    partials: tuple[Formula | None, ...] = (None,)
    """Only their number counts: how many arguments it takes."""
    shape: Callable[..., Shape] = shapes.broadcast
    """The shape of the result from those of the arguments and the parameters; raises ShapeError."""
    jvp: Callable[..., Term] | None = None
    vjp: Callable[..., Term] | None = None
    batch: Callable[..., Term] | None = None
    """batch(flags, *arguments, **params): the arguments whose flag is set have a new first axis."""
    callable: bool = False
    """What users call arrays by is the business of the language and of the recording of Python functions."""
    cost: Callable[..., int] = lambda shape, *_: prod(shape)
    """Operations on numbers, from the shapes of the result and of the arguments."""
    is_structural: ClassVar[bool] = True

    def result_shape(self, *argument_shapes: Shape, **params: Any) -> Shape:
        """The shape of the result; raises ShapeError where those of the arguments do not fit."""
        return self.shape(*argument_shapes, **params)

    def work(self, shape: Shape, *argument_shapes: Shape) -> int:
        """How many operations on numbers it takes; moving them is none."""
        return self.cost(shape, *argument_shapes)

    def is_constant_in(self, _: int) -> bool:
        """Never."""
        return False

    def rule(self, mode: str, k: int, given: Shape, arguments: Sequence[Shape], params: Parameters) -> Graph:
        """The rule `jvp` or `vjp` as a graph whose inputs are the given (co)tangent and the arguments."""
        builder = Builder()
        places = [builder.input(f"{number}", shape=shape) for number, shape in enumerate((given, *arguments))]
        formula: Callable[..., Term] = getattr(self, mode)
        passed, *terms = (Term(builder, position) for position in places)
        result = formula(k, passed, *terms, **dict(params))
        return builder.graph(places, [result.position], [mode])


def kept(x: Term, shape: Shape, axes: Sequence[int]) -> Term:
    """A reduced array with its axes of length 1 again, so that it fits what was reduced; a number fits anyway."""
    return x if not x.shape else x.reshape(shapes.reduced(shape, axes, keepdims=True))


def same_on_tangent(op: str) -> Callable[..., Term]:
    """The rule of a linear operation: its tangent is the same operation on the tangent."""
    return lambda k, t, *_, **params: t.apply(op, **params)


def no_operations(*_: Shape) -> int:
    """The cost of moving elements."""
    return 0


def one_per_argument(_: Shape, first: Shape, *__: Shape) -> int:
    """One operation for each element of the first argument."""
    return prod(first)
