"""What a row of the table of primitives says, and how its formulas are written.

A formula such as `1 / cosh(x) ** 2` in the table is a Python function of `Term`s. Running it once on placeholders
gives a small `Graph`: that graph is printed in the trace, evaluated by every executor, inlined into derivative
programs, differentiated again, and proved by the test of its row.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import prod
from typing import Any, ClassVar, Literal

from diffcli.graph.program import Builder, Graph
from diffcli.graph.shapes import Key, Shape, broadcast

Formula = Callable[..., "Term | int"]
Kind = Literal["outside", "pole", "tangent", "kink", "jump"]


@dataclass(frozen=True)
class Singularity:
    """Where a primitive is not smooth. `holds` tells it from the arguments (floats or mpmath numbers).

    outside: no real value; pole: no finite value; tangent: a value but an infinite slope;
    kink: one-sided slopes differ; jump: the value itself jumps.
    """

    kind: Kind
    where: str
    holds: Callable[..., bool]


@dataclass(frozen=True)
class Primitive:
    """One row: all that is known of one operation, in every world that computes with it."""

    name: str
    doc: str
    partials: tuple[Formula | None, ...]
    """The local partial by each argument; None where the result is locally constant in that argument."""
    definition: Formula | None = None
    """The same function in terms of other rows, for worlds that have no name for it."""
    calls: Mapping[str, str] = field(default_factory=dict)
    """Names by world ("math", "mpmath", "sympy") that differ from `name`; all of them in a row with a definition."""
    latex: str = ""
    """A LaTeX command that is written before its argument, or a template with slots #1, #2, #3."""
    template: str = ""
    """How it is written in text if neither as a call nor with one operator, with slots as in `latex`."""
    symbol: str = ""
    """The infix or prefix operator, if it is written as one."""
    precedence: int = 100
    """How tightly the operator binds; function calls bind tightest."""
    domain: tuple[tuple[float, float], ...] = ((-3.0, 3.0),)
    """An interval for each argument from which tests and random points are drawn."""
    singularities: tuple[Singularity, ...] = ()
    aliases: tuple[str, ...] = ()
    callable: bool = True
    """Whether users may call it by name."""
    is_structural: ClassVar[bool] = False
    """Whether it computes with arrays as a whole; all others work element by element."""

    @property
    def arity(self) -> int:
        """How many arguments it takes."""
        return len(self.partials)

    def is_constant_in(self, argument: int) -> bool:
        """Whether the result is locally constant in an argument, so that no derivative passes there."""
        return self.partials[argument] is None

    def call(self, world: str) -> str | None:
        """What the function is called in `world`, or None where only its definition helps."""
        return self.calls.get(world, None if self.definition else self.name)

    def singular(self, *args: Any) -> Singularity | None:
        """The first singularity that holds at these arguments."""
        return next((s for s in self.singularities if s.holds(*args)), None)

    def result_shape(self, *shapes: Shape, **_: Any) -> Shape:
        """The shape of the result; raises ShapeError where those of the arguments do not fit."""
        return broadcast(*shapes)

    def work(self, shape: Shape, *_: Shape) -> int:
        """How many operations on numbers give a result of this shape from arguments of those shapes."""
        return prod(shape)

    @cache  # noqa: B019 - rows live as long as the program
    def partial(self, argument: int) -> Graph | None:
        """∂result/∂argument as a graph of the arguments x, y, c (shape () each), or None where it is zero."""
        formula = self.partials[argument]
        return formula and formula_graph(formula, self.arity)

    @cache  # noqa: B019 - rows live as long as the program
    def definition_graph(self) -> Graph:
        """The definition as a graph of the arguments."""
        assert self.definition is not None, f"{self.name} is defined by no other rows"
        return formula_graph(self.definition, self.arity)

    def __hash__(self) -> int:
        """Rows are told apart by their names."""
        return hash(self.name)


