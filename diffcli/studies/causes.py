"""Which operation of a program keeps it from having a derivative at a point."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from diffcli.execute.magnitudes import Undefined
from diffcli.execute.multiprecision import Multiprecision
from diffcli.graph.ops import OPS
from diffcli.graph.primitive import Singularity
from diffcli.graph.program import Graph
from diffcli.studies.probe import Probe
from diffcli.studies.reference import Cause

SHORT = 17
"""Digits of the arguments that a cause reports."""
PREFERRED = {"infinite": ("tangent", "jump"), "kink": ("kink", "jump")}
"""The kinds of singularities that explain a slope best."""
ZERO_BASE = Singularity("tangent", "its base is 0", lambda x, _: x == 0)
"""x^1.5 and x^x at 0: the table calls no singularity there, but the power is not analytic."""
INFINITE = 2**1024 - 2**970
"""The smallest number that rounds to an infinite double."""
NOT_SMOOTH = ("tangent", "kink", "jump")


def relevant_nodes(graph: Graph, output: int, values: Sequence[Any]) -> frozenset[int]:
    """The nodes on which the output depends at the point: of the branches of `where` only the one taken."""
    found: set[int] = set()
    waiting = [output]
    while waiting:
        position = waiting.pop()
        if position in found:
            continue
        found.add(position)
        node = graph.nodes[position]
        args = node.args
        if node.op == "where" and type(values[args[0]]) is not Undefined:
            args = (args[0], args[1] if values[args[0]] else args[2])
        waiting.extend(args)
    return frozenset(found)


def special_nodes(graph: Graph, arithmetic: Multiprecision, values: Sequence[Any]) -> dict[int, Singularity]:
    """The nodes whose primitive is not smooth at exactly these arguments."""
    found: dict[int, Singularity] = {}
    for position, node in enumerate(graph.nodes):
        if node.op not in _rows_with_corners() or not graph.needed[position]:
            continue
        args = tuple(values[argument] for argument in node.args)
        if any(type(argument) is Undefined for argument in args):
            continue
        args = arithmetic.settled(node.op, args)
        singularity = OPS[node.op].singular(*args)
        if singularity is None and node.op == "pow" and _is_zero_to_a_power(graph, position, args):
            singularity = ZERO_BASE
        if singularity is not None:
            found[position] = singularity
    return found


@cache
def _rows_with_corners() -> frozenset[str]:
    return frozenset(name for name, row in OPS.items() if any(s.kind in NOT_SMOOTH for s in row.singularities))


def _is_zero_to_a_power(graph: Graph, position: int, args: tuple[Any, ...]) -> bool:
    """Whether the base is 0 and the exponent is not a literal whole number."""
    base, exponent = args
    if base != 0:
        return False
    return exponent != int(exponent) or graph.active(graph.inputs)[graph.nodes[position].args[1]]


class Causes:
    """Names the operation behind an outcome; `values` are those of all nodes at the point."""

    def __init__(self, probe: Probe) -> None:
        """Look at every node once."""
        self._probe = probe
        self._graph = probe.graph
        self._values = probe.base()
        self._special = special_nodes(self._graph, probe.arithmetic, self._values)
        self._relevant = {o: relevant_nodes(self._graph, o, self._values) for o in set(self._graph.outputs)}

    def suspects(self, output: int, wrt: int) -> list[int]:
        """The nodes that may give the node `output` a corner along the input at `wrt`, in evaluation order."""
        active, relevant = self._probe.active(wrt), self._relevant[output]
        return [position for position in self._special if position in relevant and active[position]]

    def undefined(self, output: int) -> Cause:
        """Why the output has no value."""
        reason = self._values[output]
        return self._cause_of(reason, self._values)

    def corner(self, output: int, wrt: int, status: str) -> Cause | None:
        """The node whose corner gives a slope the status "kink" or "infinite"."""
        suspects = self.suspects(output, wrt)
        preferred = [p for p in suspects if self._special[p].kind in PREFERRED.get(status, ())]
        for position in preferred or suspects:
            singularity = self._special[position]
            return self._cause(position, singularity.kind, singularity.where)
        return None

    def beside(self, output: int, wrt: int, size: int) -> Cause | None:
        """Why the output has no value on either side of the point."""
        values = self._probe.beside(wrt, size)
        reason = values[output]
        if type(reason) is not Undefined:
            return None
        return self._cause_of(reason, values)

    def value_overflow(self, output: int) -> Cause:
        """The first node whose value no double can hold."""
        return self._overflow(output, self._values, "its value is too large for double precision")

    def slope_overflow(self, output: int, wrt: int, size: int) -> Cause:
        """The first node whose slope no double can hold."""
        slopes = self._probe.node_slopes(wrt, size)
        name = self._graph.nodes[wrt].literal
        return self._overflow(output, slopes, f"its derivative by {name} is too large for double precision")

    def limit(self, output: int, where: str) -> Cause:
        """The judge itself came to an end."""
        return self._cause(output, "limit", where)

    def _overflow(self, output: int, numbers: Sequence[Any], where: str) -> Cause:
        relevant = self._relevant[output]
        candidates = (p for p, number in enumerate(numbers) if p in relevant and _overflows(number))
        return self._cause(next(candidates, output), "overflow", where)

    def _cause_of(self, reason: Undefined, values: Sequence[Any]) -> Cause:
        position = next(p for p, value in enumerate(values) if value is reason)
        return self._cause(position, reason.kind, reason.where)

    def _cause(self, position: int, kind: str, where: str) -> Cause:
        node = self._graph.nodes[position]
        arguments = ", ".join(self._text(self._values[argument]) for argument in node.args)
        return Cause(position, node.op, kind, where, arguments)

    def _text(self, value: Any) -> str:
        return "undefined" if type(value) is Undefined else self._probe.arithmetic.decimal(value, SHORT)


def _overflows(number: Any) -> bool:
    return number is not None and type(number) is not Undefined and abs(number) >= INFINITE
