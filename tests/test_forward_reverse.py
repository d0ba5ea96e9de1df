"""Forward and reverse mode: the decks' numbers, counts of what runs, order of the steps, accuracy."""

import math

import pytest
from formula_rows import interpreted, rows

from diffcli.execute.floats import FLOATS
from diffcli.execute.interpreter import evaluate
from diffcli.graph.numbering import numbering
from diffcli.graph.program import Builder
from diffcli.language import parse
from diffcli.methods.finite import PreparedFinite
from diffcli.methods.forward import PreparedForward, tangent_program
from diffcli.methods.method import Jacobian, Meter
from diffcli.methods.reverse import PreparedReverse, adjoint_program

MODES = [PreparedForward, PreparedReverse]
DECK_2 = "exp(x*z) + x*z/ln(x) + sin(ln(x))/(x*z)"
DECK_2_STATEMENTS = "a = x*z; b = ln(x); c = sin(b); d = exp(a); e = a/b; f = c/a; d + e + f"
DECKS = [
    ("ln(x1) + x1*x2 - sin(x2)", (2.0, 5.0), 11.652071455223084, (5.5, 1.7163378145367738)),
    (DECK_2, (2.0, 3.0), 412.19145728412118, (1208.3812151266096, 809.70747921856408)),
    (DECK_2_STATEMENTS, (2.0, 3.0), 412.19145728412118, (1208.3812151266096, 809.70747921856408)),
    ("(a + b)*(b + 1)", (2.0, 1.0), 6.0, (2.0, 5.0)),
    ("(sin x)*x^2*(x^2 + exp x)", (1.0,), 3.1288262719867390, (12.236946046552138,)),
]  # fmt: skip
THREE_BY_TWO = "x*y; sin(x) + y; x/y"


def close(value):
    return pytest.approx(value, rel=2e-15, abs=0)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("text", "point", "value", "gradient"), DECKS)
def test_decks(mode, text, point, value, gradient):
    graph = parse(text).graph
    method = mode(graph, graph.inputs, interpreted)
    jacobian = method(point)
    assert jacobian.values == close((value,))
    assert jacobian.rows[0] == close(gradient)
    assert method(point) == jacobian


def test_adjoint_trace_of_deck_001():
    graph = parse("ln(x1) + x1*x2 - sin(x2)").graph
    program = adjoint_program(graph, graph.outputs[0], graph.inputs)
    values, labels = evaluate(program.graph, FLOATS, (2.0, 5.0)), numbering(graph).labels
    trace = [
        (labels[step.target], labels[step.source], values[step.local], values[step.total], step.accumulated)
        for step in program.steps
    ]
    assert trace == [
        ("v4", "v5", 1.0, 1.0, False),
        ("v3", "v5", -1.0, -1.0, False),
        ("v1", "v4", 1.0, 1.0, False),
        ("v2", "v4", 1.0, 1.0, False),
        ("v0", "v3", close(0.28366218546322625), close(-0.28366218546322625), False),
        ("v-1", "v2", 5.0, 5.0, False),
        ("v0", "v2", 2.0, close(1.7163378145367738), True),
        ("v-1", "v1", 0.5, 5.5, True),
    ]
    assert values[program.seed] == 1.0


def test_tangent_traces_of_deck_001():
    graph = parse("ln(x1) + x1*x2 - sin(x2)").graph
    expected = ((0.5, 5.0, None, 5.5, 5.5), (None, 2.0, 0.28366218546322625, 2.0, 1.7163378145367738))
    for seed, tangents in zip(graph.inputs, expected, strict=True):
        program = tangent_program(graph, seed)
        values = evaluate(program.graph, FLOATS, (2.0, 5.0))
        found = [program.tangents[position] for position in numbering(graph).order]
        assert [position if position is None else values[position] for position in found] == [
            tangent if tangent is None else close(tangent) for tangent in tangents
        ]


def test_adjoints_of_deck_002():
    graph = parse(DECK_2_STATEMENTS).graph
    program = adjoint_program(graph, graph.outputs[0], graph.inputs)
    values, labels = evaluate(program.graph, FLOATS, (2.0, 3.0)), numbering(graph).labels
    adjoints = {labels[step.target]: values[step.total] for step in program.steps}
    assert [adjoints[name] for name in "cbazx"] == [
        close(expected)
        for expected in (
            0.16666666666666667, -12.360007402472985, 404.85373960928204, 809.70747921856408, 1208.3812151266096
        )
    ]  # fmt: skip
    assert len(program.steps) + 1 == 14


