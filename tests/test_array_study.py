"""Studies of programs on arrays: four methods on arrays, the judge on every element or on a sample of them."""

import json
import time

import numpy as np
import pytest

from diffcli.graph.program import Graph
from diffcli.language import parse
from diffcli.render.verdict import verdict_lines
from diffcli.studies.study import Settings, study

CLASSIFIER = "z = W@x + b; p = softmax(z); H = -sum(y*ln(p)); H"
W, B, X, Y = [[1.0, -1.0], [0.5, 2.0]], [0.1, -0.2], [1.0, 2.0], [1.0, 0.0]
PROBABILITIES = np.array([0.00548629889945, 0.99451370110055])
LOSS = 5.2055014039096574
"""Example E of the lectures: ∂H/∂z = p − y, ∂H/∂W = (p − y)xᵀ, ∂H/∂x = Wᵀ(p − y)."""
QUIET = Settings(seconds=0)


def read(text, **arrays) -> tuple[Graph, list]:
    values = {name: np.asarray(value) if np.ndim(value) else float(value) for name, value in arrays.items()}
    graph = parse(text, bound=tuple(values), shapes={name: np.shape(value) for name, value in values.items()}).graph
    return graph, [values[name] for name in graph.variables]


def gradients(record):
    """By method and variable."""
    return {
        name: {variable: np.array(value) for variable, value in method["gradient"].items()}
        for name, method in record.to_dict()["methods"].items()
    }


def test_the_classifier_of_the_lectures_by_all_four_methods():
    record = study(*read(CLASSIFIER, W=W, b=B, x=X, y=Y), settings=QUIET)
    assert (record.verdict, record.exit_code) == ("agree", 0)
    assert record.outputs[0].value == pytest.approx(LOSS, rel=1e-14)
    delta = PROBABILITIES - Y
    expected = {"W": np.outer(delta, X), "b": delta, "x": np.transpose(W) @ delta, "y": -np.log(PROBABILITIES)}
    for method, found in gradients(record).items():
        limit = 1e-9 if method == "finite" else 2e-14  # the lectures give p to 14 places
        for variable, value in expected.items():
            scale = np.abs(value).max() / 0.0054 if variable == "y" else 1  # ln amplifies the last place of p
            np.testing.assert_allclose(
                found[variable], value, rtol=0, atol=limit * scale, err_msg=f"{method} {variable}"
            )
    exact = [slope.nearest for slope in record.outputs[0].reference.slopes]
    for method in record.outputs[0].methods[1:]:
        np.testing.assert_allclose([c.value for c in method.components], exact, rtol=1e-14, atol=1e-15)


def test_counts_are_those_of_elements():
    record = study(*read(CLASSIFIER, W=W, b=B, x=X, y=Y), settings=QUIET)
    costs = {method.method: method.cost for method in record.outputs[0].methods}
    assert (costs["finite"].function_evaluations, costs["forward"].sweeps, costs["reverse"].sweeps) == (20, 10, 1)


def test_json_has_nested_lists_and_is_strict():
    record = study(*read(CLASSIFIER, W=W, b=B, x=X, y=Y), settings=QUIET).to_dict()
    assert json.loads(json.dumps(record, allow_nan=False))["point"]["W"] == W
    assert np.shape(record["reference"]["gradient"]["W"]) == (2, 2)
    assert np.shape(record["methods"]["finite"]["gradient"]["x"]) == (2,)
    assert record["variables"] == ["W", "x", "b", "y"]


def test_outputs_that_are_arrays_are_judged_element_by_element():
    record = study(*read("W@x", W=W, x=X), settings=QUIET)
    assert [output.name for output in record.outputs] == ["y[0]", "y[1]"]
    assert record.verdict == "agree"
    jacobian = [
        gradients_of["x"] for gradients_of in (o["methods"]["reverse"]["gradient"] for o in record.to_dict()["outputs"])
    ]
    np.testing.assert_array_equal(jacobian, W)


def test_single_precision_has_its_own_tolerances_and_steps():
    graph, point = read(CLASSIFIER, W=W, b=B, x=X, y=Y)
    record = study(graph, [value.astype("float32") for value in point], settings=QUIET)
    assert record.verdict == "agree"
    by_name = {method.method: method for method in record.outputs[0].methods}
    assert by_name["reverse"].components[0].tolerance.relative == 1e-4
    assert 1e-9 < by_name["reverse"].worst.absolute < 1e-5
    assert by_name["finite"].worst.relative < 1e-2


def test_what_passes_only_beside_larger_derivatives_is_said():
    record = study(*read("sum(x^2)", x=[1e-9, 1e9]), settings=Settings(("finite", "reverse"), seconds=0))
    finite, reverse = record.outputs[0].methods
    assert [component.variable for component in finite.beside_larger] == ["x[0]"]
    assert reverse.beside_larger == ()
    assert any("beside the largest of the array" in str(line) for line in verdict_lines(record))


def test_a_kink_within_an_array_is_named():
    record = study(*read("sum(abs(x))", x=[1.0, 0.0]), settings=QUIET)
    assert record.exit_code == 3
    assert "kink" in record.outputs[0].problem.message


def test_of_many_derivatives_the_judge_takes_a_sample():
    random = np.random.default_rng(0)
    matrix, x = random.normal(size=(60, 60)), random.normal(size=60)
    record = study(*read("sum(sin(A@x)^2)", A=matrix, x=x), settings=Settings(("reverse",), seconds=0))
    assert any(note.startswith("the judge takes a sample") for note in record.notes)
    components = record.outputs[0].methods[0].components
    judged = [component for component in components if component.is_sampled]
    assert 4 <= len(judged) < len(components) == 3660
    assert all(component.within for component in judged)
    assert record.verdict == "agree"
    expected = np.sin(2 * matrix @ x)
    np.testing.assert_allclose(
        [c.value for c in components], [*np.outer(expected, x).ravel(), *matrix.T @ expected], rtol=1e-12
    )


def test_a_program_too_large_for_the_judge_is_checked_along_directions():
    random = np.random.default_rng(0)
    graph, point = read("sum(tanh(A@x))", A=random.normal(size=(400, 400)) / 20, x=random.normal(size=400))
    record = study(graph, point, settings=Settings(("finite", "forward", "reverse"), seconds=0))
    assert record.exit_code == 3
    assert "operations; the limit is" in record.outputs[0].problem.message
    statuses = {method.method: method.status for method in record.outputs[0].methods}
    assert statuses == {"finite": "gave up", "forward": "gave up", "reverse": "unjudged"}
    (note,) = [note for note in record.notes if note.startswith("reverse: along 3 random directions")]
    assert float(note.split()[-2]) > 6


def test_a_few_of_many_elements_are_used_in_bounded_time():
    began = time.perf_counter()
    record = study(*read("x[0]^2", x=np.linspace(1, 2, 3000)), settings=QUIET)
    assert record.verdict == "agree"
    assert any(note.startswith("the judge takes a sample") for note in record.notes)
    record = study(*read("x[0]^2 + x[1]", x=np.linspace(1, 2, 200_000)), settings=Settings(("reverse",), seconds=0))
    assert "elements" in record.outputs[0].problem.message
    assert [c.value for c in record.outputs[0].methods[0].components[:3]] == [2.0, 1.0, 0.0]
    assert time.perf_counter() - began < 20
