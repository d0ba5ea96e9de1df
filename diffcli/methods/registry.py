"""The four methods by name; the only place that knows them all. Each is imported when it is first asked for."""

from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple

from diffcli.graph.program import Graph
from diffcli.methods.method import Compiler, Prepared


class Method(NamedTuple):
    """What the registry knows of a method; the rest is in the module of its name."""

    prepared: str
    """The class that makes it ready."""
    on_arrays: str
    """The same for programs on arrays."""
    tolerance: float
    """How far it may be off relative to the truth: what it can be expected to reach in double precision, …"""
    single_tolerance: float
    """… and in single precision."""


METHODS = {
    "finite": Method("PreparedFinite", "PreparedFinite", 1e-6, 1e-2),
    "symbolic": Method("PreparedSymbolic", "PreparedSymbolic", 1e-12, 1e-4),
    "forward": Method("PreparedForward", "PreparedForwardOnArrays", 1e-12, 1e-4),
    "reverse": Method("PreparedReverse", "PreparedReverseOnArrays", 1e-12, 1e-4),
}


def start(method: str, graph: Graph, wrt: Sequence[int], **options: object) -> dict[str, object]:
    """Begin what can go on beside other work (symbolic: in its own process); gives the options for `prepare`."""
    begin = getattr(import_module(f"diffcli.methods.{method}"), "start", None)
    return {"job": begin(graph, wrt, **options)} if begin else options


def prepare(method: str, graph: Graph, wrt: Sequence[int], compiler: Compiler, **options: object) -> Prepared:
    """Make `method` ready for `graph`; raises `GaveUp` where it cannot answer."""
    name = METHODS[method].prepared if graph.is_scalar else METHODS[method].on_arrays
    prepared = getattr(import_module(f"diffcli.methods.{method}"), name)
    result: Prepared = prepared(graph, wrt, compiler, **options)
    return result
