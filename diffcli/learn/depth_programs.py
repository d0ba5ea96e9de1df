"""Networks of any depth as programs, and what flows back through them: the norms of gradients, layer by layer.

The numbering is that of lecture deck 001: z(l+1) = W(l) a(l) + b(l), a(l+1) = g(z(l+1)) and δ(l) = ∂L/∂z(l), so that
δ(l) = g'(z(l)) ⊙ W(l)ᵀ δ(l+1) from one hidden layer to the one before it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from diffcli.execute.array_source import compiled
from diffcli.execute.interpreter import evaluate
from diffcli.graph.ops import OPS
from diffcli.graph.program import Builder, Graph
from diffcli.learn.architecture import Architecture
from diffcli.learn.network import LABELS, SAMPLES, Network, of_architecture
from diffcli.methods.reverse import adjoint_program

Array = Any
LINEAR = "linear"
"""The activation g(z) = z."""
CLASSES = 10
NORMALISATIONS = {"batch": 0, "layer": 1}
"""The axis of mean and variance: over the samples of a mini-batch, or over the units of a layer."""
NORMALISED = """\
U{l} = {affine}
m{l} = mean(U{l}, axis={axis}, keepdims=true)
s{l} = mean((U{l} - m{l})^2, axis={axis}, keepdims=true)
Z{l} = G{l}*(U{l} - m{l})/sqrt(s{l} + 1e-5) + B{l}"""
"""Mean, variance, scale and shift (Ioffe and Szegedy, 2015; Ba, Kiros and Hinton, 2016) in the input language."""


class Deep(NamedTuple):
    """A network of `depth` hidden layers of one width, which is that of its input too."""

    depth: int
    width: int
    activation: str
    normalisation: str = ""
    """One of NORMALISATIONS, or nothing."""
    dropout: bool = False
    penalty: bool = False

    @property
    def hidden(self) -> range:
        """The numbers l of the hidden layers."""
        return range(2, self.depth + 2)

    def network(self) -> Network:
        """Its program with the shapes of all inputs."""
        widths = (*(self.width,) * (self.depth + 1), CLASSES)
        chosen = Architecture(widths, self.activation, is_softmax=True, dropout=self.dropout, penalty=self.penalty)
        plain = of_architecture(f"{self.depth} hidden layers", chosen)
        text = plain.text.replace(f"{LINEAR}(", "(")
        if not self.normalisation:
            return replace(plain, text=text)
        import numpy as np

        start = {
            f"{name}{l}": np.full(self.width, scale) for l in self.hidden for name, scale in (("G", 1.0), ("B", 0.0))
        }
        return replace(
            plain, text=normalised(text, self.hidden, self.normalisation), start=start,
            shapes={**plain.shapes, **dict.fromkeys(start, (self.width,))},
        )  # fmt: skip


def normalised(text: str, layers: Sequence[int], normalisation: str) -> str:
    """The program with z(l) normalised in each of the layers, by scale G(l) and shift B(l)."""
    lines = []
    for line in text.splitlines():
        found = re.match(r"Z(\d+) = (.*)", line)
        if found and int(found[1]) in layers:
            line = NORMALISED.format(l=found[1], affine=found[2], axis=NORMALISATIONS[normalisation])  # noqa: PLW2901
        lines.append(line)
    return "\n".join(lines)


class Flow(NamedTuple):
    """What flows back through a network at one point."""

    loss: float
    weights: tuple[float, ...]
    """‖∂L/∂W(l)‖ for l = 1, 2, …, the output layer's included."""
    signals: tuple[float, ...]
    """‖δ(l)‖ for the hidden layers l = 2, 3, …; over all samples."""
    slopes: tuple[float, ...]
    """The root of the mean of g'(z(l))² for the hidden layers."""


class Backward:
    """A network with its reverse sweep made ready: values of its inputs in, norms by layer out."""

    def __init__(self, deep: Deep, rows: int) -> None:
        """Write and compile the program for so many samples."""
        self.deep, self.network = deep, deep.network()
        graph, slopes = with_slopes(self.network.graph(rows), deep)
        by_name = {name: position for position, name in graph.names.items()}
        inputs = dict(zip(graph.variables, graph.inputs, strict=True))
        wanted = [inputs[f"W{l}"] for l in range(1, deep.depth + 2)] + [by_name[f"Z{l}"] for l in deep.hidden]
        sweep = adjoint_program(graph, graph.outputs[0], wanted).graph
        outputs = (*sweep.outputs, *slopes)
        names = tuple(f"output {number}" for number in range(len(outputs)))
        self._names, self._run = graph.variables, compiled(replace(sweep, outputs=outputs, output_names=names))

    def __call__(self, values: Mapping[str, Array]) -> Flow:
        """The norms at these samples, labels and parameters."""
        loss, *found = self._run([values[name] for name in self._names])
        norms, depth = [norm(array) for array in found], self.deep.depth
        slopes = [norm(array) / array.size**0.5 for array in found[2 * depth + 1 :]]
        return Flow(
            float(loss), tuple(norms[: depth + 1]), tuple(norms[depth + 1 : 2 * depth + 1]),
            tuple(slopes) or (1.0,) * depth,
        )  # fmt: skip


def with_slopes(graph: Graph, deep: Deep) -> tuple[Graph, list[int]]:
    """The program with the nodes g'(z(l)) for the hidden layers, as the table of primitives writes them."""
    if deep.activation == LINEAR:
        return graph, []
    partial = OPS[deep.activation].partial(0)
    assert partial is not None, "an activation has a slope"
    by_name = {name: position for position, name in graph.names.items()}
    builder = Builder(graph)
    found = [evaluate(partial, builder, [by_name[f"Z{l}"]])[partial.outputs[0]] for l in deep.hidden]
    return builder.graph(graph.inputs, graph.outputs, graph.output_names, graph.names), found


def norm(array: Array) -> float:
    """The root of the sum of squares, which neither overflows nor underflows on the way."""
    import numpy as np

    largest = float(np.max(np.abs(array)))
    return largest * float(np.linalg.norm(array / largest)) if 0 < largest < np.inf else largest


def samples(random: Any, rows: int, width: int) -> dict[str, Array]:
    """Random samples with random labels."""
    import numpy as np

    return {SAMPLES: random.normal(size=(rows, width)), LABELS: np.eye(CLASSES)[random.integers(CLASSES, size=rows)]}
