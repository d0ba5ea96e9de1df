"""A network whose programs run on another array library, such as CuPy on a GPU.

Parameters, optimizer and checkpoints stay on the host, in NumPy: at every step parameters and samples travel to the
device, and loss and derivatives come back. So a training goes on from the same checkpoint on either.
"""

from collections.abc import Sequence
from typing import Any

from diffcli.execute.array_library import named
from diffcli.graph.program import Graph
from diffcli.learn.objective import Objective, Program


class DeviceObjective(Objective):
    """The same network with its losses, gradients and evaluations on a device."""

    def __init__(self, host: Objective, library: str) -> None:
        """The parameters are those of `host`, which are changed in place. Raises LibraryError."""
        self._library = named(library)
        super().__init__(host.network, host.dtype.name)
        self.parameters, self.views = host.parameters, host.views

    def _prepared(self, graph: Graph) -> Program:
        """A program whose inputs are copied to the device, and whose outputs are copied back."""
        import numpy as np

        program, library = super()._prepared(graph), self._library
        to_host = getattr(library, "asnumpy", np.asarray)

        def run(values: Sequence[Any]) -> Sequence[Any]:
            moved = [library.asarray(value) if isinstance(value, np.ndarray) else value for value in values]
            return [to_host(value) for value in program.run(moved)]

        return program._replace(run=run)
