"""CUDA: the C program as functions of a device, and a kernel that runs it at many points, one thread for each."""

from collections.abc import Iterator
from dataclasses import replace

from diffcli.execute import cuda_source
from diffcli.render.source import c
from diffcli.studies.source import SourceListing

KEYWORDS = (
    "and and_eq bitand bitor catch char16_t char32_t char8_t class co_await co_return co_yield compl concept "
    "const_cast consteval constinit decltype delete dynamic_cast explicit export friend mutable namespace new noexcept "
    "not not_eq operator or or_eq private protected public reinterpret_cast requires static_cast template this throw "
    "try typeid typename using virtual wchar_t xor xor_eq "
    "blockIdx blockDim threadIdx gridDim warpSize dim3 cudaDeviceSynchronize at_points"
).split()
"""The words of C++ that C has not got, and what CUDA and the text around a program take."""
KERNEL_SIZE = 256
"""Threads of a block in the example of a launch."""


LANGUAGE = replace(
    c.LANGUAGE,
    name="cuda",
    title="CUDA",
    supplied=cuda_source.SUPPLIED,
    function=cuda_source.function_text,
    reserved=c.LANGUAGE.reserved.union(KEYWORDS),
)


def source_text(listing: SourceListing) -> str:
    """The text of a file."""
    return _CudaFile(listing).text()


class _CudaFile(c.CFile):
    language = LANGUAGE
    headers = ("#include <math.h>", "#include <stdio.h>")
    compile_by = "nvcc --fmad=false {main}.cu -o {main}"
    prefix = "__device__ "

    def _functions(self) -> list[str]:
        return [*super()._functions(), self._kernel()]

    def _kernel(self) -> str:
        """A thread takes the numbers of its point, which lie one after the other, as do its results."""
        parts = [
            (self.x, len(self.listing.variables)),
            (self.y, len(self.listing.outputs)),
            (self.g, self._derivatives),
        ]
        pointers = {name: f"{name} + {size} * i" if size > 1 else f"{name} + i" for name, size in parts}
        arguments = [pointers[self.x]]
        arguments += [pointers[self.y]] if len(self.listing.outputs) > 1 else []
        arguments += [pointers[self.g]] if self.listing.mode != "primal" else []
        call = f"{self.main}({', '.join(arguments)});"
        statement = call if len(self.listing.outputs) > 1 else f"{self.y}[i] = {call}"
        return "\n".join(
            [
                f"// At n points: at_points<<<(n + {KERNEL_SIZE - 1}) / {KERNEL_SIZE}, {KERNEL_SIZE}>>>(n, ...).",
                f"__global__ void at_points(long long n, const double *{self.x}, double *{self.y}, double *{self.g})",
                "{",
                "    const long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x;",
                "    if (i < n)",
                f"        {statement}",
                "}",
            ]
        )

    @property
    def _derivatives(self) -> int:
        is_primal = self.listing.mode == "primal"
        return 0 if is_primal else len(self.listing.outputs) * len(self.listing.wrt)

    def _point(self) -> Iterator[str]:
        if not self.listing.point and self.listing.variables:
            return
        values, derivatives = len(self.listing.outputs), self._derivatives
        point = ", ".join(self.writer.number(repr(value)).text for value in self.listing.point) or "0.0"
        yield "\n".join(
            [
                f"__managed__ double x[] = {{{point}}}, y[{values}], g[{max(1, derivatives)}];",
                "",
                "int main(void)",
                "{",
                "    at_points<<<1, 1>>>(1, x, y, g);",
                "    if (cudaDeviceSynchronize() != cudaSuccess)",
                "        return 1;",
                f"    for (int i = 0; i < {values}; i++)",
                '        printf("%.17g\\n", y[i]);',
                *(
                    [f"    for (int i = 0; i < {derivatives}; i++)", '        printf("%.17g\\n", g[i]);']
                    if derivatives
                    else []
                ),
                "    return 0;",
                "}",
            ]
        )
