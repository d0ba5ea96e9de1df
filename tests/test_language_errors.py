"""Errors say what, where and how to mend it; a correction that is offered can itself be read."""

import pytest

from diffcli.errors import DiffcliError, ExpressionError
from diffcli.language.reading import parse

CASES = [
    # text, bound, message, the place's text, correction
    ("", (), "the expression is empty", "", None),
    ("ln(x1) + x1*x2 - sin(x2", (), "this parenthesis is never closed", "(", "ln(x1) + x1*x2 - sin(x2)"),
    ("((x", (), "this parenthesis is never closed", "(", "((x))"),
    ("|x", (), "this bar is never closed", "|", "|x|"),
    ("x)", (), "this parenthesis was never opened", ")", "x"),
    ("(x]", (), "this bracket does not match the parenthesis before it", "]", "(x)"),
    ("x**", (), "an operand is missing after '**'", "**", "x"),
    ("x^^y", (), "an operand is missing after '^'", "^", "x^y"),
    ("2 + * x", (), "an operand is missing after '+'", "+", "2 +  x"),
    ("*x", (), "nothing stands before '*'", "*", "x"),
    ("sin(x,)", (), "an operand is missing after ','", ",", "sin(x)"),
    ("()", (), "these parentheses are empty", "()", None),
    ("||", (), "an operand is missing after '|'", "|", None),
    ("1 2", (), "two numbers stand side by side without an operator", "1 2", None),
    ("1.2.3", (), "two numbers stand side by side without an operator", "1.2.3", None),
    ("x 2", (), "a name and a number stand side by side without an operator", "x 2", "x*2"),
    ("x.5", (), "a name and a number stand side by side without an operator", "x.5", "x*0.5"),
    ("x.y", (), "a dot has no meaning here", ".", "x*y"),
    ("3e", (), "the exponent of this number is missing", "3e", None),
    ("1e+", (), "the exponent of this number is missing", "1e+", None),
    ("0x1F", (), "numbers are decimal here", "0x1F", "31"),
    ("1_000x", (), "digits are not grouped by underscores", "1_000x", "1000x"),
    ("1_000", (), "digits are not grouped by underscores", "1_000", "1000"),
    ("1,5*x", (), "a decimal comma cannot be read", ",", "1.5*x"),
    ("x, y", (), "a comma separates the arguments of a function, and nothing else", ",", "x; y"),
    ("(x, y)", (), "a comma separates the arguments of a function, and nothing else", ",", None),
    ("1e400", (), "this number is too large for double precision", "1e400", None),
    ("5!", (), "! has no meaning here", "!", "gamma(6)"),
    ("3²!", (), "! has no meaning here", "!", "gamma(3² + 1)"),
    (r"\frac{1}{2", (), "this brace is never closed", "{", r"\frac{1}{2}"),
    ("(x+1)!", (), "! has no meaning here", "!", "gamma((x+1) + 1)"),
    ("10%", (), "% has no meaning here", "%", "10/100"),
    ("x%y", (), "% has no meaning here", "%", None),
    ("x'", (), "a prime or a quote is no part of an expression", "'", None),
    ('"x"', (), "text in quotes is no part of an expression", '"', "x"),
    ("$x$", (), "dollar signs are not part of the formula", "$", "x"),
    ("[x+1]*2", (), "square brackets make lists, and this one has only one number", "[", "(x+1)*2"),
    ("W[0]", (), "W is a number, and only arrays have elements", "[", None),
    ("a@b", (), "@ multiplies vectors and matrices, not a number and a number", "a@b", None),
    ("max(x, axis=0)", (), "x is a number, and max works on arrays", "max(x, axis=0)", None),
    ("sum(x)", (), "x is a number, and sum works on arrays", "sum(x)", None),
    ("sine(x)", (), "'sine' is no function known here", "sine", "sin(x)"),
    ("cosine x", ("x",), "'cosine' is no function known here", "cosine", "cos x"),
    ("Sin(x)", (), "'Sin' is no function known here", "Sin", "sin(x)"),
    ("log_3(x)", (), "'log_3' is no function known here", "log_3", None),
    ("mod(x, 2)", (), "'mod' is no function known here", "mod", None),
    ("sin", (), "the function sin lacks its argument", "sin", None),
    ("sin -2x", (), "the function sin lacks its argument", "sin", "sin(-2x)"),
    ("sin^-1 x", (), "sin^-1 could be the inverse function or the reciprocal", "sin^-1 ", None),
    ("sin⁻¹(x)", (), "sin^-1 could be the inverse function or the reciprocal", "sin⁻¹", None),
    ("sin^1.5 x", (), "only a positive whole number can stand as the power of a function", "sin^1.5 ", None),
    ("sin^0 x", (), "only a positive whole number can stand as the power of a function", "sin^0 ", None),
    ("sin(x, y)", (), "sin takes 1 argument, not 2", "sin(x, y)", None),
    ("sin()", (), "sin takes 1 argument, not 0", "sin()", None),
    ("max(x)", (), "max compares at least two numbers", "max(x)", None),
    ("max x y", (), "the arguments of max stand in parentheses", "max", None),
    ("polygamma(1001, x)", (), "the order of polygamma must be written as a whole number from 0 to 1000", None, None),
    ("polygamma(n, x)", (), "the order of polygamma must be written as a whole number from 0 to 1000", None, None),
    ("x < y", (), "'<' only stands in the condition of where", "<", None),
    ("where(x > 0, x < 1, 2)", (), "'<' only stands in the condition of where", "<", None),
    ("where(max(x < 1, 2), 1, 2)", (), "'<' only stands in the condition of where", "<", None),
    ("where(0 < x < 1, 1, 2)", (), "comparisons cannot be chained", "<", None),
    ("where(x, 1, 2)", (), "the first argument of where must be a comparison", "where(x, 1, 2)", None),
    ("where(x = 0, 1, 2)", (), "'=' only gives a name to an expression: a = x*z", "=", None),
    ("2x = 4", (), "'=' only gives a name to an expression: a = x*z", "=", None),
    ("x and y", (), "'and' is no word of this language", "and", None),
    ("x if y else z", (), "'if' is no word of this language", "if", None),
    ("xy", ("x", "y"), "'xy' is one name here, and no value for it is given", "xy", "x*y"),
    ("exy", ("x", "y"), "'exy' is one name here, and no value for it is given", "exy", "e*x*y"),
    ("x_1x_2", (), "'x_1x_2' is one name here, and no value for it is given", "x_1x_2", "x_1*x_2"),
    ("sin2x", (), "'sin2x' is one name here, and no value for it is given", "sin2x", "sin(2x)"),
    ("sinx + cosy", ("x", "y"), "'sinx' is one name here, and no value for it is given", "sinx", "sin(x) + cos(y)"),
    ("х+1", (), "'х' (U+0445 CYRILLIC SMALL LETTER HA) has no meaning here", "х", "x+1"),
    ("x\u0304", (), "U+0304 COMBINING MACRON has no meaning here", "x\u0304", None),
    ("٣x", (), "'٣' (U+0663 ARABIC-INDIC DIGIT THREE) has no meaning here", "٣", "3x"),
    ("“x”", (), "'“' (U+201C LEFT DOUBLE QUOTATION MARK) has no meaning here", "“", "x"),
    ("x — y", (), "'—' (U+2014 EM DASH) has no meaning here", "—", "x - y"),
    ("2½", (), "a number or name stands before '½' (U+00BD VULGAR FRACTION ONE HALF)", "½", None),
    ("xⁿ", (), "ⁿ cannot be read", "ⁿ", None),
    ("x\u001b[31m", (), "U+001B has no meaning here", "\u001b", None),
    ("sine(x", (), "'sine' is no function known here", "sine", "sin(x)"),
]


