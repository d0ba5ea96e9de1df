"""The loss of a mini-batch and its gradient: one program on arrays, differentiated and compiled once for each size.

All parameters stand one after the other in one array, and so do their derivatives: an optimizer takes a step with one
operation on all of them. Matrices lie there column by column, because Wᵀ is what samples in rows are multiplied with.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from diffcli.execute.array_source import compiled
from diffcli.graph.ops import COMPARISONS
from diffcli.graph.program import Graph
from diffcli.learn.network import LABELS, PENALTY, SAMPLES, Network
from diffcli.methods.reverse import adjoint_program

Array = Any
PROBABILITIES = frozenset(("sigmoid", "softmax"))
MOST_ROWS, MOST_ELEMENTS = 4096, 10_000_000
"""Samples that are evaluated at once, and numbers that a layer has for all of them."""


class Program(NamedTuple):
    """A compiled program with its inputs in place; those of each mini-batch are set before it runs."""

    run: Callable[[Sequence[Any]], Sequence[Any]]
    values: list[Any]
    places: Mapping[str, int]


class Evaluation(NamedTuple):
    """What a network says of samples."""

    loss: float
    """The mean, without penalty and dropout."""
    scores: Array
    """A row for each sample, the larger the likelier the class; of two classes one number, positive for the second."""


class Objective:
    """A network at work: parameters that can be changed in place, losses, gradients."""

    def __init__(self, network: Network, dtype: str = "float64") -> None:
        """All parameters are 0 at first."""
        import numpy as np

        self.network, self.dtype = network, np.dtype(dtype)
        self.parameters = np.zeros(network.size, self.dtype)
        self.views = views(network, self.parameters)
        self.derivatives = np.zeros(network.size, self.dtype)
        self._slots = list(views(network, self.derivatives).values())
        self._gradients: dict[int, Program] = {}
        self._losses: dict[int, Program] = {}
        self._evaluations: dict[int, Program] = {}

    def gradient(self, x: Array, y: Array, masks: Sequence[Array] = (), penalty: float = 0.0) -> float:
        """The loss of a mini-batch; its derivatives by all parameters are left in `derivatives`."""
        program = self._gradients.get(len(x)) or self._gradient_program(len(x))
        loss, *found = self._run(program, x, y, masks, penalty)
        for slot, derivative in zip(self._slots, found, strict=True):
            slot[...] = derivative
        return float(loss)

    def loss(self, x: Array, y: Array, masks: Sequence[Array] = (), penalty: float = 0.0) -> float:
        """The loss of a mini-batch alone, by the program that nothing has differentiated."""
        program = self._losses.get(len(x)) or self._loss_program(len(x))
        return float(self._run(program, x, y, masks, penalty)[0])

    def _run(self, program: Program, x: Array, y: Array, masks: Sequence[Array], penalty: float) -> Sequence[Any]:
        values, places = program.values, program.places
        values[places[SAMPLES]], values[places[LABELS]] = x, y
        if masks:
            for name, mask in zip(self.network.masks, masks, strict=True):
                values[places[name]] = mask
        if PENALTY in places:
            values[places[PENALTY]] = penalty
        return program.run(values)

    def evaluate(self, x: Array, y: Array) -> Evaluation:
        """Loss and scores of any number of samples, in parts of bounded size."""
        import numpy as np

        losses, scores = [], []
        for rows in in_parts(self.network, len(x)):
            part = x[rows]
            program = self._evaluations.get(len(part)) or self._evaluation_program(len(part))
            program.values[program.places[SAMPLES]] = part
            program.values[program.places[LABELS]] = y[rows]
            loss, found = program.run(program.values)
            losses.append(float(loss) * len(part))
            scores.append(found)
        return Evaluation(sum(losses) / len(x), scores[0] if len(scores) == 1 else np.concatenate(scores))

    def _gradient_program(self, rows: int) -> Program:
        graph = self.network.graph(rows)
        found = self._gradients[rows] = self._prepared(gradient_graph(graph, self.network))
        return found

    def _loss_program(self, rows: int) -> Program:
        found = self._losses[rows] = self._prepared(self.network.graph(rows))
        return found

    def _evaluation_program(self, rows: int) -> Program:
        graph = self.network.graph(rows, is_evaluation=True)
        found = self._evaluations[rows] = self._prepared(with_scores(graph, self.network, rows))
        return found

    def _prepared(self, graph: Graph) -> Program:
        places = {name: number for number, name in enumerate(graph.variables)}
        values: list[Any] = [0.0] * len(places)
        for name, view in self.views.items():
            values[places[name]] = view
        for name in self.network.masks:
            values[places[name]] = self.dtype.type(1)
        return Program(compiled(graph), values, places)


def in_parts(network: Network, rows: int) -> Iterator[slice]:
    """The samples in parts of bounded size, smaller ones for wide layers."""
    widest = max(max(shape, default=1) for shape in network.shapes.values())
    step = max(min(MOST_ROWS, MOST_ELEMENTS // widest), 1)
    return (slice(start, start + step) for start in range(0, rows, step))


def views(network: Network, elements: Array) -> dict[str, Array]:
    """The parameters by name, as parts of one array of all their elements."""
    return {
        parameter.name: elements[parameter.start : parameter.start + parameter.size].reshape(parameter.shape, order="F")
        for parameter in network.parameters
    }


def gradient_graph(graph: Graph, network: Network) -> Graph:
    """The program of the loss and its derivatives by all parameters, by one reverse sweep."""
    by_name = dict(zip(graph.variables, graph.inputs, strict=True))
    return adjoint_program(graph, graph.outputs[0], [by_name[parameter.name] for parameter in network.parameters]).graph


def with_scores(graph: Graph, network: Network, rows: int) -> Graph:
    """The program with the decision function as a second output: the last named array with a number per class.

    Probabilities of two classes become numbers around 0.
    """
    from dataclasses import replace

    from diffcli.errors import UsageError
    from diffcli.graph.primitive import Term
    from diffcli.graph.program import Builder

    wanted = network.shape(LABELS, rows)
    named = [p for p in sorted(graph.names) if graph.nodes[p].shape == wanted and graph.nodes[p].op not in _TRUTHS]
    if not named:
        raise UsageError(
            "the decision function is not to be found", hint="give it a name in the program: Z = X @ W.T + b"
        )
    position = named[-1]
    if graph.nodes[position].op in PROBABILITIES and network.outputs == 1:
        builder = Builder(graph)
        position = (Term(builder, position) - Term(builder, builder.constant("0.5"))).position
        graph = builder.graph(graph.inputs, graph.outputs, graph.output_names, graph.names)
    return replace(graph, outputs=(graph.outputs[0], position), output_names=("loss", "scores"))


_TRUTHS = frozenset(row.name for row in COMPARISONS)
