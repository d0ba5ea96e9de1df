"""Products with the Jacobian without the Jacobian: J·ẋ by one forward sweep, Jᵀȳ by one reverse sweep.

The same products as ordinary derivatives: J·ẋ is the derivative of f(x + t·ẋ) by the number t at 0, and Jᵀȳ is the
gradient of the sum Σ ȳ_i f_i. Whatever can differentiate programs can check them.
"""

from collections.abc import Sequence
from dataclasses import replace

from diffcli.graph.primitive import Term
from diffcli.graph.program import INPUT, Builder, Graph
from diffcli.methods.forward import directional_program
from diffcli.methods.reverse import adjoint_program

STEP = "t step"
"""The input t; no name of the user has a space."""


def tangent_sweep(graph: Graph, wrt: Sequence[int]) -> Graph:
    """One forward sweep: after the inputs come the tangents of those at `wrt`; outputs are f, then J·ẋ."""
    return directional_program(graph, wrt).graph.pruned()


def cotangent_sweep(graph: Graph, wrt: Sequence[int]) -> Graph:
    """One reverse sweep: after the inputs come the cotangents of all outputs; outputs are f, then Jᵀȳ by input."""
    total = weighted(graph)
    program = adjoint_program(total, total.outputs[0], wrt).graph
    names = (*graph.output_names, *program.output_names[1:])
    return replace(program, outputs=(*graph.outputs, *program.outputs[1:]), output_names=names).pruned()


def weighted(graph: Graph) -> Graph:
    """The sum Σ ȳ_i f_i over all elements of all outputs; the cotangents ȳ are further inputs."""
    builder, terms, cotangents = Builder(graph), list[Term](), list[int]()
    for output, name in zip(graph.outputs, graph.output_names, strict=True):
        cotangents.append(builder.input(f"{name} bar", shape=builder.shape(output)))
        term = Term(builder, cotangents[-1]) * Term(builder, output)
        terms.append(term.sum(range(len(term.shape))) if term.shape else term)
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return builder.graph((*graph.inputs, *cotangents), (total.position,), ("ȳᵀf",), graph.names)


def along(graph: Graph, wrt: Sequence[int]) -> Graph:
    """f(x + t·ẋ): after the inputs come the tangents ẋ of those at `wrt`, then the number t."""
    builder, moved = Builder(), list[Term]()
    inputs = {p: builder.input(graph.nodes[p].literal, shape=graph.nodes[p].shape) for p in graph.inputs}
    tangents = {p: builder.input(f"{graph.nodes[p].literal} dot", shape=graph.nodes[p].shape) for p in wrt}
    step = builder.input(STEP)
    for position, node in enumerate(graph.nodes):
        builder.place = graph.places[position] if graph.places else None
        if node.op == INPUT:
            here = Term(builder, inputs[position])
            direction = tangents.get(position)
            moved.append(here if direction is None else here + Term(builder, step) * Term(builder, direction))
        elif not node.args:
            moved.append(Term(builder, builder.constant(node.literal)))
        else:
            first, *others = [moved[argument] for argument in node.args]
            moved.append(first.apply(node.op, *others, **dict(node.params)))
    names = {moved[position].position: name for position, name in graph.names.items()}
    outputs = [moved[position].position for position in graph.outputs]
    return builder.graph((*inputs.values(), *tangents.values(), step), outputs, graph.output_names, names)
