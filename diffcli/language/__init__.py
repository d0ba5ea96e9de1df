"""What users type, read into graphs and points; nothing is evaluated and nothing is printed here.

Reading order: `reading` (the front door), `tokens` (with `characters` and `latex` before it), `precedence`, `stacks`,
`brackets` and `expression` (the grammar), `program` and `scope`. `array_functions` is the table of functions of arrays,
`arrays` and `indices` what else is special to them. `mistakes` and `array_mistakes` hold the errors, `lookahead` what
depends on what follows, `points` the values of variables (with `lists`, `files` and `npy`), `library` the examples.
"""

from diffcli.language.limits import DEFAULT, Limits, parse_limits
from diffcli.language.reading import Reading, parse

__all__ = ["DEFAULT", "Limits", "Reading", "parse", "parse_limits"]
