"""Every row of the table of primitives, each on its own domain.

The truth here is the row's primal in mpmath: partials are compared with its differences, never with each other.
"""

import json
import random

import pytest

from diffcli.errors import UsageError
from diffcli.execute.floats import FLOATS, function
from diffcli.execute.interpreter import evaluate, outputs
from diffcli.execute.multiprecision import Multiprecision
from diffcli.execute.python_source import compiled
from diffcli.graph.ops import CALLABLE, ELEMENTWISE
from diffcli.graph.primitive import Primitive
from diffcli.graph.program import Builder, Graph
from diffcli.methods.forward import PreparedForward
from diffcli.methods.reverse import PreparedReverse
from diffcli.methods.symbolic import formulas, request
from diffcli.methods.symbolic_worker import answer
from diffcli.studies.operations import function_entry

EPSILON = 2.0**-52
SAMPLES = 12
ROWS = [pytest.param(row, id=row.name) for row in ELEMENTWISE.values()]
PARTIALS = [
    pytest.param(row, argument, id=f"{row.name}-{argument}")
    for row in ELEMENTWISE.values()
    for argument in range(row.arity)
    if row.partials[argument] is not None
]
EXACT = Multiprecision(100)


def samples(row: Primitive) -> list[list[float]]:
    """Random arguments inside the row's domain, away from the places where it is not smooth."""
    generator = random.Random(row.name)
    drawn = ([_draw(row, k, generator) for k in range(row.arity)] for _ in range(1000))
    return [args for args in drawn if row.singular(*args) is None][:SAMPLES]


def _draw(row: Primitive, argument: int, generator: random.Random) -> float:
    value = generator.uniform(*row.domain[argument])
    return float(round(value)) if row.partials[argument] is None else value


def single(row: Primitive) -> Graph:
    """The graph that applies the row once to its inputs."""
    builder = Builder()
    positions = [builder.input(name) for name in ("x", "y", "c")[: row.arity]]
    return builder.graph(positions, [builder.apply(row.name, *positions)])


def exactly(args: list[float]) -> list[object]:
    return [EXACT.context.mpf(arg) for arg in args]


def test_every_row_has_samples_and_a_name_of_its_own():
    assert all(len(samples(row)) == SAMPLES for row in ELEMENTWISE.values())
    names = [name for row in ELEMENTWISE.values() for name in (row.name, *row.aliases)]
    assert len(names) == len(set(names))
    assert set(CALLABLE.values()) == {row for row in ELEMENTWISE.values() if row.callable}


@pytest.mark.parametrize(("row", "argument"), PARTIALS)
def test_partial_equals_the_difference_quotient_of_the_primal_to_20_digits(row, argument):
    partial = row.partial(argument)
    step = EXACT.context.mpf(10) ** -30
    for args in samples(row):
        numbers = exactly(args)
        up, down = list(numbers), list(numbers)
        up[argument] += step
        down[argument] -= step
        quotient = (EXACT.apply(row.name, *up) - EXACT.apply(row.name, *down)) / (2 * step)
        rule = outputs(partial, EXACT, numbers)[0]
        assert abs(rule - quotient) <= EXACT.context.mpf(10) ** -20 * max(abs(quotient), EXACT.context.mpf(10) ** -20)


@pytest.mark.parametrize("row", ROWS)
def test_arguments_without_a_partial_do_not_move_the_result(row):
    step = EXACT.context.mpf(10) ** -30
    for argument in (k for k in range(row.arity) if row.partials[k] is None and row.name != "polygamma"):
        for args in samples(row):
            numbers = exactly(args)
            moved = [number + step * (k == argument) for k, number in enumerate(numbers)]
            if row.name == "where":
                moved[0] = numbers[0]  # only whether the condition is 0 matters
            assert EXACT.apply(row.name, *moved) == EXACT.apply(row.name, *numbers)


@pytest.mark.parametrize("row", ROWS)
def test_float_agrees_with_mpmath_to_4_ulps_times_the_condition_number(row):
    for args in samples(row):
        numbers = exactly(args)
        exact = EXACT.apply(row.name, *numbers)
        graphs = [row.partial(k) for k in range(row.arity)]
        slopes = [outputs(graph, EXACT, numbers)[0] if graph else 0 for graph in graphs]
        condition = sum(abs(x * slope / exact) for x, slope in zip(numbers, slopes, strict=True)) if exact else 0
        error = abs(function(row.name)(*args) - exact)
        assert error <= 4 * EPSILON * max(1, condition) * abs(exact)


@pytest.mark.parametrize("row", [row for row in ROWS if row.values[0].definition])
def test_definition_is_the_same_function(row):
    for args in samples(row):
        numbers = exactly(args)
        exact = EXACT.apply(row.name, *numbers)
        defined = outputs(row.definition_graph(), EXACT, numbers)[0]
        assert abs(defined - exact) <= EXACT.context.mpf(10) ** -80 * max(1, abs(exact))


@pytest.mark.parametrize("row", [row for row in ROWS if any(row.values[0].partials)])
def test_forward_and_reverse_agree(row):
    graph = single(row)
    wrt = [p for p, partial in zip(graph.inputs, row.partials, strict=True) if partial is not None]
    forward = PreparedForward(graph, wrt, lambda program, _: compiled(program))
    reverse = PreparedReverse(graph, wrt, lambda program, _: compiled(program))
    for args in samples(row):
        assert forward(args).rows[0] == pytest.approx(reverse(args).rows[0], rel=1e-15)


