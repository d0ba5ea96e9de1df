"""Which functions of C's math library exist for several numbers at once, and can be trusted.

They are declared to the compiler only where a small library, built of them, gives the numbers of the interpreter here:
infinities, nan and the signs of zero exactly, all else to a few units in the last place.
"""

import ctypes
import math
from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import product
from pathlib import Path

from diffcli.execute import c_cache, c_compiler
from diffcli.execute.c_compiler import Compiler, CompilerError, CompilerHangsError, found, variants
from diffcli.execute.c_functions import FUNCTIONS
from diffcli.execute.c_source import HEAD, vector_declarations
from diffcli.execute.floats import function

SINCE_2_22 = ("exp", "ln", "pow", "sin", "cos")
SINCE_2_35 = (
    "expm1 log1p log2 log10 cbrt tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh erf erfc hypot"
).split()
"""The primitives whose functions glibc has for several numbers at once, since these versions."""
MOST_ULPS = 5
TRIED = [
    0.0, 5e-324, 1e-310, 2.2250738585072014e-308, 1e-300, 1e-20, 1e-8, 0.1, 0.5, 0.7, 1 - 2**-53, 1.0, 1 + 2**-52,
    1.2, 1.5707963267948966, 2.0, 3.141592653589793, 5.5, 6.0, 19.1, 22.0, 26.6, 27.3, 100.0, 708.3, 709.7, 709.9,
    745.0, 746.0, 1e5, 1e10, 4503599627370497.5, 1e16, 1e22, 1e100, 1e154, 1e200, 1e308, math.inf, math.nan,
]  # fmt: skip
"""Numbers at which functions of one number are tried, with either sign; …"""
PAIRED = [0.0, 5e-324, 1e-300, 0.5, 1.0, 1.7, 2.0, 3.0, 53.3, 1e10, 1e200, 1e308, math.inf, math.nan]
"""… and those of which all pairs are."""


def arity(op: str) -> int:
    """How many numbers the function takes."""
    return 2 if op in ("atan2", "hypot", "pow") else 1


def probe_source(ops: Sequence[str]) -> str:
    """A library of one loop for each function."""
    names = [FUNCTIONS[op] for op in ops]
    return "\n".join([HEAD, *vector_declarations(names), *(_probe(op) for op in ops)]) + "\n"


def _probe(op: str) -> str:
    arrays = ("x", "y")[: arity(op)]
    typed = "".join(f"const double *restrict {array}, " for array in arrays)
    call = ", ".join(f"{array}[i]" for array in arrays)
    return (
        f"void many_{op}(long long n, {typed}double *restrict z)\n{{\n#pragma omp simd\n"
        f"    for (long long i = 0; i < n; i++) z[i] = {FUNCTIONS[op]}({call});\n}}"
    )


def trusted(library: ctypes.CDLL, ops: Sequence[str]) -> tuple[str, ...]:
    """The names in C of those that give the numbers of the interpreter."""
    return tuple(FUNCTIONS[op] for op in ops if _agrees(library, op))


def _agrees(library: ctypes.CDLL, op: str) -> bool:
    signed = [sign * x for x in (TRIED if arity(op) == 1 else PAIRED) for sign in (1, -1)]
    points = list(product(signed, repeat=arity(op)))
    points += [points[-1]] * (-len(points) % 8)  # the last ones too in a full vector
    columns = [(ctypes.c_double * len(points))(*column) for column in zip(*points, strict=True)]
    results = (ctypes.c_double * len(points))()
    getattr(library, f"many_{op}")(ctypes.c_longlong(len(points)), *columns, results)
    return all(is_close(found, function(op)(*point)) for found, point in zip(results, points, strict=True))


def is_close(x: float, y: float) -> bool:
    """The same kind of number, and close."""
    if math.isnan(y) or math.isinf(y) or math.isnan(x):
        return x == y or (math.isnan(x) and math.isnan(y))
    return abs(x - y) <= MOST_ULPS * math.ulp(y) and (y != 0 or math.copysign(1, x) == math.copysign(1, y) or x != 0)


class Toolchain:
    """The compiler as it is used here, and the vector functions that it can call."""

    def __init__(self, compiler: Compiler, vectors: tuple[str, ...]) -> None:
        self.compiler, self.vectors = compiler, vectors
        self._identity = compiler.identity

    def name(self, text: str) -> str:
        """The name of what this makes of a text."""
        return c_cache.key(self._identity, text)

    def library(self, text: str, seconds: float | None = None) -> ctypes.CDLL:
        """The text compiled, within so many seconds, and loaded; raises CompilerError."""
        path = c_cache.built(self.name(text), lambda target: self.compiler.build(text, target, seconds))
        try:
            return load(path)
        except CompilerError:
            path.unlink(missing_ok=True)
            raise


def load(path: Path) -> ctypes.CDLL:
    """A library; while one of its functions runs, other threads do too. Raises CompilerError."""
    try:
        return ctypes.CDLL(str(path))
    except OSError as problem:
        raise CompilerError(f"a compiled library cannot be loaded: {problem}") from None


def toolchain() -> Toolchain:
    """The fastest way to use the compiler that works here; raises CompilerError."""
    tried = _tried(found(), c_cache.directory())
    if isinstance(tried, Toolchain):
        return tried
    raise CompilerHangsError(tried.message, hint=tried.hint)


@cache
def _tried(command: tuple[str, ...], _: Path) -> Toolchain | CompilerHangsError:
    """What works; or the failure, where waiting for it once is enough."""
    try:
        return _first_that_works(variants(command))
    except CompilerHangsError as failure:
        return failure


def _first_that_works(known: Sequence[Compiler]) -> Toolchain:
    ways: list[Callable[[], Toolchain]] = [
        *(partial(_with_vectors, known[0], ops) for ops in ((*SINCE_2_22, *SINCE_2_35), SINCE_2_22)),
        *(partial(_scalar, compiler) for compiler in known[1:]),
    ]
    for way in ways[:-1]:
        try:
            return way()
        except CompilerHangsError:
            raise
        except CompilerError:
            continue
    return ways[-1]()


def _with_vectors(compiler: Compiler, ops: Sequence[str]) -> Toolchain:
    return Toolchain(compiler, trusted(Toolchain(compiler, ()).library(probe_source(ops), c_compiler.TRYING), ops))


def _scalar(compiler: Compiler) -> Toolchain:
    """Without vector functions: see that what is built can be loaded and computes."""
    made = Toolchain(compiler, ())
    library = made.library(f"{HEAD}\ndouble one(double x)\n{{\n    return floor(x);\n}}\n", c_compiler.TRYING)
    library.one.argtypes, library.one.restype = [ctypes.c_double], ctypes.c_double
    if library.one(1.5) != 1.0:
        raise CompilerError("the C compiler makes programs that compute wrong numbers")
    return made
