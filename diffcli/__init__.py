"""The gradient of any expression, four ways, side by side."""

from typing import Any

__version__ = "0.1.0"
__all__ = [
    "check_grads",
    "compare",
    "descend",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "study",
    "trace",
    "train",
    "value_and_grad",
    "vjp",
]


def __getattr__(name: str) -> Any:
    """Import the programming interface when it is first used, so that the command line does not pay for it."""
    if name in __all__:
        from diffcli import api

        return getattr(api, name)
    raise AttributeError(f"module 'diffcli' has no attribute {name!r}")
