"""Programs on arrays written out in numbers: every element a node, as the lectures draw a small network.

The interpreter runs the program on arrays whose elements are nodes of the graph under construction.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from math import prod
from typing import Any, NamedTuple

from diffcli.errors import LimitError, Place
from diffcli.execute.written_algebra import check_size, determinant, inverse
from diffcli.graph.layout import element_names, output_elements
from diffcli.graph.ops import OPS
from diffcli.graph.program import CONSTANT, INPUT, Builder, Graph
from diffcli.graph.shapes import Shape, reduced, selected
from diffcli.graph.structural import Indices

Elements = Any
"""A NumPy array of node positions (dtype object)."""
COMPOSED = frozenset(("norm", "logsumexp", "softmax", "inv", "det", "logabsdet", "solve"))
"""Functions that are written out in operations of other names."""
MAX_OPERATIONS = 100_000
"""Operations on numbers above which a program is not written out."""


class WrittenOut(Place):
    """The place of a function on arrays; the operations on numbers that stand for it carry its name along."""

    function: str = ""

    @classmethod
    def of(cls, place: Place, function: str) -> "WrittenOut":
        """The same place, with the name of the function."""
        found = cls(*place)
        found.function = function
        return found


class Expansion(NamedTuple):
    """A program in numbers, and where the elements of its inputs are."""

    graph: Graph
    inputs: dict[int, tuple[int, ...]]
    """By the position of an input of the program on arrays: the positions of its elements."""

    def wrt(self, positions: Sequence[int]) -> tuple[int, ...]:
        """The elements of the inputs at `positions`."""
        return tuple(element for position in positions for element in self.inputs[position])


def expanded(graph: Graph, limit: int = MAX_OPERATIONS) -> Expansion:
    """The same program in numbers; inputs and outputs are called W[0,1]. Raises LimitError for a large one."""
    if graph.is_scalar:
        return Expansion(graph, {position: (position,) for position in graph.inputs})
    if graph.operations > limit:
        raise LimitError(f"written out in numbers it has {graph.operations} operations; the limit is {limit}")
    size = sum(prod(graph.nodes[position].shape) for position in graph.inputs)
    if size > limit:
        raise LimitError(f"its inputs have {size} elements; the limit for writing it out in numbers is {limit}")
    arithmetic = ElementArithmetic(Builder())
    builder, results, names = arithmetic.builder, list[Elements](), dict[int, str]()
    for position, node in enumerate(graph.nodes):
        place = graph.places[position] if graph.places else None
        builder.place = WrittenOut.of(place, node.op) if place and node.op in COMPOSED else place
        if node.op == INPUT:
            elements = [builder.input(name) for name in element_names(node.literal, node.shape)]
            results.append(arithmetic.array(elements, node.shape))
        elif node.op == CONSTANT:
            results.append(arithmetic.constant(node.literal))
        else:
            results.append(arithmetic.apply(node.op, *[results[a] for a in node.args], **dict(node.params)))
        if position in graph.names:
            elements = results[position].ravel().tolist()
            names.update(zip(elements, element_names(graph.names[position], node.shape), strict=True))
    inputs = {position: tuple(results[position].ravel().tolist()) for position in graph.inputs}
    outputs = [element for position in graph.outputs for element in results[position].ravel().tolist()]
    flat = [element for position in graph.inputs for element in inputs[position]]
    names = {element: name for element, name in names.items() if builder.nodes[element].args}
    return Expansion(builder.graph(flat, outputs, output_elements(graph), names), inputs)


class ElementArithmetic:
    """Arrays of nodes, for the interpreter."""

    def __init__(self, builder: Builder) -> None:
        """New nodes go to `builder`."""
        import numpy as np

        self.builder, self._np = builder, np

    def array(self, elements: Sequence[int], shape: Shape) -> Elements:
        """Nodes as an array of that shape."""
        result = self._np.empty(len(elements), dtype=object)
        result[:] = elements
        return result.reshape(shape)

    def constant(self, literal: str) -> Elements:
        """A constant as an array without axes."""
        return self.array([self.builder.constant(literal)], ())

    def apply(self, op: str, *args: Elements, **params: Any) -> Elements:
        """The primitive `op`: element by element, or as it is written out below."""
        if OPS[op].is_structural:
            return _WRITTEN_OUT[op](self, *args, **params)
        each = self._np.frompyfunc(lambda *nodes: self.builder.apply(op, *nodes), len(args), 1)
        return self._np.asarray(each(*args), dtype=object)

    def folded(self, op: str, x: Elements, axes: Sequence[int], *, keepdims: bool, empty: str = "0") -> Elements:
        """The operation `op` between all elements along `axes`, from first to last."""
        others = [axis for axis in range(x.ndim) if axis not in axes]
        lengths = [prod(x.shape[axis] for axis in kind) for kind in (others, axes)]
        rows = x.transpose([*others, *axes]).reshape(lengths)
        folded = [
            reduce(lambda a, b: self.builder.apply(op, a, b), row) if len(row) else self.builder.constant(empty)
            for row in rows.tolist()
        ]
        return self.array(folded, reduced(x.shape, axes, keepdims=keepdims))

    def sum(self, x: Elements, axes: Sequence[int], *, keepdims: bool = False) -> Elements:
        """x_1 + x_2 + …."""
        return self.folded("add", x, axes, keepdims=keepdims)

    def norm(self, x: Elements, axes: Sequence[int], *, keepdims: bool) -> Elements:
        """sqrt(x_1² + x_2² + …)."""
        squares = self.apply("pow", x, self.constant("2"))
        return self.apply("sqrt", self.sum(squares, axes, keepdims=keepdims))

    def logsumexp(self, x: Elements, axes: Sequence[int], *, keepdims: bool) -> Elements:
        """ln(e^x_1 + e^x_2 + …), as textbooks write it."""
        return self.apply("ln", self.sum(self.apply("exp", x), axes, keepdims=keepdims))

    def softmax(self, x: Elements, axis: int) -> Elements:
        """e^x_i / (e^x_1 + e^x_2 + …), as textbooks write it."""
        exponentials = self.apply("exp", x)
        return self.apply("div", exponentials, self.sum(exponentials, (axis,), keepdims=True))

    def running_sum(self, x: Elements, axis: int) -> Elements:
        """x_1, x_1 + x_2, …."""
        result = x.copy()
        view = self._np.moveaxis(result, axis, 0)
        for k in range(1, view.shape[0]):
            view[k : k + 1] = self.apply("add", view[k - 1 : k], view[k : k + 1])
        return result

    def product(self, x: Elements, y: Elements) -> Elements:
        """Σ_k x_ik · y_kj."""
        left = x.reshape(1, -1) if x.ndim == 1 else x
        right = y.reshape(-1, 1) if y.ndim == 1 else y
        terms = self.apply("mul", left[..., :, :, None], right[..., None, :, :])
        result = self.sum(terms, (terms.ndim - 2,))
        result = result[..., 0] if y.ndim == 1 else result
        return result[..., 0, :] if x.ndim == 1 and y.ndim > 1 else result[..., 0] if x.ndim == 1 else result

    def index(self, x: Elements, key: Sequence[Any]) -> Elements:
        """The elements that a key selects."""
        return self._np.asarray(x[_slices(key)], dtype=object)

    def determinant(self, x: Elements, op: str = "det") -> Elements:
        """Of a matrix, or of each of a stack of them."""
        check_size(x, op)
        matrices = x.reshape(prod(x.shape[:-2]), *x.shape[-2:]).tolist()
        found = [determinant(self.builder.apply, self.builder.constant, rows) for rows in matrices]
        return self.array(found, x.shape[:-2])

    def inverse(self, x: Elements, op: str = "inv") -> Elements:
        """Of a matrix, or of each of a stack of them."""
        check_size(x, op)
        matrices = x.reshape(prod(x.shape[:-2]), *x.shape[-2:]).tolist()
        found = [inverse(self.builder.apply, self.builder.constant, rows) for rows in matrices]
        return self.array([entry for rows in found for row in rows for entry in row], x.shape)

    def place(self, x: Elements, key: Sequence[Any], shape: Shape) -> Elements:
        """Zeros, with x where the key selects."""
        result = self.array([self.builder.constant("0")] * prod(shape), shape)
        result[_slices(key)] = x.reshape(selected(shape, tuple(key)))
        return result

    def take(self, x: Elements, indices: Indices) -> Elements:
        """The elements at an array of indices."""
        positions = self._np.frombuffer(indices.data, dtype="int64")
        return x.reshape(-1)[positions].reshape(indices.shape)

    def scatter(self, x: Elements, indices: Indices, shape: Shape) -> Elements:
        """Each element added at its index."""
        result: list[int | None] = [None] * prod(shape)
        for position, element in zip(self._np.frombuffer(indices.data, "int64"), x.ravel(), strict=True):
            before = result[position]
            result[position] = element if before is None else self.builder.apply("add", before, element)
        zero = self.builder.constant("0")
        return self.array([zero if element is None else element for element in result], shape)

    def joined(self, *arrays: Elements, axis: int) -> Elements:
        """Several arrays joined along an axis."""
        return self._np.concatenate(arrays, axis=axis)

    def broadcast(self, x: Elements, shape: Shape) -> Elements:
        """Repeated along the axes that are missing or have length 1."""
        return self._np.broadcast_to(x, shape)


def _slices(key: Sequence[Any]) -> tuple[int | slice, ...]:
    return tuple(entry if isinstance(entry, int) else slice(*entry) for entry in key)


_WRITTEN_OUT: dict[str, Callable[..., Elements]] = {
    "sum": lambda on, x, axes, keepdims: on.sum(x, axes, keepdims=keepdims),
    "amax": lambda on, x, axes, keepdims: on.folded("max", x, axes, keepdims=keepdims),
    "amin": lambda on, x, axes, keepdims: on.folded("min", x, axes, keepdims=keepdims),
    "norm": ElementArithmetic.norm,
    "logsumexp": ElementArithmetic.logsumexp,
    "softmax": ElementArithmetic.softmax,
    "cumsum": ElementArithmetic.running_sum,
    "matmul": ElementArithmetic.product,
    "transpose": lambda _, x, permutation: x.transpose(permutation),
    "reshape": lambda _, x, shape: x.reshape(shape),
    "broadcast": ElementArithmetic.broadcast,
    "index": ElementArithmetic.index,
    "place": ElementArithmetic.place,
    "take": ElementArithmetic.take,
    "scatter": ElementArithmetic.scatter,
    "concatenate": ElementArithmetic.joined,
    "inv": ElementArithmetic.inverse,
    "det": ElementArithmetic.determinant,
    "logabsdet": lambda on, x: on.apply("ln", on.apply("abs", on.determinant(x, "logabsdet"))),
    "solve": lambda on, a, b: on.product(on.inverse(a, "solve"), b),
}
