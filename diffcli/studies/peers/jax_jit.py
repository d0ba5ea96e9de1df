"""JAX: `jit` of `value_and_grad` in double precision, `vmap` over the points; compiled by XLA."""

from typing import Any

from diffcli.graph.program import Graph
from diffcli.studies.peers.peer import Gradient
from diffcli.studies.peers.program import function, functions_of


def gradient(graph: Graph, count: int, threads: int) -> Gradient:  # noqa: ARG001 - XLA takes all cores
    """Compiled at the first call; every call waits until the result is there."""
    import jax
    import jax.numpy as jnp
    import numpy as np
    from jax.scipy import special

    jax.config.update("jax_enable_x64", True)
    names = {"lgamma": "gammaln"}
    functions = functions_of(jnp) | functions_of(jax.nn, {"softplus": "softplus"}) | functions_of(special, names)
    program = function(graph, functions, "JAX")
    both = jax.value_and_grad(program, argnums=tuple(range(len(graph.inputs))))
    compiled: Any = jax.jit(jax.vmap(both) if count else both)

    def read(result: Any) -> Any:
        value, partials = result
        if count:
            return np.asarray(value), [np.asarray(partial) for partial in partials]
        return value.item(), [partial.item() for partial in partials]

    return Gradient(
        lambda values: tuple(jax.device_put(value) for value in values),
        lambda *values: jax.block_until_ready(compiled(*values)),
        read,
        lambda values: read(jax.block_until_ready(compiled(*values))),  # which is quicker than making arrays before
    )
