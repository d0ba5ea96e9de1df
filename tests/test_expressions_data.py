"""The expression library: every file is well formed, and its numbers follow from its text.

The numbers in the files were computed from transcriptions by hand. Here the *text* is read by the language and its
graph is evaluated in mpmath, so a wrong formula, a wrong number and a wrong reading all fail. No rule of
differentiation is used: derivatives are centered differences at 450 digits.
"""

import operator
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import mpmath
import pytest

from diffcli.execute.expansion import expanded
from diffcli.graph.layout import element_names
from diffcli.graph.program import CONSTANT, INPUT, Graph
from diffcli.language import parse
from diffcli.language.points import PointValue, parse_point, point_shapes

FOLDER = Path(__file__).parent.parent / "expressions"
FILES = sorted(FOLDER.rglob("*.toml"))
EXPECTATIONS = ("agree", "off", "not differentiable", "outside the domain", "overflow")
METHODS = {"finite", "symbolic", "forward", "reverse"}
REQUIRED = {"title", "text", "at", "source", "notes", "tags"}
OPTIONAL = {"value", "values", "gradient", "gradients", "expect", "off"}

TAGS = {
    "lecture": "from the five lecture decks",
    "optimization": "test function of optimization",
    "autodiff": "classic of automatic differentiation",
    "training": "update rule of an optimizer",
    "network": "neural network or a part of one",
    "activation": "activation function",
    "loss": "loss function",
    "density": "probability density or kernel",
    "physics": "physics, chemistry, engineering",
    "biology": "biology",
    "finance": "finance",
    "geometry": "geometry and navigation",
    "science": "a law of nature that became a classic of automatic differentiation",
    "special-function": "uses erf, gamma or their relatives",
    "array": "computes with vectors and matrices",
    "program": "has named intermediates",
    "multi-output": "has several outputs",
    "notation": "typed as people write: Unicode, juxtaposition, calls without brackets",
    "latex": "typed in LaTeX",
    "literals": "decimal or rational literals that no double equals",
    "piecewise": "uses where, max, min, abs, sign, floor or relu",
    "smooth-join": "differentiable although a part of it is not",
    "cancellation": "loses digits by subtraction",
    "conditioning": "sensitive to its inputs in any formulation",
    "range": "overflow or underflow of a value, an intermediate or a slope",
    "scale": "magnitudes far from 1",
    "step-size": "punishes a badly chosen finite step",
    "oscillation": "oscillates faster than a default step",
    "branch": "a simplification would choose another branch",
    "kink": "at a point where one-sided slopes of a part differ",
    "domain-edge": "at or near the edge of a domain",
    "one-sided": "only a one-sided derivative exists",
    "hard": "floating point, a rule or a finite step has trouble here; the notes say with what",
}


