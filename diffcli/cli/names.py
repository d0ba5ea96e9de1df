"""Names in options, such as --wrt x,y or --methods finite,reverse."""

from collections.abc import Mapping, Sequence

from diffcli.errors import UsageError
from diffcli.render.shell import quoted


def chosen_names(
    option: str, text: str | None, what: str, known: Sequence[str], *, short: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """The names in a list such as x,y, each once; all that are known where no list is given; `short` for some."""
    if text is None:
        return tuple(known)
    written = [name.strip() for name in text.split(",") if name.strip()]
    names = [(short or {}).get(name, name) for name in written]
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None or not names:
        wrong = f"there is no {what} {quoted(unknown)}" if unknown is not None else f"no {what} is named"
        raise UsageError(f"{option}: {wrong}", hint=f"the {what}s are {', '.join(known) or 'none'}")
    return tuple(dict.fromkeys(names))
