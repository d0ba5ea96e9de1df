"""Statements, named intermediates, definitions and several outputs."""

import pytest
from language_cases import written

from diffcli.errors import ExpressionError
from diffcli.language.reading import parse

DECK = "a = x*z; b = ln(x); c = sin(b); d = exp(a); e = a/b; f = c/a; d + e + f"


def test_named_intermediates_of_the_deck() -> None:
    graph = parse(DECK).graph
    assert graph.variables == ("x", "z")
    assert graph.output_names == ("y",)
    assert [graph.names.get(p) for p, node in enumerate(graph.nodes) if node.args] == [*"abcdef", None, None]
    assert written(graph) == ("y = add(add(exp(mul(x, z)), div(mul(x, z), ln(x))), div(sin(ln(x)), mul(x, z)))")


PROGRAMS = {
    "x; z": "y1 = x; y2 = z",
    "x;\n\nz;": "y1 = x; y2 = z",
    "a = x\n\na + 1": "y = add(x, 1)",
    "c = a + b; d = b + 1; e = c*d": "e = mul(add(a, b), add(b, 1))",
    "y = 2*x": "y = mul(2, x)",
    "y = 2*x; y^2": "f = pow(mul(2, x), 2)",
    "x*y": "f = mul(x, y)",
    "f*y": "g = mul(f, y)",
    "y; f1": "y1 = y; y2 = f1",
    "y1; f2": "g1 = y1; g2 = f2",
    "y1; x": "f1 = y1; f2 = x",
    "f(x, z) = z*x": "f = mul(z, x)",
    "f(x) = x^2; g(x, z) = x z": "f = pow(x, 2); g = mul(x, z)",
    "a = 2*x; f(x) = a*x": "f = mul(mul(2, x), x)",
    "e = x; e^2": "y = pow(x, 2)",
    "pi = 3; pi*x": "y = mul(3, x)",
    "max = 2*x; max(x + 1)": "y = mul(mul(2, x), add(x, 1))",
    "f(e) = e^2": "f = pow(e, 2)",
    "max(x,\n z)": "y = max(x, z)",
    "x +\n z": "y = add(x, z)",
    "a =\n x": "a = x",
    "x; x": "y1 = x; y2 = x",
}


@pytest.mark.parametrize(("text", "expected"), PROGRAMS.items())
def test_program(text: str, expected: str) -> None:
    reading = parse(text)
    reading.graph.check()
    assert written(reading.graph) == expected


def test_a_definition_orders_the_inputs() -> None:
    reading = parse("f(z, x, a) = x + z")
    assert reading.variables == ("z", "x", "a")
    assert reading.graph.output_names == ("f",)


def test_names_are_only_given_to_what_is_computed() -> None:
    graph = parse("a = x; b = 2; c = x*b; d = x*b; c + a").graph
    assert [graph.names[p] for p in sorted(graph.names)] == ["c"]


ERRORS = [
    ("a + 1; a = 3", (), "'a' is used before it is assigned", "a", None),
    ("a = a + 1", (), "'a' is used before it is assigned", "a", None),
    ("e + 1; e = 3", (), "'e' is used before it is assigned", "e", None),
    ("a = 1; a = 2", (), "'a' is assigned twice", "a", None),
    ("f(x) = x; x = 2", (), "'x' is defined twice", "x", None),
    ("f(x, x) = x", (), "'x' is defined twice", "x", None),
    ("y = x^2", ("x", "y"), "'y' is given a value by the point and also assigned here", "y", "x^2"),
    ("a = 3; a*x", ("x", "a"), "'a' is given a value by the point and also assigned here", "a", None),
    ("f(x) = a x", (), "'a' is not among the inputs of f(x)", "a", "f(x, a) = a x"),
    ("f(x) = a x", ("x", "a"), "'a' is not among the inputs of f(x)", "a", "f(x, a) = a x"),
    ("f(x, y) = xy", (), "'xy' is one name here, and no value for it is given", "xy", "f(x, y) = x*y"),
    ("f(x) = x^2; f(3)", (), "'f' is defined by this program and cannot be called in it", "f", None),
    ("x = y = 2", (), "'=' only gives a name to an expression: a = x*z", "=", None),
    ("a =", (), "nothing is assigned to 'a'", "a", None),
    ("(x; z)", (), "this parenthesis is never closed", "(", "(x); z"),
]


@pytest.mark.parametrize(("text", "bound", "message", "piece", "correction"), ERRORS)
def test_error(text: str, bound: tuple[str, ...], message: str, piece: str, correction: str | None) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text, bound)
    error = caught.value
    assert (error.message, error.correction) == (message, correction)
    assert error.place is not None
    assert text[error.place.start : error.place.end] == piece


def test_a_constant_that_is_assigned_is_said_to_be_a_variable() -> None:
    assert parse("e = 2; e*x").notes == ("e is your variable",)
    assert parse("pi*x").notes == ()
