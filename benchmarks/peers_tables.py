"""The tables of the benchmark against peers, in Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

from peers_rounds import WRONG, Result

UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def heading(facts: Mapping[str, Any]) -> str:
    """The machine, and who is missing."""
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    lines = [
        f"{facts['processor']}, {facts['cores']} cores; Python {facts['python']}; {versions}; {facts['date']}.",
        "",
    ]
    lines += [f"{name} is not installed: `{command}`." for name, command in facts["not installed"].items()]
    return "\n".join(lines)


def table(
    title: str, columns: Sequence[str], results: Sequence[Mapping[str, Result]], limits: Mapping[str, float]
) -> str:
    """One row for each candidate; the first one has times, the others ratios to it."""
    names = list(results[0])
    lines = [f"**{title}**", "", f"| | {' | '.join(columns)} | aim | worst error | first result |"]
    lines.append(f"|:---|{'---:|' * len(columns)}---:|---:|---:|")
    notes = []
    for name in names:
        row = [one[name] for one in results]
        cells = [_cell(one, is_reference=name == names[0]) for one in row]
        lines.append(
            f"| {name} | {' | '.join(cells)} | {_aim(limits.get(name), row)} | {_error(row)} | {_first(row)} |"
        )
        notes += [f"{name}, {column}: {one.problem}." for column, one in zip(columns, row, strict=True) if one.problem]
    return "\n".join([*lines, "", *dict.fromkeys(notes), *[""] * bool(notes)])


def _cell(result: Result, *, is_reference: bool) -> str:
    if result.problem or result.ratio is None or result.seconds is None:
        return "—"
    if is_reference:
        return f"{time(result.seconds)} ({time(result.low)} … {time(result.high)})"
    median, low, high = (_rounded(number) for number in result.ratio)
    return f"{median} ({low} … {high})"


def _rounded(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 9.995 else f"{ratio:.1f}" if ratio < 99.95 else f"{ratio:.0f}"


def time(seconds: float | None) -> str:
    """Three digits and a unit."""
    if seconds is None:
        return ""
    size, unit = next((one for one in UNITS if seconds >= one[0]), UNITS[-1])
    return f"{seconds / size:.3g} {unit}"


def _aim(limit: float | None, row: Sequence[Result]) -> str:
    if limit is None:
        return ""
    met = all(one.ratio is not None and one.ratio[0] >= limit for one in row if not one.problem)
    return (
        f"≥ {limit:.2g}" + ("" if met else ", **not met**")
        if limit < 100
        else f"≥ {limit:.0f}" + ("" if met else ", **not met**")
    )


def _error(row: Sequence[Result]) -> str:
    known = [one.error for one in row if one.error is not None]
    if not known:
        return ""
    return f"**wrong: {max(known):.0e}**" if max(known) > WRONG else f"{max(known):.0e}"


def _first(row: Sequence[Result]) -> str:
    known = [one.first for one in row if one.first is not None]
    return time(max(known)) if known else ""
