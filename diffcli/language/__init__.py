"""What users type, read into graphs and points; nothing is evaluated and nothing is printed here.

Reading order: `reading` (the front door), `tokens` (with `characters` and `latex` before it), `precedence` and
`expression` (the grammar), `program` and `scope`. `mistakes` holds the errors, `lookahead` what depends on what
follows, `points` the values of variables, `library` the worked examples.
"""

from diffcli.language.limits import DEFAULT, Limits, parse_limits
from diffcli.language.reading import Reading, parse

__all__ = ["DEFAULT", "Limits", "Reading", "parse", "parse_limits"]
