"""The child process in which SymPy differentiates: a graph comes in as JSON, the derivative's graph goes out.

SymPy can take any time and any memory (gamma of 10^6, powers of powers). Here it has limits, kept by the operating
system, and whatever it prints goes nowhere.
"""

import json
import os
import sys
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib import import_module
from typing import IO, Any

from diffcli.graph.program import Graph, Node
from diffcli.methods.method import GaveUp

STACK_BYTES = 256 * 2**20
RECURSION_LIMIT = 50_000
"""SymPy recurses into expressions; with the large stack it reaches nestings of some thousands."""
Payload = dict[str, Any]


def encoded(graph: Graph) -> Payload:
    """A graph as JSON; the names of its inputs are not needed and stay at home."""
    nodes = [[node.op, node.args, "" if node.op == "input" else node.literal] for node in graph.nodes]
    return {"nodes": nodes, "inputs": graph.inputs, "outputs": graph.outputs}


def decoded(payload: Mapping[str, Any]) -> Graph:
    """The graph in a payload, its inputs named by their positions."""
    nodes = [
        Node(op, tuple(args), f"s{position}" if op == "input" else literal)
        for position, (op, args, literal) in enumerate(payload["nodes"])
    ]
    names = tuple(f"f{k}" for k in range(len(payload["outputs"])))
    return Graph(tuple(nodes), tuple(payload["inputs"]), tuple(payload["outputs"]), names)


def differentiate(payload: Mapping[str, Any]) -> Payload:
    """SymPy's derivative of each output by each input in `wrt`, appended to the nodes of the graph."""
    from diffcli.methods.sympy_expressions import Expressions
    from diffcli.methods.sympy_graph import Nodes

    graph = decoded(payload)
    expressions = Expressions(graph)
    variables = [expressions.symbol(position) for position in payload["wrt"]]
    nodes = Nodes(expressions.builder, expressions.meanings, payload["max_nodes"])
    outputs, size, derivatives = list(graph.outputs), 0, []
    for output in expressions.outputs:
        for variable in variables:
            derivative = output.diff(variable)
            derivatives.append(derivative)
            outputs.append(nodes.position(derivative))
            size += nodes.size(derivative)
    builder = expressions.builder
    result = builder.graph(graph.inputs, outputs, [""] * len(outputs))
    found = {**encoded(result), "written_out": size}
    return {**found, "eliminated": eliminated(derivatives)} if payload.get("eliminate") else found


def eliminated(expressions: list[Any]) -> int:
    """How many operations are left after SymPy's own elimination of common subexpressions."""
    import sympy

    shared, reduced = sympy.cse(expressions)
    return int(sum(sympy.count_ops(expression) for expression in (*(one for _, one in shared), *reduced)))


def answer(text: bytes) -> Payload:
    """The answer to a request; never raises."""
    try:
        return differentiate(json.loads(text))
    except GaveUp as reason:
        return {"gave_up": str(reason)}
    except MemoryError:
        return {"gave_up": "SymPy needed too much memory"}
    except RecursionError:
        return {"gave_up": "the expression is nested too deeply for SymPy"}
    except Exception as error:  # noqa: BLE001 - whatever SymPy stumbles over, the other methods go on
        return {"gave_up": f"SymPy failed: {type(error).__name__}"}


def limit_memory(most: int) -> None:
    """Have the operating system refuse this process more than `most` bytes."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    for what, amount in ((resource.RLIMIT_AS, most), (resource.RLIMIT_CORE, 0)):
        allowed = resource.getrlimit(what)[1]
        resource.setrlimit(what, (amount if allowed == resource.RLIM_INFINITY else min(amount, allowed), allowed))


def limit_time(seconds: float) -> None:
    """Have the operating system end this process then, even if nobody waits for it any more; 0 for never."""
    import signal

    if hasattr(signal, "setitimer"):  # not on Windows, where the parent alone keeps the time
        signal.setitimer(signal.ITIMER_REAL, seconds)


def serve(requests: Iterable[bytes], out: IO[bytes]) -> None:
    """Answer each line of `requests` with a line on `out`; SymPy is loaded before the first comes."""
    with suppress(Exception):  # what is wrong is said in the answers
        import_module("diffcli.methods.sympy_graph")
    for request in requests:
        limit_time(json.loads(request)["seconds"] + 1)
        out.write(json.dumps(answer(request)).encode() + b"\n")
        out.flush()
        limit_time(0)


def main() -> None:
    """Answer the requests on standard input until it ends."""
    limit_memory(int(sys.argv[1]))
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.setrecursionlimit(RECURSION_LIMIT)
    threading.stack_size(STACK_BYTES)
    thread = threading.Thread(target=serve, args=(sys.stdin.buffer, out))
    thread.start()
    parent = os.getppid()
    while thread.is_alive() and os.getppid() == parent:  # nobody waits for the answer of an orphan
        thread.join(timeout=0.5)
    os._exit(0)  # no clearing up: SymPy's caches are large


if __name__ == "__main__":
    main()
