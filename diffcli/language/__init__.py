"""What users type, read into graphs and points; nothing is evaluated and nothing is printed here.

Reading order: `tokens` (with `characters` and `latex` before it), `expression` (the grammar), `program`, `reading`.
"""

from diffcli.language.limits import DEFAULT, Limits, parse_limits
from diffcli.language.reading import Reading, parse

__all__ = ["DEFAULT", "Limits", "Reading", "parse", "parse_limits"]
