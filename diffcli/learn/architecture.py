"""Networks by their short names, and the program of one in the input language.

`linear`, `logistic`, `mlp:64`, `mlp:64,32:relu` name a decision function and a loss. What is trained is the program
that `text` writes, in the numbering of lecture deck 001: a(1) = x, z(l+1) = W(l) a(l) + b(l), a(l+1) = g(z(l+1)).
Samples are rows, so that z = W a for each of them is Z = A Wᵀ.
"""

from typing import NamedTuple

from diffcli.errors import UsageError
from diffcli.language.suggestions import nearest

ACTIVATIONS = ("tanh", "sigmoid", "relu")
KINDS = ("linear", "logistic", "mlp")
MOST_UNITS, MOST_LAYERS = 100_000, 200
USUAL_WIDTH = 32
SYNTAX = "linear, logistic, mlp:64 or mlp:64,32:relu; or @NAME of an example, or a file with a program"
SOFTMAX = "mean(cross_entropy_of_logits({z}, Y))"
LOGISTIC = "mean(softplus({z}) - Y*{z})"
"""−(y ln ŷ + (1 − y) ln(1 − ŷ)) with ŷ = 1/(1 + e^−z), as it is computed without overflow."""
NEGATIVE = "minus the log-likelihood y ln p + (1 - y) ln(1 - p) of p = sigmoid({z})"


class Specification(NamedTuple):
    """A short name, before the data say how wide the first and the last layer are."""

    kind: str
    hidden: tuple[int, ...] = ()
    activation: str = "tanh"

    @property
    def name(self) -> str:
        """As it is typed."""
        if self.kind != "mlp":
            return self.kind
        return f"mlp:{','.join(map(str, self.hidden))}:{self.activation}"


class Architecture(NamedTuple):
    """A network whose layers have these widths, the features first and the outputs last."""

    widths: tuple[int, ...]
    activation: str
    is_softmax: bool
    """Whether the outputs are the logits of one class each; else the single output is that of the second of two."""
    dropout: bool = False
    penalty: bool = False

    @property
    def layers(self) -> range:
        """The numbers l of the layers with weights W(l), from 1."""
        return range(1, len(self.widths))

    @property
    def last(self) -> int:
        """The number of the output layer, L + 1 in the deck's derivation."""
        return len(self.widths)

    @property
    def text(self) -> str:
        """The program: decision function, loss."""
        lines = ["# decision function"]
        inner = "X"
        for l in self.layers:
            lines.append(f"Z{l + 1} = {inner} @ W{l}.T + b{l}")
            if l + 1 < self.last:
                kept = f"*M{l + 1}" if self.dropout else ""
                lines.append(f"A{l + 1} = {self.activation}(Z{l + 1}){kept}")
                inner = f"A{l + 1}"
        return "\n".join([*lines, *self._loss()])

    def _loss(self) -> list[str]:
        """The mean over the samples; with the penalty λ/2 Σ W², whose gradient is λW."""
        z = f"Z{self.last}"
        remark = "cross-entropy of softmax" if self.is_softmax else NEGATIVE.format(z=z)
        loss = (SOFTMAX if self.is_softmax else LOGISTIC).format(z=z)
        if self.penalty:
            squares = " + ".join(f"sum(W{l}^2)" for l in self.layers)
            loss += f" + lambda/2*({squares})"
            remark += "; L2 on the weights, not on the biases"
        return [f"# loss: {remark}", f"L = {loss}"]


def is_short_name(text: str) -> bool:
    """Whether a NETWORK is a short name: one of the kinds, or a word that can only be a misspelt one."""
    return text.partition(":")[0].strip().lower() in KINDS


def read_short_name(text: str) -> Specification:
    """The specification of a short name; raises UsageError."""
    kind, *parts = (part.strip().lower() for part in text.split(":"))
    if kind not in KINDS:
        guess = nearest(kind, KINDS)
        raise UsageError(f"there is no network {text[:60]!r}", hint=f"did you mean {guess}?" if guess else SYNTAX)
    if kind != "mlp":
        if parts:
            raise UsageError(f"{kind} has no layers to describe", hint=f"just {kind}; a network with layers is mlp:64")
        return Specification(kind)
    activation = "tanh"
    if parts and parts[-1][:1].isalpha():
        activation = parts.pop()
        if activation not in ACTIVATIONS:
            guess = nearest(activation, ACTIVATIONS)
            raise UsageError(
                f"there is no activation {activation[:40]!r}",
                hint=f"did you mean {guess}?" if guess else f"one of {', '.join(ACTIVATIONS)}",
            )
    if len(parts) > 1:
        raise UsageError(f"{text[:60]!r} is no network", hint=SYNTAX)
    return Specification(kind, hidden_widths(parts[0]) if parts else (USUAL_WIDTH,), activation)


def hidden_widths(text: str) -> tuple[int, ...]:
    """The widths of the hidden layers in a text such as 64,32; raises UsageError."""
    words = [word.strip() for word in text.split(",")]
    if not all(word.isascii() and word.isdigit() and len(word) < 9 and 0 < int(word) <= MOST_UNITS for word in words):
        raise UsageError(f"{text[:60]!r} are no widths of layers", hint="whole numbers of units: 64 or 64,32")
    if len(words) > MOST_LAYERS:
        raise UsageError(f"{len(words)} hidden layers are too many", hint=f"at most {MOST_LAYERS}", kind="limit")
    return tuple(map(int, words))


def architecture(chosen: Specification, features: int, classes: int) -> Architecture:
    """The network for data with so many features and classes; two classes need one output, except for `linear`."""
    if chosen.kind == "logistic" and classes != 2:
        raise UsageError(
            f"logistic regression tells two classes apart, and there are {classes}", hint="linear takes any number"
        )
    is_softmax = classes > 2 or chosen.kind == "linear"
    return Architecture((features, *chosen.hidden, classes if is_softmax else 1), chosen.activation, is_softmax)
