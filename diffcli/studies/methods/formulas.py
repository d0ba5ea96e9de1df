"""What the lectures say of formulas and step sizes: how formulas swell and read; how finite differences err."""

from collections.abc import Sequence
from itertools import pairwise
from time import perf_counter

from diffcli.graph.program import Graph
from diffcli.language.reading import parse
from diffcli.methods.finite import PreparedFinite
from diffcli.methods.method import GaveUp, Meter
from diffcli.methods.registry import prepare
from diffcli.methods.reverse import AdjointProgram, adjoint_program
from diffcli.methods.symbolic import PreparedSymbolic, formulas, request, start
from diffcli.methods.sympy_process import MEMORY_LIMIT, Worker
from diffcli.studies.judge import judge
from diffcli.studies.methods.families import logistic
from diffcli.studies.methods.record import Measurement, Part, Unit
from diffcli.studies.node_values import node_values
from diffcli.studies.running import STRAIGHT_LINE
from diffcli.studies.study import formulas_of
from diffcli.studies.values import grouped, rounded

NESTINGS = range(1, 9)
SECONDS = 5.0
"""How long SymPy may take for all derivatives of the iterated map."""
DOUBLING = 2.0
"""What grows by at least this factor with each nesting is called exponential."""
EXAMPLE_A, POINT_A = "ln(x1) + x1*x2 - sin(x2)", (2.0, 5.0)
EXAMPLE_B, POINT_B = "exp(x*z) + x*z/ln(x) + sin(ln(x))/(x*z)", (2.0, 3.0)
STEPS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-10, 1e-12)
VISIBLE = 1e-3
"""A gradient that is relatively further off than this is wrong beyond the error of finite differences."""
INVISIBLE = 1e-8


def swell() -> Measurement:
    """Operations of the derivative of an iterated map, written out and with common subexpressions eliminated."""
    until = perf_counter() + SECONDS
    rows = [_nested(steps, max(until - perf_counter(), 0.1)) for steps in NESTINGS]
    columns: tuple[tuple[str, Unit], ...] = (
        ("k", "count"), ("operations of f", "count"), ("derivative written out", "count"), ("shared", "count"),
        ("one reverse sweep", "count"), ("SymPy takes", "seconds"),
    )  # fmt: skip
    written = [row[2] for row in rows if row[2] is not None]
    shared = [row[3] for row in rows if row[3] is not None]
    growth = [later / earlier for earlier, later in pairwise(written)]
    gave_up = len(rows) - len(written)
    text = (
        f"{written[0]} → {grouped(written[-1])} operations written out, {shared[0]} → {shared[-1]} with common "
        f"subexpressions shared, k = 1 … {len(written)}"
        if written
        else "SymPy gave up"
    )
    return Measurement(
        "swell", "The symbolic derivative of an iterated map", "x ← 4·x·(1 − x), k times",
        (Part("operations", columns, tuple(rows)),), {"symbolic": text},
        bool(growth) and min(growth) >= DOUBLING, (f"SymPy gave up on {gave_up} of {len(rows)}",) if gave_up else (),
    )  # fmt: skip


def _nested(steps: int, limit: float) -> tuple[int, int, int | None, int | None, int, float]:
    """One row: k, and the operations of f, of its derivative in both forms, and of one reverse sweep."""
    graph, meter, began = logistic(steps), Meter(), perf_counter()
    question = {**request(graph, graph.inputs), "eliminate": True}
    answer = Worker.idle(MEMORY_LIMIT).ask(question, limit) or {"gave_up": "it took too long"}
    seconds = perf_counter() - began
    prepare("reverse", graph, graph.inputs, meter.wrap(STRAIGHT_LINE.compiler))([0.3])
    try:
        formulas(graph, graph.inputs, answer)
    except GaveUp:
        return steps, graph.operations, None, None, meter.operations, seconds
    return steps, graph.operations, answer["written_out"], answer["eliminated"], meter.operations, seconds