@pytest.mark.parametrize(("text", "bound", "message", "piece", "correction"), CASES, ids=[repr(c[0]) for c in CASES])
def test_error(text: str, bound: tuple[str, ...], message: str, piece: str | None, correction: str | None) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text, bound)
    error = caught.value
    assert (error.message, error.correction) == (message, correction)
    assert error.text == text
    if piece:
        assert error.place is not None
        assert text[error.place.start : error.place.end] == piece
    if correction is not None:
        parse(correction, bound)


HINTS = [
    ("sin^-1 x", "write asin(x) for the inverse function, or 1/sin(x)"),
    ("exp^-1 x", "write 1/exp(x)"),
    ("mod(x, 2)", "the remainder of x by y is x - y*floor(x/y)"),
    ("x//y", "whole quotients are floor(x/y)"),
    ("log_3(x)", "write log(x, 3)"),
    ("sine(x)", "did you mean sin?"),
    ("sqroot(x)", "did you mean sqrt?"),
    ("squareroot(x)", "did you mean sqrt?"),
    ("softmax(x)", "give x a value such as x=[1,2,3]"),
    ("if(x, 1, 2)", "write where(condition, a, b)"),
    ("5!", "n! is gamma(n + 1): gamma(6)"),
    ("∞", "infinity is not a number that can be computed with"),
]


@pytest.mark.parametrize(("text", "hint"), HINTS)
def test_hint(text: str, hint: str) -> None:
    with pytest.raises(DiffcliError) as caught:
        parse(text)
    assert caught.value.hint == hint


def test_the_innermost_open_parenthesis_is_the_place() -> None:
    text = "sin(x) + cos(x*(x + 1)"
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert caught.value.place is not None
    assert caught.value.place.start == text.index("(", 8)
    assert caught.value.correction == text + ")"
