"""The main data of a record as a flat table of comma-separated values, one header line, raw numbers."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from diffcli.graph.layout import element_names
from diffcli.render.ascii import ascii_text
from diffcli.render.document import printable

if TYPE_CHECKING:
    from diffcli.studies.catalogue import Entry, Listing
    from diffcli.studies.compare import Comparison
    from diffcli.studies.records import Component, MethodResult, OutputStudy, Study
    from diffcli.studies.rows import AdjointRow
    from diffcli.studies.trace import Trace

Cell = str | float | int | bool | None
Table = tuple[Sequence[str], Iterable[Sequence[Cell]]]
"""The names of the columns, and the rows."""
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
STUDY_HEADER = (
    "output", "variable", "method", "status", "derivative", "absolute_error", "relative_error", "ulps", "digits",
    "within", "absolute_tolerance", "relative_tolerance", "function_evaluations", "sweeps", "operations",
    "prepare_seconds", "evaluate_seconds", "relative_time",
)  # fmt: skip
TRACE_HEADER = ("trace", "of", "name", "operation", "from", "local", "contribution", "accumulated", "value")
COMPARISON_HEADER = (
    "name", "expression", "method", "points", "judged", "agreed", "worst_relative_error", "median_digits",
    "function_evaluations", "sweeps", "operations", "prepare_seconds", "median_seconds", "spread", "minimum_seconds",
    "relative_to_f", "relative_to_fastest", "gave_up",
)  # fmt: skip


def table_text(header: Sequence[str], rows: Iterable[Sequence[Cell]], *, ascii_only: bool = False) -> str:
    """The table as CSV; a spreadsheet never takes a cell for a formula."""
    written = ascii_text if ascii_only else str
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(map(written, header))
    writer.writerows([defused(written(cell) if isinstance(cell, str) else cell) for cell in row] for row in rows)
    return stream.getvalue()


def defused(cell: Cell) -> str:
    """The cell as text; one that would begin a formula in a spreadsheet is quoted by an apostrophe."""
    if not isinstance(cell, str):
        return "" if cell is None else str(cell).lower() if isinstance(cell, bool) else repr(cell)
    text = printable(cell)
    is_formula = text.lstrip()[:1] in ("=", "+", "-", "@", "|", "%") and not NUMBER.fullmatch(text)
    return f"'{text}" if is_formula else text


def study_table(study: "Study") -> Table:
    """One row for each output, variable and method, the judge first."""
    return STUDY_HEADER, (row for output in study.outputs for row in _output_rows(output, study.elements))


def _output_rows(output: "OutputStudy", variables: Sequence[str]) -> Iterator[Sequence[Cell]]:
    for index, variable in enumerate(variables):
        slope = output.reference.slopes[index]
        yield (output.name, variable, "judge", slope.status, slope.value, *[None] * (len(STUDY_HEADER) - 5))
        for method in output.methods:
            component = method.components[index] if method.components else None
            yield (output.name, variable, method.method, method.status, *_accuracy(component), *_costs(method))


def _accuracy(component: "Component | None") -> tuple[Cell, ...]:
    if component is None:
        return (None,) * 8
    error, limits = component.error, component.tolerance
    errors = (error.absolute, error.relative, error.ulps, error.digits) if error else (None,) * 4
    return (component.value, *errors, component.within, limits and limits.absolute, limits and limits.relative)


def _costs(method: "MethodResult") -> tuple[Cell, ...]:
    cost = method.cost
    counts = (cost.function_evaluations, cost.sweeps, cost.operations) if cost else (None,) * 3
    return (*counts, method.prepare_seconds, method.timing.median if method.timing else None, method.relative_time)


def trace_table(trace: "Trace") -> Table:
    """One row for each row of each trace."""
    return TRACE_HEADER, _trace_rows(trace)


def _trace_rows(trace: "Trace") -> Iterator[Sequence[Cell]]:
    for row in (*trace.inputs, *trace.primal, *trace.outputs):
        for name, value in _elements(row.name, row.value):
            yield ("primal", None, name, row.operation, None, None, None, None, value)
    for output, steps in zip(trace.output_names, trace.adjoint, strict=False):
        for step in steps:
            for (name, value), local, contribution in zip(
                _elements(step.name, step.value), _locals(step), _parts(step), strict=True
            ):
                parts = (step.source, local, contribution, step.accumulated)
                yield ("adjoint", output, name, step.operation, *parts, value)
    for seed, rows in trace.tangent.items():
        for row in rows:
            for name, value in _elements(row.name, row.value):
                yield ("tangent", seed, name, row.operation, None, None, None, None, value)
    yield from _joined_rows(trace)


def _joined_rows(trace: "Trace") -> Iterator[Sequence[Cell]]:
    """The local partials and the sums at the cuts, where both modes are joined."""
    for node in trace.both.nodes if trace.both else ():
        for local in node.locals:
            for name, value in _elements(local.name, local.value) if local.value is not None else ():
                yield ("local", node.name, name, local.rule, local.target, None, None, None, value)
    for one in trace.both.invariants if trace.both else ():
        for cut in one.cuts:
            of = f"{one.output}, {one.seed}"
            yield ("cut", of, cut.after, " ".join(cut.crossing), None, None, None, None, cut.total)


def _elements(name: str, value: Any) -> list[tuple[str, float]]:
    """A number under its name, or the elements of an array under theirs."""
    if not hasattr(value, "shape"):
        return [(name, value)]
    return list(zip(element_names(name, value.shape), value.reshape(-1).tolist(), strict=True))


def _locals(step: "AdjointRow") -> Sequence[float | None]:
    """The local partial of each element of the adjoint; none where it has another shape."""
    if getattr(step.local, "shape", ()) == getattr(step.value, "shape", ()):
        return [value for _, value in _elements("", step.local)]
    return [step.local if isinstance(step.local, float) else None] * getattr(step.value, "size", 1)


def _parts(step: "AdjointRow") -> Sequence[float | None]:
    """What the step contributes to each element of the adjoint."""
    if step.contribution is None:
        return [None] * getattr(step.value, "size", 1)
    return [value for _, value in _elements("", step.contribution)]


def comparison_table(comparison: "Comparison") -> Table:
    """One row for each expression and method."""
    return COMPARISON_HEADER, _comparison_rows(comparison)


def _comparison_rows(comparison: "Comparison") -> Iterator[Sequence[Cell]]:
    for case in comparison.cases:
        for s in (*case.methods, *case.peers):
            cost, timing = s.cost, s.timing
            counts = (cost.function_evaluations, cost.sweeps, cost.operations) if cost else (None,) * 3
            times = (timing.median, timing.spread, timing.minimum) if timing else (None,) * 3
            yield (
                case.name, case.expression, s.method, case.points, s.judged, s.agreed, s.worst_relative,
                s.median_digits, *counts, s.prepare_seconds, *times, s.relative_time, s.relative_to_fastest, s.gave_up,
            )  # fmt: skip


def listing_table(listing: "Listing") -> Table:
    """One row for each entry."""
    return listing.columns, listing.rows


def entry_table(entry: "Entry") -> Table:
    """One row for each field."""
    return ("field", "value"), entry.fields.items()
