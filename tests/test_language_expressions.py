"""The grammar: what each text is read as, and when the reading is shown."""

import pytest
from language_cases import written

from diffcli.language.reading import parse

OPERATORS = {
    "ln(x1) + x1*x2 - sin(x2)": "y = sub(add(ln(x1), mul(x1, x2)), sin(x2))",
    "a - b - c": "y = sub(sub(a, b), c)",
    "a / b / c": "y = div(div(a, b), c)",
    "a / b * c": "y = mul(div(a, b), c)",
    "a - (b - c)": "y = sub(a, sub(b, c))",
    "-x^2": "y = neg(pow(x, 2))",
    "2^3^2": "y = pow(2, pow(3, 2))",
    "2**-x**2": "y = pow(2, neg(pow(x, 2)))",
    "-a*b": "y = mul(neg(a), b)",
    "a*-b": "y = mul(a, neg(b))",
    "2^-x*b": "y = mul(pow(2, neg(x)), b)",
    "+x - +b": "y = sub(x, b)",
    "--x": "y = neg(neg(x))",
    "x++b": "y = add(x, b)",
    "||x|-1|": "y = abs(sub(abs(x), 1))",
    "|a||b|": "y = mul(abs(a), abs(b))",
    "a|b|c": "y = mul(mul(a, abs(b)), c)",
    "|a|^2": "y = pow(abs(a), 2)",
    "|(a)(b)|": "y = abs(mul(a, b))",
    "|-|x||": "y = abs(neg(abs(x)))",
}
JUXTAPOSITION = {
    "2x": "y = mul(2, x)",
    "x z": "y = mul(x, z)",
    "2(x+1)": "y = mul(2, add(x, 1))",
    "(x+1)(x-1)": "y = mul(add(x, 1), sub(x, 1))",
    "x(z+1)": "y = mul(x, add(z, 1))",
    "x (z) (a)": "y = mul(mul(x, z), a)",
    "1/2x": "y = mul(div(1, 2), x)",
    "e^2x": "y = mul(pow(e, 2), x)",
    "2^3x": "y = mul(pow(2, 3), x)",
    "x^2z": "y = mul(pow(x, 2), z)",
    "2x^2z": "y = mul(mul(2, pow(x, 2)), z)",
    "-2x": "y = mul(neg(2), x)",
    "2e3x": "y = mul(2e3, x)",
    "2e^x": "y = mul(2, pow(e, x))",
    "3 e": "y = mul(3, e)",
    "(x)2": "y = mul(x, 2)",
    "pi x": "y = mul(pi, x)",
    "2 pi x": "y = mul(mul(2, pi), x)",
    "sin(2)x": "y = mul(sin(2), x)",
    "x sin(z)": "y = mul(x, sin(z))",
    "alpha(x+1) + alpha": "y = add(mul(alpha, add(x, 1)), alpha)",
}
FUNCTIONS = {
    "sin x": "y = sin(x)",
    "sin 2x": "y = sin(mul(2, x))",
    "sin x^2": "y = sin(pow(x, 2))",
    "sin x z": "y = sin(mul(x, z))",
    "sin x cos z": "y = mul(sin(x), cos(z))",
    "sin x/2": "y = div(sin(x), 2)",
    "sin x*z": "y = mul(sin(x), z)",
    "sin (x)^2": "y = pow(sin(x), 2)",
    "sin x (z)": "y = mul(sin(x), z)",
    "sin 2 cos x": "y = mul(sin(2), cos(x))",
    "sin x |z|": "y = sin(mul(x, abs(z)))",
    "sin |x| + |z|": "y = add(sin(abs(x)), abs(z))",
    "|sin x|": "y = abs(sin(x))",
    "sin x^-2 z": "y = sin(mul(pow(x, neg(2)), z))",
    "sin x^a^2 z": "y = sin(mul(pow(x, pow(a, 2)), z))",
    "sin x^(a+1) z": "y = sin(mul(pow(x, add(a, 1)), z))",
    "-sin x z": "y = neg(sin(mul(x, z)))",
    "2^sin x z": "y = pow(2, sin(mul(x, z)))",
    "2 sin x": "y = mul(2, sin(x))",
    "sin cos x z": "y = sin(cos(mul(x, z)))",
    "ln x + 1": "y = add(ln(x), 1)",
    "sin^2 x": "y = pow(sin(x), 2)",
    "sin^2(x)": "y = pow(sin(x), 2)",
    "sin^2 x^2": "y = pow(sin(pow(x, 2)), 2)",
    "sin^2 x + cos^2 x": "y = add(pow(sin(x), 2), pow(cos(x), 2))",
    "sin**3 x z": "y = pow(sin(mul(x, z)), 3)",
    "log(x)": "y = ln(x)",
    "log(x, 2)": "y = div(ln(x), ln(2))",
    "log2(x) + log_2(x) + log10(x) + log_10(x)": "y = add(add(add(log2(x), log2(x)), log10(x)), log10(x))",
    "max(a, b, c)": "y = max(max(a, b), c)",
    "Min(a, b)": "y = min(a, b)",
    "atan2(a, b)": "y = atan2(a, b)",
    "polygamma(1000, x)": "y = polygamma(1000, x)",
    "where(x < 0, -x, x)": "y = where(lt(x, 0), neg(x), x)",
    "where((a >= b), where(a != b, 1, 2), 3)": "y = where(ge(a, b), where(ne(a, b), 1, 2), 3)",
    "where(a + 1 == b*2, a, b)": "y = where(eq(add(a, 1), mul(b, 2)), a, b)",
    "gamma^2 + 3*gamma": "y = add(pow(gamma, 2), mul(3, gamma))",
    "gamma(x) + gamma": "y = add(gamma(x), gamma)",
    "|gamma|": "y = abs(gamma)",
    "Abs(arcsin(x)) + arctan(x)": "y = add(abs(asin(x)), atan(x))",
}
CHARACTERS = {
    "x₁·x₂ − sin x₂": "y = sub(mul(x_1, x_2), sin(x_2))",
    "x₁x₂": "y = mul(x_1, x_2)",
    "x₁₂ + xₙ": "y = add(x_12, x_n)",
    "x²": "y = pow(x, 2)",
    "2x²z": "y = mul(mul(2, pow(x, 2)), z)",
    "x⁻¹": "y = pow(x, neg(1))",
    "2^x²": "y = pow(2, pow(x, 2))",
    "x²^3": "y = pow(pow(x, 2), 3)",
    "-x²": "y = neg(pow(x, 2))",
    "sin² x": "y = pow(sin(x), 2)",
    "√x": "y = sqrt(x)",
    "√(x)z": "y = mul(sqrt(x), z)",
    "2√x": "y = mul(2, sqrt(x))",
    "∛x": "y = cbrt(x)",
    "½x + ¼": "y = add(mul(div(1, 2), x), div(1, 4))",
    "πr²": "y = mul(pi, pow(r, 2))",
    "2πr": "y = mul(mul(2, pi), r)",
    "π_1 + θ": "y = add(π_1, θ)",
    "a×b÷c": "y = div(mul(a, b), c)",
    "a – b": "y = sub(a, b)",
    "where(a ≤ b, a, b)": "y = where(le(a, b), a, b)",
    "ñ + é": "y = add(ñ, é)",
    "𝑥 + ｘ": "y = add(x, x)",
    "x\u00a0+\u2009z\u200b": "y = add(x, z)",
    'x # ни слова {\\ "': "y = x",
    "x # first\r\n+ z # second": "y1 = x; y2 = z",
}
NUMBERS = {
    "0.10": "y = 0.10",
    ".5": "y = 0.5",
    "2.": "y = 2",
    "007.50": "y = 7.50",
    "1E+3": "y = 1e+3",
    "1.e-3": "y = 1e-3",
    "123456789012345678901234567890.5": "y = 123456789012345678901234567890.5",
}


