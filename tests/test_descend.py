"""Descents: closed forms on quadratics, the bound on the learning rate, the four methods on one path, every ending.

On λx²/2 gradient descent is x_k = (1 − ηλ)^k x_0, and it converges for η < 2/λ. Rosenbrock's function has its minimum 0
at (1, 1), Himmelblau's four minima with value 0 are at (3, 2), (−2.805118, 3.131312), (−3.779310, −3.283186) and
(3.584428, −1.848126) (Himmelblau, 1972).
"""

import math
from itertools import pairwise

import numpy as np
import pytest

import diffcli
from diffcli.errors import PointError, UsageError
from diffcli.learn.landscape import POINTS

QUADRATIC = "2*x^2 + 0.25*y^2"  # curvatures 4 and 1/2
ROSENBROCK = "f(x1, x2) = 100*(x2 - x1^2)^2 + (1 - x1)^2"
HIMMELBLAU = "(x^2 + y - 11)^2 + (x + y^2 - 7)^2"
MINIMA = ((3, 2), (-2.805118, 3.131312), (-3.779310, -3.283186), (3.584428, -1.848126))


def points(record, run=None):
    return [step.point for step in (run or record.first).steps]


def test_gradient_descent_on_a_quadratic_is_its_closed_form():
    record = diffcli.descend(QUADRATIC, {"x": 1.5, "y": -2}, rate=0.1, steps=50, gradient=None)
    expected = [(1.5 * (1 - 0.1 * 4) ** k, -2 * (1 - 0.1 * 0.5) ** k) for k in range(51)]
    assert points(record) == [pytest.approx(point, rel=1e-13) for point in expected]
    for step, (x, y) in zip(record.first.steps, expected, strict=True):
        assert step.value == pytest.approx(2 * x * x + 0.25 * y * y, rel=1e-12)
        assert step.gradient_norm == pytest.approx(math.hypot(4 * x, 0.5 * y), rel=1e-12)
    lengths = [step.length for step in record.first.steps[1:]]
    assert lengths == pytest.approx([math.dist(p, q) for p, q in pairwise(expected)], rel=1e-9)
    assert record.exit_code == 0
    assert not record.first.ending.converged


def test_a_schedule_sets_the_rate_of_every_step():
    record = diffcli.descend("x^2/2", {"x": 1}, rate=0.5, schedule="step:factor=0.5,every=2", steps=4, gradient=None)
    assert [step.rate for step in record.first.steps] == [0.5, 0.5, 0.25, 0.25, 0.125]
    assert points(record)[-1] == (pytest.approx(0.5 * 0.5 * 0.75 * 0.75),)


@pytest.mark.parametrize("factor", [0.97, 1.03])
def test_the_bound_on_the_rate_is_where_it_diverges(factor):
    record = diffcli.descend(QUADRATIC, {"x": 1, "y": 1}, rate=factor * 2 / 4, steps=4000)
    if factor < 1:
        assert record.first.ending.kind == "gradient"
        assert record.first.divergence is None
        return
    known = record.first.divergence
    assert record.first.ending.kind == "diverged"
    assert record.exit_code == 1
    assert known.curvature == pytest.approx(4, rel=0.02)
    assert known.exceeds
    assert known.bound == 2
    assert known.suggestion < 2 / 4
    again = diffcli.descend(QUADRATIC, {"x": 1, "y": 1}, rate=known.suggestion, steps=4000)
    assert again.first.ending.kind == "gradient"


@pytest.mark.parametrize("optimizer", ["momentum:beta=0.5", "nesterov:beta=0.5", "momentum-deck:beta=0.5"])
def test_the_likely_cause_is_the_bound_of_the_optimizer(optimizer):
    bounds = {"momentum": 2 * 1.5, "nesterov": 2 * 1.5 / 2, "momentum-deck": 2.0}
    bound = bounds[optimizer.partition(":")[0]]
    record = diffcli.descend("2*x^2", {"x": 1}, optimizer=optimizer, rate=1.1 * bound / 4, steps=5000)
    known = record.first.divergence
    assert known.bound == pytest.approx(bound)
    assert known.exceeds
    assert known.suggestion < bound / 4


