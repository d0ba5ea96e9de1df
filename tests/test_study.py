"""The main job on real expressions: the verdict follows from the numbers, and from nothing else."""

import json
import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from formula_rows import rows

from diffcli.graph.program import Graph
from diffcli.language import parse
from diffcli.language.array_value import ArrayValue
from diffcli.language.library import Example, examples
from diffcli.language.points import match_point, parse_point, point_shapes
from diffcli.methods import reverse
from diffcli.methods.method import Jacobian
from diffcli.studies.records import Study
from diffcli.studies.study import Settings, study

QUICK = Settings(seconds=0)
WITHOUT_DERIVATIVE = ("not differentiable", "outside the domain", "overflow")
DECK_001 = "ln(x1) + x1*x2 - sin(x2)"


def studied(text: str, at: str, settings: Settings = QUICK) -> Study:
    point = parse_point([at] if at else [])
    reading = parse(text, bound=tuple(point), shapes=point_shapes(point))
    values = [
        np.reshape(value.elements, value.shape) if isinstance(value, ArrayValue) else value
        for value in match_point(reading, point)
    ]
    return study(reading.graph, values, text=text, settings=settings)


def statuses(record: Study) -> dict[str, set[str]]:
    return {
        name: {result.status for output in record.outputs for result in output.methods if result.method == name}
        for name in ("finite", "symbolic", "forward", "reverse")
    }


def agrees_to_40_digits(found: str, true: str) -> bool:
    with localcontext(prec=80):
        return abs(Decimal(found) - Decimal(true)) <= abs(Decimal(true)) * Decimal("1e-40")


@pytest.mark.parametrize("entry", [pytest.param(entry, id=entry.name) for entry in examples().values()])
def test_every_example_by_all_four_methods(entry: Example):
    record = studied(entry.text, entry.at)
    if entry.expect in WITHOUT_DERIVATIVE:
        problems = [output.problem.message for output in record.outputs if output.problem]
        assert len(problems) == len(record.outputs)
        assert all(message.startswith(entry.expect) for message in problems), problems
        assert (record.verdict, record.exit_code) == ("no derivative", 3)
        return
    assert_truth(record, entry)
    found = statuses(record)
    assert {method for method, status in found.items() if status & {"off", "no number"}} == set(entry.off), found
    assert (record.verdict, record.exit_code) == (("disagree", 1) if entry.off else ("agree", 0))


def assert_truth(record: Study, entry: Example) -> None:
    """The judge finds the value and the gradient of the file."""
    values, gradients = entry.values or (entry.value,), entry.gradients or (entry.gradient,)
    for output, value, gradient in zip(record.outputs, values, gradients, strict=True):
        assert agrees_to_40_digits(output.reference.value, value)
        assert {slope.name for slope in output.reference.slopes} == set(gradient)
        for slope in output.reference.slopes:
            assert agrees_to_40_digits(slope.value, gradient[slope.name]), slope.name


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in rows("treacherous")])
def test_a_method_that_is_off_by_more_than_1e_6_is_said_to_be(row):
    record = study(row.graph, row.point, settings=QUICK)
    for result in record.outputs[0].methods:
        nearest = [slope.nearest for slope in record.outputs[0].reference.slopes]
        found = [math.nan if c.value is None else c.value for c in result.components]
        pairs = zip(found, map(float, row.gradient), strict=True)
        close = [abs(number - true) <= 1e-6 * (abs(true) or 1) for number, true in pairs]  # never true of nan
        if found == nearest:  # 1.9e-326 is 0 in double precision, and 0 is then right
            assert result.status == "ok"
        elif not all(close):
            assert result.status in ("off", "no number")
        elif result.method == "finite":
            assert result.status == "ok"