def formula() -> Measurement:
    """The derivatives of deck 001's example as formulas."""
    graph = parse(EXAMPLE_A).graph
    prepared = PreparedSymbolic(graph, graph.inputs, STRAIGHT_LINE.compiler, start(graph, graph.inputs, SECONDS))
    found = formulas_of(prepared.formulas, prepared.formulas.outputs[1:])
    columns: tuple[tuple[str, Unit], ...] = (("derivative", "text"), ("formula", "text"))
    rows = tuple((f"∂y/∂{name}", one.pretty) for name, one in zip(graph.variables, found, strict=True))
    text = f"{'; '.join(f'{name} = {one}' for name, one in rows)}: {prepared.written_out} operations"
    return Measurement(
        "formula", "Derivatives as formulas", EXAMPLE_A, (Part("formulas", columns, rows),), {"symbolic": text},
        prepared.written_out <= graph.operations,
    )  # fmt: skip


def precision() -> Measurement:
    """The error of centered differences against ε, on deck 002's example."""
    graph = parse(EXAMPLE_B).graph
    truth = [float(slope.value) for slope in judge(graph, POINT_B)[0].slopes if slope.value is not None]
    rows = []
    for step in STEPS:
        found = PreparedFinite(graph, graph.inputs, STRAIGHT_LINE.compiler, step=step)(POINT_B).rows[0]
        rows.append((step, *(abs(one - exact) for one, exact in zip(found, truth, strict=True))))
    columns: tuple[tuple[str, Unit], ...] = (
        ("ε", "number"), *((f"error in ∂y/∂{name}", "number") for name in graph.variables),
    )  # fmt: skip
    errors = [row[1] for row in rows]
    best = min(range(len(rows)), key=errors.__getitem__)
    parts = (f"{rounded(errors[k], 2)} at ε = {rounded(STEPS[k], 2)}" for k in (0, best, len(rows) - 1))
    text = f"error {', '.join(parts)}: neither too large nor too small"
    return Measurement(
        "precision", "Error of centered differences against ε", EXAMPLE_B, (Part("errors", columns, tuple(rows)),),
        {"finite": text}, 0 < best < len(rows) - 1,
    )  # fmt: skip


def testing() -> Measurement:
    """Finite differences find the classic mistake of backpropagation: overwriting an adjoint, not accumulating it."""
    graph = parse(EXAMPLE_A).graph
    program = adjoint_program(graph, graph.outputs[0], graph.inputs)
    values = node_values(program.graph, POINT_A)
    right = [swept(graph, program, values, accumulate=True)[p] for p in graph.inputs]
    wrong = [swept(graph, program, values, accumulate=False)[p] for p in graph.inputs]
    finite = PreparedFinite(graph, graph.inputs, STRAIGHT_LINE.compiler)(POINT_A).rows[0]
    rows = tuple(
        (name, check, good, abs(check / good - 1), bad, abs(check / bad - 1))
        for name, check, good, bad in zip(graph.variables, finite, right, wrong, strict=True)
    )
    columns: tuple[tuple[str, Unit], ...] = (
        ("by", "text"), ("finite", "number"), ("accumulated", "number"), ("off by", "number"),
        ("overwritten", "number"), ("off by ", "number"),
    )  # fmt: skip
    close, far = max(row[3] for row in rows), min(row[5] for row in rows)
    text = (
        f"tell a right gradient (off by {rounded(close, 1)}) from the classic mistake, adjoints overwritten, not "
        f"accumulated (off by {100 * far:.0f} % and more)"
    )
    return Measurement(
        "testing", "Finite differences test backpropagation", EXAMPLE_A, (Part("the mistake", columns, rows),),
        {"finite": text}, close < INVISIBLE and far > VISIBLE,
    )  # fmt: skip


def swept(graph: Graph, program: AdjointProgram, values: Sequence[float], *, accumulate: bool) -> dict[int, float]:
    """The adjoints by the steps of a sweep; without accumulation each contribution overwrites those before."""
    adjoints = {graph.outputs[0]: 1.0}
    for step in program.steps:
        assert step.local is not None, "programs in numbers have local partials"
        before = adjoints.get(step.target, 0.0) if accumulate else 0.0
        adjoints[step.target] = before + adjoints[step.source] * values[step.local]
    return adjoints