def test_where_the_curvature_grows_that_of_the_beginning_counts():
    """x⁴ from 1 with η = 1: the first secant has |g(−3) − g(1)|/4 = 28, later ones millions."""
    known = diffcli.descend("x^4", {"x": 1}, rate=1.0).first.divergence
    assert known.curvature == 28
    assert 0.005 < known.suggestion < 2 / 28


def test_adam_reaches_the_minimum_of_rosenbrock():
    record = diffcli.descend(ROSENBROCK, {"x1": -1.2, "x2": 1}, optimizer="adam", rate=0.02, steps=10_000)
    assert record.first.ending.kind == "gradient"
    assert record.first.end == pytest.approx((1, 1), abs=1e-5)


def test_the_four_methods_take_the_same_path_at_different_cost():
    record = diffcli.descend(ROSENBROCK, {"x1": -1.2, "x2": 1}, method="all", rate=0.001, steps=300)
    runs = {run.method: run for run in record.runs}
    assert list(runs) == ["reverse", "forward", "symbolic", "finite"]
    gradients = 301
    assert runs["reverse"].cost[:2] == (0, gradients)
    assert runs["forward"].cost[:2] == (0, 2 * gradients)
    assert runs["symbolic"].cost[:2] == (gradients, 0)
    assert runs["finite"].cost[:2] == (2 * 2 * gradients, 0)
    for method, run in runs.items():
        apart = max(math.dist(p, q) for p, q in zip(points(record), points(record, run), strict=True))
        assert apart <= (1e-6 if method == "finite" else 1e-10)
        if method != "reverse":
            assert run.distance == apart
            assert run.is_same_path
    assert record.exit_code == 0


def test_paths_that_part_are_said_and_count_as_disagreement():
    """Beside ripples much shorter than h, finite differences find other slopes than the exact methods."""
    record = diffcli.descend(
        "(x^2 - 1)^2*cos(x*y) + sin(1e5*x)^2*1e-3 + y^2", {"x": 0.3, "y": 1}, method=("reverse", "finite"), rate=0.05
    )
    finite = record.runs[1]
    assert finite.is_same_path is False
    assert finite.distance > finite.tolerance
    assert record.exit_code == 1


ENDINGS = {
    "gradient": {"gradient": 1e-3},
    "value": {"gradient": None, "value": 1e-5},
    "point": {"gradient": None, "point": 1e-4},
    "target": {"target": 0.1},
    "steps": {"steps": 3},
    "time": {"gradient": None, "point": None, "steps": 100_000, "seconds": 0.05},
}


@pytest.mark.parametrize("kind", ENDINGS)
def test_each_criterion_fires_and_is_named(kind):
    record = diffcli.descend(QUADRATIC, {"x": 1, "y": 1}, rate=0.1, **ENDINGS[kind])
    run = record.first
    assert run.ending.kind == kind
    assert run.ending.converged == (kind not in ("steps", "time"))
    assert record.exit_code == 0
    before, last = run.steps[-2:]
    holds = {
        "gradient": last.gradient_norm <= 1e-3 < before.gradient_norm,
        "value": abs(last.value - before.value) <= 1e-5,
        "point": last.length <= 1e-4 < before.length,
        "target": last.value <= 0.1 < before.value,
        "steps": last.number == 3,
        "time": True,
    }
    assert holds[kind]


def test_a_descent_that_rounding_stops_ends():
    record = diffcli.descend("(x - 1)^2", {"x": 0}, rate=0.5, gradient=None)
    assert record.first.ending.kind == "point"
    assert record.first.taken == 2


def test_early_steps_do_not_stop_it_before_the_least_number_of_steps():
    record = diffcli.descend("x^2", {"x": 0}, rate=0.1, least_steps=7)
    assert record.first.taken == 7


