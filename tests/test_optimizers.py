"""Optimizers against torch.optim, step by step, against closed forms, and as plain data.

The paths in data/optimizer_paths.json were computed by torch itself (its version stands in the file); where torch is
installed they are computed again.
"""

import io
import json
import math
import re

import numpy as np
import pytest
from optimizer_problems import CASES, FILE, PROBLEMS, SCHEDULED, STEPS, flat, torch_path

from diffcli.errors import UsageError
from diffcli.learn.optimizers import OPTIMIZERS, optimizer, restored, saved
from diffcli.learn.schedules import SCHEDULES, schedule

STORED = json.loads(FILE.read_text())
TOLERANCE = 1e-12


def our_path(problem, ours, gradient=None, start=None):
    function, first, _ = PROBLEMS[problem] if problem else (gradient, start, 1)
    parameters = first()
    state, path = ours.start(parameters), []
    for _ in range(STEPS):
        parameters, state = ours.step(parameters, function(parameters), state)
        path.append(flat(parameters))
    return path


def of_case(case, problem):
    _, rate, hyperparameters, _ = CASES[case]
    return optimizer(case.partition(" ")[0], rate * PROBLEMS[problem][2], **hyperparameters)


def assert_same(ours, theirs):
    assert len(ours) == len(theirs) == STEPS
    for mine, other in zip(ours, theirs, strict=True):
        assert mine == pytest.approx(other, rel=TOLERANCE, abs=TOLERANCE)


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("case", CASES)
def test_each_step_is_the_one_that_torch_takes(case, problem):
    assert_same(our_path(problem, of_case(case, problem)), STORED["paths"][f"{case}/{problem}"])


@pytest.mark.parametrize("name", SCHEDULED)
def test_each_schedule_is_the_one_of_torch(name):
    ours = optimizer("sgd", 0.05, schedule(name, **SCHEDULED[name][0]))
    assert_same(our_path("quadratic", ours), STORED["paths"][f"scheduled {name}/quadratic"])


def test_the_stored_paths_are_what_torch_computes():
    pytest.importorskip("torch")
    for case, (name, rate, _, options) in CASES.items():
        for problem in PROBLEMS:
            assert_same(torch_path(problem, name, rate, options), STORED["paths"][f"{case}/{problem}"])
    for name, one in SCHEDULED.items():
        assert_same(torch_path("quadratic", "SGD", 0.05, {}, one), STORED["paths"][f"scheduled {name}/quadratic"])


def test_every_optimizer_but_that_of_the_deck_is_compared_with_torch():
    assert {case.partition(" ")[0] for case in CASES} == set(OPTIMIZERS) - {"momentum-deck"}
    assert "torch" in STORED["source"]


def test_momentum_of_the_deck_uses_the_last_gradient_only():
    """With gradients 0.5, −0.25, 0.125 and β = 0.9: the example @deck-002-momentum, w − η v0 − η v1 = 0.99."""
    ours, w = optimizer("momentum-deck", 0.1, beta=0.9), [1.0]
    state = ours.start(w)
    _, state = ours.step(w, [0.5], state)
    for g in (-0.25, 0.125):
        w, state = ours.step(w, [g], state)
    assert w[0] == pytest.approx(0.99, abs=1e-15)


def test_the_usual_momentum_remembers_all_gradients():
    """The same with a velocity: the example @momentum-velocity, 0.9495."""
    ours, w = optimizer("momentum", 0.1, beta=0.9), [1.0]
    _, state = ours.step(w, [0.5], ours.start(w))
    for g in (-0.25, 0.125):
        w, state = ours.step(w, [g], state)
    assert w[0] == pytest.approx(0.9495, abs=1e-15)


def test_the_first_step_of_adam_has_the_length_of_the_rate():
    """Its t starts at 1: m̂ = g and ŝ = g², so that d = g/(|g| + ε)."""
    ours = optimizer("adam", 0.25, epsilon=1e-8)
    x, state = ours.step([1.0, 2.0], [4.0, -1e-3], ours.start([1.0, 2.0]))
    assert state["t"] == 1
    assert x == pytest.approx([1 - 0.25 * 4 / (4 + 1e-8), 2 + 0.25 * 1e-3 / (1e-3 + 1e-8)], rel=1e-14)


