"""One epoch of training on digits: diffcli, the same loop written by hand in NumPy, and PyTorch on the CPU.

    python benchmarks/training.py [--threads 1] [--seconds 4]

All three take the same samples in the same order from the same weights, with Adam, and must end at the same weights.
The rounds run in turn, so that a busy machine slows them all alike. PyTorch is left out where it is not installed.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any, NamedTuple

Array = Any
RATE, BETA1, BETA2, EPSILON = 0.003, 0.9, 0.999, 1e-8
CASES = ((128, "relu", 32), (128, "tanh", 32), (64, "tanh", 32), (64, "relu", 128), (256, "sigmoid", 64))
"""Width, activation and mini-batch."""
LIMIT = 1.25
"""What diffcli may take, times the loop by hand."""


class Start(NamedTuple):
    """What all candidates begin with."""

    x: Array
    y: Array
    labels: Array
    weights: list[Array]
    orders: list[Array]
    activation: str
    batch: int


class Candidate(NamedTuple):
    """One way to train: an epoch in a given order, and the weights so far."""

    epoch: Callable[[Array], None]
    weights: Callable[[], list[Array]]


def start(width: int, activation: str, batch: int, dtype: str) -> Start:
    """Digits, scaled, with random weights and orders."""
    import numpy as np

    from diffcli.learn.data_sets import data_set

    data, random = data_set("digits", 0), np.random.default_rng(0)
    x = ((data.x - data.x.mean(0)) / np.maximum(data.x.std(0), 1e-3)).astype(dtype)[:1280]
    labels = data.labels[:1280]
    shapes = ((width, 64), (width,), (10, width), (10,))
    weights = [(random.normal(size=shape) * 0.1).astype(dtype) for shape in shapes]
    orders = [random.permutation(len(x)) for _ in range(8)]
    return Start(x, np.eye(10)[labels].astype(dtype), labels, weights, orders, activation, batch)


def with_diffcli(known: Start) -> Candidate:
    """The loop that `diffcli train` runs."""
    import numpy as np

    from diffcli.learn.architecture import Architecture
    from diffcli.learn.data import Part, Split
    from diffcli.learn.network import of_architecture
    from diffcli.learn.objective import Objective
    from diffcli.learn.optimizers import optimizer
    from diffcli.learn.progress import Progress
    from diffcli.learn.training import Plan, epoch

    chosen = Architecture((64, len(known.weights[0]), 10), known.activation, is_softmax=True)
    objective = Objective(of_architecture("mlp", chosen), str(known.x.dtype))
    for view, weight in zip(objective.views.values(), known.weights, strict=True):
        view[...] = weight
    plan = Plan(optimizer("adam", RATE), batch=known.batch)
    part = Part(known.x, known.y, known.labels)
    split = Split(part, part, part, None, None)
    memory = plan.optimizer.start([objective.parameters])
    progress = Progress(objective.parameters, np.random.default_rng(0), memory, known.orders[0])

    def run(order: Array) -> None:
        progress.order, progress.position = order, 0
        for _ in epoch(objective, split, plan, progress):
            pass

    return Candidate(run, lambda: [view.copy() for view in objective.views.values()])


def by_hand(known: Start) -> Candidate:
    """As a good programmer writes it in NumPy: five products, everything else in place where it can be."""
    import numpy as np

    w1, b1, w2, b2 = weights = [weight.copy() for weight in known.weights]
    m, s = ([np.zeros_like(w) for w in weights] for _ in range(2))
    steps = 0

    def gradient(x: Array, y: Array) -> tuple[Array, ...]:
        z = x @ w1.T
        z += b1
        if known.activation == "relu":
            a = np.maximum(z, 0)
        elif known.activation == "tanh":
            a = np.tanh(z, out=z)
        else:
            a = 1 / (1 + np.exp(-z))
        out = a @ w2.T
        out += b2
        out -= out.max(axis=1, keepdims=True)
        agreement = np.vdot(y, out)
        p = np.exp(out)
        total = p.sum(axis=1, keepdims=True)
        loss = (np.log(total).sum() - agreement) / len(x)
        p /= total
        p -= y
        p /= len(x)
        delta = p @ w2
        if known.activation == "relu":
            delta *= z > 0
        elif known.activation == "tanh":
            delta *= 1 - a * a
        else:
            delta *= a * (1 - a)
        return delta.T @ x, delta.sum(axis=0), p.T @ a, p.sum(axis=0), loss

    def adam(w: Array, g: Array, mean: Array, square: Array, c1: float, c2: float) -> None:
        mean *= BETA1
        mean += (1 - BETA1) * g
        square *= BETA2
        g *= g
        g *= 1 - BETA2
        square += g
        root = np.sqrt(square / c2)
        root += EPSILON
        w -= RATE / c1 * mean / root

    def run(order: Array) -> None:
        nonlocal steps
        xs, ys = known.x[order], known.y[order]
        for first in range(0, len(xs), known.batch):
            *gradients, _ = gradient(xs[first : first + known.batch], ys[first : first + known.batch])
            steps += 1
            c1, c2 = 1 - BETA1**steps, 1 - BETA2**steps
            for arrays in zip(weights, gradients, m, s, strict=True):
                adam(*arrays, c1, c2)

    return Candidate(run, lambda: weights)


def with_torch(known: Start) -> Candidate:
    """As its tutorials write it."""
    import torch

    kind = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid}[known.activation]
    width = len(known.weights[0])
    model = torch.nn.Sequential(torch.nn.Linear(64, width), kind(), torch.nn.Linear(width, 10))
    model.to(torch.from_numpy(known.x).dtype)
    with torch.no_grad():
        for parameter, weight in zip(model.parameters(), known.weights, strict=True):
            parameter.copy_(torch.from_numpy(weight))
    x, labels = torch.from_numpy(known.x), torch.from_numpy(known.labels)
    loss_of, optimizer = torch.nn.CrossEntropyLoss(), torch.optim.Adam(model.parameters(), lr=RATE)

    def run(order: Array) -> None:
        xs, ys = x[order], labels[order]
        for first in range(0, len(xs), known.batch):
            optimizer.zero_grad()
            loss = loss_of(model(xs[first : first + known.batch]), ys[first : first + known.batch])
            loss.backward()
            optimizer.step()
            loss.item()

    return Candidate(run, lambda: [parameter.detach().numpy() for parameter in model.parameters()])


def measured(known: Start, seconds: float) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Seconds of each epoch, and how far the weights are from those by hand after the first ones."""
    makers: Mapping[str, Callable[[Start], Candidate]] = {"by hand": by_hand, "diffcli": with_diffcli}
    if find_spec("torch"):
        makers = {**makers, "torch": with_torch}
    candidates = {name: make(known) for name, make in makers.items()}
    for one in candidates.values():
        for order in known.orders[:3]:
            one.epoch(order)
    expected = [weight.copy() for weight in candidates["by hand"].weights()]
    apart = {name: max(float(abs(a - b).max()) for a, b in zip(one.weights(), expected, strict=True))
             for name, one in candidates.items()}  # fmt: skip
    times: dict[str, list[float]] = {name: [] for name in candidates}
    end, number = time.perf_counter() + seconds, 0
    while time.perf_counter() < end or number < 8:
        for name, one in candidates.items():
            began = time.perf_counter()
            one.epoch(known.orders[number % len(known.orders)])
            times[name].append(time.perf_counter() - began)
        number += 1
    return times, apart


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=4.0)
    chosen = parser.parse_args()
    os.environ.update(
        dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(chosen.threads))
    )
    if find_spec("torch"):
        import torch

        torch.set_num_threads(chosen.threads)
    print(f"One epoch of 1280 digits, medians of rounds that take turns; threads: {chosen.threads}\n")
    print(
        f"| network, mini-batch | by hand | diffcli | torch | diffcli / by hand, ≤ {LIMIT} | / torch, ≤ 1 | weights apart |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for dtype in ("float64", "float32"):
        for width, activation, batch in CASES:
            times, apart = measured(start(width, activation, batch, dtype), chosen.seconds)
            print(row(f"64-{width}-10 {activation}, {batch}, {dtype}", times, apart), flush=True)


def row(name: str, times: Mapping[str, list[float]], apart: Mapping[str, float]) -> str:
    """One line of the table."""
    middle = {candidate: statistics.median(found) for candidate, found in times.items()}
    shown = [f"{1e3 * middle[who]:.2f} ms" if who in middle else "–" for who in ("by hand", "diffcli", "torch")]
    hand = statistics.median(a / b for a, b in zip(times["diffcli"], times["by hand"], strict=True))
    torch_ratio = f"{middle['diffcli'] / middle['torch']:.2f}" if "torch" in middle else "–"
    others = ", ".join(f"{value:.0e}" for who, value in apart.items() if who != "by hand")
    return f"| {' | '.join([name, *shown, f'{hand:.2f}', torch_ratio, others])} |"


if __name__ == "__main__":
    main()