@pytest.mark.parametrize(
    ("text", "start", "rate", "kind", "code", "cause"),
    [
        ("x - ln(x)", {"x": 5}, 10, "left the domain", 3, "ln has no real value"),
        ("sqrt(x)", {"x": 1}, 2.5, "left the domain", 3, "sqrt has no real value"),
        ("ln(x)", {"x": -1}, 0.1, "left the domain", 3, "ln has no real value"),
        ("1/x^2 - x", {"x": 0}, 0.1, "left the domain", 3, "pole"),
        ("sqrt(x)", {"x": 0}, 0.1, "not differentiable", 3, "vertical tangent"),
        ("exp(x)", {"x": 800}, 0.1, "overflow", 3, "too large"),
        ("-x^2", {"x": 1}, 0.1, "unbounded", 1, None),
        ("exp(x^2)", {"x": 3}, 0.2, "diverged", 1, None),
        ("-exp(x)", {"x": 1}, 10, "unbounded", 1, None),
    ],
)
def test_what_keeps_a_descent_from_going_on_is_named(text, start, rate, kind, code, cause):
    record = diffcli.descend(text, start, rate=rate)
    assert record.first.ending.kind == kind
    assert record.exit_code == code
    if cause:
        problem = record.first.ending.problem
        assert cause in problem.message
        assert problem.start is not None
    assert all(math.isfinite(step.value) for step in record.first.steps)


def test_leaving_the_domain_is_said_with_its_step_and_a_rate_that_stays_inside():
    record = diffcli.descend("x - ln(x)", {"x": 5}, rate=10)
    assert record.first.ending.message == "step 1 lies outside the domain"
    assert "x = −3" in record.first.ending.problem.details
    rate = record.first.divergence.suggestion
    assert diffcli.descend("x - ln(x)", {"x": 5}, rate=rate).first.end == pytest.approx((1,), abs=1e-5)


def test_random_restarts_find_the_four_minima_and_the_seed_decides():
    ask = {"rate": 0.01, "restarts": 30, "seed": 1}
    record = diffcli.descend(HIMMELBLAU, {"x": 0, "y": 0}, **ask)
    assert len(record.restarts) == 31
    assert record.restarts[0].start == (0.0, 0.0)
    for one in record.restarts:
        assert min(math.dist(one.end, minimum) for minimum in MINIMA) < 1e-5
    assert {min(range(4), key=lambda k: math.dist(one.end, MINIMA[k])) for one in record.restarts} == {0, 1, 2, 3}
    assert record.best.value == min(one.value for one in record.restarts)
    assert diffcli.descend(HIMMELBLAU, {"x": 0, "y": 0}, **ask).restarts == record.restarts
    assert diffcli.descend(HIMMELBLAU, {"x": 0, "y": 0}, **ask | {"seed": 2}).restarts != record.restarts


def test_random_starts_stay_inside_the_domain_of_the_functions():
    record = diffcli.descend("x - ln(x) + (y - 1)^2", {"x": 0.5, "y": 0}, rate=0.05, restarts=20)
    assert len(record.restarts) == 21
    assert all(one.start[0] > 0 for one in record.restarts)


