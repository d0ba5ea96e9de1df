"""Numbers as people read them: values, errors, digits, times, and the digits that agree with the judge."""

import math
from decimal import Decimal
from typing import Any

from diffcli.graph.shapes import Shape, shown
from diffcli.render.document import GLUE, Span, Text
from diffcli.studies.values import Value, nested, shortened, tidied
from diffcli.studies.values import grouped as grouped  # noqa: PLC0414 - one of the ways to show a number
from diffcli.studies.values import rounded as rounded  # noqa: PLC0414

BAR = "¦"
MINUS = "−"
UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
ROUND_OFF = 17
SHOWN_ELEMENTS = 16
"""Elements of an array that is shown in full."""
LONGEST_ROW = 20
"""Characters of a row of a matrix that stays on one line."""
UNDEFINED = "undefined"
"""What is shown for a nan: the reason stands elsewhere on the screen."""


def plain(value: Value, digits: int | None = None) -> str:
    """The number in ASCII: 5.5, -0.284, 1e-300, inf; every digit that matters, or at least `digits` of them.

    Arrays as points write them: [[1,2],[3,4]].

    With `digits`, numbers from 1 on keep that many places after the point, as the lectures write 0.693 and 10.693.
    """
    if isinstance(value, list):
        return f"[{','.join(plain(element, digits) for element in value)}]"
    if not math.isfinite(value):
        return UNDEFINED if math.isnan(value) else f"{value:+}"
    return tidied(repr(float(value)) if digits is None else _rounded(value, digits))


def _rounded(value: float, digits: int) -> str:
    before_point = max(0, len(str(int(abs(value))))) if 1 <= abs(value) < 1e12 else 0
    rounded = float(f"{value:.{min(digits + before_point, ROUND_OFF)}g}")
    return repr(rounded)


def value(number: Any, digits: int | None = None, *, with_shape: bool = True) -> Span:
    """A value for people and for LaTeX: a number, or an array (of NumPy, or as nested lists).

    A large array is described by its shape, range and norm; without its shape where that stands beside it.
    """
    if number is None:
        return Span("—", "quiet", "{-}")
    if not isinstance(number, float | int):
        return _array(number, digits, with_shape=with_shape)
    text = plain(number, digits)
    return Span(signed(text), "value", latex(text))


def _array(values: Any, digits: int | None, *, with_shape: bool) -> Span:
    import numpy as np

    array = np.asarray(values)
    if array.size > SHOWN_ELEMENTS:
        described = summary(array, digits, with_shape=with_shape)
        return Span(f"({described.text})", described.role, rf"\left({described.latex}\right)")
    is_single = array.dtype.itemsize < 8
    elements = [float(str(element)) for element in array.reshape(-1)] if is_single else array.reshape(-1).tolist()
    texts = nested([plain(element, digits) for element in elements], array.shape)
    return Span(_brackets(texts), "value", _matrix(texts))


def _brackets(texts: Any, *, is_row: bool = False) -> str:
    """[[1, −1], [0.5, 2]]; lines are broken between rows of a matrix, not within short ones."""
    if isinstance(texts, str):
        return signed(texts)
    parts = [_brackets(part, is_row=True) for part in texts]
    has_rows = any(isinstance(part, list) for part in texts)
    is_whole = is_row and not has_rows and sum(map(len, parts)) <= LONGEST_ROW
    return f"[{(',' + (GLUE if is_whole else ' ')).join(parts)}]"


def _matrix(texts: Any) -> str:
    """A vector is the transpose of a row, as W x needs it; of more than two axes the first ones hold matrices."""
    if isinstance(texts, str):
        return latex(texts)
    if all(isinstance(part, str) for part in texts):
        return rf"\begin{{pmatrix}}{' & '.join(map(latex, texts))}\end{{pmatrix}}^{{T}}"
    if texts and isinstance(texts[0], list) and not any(isinstance(part, list) for row in texts for part in row):
        body = r" \\ ".join(" & ".join(map(_matrix, row)) for row in texts)
    else:
        body = " & ".join(map(_matrix, texts))
    return rf"\begin{{pmatrix}}{body}\end{{pmatrix}}"


