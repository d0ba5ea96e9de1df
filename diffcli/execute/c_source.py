"""A program of numbers at many points as C: one loop over the points, one line per operation.

    static void block(long long n, const double *restrict x0, double *restrict y0, const double *restrict c)
    {
    #pragma omp simd
        for (long long i = 0; i < n; i++) {
            const double v0 = x0[i];
            const double v1 = sin(v0);
            y0[i] = v1;
        }
    }

x are arrays of the inputs, y arrays of the outputs, c numbers that are the same at all points. The text contains only
such names, names of functions of ours and of C, and the digits of numbers: nothing that a user typed.
"""

import re
from collections.abc import Iterator, Sequence

from diffcli.errors import UsageError
from diffcli.execute.c_functions import COMPARISONS, FUNCTIONS, OPERATORS, number_text, supplied
from diffcli.execute.floats import FLOATS
from diffcli.execute.interpreter import evaluate
from diffcli.execute.loop import looped
from diffcli.execute.optimised import Optimiser, with_fewest_operations
from diffcli.execute.polygamma import MOST_ORDER
from diffcli.graph.ops import OPS
from diffcli.graph.program import CONSTANT, INPUT, Graph, Node

INFINITE = "1e999"
"""A literal too large for a double."""
MOST_STREAMED = 16
"""Outputs up to which results pass the cache by on their way to memory."""
HEAD = """\
#include <float.h>
#include <math.h>
#if defined(__FAST_MATH__) || FLT_EVAL_METHOD != 0
#error "numbers must be rounded as IEEE 754 says"
#endif"""


def is_available(graph: Graph) -> bool:
    """Whether C has every operation that the outputs need."""
    orders = (
        graph.nodes[node.args[0]]
        for node, needed in zip(graph.nodes, graph.needed, strict=True)
        if needed and node.op == "polygamma"
    )
    return all(order.op == CONSTANT and FLOATS.constant(order.literal) <= MOST_ORDER for order in orders)


def in_c(graph: Graph) -> Graph:
    """The same function of numbers, in operations that C has, with as few of them as the optimiser finds."""
    return with_fewest_operations(graph, (_Builder(), _Builder(pulls_signs=True)))


class _Builder(Optimiser):
    """Puts definitions in place of operations that C lacks."""

    def apply(self, op: str, *args: int, **_: object) -> int:
        order = self.value(args[0]) if op == "polygamma" else 0
        if order is None or order > MOST_ORDER:
            raise UsageError(
                f"C has polygamma up to order {MOST_ORDER}", hint="leave the choice of the executor to diffcli"
            )
        if op == "pow" and self.value(args[1]) == 0.5:
            return self._root(args[0])
        if op in OPERATORS or op in FUNCTIONS or op in COMPARISONS or op == "where":
            return super().apply(op, *args)
        definition = OPS[op].definition_graph()
        return evaluate(definition, self, args)[definition.outputs[0]]

    def _root(self, x: int) -> int:
        """x^0.5 is √x, but ∞ at −∞ and +0 at −0; compilers that write √x themselves forget it (gcc 12 in vectors)."""
        root = self.apply("sqrt", self.apply("add", x, self.number(0.0)))
        is_lowest = self.apply("eq", x, self.constant(f"-{INFINITE}"))
        return self.apply("where", is_lowest, self.constant(INFINITE), root)


class Loop:
    """The lines of one point, for a choice of the inputs that are arrays."""

    def __init__(self, graph: Graph, arrays: Sequence[bool]) -> None:
        """`arrays` says of every input whether it is an array; the others are the same number at all points."""
        self.graph = in_c(graph)
        inputs = self.graph.inputs
        self._varies = self.graph.active(p for p, flag in zip(inputs, arrays, strict=True) if flag)
        given = self.graph.active(p for p, flag in zip(inputs, arrays, strict=True) if not flag)
        used = {
            argument
            for node, varies in zip(self.graph.nodes, self._varies, strict=True)
            if varies
            for argument in node.args
        }
        used.update(self.graph.outputs)
        self.inputs = tuple(position for position in inputs if self._varies[position])
        self.numbers = tuple(p for p in sorted(used) if not self._varies[p] and given[p])
        """What is computed once for all points."""
        self.outputs = len(self.graph.outputs)
        self.operations = sum(
            varies and bool(node.args) for node, varies in zip(self.graph.nodes, self._varies, strict=True)
        )
        self._texts = {position: f"c[{number}]" for number, position in enumerate(self.numbers)}
        self._fixed = [position for position in sorted(used) if not self._varies[position] and not given[position]]

    @property
    def takes_arrays_only(self) -> bool:
        """Whether there are inputs, and none of them is a number."""
        return bool(self.inputs) and not self.numbers

    def values(self, given: Sequence[float]) -> list[float]:
        """The numbers, for values of all inputs of which only those that are no arrays count."""
        if not self.numbers:
            return []
        graph = Graph(self.graph.nodes, self.graph.inputs, self.numbers, tuple(map(str, self.numbers)))
        return list(looped(graph)(given))

    def lines(self) -> Iterator[str]:
        """The declarations of all nodes and the assignments to the outputs, for the point i."""
        values = evaluate(self.graph, FLOATS, [0.0] * len(self.graph.inputs)) if self._fixed else []
        self._texts.update({position: number_text(values[position]) for position in self._fixed})
        places = {position: number for number, position in enumerate(self.inputs)}
        for position, node in enumerate(self.graph.nodes):
            if self._varies[position]:
                text = f"x{places[position]}[i]" if node.op == INPUT else self._expression(node)
                yield f"const double v{position} = {text};"
                self._texts[position] = f"v{position}"
        for number, position in enumerate(self.graph.outputs):
            yield f"y{number}[i] = {self._texts[position]};"

    def _expression(self, node: Node) -> str:
        args = [self._operand(argument) for argument in node.args]
        if node.op in COMPARISONS:
            return f"{args[0]} {COMPARISONS[node.op]} {args[1]} ? 1.0 : 0.0"
        if node.op == "where":
            condition, *others = args
            return f"{condition} != 0.0 ? {others[0]} : {others[1]}"
        if node.op in OPERATORS:
            return OPERATORS[node.op].format(*args)
        return f"{FUNCTIONS[node.op]}({', '.join(args)})"

    def _operand(self, position: int) -> str:
        text = self._texts[position]
        return f"({text})" if text.startswith("-") else text