def test_a_wrong_rule_is_noticed(monkeypatch):
    """A reverse mode that overwrites instead of accumulating, the classic mistake, gives (0.5, 2) on deck 001."""
    original = reverse.PreparedReverse.__call__

    def overwriting(self, point):
        values, _ = original(self, point)
        return Jacobian(values, ((0.5, 2.0),))

    monkeypatch.setattr(reverse.PreparedReverse, "__call__", overwriting)
    record = studied(DECK_001, "x1=2,x2=5")
    assert statuses(record) == {"finite": {"ok"}, "symbolic": {"ok"}, "forward": {"ok"}, "reverse": {"off"}}
    assert record.exit_code == 1


def test_costs_are_counted_from_what_runs(monkeypatch):
    costs = {r.method: r.cost for r in studied(DECK_001, "x1=2,x2=5").outputs[0].methods}
    assert (costs["finite"].function_evaluations, costs["finite"].sweeps) == (4, 0)
    assert (costs["forward"].function_evaluations, costs["forward"].sweeps) == (0, 2)
    assert (costs["reverse"].function_evaluations, costs["reverse"].sweeps) == (0, 1)
    original = reverse.PreparedReverse.__call__
    monkeypatch.setattr(
        reverse.PreparedReverse, "__call__", lambda self, point: original(self, point) and original(self, point)
    )
    twice = {r.method: r.cost for r in studied(DECK_001, "x1=2,x2=5").outputs[0].methods}
    assert twice["reverse"].sweeps == 2
    assert twice["reverse"].operations == 2 * costs["reverse"].operations


def test_the_deck_s_epsilon_prints_the_deck_s_digits():
    settings = Settings(("finite",), {"finite": {"step": 1e-8}}, seconds=0)
    record = studied("exp(x*z) + (x*z)/ln(x) + sin(ln(x))/(x*z)", "x=2,z=3", settings)
    assert [c.value for c in record.outputs[0].methods[0].components] == [1208.3812094942914, 809.7074726265419]


def test_json_is_strict_and_complete():
    record = studied("x*y; ln(x)/y", "x=2,y=3")
    found = json.loads(json.dumps(record.to_dict(), allow_nan=False))
    assert found["schema"] == "diffcli/1"
    assert found["variables"] == ["x", "y"]
    assert found["value"] == 6.0
    assert [output["name"] for output in found["outputs"]] == ["y1", "y2"]
    assert found["methods"] == found["outputs"][0]["methods"]
    assert found["methods"]["symbolic"]["formula"] == {"x": "y", "y": "x"}
    assert found["reference"]["gradient"] == {"x": "3", "y": "2"}
    assert set(found["methods"]["finite"]) >= {"status", "value", "gradient", "error", "seconds", "cost"}


def test_numbers_that_are_not_finite_are_null():
    found = json.dumps(studied("exp(x)/(1+exp(x))", "x=1000").to_dict(), allow_nan=False)
    assert json.loads(found)["methods"]["reverse"]["gradient"] == {"x": None}


def test_a_symbolic_derivative_that_explodes_does_not_count_against_agreement():
    """Each step uses the one before three times: 3^24 paths for SymPy, 24 times the work for the other methods."""
    text = "x0 = x; " + "; ".join(f"x{k + 1} = sin(x{k}) + x{k}*x{k}/4" for k in range(24))
    settings = Settings(options={"symbolic": {"time_limit": 0.1}}, seconds=0)
    record = studied(text, "x=0.2", settings)
    assert statuses(record) == {"finite": {"ok"}, "symbolic": {"gave up"}, "forward": {"ok"}, "reverse": {"ok"}}
    assert record.outputs[0].methods[1].notes == ("SymPy took more than 0.1 s",)
    assert (record.verdict, record.exit_code) == ("agree", 0)


def test_a_constant_expression_has_an_empty_gradient():
    record = studied("3", "")
    assert (record.exit_code, record.outputs[0].value) == (0, 3.0)
    assert record.to_dict()["methods"]["forward"]["gradient"] == {}


def test_same_graph_for_all():
    """x/x is not simplified before the methods see it: at 0 the primal decides that there is no value."""
    assert studied("x/x", "x=0").exit_code == 3
    assert isinstance(parse("x/x").graph, Graph)
    assert studied("x/x", "x=2").outputs[0].value == 1.0
