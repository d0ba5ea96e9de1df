"""Functions written with plain NumPy, recorded as graphs.

Reading order: `recording` (the front door), `recorder` and `recorded` (the stand-in for arrays), `numpy_functions`
(the one table of what NumPy's functions are made of; the formulas stand in `elementwise`, `reductions`, `moves`,
`joins`, `products`, `einsum`, `linear_algebra` and `selections`), `indexing`, `containers`, `user_file`.
"""

from diffcli.tracing.recording import Recording, record

__all__ = ["Recording", "record"]
