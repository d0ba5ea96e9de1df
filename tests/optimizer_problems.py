"""Three small problems for optimizers, and the paths that torch.optim takes on them.

    python tests/optimizer_problems.py       (needs torch) writes tests/data/optimizer_paths.json anew

The gradients are written by hand, so that nothing but the optimizers is compared.
"""

import json
import math
from pathlib import Path

import numpy as np

FILE = Path(__file__).parent / "data" / "optimizer_paths.json"
STEPS = 20
FEATURES = np.array([[1.0, 0.5, -1.2], [0.3, -0.7, 2.0], [-1.5, 0.2, 0.4], [0.8, 1.1, -0.6], [-0.4, -1.3, 0.9]])
LABELS = np.array([1.0, 0.0, 0.0, 1.0, 0.0])


def quadratic(parameters):
    """3x² + y²/2, with curvatures 6 and 1: two numbers."""
    x, y = parameters
    return [6.0 * x, 1.0 * y]


def rosenbrock(parameters):
    """100 (y − x²)² + (1 − x)²: one array of two elements."""
    x, y = float(parameters[0][0]), float(parameters[0][1])
    return [np.array([-400.0 * x * (y - x * x) - 2.0 * (1.0 - x), 200.0 * (y - x * x)])]


def logistic(parameters):
    """Mean loss of logistic regression with weights (an array) and bias (a number)."""
    weights, bias = parameters
    scores = FEATURES @ weights + bias
    residual = np.array([1.0 / (1.0 + math.exp(-z)) for z in scores]) - LABELS
    return [FEATURES.T @ residual / len(LABELS), float(residual.sum()) / len(LABELS)]


PROBLEMS = {
    "quadratic": (quadratic, lambda: [1.5, -2.0], 1.0),
    "rosenbrock": (rosenbrock, lambda: [np.array([-1.2, 1.0])], 0.01),
    "logistic": (logistic, lambda: [np.array([0.1, -0.2, 0.3]), 0.05], 1.0),
}
"""Gradient, start, and by how much the rates are scaled."""
CASES = {
    "gradient-descent": ("SGD", 0.05, {}, {}),
    "sgd": ("SGD", 0.1, {}, {}),
    "momentum": ("SGD", 0.05, {"beta": 0.9}, {"momentum": 0.9}),
    "momentum dampened": ("SGD", 0.05, {"beta": 0.8, "dampening": 0.3}, {"momentum": 0.8, "dampening": 0.3}),
    "nesterov": ("SGD", 0.05, {"beta": 0.9}, {"momentum": 0.9, "nesterov": True}),
    "adagrad": ("Adagrad", 0.3, {}, {}),
    "adagrad epsilon": ("Adagrad", 0.3, {"epsilon": 1e-3}, {"eps": 1e-3}),
    "rmsprop": ("RMSprop", 0.02, {}, {}),
    "rmsprop alpha": ("RMSprop", 0.02, {"alpha": 0.9, "epsilon": 1e-2}, {"alpha": 0.9, "eps": 1e-2}),
    "adam": ("Adam", 0.1, {}, {}),
    "adam betas": ("Adam", 0.1, {"beta1": 0.7, "beta2": 0.9, "epsilon": 1e-3}, {"betas": (0.7, 0.9), "eps": 1e-3}),
}
"""Case (its first word is our optimizer): torch's class, the rate, our hyperparameters and torch's."""
SCHEDULED = {
    "step": ({"factor": 0.5, "every": 5}, "StepLR", {"step_size": 5, "gamma": 0.5}),
    "exponential": ({"factor": 0.9}, "ExponentialLR", {"gamma": 0.9}),
    "inverse": ({"decay": 0.25}, "LambdaLR", {"lr_lambda": lambda t: 1 / (1 + 0.25 * t)}),
    "cosine": ({"steps": 20, "least": 0.001}, "CosineAnnealingLR", {"T_max": 20, "eta_min": 0.001}),
}
"""Our numbers, torch's class and its numbers."""


def torch_path(problem, name, rate, options, schedule=None):
    """All parameters as one flat list after each step of torch's optimizer."""
    import torch

    gradient, start, scale = PROBLEMS[problem]
    parameters = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in start()]
    optimizer = getattr(torch.optim, name)(parameters, lr=rate * scale, **options)
    scheduler = schedule and getattr(torch.optim.lr_scheduler, schedule[1])(optimizer, **schedule[2])
    path = []
    for _ in range(STEPS):
        values = [p.detach().numpy().copy() if p.ndim else p.item() for p in parameters]
        for parameter, found in zip(parameters, gradient(values), strict=True):
            parameter.grad = torch.tensor(found, dtype=torch.float64)
        optimizer.step()
        if scheduler:
            scheduler.step()
        path.append(flat([p.detach().numpy() for p in parameters]))
    return path


def flat(parameters):
    return [float(x) for p in parameters for x in np.asarray(p, dtype=float).reshape(-1)]


def torch_paths():
    paths = {
        f"{case}/{problem}": torch_path(problem, name, rate, options)
        for case, (name, rate, _, options) in CASES.items()
        for problem in PROBLEMS
    }
    return paths | {
        f"scheduled {name}/quadratic": torch_path("quadratic", "SGD", 0.05, {}, schedule)
        for name, schedule in SCHEDULED.items()
    }


if __name__ == "__main__":
    import torch

    source = f"torch.optim of torch {torch.__version__}, by tests/optimizer_problems.py"
    FILE.write_text(json.dumps({"source": source, "steps": STEPS, "paths": torch_paths()}, indent=0) + "\n")
