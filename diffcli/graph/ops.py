"""The table: one row per primitive, and the only place where a derivative is written down.

To add an elementwise function, add a row. The parser, the dual numbers, the reverse sweep, the trace, the generated
text, `diffcli ops` and the tests all read this table.

Formulas are chosen for accuracy where the textbook form cancels or overflows: 1 / cosh(x)^2 rather than
1 - tanh(x)^2, (1 - x)(1 + x) rather than 1 - x^2, x/y/y rather than x/y^2 (which is how it is printed). Among those
that are as accurate stands the one that uses the value, which is there already: 1 + tan(x)^2 rather than 1 / cos(x)^2.
"""

from math import inf
from typing import Any

from diffcli.graph.moves import MOVES
from diffcli.graph.primitive import Primitive, Singularity, Term, function
from diffcli.graph.products import LINEAR_ALGEBRA, PRODUCTS
from diffcli.graph.reductions import ALONG_AN_AXIS, REDUCTIONS
from diffcli.graph.structural import Structural

exp, ln, sqrt, cbrt = function("exp"), function("ln"), function("sqrt"), function("cbrt")
sin, cos, tan, sinh, cosh = function("sin"), function("cos"), function("tan"), function("sinh"), function("cosh")
sec, csc, cot, sigmoid, sign = function("sec"), function("csc"), function("cot"), function("sigmoid"), function("sign")
hypot, gamma, digamma, polygamma = function("hypot"), function("gamma"), function("digamma"), function("polygamma")
maximum, absolute, log1p, xlogy = function("max"), function("abs"), function("log1p"), function("xlogy")
less, greater, equal, where = function("lt"), function("gt"), function("eq"), function("where")

WIDE = (-3.0, 3.0)
POSITIVE = (1e-3, 10.0)
UNIT = (-0.999, 0.999)


def _pi(x: Term) -> Term:
    return Term(x.builder, x.builder.constant("pi"))


def _number(x: Term, value: int) -> Term:
    return Term(x.builder, x.builder.constant(str(value)))


def _is_integer(x: Any) -> bool:
    return bool(abs(x) != inf and x == int(x))


def _outside(where: str, holds: Any) -> Singularity:
    return Singularity("outside", where, holds)


def _pole(where: str, holds: Any) -> Singularity:
    return Singularity("pole", where, holds)


def _tangent(where: str, holds: Any) -> Singularity:
    return Singularity("tangent", where, holds)


def _kink(where: str, holds: Any) -> Singularity:
    return Singularity("kink", where, holds)


def _jump(where: str, holds: Any) -> Singularity:
    return Singularity("jump", where, holds)


NEGATIVE = _outside("its argument is negative", lambda x: x < 0)
POLE_AT_ZERO = _pole("its argument is 0", lambda x: x == 0)
GAMMA_POLE = _pole("its argument is 0 or a negative integer", lambda x: x <= 0 and _is_integer(x))
TIE = _kink("its two arguments are equal", lambda x, y: x == y)
THRESHOLD = _jump("the two sides of its condition are equal", lambda x, y: x == y)
INTEGER_JUMP = _jump("its argument is an integer", _is_integer)

