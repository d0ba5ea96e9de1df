"""`diffcli grad file.py:function`: a Python function of the user in place of an expression, run only when asked so."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffcli.cli.names import chosen_names
from diffcli.cli.request import Request
from diffcli.errors import PointError, UsageError
from diffcli.language.points import PointValue
from diffcli.language.reading import Reading

if TYPE_CHECKING:
    from diffcli.tracing import Recording

CLOSE = 1e-4
"""How far a function and its recording may be apart: rounding errors, also of single precision, are no news."""
FILE = re.compile(r"\s*(\S+\.py)(:\w*)?\s*")
FUNCTION = re.compile(r"\s*([^\s*+=,;()]+\.py):([A-Za-z_]\w*)\s*")


def is_function(text: str) -> bool:
    """Whether this names a function in a file and is no expression."""
    return FUNCTION.fullmatch(text) is not None


def refuse_file(text: str) -> None:
    """Raise for a Python file where a function of it, or an expression, is needed."""
    found = FILE.fullmatch(text)
    if found and Path(found[1]).is_file():
        raise UsageError(f"{found[1]} is a file", hint=f"diffcli grad {found[1]}:NAME differentiates its function NAME")


def read_function(text: str, known: Mapping[str, PointValue], native: Any, wrt: str | None) -> Request:
    """Run the file, record the function at the point, and make its program what the command works on.

    `native` turns the values of a point into floats and arrays.
    """
    from diffcli.tracing import record
    from diffcli.tracing.user_file import load

    function = load(text.strip())
    names = _parameters(function, known)
    values = native([known[name].value for name in names])
    recording = record(function, values)
    graph = recording.graph
    by_name = {graph.nodes[position].literal: position for position in recording.inputs(graph)}
    chosen = chosen_names("--wrt", wrt, "variable", tuple(by_name))
    notes = (*recording.notes, *_differences(function, values, recording))
    return Request(text, Reading(graph, ""), recording.values, tuple(by_name[name] for name in chosen), notes)


def _differences(function: Any, values: Sequence[Any], recording: "Recording") -> list[str]:
    """Whether the function itself, run without being recorded, gives something else than its recording."""
    import numpy as np

    from diffcli.execute.array_source import compiled
    from diffcli.tracing.containers import leaves

    plain = [leaf.value for leaf in leaves("result", function(*values))]
    recorded = compiled(recording.graph)(recording.values)
    same = len(plain) == len(recorded) and all(
        np.shape(one) == np.shape(other) and np.allclose(one, other, rtol=CLOSE, atol=0, equal_nan=True)
        for one, other in zip(plain, recorded, strict=True)
    )
    return [] if same else ["run once more, the function gives something else than what was recorded: is it random?"]


def _parameters(function: Any, known: Mapping[str, PointValue]) -> Sequence[str]:
    """The parameters that get a value, in order; the last ones may be left to their defaults."""
    from diffcli.tracing.user_file import parameters as parameters_of

    parameters = parameters_of(function)
    needed = [name for name, one in parameters.items() if one.default is one.empty]
    missing = [name for name in needed if name not in known]
    unused = [name for name in known if name not in parameters]
    if missing:
        proposal = ",".join(
            f"{name}={known[name].text if name in known else number}" for number, name in enumerate(needed, start=1)
        )
        raise PointError(f"no value is given for {', '.join(missing)}", correction=proposal)
    if unused:
        raise PointError(
            f"{unused[0]!r} is given a value but is no parameter of the function",
            hint=f"its parameters are {', '.join(parameters)}",
        )
    given = [name for name in parameters if name in known]
    if given != list(parameters)[: len(given)]:
        raise PointError(
            "the parameters before the last one given need values too", hint=f"they are {', '.join(parameters)}"
        )
    return given
