"""Words as one would type them in a shell."""

import re
import shlex

from diffcli.render.document import printable

PLAIN_WORD = re.compile(r"[\w@%+=:,./-]+")


def quoted(word: str) -> str:
    """The word in the quotes it needs: double ones where the shell leaves everything between them alone."""
    clean = printable(word)
    if PLAIN_WORD.fullmatch(clean):
        return clean
    return shlex.quote(clean) if re.search(r'["$`\\!]', clean) or not clean else f'"{clean}"'
