"""Points: texts such as "x=2, y=pi/2" to values, and values matched to the variables of an expression."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import takewhile

from diffcli.errors import DiffcliError, ExpressionError, Place, PointError
from diffcli.graph.shapes import Shape
from diffcli.language.array_value import ArrayValue
from diffcli.language.characters import describe, shown, spell
from diffcli.language.limits import DEFAULT, Limits
from diffcli.language.point_mistakes import round_brackets, several_values
from diffcli.language.point_values import NOT_FINITE, PointValue, read_value
from diffcli.language.reading import Reading
from diffcli.language.suggestions import nearest
from diffcli.language.tokens import END, NAME, tokenize

__all__ = ["PointValue", "match_point", "parse_point", "point_shapes"]

LOOKALIKES = frozenset("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧοντυρχικ")
"""Greek letters that are taken for Latin ones."""
OPENING, CLOSING = frozenset("([{"), frozenset(")]}")


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
            if error.correction is not None:
                error.correction = ",".join(error.correction if one is text else one for one in texts)
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
    ranges = list(_pieces(text))
    for number, (start, end) in enumerate(ranges):
        piece = text[start:end]
        name, equals, value = piece.partition("=")
        if not equals:
            nameless = takewhile(lambda other: "=" not in text[slice(*other)], ranges[number:])
            raise _no_value(text, [Place(*other) for other in nameless], before)
        middle = start + len(name) + 1
        if "(" in value and (error := round_brackets(text, _name(name, start), Place(middle, end))):
            raise error
        before = read_value(_name(name, start), value, middle, limits)
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


def _no_value(text: str, places: Sequence[Place], before: PointValue | None) -> PointError:
    """The error for pieces without a name."""
    place = places[0]
    piece = text[place.start : place.end].strip()
    if not piece:
        return PointError("a name and its value are missing", place=place, hint="for example x=2,y=3")
    if before and before.place and (error := several_values(text, before.name, before.place, places)):
        return error
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
