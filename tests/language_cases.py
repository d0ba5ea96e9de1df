"""The bad inputs, and graphs written out as text, for the tests of the language."""

import json
from pathlib import Path
from typing import Any

from diffcli.graph.program import Graph

CASES: list[dict[str, Any]] = [
    json.loads(line) for line in (Path(__file__).parent / "data" / "bad_inputs.jsonl").read_text("utf-8").splitlines()
]


def case_text(case: dict[str, Any]) -> str:
    """The text of a case; long ones are stored as repeated pieces."""
    if case["input"] is not None:
        return str(case["input"])
    return "".join(piece * count for piece, count in case["input_repeat"])


def written(graph: Graph) -> str:
    """The graph as nested calls, one text per output, such as "y = add(x, mul(2, z))"."""
    texts: list[str] = []
    for node in graph.nodes:
        arguments = ", ".join(texts[argument] for argument in node.args)
        texts.append(f"{node.op}({arguments})" if node.args else node.literal)
    return "; ".join(f"{name} = {texts[p]}" for name, p in zip(graph.output_names, graph.outputs, strict=True))


def same_program(first: Graph, second: Graph) -> bool:
    """Whether two graphs compute the same outputs by the same operations, whatever the order of their nodes."""
    numbers: dict[object, int] = {}

    def outputs(graph: Graph) -> list[int]:
        known: list[int] = []
        for node in graph.nodes:
            key = (*node._replace(args=()), *(known[argument] for argument in node.args))
            known.append(numbers.setdefault(key, len(numbers)))
        return [known[position] for position in graph.outputs]

    return outputs(first) == outputs(second)
