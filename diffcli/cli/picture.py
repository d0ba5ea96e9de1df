"""A record that can be a picture too: the picture goes to its file, the record to the screen as always."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from diffcli.cli.groups import Result
from diffcli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from diffcli.cli.output import Destination
    from diffcli.render.plot import Plot


class Place(NamedTuple):
    """Where a record goes."""

    picture: Path | None
    screen: "Destination"

    def write(self, record: Any, plots: "Callable[[Any], Sequence[Plot]]", digits: int | None) -> None:
        """Write it there; where there is nothing to plot no picture is written."""
        from diffcli.cli.output import show, write_whole
        from diffcli.render.document import Options

        if self.picture is not None and (found := plots(record)):
            from diffcli.render.plot_picture import picture

            write_whole(picture(found, self.picture.suffix.lower()), self.picture)
        show(record, self.screen, Options(digits=digits))


def place(result: Result) -> Place:
    """Decide by --format and --output, before the work: a picture needs its folder and matplotlib."""
    from diffcli.cli.output import destination
    from diffcli.render.plot_picture import SUFFIXES, require_matplotlib
    from diffcli.render.shell import quoted

    output = result.output
    if output is None or output.suffix.lower() not in SUFFIXES:
        return Place(None, destination(result, SUFFIXES))
    if not output.parent.is_dir():
        raise UsageError(f"cannot write {quoted(str(output))}: its folder does not exist", kind="file")
    require_matplotlib()
    return Place(output, destination(replace(result, output=None)))
