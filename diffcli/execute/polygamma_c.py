"""The digamma function and its derivatives in C: `polygamma`, with its numbers."""

from collections.abc import Sequence

from diffcli.execute.polygamma import DIGAMMA_SERIES, LARGE, MOST_ORDER, NEAR, ROOT, ROOT_REST, SERIES


def _horner(coefficients: Sequence[float], x: str) -> str:
    """The polynomial, on several lines."""
    *others, text = map(repr, coefficients)
    for number, coefficient in enumerate(reversed(others)):
        line_end = "\n            " if number % 3 == 2 else " "
        text = f"({text} * {x}{line_end}+ {coefficient})"
    return text


OF_POSITIVE = f"""\
static double digamma_of_positive(double x)
{{
    double total = 0.0;
    if (x >= {LARGE}.0) {{
        const double power = 1.0 / (x * x);
        return log(x) - 0.5 / x - power *
            {_horner(DIGAMMA_SERIES, "power")};
    }}
    if (x < 1.0) {{
        total = -1.0 / x;
        x += 1.0;
    }}
    while (x > 2.0) {{
        x -= 1.0;
        total += 1.0 / x;
    }}
    x = (x - {ROOT!r}) - {ROOT_REST!r};
    return total + x *
        ({_horner(NEAR[0], "x")} /
            {_horner(NEAR[1], "x")});
}}"""
DIGAMMA = """\
static double digamma(double x)
{
    const double pi = 3.141592653589793, r = x - rint(x);
    if (x > 0.0) return digamma_of_positive(x);
    if (!(r < 0.0 || r > 0.0)) return NAN;
    if (x > -0.5) return digamma_of_positive(1.0 + x) - 1.0 / x;
    if (fabs(r) > 0.25) return digamma_of_positive(1.0 - x) - copysign(pi * tan(pi * (0.5 - fabs(r))), r);
    return digamma_of_positive(1.0 - x) - pi / tan(pi * r);
}"""
TERM = """\
static double polygamma_term(int n, double x)
{
    double result = 1.0;
    for (int k = 2; k <= n; k++) result *= k;
    for (int k = 0; k <= n; k++) result /= x;
    return result;
}"""
SIZE = f"""\
static double polygamma_size(int n, double x)
{{
    const double series[] = {{
        {", ".join(map(repr, SERIES[:4]))},
        {", ".join(map(repr, SERIES[4:8]))},
        {", ".join(map(repr, SERIES[8:]))}
    }};
    double total = 0.0, first = 0.0, factor = 1.0, rest, power;
    if (x < n + {LARGE}.0) {{
        const double steps = ceil(n + {LARGE}.0 - x);
        for (double k = steps - 1.0; k > 0.0; k--) {{
            power = x + k;
            for (int j = 0; j < n; j++) power *= x + k;
            total += 1.0 / power;
        }}
        for (int k = 2; k <= n; k++) total *= k;
        first = polygamma_term(n, x);
        x += steps;
    }}
    rest = 0.5 * n / x;
    power = 1.0 / x / x;
    for (int k = 0; k < {len(SERIES)}; k++) {{
        factor *= (2 * k + n) * (2 * k + n + 1) * power;
        rest += series[k] * factor;
    }}
    factor = polygamma_term(n - 1, x);
    return first + (total + (factor + factor * rest));
}}"""
POLYGAMMA = f"""\
static double polygamma(double order, double x)
{{
    const int n = order >= 1.0 && order <= {MOST_ORDER}.0 && order == floor(order) ? (int)order : 0;
    const double side = n % 2 ? 1.0 : -1.0, r = x - rint(x);
    double others;
    if (n == 0) return order == 0.0 ? digamma(x) : NAN;
    if (x > 0.0) return x == INFINITY ? 0.0 : side * polygamma_size(n, x);
    if (!(r < 0.0 || r > 0.0)) return NAN;
    others = polygamma_size(n, 1.0 + r);
    if (x < -0.5) others += side * (polygamma_size(n, 1.0 - r) - polygamma_size(n, 1.0 - x));
    return side * (polygamma_term(n, r) + others);
}}"""
FUNCTIONS = {
    "digamma_of_positive": OF_POSITIVE,
    "digamma": DIGAMMA,
    "polygamma_term": TERM,
    "polygamma_size": SIZE,
    "polygamma": POLYGAMMA,
}
"""The texts by name, each behind those that it calls."""