def vector_declarations(names: Sequence[str]) -> list[str]:
    """What tells the compiler which functions exist for several numbers at once."""
    return [f'__attribute__((simd("notinbranch"))) double {name}({_types(name)});' for name in names]


def _types(name: str) -> str:
    return "double, double" if name in ("atan2", "hypot", "pow") else "double"


def source(loop: Loop, vectors: Sequence[str] = ()) -> str:
    """The text of a library with the functions `program` and `streaming`.

    Args:
        loop: What happens at each point.
        vectors: The functions of the math library that exist for several numbers at once.
    """
    lines = list(loop.lines())
    own = supplied("\n".join(lines))
    words = set(re.findall(r"\w+", "\n".join(lines + own)))
    used = [name for name in vectors if name in words]
    parts = [HEAD, *vector_declarations(used), *own, block(loop, lines), program(loop)]
    if loop.outputs <= MOST_STREAMED:
        parts.append(_streaming(loop))
    return "\n\n".join(parts) + "\n"


def block(loop: Loop, lines: Sequence[str]) -> str:
    """The loop over points that lie one after the other."""
    inputs = [f"const double *restrict x{k}" for k in range(len(loop.inputs))]
    outputs = [f"double *restrict y{k}" for k in range(loop.outputs)]
    body = "\n".join(f"        {line}" for line in lines)
    return (
        f"static void block(long long n, {', '.join([*inputs, *outputs])}, const double *restrict c)\n{{\n"
        f"    (void)c;\n#pragma omp simd\n    for (long long i = 0; i < n; i++) {{\n{body}\n    }}\n}}"
    )


def program(loop: Loop) -> str:
    """What other languages call: the points from one to another."""
    inputs = [f"x[{k}] + begin" for k in range(len(loop.inputs))]
    outputs = [f"y[{k}] + begin" for k in range(loop.outputs)]
    return (
        "void program(long long begin, long long end, const double *const *x, double *const *y, const double *c)\n{\n"
        f"    (void)x;\n    block(end - begin, {', '.join([*inputs, *outputs])}, c);\n}}"
    )


def _streaming(loop: Loop) -> str:
    """Results in a small buffer first, from where they go to memory in whole lines of the cache."""
    inputs = [f"x[{k}] + begin" for k in range(len(loop.inputs))]
    tiles = [f"tile[{k}]" for k in range(loop.outputs)]
    return (
        f"{STORE}\n\n"
        "void streaming(long long begin, long long end, const double *const *x, double *const *y, const double *c)\n{\n"
        f"    double tile[{loop.outputs}][TILE] __attribute__((aligned(64)));\n"
        "    long long next = begin + until_aligned(y[0] + begin);\n"
        "    (void)x;\n"
        "    for (; begin < end; begin = next, next += TILE) {\n"
        "        next = next < end ? next : end;\n"
        "        if (next == begin) continue;\n"
        f"        block(next - begin, {', '.join([*inputs, *tiles])}, c);\n"
        f"        for (int k = 0; k < {loop.outputs}; k++) store(y[k] + begin, tile[k], next - begin);\n"
        "    }\n    finish();\n}"
    )


STORE = """\
enum { TILE = 128 };

#if defined(__AVX512F__)
#define NONTEMPORAL __builtin_ia32_movntpd512
typedef double pack __attribute__((vector_size(64)));
#elif defined(__AVX__)
#define NONTEMPORAL __builtin_ia32_movntpd256
typedef double pack __attribute__((vector_size(32)));
#elif defined(__SSE2__)
#define NONTEMPORAL __builtin_ia32_movntpd
typedef double pack __attribute__((vector_size(16)));
#endif
#if defined(__clang__) && defined(NONTEMPORAL)
#undef NONTEMPORAL
#define NONTEMPORAL(to, values) __builtin_nontemporal_store(values, (pack *)(to))
#endif

static long long until_aligned(const double *place)
{
    return (64 - (unsigned long long)place % 64) % 64 / 8;
}

static void store(double *restrict to, const double *restrict from, long long n)
{
    long long i = 0;
#ifdef NONTEMPORAL
    enum { WIDTH = sizeof(pack) / sizeof(double) };
    const long long head = until_aligned(to) < n ? until_aligned(to) : n;
    for (; i < head; i++) to[i] = from[i];
    for (; i + WIDTH <= n; i += WIDTH) {
        pack values;
        __builtin_memcpy(&values, from + i, sizeof values);
        NONTEMPORAL(to + i, values);
    }
#endif
    for (; i < n; i++) to[i] = from[i];
}

static void finish(void)
{
#ifdef NONTEMPORAL
    __builtin_ia32_sfence();
#endif
}"""
