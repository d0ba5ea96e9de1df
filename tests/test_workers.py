"""Mini-batches spread over worker processes: the same gradients, also where a worker is killed at work."""

import json
import os
import signal
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from diffcli.cli.main import run
from diffcli.errors import LibraryError, UsageError
from diffcli.learn import workers
from diffcli.learn.architecture import Architecture
from diffcli.learn.network import of_architecture
from diffcli.learn.objective import Objective
from diffcli.learn.workers import Share, SpreadObjective, Team, computed, divided, team

ARCHITECTURE = Architecture((5, 8, 6, 3), "tanh", is_softmax=True, dropout=True, penalty=True)


def problem(network=None, seed=0):
    """A network with random parameters, a mini-batch and its masks."""
    random = np.random.default_rng(seed)
    objective = Objective(network or of_architecture("net", ARCHITECTURE))
    objective.parameters[...] = random.normal(size=objective.parameters.size)
    x, y = random.normal(size=(17, 5)), np.eye(3)[random.integers(3, size=17)]
    masks = [random.integers(2, size=(17, width)) * 2.0 for width in (8, 6)]
    return objective, x, y, masks


class HereTeam(Team):
    """The same work without processes."""

    def __init__(self, shares):
        super().__init__(None, shares)
        self.seen = []

    def compute(self, shares):
        self.seen.append([len(share.x) for share in shares])
        return [computed(Share(*share)) for share in shares]


@pytest.mark.parametrize("shares", [1, 2, 3, 17, 40])
def test_shares_add_up_to_the_whole_gradient(shares):
    objective, x, y, masks = problem()
    loss = objective.gradient(x, y, masks, 0.3)
    here = HereTeam(shares)
    spread = SpreadObjective(objective, here)
    assert spread.gradient(x, y, masks, 0.3) == pytest.approx(loss, rel=1e-13)
    objective.gradient(x, y, masks, 0.3)
    np.testing.assert_allclose(spread.derivatives, objective.derivatives, rtol=1e-12, atol=1e-15)
    assert len(here.seen[0]) == min(shares, 17)
    assert sum(here.seen[0]) == 17


@pytest.mark.parametrize(("rows", "shares"), [(1, 4), (7, 2), (32, 5), (100, 3)])
def test_every_row_is_in_one_share(rows, shares):
    parts = divided(rows, shares)
    assert [row for part in parts for row in range(part.start, part.stop)] == list(range(rows))
    sizes = [part.stop - part.start for part in parts]
    assert max(sizes) - min(sizes) <= 1
    assert min(sizes) >= 1


@pytest.mark.parametrize("loss", ["sum(cross_entropy_of_logits(Z4, Y))", "mean(cross_entropy_of_logits(Z4, Y))^2"])
def test_a_loss_that_is_no_mean_is_refused(loss):
    network = of_architecture("net", ARCHITECTURE._replace(penalty=False))
    wrong = replace(network, text=f"{network.text.rsplit('L = ', 1)[0]}L = {loss}")
    objective, x, y, masks = problem(wrong)
    with pytest.raises(UsageError, match="no mean over samples"):
        SpreadObjective(objective, HereTeam(2)).gradient(x, y, masks)


def test_single_precision_stays_single():
    objective = Objective(of_architecture("net", ARCHITECTURE), "float32")
    _, x, y, masks = problem()
    objective.parameters[...] = np.random.default_rng(1).normal(size=objective.parameters.size)
    x, y, masks = x.astype("float32"), y.astype("float32"), [mask.astype("float32") for mask in masks]
    spread = SpreadObjective(objective, HereTeam(2))
    spread.gradient(x, y, masks, 0.1)
    objective.gradient(x, y, masks, 0.1)
    assert spread.derivatives.dtype == np.float32
    np.testing.assert_allclose(spread.derivatives, objective.derivatives, rtol=1e-4, atol=1e-6)


def test_without_dask_the_message_says_how_to_get_it(monkeypatch, capsys):
    monkeypatch.setattr(workers, "find_spec", lambda _: None)
    assert run(["train", "mlp:2", "--data", "iris", "--epochs", "1", "--workers", "2"]) == 4
    assert "pip install 'diffcli[dask]'" in capsys.readouterr().err