ARITHMETIC = (
    Primitive("add", "sum", (lambda x, y: 1, lambda x, y: 1), symbol="+", precedence=10, domain=(WIDE, WIDE), callable=False),
    Primitive("sub", "difference", (lambda x, y: 1, lambda x, y: -1), symbol="-", precedence=10, domain=(WIDE, WIDE), callable=False),
    Primitive("mul", "product", (lambda x, y: y, lambda x, y: x), symbol="*", precedence=20, domain=(WIDE, WIDE), callable=False),
    Primitive(
        "div", "quotient", (lambda x, y: 1 / y, lambda x, y: -(x / y / y)), symbol="/", precedence=20,
        latex=r"\frac{#1}{#2}", domain=(WIDE, POSITIVE), callable=False,
        singularities=(
            _outside("numerator and denominator are both 0", lambda x, y: x == 0 and y == 0),
            _pole("its denominator is 0", lambda x, y: y == 0),
        ),
    ),
    Primitive("neg", "negation", (lambda x: -1,), symbol="-", precedence=25, callable=False),
    Primitive(
        "pow", "power; a negative base needs an integer exponent",
        (lambda x, y: y * x ** (y - 1), lambda x, y: xlogy(x**y, x)), symbol="^", precedence=30, latex="{#1}^{#2}",
        domain=(POSITIVE, WIDE), callable=False,
        singularities=(
            _outside("its base is negative and its exponent is no integer", lambda x, y: x < 0 and not _is_integer(y)),
            _pole("its base is 0 and its exponent negative", lambda x, y: x == 0 and y < 0),
            _tangent("its base is 0 and its exponent lies between 0 and 1", lambda x, y: x == 0 and 0 < y < 1),
        ),
    ),
)  # fmt: skip

EXPONENTIALS = (
    Primitive("exp", "e to the power x", (lambda x: exp(x),), latex="e^{#1}"),
    Primitive("expm1", "exp(x) - 1 without cancellation near 0", (lambda x: exp(x),), latex=r"\operatorname{expm1}"),
    Primitive(
        "ln", "natural logarithm", (lambda x: 1 / x,), aliases=("log",), latex=r"\ln", domain=(POSITIVE,),
        calls=dict.fromkeys(("math", "mpmath", "sympy", "array"), "log"),
        singularities=(NEGATIVE, POLE_AT_ZERO),
    ),
    Primitive(
        "log1p", "ln(1 + x) without cancellation near 0", (lambda x: 1 / (1 + x),), latex=r"\operatorname{log1p}",
        calls=dict.fromkeys(("math", "mpmath", "array"), "log1p"), definition=lambda x: ln(1 + x), domain=((-0.99, 10.0),),
        singularities=(
            _outside("its argument is below -1", lambda x: x < -1), _pole("its argument is -1", lambda x: x == -1),
        ),
    ),
    Primitive(
        "log2", "logarithm to base 2", (lambda x: 1 / (x * ln(_number(x, 2))),), aliases=("log_2",), latex=r"\log_2",
        definition=lambda x: ln(x) / ln(_number(x, 2)), calls={"math": "log2", "array": "log2"},
        domain=(POSITIVE,), singularities=(NEGATIVE, POLE_AT_ZERO),
    ),
    Primitive(
        "log10", "logarithm to base 10", (lambda x: 1 / (x * ln(_number(x, 10))),), aliases=("log_10", "lg"),
        latex=r"\log_{10}", definition=lambda x: ln(x) / ln(_number(x, 10)),
        calls={"math": "log10", "array": "log10"}, domain=(POSITIVE,),
        singularities=(NEGATIVE, POLE_AT_ZERO),
    ),
    Primitive(
        "sqrt", "square root", (lambda x: 1 / (2 * sqrt(x)),), latex=r"\sqrt{#1}", domain=(POSITIVE,),
        singularities=(NEGATIVE, _tangent("its argument is 0", lambda x: x == 0)),
    ),
    Primitive(
        "cbrt", "real cube root, also of negative numbers", (lambda x: 1 / (3 * cbrt(x) ** 2),), latex=r"\sqrt[3]{#1}",
        calls={"sympy": "real_root3"}, singularities=(_tangent("its argument is 0", lambda x: x == 0),),
    ),
)  # fmt: skip

