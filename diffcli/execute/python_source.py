"""Straight-line Python source for programs of numbers, several times faster than the interpreter.

    def program(values):
        x1, x2, = values
        v5 = ln(x1)
        return (v5 * sin(x2)), …

A value that is used once stands where it is used. The text contains only positions, our own operation names and the
digits of numbers: nothing that a user typed. Bare functions of Python's math raise where IEEE 754 gives inf or nan;
such a point is run again by the IEEE functions of which `loop` is the quick form.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from diffcli.execute.floats import BARE, CONSTANTS, quick
from diffcli.execute.loop import looped
from diffcli.execute.optimised import optimised
from diffcli.graph.ops import OPS
from diffcli.graph.program import CONSTANT, Graph, Node

MAX_NODES = 4000
"""Above this, Python's compiler takes longer than a loop over the flat graph would save, unless it runs often."""
LONG = 200
"""From this many assignments on, names are used again, so that Python reuses the memory of what they held."""
MAX_DEPTH = 20
"""How deeply expressions nest: Python's own parser has a limit."""
TEMPLATES = {
    "add": "{} + {}",
    "sub": "{} - {}",
    "mul": "{} * {}",
    "div": "{} / {}",
    "neg": "-{}",
    "where": "{1} if {0} else {2}",
    "lt": "1.0 if {} < {} else 0.0",
    "le": "1.0 if {} <= {} else 0.0",
    "gt": "1.0 if {} > {} else 0.0",
    "ge": "1.0 if {} >= {} else 0.0",
    "eq": "1.0 if {} == {} else 0.0",
    "ne": "1.0 if {} != {} else 0.0",
}
_MIXING = frozenset(("add", "sub", "mul"))
Program = Callable[[Sequence[float]], Sequence[float]]


def compiled(graph: Graph, most: int = MAX_NODES) -> Program:
    """A runnable program: values of the inputs in, values of the outputs out; a loop for more nodes than `most`."""
    if len(graph.nodes) > most:
        return looped(graph)
    short = optimised(graph)
    straight: Program = _executed(source(short), "program", _functions(short))
    careful: list[Program] = []

    def run(values: Sequence[float]) -> Sequence[float]:
        try:
            return straight(values)
        except (ArithmeticError, ValueError):
            careful[:] = careful or [looped(short)]
            return careful[0](values)

    return run


def compiled_function(graph: Graph, otherwise: Callable[..., Any]) -> Callable[..., Any]:
    """The program as a plain function of its variables: the first output, and a tuple of the others.

    What is called with anything but floats, or raises where IEEE 754 gives inf or nan, is handed to `otherwise`. The
    type of each argument is looked at here because a wrapper around the function would cost as much as the program.
    """
    short = optimised(graph)
    made: Any = _executed(function_source(short), "value_and_grad", {**_functions(short), "otherwise": otherwise})
    code, names = made.__code__, short.variables
    made.__code__ = code.replace(co_varnames=(*names, *code.co_varnames[len(names) :]))
    return cast("Callable[..., Any]", made)


def function_source(graph: Graph) -> str:
    """The text of a plain function; its arguments get the users' names when it is compiled."""
    names, witnesses = [f"v{position}" for position in graph.inputs], _witnesses(graph)
    sums = [position for position in witnesses if position not in graph.inputs]
    lines, (value, *partials) = _lines(graph, names, first=sums)
    checks = [f"type(v{position}) is float" for position in witnesses]
    parameters = ", ".join(names)
    text = [
        f"def value_and_grad({parameters}):",
        "    try:",
        *[f"        {line}" for line in lines[: len(sums)]],
        f"        if {' and '.join(checks) or 'True'}:",
        *[f"            {line}" for line in lines[len(sums) :]],
        f"            return {value}, ({''.join(f'{partial}, ' for partial in partials)})",
        "    except (ArithmeticError, TypeError, ValueError):",
        "        pass",
        f"    return otherwise({parameters})",
        "",
    ]
    return "\n".join(text)