def example(path: Path) -> dict[str, Any]:
    """The example in `path`."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def expectation(data: Mapping[str, Any]) -> str:
    """What the file expects of the four methods."""
    return str(data.get("expect", "agree"))


def texts_of_numbers(data: Mapping[str, Any]) -> Iterator[str]:
    """All expected numbers, as written."""
    yield from data.get("values", [data["value"]] if "value" in data else [])
    for gradient in data.get("gradients", [data["gradient"]] if "gradient" in data else []):
        yield from gradient.values()


def files(*expectations: str) -> pytest.MarkDecorator:
    """Parametrises a test with the files of these expectations, or with all."""
    chosen = [path for path in FILES if not expectations or expectation(example(path)) in expectations]
    return pytest.mark.parametrize("path", chosen, ids=lambda path: path.stem)


every_file = files()

# ---------------------------------------------------------------------------------------------------------- form


def test_library_is_large_and_its_names_are_unique() -> None:
    assert len(FILES) >= 60
    names = Counter(path.stem for path in FILES)
    assert [name for name, count in names.items() if count > 1] == []
    assert {path.parent.name for path in FILES} == {"lectures", "classics", "learning", "science", "hard", "arrays"}


def test_every_tag_of_the_vocabulary_is_used() -> None:
    assert {tag for path in FILES for tag in example(path)["tags"]} == set(TAGS)


def test_no_text_stands_twice_at_the_same_point() -> None:
    seen = Counter((data["text"], tuple(data["at"].items())) for data in map(example, FILES))
    assert [text for text, count in seen.items() if count > 1] == []


@every_file
def test_file_is_well_formed(path: Path) -> None:
    data = example(path)
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", path.stem)
    assert len(path.stem) <= 40
    assert set(data) >= REQUIRED
    assert set(data) <= REQUIRED | OPTIONAL
    assert data["title"].strip()
    assert data["title"].isprintable()
    assert len(data["title"]) <= 80
    assert len(data["notes"]) >= 40
    assert data["notes"].endswith(".")
    assert data["source"].strip()
    assert set(data["tags"]) <= set(TAGS)
    assert len(set(data["tags"])) == len(data["tags"]) > 0
    assert ("lecture" in data["tags"]) == (path.parent.name == "lectures" or path.stem.startswith("deck-"))
    assert ("array" in data["tags"]) == (path.parent.name == "arrays")
    assert all(isinstance(text, str) for text in data["at"].values())


@every_file
def test_expectation_fits_the_numbers_given(path: Path) -> None:
    data, expect = example(path), expectation(example(path))
    assert expect in EXPECTATIONS
    assert ("off" in data) == (expect == "off")
    assert set() < set(data.get("off", METHODS)) <= METHODS
    assert ("gradient" in data or "gradients" in data) == (expect in {"agree", "off"})
    if expect == "outside the domain":
        assert "value" not in data
    if "values" in data:
        assert "value" not in data
        assert len(data["values"]) == len(data["gradients"]) > 1
    for gradient in data.get("gradients", [data["gradient"]] if "gradient" in data else []):
        assert list(gradient) == elements(data["at"])


@every_file
def test_numbers_carry_30_digits(path: Path) -> None:
    for text in texts_of_numbers(example(path)):
        assert text == "0" or len(Decimal(text).as_tuple().digits) >= 30, text


# ------------------------------------------------------------------------------------------------------- numbers


def cube_root(x: Any) -> Any:
    """The real cube root."""
    return mpmath.sign(x) * mpmath.cbrt(abs(x))


MPMATH: dict[str, Callable[..., Any]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv, "neg": operator.neg,
    "pow": operator.pow, "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge,
    "eq": operator.eq, "ne": operator.ne, "ln": mpmath.log, "abs": abs, "max": max, "min": min,
    "cbrt": cube_root, "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)), "relu": lambda x: max(x, 0),
    "softplus": lambda x: mpmath.log1p(mpmath.exp(x)), "lgamma": lambda x: mpmath.log(abs(mpmath.gamma(x))),
    "where": lambda condition, x, y: x if condition else y, "polygamma": mpmath.polygamma,
    **{name: getattr(mpmath, name) for name in (
        "exp", "expm1", "log1p", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "cosh", "tanh",
        "sign", "floor", "hypot", "erf", "erfc", "gamma", "digamma",
    )},
}  # fmt: skip
"""The operations of the library, written down a second time and without the table of primitives."""


class OutsideError(Exception):
    """The function has no finite real value at a point."""


def values(graph: Graph, point: Mapping[str, Any]) -> list[Any]:
    """The outputs of `graph` at `point`, in mpmath's current precision."""
    results: list[Any] = []
    for node in graph.nodes:
        if node.op == INPUT:
            results.append(point[node.literal])
        elif node.op == CONSTANT:
            constant = {"pi": mpmath.pi, "e": mpmath.e}.get(node.literal)
            results.append(mpmath.mpf(node.literal) if constant is None else +constant)
        else:
            try:
                results.append(MPMATH[node.op](*(results[argument] for argument in node.args)))
            except (ZeroDivisionError, ValueError) as error:
                raise OutsideError from error
    outputs = [results[position] for position in graph.outputs]
    if any(isinstance(output, mpmath.mpc) or not mpmath.isfinite(output) for output in outputs):
        raise OutsideError
    return outputs


def quotient(graph: Graph, point: Mapping[str, Any], name: str, steps: tuple[Any, Any]) -> list[Any]:
    """The difference quotients of all outputs between two steps from `point` along `name`."""
    first, second = (values(graph, {**point, name: point[name] + step}) for step in steps)
    return [(b - a) / (steps[1] - steps[0]) for a, b in zip(first, second, strict=True)]