def test_arrays_descend_and_what_is_fixed_stays():
    matrix, b = [[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0]
    record = diffcli.descend(
        "sum((A@x - b)^2)", {"x": [0, 0]}, at={"A": matrix, "b": b}, rate=0.03, steps=20_000, method="all"
    )
    assert record.variables == ("x",)
    assert record.fixed == {"A": matrix, "b": b}
    assert record.first.end[0] == pytest.approx(np.linalg.solve(matrix, b).tolist(), abs=1e-5)
    assert all(run.is_same_path is not False for run in record.runs)


def test_functions_written_with_numpy_descend():
    features = np.array([[1.0, 0.5], [0.2, -1.0], [-0.4, 0.3]])
    t = features @ np.array([2.0, -1.0]) + 0.5

    def loss(w, b):
        return ((features @ w + b - t) ** 2).mean()

    record = diffcli.descend(loss, (np.zeros(2), 0.0), rate=0.3, steps=20_000, gradient=1e-10)
    assert record.first.end[0] == pytest.approx([2, -1], abs=1e-6)
    assert record.first.end[1] == pytest.approx(0.5, abs=1e-6)
    only = diffcli.descend(loss, (np.zeros(2), 0.5), argnums=0, rate=0.3, steps=20_000)
    assert len(only.variables) == 1


def test_a_function_that_branches_on_values_is_noted():
    record = diffcli.descend(lambda x: x * x if x > 0 else -x, (2.0,), rate=0.1)
    assert any("branch" in note for note in record.notes)


def test_single_precision_is_computed_in_single_precision():
    record = diffcli.descend(
        lambda x: (x * x).sum(), (np.array([1.0, 2.0], dtype=np.float32),), rate=0.1, gradient=1e-3, method="all"
    )
    assert any("float32" in note for note in record.notes)
    assert record.first.ending.kind == "gradient"
    assert all(run.is_same_path is not False for run in record.runs)


def test_the_landscape_holds_the_values_of_the_function_around_the_path():
    from diffcli.learn.descend import Settings, descend
    from diffcli.text_points import read

    for text, start in ((ROSENBROCK, {"x1": -1.2, "x2": 1}), ("sum((x - [1, 2])^2)", {"x": [0, 0]})):
        reading, point = read(text, start)
        known = descend(reading.graph, point, text=text, settings=Settings(with_landscape=True)).landscape
        assert len(known.x) == len(known.y) == POINTS
        for row, column in ((0, 0), (7, 100), (POINTS - 1, 3)):
            x, y = known.x[column], known.y[row]
            expected = 100 * (y - x * x) ** 2 + (1 - x) ** 2 if "100" in text else (x - 1) ** 2 + (y - 2) ** 2
            assert known.values[row][column] == pytest.approx(expected, rel=1e-12)
        assert known.x[0] < min(x for x, _ in known.path) < max(x for x, _ in known.path) < known.x[-1]


def test_a_method_that_gives_up_does_not_count_against_agreement():
    from diffcli.learn.descend import Settings, descend
    from diffcli.text_points import read

    text = "; ".join(f"a{k} = {f'sin(a{k - 1})*a{k - 1}' if k else 'x + y'}" for k in range(300)) + "; a299"
    reading, point = read(text, {"x": 0.1, "y": 0.1})
    settings = Settings(methods=("symbolic", "reverse"), options={"symbolic": {"time_limit": 0.1}})
    record = descend(reading.graph, point, settings=settings)
    assert record.runs[0].ending.kind == "gave up"
    assert record.first.method == "reverse"
    assert record.first.steps
    assert record.exit_code == 0


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: diffcli.descend("x; y", {"x": 1, "y": 1}), "one number"),
        (lambda: diffcli.descend("x*[1, 2]", {"x": 1}), "array"),
        (lambda: diffcli.descend("3", {}), "no variable"),
        (lambda: diffcli.descend("x^2", {"x": 1}, at={"x": 2}), "twice"),
        (lambda: diffcli.descend("x^2", {"x": 1}, method="backward"), "no method"),
        (lambda: diffcli.descend("x^2", {"x": 1}, optimizer="adam:gamma=1"), "gamma"),
        (lambda: diffcli.descend("x^2", {"x": 1}, optimizer="adam:beta1=x"), "number"),
        (lambda: diffcli.descend("x^2", {"x": 1}, optimizer="adam:rate=1"), "own option"),
        (lambda: diffcli.descend("x^2", {"x": 1}, schedule="step:every=1,every=2"), "twice"),
        (lambda: diffcli.descend("x^2", {"x": 1}, tolerance=1), "criterion"),
    ],
)
def test_what_cannot_be_done_is_said(ask, words):
    with pytest.raises(UsageError, match=words):
        ask()


def test_a_start_that_does_not_fit_is_an_error_of_the_point():
    with pytest.raises(PointError):
        diffcli.descend("x^2 + y", {"x": 1})


def test_a_step_to_where_all_is_flat_is_no_endless_fall():
    """f(x) = exp(exp(x)) tends to 1, and 1e10 left of the start its gradient is 0."""
    found = diffcli.descend("exp(exp(x))", {"x": 3.0}, rate=1.0)
    assert found.to_dict()["stopped_by"] == "gradient"
