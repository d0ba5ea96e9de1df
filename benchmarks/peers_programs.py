"""Programs without a text for the benchmarks: instructions that anybody's numbers can run."""

import math
import operator
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

INPUTS = 10
OPERATORS: dict[str, Callable[..., Any]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv,
}  # fmt: skip
FUNCTIONS = {"sin": math.sin, "cos": math.cos, "tanh": math.tanh, "exp": math.exp}
MOST, MOST_EXPONENT, LEAST_DIVISOR = 3.0, 1.0, 0.5


class Instruction(NamedTuple):
    """An operation on two earlier results, or on one."""

    op: str
    args: tuple[int, ...]


class Random(NamedTuple):
    """A program with the point at which it was drawn; its last instruction is the result."""

    instructions: list[Instruction]
    point: tuple[float, ...]


def random_program(nodes: int, seed: int = 0) -> Random:
    """About `nodes` operations on ten inputs, all of them needed, no value larger than 3 but for the final sum."""
    chance = random.Random(seed)  # noqa: S311 - no secrets
    point = tuple(chance.uniform(-1.0, 1.0) for _ in range(INPUTS))
    values, instructions = list(point), list[Instruction]()
    unused = set(range(INPUTS))
    while len(instructions) + len(unused) - 1 < nodes:
        found = _drawn(chance, values)
        if found is not None:
            unused -= set(found[0].args)
            unused.add(len(values))
            instructions.append(found[0])
            values.append(found[1])
    waiting = sorted(unused)
    while len(waiting) > 1:  # the sum of all that nobody uses, as a tree
        pairs = [tuple(waiting[k : k + 2]) for k in range(0, len(waiting) - 1, 2)]
        first = len(values)
        instructions += [Instruction("add", pair) for pair in pairs]
        values += [values[x] + values[y] for x, y in pairs]
        waiting = [*range(first, len(values)), *waiting[2 * len(pairs) :]]
    return Random(instructions, point)


def _drawn(chance: random.Random, values: Sequence[float]) -> tuple[Instruction, float] | None:
    """An operation whose result stays small; None where the draw does not."""
    op = chance.choice([*OPERATORS, *FUNCTIONS])
    if op in FUNCTIONS:
        x = chance.randrange(len(values))
        result = FUNCTIONS[op](values[x])
        return (Instruction(op, (x,)), result) if op != "exp" or values[x] <= MOST_EXPONENT else None
    x, y = chance.randrange(len(values)), chance.randrange(len(values))
    if op == "div" and abs(values[y]) < LEAST_DIVISOR:
        return None
    result = OPERATORS[op](values[x], values[y])
    return (Instruction(op, (x, y)), result) if abs(result) <= MOST else None


def runner(instructions: Sequence[Instruction], functions: Mapping[str, Callable[..., Any]]) -> Callable[..., Any]:
    """The program on anybody's numbers; everything is looked up before."""
    known = {**OPERATORS, **functions}
    steps = [(known[op], args[0], args[1] if len(args) > 1 else -1) for op, args in instructions]

    def program(*inputs: Any) -> Any:
        values = list(inputs)
        append = values.append
        for operation, x, y in steps:
            append(operation(values[x]) if y < 0 else operation(values[x], values[y]))
        return values[-1]

    return program


def built(instructions: Sequence[Instruction]) -> Any:
    """The program as a graph of diffcli."""
    from diffcli.graph.program import Builder

    builder = Builder()
    positions = [builder.input(f"x{k}") for k in range(INPUTS)]
    for op, args in instructions:
        positions.append(builder.apply(op, *[positions[argument] for argument in args]))
    return builder.graph(positions[:INPUTS], positions[-1:])


def logistic_graph(steps: int) -> Any:
    """The iterated map x ← r·x·(1 − x) as a graph of diffcli."""
    from diffcli.graph.primitive import Term
    from diffcli.graph.program import Builder

    builder = Builder()
    r, x = (Term(builder, builder.input(name)) for name in ("r", "x"))
    inputs = [r.position, x.position]
    for _ in range(steps):
        x = r * x * (1 - x)
    return builder.graph(inputs, [x.position])
