"""The functions there are: of numbers, of arrays, and NumPy's that Python functions may use. Records for `ops`."""

from difflib import get_close_matches
from inspect import getdoc
from operator import attrgetter

from diffcli.errors import UsageError
from diffcli.graph.ops import CALLABLE, ELEMENTWISE
from diffcli.graph.primitive import Primitive
from diffcli.graph.style import LATEX, PRETTY, Style, as_rule
from diffcli.graph.text import write
from diffcli.language.array_functions import ARRAY_FUNCTIONS, ArrayFunction
from diffcli.language.array_functions import ROWS as ARRAY_ROWS
from diffcli.studies.catalogue import Entry, Listing


def rules(row: Primitive, style: Style = PRETTY) -> tuple[str, ...]:
    """The local partials of a primitive as formulas of its arguments."""
    partials = [row.partial(argument) for argument in range(row.arity)]
    return tuple("0" if p is None else write(p, p.outputs[0], {}, as_rule(style)) for p in partials)


def function_list(kind: str | None = None) -> Listing:
    """All functions, or those of one kind: of numbers, of arrays, or NumPy's in Python functions."""
    chosen = KINDS if kind is None else (kind,)
    rows = tuple((*row, one) for one in chosen for row in _ROWS_OF[one]())
    return Listing("ops", f"{len(rows)} functions", COLUMNS, rows, NOTES)


def _of_numbers() -> list[tuple[str, ...]]:
    callable_rows = (row for row in ELEMENTWISE.values() if row.callable)
    return [(_signature(row), ", ".join(rules(row)), row.doc, ", ".join(row.aliases)) for row in callable_rows]


def _of_arrays() -> list[tuple[str, ...]]:
    return [(row.signature, "", row.doc, ", ".join(row.aliases)) for row in ARRAY_ROWS]


def _of_numpy() -> list[tuple[str, ...]]:
    """Those with a derivative; the meaning is the first line of NumPy's own documentation."""
    import numpy as np

    from diffcli.tracing.numpy_functions import DIFFERENTIABLE

    return [(f"np.{name}", "", _first_line(attrgetter(name)(np)), "") for name in DIFFERENTIABLE]


def _first_line(function: object) -> str:
    paragraphs = (getdoc(function) or "").split("\n\n")
    text = next((part for part in paragraphs if "(" not in part.split(" ")[0]), "")
    return " ".join(text.split()).rstrip(".")


KINDS = ("numbers", "arrays", "NumPy")
_ROWS_OF = {"numbers": _of_numbers, "arrays": _of_arrays, "NumPy": _of_numpy}
COLUMNS = ("function", "local partials", "meaning", "also called", "of")
NOTES = (
    "written as operators: + - * / ^ @ and, inside where, < <= > >= == !=",
    "functions of numbers work on arrays element by element",
    "NumPy: in Python functions given to diffcli.grad, diffcli.value_and_grad, …",
)


def function_entry(name: str) -> Entry:
    """One function in full."""
    if name.startswith(PREFIXES):
        return _numpy_entry(name)
    row = CALLABLE.get(name) or ELEMENTWISE.get(name)
    if row is None and (of_arrays := ARRAY_FUNCTIONS.get(name)):
        return _array_entry(of_arrays)
    if row is None:
        return _numpy_entry(name)
    definition = row.definition_graph() if row.definition else None
    fields = {
        "meaning": row.doc,
        **{f"∂/∂{'xyc'[k]}": rule for k, rule in enumerate(rules(row))},
        "LaTeX": "; ".join(rules(row, LATEX)),
        "also called": ", ".join(row.aliases) or "—",
        "not smooth": "; ".join(f"{s.kind} where {s.where}" for s in row.singularities) or "nowhere",
        "sampled from": ", ".join(f"[{low:g}, {high:g}]" for low, high in row.domain),
        "defined as": write(definition, definition.outputs[0], {}, PRETTY) if definition else "a primitive of its own",
    }
    return Entry("ops", _signature(row), fields)


def _array_entry(row: ArrayFunction) -> Entry:
    keywords = ", ".join(f"{name}: {KEYWORDS[kind]}" for name, kind in row.keywords.items())
    return Entry(
        "ops",
        row.signature,
        {"meaning": row.doc, "options": keywords or "none", "also called": ", ".join(row.aliases) or "—"},
    )


def _numpy_entry(name: str) -> Entry:
    """A function of NumPy; the name is one of the table's, whatever else NumPy may have."""
    import numpy as np

    from diffcli.tracing.numpy_functions import DIFFERENTIABLE, FUNCTIONS, SELECTIONS, UNIVERSAL, WITHOUT_SLOPE

    below = next((name.removeprefix(prefix) for prefix in PREFIXES if name.startswith(prefix)), name)
    function = _attribute(np, below) if below in {**UNIVERSAL, **FUNCTIONS, **SELECTIONS} else None
    if function is None:
        near = get_close_matches(name, [*CALLABLE, *ARRAY_FUNCTIONS, *DIFFERENTIABLE], 1)
        near = near or get_close_matches(below, DIFFERENTIABLE, 1)
        hint = f"diffcli ops {near[0]}" if near else "diffcli ops"
        raise UsageError(f"there is no function {name!r} among those with a derivative", hint=hint)
    kind = "first and second" if below in DIFFERENTIABLE else "0 where it is smooth" if below in WITHOUT_SLOPE else ""
    return Entry(
        "ops",
        f"np.{below}",
        {
            "meaning": _first_line(function),
            "derivative": kind or "none: what it returns counts as fixed",
            "used in": "Python functions given to diffcli.grad, diffcli.value_and_grad, …",
        },
    )


def _attribute(module: object, name: str) -> object | None:
    """The function, or None where this version of NumPy has none of that name."""
    try:
        return attrgetter(name)(module)  # type: ignore[no-any-return]
    except AttributeError:
        return None


PREFIXES = ("np.", "numpy.")
KEYWORDS = {
    "axis": "an axis, counted from 0, or from the end with -1",
    "axes": "an axis or several in brackets; all of them by default",
    "sizes": "whole numbers in brackets",
    "flag": "true or false",
}


def _signature(row: Primitive) -> str:
    return f"{row.name}({', '.join('xyc'[: row.arity])})"