TRIGONOMETRIC = (
    Primitive("sin", "sine", (lambda x: cos(x),), latex=r"\sin"),
    Primitive("cos", "cosine", (lambda x: -sin(x),), latex=r"\cos"),
    Primitive("tan", "tangent", (lambda x: 1 + tan(x) ** 2,), aliases=("tg",), latex=r"\tan", domain=((-1.5, 1.5),)),
    Primitive(
        "sec", "secant, 1/cos", (lambda x: sec(x) * tan(x),), definition=lambda x: 1 / cos(x), latex=r"\sec",
        calls={"mpmath": "sec", "sympy": "sec"}, domain=((-1.5, 1.5),),
    ),
    Primitive(
        "csc", "cosecant, 1/sin", (lambda x: -(csc(x) * cot(x)),), aliases=("cosec",), definition=lambda x: 1 / sin(x),
        calls={"mpmath": "csc", "sympy": "csc"}, latex=r"\csc", domain=((0.1, 3.0),), singularities=(POLE_AT_ZERO,),
    ),
    Primitive(
        "cot", "cotangent, 1/tan", (lambda x: -(1 + cot(x) ** 2),), aliases=("cotan", "ctg"), definition=lambda x: 1 / tan(x),
        calls={"mpmath": "cot", "sympy": "cot"}, latex=r"\cot", domain=((0.1, 3.0),), singularities=(POLE_AT_ZERO,),
    ),
    Primitive(
        "asin", "inverse sine", (lambda x: 1 / sqrt((1 - x) * (1 + x)),), aliases=("arcsin",), latex=r"\arcsin",
        domain=(UNIT,),
        singularities=(
            _outside("its argument lies outside [-1, 1]", lambda x: abs(x) > 1),
            _tangent("its argument is 1 or -1", lambda x: abs(x) == 1),
        ),
    ),
    Primitive(
        "acos", "inverse cosine", (lambda x: -(1 / sqrt((1 - x) * (1 + x))),), aliases=("arccos",), latex=r"\arccos",
        domain=(UNIT,),
        singularities=(
            _outside("its argument lies outside [-1, 1]", lambda x: abs(x) > 1),
            _tangent("its argument is 1 or -1", lambda x: abs(x) == 1),
        ),
    ),
    Primitive("atan", "inverse tangent", (lambda x: 1 / (1 + x**2),), aliases=("arctan", "arctg"), latex=r"\arctan"),
    Primitive(
        "atan2", "angle of the point (x, y), written atan2(y, x)",
        (lambda y, x: x / hypot(y, x) / hypot(y, x), lambda y, x: -(y / hypot(y, x) / hypot(y, x))), aliases=("arctan2",),
        latex=r"\operatorname{atan2}", domain=(WIDE, POSITIVE),
        singularities=(_jump("its point lies on the negative x-axis or at the origin", lambda y, x: y == 0 and x <= 0),),
    ),
)  # fmt: skip

HYPERBOLIC = (
    Primitive("sinh", "hyperbolic sine", (lambda x: cosh(x),), latex=r"\sinh"),
    Primitive("cosh", "hyperbolic cosine", (lambda x: sinh(x),), latex=r"\cosh"),
    Primitive("tanh", "hyperbolic tangent", (lambda x: 1 / cosh(x) ** 2,), latex=r"\tanh"),
    Primitive(
        "asinh", "inverse hyperbolic sine", (lambda x: 1 / hypot(_number(x, 1), x),), aliases=("arcsinh", "arsinh"),
        latex=r"\operatorname{arsinh}",
    ),
    Primitive(
        "acosh", "inverse hyperbolic cosine", (lambda x: 1 / (sqrt(x - 1) * sqrt(x + 1)),), aliases=("arccosh", "arcosh"),
        latex=r"\operatorname{arcosh}", domain=((1.001, 10.0),),
        singularities=(
            _outside("its argument is below 1", lambda x: x < 1), _tangent("its argument is 1", lambda x: x == 1),
        ),
    ),
    Primitive(
        "atanh", "inverse hyperbolic tangent", (lambda x: 1 / ((1 - x) * (1 + x)),), aliases=("arctanh", "artanh"),
        latex=r"\operatorname{artanh}", domain=(UNIT,),
        singularities=(
            _outside("its argument lies outside [-1, 1]", lambda x: abs(x) > 1),
            _pole("its argument is 1 or -1", lambda x: abs(x) == 1),
        ),
    ),
)  # fmt: skip