@pytest.mark.parametrize(
    ("text", "expected"), [*(OPERATORS | JUXTAPOSITION | FUNCTIONS | CHARACTERS | NUMBERS).items()]
)
def test_reading(text: str, expected: str) -> None:
    reading = parse(text)
    reading.graph.check()
    assert written(reading.graph) == expected
    assert reading.text == text


@pytest.mark.parametrize(
    "text", [*JUXTAPOSITION, "sin x", "sin (x)^2", "-x^2", "2^3^2", "2^-x^2", "ｘ", "1e-400", "x\n+z"]
)
def test_doubtful_readings_are_marked(text: str) -> None:
    assert parse(text).doubtful


@pytest.mark.parametrize(
    "text", ["x", "2*x", "sin(x)", "(-x)^2", "-(x^2)", "(2^3)^2", "sin(x)^2", "a/b*c", "|x|", "x²"]
)
def test_plain_readings_are_not(text: str) -> None:
    assert not parse(text).doubtful
    assert parse(text).notes == ()


@pytest.mark.parametrize(
    ("text", "bound", "note"),
    [
        ("1/2x", (), "'1/2x' is read as (1/2)·x"),
        ("e^2x", (), "'e^2x' is read as (e^2)·x"),
        ("sin x z", (), "'sin x z' is read as sin(x z)"),
        ("sin^2 2x", (), "'sin^2 2x' is read as sin^2(2x)"),
        ("e^x", ("e", "x"), "e is your variable"),
        ("pi", ("pi",), "pi is your variable"),
        ("gamma(x) + gamma", ("gamma", "x"), "gamma with an argument is the function gamma"),
        ("1e-400", (), "1e-400 is 0 in double precision"),
        ("a – b", (), "'–' (U+2013 EN DASH) is read as '-'"),
        ("ｘ", (), "'ｘ' (U+FF58 FULLWIDTH LATIN SMALL LETTER X) is read as 'x'"),
        ("x\u200b+1", (), "U+200B ZERO WIDTH SPACE is read as a space"),
        ("a\n-b", (), "a new line begins a new expression; put one of several lines in brackets"),
    ],
)
def test_notes(text: str, bound: tuple[str, ...], note: str) -> None:
    assert parse(text, bound).notes == (note,)


