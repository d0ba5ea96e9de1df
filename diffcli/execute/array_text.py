"""The text of a program on arrays: what each operation is called in it.

    def program(values):
        v0, v1, = values
        v2 = v0.dot(v1)
        v3 = f3(v2, c1, out=v2)
        del v2
        ...

It contains only positions, shapes and names of ours; `names` are the functions and constants in it.
"""

import math
from typing import Any

from diffcli.execute.array_functions import OPERATORS
from diffcli.execute.array_plan import Plan
from diffcli.execute.floats import BARE, function
from diffcli.execute.python_source import TEMPLATES
from diffcli.graph.ops import OPS
from diffcli.graph.program import Node
from diffcli.graph.shapes import Shape

REDUCTIONS = {"sum": "add", "amax": "maximum", "amin": "minimum"}
"""Reductions of NumPy's universal functions."""
SQUARE, SQUARE_ROOT = 2.0, 0.5


class Text:
    """The text of a program, and the names in it."""

    def __init__(self, plan: Plan, *, is_careful: bool = False) -> None:
        """Write it; `is_careful`: with functions of numbers that never raise."""
        self.plan, self.is_careful = plan, is_careful
        with plan.library.quiet():  # a constant can be too large for single precision
            self._name_constants()
        self.text = self._text()

    def _name_constants(self) -> None:
        plan = self.plan
        self.names: dict[str, Any] = {"lifted": plan.library.lifted, "copied": plan.library.copied, "float": float}
        for position, value in plan.constants.items():
            self.names[f"v{position}"] = value
            if plan.is_numpy:
                self.names[f"c{position}"] = plan.library.asarray(value)  # quicker than a float beside an array
        if plan.is_numpy:
            self.names |= {"zero": plan.library.asarray(0.0), "array": plan.library.namespace.asarray}

    def _text(self) -> str:
        inputs = "".join(f"v{position}, " for position in self.plan.graph.inputs)
        lines = [f"    {inputs}= values"] if inputs else []
        lines += [f"    c{p} = array(v{p})" for p in self.plan.graph.inputs if p in self.plan.repeated]
        for position, node in enumerate(self.plan.nodes):
            if self.plan.args(position):
                lines.append(f"    v{position} = {self._operation(position, node)}")
                lines += [f"    c{position} = array(v{position})"] if position in self.plan.repeated else []
                dropped = self.plan.dropped(position)
                lines += [f"    del {', '.join(f'v{old}' for old in dropped)}"] if dropped else []
        results = "".join(map(self._result, self.plan.graph.outputs, self.plan.copied_results()))
        return "\n".join(["def program(values):", *lines, f"    return ({results})", ""])

    def _result(self, position: int, is_copied: bool) -> str:
        if is_copied:
            return f"copied(v{position}), "
        is_float = position in self.plan.numbers and not self.plan.library.has_quick_numbers
        return f"lifted(v{position}), " if is_float else f"v{position}, "

    def _operation(self, position: int, node: Node) -> str:
        if position in self.plan.additions:
            return self._call(position, node)
        if OPS[node.op].is_structural:
            text = (self.plan.is_numpy and self._method(position, node)) or self._call(position, node)
            return f"float({text})" if position in self.plan.numbers else text
        if position in self.plan.numbers:
            return self._on_numbers(position, node)
        if position in self.plan.conditions or node.op in OPERATORS or node.op == "where":
            return self._with_operator(position, node)
        return self._universal(position, node) or self._call(position, node)

    def _call(self, position: int, node: Node) -> str:
        self.names[f"f{position}"] = (
            self.plan.structural(node) if OPS[node.op].is_structural else self.plan.call(position)
        )
        return f"f{position}({', '.join(f'v{argument}' for argument in self.plan.args(position))})"

    def _on_numbers(self, position: int, node: Node) -> str:
        template = TEMPLATES.get(node.op)
        if template and not (self.is_careful and node.op == "div"):
            return template.format(*[f"v{argument}" for argument in node.args])
        is_bare = node.op in BARE and not self.is_careful
        self.names[f"f{position}"] = getattr(math, OPS[node.op].call("math") or "") if is_bare else function(node.op)
        return f"f{position}({', '.join(f'v{argument}' for argument in node.args)})"

    def _array(self, argument: int) -> str:
        """An argument among arrays; a number is quicker there as an array without axes."""
        is_array = self.plan.is_numpy and (argument in self.plan.constants or argument in self.plan.repeated)
        return f"c{argument}" if is_array else f"v{argument}"

    def _with_operator(self, position: int, node: Node) -> str:
        """Operators, comparisons and choices."""
        if node.op == "where":
            if not self.plan.is_numpy or node.args[0] not in self.plan.conditions:
                return self._call(position, node)
            self.names["where"] = self.plan.library.namespace.where
            return f"where({', '.join(map(self._array, node.args))})"
        if position not in self.plan.conditions:
            reusing = self._universal(position, node, must_reuse=True)
            if reusing:
                return reusing
        symbol = OPS[node.op].symbol
        values = list(map(self._array, node.args))
        return f"{values[0]} {symbol} {values[1]}" if len(values) > 1 else f"{symbol}{values[0]}"

    def _universal(self, position: int, node: Node, *, must_reuse: bool = False) -> str | None:
        """A universal function of NumPy, which writes its result into an argument that nobody needs any more."""
        ufunc, args = self.plan.ufunc(node), list(map(self._array, node.args))
        if ufunc is None:
            return None
        if node.op == "relu":
            args.append("zero")
        if node.op == "pow" and node.args[1] in self.plan.numbers:
            ufunc = self.plan.library.namespace.square if self.plan.constants.get(node.args[1]) == SQUARE else None
            args.pop()
        reused = self.plan.reusable(position)
        if ufunc is None or (must_reuse and reused is None):
            return None
        self.names[f"f{position}"] = ufunc
        args += [] if reused is None else [f"out=v{reused}"]
        return f"f{position}({', '.join(args)})"

    def _method(self, position: int, node: Node) -> str | None:
        """Operations on arrays as a whole that NumPy does quicker by a method of the array."""
        params, args = dict(node.params), [f"v{argument}" for argument in node.args]
        if any(argument in self.plan.numbers for argument in node.args):
            return None
        if node.op == "matmul" and max(len(self.plan.nodes[argument].shape) for argument in node.args) <= 2:
            return f"{args[0]}.dot({args[1]})"
        if node.op in REDUCTIONS:
            self.names[f"f{position}"] = getattr(self.plan.library.namespace, REDUCTIONS[node.op]).reduce
            return f"f{position}({args[0]}, {_reduced(params['axes'], params['keepdims'])})"
        if node.op in ("reshape", "transpose"):
            return f"{args[0]}.{node.op}({params['shape' if node.op == 'reshape' else 'permutation']})"
        return f"{args[0]}[{', '.join(map(_entry, params['key']))}]" if node.op == "index" else None


def _reduced(axes: Shape, keepdims: bool) -> str:
    return f"{axes[0]}" if len(axes) == 1 and not keepdims else f"{axes}, None, None, {keepdims}"


def _entry(entry: int | tuple[int, int | None, int]) -> str:
    """One axis of an index as it is written in Python."""
    if isinstance(entry, int):
        return str(entry)
    start, stop, step = entry
    return f"{start}:{'' if stop is None else stop}:{step}"
