"""Gradients of programs on arrays beside hand-written ones and HIPS autograd, measured side by side in one run.

    python benchmarks/arrays.py [--array-library numpy|cupy] [--seconds 1] [--threads N]

Prints Markdown: the machine, the date, and one table. All candidates have the same number of threads. `function` is
the plain function as its formula is written; `gradient` always includes the value. A peer that is not installed is
left out. On cupy all data are on the device, and every timing waits for it.
"""

import argparse
import datetime as dt
import os
import platform
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple


class Row(NamedTuple):
    """One comparison: a candidate against another."""

    workload: str
    candidate: str
    against: str
    text: str
    """The time, or the bytes."""
    ratio: tuple[float, float, float]
    limit: str = ""


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--array-library", choices=["numpy", "cupy"], default="numpy")
    parser.add_argument("--seconds", type=float, default=1.0, help="for each candidate")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="of matrix products; all cores")
    return parser.parse_args()


def compared(
    workload: str,
    candidates: dict[str, Callable[[], Any]],
    pairs: dict[tuple[str, str], str],
    seconds: float,
    namespace: Any,
) -> Iterator[Row]:
    """Rows for pairs (candidate, against) with their limits."""
    from arrays_timing import side_by_side

    timings = side_by_side(candidates, seconds, namespace)
    for (name, against), limit in pairs.items():
        if name in timings and against in timings:
            text = f"{timings[name].seconds * 1e6:.1f} µs"
            yield Row(workload, name, against, text, timings[name].ratios[against], limit)


def check(found: Any, wanted: Any, tolerance: float) -> None:
    """Stop where two candidates do not compute the same."""
    import numpy as np

    for pair in zip(found, wanted, strict=True):
        one, other = (np.asarray(value.get() if hasattr(value, "get") else value) for value in pair)
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance * float(np.max(np.abs(other))))


def network_rows(xp: Any, seconds: float) -> Iterator[Row]:
    """Gradients by all weights of a network."""
    import arrays_workloads as workloads

    from diffcli.execute.array_source import compiled
    from diffcli.methods.reverse import adjoint_program

    for batch in (32, 128):
        graph = workloads.network(batch)
        gradient = compiled(adjoint_program(graph, graph.outputs[0], graph.inputs[2:]).graph)
        for dtype in ("float32", "float64"):
            values = workloads.network_values(xp, batch, dtype)
            candidates = {
                "gradient": lambda values=values, gradient=gradient: gradient(values),
                "by hand": lambda values=values: workloads.network_by_hand(xp, *values),
            }
            check(candidates["gradient"](), candidates["by hand"](), 1e-4 if dtype == "float32" else 1e-11)
            recorded = autograd_network(values) if xp.__name__ == "numpy" else None
            pairs = {("gradient", "by hand"): "≤ 1.25"}
            if recorded:
                candidates["autograd"] = recorded
                pairs |= {("autograd", "gradient"): "≥ 2", ("autograd", "by hand"): ""}
            yield from compared(f"network 784-256-10, batch {batch}, {dtype}", candidates, pairs, seconds, xp)


def autograd_network(values: list[Any]) -> Callable[[], Any] | None:
    """The same by HIPS autograd, where it is installed."""
    try:
        import autograd
        import autograd.numpy as recorded
    except ImportError:
        return None
    import arrays_workloads as workloads

    x, y, *weights = values
    run = autograd.value_and_grad(lambda weights: workloads.network_loss(recorded, weights, x, y))
    return lambda: run(weights)


def helmholtz_rows(xp: Any, seconds: float) -> Iterator[Row]:
    """What a gradient costs beside its function."""
    import arrays_workloads as workloads

    from diffcli.execute.array_source import compiled
    from diffcli.methods.reverse import adjoint_program

    for n in (10, 100, 1000):
        graph, values = workloads.helmholtz(n), workloads.helmholtz_values(xp, n)
        adjoint = adjoint_program(graph, graph.outputs[0], graph.inputs[:1]).graph
        primal, gradient = compiled(graph), compiled(adjoint)
        candidates = {
            "function": lambda values=values: workloads.helmholtz_as_written(xp, *values),
            "compiled function": lambda values=values, primal=primal: primal(values),
            "gradient": lambda values=values, gradient=gradient: gradient(values),
            "by hand": lambda values=values: workloads.helmholtz_by_hand(xp, *values),
            **python_functions(lambda *args: workloads.helmholtz_as_written(xp, *args), values),
        }
        for name in candidates.keys() - {"function", "compiled function", "by hand"}:
            check(candidates[name](), candidates["by hand"](), 1e-11)
        check(primal(values), [candidates["function"]()], 1e-12)
        pairs = {
            ("gradient", "function"): "≤ 2.0",
            ("gradient", "compiled function"): "",
            ("gradient", "by hand"): "",
            ("by hand", "function"): "",
            ("recorded once", "function"): "≤ 2.0",
            ("recorded at each call", "function"): "",
        }
        yield from compared(f"Helmholtz energy, n = {n}", candidates, pairs, seconds, xp)


def python_functions(function: Callable[..., Any], values: list[Any]) -> dict[str, Callable[[], Any]]:
    """Value and gradient by the first argument of a Python function, recorded once (`pure`) and at each call."""
    import diffcli

    once = diffcli.value_and_grad(function, argnums=0, pure=True)
    again = diffcli.value_and_grad(function, argnums=0)
    return {"recorded once": lambda: once(*values), "recorded at each call": lambda: again(*values)}