@pytest.mark.parametrize(
    ("text", "bound", "expected"),
    [
        ("e^x", ("x",), "y = pow(e, x)"),
        ("e^x", ("e", "x"), "y = pow(e, x)"),
        ("2e", ("e",), "y = mul(2, e)"),
        ("xy", ("xy",), "y = xy"),
        ("sin2x", ("sin2x",), "y = sin2x"),
        ("log2^2", ("log2",), "y = pow(log2, 2)"),
        ("gamma x", ("gamma", "x"), "y = gamma(x)"),
        ("gamma sin x", ("gamma", "x"), "y = mul(gamma, sin(x))"),
        ("gamma^-1 x", ("gamma", "x"), "y = mul(pow(gamma, neg(1)), x)"),
        ("speed(x+1)", ("speed", "x"), "y = mul(speed, add(x, 1))"),
    ],
)
def test_names_given_by_the_point(text: str, bound: tuple[str, ...], expected: str) -> None:
    reading = parse(text, bound)
    assert written(reading.graph) == expected
    assert set(reading.variables) == set(bound) - ({"gamma"} if "gamma(" in expected else set())


def test_constant_or_variable_is_told_by_the_node() -> None:
    assert parse("e").graph.nodes[0].op == "constant"
    assert parse("e", ("e",)).graph.nodes[0].op == "input"


def test_variables_are_ordered_by_first_appearance() -> None:
    assert parse("b*a + c - a").variables == ("b", "a", "c")


@pytest.mark.parametrize(
    ("text", "op", "piece"),
    [
        ("ln(x) + sqrt(x - 2)", "sqrt", "sqrt(x - 2)"),
        ("1 + a/(b - c)", "div", "a/(b - c)"),
        ("1 + a/(b - c)", "sub", "b - c"),
        ("2 + |x|", "abs", "|x|"),
        ("x₁ + sin x₂²", "pow", "x₂²"),
        ("½ + √x", "sqrt", "√x"),
        (r"1 + \frac{x}{y}", "div", r"\frac{x}{y}"),
        (r"1 + \ln x_1", "ln", r"\ln x_1"),
        ("log(x, 2)", "div", "log(x, 2)"),
        ("max(a, b, c)", "max", "max(a, b, c)"),
    ],
)
def test_places_point_into_the_users_text(text: str, op: str, piece: str) -> None:
    graph = parse(text).graph
    place = next(place for node, place in zip(graph.nodes, graph.places, strict=True) if node.op == op)
    assert place is not None
    assert text[place.start : place.end] == piece
