"""The output formats by name and by suffix, and which screen shows which record: the only place that knows them all."""

from collections.abc import Callable
from importlib import import_module
from typing import IO, Any, Protocol

from diffcli.errors import DiffcliError
from diffcli.render.document import Document, Options

SCREENS = {
    "Study": ("grad", "document", "study_text"),
    "Trace": ("trace", "document", "trace_text"),
    "Comparison": ("compare", "document", "comparison_text"),
    "Listing": ("catalogue", "listing", "listing_text"),
    "Entry": ("catalogue", "entry", "entry_text"),
}
"""For each kind of record the module and function that make its document, and its table of comma-separated values."""
SUFFIXES = {".md": "markdown", ".tex": "latex", ".json": "json", ".csv": "csv", ".txt": "rich"}


class Record(Protocol):
    """What a command computes."""

    def to_dict(self) -> dict[str, Any]:
        """Its JSON object."""
        ...


def document(record: Record, options: Options) -> Document:
    """What a screen says about a record."""
    module, function, _ = SCREENS[type(record).__name__]
    result: Document = getattr(import_module(f"diffcli.render.{module}"), function)(record, options)
    return result


def render(record: Record, form: str, options: Options) -> str:
    """A record as text in one of the formats."""
    return FORMATS[form](record, options)


def show(record: Record, file: IO[str], options: Options) -> None:
    """Write a record to a terminal, in colour where the options say so."""
    from diffcli.render.terminal import print_document

    print_document(document(record, options), file, options)


def error_text(error: DiffcliError, form: str, options: Options) -> str:
    """An error as text: JSON for `json`, else as a person reads it, without colour."""
    from diffcli.render import errors

    if form == "json":
        from diffcli.render.json import object_text

        return object_text(errors.error_dict(error))
    from diffcli.render.terminal import document_text

    return document_text(errors.document(error), options)


def _rich(record: Record, options: Options) -> str:
    from diffcli.render.terminal import document_text

    return document_text(document(record, options), options)


def _markdown(record: Record, options: Options) -> str:
    from diffcli.render.ascii import in_ascii
    from diffcli.render.markdown import document_text

    shown = document(record, options)
    return document_text(in_ascii(shown) if options.ascii else shown)


def _latex(record: Record, options: Options) -> str:
    from diffcli.render.latex import document_text

    return document_text(document(record, options))


def _json(record: Record, _options: Options) -> str:
    from diffcli.render.json import object_text

    return object_text(record.to_dict())


def _csv(record: Record, _options: Options) -> str:
    writer: Callable[[Record], str] = getattr(import_module("diffcli.render.csv"), SCREENS[type(record).__name__][2])
    return writer(record)


FORMATS: dict[str, Callable[[Record, Options], str]] = {
    "rich": _rich,
    "markdown": _markdown,
    "latex": _latex,
    "json": _json,
    "csv": _csv,
}
