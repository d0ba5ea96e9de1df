"""The names in a trace: v₋₁, v̄₅, v̇₅ as the lectures write them, in each style and notation.

bar is deck 001's v̄_i, g is deck 002's g_a = ∂y/∂a, partial spells ∂y/∂v_i out.
"""

import re
from typing import Literal, NamedTuple
from unicodedata import normalize

from diffcli.graph.numbering import Numbering
from diffcli.graph.text import latex_name

Kind = Literal["bar", "g", "partial"]
StyleName = Literal["unicode", "pretty", "latex", "ascii"]
"""unicode: v̄5, for data; pretty: v̄₅, for people; latex: \\bar{v}_{5}; ascii: v5_bar."""
SUBSCRIPTS = str.maketrans("-0123456789", "₋₀₁₂₃₄₅₆₇₈₉")
BAR, DOT = "\u0304", "\u0307"


class Notation(NamedTuple):
    """Writes the names of a numbered graph."""

    numbering: Numbering
    style: StyleName = "unicode"
    kind: Kind = "bar"

    def primal(self, position: int) -> str:
        """v5, v₅, v_{5}."""
        return self.name(self.numbering.labels[position])

    def name(self, label: str) -> str:
        """A plain label or a user's name in this style."""
        if self.style == "latex":
            return latex_name(label)
        return self._subscripted(label)

    def adjoint(self, position: int, output: str = "y") -> str:
        """The derivative of the output by a node: v̄5, g_v5 or ∂y/∂v5."""
        return self.adjoint_of(self.numbering.labels[position], output)

    def adjoint_of(self, label: str, output: str = "y") -> str:
        """The same for a label, such as the name of a user's variable."""
        if self.kind == "bar":
            return self._accented(label, BAR, "bar")
        if self.kind == "g":
            return f"g_{{{latex_name(label)}}}" if self.style == "latex" else f"g_{label}"
        if self.style == "latex":
            return rf"\frac{{\partial {latex_name(output)}}}{{\partial {latex_name(label)}}}"
        symbol = "d" if self.style == "ascii" else "∂"
        return f"{symbol}{self.name(output)}/{symbol}{self.name(label)}"

    def tangent(self, position: int) -> str:
        """v̇5."""
        return self.tangent_of(self.numbering.labels[position])

    def tangent_of(self, label: str) -> str:
        """The same for a label."""
        return self._accented(label, DOT, "dot")

    def _accented(self, label: str, mark: str, word: str) -> str:
        if self.style == "latex":
            return latex_name(label, rf"\{word}")
        if self.style == "ascii":
            return f"{label}_{word}"
        return normalize("NFC", self._subscripted(label[0] + mark + label[1:]))

    def _subscripted(self, label: str) -> str:
        """v-1 as v₋₁; a user's own x1 stays as typed, x₁ would be another name."""
        numbered = re.fullmatch(rf"({self.numbering.letter}[{BAR}{DOT}]?)(-?\d+)", label)
        if self.style != "pretty" or not numbered:
            return label
        return numbered[1] + numbered[2].translate(SUBSCRIPTS)