LEARNING = (
    Primitive(
        "sigmoid", "logistic function 1/(1 + exp(-x))", (lambda x: sigmoid(x) * sigmoid(-x),), aliases=("logistic", "expit"),
        definition=lambda x: 1 / (1 + exp(-x)), latex=r"\sigma",
    ),
    Primitive(
        "softplus", "ln(1 + exp(x)) without overflow", (lambda x: sigmoid(x),), latex=r"\operatorname{softplus}",
        definition=lambda x: maximum(x, _number(x, 0)) + log1p(exp(-absolute(x))), calls={"sympy": "softplus"},
    ),
    Primitive(
        "relu", "max(x, 0); slope 0 at 0", (lambda x: greater(x, 0),), definition=lambda x: maximum(x, 0),
        latex=r"\operatorname{relu}", singularities=(_kink("its argument is 0", lambda x: x == 0),),
    ),
)  # fmt: skip

PIECEWISE = (
    Primitive(
        "abs", "absolute value", (lambda x: sign(x),), aliases=("Abs", "fabs"), latex=r"\left|#1\right|",
        calls={"math": "fabs", "mpmath": "fabs", "sympy": "Abs", "array": "abs"},
        singularities=(_kink("its argument is 0", lambda x: x == 0),),
    ),
    Primitive(
        "sign", "-1, 0 or 1", (lambda x: 0,), aliases=("sgn",), latex=r"\operatorname{sign}",
        definition=lambda x: greater(x, 0) - less(x, 0), calls=dict.fromkeys(("mpmath", "sympy", "array"), "sign"),
        singularities=(_jump("its argument is 0", lambda x: x == 0),),
    ),
    Primitive("floor", "largest integer not above x", (lambda x: 0,), latex=r"\left\lfloor #1\right\rfloor", singularities=(INTEGER_JUMP,)),
    Primitive(
        "ceil", "smallest integer not below x", (lambda x: 0,), aliases=("ceiling",), latex=r"\left\lceil #1\right\rceil",
        calls={"sympy": "ceiling"}, singularities=(INTEGER_JUMP,),
    ),
    Primitive(
        "round", "nearest integer, halves to even", (lambda x: 0,), latex=r"\operatorname{round}",
        calls={"mpmath": "nint", "sympy": ""},
        singularities=(_jump("its argument lies halfway between integers", lambda x: _is_integer(2 * x) and not _is_integer(x)),),
    ),
    Primitive(
        "min", "smaller of two numbers", (
            lambda x, y: where(equal(x, y), _number(x, 1) / 2, less(x, y)),
            lambda x, y: where(equal(x, y), _number(x, 1) / 2, less(y, x)),
        ), aliases=("Min", "minimum"), latex=r"\min", calls={"sympy": "Min", "array": "minimum"},
        domain=(WIDE, WIDE), singularities=(TIE,),
    ),
    Primitive(
        "max", "larger of two numbers", (
            lambda x, y: where(equal(x, y), _number(x, 1) / 2, greater(x, y)),
            lambda x, y: where(equal(x, y), _number(x, 1) / 2, greater(y, x)),
        ), aliases=("Max", "maximum"), latex=r"\max", calls={"sympy": "Max", "array": "maximum"},
        domain=(WIDE, WIDE), singularities=(TIE,),
    ),
    Primitive(
        "where", "where(condition, a, b): a where the condition holds, else b",
        (None, lambda c, x, y: where(c, 1, 0), lambda c, x, y: where(c, 0, 1)),
        latex=r"\begin{cases}#2 & #1\\ #3 & \text{otherwise}\end{cases}",
        domain=((0.0, 1.0), WIDE, WIDE),
    ),
)  # fmt: skip

COMPARISONS = tuple(
    Primitive(
        name, f"1 where x {symbol} y, else 0", (None, None), symbol=symbol, precedence=5, latex=rf"\left[#1 {latex} #2\right]",
        domain=(WIDE, WIDE), singularities=(THRESHOLD,), callable=False,
    )
    for name, symbol, latex in (
        ("lt", "<", "<"), ("le", "<=", r"\le"), ("gt", ">", ">"), ("ge", ">=", r"\ge"), ("eq", "==", "="), ("ne", "!=", r"\ne"),
    )
)  # fmt: skip

