"""Every bad input: refused as a user's error, or read as the language decides."""

from typing import Any

import pytest
from language_cases import CASES, case_text, written

from diffcli.errors import DiffcliError
from diffcli.language.points import match_point, parse_point
from diffcli.language.reading import parse

COMPUTED = {"domain", "complex", "non-smooth", "range"}
"""Kinds that are about values: most of their texts are good."""
REFUSED_BEFORE_COMPUTING = {
    "complex-012": "'LambertW' is no function known here",
    "complex-007": "no value is given for I",
    "domain-013": "'x' is given a value but is no variable",
    "non-smooth-029": "'mod' is no function known here",
    "non-smooth-035": "'conjugate' is no function known here",
    "non-smooth-039": "max compares at least two numbers",
    "non-smooth-040": "'leaky_relu' is no function known here",
}
OVERFLOWS = {"point-045"}
"""A point whose value, not its text, is the trouble."""

READ_AS = {
    "ambiguous-001": "y = mul(2, x)",
    "ambiguous-004": "f = mul(x, add(y, 1))",
    "ambiguous-006": "y = mul(2, add(x, 1))",
    "ambiguous-010": "y = sin(pow(x, 2))",
    "ambiguous-012": "y = pow(2, neg(x))",
    "ambiguous-013": "y = neg(pow(x, 2))",
    "ambiguous-014": "y = pow(neg(x), 2)",
    "ambiguous-016": "y = mul(div(1, 2), x)",
    "ambiguous-018": "f = mul(div(x, 2), y)",
    "ambiguous-019": "y = pow(e, x)",
    "ambiguous-020": "y = pow(e, x)",
    "ambiguous-030": "y = mul(2, pow(x, 2))",
    "ambiguous-031": "y = neg(pow(2, 2))",
    "ambiguous-033": "y = mul(mul(a, b), c)",
    "ambiguous-035": "y = mul(2, x)",
    "ambiguous-037": "y = mul(1e3, x)",
    "ambiguous-038": "y = mul(2, e)",
    "ambiguous-039": "y = mul(3e2, x)",
    "ambiguous-040": "f = ln(mul(x, y))",
    "ambiguous-046": "y = pow(2, neg(x))",
    "ambiguous-049": "y = mul(div(1, 3), x)",
    "cli-003": "y = neg(pow(x, 2))",
    "latex-paste-001": "y = sub(add(ln(x_1), mul(x_1, x_2)), sin(x_2))",
    "latex-paste-003": "y = div(mul(x, z), ln(x))",
    "latex-paste-004": "y = div(1, add(1, pow(e, neg(x))))",
    "latex-paste-005": "f = sqrt(add(pow(x, 2), pow(y, 2)))",
    "latex-paste-006": "y = cbrt(x)",
    "latex-paste-011": "y = pow(e, x)",
    "latex-paste-014": "y = pow(add(x, 1), 2)",
    "latex-paste-016": "f = mul(x, y)",
    "latex-paste-018": "y = log2(x)",
    "latex-paste-021": "y = max(0, x)",
    "latex-paste-024": "y = sigmoid(add(mul(w, x), b))",
    "latex-paste-025": "f = sub(add(ln(x_1), mul(x_1, x_2)), sin(x_2))",
    "latex-paste-034": "y = sub(add(ln(x1), mul(x1, x2)), sin(x2))",
    "latex-paste-035": "f = sub(add(ln(x1), mul(x1, x2)), sin(x2))",
    "latex-paste-036": "v5 = sub(v4, v3)",
    "latex-paste-038": "y = sub(add(ln(x1), mul(x1, x2)), sin(x2))",
    **{
        case["id"]: "y = add(pow({0}, 2), mul(3, {0}))".format(*case["at"])
        for case in CASES
        if case["kind"] == "name-clash" and case["id"] != "name-clash-064"
    },
    "point-007": "y = 3",
    **dict.fromkeys(("point-016", "point-023", "point-040", "point-041", "point-044"), "y = x"),
    "point-046": "y = pow(x, 2)",
    "resource-007": "y = pow(add(x, 1), 100000)",
    "resource-008": "f = pow(add(add(x, y), z), 5000)",
    "resource-009": "y = pow(pow(pow(pow(x, 9), 9), 9), pow(9, 9))",
    "resource-011": "y = exp(exp(exp(exp(x))))",
    "resource-022": "y = pow(10, 5000)",
    "resource-033": "y = " + "neg(" * 51 + "x" + ")" * 51,
    "resource-046": "y = pow(x, pow(x, pow(x, pow(x, pow(x, x)))))",
    "resource-049": "y = " + "add(" * 199 + "pow(v0, 2)" + "".join(f", pow(v{n}, 2))" for n in range(1, 200)),
    "syntax-031": "y = mul(7, x)",
    "syntax-038": "f = add(x, neg(y))",
    "syntax-057": "y = add(ln(x), 1)",
    "syntax-061": "y = log2(x)",
    "syntax-065": "y = log10(x)",
    "syntax-067": "y = tan(x)",
    "syntax-069": "f = sub(x, y)",
    "syntax-076": "f = mul(x, y)",
    "syntax-089": "y = mul(div(1, 2), x)",
    "syntax-090": "y = mul(12, x)",
    **dict.fromkeys(("syntax-091", "syntax-093", "syntax-094", "syntax-095", "syntax-110"), "y = add(x, 1)"),
    "syntax-118": "y = x",
}