@pytest.mark.parametrize("row", ROWS)
def test_straight_line_source_agrees_with_the_interpreter_also_outside_the_domain(row):
    graph = single(row)
    program = compiled(graph)
    special = [0.0, -0.0, 1.0, -1.0, 0.5, 1e308, -1e308, 5e-324, float("inf"), float("-inf"), float("nan"), 1000.0]
    generator = random.Random(row.name)
    for args in samples(row) + [[generator.choice(special) for _ in range(row.arity)] for _ in range(60)]:
        expected = outputs(graph, FLOATS, args)[0]
        assert repr(program(args)[0]) == repr(expected)


@pytest.mark.parametrize("row", ROWS)
def test_singularities_are_where_floats_are_not_finite(row):
    """Each row's domain lies where it has values, and what floats make infinite or nan the row knows as singular."""
    for args in samples(row):
        assert abs(evaluate(single(row), FLOATS, args)[-1]) < float("inf")
    for value in (0.0, 1.0, -1.0, -2.0, 2.0, -1.5):
        args = [value] * row.arity
        result = function(row.name)(*args)
        if result != result or abs(result) == float("inf"):
            if row.name == "xlogy":
                continue  # an internal row: its ln(y) is judged where the user's own ln or power stands
            assert row.singular(*args) is not None
            assert row.singular(*args).kind in ("outside", "pole")


@pytest.mark.parametrize(("row", "argument"), PARTIALS)
def test_partial_equals_sympy_s_derivative_to_20_digits(row, argument):
    """SymPy's own derivative of the row, translated back and evaluated with 100 digits."""
    graph = single(row)
    wrt = [graph.inputs[argument]]
    found = formulas(graph, wrt, answer(json.dumps(request(graph, wrt)).encode()))
    for args in samples(row):
        numbers = exactly(args)
        ours = outputs(row.partial(argument), EXACT, numbers)[0]
        theirs = outputs(found, EXACT, numbers)[1]
        assert abs(ours - theirs) <= EXACT.context.mpf(10) ** -20 * max(abs(theirs), EXACT.context.mpf(10) ** -20)


@pytest.mark.parametrize(
    ("op", "args", "result"),
    [
        ("gamma", (-1e-310,), "-inf"),
        ("gamma", (-0.0,), "-inf"),
        ("gamma", (172.0,), "inf"),
        ("sign", (float("nan"),), "nan"),
        ("sign", (-0.0,), "-0.0"),
        ("cosh", (-1000.0,), "inf"),
        ("sinh", (-1000.0,), "-inf"),
        ("div", (1.0, -0.0), "-inf"),
        ("div", (0.0, 0.0), "nan"),
        ("pow", (-8.0, 1 / 3), "nan"),
        ("pow", (0.0, -1.0), "inf"),
        ("pow", (-0.0, -1.0), "-inf"),
        ("pow", (-10.0, 309.0), "-inf"),
        ("ln", (0.0,), "-inf"),
        ("round", (2.5,), "2.0"),
        ("round", (-0.4,), "-0.0"),
        ("floor", (1e300,), "1e+300"),
        ("max", (1.0, float("nan")), "nan"),
        ("lgamma", (-2.0,), "inf"),
        ("polygamma", (13.0, -1e7 - 0.25), "nan"),
        ("where", (0.0, 1.0, 2.0), "2.0"),
        ("gt", (float("nan"), 1.0), "0.0"),
    ],
)  # fmt: skip
def test_ieee_edges(op, args, result):
    """IEEE 754, and C's Annex F where it says more."""
    assert repr(function(op)(*args)) == result


@pytest.mark.parametrize(
    ("name", "title", "meaning", "derivative"),
    [
        ("np.clip", "np.clip", "Clip (limit) the values in an array", "first and second"),
        ("clip", "np.clip", "Clip (limit) the values in an array", "first and second"),
        ("einsum", "np.einsum", "Evaluates the Einstein summation convention on the operands", "first and second"),
        ("numpy.linalg.norm", "np.linalg.norm", "Matrix or vector norm", "first and second"),
        ("np.sin", "np.sin", "Trigonometric sine, element-wise", "first and second"),
        ("np.floor", "np.floor", "Return the floor of the input, element-wise", "0 where it is smooth"),
        ("np.argmax", "np.argmax", "Returns the indices of the maximum values along an axis", "none: what it returns"),
    ],
)
def test_entries_of_numpy(name, title, meaning, derivative):
    entry = function_entry(name)
    assert entry.title == title
    assert entry.fields["meaning"] == meaning
    assert entry.fields["derivative"].startswith(derivative)


def test_names_that_are_both_ours_and_numpys():
    assert function_entry("sin").title == "sin(x)"
    assert "options" in function_entry("softmax").fields


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("np.clipp", "diffcli ops clip"),
        ("sofmax", "diffcli ops softmax"),
        ("np.fft.fft", "diffcli ops"),
        ("np.__dict__", "diffcli ops"),
        ("np.", "diffcli ops"),
        ("", "diffcli ops"),
    ],
)
def test_names_of_no_function(name, hint):
    with pytest.raises(UsageError, match="there is no function") as caught:
        function_entry(name)
    assert caught.value.hint == hint
