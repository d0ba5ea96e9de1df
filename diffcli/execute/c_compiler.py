"""The system's C compiler: found, told which numbers to compute, and never waited for longer than a limit.

It is named by the variable CC, or is the first of cc, gcc and clang on the PATH. DIFFCLI_NO_COMPILER=1 turns it off.
"""

import os
import platform
import re
import shlex
import shutil
import signal
import subprocess
from functools import cache
from pathlib import Path
from typing import NamedTuple

from diffcli.errors import LibraryError

NAMES = ("cc", "gcc", "clang")
OFF = "DIFFCLI_NO_COMPILER"
SECONDS, TRYING = 60, 15
"""Until a compiler is ended, and until it is while it is tried with a few lines, which take it less than one."""
PLAIN = ("-std=gnu11", "-O2", "-fPIC", "-shared", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math")
"""Every operation is rounded as IEEE 754 says; only the error flags, which nobody reads, are given up."""
OPENMP = ("-fopenmp-simd",)
NATIVE = ("-march=native", "-mprefer-vector-width=512")
SEPARATE = ("-fdisable-tree-sincos",)
"""A sine and a cosine of the same number stay two calls, each of which exists for several numbers at once."""
CPU_LINES = re.compile(rb"^(?:vendor_id|cpu family|model|stepping|flags|Features|CPU [a-z]+)\s*:.*$", re.MULTILINE)
FIRST_CPU = 16_384
"""Bytes within which the first processor of /proc/cpuinfo is described."""


class CompilerError(LibraryError):
    """There is no compiler, or it does not do its work (exit code 4)."""

    kind = "compiler"


class CompilerHangsError(CompilerError):
    """It was ended because it took too long."""


class Compiler(NamedTuple):
    """A command, and how it is asked for speed."""

    command: tuple[str, ...]
    flags: tuple[str, ...]

    @property
    def identity(self) -> str:
        """What changes whenever the compiler, its flags, the math library or the processor do."""
        path = Path(self.command[0])
        try:
            known = path.stat()
            version = f"{path.resolve()} {known.st_size} {known.st_mtime_ns}"
        except OSError:
            version = str(path)
        return "\n".join([version, *self.command[1:], *self.flags, _math_library(), platform.machine(), processor()])

    def build(self, text: str, target: Path, seconds: float | None = None) -> None:
        """Compile a text to a shared library at `target`, within so many seconds; raises CompilerError."""
        seconds = SECONDS if seconds is None else seconds
        command = [*self.command, *self.flags, "-x", "c", "-", "-o", str(target), "-lm"]
        environment = {**os.environ, "LC_ALL": "C"}
        try:
            process = subprocess.Popen(  # noqa: S603 - the user's own compiler, without a shell
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                env=environment, start_new_session=True,
            )  # fmt: skip
        except (OSError, ValueError) as problem:
            raise _failure(command, str(problem)) from None
        try:
            _, message = process.communicate(text.encode("ascii"), timeout=seconds)
        except subprocess.TimeoutExpired:
            raise _failure(command, f"it was ended after {seconds} s", CompilerHangsError) from None
        finally:
            if process.poll() is None:  # too slow, or this process was interrupted
                _end(process)
        if process.returncode or not target.stat().st_size:
            lines = message.decode(errors="replace").strip().splitlines()
            raise _failure(command, next((line for line in lines if "error" in line), (lines or ["no message"])[-1]))


def _end(process: "subprocess.Popen[bytes]") -> None:
    """The command and what it started, which together are a group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (OSError, AttributeError):
        process.kill()
    process.communicate()


def _failure(command: list[str], message: str, kind: type[CompilerError] = CompilerError) -> CompilerError:
    return kind(
        f"the C compiler failed: {message[:300]}",
        hint=f"the command was: {shlex.join(command)}; set CC to another compiler, or leave the executor to diffcli",
    )


def found() -> tuple[str, ...]:
    """The command of the compiler; raises CompilerError where there is none."""
    if os.environ.get(OFF, "") not in ("", "0"):
        raise CompilerError(f"the C compiler is turned off by {OFF}", hint=f"unset {OFF}")
    return _looked_for(os.environ.get("CC", ""), os.environ.get("PATH", os.defpath))


@cache
def _looked_for(wanted: str, path: str) -> tuple[str, ...]:
    try:
        words = shlex.split(wanted)
    except ValueError:
        words = [wanted]
    for command in [words] if words else [[name] for name in NAMES]:
        place = shutil.which(command[0], path=path)
        if place:
            return (place, *command[1:])
    tried = words[0] if words else ", ".join(NAMES)
    raise CompilerError(f"no C compiler was found (tried {tried})", hint="install one, such as gcc, or set CC")


def variants(command: tuple[str, ...]) -> list[Compiler]:
    """The compiler with its fastest flags first, then with what every compiler takes."""
    native = NATIVE if processor() and platform.machine() in ("x86_64", "AMD64") else ()
    plain = Compiler(command, PLAIN)
    return [Compiler(command, (*PLAIN, *OPENMP, *SEPARATE, *native)), Compiler(command, (*PLAIN, *native)), plain]


@cache
def processor() -> str:
    """What distinguishes this processor from others that run other instructions; "" where that is not known."""
    try:
        with Path("/proc/cpuinfo").open("rb") as file:
            first = file.read(FIRST_CPU).partition(b"\n\n")[0]
    except OSError:
        return ""
    return b"\n".join(CPU_LINES.findall(first)).decode(errors="replace")


def _math_library() -> str:
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, OSError, ValueError):
        return platform.platform()
