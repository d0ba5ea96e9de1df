"""What the lectures say of graphs: paths against edges, what a sweep keeps, what chains do, coarser nodes."""

from collections.abc import Callable, Sequence
from math import nan
from typing import Any

from diffcli.errors import LibraryError
from diffcli.execute.floats import FLOATS
from diffcli.execute.interpreter import Arithmetic
from diffcli.graph.primitive import Term
from diffcli.graph.program import CONSTANT, INPUT, Builder, Graph
from diffcli.methods.forward import Dual, DualArithmetic
from diffcli.methods.registry import prepare
from diffcli.methods.reverse import adjoint_program
from diffcli.studies.methods.families import (
    chain,
    doubling,
    fully_connected,
    logistic,
    sigmoid,
    steepest_sigmoid,
    weights,
)
from diffcli.studies.methods.record import Cell, Measurement, Part, Unit
from diffcli.studies.paths_search import edges
from diffcli.studies.running import LOOP, STRAIGHT_LINE, executor_for
from diffcli.studies.timing import measure
from diffcli.studies.values import grouped, rounded

NETS = ((2, 2), (10, 1), (10, 2), (10, 3), (10, 4), (10, 5), (10, 10), (10, 30))
"""Widths and depths."""
LENGTHS = (1, 2, 4, 8, 16, 32, 64)
LINKS = (1, 2, 5, 10, 20, 50)
LAYER = 32
"""Units of the layer whose nodes are counted fine and coarse."""


def paths() -> Measurement:
    """Paths, connections and edges of fully connected networks, counted on their graphs."""
    rows = []
    for width, depth in NETS:
        graph = fully_connected(width, depth)
        found = edges(graph, graph.outputs[0], graph.inputs[:1], weights(graph))
        products = sum(node.op == "mul" and node.args[0] in graph.inputs for node in graph.nodes)
        sweep = prepare("reverse", graph, graph.inputs[:1], LOOP.compiler)
        point = weights(graph)
        seconds = measure(lambda sweep=sweep, point=point: sweep(point), 0.005, 3).minimum  # type: ignore[misc]
        rows.append((width, depth, found.paths()[graph.inputs[0]], products, found.count, seconds))
    columns: tuple[tuple[str, Unit], ...] = (
        ("width H", "count"), ("depth L", "count"), ("paths", "count"), ("edges", "count"),
        ("steps of the sweep", "count"), ("time", "seconds"),
    )  # fmt: skip
    claimed = next(row for row in rows if row[:2] == (10, 5))
    text = f"{grouped(claimed[2])} paths against {claimed[3]} edges at H = 10, L = 5; the sweep touches every edge once"
    holds = all(row[2] == row[0] ** row[1] for row in rows)
    return Measurement(
        "paths", "Paths against edges", "fully connected networks of width H and depth L, one input and one output",
        (Part("networks", columns, tuple(rows)),), {"reverse": text}, holds,
        ("an edge is a connection with a weight; in our finer graph it is a product, a sum and a sigmoid apart",),
    )  # fmt: skip


def memory() -> Measurement:
    """Numbers that are kept at the same time while n steps of an iterated map run, each let go after its last use."""
    rows = []
    for length in LENGTHS:
        graph = logistic(length)
        sweep = adjoint_program(graph, graph.outputs[0], graph.inputs)
        duals = DualArithmetic(FLOATS)
        rows.append((
            length, graph.operations, kept(graph, FLOATS, [0.3]), 2 * kept(graph, duals, [Dual(0.3, 1.0)]),
            kept(sweep.graph, FLOATS, [0.3]),
        ))  # fmt: skip
    columns: tuple[tuple[str, Unit], ...] = (
        ("n", "count"), ("operations of f", "count"), ("f alone", "count"), ("forward", "count"), ("reverse", "count"),
    )  # fmt: skip
    first, last = rows[0], rows[-1]
    return Measurement(
        "memory", "Memory kept by the sweeps", "x ← 4·x·(1 − x), n times",
        (Part("numbers kept at the same time", columns, tuple(rows)),),
        {
            "reverse": f"keeps {last[4]} numbers at n = {last[0]}, {first[4]} at n = 1: they grow with the steps",
            "forward": f"keeps {last[3]} numbers for any n > 1: the sweep runs beside f",
        },
        rows[-1][3] == rows[1][3] and all(row[4] >= row[0] for row in rows),
    )  # fmt: skip


