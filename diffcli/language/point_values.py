"""The value of one variable in a point: a number or an expression without variables, nested lists, a file."""

import re
from typing import NamedTuple

from diffcli.errors import DiffcliError, LimitError, Place, PointError
from diffcli.language.array_value import ArrayValue
from diffcli.language.characters import shown
from diffcli.language.limits import Limits
from diffcli.language.reading import parse
from diffcli.language.values import Rational, decimal, evaluate

PLAIN = re.compile(r"\s*([+-]?)([0-9]{1,15}(?:\.[0-9]{0,15})?(?:[eE][+-]?[0-9]{1,3})?)\s*", re.ASCII)
SIGNS = re.compile(r"\s*[-+\u2212]\s*[-+\u2212]")
NOT_FINITE = frozenset(("nan", "inf", "infinity", "oo", "zoo", "none", "true", "false"))


class PointValue(NamedTuple):
    """The value of one variable: as typed, and as the double or the array that the methods compute with."""

    name: str
    text: str
    value: float | ArrayValue
    exact: bool = True
    """Whether the doubles are exactly what was typed; 0.1 is not."""
    place: Place | None = None
    """Where the value stands in its text."""
    note: str = ""


def read_value(name: str, text: str, start: int, limits: Limits) -> PointValue:
    """Read one value: a list, a file or a number."""
    stripped = text.lstrip()
    if stripped.startswith("["):
        return _listed(name, text, start, limits)
    if stripped.startswith("@"):
        return _loaded(name, text, start, limits)
    return _number(name, text, start, limits)


def _listed(name: str, text: str, start: int, limits: Limits) -> PointValue:
    """An array written as nested lists."""
    from diffcli.language.lists import ListReader

    inexact: list[bool] = []
    notes: dict[str, None] = {}

    def number(piece: str, at: int) -> float:
        read = _number(name, piece, at, limits)
        assert isinstance(read.value, float)
        if not read.exact:
            inexact.append(True)
        if read.note:
            notes[read.note] = None
        return read.value

    value = ListReader(name, text, start, number).read()
    limits.check("elements", len(value.elements), f"the value of '{name}' has {len(value.elements)} elements")
    place = Place(start, start + len(text))
    return PointValue(name, text, value, not inexact, place, "; ".join(list(notes)[:3]))


def _loaded(name: str, text: str, start: int, limits: Limits) -> PointValue:
    """The array in a file; its text is all that is typed, so that its doubles are what is meant."""
    from diffcli.language.files import read_file

    place, file = Place(start, start + len(text)), text.strip().removeprefix("@").strip()
    if not file:
        raise PointError(f"the file for '{name}' is missing", place=place, hint=f"for example {name}=@data.npy")
    try:
        return PointValue(name, text, read_file(file, limits), exact=True, place=place)
    except PointError as error:
        message = f"the file '{shown(file[:80])}' for '{name}' cannot be used: {error.message}"
        raise PointError(message, hint=error.hint, place=place) from None
    except LimitError as error:
        error.place = place
        raise


def _number(name: str, text: str, start: int, limits: Limits) -> PointValue:
    """Read and round one number."""
    place = Place(start, start + len(text))
    plain = PLAIN.fullmatch(text)
    if plain:
        typed = decimal(plain[2])
        value = float(plain[1] + plain[2])
        if abs(value) != float("inf"):
            return PointValue(name, text, value, _is_exact(typed, abs(value)), place, _underflow(text, typed, value))
    if SIGNS.match(text):
        raise PointError(f"'{shown(text.strip()[:40])}' has two signs", place=place, hint=f"for example {name}=-1")
    try:
        return _computed(name, text, place, limits)
    except DiffcliError as error:
        inner = error.place
        error.place = Place(start + inner.start, start + inner.end) if inner else place
        raise PointError(
            f"the value of '{name}' cannot be read: {error.message}", hint=error.hint, place=error.place
        ) from None


def _computed(name: str, text: str, place: Place, limits: Limits) -> PointValue:
    """The value of an expression without variables."""
    reading = parse(text, (), limits)
    graph = reading.graph
    words = reading.variables
    if words:
        what = "is not a finite number" if words[0].lower() in NOT_FINITE else "is not a number"
        raise PointError(f"'{words[0]}' {what}", place=graph.places[graph.inputs[0]], hint=f"for example {name}=pi/2")
    if len(graph.outputs) != 1 or graph.names or "=" in text:
        raise PointError("one value is expected", hint="values are separated by commas: x=2,y=3")
    try:
        value, exact = evaluate(graph)
    except ZeroDivisionError:
        raise PointError("it divides by 0") from None
    except OverflowError:
        raise PointError("it is too large for double precision", hint="the largest is about 1.8e308") from None
    except ValueError:
        raise PointError("it is not a real number") from None
    literal = graph.nodes[graph.outputs[0]].literal
    note = _underflow(text, decimal(literal), value) if literal not in ("", "pi", "e") else ""
    return PointValue(name, text, value, exact, place, note)


def _is_exact(typed: Rational, value: float) -> bool:
    numerator, denominator = value.as_integer_ratio()
    return numerator * typed.denominator == typed.numerator * denominator


def _underflow(text: str, typed: Rational, value: float) -> str:
    return f"{shown(text.strip()[:40])} is 0 in double precision" if value == 0 and typed.numerator else ""
