"""What two runs of a command have in common: everything that is printed but the timings.

A number is a timing if it carries a unit of time, or stands in a column whose header is one of `TIMED`. As timings are
wider or narrower from run to run, the space between two cells of a table and the length of a rule count for nothing
either.
"""

import re

TIMED = frozenset({"prepare", "one gradient", "median", "±", "minimum", "× f", "× fastest"})
AMOUNT = r"\d[\d.]*(?:e[+-]?\d+)?"
DURATION = re.compile(rf"(?<![\w.]){AMOUNT} (?:ns|µs|ms|s)\b")
TIMING = re.compile(rf"{AMOUNT}(?: (?:ns|µs|ms|s|%))?")
CELL = re.compile(r"[^\s|]+(?: [^\s|]+)*")
RULE = re.compile(r"\s*─+|\|[-:|]+\|")


def masked(text: str) -> str:
    """The text with # for every timing, whatever its width; every other character stays."""
    timed: frozenset[int] = frozenset()
    was_header = False
    lines = []
    for line in text.splitlines():
        found = cells(line)
        header = frozenset(key for key, cell in found if cell[0] in TIMED)
        if header or (RULE.fullmatch(line) and not was_header):
            timed = header
        for key, cell in reversed(found):
            if key in timed and TIMING.fullmatch(cell[0]):
                line = f"{line[: cell.start()]}#{line[cell.end() :]}"  # noqa: PLW2901 - from right to left
        was_header = bool(header)
        lines.append(re.sub(r"─+", "─", re.sub(r" {2,}", "  ", DURATION.sub("#", line))))
    return "\n".join(lines)


def cells(line: str) -> list[tuple[int, re.Match[str]]]:
    """The cells of a line with the column they belong to: by number in Markdown, else by their right edge."""
    is_markdown = line.startswith("|")
    return [(line.count("|", 0, m.start()) if is_markdown else m.end(), m) for m in CELL.finditer(line)]
