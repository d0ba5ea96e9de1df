"""The four methods by name; the only place that knows them all. Each is imported when it is first asked for."""

from collections.abc import Sequence
from importlib import import_module

from diffcli.graph.program import Graph
from diffcli.methods.method import Compiler, Prepared

METHODS = {
    "finite": "PreparedFinite",
    "symbolic": "PreparedSymbolic",
    "forward": "PreparedForward",
    "reverse": "PreparedReverse",
}


def start(method: str, graph: Graph, wrt: Sequence[int], **options: object) -> dict[str, object]:
    """Begin what can go on beside other work (symbolic: in its own process); gives the options for `prepare`."""
    begin = getattr(import_module(f"diffcli.methods.{method}"), "start", None)
    return {"job": begin(graph, wrt, **options)} if begin else options


def prepare(method: str, graph: Graph, wrt: Sequence[int], compiler: Compiler, **options: object) -> Prepared:
    """Make `method` ready for `graph`; raises `GaveUp` where it cannot answer."""
    prepared = getattr(import_module(f"diffcli.methods.{method}"), METHODS[method])
    result: Prepared = prepared(graph, wrt, compiler, **options)
    return result