def _witnesses(graph: Graph) -> list[int]:
    """The nodes whose types say that all values are floats: every input, or for two of them their sum or product.

    A float plus an int is a float, and a float plus a scalar of NumPy is one of NumPy: if x + y is a float, one of them
    is, and the other is a float or is turned into one wherever it meets a float or a function of math.
    """
    if len(graph.nodes) > LONG:
        return list(graph.inputs)  # a look at a type is nothing beside the rest
    inputs = set(graph.inputs)
    pairs = {p for p, node in enumerate(graph.nodes) if node.op in _MIXING and len(inputs.intersection(node.args)) == 2}
    floats, doubtful = set(pairs), Counter(position for position in graph.outputs if position in inputs)
    for position, (node, is_needed) in enumerate(zip(graph.nodes, graph.needed, strict=True)):
        known = [argument in floats for argument in node.args]
        is_mixed = any(known) if node.op in _MIXING or node.op == "div" else known and all(known)
        if node.op in BARE or node.op == CONSTANT or is_mixed:
            floats.add(position)
        elif is_needed and position not in pairs:
            doubtful.update(node.args)
    for pair in sorted(pairs):
        args = graph.nodes[pair].args
        if inputs.issuperset(args) and not any(doubtful[argument] for argument in args):
            inputs = inputs.difference(args) | {pair}
    return sorted(inputs)


def source(graph: Graph) -> str:
    """The text of the program."""
    names = [f"v{position}" for position in graph.inputs]
    lines, results = _lines(graph, names)
    opening = [f"{''.join(f'{name}, ' for name in names)}= values"] if names else []
    closing = f"return ({''.join(f'{result}, ' for result in results)})"
    return "\n".join(["def program(values):", *[f"    {line}" for line in (*opening, *lines, closing)], ""])


def _lines(graph: Graph, names: Sequence[str], first: Sequence[int] = ()) -> tuple[list[str], list[str]]:
    """The assignments, those of the nodes in `first` before all others, and the outputs in terms of them."""
    nodes, needed, texts = graph.nodes, graph.needed, dict(zip(graph.inputs, names, strict=True))
    uses, depths, lines = [0] * len(nodes), [0] * len(nodes), list[str]()
    for position in (*graph.outputs, *first, *first):
        uses[position] += 1
    for node, is_needed in zip(nodes, needed, strict=True):
        for argument in node.args if is_needed else ():
            uses[argument] += 1
    for position in (*first, *range(len(nodes))):
        node = nodes[position]
        if position in texts or not needed[position]:
            continue
        text = _expression(node, texts)
        if node.args:
            depth = 1 + max([depths[argument] for argument in node.args])
            if uses[position] > 1 or depth > MAX_DEPTH:
                lines.append(f"v{position} = {text}")
                text = f"v{position}"
            else:
                depths[position] = depth
                text = f"({text})" if node.op in TEMPLATES else text
        texts[position] = text
    results = [texts[position] for position in graph.outputs]
    return _with_few_names(lines, results, names) if len(lines) > LONG else (lines, results)


def _with_few_names(lines: list[str], results: list[str], kept: Sequence[str]) -> tuple[list[str], list[str]]:
    """The same with each name free for another value behind its last use, but for those in `kept`."""
    used = [_NAME.findall(line) for line in (*lines, "".join(results))]
    last = {name: number for number, names in enumerate(used) for name in names}
    places, free, made = {name: name for name in kept}, list[str](), 0
    new = []
    for number, (line, (target, *args)) in enumerate(zip(lines, used[:-1], strict=True)):
        expression = _NAME.sub(lambda found: places[found[0]], line.partition(" = ")[2])
        free += [places[name] for name in dict.fromkeys(args) if last[name] == number and name not in kept]
        places[target] = free.pop() if free else f"t{(made := made + 1)}"
        new.append(f"{places[target]} = {expression}")
    return new, [_NAME.sub(lambda found: places[found[0]], result) for result in results]


_NAME = re.compile(r"\bv\d+\b")


def _expression(node: Node, texts: Mapping[int, str]) -> str:
    if node.op == CONSTANT:
        return _number(CONSTANTS.get(node.literal) or float(node.literal))
    arguments = [texts[argument] for argument in node.args]
    template = TEMPLATES.get(node.op)
    return template.format(*arguments) if template else f"{node.op}({', '.join(arguments)})"


def _number(value: float) -> str:
    """The digits of a double; a constant too large for one is written so that it overflows."""
    text = repr(abs(value)) if math.isfinite(value) else "1e999"
    return f"(-{text})" if math.copysign(1.0, value) < 0 else text


def _executed(text: str, name: str, namespace: dict[str, Any]) -> Callable[..., Any]:
    exec(compile(text, "<diffcli program>", "exec"), namespace)  # noqa: S102 - our own text, see above
    made: Callable[..., Any] = namespace[name]
    return made


def _functions(graph: Graph) -> dict[str, Callable[..., float]]:
    return {node.op: quick(node.op) for node in graph.nodes if node.op in OPS}