@dataclass(frozen=True)
class Term:
    """A node in a formula under construction; Python's operators add nodes to its builder."""

    builder: Builder
    position: int

    def apply(self, op: str, *others: "Term | int", **params: Any) -> "Term":
        """The operation `op` on this term and others, plain integers being constants."""
        positions = [self.lifted(other).position for other in others]
        return Term(self.builder, self.builder.apply(op, self.position, *positions, **params))

    def lifted(self, other: "Term | int") -> "Term":
        """The other operand as a term of the same builder."""
        return other if isinstance(other, Term) else Term(self.builder, self.builder.constant(str(other)))

    def __add__(self, other: "Term | int") -> "Term":
        """Sum."""
        return self.apply("add", other)

    def __radd__(self, other: int) -> "Term":
        """Sum."""
        return self.lifted(other) + self

    def __sub__(self, other: "Term | int") -> "Term":
        """Difference."""
        return self.apply("sub", other)

    def __rsub__(self, other: int) -> "Term":
        """Difference."""
        return self.lifted(other) - self

    def __mul__(self, other: "Term | int") -> "Term":
        """Product."""
        return self.apply("mul", other)

    def __rmul__(self, other: int) -> "Term":
        """Product."""
        return self.lifted(other) * self

    def __truediv__(self, other: "Term | int") -> "Term":
        """Quotient."""
        return self.apply("div", other)

    def __rtruediv__(self, other: int) -> "Term":
        """Quotient."""
        return self.lifted(other) / self

    def __pow__(self, other: "Term | int") -> "Term":
        """Power."""
        return self.apply("pow", other)

    def __neg__(self) -> "Term":
        """Negation."""
        return self.apply("neg")

    def __matmul__(self, other: "Term") -> "Term":
        """Matrix product."""
        return self.apply("matmul", other)

    # Arrays: what changes nothing adds no node.

    @property
    def shape(self) -> Shape:
        """The shape of the node."""
        return self.builder.shape(self.position)

    def sum(self, axes: Sequence[int], *, keepdims: bool = False) -> "Term":
        """Sum over axes."""
        return self.apply("sum", axes=tuple(axes), keepdims=keepdims) if axes else self

    def reshape(self, shape: Shape) -> "Term":
        """The same elements in another shape."""
        return self if shape == self.shape else self.apply("reshape", shape=shape)

    def broadcast(self, shape: Shape) -> "Term":
        """Repeated along the axes that are missing or have length 1."""
        return self if shape == self.shape else self.apply("broadcast", shape=shape)

    def transpose(self, permutation: Sequence[int]) -> "Term":
        """The axes in another order."""
        is_same = list(permutation) == sorted(permutation)
        return self if is_same else self.apply("transpose", permutation=tuple(permutation))

    def swapped(self) -> "Term":
        """The matrix, or each of a stack of matrices, transposed."""
        rank = len(self.shape)
        return self.transpose((*range(rank - 2), rank - 1, rank - 2))

    def index(self, key: Key) -> "Term":
        """The elements that an index selects."""
        return self.apply("index", key=key)

    def place(self, key: Key, shape: Shape) -> "Term":
        """An array of zeros with this one where the index selects."""
        return self.apply("place", key=key, shape=shape)


def function(op: str) -> Callable[..., "Term"]:
    """The primitive `op` as a function for formulas; one of its arguments at least must be a Term."""

    def call(*args: Term | int) -> Term:
        known = next(arg for arg in args if isinstance(arg, Term))
        first, *rest = (known.lifted(arg) for arg in args)
        return first.apply(op, *rest)

    return call


def formula_graph(formula: Formula, arity: int) -> Graph:
    """Run `formula` once on placeholders named x, y, c and return what it built."""
    builder = Builder()
    placeholders = [Term(builder, builder.input(name)) for name in ("x", "y", "c")[:arity]]
    result = formula(*placeholders)
    term = result if isinstance(result, Term) else placeholders[0].lifted(result)
    return builder.graph([p.position for p in placeholders], [term.position], ["partial"])
