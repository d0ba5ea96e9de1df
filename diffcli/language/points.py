"""Points: texts such as "x=2, y=pi/2" to values, and values matched to the variables of an expression."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from diffcli.errors import DiffcliError, ExpressionError, LimitError, Place, PointError
from diffcli.graph.shapes import Shape
from diffcli.language.array_value import ArrayValue
from diffcli.language.characters import describe, shown, spell
from diffcli.language.limits import DEFAULT, Limits
from diffcli.language.reading import Reading, parse
from diffcli.language.suggestions import nearest
from diffcli.language.tokens import END, NAME, tokenize
from diffcli.language.values import Rational, decimal, evaluate

PLAIN = re.compile(r"\s*([+-]?)([0-9]{1,15}(?:\.[0-9]{0,15})?(?:[eE][+-]?[0-9]{1,3})?)\s*", re.ASCII)
SIGNS = re.compile(r"\s*[-+\u2212]\s*[-+\u2212]")
NOT_FINITE = frozenset(("nan", "inf", "infinity", "oo", "zoo", "none", "true", "false"))
LOOKALIKES = frozenset("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧοντυρχικ")
"""Greek letters that are taken for Latin ones."""
OPENING, CLOSING = frozenset("([{"), frozenset(")]}")


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


def parse_point(texts: Sequence[str], limits: Limits = DEFAULT) -> dict[str, PointValue]:
    """The values by name of one or several texts such as "x=2, y=pi/2"."""
    point: dict[str, PointValue] = {}
    for text in texts:
        try:
            limits.check("length", len(text), f"the point has {len(text)} characters")
            for value in _values(text, limits):
                if value.name in point:
                    raise PointError(
                        f"'{value.name}' is given twice", place=value.place, hint="give one value per name"
                    )
                point[value.name] = value
        except DiffcliError as error:
            error.text = text
            raise
    return point


def point_shapes(point: Mapping[str, PointValue]) -> dict[str, Shape]:
    """The shapes of the arrays among the values, by name, as `parse` takes them."""
    return {name: given.value.shape for name, given in point.items() if isinstance(given.value, ArrayValue)}


def match_point(reading: Reading, point: Mapping[str, PointValue]) -> tuple[float | ArrayValue, ...]:
    """The values in the order of the expression's variables; missing and unused names are errors."""
    variables = reading.variables
    missing = [name for name in variables if name not in point]
    unused = [name for name in point if name not in variables]
    if missing:
        raise _missing(missing, unused, reading, point)
    if unused:
        name = unused[0]
        guess = nearest(name, variables)
        if guess:
            hint = f"did you mean {guess}?"
        else:
            hint = f"the variables are {', '.join(variables)}" if variables else "the expression has no variables"
        raise PointError(
            f"'{shown(name)}' is given a value but is no variable of the expression",
            hint=hint,
            correction=_proposal(variables, point),
        )
    return tuple(point[name].value for name in variables)


def _missing(missing: list[str], unused: list[str], reading: Reading, point: Mapping[str, PointValue]) -> PointError:
    name = missing[0]
    graph = reading.graph
    place = next((graph.places[p] for p in graph.inputs if graph.nodes[p].literal == name), None)
    guess = nearest(name, unused)
    if guess:
        hint: str | None = f"a value is given for {guess}"
    elif name.lower() in NOT_FINITE:
        hint = f"{name} is an ordinary name here, and nothing that is not a finite number can be computed with"
    elif (letter := name.rstrip("0123456789")) != name and letter in unused:
        hint = (
            f"{name} is one name; a product is {letter}*{name[len(letter) :]}, a power {letter}^{name[len(letter) :]}"
        )
    else:
        hint = None
    names = ", ".join(_described(one) for one in missing[:8]) + (", …" if len(missing) > 8 else "")
    return PointError(
        f"no value is given for {names}",
        hint=hint,
        text=reading.text,
        place=place,
        correction=_proposal(reading.variables, point),
    )


def _described(name: str) -> str:
    """A name with the code points of letters that look like others."""
    foreign = [describe(character) for character in name if character in LOOKALIKES]
    return f"{name} [{', '.join(foreign[:2])}]" if foreign else name


def _proposal(variables: Collection[str], point: Mapping[str, PointValue]) -> str | None:
    """A point for all variables: the values given, where a name is meant by another its value, else 1, 2, and so on."""
    if not variables:
        return None
    spare = [name for name in point if name not in variables]
    parts = []
    for number, name in enumerate(variables, start=1):
        guess = name if name in point else nearest(name, spare)
        parts.append(f"{name}={point[guess].text.strip() if guess else number}")
        spare = [other for other in spare if other != guess]
    return ",".join(parts)


def _values(text: str, limits: Limits) -> Iterator[PointValue]:
    before: PointValue | None = None
    for start, end in _pieces(text):
        piece = text[start:end]
        name, equals, value = piece.partition("=")
        place = Place(start, end)
        if not equals:
            raise _no_value(text, place, before)
        middle = start + len(name) + 1
        before = _value(_name(name, start), value, middle, limits)
        yield before


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """The ranges between commas that stand outside brackets."""
    depth = start = 0
    for at, character in enumerate(text):
        depth += (character in OPENING) - (character in CLOSING)
        if character == "," and depth <= 0:
            yield start, at
            start = at + 1
    yield start, len(text)


def _no_value(text: str, place: Place, before: PointValue | None) -> PointError:
    piece = text[place.start : place.end].strip()
    if not piece:
        return PointError("a name and its value are missing", place=place, hint="for example x=2,y=3")
    if before is not None and piece.isdecimal() and before.text.strip().lstrip("+-").isdecimal():
        merged = f"{before.name}={before.text.strip()}.{piece}"
        return PointError("a decimal comma cannot be read", place=place, hint=f"write a point: {merged}")
    return PointError(f"'{shown(piece[:40])}' is no name with a value", place=place, hint="for example x=2,y=3")


def _name(text: str, start: int) -> str:
    """The one name before the equals sign, spelled as in expressions (x₁ is x_1)."""
    try:
        tokens = tokenize(spell(text.strip()))
    except ExpressionError:
        tokens = []
    if [token.kind for token in tokens] != [NAME, END]:
        raise PointError(
            f"'{shown(text.strip()[:40])}' is not a name" if text.strip() else "a name is missing before '='",
            place=Place(start, start + max(1, len(text))),
            hint="names are made of letters, digits and underscores; for example x=2,y=3",
        )
    return tokens[0].text


def _value(name: str, text: str, start: int, limits: Limits) -> PointValue:
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