def test_workers_and_a_gpu_do_not_go_together(capsys):
    words = ["train", "mlp:2", "--data", "iris", "--epochs", "1", "--workers", "2", "--array-library", "cupy"]
    assert run(words) == 2
    assert "do not go together" in capsys.readouterr().err


# With real processes.


@pytest.fixture(scope="module")
def members():
    pytest.importorskip("distributed")
    with team(2) as found:
        yield found


@contextmanager
def killing(monkeypatch, at):
    """Kill a worker by signal 9 while it has a share of the step `at` to compute: it is stopped before it gets it."""
    compute, wait, steps, killed = Team.compute, Team._wait, [0], {}

    def compute_stopped(self, shares):
        steps[0] += 1
        if steps[0] == at:
            address, pid = next(iter(self._client.run(os.getpid).items()))
            killed[address] = pid
            os.kill(pid, signal.SIGSTOP)
        return compute(self, shares)

    def wait_and_kill(self, futures):
        if steps[0] == at:
            (address, pid) = next(iter(killed.items()))
            assert any(self._client.processing()[address] for _ in range(1000))
            os.kill(pid, signal.SIGKILL)
        wait(self, futures)

    monkeypatch.setattr(Team, "compute", compute_stopped)
    monkeypatch.setattr(Team, "_wait", wait_and_kill)
    yield killed
    monkeypatch.undo()


def descended(objective, members, steps=12):
    """Parameters after some steps of gradient descent with random masks."""
    base, x, y, _ = problem()
    random = np.random.default_rng(3)
    objective = SpreadObjective(base, members) if members else base
    losses = []
    for _ in range(steps):
        masks = [random.integers(2, size=(17, width)) * 2.0 for width in (8, 6)]
        losses.append(objective.gradient(x, y, masks, 0.01))
        objective.parameters -= 0.1 * objective.derivatives
    return objective.parameters.copy(), losses


def test_two_processes_give_the_same_gradients(members):
    objective, x, y, masks = problem()
    spread = SpreadObjective(objective, members)
    spread.gradient(x, y, masks, 0.3)
    objective.gradient(x, y, masks, 0.3)
    np.testing.assert_allclose(spread.derivatives, objective.derivatives, rtol=1e-12, atol=1e-15)
    for _ in range(5):
        spread.gradient(x, y, masks, 0.3)
    assert len(members.processes) == 2
    assert not any(str(os.getpid()) == process.split()[-1] for process in members.processes)


def test_a_killed_worker_loses_nothing(members, monkeypatch):
    undisturbed, losses = descended(None, members)
    with killing(monkeypatch, at=6) as killed:
        disturbed, again = descended(None, members)
    assert len(killed) == 1
    assert members.lost() == 1
    assert again == losses
    assert disturbed.tobytes() == undisturbed.tobytes()
    alone, _ = descended(None, None)
    np.testing.assert_allclose(disturbed, alone, rtol=1e-11, atol=1e-13)


def test_a_scheduler_by_its_address(members):
    address = members._client.scheduler_info()["address"]
    with team(None, address) as others:
        objective, x, y, masks = problem()
        spread = SpreadObjective(objective, others)
        loss = spread.gradient(x, y, masks, 0.3)
        assert loss == pytest.approx(objective.gradient(x, y, masks, 0.3), rel=1e-13)


def test_no_scheduler_answers(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(workers, "CONNECTING", 0.2)
    with pytest.raises(LibraryError, match="no Dask scheduler"), team(None, "tcp://127.0.0.1:9"):
        pass


def test_the_command_says_who_computed(capsys):
    pytest.importorskip("distributed")
    words = ["train", "mlp:3", "--data", "iris", "--epochs", "1", "-f", "json"]
    assert run(words) == 0
    alone = json.loads(capsys.readouterr().out)
    assert run([*words, "--workers", "2", "--debug"]) == 0
    spread = json.loads(capsys.readouterr().out)
    assert spread["curves"][-1]["training_loss"] == pytest.approx(alone["curves"][-1]["training_loss"], rel=1e-12)
    assert "2 shares of each mini-batch by worker processes" in spread["notes"][0]
