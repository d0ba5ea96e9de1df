"""What a user can get wrong: one error type per kind, each with a place in the text and a hint.

Nothing below the command line prints or exits. A function that cannot do what it was asked raises one of these,
and `diffcli.cli` turns it into a message, a caret under the place, and the exit code.
"""

from typing import ClassVar, NamedTuple


class Place(NamedTuple):
    """The half-open range [start, end) of characters of the user's text that a message points at."""

    start: int
    end: int


class DiffcliError(Exception):
    """Base of every error a user can cause; `kind` is a stable word for programs that read the JSON output."""

    exit_code: ClassVar[int] = 2
    kind: str = "usage"

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        text: str | None = None,
        place: Place | None = None,
        kind: str | None = None,
        correction: str | None = None,
    ) -> None:
        """Keep the parts of the report apart.

        `message` says what is wrong, `hint` how to mend it, `place` where in `text` it is, and `correction` is
        the expression (or the point) the user probably meant, from which the command line builds `command`, the
        corrected command.
        """
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.text = text
        self.place = place
        self.correction = correction
        self.command: str | None = None
        if kind is not None:
            self.kind = kind


class UsageError(DiffcliError):
    """An option, a name or a file that cannot be used as given (exit code 2)."""


class ExpressionError(DiffcliError):
    """The expression cannot be read (exit code 2)."""

    kind = "syntax"


class ShapeError(ExpressionError):
    """Arrays whose shapes do not fit what is done with them (exit code 2)."""

    kind = "shape"


class PointError(DiffcliError):
    """The point does not fit the expression or is not a number (exit code 2)."""

    kind = "point"


class LimitError(DiffcliError):
    """A documented limit on length, nesting, nodes or numbers is exceeded (exit code 2)."""

    kind = "limit"


class FunctionError(DiffcliError):
    """A Python function that cannot be loaded, or not be recorded as it is written (exit code 2)."""

    kind = "function"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        """The rewrite stands in the hint, which tracebacks show too."""
        super().__init__(message, hint=hint)
        if hint:
            self.add_note(f"hint: {hint}")


class LibraryError(DiffcliError):
    """Something needed is not installed or not usable here: an array library, a device (exit code 4)."""

    exit_code = 4
    kind = "library"
