"""What there is: examples, primitives, and what is installed here. Records for `examples`, `ops` and `doctor`."""

import importlib.metadata
import platform
import shutil
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import Any

from diffcli.errors import UsageError
from diffcli.graph.ops import CALLABLE, ELEMENTWISE, OPS
from diffcli.graph.primitive import Primitive
from diffcli.graph.text import LATEX, PRETTY, Style, as_rule, write
from diffcli.language import library
from diffcli.studies.values import SCHEMA


@dataclass(frozen=True)
class Listing:
    """A table of entries: what a command lists."""

    command: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON object: one object for each row."""
        entries = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        return {"schema": SCHEMA, "command": self.command, "entries": entries, "notes": list(self.notes)}


@dataclass(frozen=True)
class Entry:
    """One thing described field by field."""

    command: str
    title: str
    fields: Mapping[str, str]
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON object."""
        return {"schema": SCHEMA, **asdict(self), "fields": dict(self.fields), "notes": list(self.notes)}


def example_list(tag: str | None = None) -> Listing:
    """All examples, or those with a tag."""
    chosen = [entry for entry in library.examples().values() if tag is None or tag in entry.tags]
    if not chosen:
        known = sorted({tag for entry in library.examples().values() for tag in entry.tags})
        raise UsageError(f"no example has the tag {tag!r}", hint=f"the tags are {', '.join(known)}")
    rows = tuple((f"@{entry.name}", entry.title, ", ".join(entry.tags)) for entry in chosen)
    notes = ("diffcli examples NAME shows one; diffcli grad @NAME runs it",)
    return Listing("examples", f"{len(rows)} examples", ("name", "title", "tags"), rows, notes)


def example_entry(name: str) -> Entry:
    """One example in full."""
    entry = library.example(name)
    fields = {
        "text": entry.text,
        "at": entry.at,
        "source": entry.source,
        "tags": ", ".join(entry.tags),
        "teaches": entry.notes,
    }
    return Entry("examples", f"@{name}: {entry.title}", fields, (f"diffcli grad @{name}", f"diffcli trace @{name}"))


def rules(row: Primitive, style: Style = PRETTY) -> tuple[str, ...]:
    """The local partials of a primitive as formulas of its arguments."""
    partials = [row.partial(argument) for argument in range(row.arity)]
    return tuple("0" if p is None else write(p, p.outputs[0], {}, as_rule(style)) for p in partials)


def primitive_list() -> Listing:
    """All primitives that can be called by name, with their rules."""
    rows = tuple(
        (_signature(row), ", ".join(rules(row)), row.doc, ", ".join(row.aliases))
        for row in ELEMENTWISE.values()
        if row.callable
    )
    notes = ("written as operators: + - * / ^ and, inside where, < <= > >= == !=",)
    return Listing(
        "ops", f"{len(rows)} primitives", ("primitive", "local partials", "meaning", "also called"), rows, notes
    )


def primitive_entry(name: str) -> Entry:
    """One primitive in full."""
    row = CALLABLE.get(name) or OPS.get(name)
    if row is None:
        near = get_close_matches(name, list(CALLABLE), 1)
        raise UsageError(f"there is no primitive {name!r}", hint=f"diffcli ops {near[0]}" if near else "diffcli ops")
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


def _signature(row: Primitive) -> str:
    return f"{row.name}({', '.join('xyc'[: row.arity])})"


def installation() -> Listing:
    """Versions, and what the optional parts of diffcli need."""
    packages = ("diffcli", "typer", "rich", "sympy", "mpmath", "numpy", "cupy")
    rows = [("Python", platform.python_version(), sys.executable)]
    rows += [(package, _version(package), "") for package in packages]
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    rows.append(("C compiler", "found" if compiler else "none", compiler or ""))
    rows.append(("output encoding", sys.stdout.encoding or "unknown", ""))
    return Listing("doctor", "what is installed here", ("part", "version", "where"), tuple(rows))


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
