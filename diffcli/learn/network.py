"""A network as what it is to the engine: a program whose inputs are samples, labels and parameters.

The names say what an input is: X are the samples, one per row, and Y their labels; M2, M3, … are the masks of dropout
and `lambda` is the factor of the L2 penalty; all others are parameters, and those that begin with b are biases.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from math import prod
from typing import Any

from diffcli.errors import ExpressionError, LimitError, ShapeError, UsageError
from diffcli.graph.program import Graph, Node
from diffcli.graph.shapes import Shape, shown
from diffcli.language.reading import parse
from diffcli.learn.architecture import ACTIVATIONS, USUAL_WIDTH, Architecture

SAMPLES, LABELS, PENALTY = "X", "Y", "lambda"
MASK = re.compile(r"M(\d{1,4})", re.ASCII)
CONVENTIONAL = re.compile(r"\b([WbM])(\d{0,3})\b", re.ASCII)
CODE_NAME = re.compile(r"[^\W\d]\w*")
COMMENT = re.compile(r"#[^\n]*")
MANY_CLASSES = re.compile(r"\b(cross_entropy|cross_entropy_of_logits|softmax|logsumexp)\b")
MOST_PARAMETERS = 20_000_000
ROWS = 7
"""Samples of the program that is looked at to understand a text; a number that is seldom a width."""


@dataclass(frozen=True)
class Parameter:
    """An array that is learned, and where its elements stand among all of them."""

    name: str
    shape: Shape
    start: int

    @property
    def size(self) -> int:
        """How many numbers it is."""
        return prod(self.shape)

    @property
    def is_bias(self) -> bool:
        """Biases begin at 0, and no penalty is on them."""
        return self.name.startswith("b")

    def element(self, number: int) -> str:
        """The name of one of its numbers, such as W1[3,5]."""
        index = []
        for size in reversed(self.shape):
            number, rest = divmod(number, size)
            index.append(str(rest))
        return f"{self.name}[{','.join(reversed(index))}]" if index else self.name


@dataclass(frozen=True)
class Network:
    """A program with the shapes of everything but the number of samples."""

    name: str
    text: str
    shapes: Mapping[str, Shape]
    """Of every input: of X, Y and the masks without the axis of the samples."""
    architecture: Architecture | None = None
    """For networks in the form of lecture deck 001."""
    start: Mapping[str, Any] = field(default_factory=dict)
    """Parameters whose starting values are given."""

    def graph(self, rows: int, *, is_evaluation: bool = False) -> Graph:
        """The program for so many samples; in an evaluation the masks are the number 1."""
        shapes = {name: self.shape(name, rows, is_evaluation=is_evaluation) for name in self.shapes}
        try:
            return parse(
                self.text, tuple(shapes), shapes={name: shape for name, shape in shapes.items() if shape}
            ).graph
        except LimitError as problem:
            if "elements" not in (problem.hint or ""):
                raise
            hint = f"{rows} samples at once: a smaller --batch, or fewer units"
            raise LimitError(problem.message, place=problem.place, hint=hint) from None

    def shape(self, name: str, rows: int, *, is_evaluation: bool = False) -> Shape:
        """The shape of an input for so many samples."""
        shape = self.shapes[name]
        if MASK.fullmatch(name):
            return () if is_evaluation else (rows, *shape)
        return (rows, *shape) if name in (SAMPLES, LABELS) else shape

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What is learned, in the order of the program."""
        return _parameters(tuple(self.shapes.items()))

    @property
    def size(self) -> int:
        """How many numbers are learned."""
        return sum(parameter.size for parameter in self.parameters)

    @property
    def masks(self) -> tuple[str, ...]:
        """The inputs that dropout sets."""
        return tuple(name for name in self.shapes if MASK.fullmatch(name))

    @property
    def has_penalty(self) -> bool:
        """Whether the loss has the factor of an L2 penalty."""
        return PENALTY in self.shapes

    @property
    def outputs(self) -> int:
        """1 for the label 0 or 1 of two classes, else the number of classes."""
        return prod(self.shapes[LABELS])


@cache
def _parameters(shapes: tuple[tuple[str, Shape], ...]) -> tuple[Parameter, ...]:
    found, start = [], 0
    for name, shape in shapes:
        if name not in (SAMPLES, LABELS, PENALTY) and not MASK.fullmatch(name):
            found.append(Parameter(name, shape, start))
            start += prod(shape)
    return tuple(found)


def of_architecture(name: str, chosen: Architecture, start: Mapping[str, Any] | None = None) -> Network:
    """The network that an architecture describes."""
    shapes: dict[str, Shape] = {SAMPLES: chosen.widths[:1]}
    for l, (inner, outer) in enumerate(zip(chosen.widths, chosen.widths[1:], strict=False), start=1):
        shapes |= {f"W{l}": (outer, inner), f"b{l}": (outer,)}
        if chosen.dropout and l + 1 < chosen.last:
            shapes[f"M{l + 1}"] = (outer,)
    shapes[LABELS] = chosen.widths[-1:]
    if chosen.penalty:
        shapes[PENALTY] = ()
    network = Network(name, chosen.text, shapes, chosen)
    return refuse_large(with_start(network, start or {}))