def rosenbrock_rows(xp: Any, seconds: float) -> Iterator[Row]:
    """A function by slices."""
    import arrays_workloads as workloads

    from diffcli.execute.array_source import compiled
    from diffcli.methods.reverse import adjoint_program

    graph, x = workloads.rosenbrock(1000), xp.linspace(-1, 1, 1000)
    gradient = compiled(adjoint_program(graph, graph.outputs[0], graph.inputs).graph)
    candidates = {
        "function": lambda: workloads.rosenbrock_as_written(xp, x),
        "gradient": lambda: gradient([x]),
        "by hand": lambda: workloads.rosenbrock_by_hand(xp, x),
    }
    check(candidates["gradient"](), candidates["by hand"](), 1e-12)
    pairs = {("gradient", "function"): "", ("gradient", "by hand"): "", ("by hand", "function"): ""}
    yield from compared("Rosenbrock in 1000 variables", candidates, pairs, seconds, xp)


def jacobian_rows(xp: Any, seconds: float) -> Iterator[Row]:
    """All tangents, or all cotangents, at once and one by one."""
    import arrays_workloads as workloads

    from diffcli.execute.array_source import compiled
    from diffcli.graph.batching import batched
    from diffcli.methods.forward import directional_program
    from diffcli.methods.reverse import adjoint_program

    size, graph = 50, workloads.layers(50, 50)
    values = [xp.linspace(-1, 1, size), xp.ones((64, size)) / size, xp.linspace(-1, 1, 64 * size).reshape(size, 64)]
    unit = xp.eye(size)
    forward = directional_program(graph, graph.inputs[:1]).graph
    reverse = adjoint_program(graph, graph.outputs[0], graph.inputs[:1]).graph
    for mode, program in (("forward", forward), ("reverse", reverse)):
        one, many = compiled(program), compiled(batched(program, program.inputs[-1:], size))
        candidates = {
            "at once": lambda many=many: many([*values, unit]),
            "one by one": lambda one=one: [one([*values, row]) for row in unit],
        }
        check(candidates["at once"]()[1:], [xp.stack([run[1] for run in candidates["one by one"]()])], 1e-12)
        yield from compared(f"Jacobian 50 × 50, {mode}", candidates, {("one by one", "at once"): ""}, seconds, xp)


def memory_rows(xp: Any) -> Iterator[Row]:
    """The most memory that a sweep holds beside its inputs and results, against the intermediates that it needs."""
    import arrays_workloads as workloads

    from diffcli.execute.array_source import compiled
    from diffcli.methods.reverse import adjoint_program

    elements, batch = 10**6, 512
    network, chain = workloads.network(batch), workloads.chain(elements)
    cases = [
        ("20 operations on 10^6 elements", chain, chain.inputs, [xp.linspace(0.1, 1, elements)], 19 * elements * 8),
        (  # both sides of relu, the logits, and the logarithms of their sums of exponentials
            f"network 784-256-10, batch {batch}, float64", network, network.inputs[2:],
            workloads.network_values(xp, batch, "float64"), batch * (2 * 256 + 10 + 1) * 8,
        ),
    ]  # fmt: skip
    for workload, graph, wrt, values, stored in cases:
        sweep = compiled(adjoint_program(graph, graph.outputs[0], wrt).graph)
        kept = sum(getattr(result, "nbytes", 8) for result in sweep(values))
        tracemalloc.start()
        sweep(values)
        used = tracemalloc.get_traced_memory()[1] - kept
        tracemalloc.stop()
        ratio = used / stored
        yield Row(f"memory: {workload}", "sweep", "stored intermediates", f"{used / 1e6:.2f} MB", (ratio,) * 3, "≤ 1.2")


def machine(xp: Any, threads: int) -> str:
    """What computed, and when."""
    from diffcli.execute.array_library import device_name

    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    parts = [f"{names[0] if names else platform.processor()}, {os.cpu_count()} cores, {threads} of them used"]
    parts += [device_name(xp)] if xp.__name__ == "cupy" else []
    parts += [f"Python {platform.python_version()}, {xp.__name__} {xp.__version__}"]
    return f"{'; '.join(parts)}; {dt.datetime.now(tz=dt.UTC):%Y-%m-%d}"


def rows(xp: Any, seconds: float) -> Iterator[Row]:
    """All comparisons; on a device those that make sense there."""
    yield from network_rows(xp, seconds)
    yield from helmholtz_rows(xp, seconds)
    if xp.__name__ == "numpy":
        yield from rosenbrock_rows(xp, seconds)
        yield from jacobian_rows(xp, seconds)
        yield from memory_rows(xp)


def main() -> None:
    """Measure and print."""
    chosen = options()
    for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ[variable] = str(chosen.threads)  # read when NumPy is imported
    from diffcli.errors import LibraryError
    from diffcli.execute.array_library import named

    try:
        xp = named(chosen.array_library)
    except LibraryError as error:
        raise SystemExit(f"{error.message}; {error.hint}") from error
    print(machine(xp, chosen.threads), end="\n\n")
    print("| Workload | What | Against | Time | Ratio | 10 … 90 % | Limit |")
    print("| --- | --- | --- | ---: | ---: | ---: | ---: |")
    for workload, name, against, text, (median, low, high), limit in rows(xp, chosen.seconds):
        spread = f"{low:.2f} … {high:.2f}" if low < high else ""
        print(f"| {workload} | {name} | {against} | {text} | {median:.2f} | {spread} | {limit} |", flush=True)


if __name__ == "__main__":
    main()
