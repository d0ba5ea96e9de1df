r"""LaTeX as copied from slides; the graph must be that of the plain formula beside it."""

import pytest
from language_cases import written

from diffcli.errors import ExpressionError
from diffcli.language.reading import parse

SAME = [
    (r"\ln x_1 + x_1 x_2 - \sin x_2", "ln(x_1) + x_1*x_2 - sin(x_2)"),
    (r"\frac{xz}{\ln(x)}", "x*z/ln(x)"),
    (r"\frac12 x", "1/2*x"),
    (r"x^\frac{1}{2}", "x^(1/2)"),
    (r"\frac{\frac{a}{b}}{\sqrt{\frac{c}{d}}}", "(a/b)/sqrt(c/d)"),
    (r"e^{-x}", "e^(-x)"),
    (r"e^{-\frac{1}{2}x^2}", "e^(-(1/2)*x^2)"),
    (r"x^{10}y", "x^10*y"),
    (r"x^2y", "x^2*y"),
    (r"\sqrt{x^2+y^2}", "sqrt(x^2+y^2)"),
    (r"\sqrt x y", "sqrt(x)*y"),
    (r"\sqrt[3]{x}", "cbrt(x)"),
    (r"\sqrt[2]{x}", "sqrt(x)"),
    (r"\sqrt[5]{x+1}", "(x+1)^(1/5)"),
    (r"\sqrt[n]{x}", "x^(1/n)"),
    (r"\left(x+1\right)^2", "(x+1)^2"),
    (r"\bigl(x+1\bigr)\,\left|x\right|", "(x+1)*|x|"),
    (r"\lvert x \rvert + \lfloor x \rfloor + \lceil y \rceil", "|x| + floor(x) + ceil(y)"),
    (r"\ln|x|", "ln(|x|)"),
    (r"x \cdot y \times z \div a", "x*y*z/a"),
    (r"\theta_1 x_1 + \theta_{12} x_{a,b}", "theta_1*x_1 + theta_12*x_a_b"),
    (r"\varepsilon\alpha + \ell", "epsilon*alpha + l"),
    (r"2\pi r + 2πr", "2*pi*r + 2*pi*r"),
    (r"\gamma(x)", "gamma*x"),
    (r"\gamma x + \Gamma(x)", "(gamma)*x + gamma(x)"),
    (r"\sigma(wx+b)", "sigmoid(w*x+b)"),
    (r"\sigma^2 x", "sigma^2*x"),
    (r"\log_2 x + \log_{10}(x) + \log x", "log2(x) + log10(x) + ln(x)"),
    (r"\sin^2 x + \cos^{2}\left(x\right)", "sin(x)^2 + cos(x)^2"),
    (r"\arctan x + \tanh y", "atan(x) + tanh(y)"),
    (r"\max(0,x)", "max(0, x)"),
    (r"\operatorname{relu}(x) + \mathrm{erf}(x)", "relu(x) + erf(x)"),
    (r"\mathrm{speed}\cdot t", "speed*t"),
    (r"\operatorname{where}(x \le 0, 1, 2)", "where(x <= 0, 1, 2)"),
    (r"{x}{y}{}z", "x*y*z"),
    (r"sin(x) + \ln x", "sin(x) + ln(x)"),
    ("x₁ + \\sin x₂²", "x_1 + sin(x_2^2)"),
    (r"f(x_1,x_2)=\ln(x_1)+x_1x_2-\sin(x_2)", "f(x_1,x_2)=ln(x_1)+x_1*x_2-sin(x_2)"),
    (r"a = \frac{x}{z}; a^2", "a = x/z; a^2"),
    (r"\frac{x}{2} # comment }", "x/2"),
    ("\\frac{x}\n {2}", "x/2"),
]


@pytest.mark.parametrize(("latex", "plain"), SAME)
def test_same_graph_as_the_plain_formula(latex: str, plain: str) -> None:
    reading = parse(latex)
    reading.graph.check()
    assert written(reading.graph) == written(parse(plain).graph)


@pytest.mark.parametrize(
    ("text", "bound", "expected"),
    [
        (r"\frac{speed}{t}", ("speed", "t"), "y = div(speed, t)"),
        (r"{x1} + x_{2}", ("x1", "x_2"), "y = add(x1, x_2)"),
        (r"\sigma(x)", ("sigma", "x"), "y = mul(sigma, x)"),
        (r"{pi}", ("p", "i"), "y = mul(p, i)"),
    ],
)
def test_names_given_by_the_point(text: str, bound: tuple[str, ...], expected: str) -> None:
    assert written(parse(text, bound).graph) == expected


ERRORS = [
    (r"\frac{1}{2", "this brace is never closed", "{"),
    (r"x}", "this brace was never opened", "}"),
    (r"\frac{1}", "a command lacks its argument", "}"),
    (r"\sqrt", "a command lacks its argument", "t"),
    (r"{x}^10", "in LaTeX only the first digit belongs to the exponent", "10"),
    (r"x_{i+1}", "this index cannot be read", "_"),
    (r"{x}_12 + y_12", "this index cannot be read", "_12"),
    (r"\frac{x2}{3}", "a name and a number stand side by side without an operator", "x2"),
    (r"\partial x", r"\partial has no meaning here", r"\partial"),
    (r"x^\top W", r"\top has no meaning here", r"\top"),
    (r"\sinn x", r"\sinn has no meaning here", r"\sinn"),
    (r"\log_3 x", "log_3 is not known", r"\log_3"),
    (r"x & \ln x", "& has no meaning here", "&"),
    (r"x \\ y", r"\\ has no meaning here", r"\\"),
    (r"\{x\}", r"\{ has no meaning here", r"\{"),
    ("\\", "\\ has no meaning here", "\\"),
    ("\\\u001b{x}", "\\U+001B has no meaning here", "\\\u001b"),
    (r"\sin^{-1} x", "sin^-1 could be the inverse function or the reciprocal", r"\sin^{-1} "),
]


@pytest.mark.parametrize(("text", "message", "piece"), ERRORS)
def test_error(text: str, message: str, piece: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert caught.value.message == message
    assert caught.value.place is not None
    assert text[caught.value.place.start : caught.value.place.end] == piece