SPECIAL = (
    Primitive(
        "hypot", "sqrt(x^2 + y^2) without overflow", (lambda x, y: x / hypot(x, y), lambda x, y: y / hypot(x, y)),
        definition=lambda x, y: sqrt(x**2 + y**2), latex=r"\operatorname{hypot}",
        calls=dict.fromkeys(("math", "mpmath", "array"), "hypot"), domain=(POSITIVE, WIDE),
        singularities=(_kink("both its arguments are 0", lambda x, y: x == 0 and y == 0),),
    ),
    Primitive("erf", "error function", (lambda x: 2 / sqrt(_pi(x)) * exp(-(x**2)),), latex=r"\operatorname{erf}"),
    Primitive("erfc", "1 - erf(x) without cancellation", (lambda x: _number(x, -2) / sqrt(_pi(x)) * exp(-(x**2)),), latex=r"\operatorname{erfc}"),
    Primitive(
        "gamma", "gamma function, (x - 1)! at whole numbers", (lambda x: gamma(x) * digamma(x),), aliases=("Gamma",),
        latex=r"\Gamma", domain=((0.1, 8.0),), singularities=(GAMMA_POLE,),
    ),
    Primitive(
        "lgamma", "ln|gamma(x)|", (lambda x: digamma(x),), aliases=("loggamma", "gammaln"), latex=r"\ln\Gamma",
        calls={"mpmath": "lgamma", "sympy": "lgamma"}, domain=((0.1, 8.0),), singularities=(GAMMA_POLE,),
    ),
    Primitive(
        "digamma", "derivative of ln(gamma(x))", (lambda x: polygamma(_number(x, 1), x),), aliases=("psi",), latex=r"\psi",
        domain=((0.1, 8.0),), singularities=(GAMMA_POLE,),
    ),
    Primitive(
        "polygamma", "n-th derivative of digamma, written polygamma(n, x)", (None, lambda n, x: polygamma(n + 1, x)),
        latex=r"\psi^{(#1)}\left(#2\right)", calls={"mpmath": "psi"}, domain=((1.0, 3.0), (0.1, 8.0)),
        singularities=(
            _outside("its order is no whole number from 0 to 1000", lambda n, x: not (0 <= n <= 1000 and _is_integer(n))),
            _pole("its argument is 0 or a negative integer", lambda n, x: x <= 0 and _is_integer(x)),
        ),
    ),
    Primitive(
        "xlogy", "x·ln(y), and 0 where x is 0", (lambda x, y: ln(y), lambda x, y: x / y), callable=False,
        template="#1·ln(#2)", precedence=20,
        definition=lambda x, y: where(equal(x, 0), 0, x * ln(y)), calls={"sympy": "xlogy"}, latex=r"#1 \ln #2",
        domain=(WIDE, POSITIVE),
    ),
)  # fmt: skip

ELEMENTWISE: dict[str, Primitive] = {
    row.name: row
    for row in (
        *ARITHMETIC, *EXPONENTIALS, *TRIGONOMETRIC, *HYPERBOLIC, *LEARNING, *PIECEWISE, *COMPARISONS, *SPECIAL,
    )
}  # fmt: skip
"""The primitives of numbers, which work on arrays element by element, by name."""

STRUCTURAL: tuple[Structural, ...] = (*REDUCTIONS, *ALONG_AN_AXIS, *PRODUCTS, *MOVES, *LINEAR_ALGEBRA)
"""The primitives of arrays as a whole."""

OPS: dict[str, Primitive] = {**ELEMENTWISE, **{row.name: row for row in STRUCTURAL}}
"""Every primitive by its name."""

CALLABLE: dict[str, Primitive] = {
    name: row for row in ELEMENTWISE.values() if row.callable for name in (row.name, *row.aliases)
}
"""Every name of a function of numbers that a user may call, aliases included."""