def summary(values: Any, digits: int | None = None, *, with_shape: bool = True, with_norm: bool = True) -> Span:
    """An array by its shape, range and Euclidean norm: 128×256, from −3.1 to 4.2, norm 57.3.

    Beside a vector's size stands what it counts, so that nobody takes it for the value.
    """
    import numpy as np

    array = np.asarray(values, dtype=float)
    known = array[np.isfinite(array)]
    size = float(np.max(np.abs(known), initial=0.0))
    norm = size * float(np.linalg.norm(known / size)) if size else 0.0
    numbers = [rounded(x, digits or 3) for x in (known.min(), known.max(), norm)] if known.size else []
    parts = [_size(array.shape)] if with_shape else []
    if numbers:
        low, high, length = numbers
        formula = rf"\text{{from }}{latex(low)}\text{{ to }}{latex(high)}"
        parts.append(Span(f"from {signed(low)} to {signed(high)}", latex=formula))
        parts += [Span(f"norm {length}", latex=rf"\text{{norm }}{latex(length)}")] if with_norm else []
    if known.size < array.size:
        words = f"{array.size - known.size} of {array.size} not finite"
        parts.append(Span(words, latex=rf"\text{{{words}}}"))
    return Span(", ".join(part.text for part in parts), "value", r",\ ".join(part.latex for part in parts))


def _size(shape: Shape) -> Span:
    """1000 numbers, or 128×256."""
    unit = " numbers" if len(shape) == 1 else ""
    return Span(
        f"{shown(shape)}{unit}", latex=r" \times ".join(map(str, shape)) + (rf"\text{{{unit}}}" if unit else "")
    )


def signed(text: str) -> str:
    """The minus sign of a number as a minus sign; that of its exponent stays."""
    return MINUS + text[1:] if text.startswith("-") else text


def latex(text: str) -> str:
    r"""5.5e-11 as 5.5 \cdot 10^{-11}."""
    if "inf" in text or text == UNDEFINED:
        return text.replace("inf", r"\infty").replace(UNDEFINED, rf"\mathrm{{{UNDEFINED}}}")
    mantissa, mark, exponent = text.replace("…", r"\ldots").partition("e")
    return rf"{mantissa} \cdot 10^{{{exponent}}}" if mark else mantissa


def judged(number: str | None, digits: int | None = None) -> Span:
    """What the judge says, from its 50 digits."""
    if number is None:
        return Span("—", "quiet", "{-}")
    if "inf" in number:
        return Span(signed(number), "value", latex(number))
    places = len(number.lstrip("-").partition(".")[0]) if digits and "e" not in number else 0
    text = shortened(number, min(digits + places, ROUND_OFF) if digits else ROUND_OFF)
    return Span(signed(text), "value", latex(text))


def error(number: float | None) -> Span:
    """The size of an error: 5.5e-11."""
    if number is None:
        return Span("—", "quiet", "{-}")
    if not math.isfinite(number):
        return Span("inf", "plain", r"\infty")
    text = "0" if number == 0 else tidied(f"{number:.1e}")
    return Span(text, "plain", latex(text))


def tolerance(number: float) -> str:
    """A tolerance: 1e-6, 5.5e-14, 0."""
    return "0" if number == 0 else tidied(f"{number:.1e}").replace(".0e", "e")


def digits(number: float | None) -> Span:
    """Correct digits: 11.0; all, if no double is nearer."""
    if number is None:
        return Span("")
    return Span("all", "good") if number == math.inf else Span(f"{max(number, 0):.1f}", latex=f"{max(number, 0):.1f}")


def seconds(number: float | None) -> str:
    """9.8 ms, 412 ns, 95 µs."""
    if number is None:
        return ""
    size, unit = next((pair for pair in UNITS if number >= pair[0] * 0.9995), UNITS[-1])
    scaled = number / size
    return f"{scaled:.1f} {unit}" if scaled < 9.95 else f"{scaled:.0f} {unit}"


