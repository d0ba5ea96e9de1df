"""Checkpoints: a training as a file that is whole at any moment, and goes on to the same numbers, bit for bit."""

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import Any

from diffcli.errors import UsageError
from diffcli.learn.archive import Archive
from diffcli.learn.progress import Progress, as_text
from diffcli.whole_file import whole_file

FORMAT = "diffcli checkpoint 1"
MAY_DIFFER = frozenset(("epochs",))
"""Options that may be others when a training goes on."""


class Checkpoint:
    """A file that holds the last state of a training; written again when the last writing is some seconds ago."""

    def __init__(self, path: Path, options: Mapping[str, Any], seconds: float) -> None:
        """Nothing is written yet."""
        self.path, self.options, self.seconds = path, dict(options), seconds
        self._last = monotonic()

    def is_due(self) -> bool:
        """Whether it is time to write again."""
        return monotonic() - self._last >= self.seconds

    def write(self, progress: Progress) -> None:
        """Write the state, whole or not at all: the file is either the new one or the old one."""
        import numpy as np

        stream = io.BytesIO()
        header = as_text({"format": FORMAT, "options": self.options})
        np.savez(stream, header=header, **progress.to_arrays())
        try:
            with whole_file(self.path) as file:
                file.write(stream.getbuffer())
        except OSError as problem:
            raise UsageError(f"cannot write the checkpoint '{self.path}': {problem.strerror}", kind="file") from None
        self._last = monotonic()


def read_checkpoint(path: Path, options: Mapping[str, Any]) -> dict[str, Any]:
    """The arrays of a checkpoint that was made with the same options; raises UsageError where it was not."""
    try:
        with Archive(path) as archive:
            header = json.loads(archive.array("header").tobytes().decode())
            arrays = {name: archive.array(name) for name in archive.names}
            known = _options_of(header)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is no checkpoint of diffcli, or damaged"
        raise UsageError(
            f"cannot resume from '{path}': {reason}", hint="--checkpoint takes a new file, or one it wrote", kind="file"
        ) from None
    others = {name: (known.get(name), value) for name, value in options.items() if known.get(name) != value}
    others = {name: pair for name, pair in others.items() if name not in MAY_DIFFER}
    if others:
        listed = "; ".join(f"{_option(name)} {_short(was)}, not {_short(now)}" for name, (was, now) in others.items())
        raise UsageError(
            f"'{path}' is of another training: it has {listed}", hint="the same options, or another file", kind="file"
        )
    return arrays


def _options_of(header: Any) -> dict[str, Any]:
    """The options in a header; raises KeyError or TypeError where it is none of ours."""
    if header["format"] != FORMAT or not isinstance(header["options"], dict):
        raise TypeError
    return dict(header["options"])


def _option(name: str) -> str:
    """As the command line calls it."""
    return name if name in ("network", "program", "data", "shares") else f"--{name.replace('_', '-')}"


def _short(value: Any) -> str:
    text = str(value).replace("\n", " ")
    return text if len(text) <= 40 else f"{text[:39]}…"