def kept(graph: Graph, arithmetic: Arithmetic[Any], values: Sequence[Any]) -> int:
    """Run a program, let every value go after its last use, and say how many were kept at most; literals are none."""
    last = {argument: position for position, node in enumerate(graph.nodes) for argument in node.args}
    last |= dict.fromkeys(graph.outputs, len(graph.nodes))
    bound, held, most = dict(zip(graph.inputs, values, strict=True)), dict[int, Any](), 0
    for position, node in enumerate(graph.nodes):
        if position not in last or node.op == CONSTANT:
            continue
        arguments = [
            arithmetic.constant(graph.nodes[a].literal) if graph.nodes[a].op == CONSTANT else held[a] for a in node.args
        ]
        held[position] = bound[position] if node.op == INPUT else arithmetic.apply(node.op, *arguments)
        most = max(most, len(held))
        for argument in set(node.args):
            if last[argument] == position:
                held.pop(argument, None)
    return most


def chains() -> Measurement:
    """Products of factors along chains, as the reverse sweep finds them."""
    families: dict[str, tuple[Callable[[Builder, int], int], float]] = {
        "σ at its steepest": (steepest_sigmoid, 0.0), "σ": (sigmoid, 0.0), "doubling": (doubling, 1.0),
    }  # fmt: skip
    rows = []
    for length in LINKS:
        found = []
        for link, start in families.values():
            graph = chain(link, length)
            found.append(prepare("reverse", graph, graph.inputs, STRAIGHT_LINE.compiler)([start]).rows[0][0])
        rows.append((length, *found))
    columns: tuple[tuple[str, Unit], ...] = (("links", "count"), *((name, "number") for name in families))
    by_length = {row[0]: row for row in rows}
    text = (
        f"∂y/∂x of n sigmoids is at most {rounded(by_length[10][1], 2)} at n = 10 and {rounded(by_length[50][1], 2)} "
        f"at n = 50; of n doublings {rounded(by_length[50][3], 2)} at n = 50"
    )
    return Measurement(
        "chains", "Products along a chain vanish or explode", "the same link n times, σ' ≤ 1/4",
        (Part("∂y/∂x", columns, tuple(rows)),), {"": text},
        all(row[1] == 0.25 ** row[0] and row[3] == 2.0 ** row[0] for row in rows),
    )  # fmt: skip


def nodes() -> Measurement:
    """One layer with a node for every number, and with a node for every array; on a GPU where there is one."""
    from diffcli.execute.expansion import expanded
    from diffcli.execute.flat import flattened

    graph = _layer()
    fine = expanded(graph, 100_000).graph
    rows: list[tuple[Cell, ...]] = []
    point = _layer_point("numpy")
    programs: list[tuple[str, Graph, Sequence[Any]]] = [
        ("a node for every number", fine, flattened(point)), ("a node for every array", graph, point),
    ]  # fmt: skip
    notes: tuple[str, ...] = ()
    try:
        programs.append(("the same on a GPU", graph, _layer_point("cupy")))
    except LibraryError as problem:
        notes = (f"no GPU here: {problem.message}",)
    for name, program, at in programs:
        seconds = measure(_gradient(program, at), 0.02, 3).minimum
        rows.append((name, sum(bool(node.args) for node in program.nodes), program.operations, seconds))
    columns: tuple[tuple[str, Unit], ...] = (
        ("graph", "text"), ("nodes", "count"), ("operations on numbers", "count"), ("gradient", "seconds"),
    )  # fmt: skip
    ratio = rows[0][3] / rows[1][3] if rows[1][3] else nan  # type: ignore[operator]
    text = f"{rows[0][1]} nodes become {rows[1][1]}, and the gradient is {rounded(ratio, 2)} times as quick"
    return Measurement(
        "nodes", "Coarser (vectorised) graph nodes, and GPUs", f"Σ tanh(W @ x) with {LAYER}×{LAYER} weights",
        (Part("graphs", columns, tuple(rows)),), {"": text},
        int(rows[1][1] or 0) < LAYER < int(rows[0][1] or 0), notes,
    )  # fmt: skip


def _layer() -> Graph:
    builder = Builder()
    w, x = (Term(builder, builder.input(name, shape=shape)) for name, shape in (("W", (LAYER, LAYER)), ("x", (LAYER,))))
    total = (w @ x).apply("tanh").sum((0,))
    return builder.graph([w.position, x.position], [total.position])


def _layer_point(library: str) -> list[Any]:
    """Arrays of a library; raises LibraryError where it cannot be used."""
    from diffcli.execute.array_library import named

    namespace = named(library)
    waves = namespace.sin(0.7 * namespace.arange(1.0, 1.0 + LAYER * (LAYER + 1)) ** 2)
    return [waves[: LAYER * LAYER].reshape(LAYER, LAYER), waves[LAYER * LAYER :]]


def _gradient(graph: Graph, point: Sequence[Any]) -> Callable[[], object]:
    from diffcli.studies.running import completed, timed

    prepared = prepare("reverse", graph, graph.inputs, executor_for(graph, point).compiler)
    return completed(timed(prepared, point), point)
