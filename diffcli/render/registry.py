"""The output formats by name and by suffix, and which screen shows which record: the only place that knows them all."""

from collections.abc import Callable
from importlib import import_module
from typing import IO, Any, Protocol

from diffcli.errors import DiffcliError
from diffcli.render.document import Document, Options

SCREENS = {
    "Study": ("grad", "document", "study_table"),
    "Trace": ("trace", "document", "trace_table"),
    "Comparison": ("compare", "document", "comparison_table"),
    "JacobianStudy": ("jacobian", "document", "jacobian_table"),
    "HessianStudy": ("hessian", "document", "hessian_table"),
    "ProductStudy": ("products", "document", "product_table"),
    "Methods": ("methods", "document", "methods_table"),
    "PathStudy": ("paths", "document", "paths_table"),
    "Descent": ("descend", "document", "descent_table"),
    "CostStudy": ("cost", "document", "cost_table"),
    "DepthStudy": ("depth", "document", "depth_table"),
    "Training": ("train", "document", "training_table"),
    "StepsizeStudy": ("stepsize", "document", "stepsize_table"),
    "Listing": ("catalogue", "listing", "listing_table"),
    "Entry": ("catalogue", "entry", "entry_table"),
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

        return object_text(errors.error_dict(error), ascii_only=options.ascii)
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

    return document_text(document(record, options), ascii_only=options.ascii)


def _json(record: Record, options: Options) -> str:
    from diffcli.render.json import object_text

    return object_text(record.to_dict(), ascii_only=options.ascii)


def _csv(record: Record, options: Options) -> str:
    from diffcli.render import csv

    module, _, name = SCREENS[type(record).__name__]
    source = csv if hasattr(csv, name) else import_module(f"diffcli.render.{module}")
    table: Callable[[Record], csv.Table] = getattr(source, name)
    return csv.table_text(*table(record), ascii_only=options.ascii)


FORMATS: dict[str, Callable[[Record, Options], str]] = {
    "rich": _rich,
    "markdown": _markdown,
    "latex": _latex,
    "json": _json,
    "csv": _csv,
}