def step_along(point: Mapping[str, Any], name: str) -> Any:
    """A step that is far below every scale of the library and far above the working precision."""
    return mpmath.mpf(10) ** -60 * (abs(point[name]) or 1)


def slopes(graph: Graph, point: Mapping[str, Any], name: str) -> list[Any]:
    """Centered differences, or one-sided ones where the domain ends at the point."""
    step = step_along(point, name)
    try:
        return quotient(graph, point, name, (-step, step))
    except OutsideError:
        return quotient(graph, point, name, (mpmath.mpf(0), step))


def one_sided(graph: Graph, point: Mapping[str, Any], name: str, sign: int) -> Any:
    """The one-sided slope of the first output, None where that side is outside the domain or the slope diverges."""
    step = sign * step_along(point, name)
    try:
        coarse, fine = (quotient(graph, point, name, (mpmath.mpf(0), h))[0] for h in (step, step / 10**40))
    except OutsideError:
        return None
    return fine if abs(fine - coarse) < mpmath.mpf(10) ** -10 * (1 + abs(coarse)) else None


@cache
def program(path: Path) -> Graph:
    """The graph of a file as it is written."""
    data = example(path)
    return parse(data["text"], bound=tuple(data["at"]), shapes=point_shapes(given(data["at"]))).graph


@cache
def reading(path: Path) -> tuple[Graph, dict[str, Any]]:
    """The graph in numbers and the point of a file; its numbers are the doubles nearest to what is written."""
    at = example(path)["at"]
    numbers = [number for text in at.values() for number in listed(text)]
    return expanded(program(path)).graph, dict(zip(elements(at), map(nearest, numbers), strict=True))


def given(at: Mapping[str, str]) -> dict[str, PointValue]:
    """The point as the language reads it."""
    return parse_point([f"{name}={text}" for name, text in at.items()])


def elements(at: Mapping[str, str]) -> list[str]:
    """The names of all numbers of a point: x, and W[0,0], W[0,1], … of an array."""
    shapes = point_shapes(given(at))
    return [element for name in at for element in element_names(name, shapes.get(name, ()))]


def listed(text: str) -> list[str]:
    """The numbers in nested lists, row by row, or the one number."""
    return re.sub(r"[\[\]\s]", "", text).split(",") if text.startswith("[") else [text]


def nearest(text: str) -> Any:
    """The double nearest to `text`, which is a number or a constant expression."""
    try:
        return mpmath.mpf(float(text))
    except ValueError:
        return mpmath.mpf(float(values(parse(text, bound=()).graph, {})[0]))


def agrees(actual: Any, expected: str) -> bool:
    """Whether 25 digits agree."""
    return bool(abs(actual - mpmath.mpf(expected)) <= mpmath.mpf(10) ** -25 * (abs(mpmath.mpf(expected)) or 1))


@pytest.fixture(autouse=True)
def _digits() -> Iterator[None]:
    with mpmath.workdps(450):
        yield


@every_file
def test_variables_come_in_the_order_of_the_point(path: Path) -> None:
    assert list(program(path).variables) == list(example(path)["at"])
    assert list(reading(path)[0].variables) == list(reading(path)[1])


@every_file
def test_tags_tell_programs_and_several_outputs(path: Path) -> None:
    graph, data = program(path), example(path)
    assert ("program" in data["tags"]) == bool(graph.names)
    assert ("multi-output" in data["tags"]) == (len(graph.outputs) > 1) == ("values" in data)


@every_file
def test_value_follows_from_the_text(path: Path) -> None:
    data, (graph, point) = example(path), reading(path)
    if expectation(data) == "outside the domain":
        with pytest.raises(OutsideError):
            values(graph, point)
        return
    actual = values(graph, point)
    expected = data.get("values", [data["value"]] if "value" in data else [])
    assert expected or max(map(abs, actual)) > sys.float_info.max
    assert all(agrees(a, b) for a, b in zip(actual, expected, strict=bool(expected)))


@files("agree", "off")
def test_gradient_follows_from_the_text(path: Path) -> None:
    data, (graph, point) = example(path), reading(path)
    gradients = data.get("gradients") or [data["gradient"]]
    for name in point:
        for actual, gradient in zip(slopes(graph, point, name), gradients, strict=True):
            assert agrees(actual, gradient[name]), (name, mpmath.nstr(actual, 40), gradient[name])


