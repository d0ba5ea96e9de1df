"""What there is: examples, and what is installed here. Records for `examples` and `doctor`, and the form of `ops`."""

import importlib.metadata
import platform
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from diffcli.errors import LibraryError, UsageError
from diffcli.execute.array_library import usable
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


def installation() -> Listing:
    """Versions, and what the optional parts of diffcli need."""
    packages = ("diffcli", "typer", "rich", "sympy", "mpmath", "numpy", "cupy")
    rows = [("Python", platform.python_version(), sys.executable)]
    rows += [(package, _version(package), "") for package in packages]
    rows += [(f"arrays by {name}", usable(name) or "not usable", "") for name in ("numpy", "cupy")]
    rows += _compiler_rows()
    rows.append(("output encoding", sys.stdout.encoding or "unknown", ""))
    return Listing("doctor", "what is installed here", ("part", "version", "where"), tuple(rows))


def _compiler_rows() -> list[tuple[str, str, str]]:
    """Whether programs at many points can run as C, and where they are kept."""
    from diffcli.execute import c_cache
    from diffcli.execute.c_compiler import found
    from diffcli.execute.c_vectors import toolchain

    place = str(c_cache.directory())
    try:
        command = " ".join(found())
    except LibraryError as problem:
        return [("C compiler", "none", problem.message), ("compiled programs", "", place)]
    try:
        usable = f"usable, {len(toolchain().vectors)} functions in vectors"
    except (LibraryError, OSError) as problem:
        usable = f"not usable: {str(problem)[:100]}"
    return [("C compiler", usable, command), ("compiled programs", "", place)]


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