def times(number: float | None) -> str:
    """How many times as long: 4.1, 37, 1200."""
    if number is None:
        return ""
    return f"{number:.1f}" if number < 99.95 else f"{number:.0f}"


def percent(number: float | None) -> str:
    """A relative spread: 3 %."""
    return "" if number is None else f"{100 * number:.0f} %"


def compared(number: float, reference: str, digits_wanted: int | None = None) -> Text:
    """The value with a bar behind the digits that agree with the judge; no bar where all that is shown agree."""
    shown = plain(number, digits_wanted)
    kept = agreeing(shown, reference)
    if kept == len(shown) and digits_wanted is None and not _is_rounding(number, reference):
        shown, kept = _with_a_zero(shown)
    if kept == len(shown):
        return (Span(signed(shown), "agreeing", latex(shown)),)
    text, mantissa = signed(shown), shown.partition("e")[0]
    exponent = shown[len(mantissa) :]
    power = latex("x" + exponent).removeprefix("x")
    spans = (
        Span(text[:kept], "agreeing", shown[:kept]),
        Span(BAR, "mark", r"\,|\,"),
        Span(text[kept : len(mantissa)], "disagreeing", shown[kept : len(mantissa)]),
        Span(exponent, "agreeing" if kept else "disagreeing", power),
    )
    return tuple(span for span in spans if span.text)


def _is_rounding(number: float, reference: str) -> bool:
    """Whether they differ by no more than what 16 digits cannot show."""
    truth = Decimal(reference)
    return abs(Decimal(repr(number)) - truth) <= abs(truth) * Decimal("5e-16")


def _with_a_zero(shown: str) -> tuple[str, int]:
    """3 for 3.4 as 3.0, so that there is a digit behind the bar; and how many characters agree."""
    mantissa, mark, exponent = shown.partition("e")
    if not mantissa.strip("-0."):
        return shown, 0
    agrees = mantissa if "." in mantissa else f"{mantissa}."
    return f"{agrees}0{mark}{exponent}", len(agrees)


def agreeing(shown: str, reference: str) -> int:
    """How many characters of a number written in decimals agree with the reference; its whole length if all do.

    A digit agrees if it is the reference's. Where a carry runs through them (0.99999999995 for 1) digits agree whose
    place is above the size of the difference.
    """
    number, truth = Decimal(shown), Decimal(reference)
    mantissa = shown.partition("e")[0]
    last_place = int(number.as_tuple().exponent)
    difference = abs(number - truth)
    if difference <= Decimal((0, (5,), last_place - 1)) * Decimal("1.000001"):
        return len(shown)
    literal = _common_places(number, truth, last_place)
    by_size = difference.adjusted() + 1
    place = literal if literal <= by_size + 1 else by_size
    return _length_to(mantissa, place - last_place)


def _common_places(number: Decimal, truth: Decimal, last_place: int) -> int:
    """The place (a power of ten) of the last digit that both have in common when written out."""
    top = max(number.adjusted(), truth.adjusted())
    if number.is_signed() != truth.is_signed() and truth:
        return top + 1
    ours, theirs = abs(number), abs(truth)
    for place in range(top, last_place - 1, -1):
        if _digit(ours, place) != _digit(theirs, place):
            return place + 1
    return last_place


def _digit(number: Decimal, place: int) -> int:
    parts = number.as_tuple()
    index = len(parts.digits) - 1 - (place - int(parts.exponent))
    return parts.digits[index] if 0 <= index < len(parts.digits) else 0


def _length_to(mantissa: str, dropped: int) -> int:
    """The length of the mantissa without its last `dropped` digits."""
    end = len(mantissa)
    while dropped > 0 and end > 0:
        end -= 1
        dropped -= mantissa[end].isdigit()
    if end < len(mantissa) and mantissa[end:].startswith("."):
        end += 1
    return end if any(c in "123456789" for c in mantissa[:end]) else 0
