"""The peers by name: what each is, and the command that installs it. Nothing is imported before it is asked for."""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import NamedTuple


class Peer(NamedTuple):
    """Another library that computes gradients."""

    module: str
    """The adapter, in this folder."""
    package: str
    """What is installed and imported; all of them have the same name for both."""
    about: str

    @property
    def is_installed(self) -> bool:
        """Whether it is there; importing it would take up to seconds."""
        return find_spec(self.package) is not None

    @property
    def command(self) -> str:
        """What installs it."""
        return f"pip install {self.package}"


PEERS = {
    "diffcli": Peer(".diffcli_program", "diffcli", "diffcli itself, as called from Python"),
    "diffcli-c": Peer(".diffcli_compiled", "diffcli", "the same, compiled by the system's C compiler"),
    "sympy": Peer(".sympy_lambdify", "sympy", "symbolic derivatives as one Python function, shared parts once"),
    "autograd": Peer(".hips_autograd", "autograd", "HIPS autograd: reverse mode on NumPy, recorded at each call"),
    "micrograd": Peer(".micrograd_values", "micrograd", "reverse mode on Python's numbers, written to teach"),
    "torch": Peer(".torch_eager", "torch", "PyTorch, operation by operation"),
    "torch.compile": Peer(".torch_compile", "torch", "PyTorch, value and gradient compiled together"),
    "jax": Peer(".jax_jit", "jax", "JAX, value and gradient compiled by XLA"),
    "casadi": Peer(".casadi_function", "casadi", "CasADi's own graph and virtual machine, called through buffers"),
    "numba": Peer(".numba_njit", "numba", "diffcli's derivative program, compiled (Numba does not differentiate)"),
}


def installed(names: Sequence[str] = tuple(PEERS)) -> tuple[str, ...]:
    """Those of `names` that are there."""
    return tuple(name for name in names if PEERS[name].is_installed)