@files("not differentiable")
def test_no_derivative_exists(path: Path) -> None:
    graph, point = reading(path)
    sides = [(one_sided(graph, point, name, -1), one_sided(graph, point, name, +1)) for name in graph.variables]
    assert any(None in pair or abs(pair[0] - pair[1]) > mpmath.mpf(10) ** -10 for pair in sides)


@files("overflow")
def test_value_or_slope_exceeds_the_largest_double(path: Path) -> None:
    graph, point = reading(path)
    numbers = values(graph, point) + [slope for name in graph.variables for slope in slopes(graph, point, name)]
    assert max(map(abs, numbers)) > sys.float_info.max


# ------------------------------------------------------------------------------------------- numbers of the lectures

NETWORK = {
    "W11": "-0.076879855525633923", "W12": "-0.038439927762816961", "W21": "0.066556948512238478",
    "W22": "0.033278474256119239", "b1": "-0.076879855525633923", "b2": "0.066556948512238478",
    "V1": "-0.25085077721689914", "V2": "-0.20640507497205671", "b3": "-0.44621355894749071",
}  # fmt: skip
CLASSIFIER = {
    "W11": "-0.99451370110055", "W12": "-1.9890274022011", "W21": "0.99451370110055", "W22": "1.9890274022011",
    "b1": "-0.99451370110055", "b2": "0.99451370110055", "x1": "-0.497256850550275", "x2": "2.98354110330165",
}  # fmt: skip
ELEMENTS = {"W11": "[0,0]", "W12": "[0,1]", "W21": "[1,0]", "W22": "[1,1]"}
NETWORK_OF_ARRAYS = {
    **{f"T1{ELEMENTS[name]}": NETWORK[name] for name in ELEMENTS},
    "b1[0]": NETWORK["b1"], "b1[1]": NETWORK["b2"], "b2": NETWORK["b3"],
    "T2[0,0]": NETWORK["V1"], "T2[0,1]": NETWORK["V2"],
}  # fmt: skip
CLASSIFIER_OF_ARRAYS = {
    **{f"W{ELEMENTS[name]}": CLASSIFIER[name] for name in ELEMENTS},
    **{f"{name}[{k}]": CLASSIFIER[f"{name}{k + 1}"] for name in "bx" for k in range(2)},
}
DECK_002 = ("412.19145728412118", {"x": "1208.3812151266096", "z": "809.70747921856408"})
LECTURES = {
    "deck-001": ("11.652071455223084", {"x1": "5.5", "x2": "1.7163378145367738"}),
    "deck-001-network": ("0.59097615201825948", NETWORK),
    "deck-001-network-stable": ("0.59097615201825948", NETWORK),
    "deck-002": DECK_002,
    "deck-002-named": DECK_002,
    "deck-002-latex": DECK_002,
    "deck-004": ("6", {"a": "2", "b": "5"}),
    "deck-004-product": ("6", {"a": "2", "b": "5"}),
    "deck-004-shared-node": ("3.128826271986739", {"x": "12.236946046552138"}),
    "deck-004-classifier": ("5.2055014039096574", CLASSIFIER),
    "deck-001-mlp": ("0.59097615201825948", NETWORK_OF_ARRAYS),
    "deck-004-classifier-arrays": ("5.2055014039096574", CLASSIFIER_OF_ARRAYS),
    "vanishing-chain-10": ("0.5", {"x": "9.5367431640625e-7"}),
    "vanishing-chain-50": ("0.5", {"x": "7.9e-31"}),
}


@pytest.mark.parametrize("name", LECTURES)
def test_numbers_of_the_lectures(name: str) -> None:
    data = example(next(FOLDER.rglob(f"{name}.toml")))
    value, gradient = LECTURES[name]
    expectations = [(value, data["value"]), *((number, data["gradient"][k]) for k, number in gradient.items())]
    for expected, actual in expectations:
        unit = Decimal(1).scaleb(int(Decimal(expected).as_tuple().exponent))
        assert abs(Decimal(actual) - Decimal(expected)) <= unit, (expected, actual)
