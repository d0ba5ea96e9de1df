"""A program of numbers at many points as one kernel of CUDA, of the same lines as the loop in C.

extern "C" __global__ void program(long long n, const double *__restrict__ x0, double *__restrict__ y0)
{
    for (long long i = …; i < n; i += …) {
        const double v0 = x0[i];
        …
"""

from collections.abc import Sequence

from diffcli.execute import c_functions
from diffcli.execute.c_source import Loop

KERNEL = "program"
HEAD = """\
#ifndef INFINITY
#define INFINITY __longlong_as_double(0x7ff0000000000000LL)
#endif
#ifndef NAN
#define NAN __longlong_as_double(0x7ff8000000000000LL)
#endif"""
"""What is elsewhere in a header, which the compiler that runs while programs do has not got."""


def _on_device(text: str) -> str:
    return text.replace("static double", "static __device__ double", 1)


def function_text(name: str, arguments: tuple[str, ...], result: str) -> str:
    """The text of a function of numbers."""
    return _on_device(c_functions.function_text(name, arguments, result))


SUPPLIED = {name: _on_device(text) for name, text in c_functions.SUPPLIED.items()}
"""The text of the functions that CUDA lacks, by name."""


def source(loop: Loop) -> str:
    """The text of the kernel, which takes arrays of the inputs and of the outputs, and numbers."""
    lines = list(loop.lines())
    inputs = [f"const double *__restrict__ x{k}" for k in range(len(loop.inputs))]
    outputs = [f"double *__restrict__ y{k}" for k in range(loop.outputs)]
    numbers = [f"c{k}" for k in range(len(loop.numbers))]
    parameters = ["long long n", *inputs, *outputs, *(f"double {number}" for number in numbers)]
    known = [f"    const double c[] = {{{', '.join(numbers)}}};"] if numbers else []
    kernel = [
        f'extern "C" __global__ void {KERNEL}({", ".join(parameters)})',
        "{",
        *known,
        "    const long long first = blockIdx.x * (long long)blockDim.x + threadIdx.x;",
        "    for (long long i = first; i < n; i += (long long)blockDim.x * gridDim.x) {",
        *(f"        {line}" for line in lines),
        "    }",
        "}",
    ]
    return "\n\n".join([HEAD, *_supplied(lines), "\n".join(kernel)]) + "\n"


def _supplied(lines: Sequence[str]) -> list[str]:
    return [_on_device(text) for text in c_functions.supplied("\n".join(lines))]