@pytest.mark.parametrize("name", [name for name, row in OPTIMIZERS.items() if row.bound])
def test_the_bound_on_the_rate_separates_convergence_from_divergence(name):
    """On λx²/2 with λ = 4, just below and just above the bound/λ."""
    curvature = 4.0
    for factor, converges in ((0.98, True), (1.02, False)):
        bound = optimizer(name).bound
        ours, x = optimizer(name, factor * bound / curvature), [1.0]
        state = ours.start(x)
        for _ in range(3000):
            x, state = ours.step(x, [curvature * x[0]], state)
            if not abs(x[0]) < 1e100:
                break
        assert (abs(x[0]) < 1e-6) == converges
        assert converges or abs(x[0]) > 1e6


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_numbers_and_arrays_take_the_same_steps(name):
    on_numbers, on_arrays = [1.5, -2.0], [np.array([1.5, -2.0])]
    ours = optimizer(name, 0.05)
    one, other = ours.start(on_numbers), ours.start(on_arrays)
    for _ in range(STEPS):
        on_numbers, one = ours.step(on_numbers, [6 * on_numbers[0], on_numbers[1]], one)
        on_arrays, other = ours.step(on_arrays, [on_arrays[0] * np.array([6.0, 1.0])], other)
        assert flat(on_numbers) == pytest.approx(flat(on_arrays), rel=1e-15)
    assert all(type(x) is float for x in on_numbers)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_nothing_that_was_given_is_changed_or_kept(name):
    ours, x, g = optimizer(name, 0.1), [np.ones((2, 3), dtype=np.float32)], [np.full((2, 3), 0.5, dtype=np.float32)]
    new, state = ours.step(x, g, ours.start(x))
    before = json.dumps([np.asarray(v).tolist() for name in state if name != "t" for v in state[name]])
    g[0][:] = 7.0
    assert (x[0] == 1).all()
    assert new[0].dtype == np.float32
    assert before == json.dumps([np.asarray(v).tolist() for name in state if name != "t" for v in state[name]])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_state_survives_a_file(name):
    """Stopped after 7 steps, written to .npz, read again: the further steps are the same to the last bit."""
    gradient, start, _ = PROBLEMS["logistic"]
    ours, parameters = optimizer(name, 0.05), start()
    state = first = ours.start(parameters)
    for _ in range(7):
        parameters, state = ours.step(parameters, gradient(parameters), state)
    file = io.BytesIO()
    np.savez(file, **saved(state))
    file.seek(0)
    again = restored(np.load(file), first)
    for _ in range(5):
        expected, state = ours.step(parameters, gradient(parameters), state)
        found, again = ours.step(parameters, gradient(parameters), again)
        assert flat(found) == flat(expected)
        parameters = expected
    assert again["t"] == 12


def test_schedules_by_their_formulas():
    assert schedule("constant").rate(0.1, 99) == 0.1
    assert [schedule("step", factor=0.1, every=2).rate(1.0, t) for t in range(5)] == pytest.approx(
        [1, 1, 0.1, 0.1, 0.01]
    )
    assert schedule("exponential", factor=0.5).rate(1.0, 3) == 0.125
    assert schedule("inverse", decay=1).rate(1.0, 3) == 0.25
    halfway = schedule("cosine", steps=10, least=0.2)
    assert [halfway.rate(1.0, t) for t in (0, 5, 10, 11)] == pytest.approx([1, 0.6, 0.2, 0.2])


@pytest.mark.parametrize(
    "ask",
    [
        lambda: optimizer("adan"),
        lambda: optimizer("sgd", beta=0.5),
        lambda: optimizer("momentum", beta=1.0),
        lambda: optimizer("adam", epsilon=0.0),
        lambda: optimizer("adam", -1.0),
        lambda: optimizer("adam", math.nan),
        lambda: schedule("linear"),
        lambda: schedule("step", factor=2.0),
        lambda: schedule("constant", factor=0.5),
        lambda: schedule("cosine", steps=math.inf),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_hint_of_what_does(ask):
    with pytest.raises(UsageError) as caught:
        ask()
    assert caught.value.hint or "must be" in caught.value.message


def test_every_optimizer_and_schedule_says_its_formula_and_its_source():
    for row in OPTIMIZERS.values():
        assert "=" in row.formula
        assert re.search(r"\b(18|19|20)\d\d\b|deck 00\d", row.rule.__doc__ or "")
    for rule in SCHEDULES.values():
        assert "η_t = " in (rule.__doc__ or "")