@pytest.mark.parametrize(
    ("method", "evaluations", "sweeps"), [(PreparedFinite, 4, 0), (PreparedForward, 0, 2), (PreparedReverse, 0, 3)]
)
def test_counts_come_from_what_runs(method, evaluations, sweeps):
    """2A evaluations, A forward sweeps, one reverse sweep for each of the B outputs."""
    graph, meter = parse(THREE_BY_TWO, bound=("x", "y")).graph, Meter()
    prepared = method(graph, graph.inputs, meter.wrap(interpreted))
    assert (meter.evaluations, meter.sweeps, meter.operations) == (0, 0, 0)
    first = prepared((2.0, 3.0))
    assert (meter.evaluations, meter.sweeps) == (evaluations, sweeps)
    operations = meter.operations
    assert operations > 0
    assert prepared((2.0, 3.0)) == first
    assert (meter.evaluations, meter.sweeps, meter.operations) == (2 * evaluations, 2 * sweeps, 2 * operations)


def test_a_changed_method_changes_the_count():
    """A forward mode that sweeps once too often, for the values alone, is counted as such."""

    class Wasteful(PreparedForward):
        def __call__(self, point) -> Jacobian:
            self._sweeps[0](point)
            return super().__call__(point)

    graph, meter = parse(THREE_BY_TWO, bound=("x", "y")).graph, Meter()
    Wasteful(graph, graph.inputs, meter.wrap(interpreted))((2.0, 3.0))
    assert meter.sweeps == 3


def test_operations_are_those_of_the_program_that_runs():
    graph, meter = parse("ln(x1) + x1*x2 - sin(x2)").graph, Meter()
    meter.wrap(interpreted)(graph, "evaluation")((2.0, 5.0))
    assert meter.operations == graph.operations == 5
    program = adjoint_program(graph, graph.outputs[0], graph.inputs).graph
    meter.wrap(interpreted)(program, "sweep")((2.0, 5.0))
    assert meter.operations == 5 + program.pruned().operations


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("text", "point", "slope"),
    [
        ("x^3", (-2.0,), 12.0),  # no logarithm of a negative base
        ("where(x > 0, sqrt(x), 0)", (0.0,), 0.0),  # nothing flows back through the branch that was not taken
        ("where(x > 0, ln(x), x^2)", (-3.0,), -6.0),
        ("relu(x)", (0.0,), 0.0),  # the table's choice at the kink
        ("x*x", (3.0,), 6.0),
        ("0*x + 5", (1.0,), 0.0),
        ("x", (1.0,), 1.0),
        ("tanh(x)", (40.0,), 4 * math.exp(-80)),
    ],
)
def test_special_cases(mode, text, point, slope):
    graph = parse(text, bound=("x",)).graph
    assert mode(graph, graph.inputs, interpreted)(point).rows == ((pytest.approx(slope, rel=1e-12, abs=0),),)


@pytest.mark.parametrize("mode", MODES)
def test_only_the_inputs_asked_for(mode):
    graph = parse(THREE_BY_TWO, bound=("x", "y")).graph
    everything = mode(graph, graph.inputs, interpreted)((2.0, 3.0)).rows
    assert mode(graph, graph.inputs[1:], interpreted)((2.0, 3.0)).rows == tuple(row[1:] for row in everything)


@pytest.mark.parametrize("mode", MODES)
def test_large_programs_need_no_recursion(mode):
    """A sum of 3000 terms, squared; the slope of (n·x)² at 1 is 2n²."""
    builder = Builder()
    x = builder.input("x")
    total = x
    for _ in range(2999):
        total = builder.apply("add", total, x)
    graph = builder.graph([x], [builder.apply("pow", total, builder.constant("2"))])
    assert mode(graph, graph.inputs, interpreted)((1.0,)).rows == ((2.0 * 3000**2,),)


@pytest.mark.parametrize("mode", MODES)
def test_formulas_of_the_literature(mode):
    errors = [
        (row.error(mode(row.graph, row.graph.inputs, interpreted)(row.point).rows[0]), row.hard)
        for row in rows("formulas")
    ]
    assert sum(error <= 1e-12 for error, _ in errors) >= 0.98 * len(errors)
    assert all(error <= 1e-9 for error, hard in errors if not hard)


@pytest.mark.parametrize(
    ("text", "x", "rows"),
    [
        ("where(x>0,sqrt(x),0)+where(x>1,sqrt(x),0)", -1.0, ((0.0,),)),
        ("where(x>0,sqrt(x),0)+where(x>1,sqrt(x),0)", 4.0, ((0.5,),)),
        ("where(x>0,sqrt(x),0); where(x>-5,7,sqrt(x))", -1.0, ((0.0,), (0.0,))),
        ("where(x>0,where(x>1,sqrt(x-1),2*x),ln(x))", 0.5, ((2.0,),)),
        ("where(x>0,where(x>1,sqrt(x-1),2*x),ln(x))", 2.0, ((0.5,),)),
        ("where(x>0,sqrt(x),0)*sqrt(x)", 4.0, ((1.0,),)),
    ],
)
@pytest.mark.parametrize("method", [PreparedForward, PreparedReverse])
def test_a_branch_that_is_not_taken_hands_nothing_back(method, text, x, rows):
    graph = parse(text).graph
    assert method(graph, graph.inputs, interpreted)((x,)).rows == rows
