"""Lists of numbers such as [[1, 2], [3, pi/2]], nested to any depth, to arrays; nothing here is recursive."""

import re
from array import array
from collections.abc import Callable

from diffcli.errors import Place, PointError
from diffcli.graph.shapes import Shape, shown
from diffcli.language.array_value import MOST_AXES, ArrayValue

MARK = re.compile(r"[\[\](),]")
SIDE_BY_SIDE = re.compile(r"\s*[-+]?[0-9.]+(\s+[-+]?[0-9.]+)+\s*", re.ASCII)

Number = Callable[[str, int], float]
"""Reads one number from its text and where that begins."""


class _Open:
    """A list that is not closed yet."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.length = 0
        self.inner: Shape | None = None
        """The shape of its first element, which all others must have."""


class ListReader:
    """Reads the list that stands for the value of one name."""

    def __init__(self, name: str, text: str, start: int, number: Number) -> None:
        """`start` is where `text` begins in the whole point."""
        self.name, self.text, self.start, self.number = name, text, start, number
        self.elements = array("d")
        self.open: list[_Open] = []

    def read(self) -> ArrayValue:
        """The array; errors have their place in the whole point."""
        at, parentheses, after_list = 0, 0, False
        for mark in MARK.finditer(self.text):
            sign = mark[0]
            parentheses += (sign == "(") - (sign == ")")
            if sign in "()" or parentheses > 0:
                continue
            piece, before, at = self.text[at : mark.start()], at, mark.end()
            if sign == "[":
                self._begin(piece, mark.start(), after_list=after_list)
                continue
            if not after_list:
                self._element(piece, before, mark.start())
            elif piece.strip():
                raise self._error("a comma is missing after this list", before, mark.start())
            after_list = sign == "]"
            if after_list and (shape := self._end(at)):
                self._check_rest(at)
                return ArrayValue(shape, self.elements)
        first = self.open[-1].start
        raise self._error("this bracket is never closed", first, first + 1, hint="add ]")

    def _begin(self, piece: str, at: int, *, after_list: bool) -> None:
        if piece.strip() or after_list:
            raise self._error("a comma is missing before this bracket", at, at + 1)
        if len(self.open) == MOST_AXES:
            raise self._error(f"more than {MOST_AXES} lists stand in each other", at, at + 1)
        self.open.append(_Open(at))

    def _element(self, piece: str, start: int, end: int) -> None:
        if not piece.strip():
            is_empty = self.text[end] == "]" and not self.open[-1].length
            what = "this list is empty" if is_empty else "a number is missing here"
            raise self._error(what, max(start - 1, 0), end + 1, hint=f"for example {self.name}=[1,2,3]")
        if SIDE_BY_SIDE.fullmatch(piece):
            raise self._error("a comma is missing between these numbers", start, end)
        self.elements.append(self.number(piece, self.start + start))
        self._check_shape((), start, end)

    def _end(self, at: int) -> Shape | None:
        """Close the innermost list; the shape of the whole when that was the last."""
        done = self.open.pop()
        assert done.inner is not None
        shape = (done.length, *done.inner)
        if not self.open:
            return shape
        self._check_shape(shape, done.start, at)
        return None

    def _check_shape(self, shape: Shape, start: int, end: int) -> None:
        whole = self.open[-1]
        whole.length += 1
        if whole.inner is None:
            whole.inner = shape
        if whole.inner == shape:
            return
        if not shape or not whole.inner:
            message = "numbers and lists stand side by side in one list"
        elif len(shape) == len(whole.inner) == 1:
            message = f"the rows have different lengths: {whole.inner[0]} and {shape[0]}"
        else:
            message = f"the lists in this list have different shapes: {shown(whole.inner)} and {shown(shape)}"
        raise self._error(message, start, end, hint="for example [[1,2],[3,4]]: every row has the same length")

    def _check_rest(self, at: int) -> None:
        if self.text[at:].strip():
            hint = "values are separated by commas: x=[1,2],y=3"
            raise self._error("nothing may follow a list", at, len(self.text), hint=hint)

    def _error(self, message: str, start: int, end: int, hint: str | None = None) -> PointError:
        place = Place(self.start + start, self.start + end)
        return PointError(f"the value of '{self.name}' cannot be read: {message}", place=place, hint=hint)