REFUSED_AS = {
    "ambiguous-003": "no value is given for x2",
    "ambiguous-028": "! has no meaning here",
    "ambiguous-029": "! has no meaning here",
    "ambiguous-034": "a dot has no meaning here",
    "ambiguous-036": "a name and a number stand side by side without an operator",
    "ambiguous-050": "% has no meaning here",
    "cli-002": "no value is given for help",
    "cli-005": "an operand is missing after '-'",
    "name-clash-064": "'x-1' is not a name",
    "not-an-expression-019": "'limit' is no function known here",
    "not-an-expression-048": "'y' is given a value by the point and also assigned here",
    "not-an-expression-051": "'y' is given a value but is no variable of the expression",
    "not-an-expression-059": "// has no meaning here",
    "not-an-expression-060": "% has no meaning here",
    "not-an-expression-068": "no value is given for _",
    "point-008": "'x' is given a value but is no variable of the expression",
    "resource-017": "the exponent of this number is -999999999; the limit is 10000",
    "resource-024": "'zeta' is no function known here",
    "resource-031": "the expression is nested too deeply; the limit is 1000",
    "syntax-014": "sin takes 1 argument, not 2",
    "syntax-027": "numbers are decimal here",
    "syntax-029": "numbers are decimal here",
    "syntax-032": "a decimal comma cannot be read",
    "syntax-034": "no value is given for j",
    "syntax-051": "these parentheses are empty",
    "syntax-055": "'Sin' is no function known here",
    "syntax-060": "'sin2x' is one name here, and no value for it is given",
    "syntax-071": "'—' (U+2014 EM DASH) has no meaning here",
    "syntax-080": "no value is given for x_1, x_2",
    "syntax-092": "'١' (U+0661 ARABIC-INDIC DIGIT ONE) has no meaning here",
    "syntax-098": "no value is given for é",
}


def outcome(case: dict[str, Any], *, whole_point: bool = False) -> str:
    """What the case is read as, or its error; unused values in syntax and resource cases count if `whole_point`."""
    point = parse_point([f"{name}={value}" for name, value in case["at"].items()])
    reading = parse(case_text(case), point)
    if case["kind"] in ("syntax", "resource") and not whole_point:
        point = {name: value for name, value in point.items() if name in reading.variables}
    match_point(reading, point)
    return written(reading.graph)


def identifier(case: dict[str, Any]) -> str:
    return str(case["id"])


@pytest.mark.parametrize("case", [c for c in CASES if c["id"] in READ_AS], ids=identifier)
def test_what_the_language_decides_to_read(case: dict[str, Any]) -> None:
    assert case["expect"] in ("value", "either")
    assert outcome(case) == READ_AS[case["id"]]


@pytest.mark.parametrize("case", [c for c in CASES if c["id"] in REFUSED_AS], ids=identifier)
def test_what_the_language_decides_to_refuse(case: dict[str, Any]) -> None:
    assert case["expect"] == "either"
    with pytest.raises(DiffcliError) as caught:
        outcome(case)
    assert caught.value.message == REFUSED_AS[case["id"]]
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("case", [c for c in CASES if c["kind"] in COMPUTED], ids=identifier)
def test_what_only_computing_can_decide(case: dict[str, Any]) -> None:
    if case["id"] in REFUSED_BEFORE_COMPUTING:
        assert case["expect"] != "value"
        with pytest.raises(DiffcliError) as caught:
            outcome(case)
        assert caught.value.message.startswith(REFUSED_BEFORE_COMPUTING[case["id"]])
    else:
        outcome(case)


def decided_by_computing(case: dict[str, Any]) -> bool:
    return case["kind"] in COMPUTED or case["id"] in OVERFLOWS


@pytest.mark.parametrize(
    "case", [c for c in CASES if c["expect"] == "error" and not decided_by_computing(c)], ids=identifier
)
def test_what_must_be_refused(case: dict[str, Any]) -> None:
    with pytest.raises(DiffcliError) as caught:
        outcome(case, whole_point=case["kind"] == "resource")
    error = caught.value
    assert error.exit_code == 2
    for text in (error.message, error.hint or "", error.correction or ""):
        assert text.isprintable(), "a raw control character would reach the terminal"
    if error.place is not None and error.text is not None:
        assert 0 <= error.place.start <= error.place.end <= len(error.text)


def test_every_case_is_decided() -> None:
    undecided = [
        case["id"]
        for case in CASES
        if case["expect"] != "error" and case["kind"] not in COMPUTED and case["id"] not in READ_AS | REFUSED_AS
    ]
    assert undecided == []
    assert not READ_AS.keys() & REFUSED_AS.keys()