def of_text(
    name: str, text: str, features: int, classes: int, hidden: Sequence[int] | None, start: Mapping[str, Any]
) -> Network:
    """The network of a program; W1, b1, W2, … get their shapes by the layers, others from their starting values."""
    refuse_unreadable(text)
    outputs = classes if MANY_CLASSES.search(COMMENT.sub("", text)) else 1
    if outputs == 1 and classes != 2:
        raise UsageError(
            f"this loss tells two classes apart, and there are {classes}",
            hint="for more, cross_entropy_of_logits(Z, Y) with one column of Z for each class",
        )
    shapes = conventional_shapes(text, features, outputs, hidden)
    shapes |= {key: tuple(value.shape) for key, value in start.items()}
    forms: list[Shape] = [(outputs,), ()] if outputs == 1 else [(outputs,)]
    candidates = [Network(name, text, {**shapes, LABELS: form}, start=start) for form in forms]
    network = next(filter(is_decided, candidates), candidates[0])
    return refuse_large(recognised(replace(network, shapes=_of_inputs(network, network.graph(ROWS)))))


def refuse_unreadable(text: str) -> None:
    """Say what is wrong with a text, or missing in it, before anything is concluded from it."""
    try:
        known: Sequence[str] = parse(text).graph.variables
    except ShapeError:  # arrays are not known yet
        known = CODE_NAME.findall(COMMENT.sub("", text))
    for name, what in ((SAMPLES, "the samples, one per row"), (LABELS, "their labels")):
        if name not in known:
            raise UsageError(f"the program has no {name}: {what}", hint="for example L = mean((X @ W.T + b - Y)^2)")


def is_decided(network: Network) -> bool:
    """Whether a named intermediate has the shape of the labels, as the decision function must."""
    try:
        graph = network.graph(ROWS)
    except ExpressionError:  # said when the program is read for good
        return False
    return any(graph.nodes[position].shape == network.shape(LABELS, ROWS) for position in graph.names)


def conventional_shapes(text: str, features: int, outputs: int, hidden: Sequence[int] | None) -> dict[str, Shape]:
    """The shapes of W1, b1, M2, W2, … as the names say; W and b alone are those of a single layer."""
    names = {found[0]: (found[1], int(found[2] or 1)) for found in CONVENTIONAL.finditer(COMMENT.sub("", text))}
    layers = max((number for letter, number in names.values() if letter == "W"), default=1)
    if hidden is not None and len(hidden) != layers - 1:
        raise UsageError(
            f"the program has {layers - 1} hidden layers, and {len(hidden)} widths are given", hint="see --hidden"
        )
    widths = (features, *(hidden or (USUAL_WIDTH,) * (layers - 1)), outputs)
    shapes: dict[str, Shape] = {SAMPLES: (features,)}
    for name, (letter, l) in names.items():
        if letter == "W" and 1 <= l <= layers:
            shapes[name] = (widths[l], widths[l - 1])
        elif letter == "b" and 1 <= l <= layers:
            shapes[name] = (widths[l],)
        elif letter == "M" and 2 <= l <= layers:
            shapes[name] = (widths[l - 1],)
    return shapes


def _of_inputs(network: Network, graph: Graph) -> dict[str, Shape]:
    """The shapes of the inputs that the program has, in its order; what is wrong with it raises."""
    known = graph.variables
    shape = graph.nodes[graph.outputs[0]].shape
    if len(graph.outputs) > 1 or shape:
        found = f"{len(graph.outputs)} outputs" if len(graph.outputs) > 1 else f"an array ({shown(shape)})"
        raise ShapeError(f"the loss is one number, and this program gives {found}", hint="end it with L = mean(…)")
    unknown = [name for name in known if name not in network.shapes and name != PENALTY]
    if unknown:
        raise UsageError(
            f"the shape of {unknown[0]!r} is not known", hint=f"give its starting value: --at {unknown[0]}=[[…]]"
        )
    unused = [name for name in network.start if name not in known]
    if unused:
        raise UsageError(f"{unused[0]!r} is given a value but is no input of the network", hint=f"{', '.join(known)}")
    shapes = {name: network.shapes.get(name, ()) for name in known}
    if not any(name not in (SAMPLES, LABELS, PENALTY) and not MASK.fullmatch(name) for name in known):
        raise UsageError("the program has no parameters to learn", hint="W and b in Z = X @ W.T + b")
    return shapes


def with_start(network: Network, start: Mapping[str, Any]) -> Network:
    """The network with starting values of parameters; raises UsageError where they do not fit."""
    shapes = {parameter.name: parameter.shape for parameter in network.parameters}
    for name, value in start.items():
        if name not in shapes:
            raise UsageError(f"{name!r} is no parameter of this network", hint=f"they are {', '.join(shapes)}")
        if tuple(value.shape) != shapes[name]:
            raise UsageError(f"{name} has the shape {shown(tuple(value.shape))} here, and not {shown(shapes[name])}")
    return replace(network, start=dict(start))


def recognised(network: Network) -> Network:
    """With its architecture where the program is one that an architecture writes, up to names of intermediates."""
    own = comparable(network.graph(ROWS))
    weights = [parameter.shape for parameter in network.parameters if not parameter.is_bias]
    if not weights or any(len(shape) != 2 for shape in weights):
        return network
    widths = (*(shape[1] for shape in weights), weights[-1][0])
    for activation in ACTIVATIONS:
        for is_softmax in (True, False):
            chosen = Architecture(widths, activation, is_softmax, bool(network.masks), network.has_penalty)
            other = of_architecture(network.name, chosen)
            is_alike = dict(other.shapes) == dict(network.shapes)
            if is_alike and comparable(other.graph(ROWS)) == own:
                return replace(network, architecture=chosen)
    return network


def comparable(graph: Graph) -> tuple[Node, ...]:
    """The operations of a program, without places and names."""
    return graph.pruned().nodes


def refuse_large(network: Network) -> Network:
    """The network, unless it is too large to be trained here."""
    if network.size > MOST_PARAMETERS:
        raise UsageError(f"the network has {network.size} parameters; the limit is {MOST_PARAMETERS}", kind="limit")
    return network
