"""Whatever is typed, nothing but a user's error comes back; and what is written with brackets is read as written."""

import math
import string
from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffcli.errors import DiffcliError
from diffcli.graph.ops import ELEMENTWISE, OPS
from diffcli.graph.program import Builder, Graph
from diffcli.language.points import parse_point
from diffcli.language.reading import parse

WORDS = r"""sin ln gamma max( where( x x_1 e 2e ^- ** 1.5 \frac \sqrt[3] \left \log_ { } f(x)= a= ; ="""
PIECES = [*string.printable, *"−·×√π²₁½θé|\n\u200b\u001b\u0301х", *WORDS.split(), "ln "]
TEXTS = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
Result = TypeVar("Result")
NAMES = st.sampled_from(["x", "y", "z_1", "theta", "gamma", "N"])
NUMBERS = st.sampled_from(["2", "0.10", "1e-3", "123456789", "pi", "e"])
UNARY = [name for name, row in ELEMENTWISE.items() if row.callable and row.arity == 1]
BINARY = ["add", "sub", "mul", "div", "pow", "max", "min", "atan2", "hypot"]


def attempt(work: Callable[[], Result]) -> Result | DiffcliError:
    """What `work` returns, or the user's error that it raises; any other error fails the test."""
    try:
        return work()
    except DiffcliError as error:
        return error


@given(TEXTS, st.sampled_from([(), ("x",), ("x", "e", "gamma")]))
@settings(max_examples=500, deadline=None)
def test_reading_raises_nothing_but_user_errors(text: str, bound: tuple[str, ...]) -> None:
    result = attempt(lambda: parse(text, bound))
    if isinstance(result, DiffcliError):
        assert result.exit_code == 2
        assert result.message.isprintable()
        assert (result.hint or "").isprintable()
        assert result.place is None or 0 <= result.place.start <= result.place.end <= len(text)
        if result.correction is not None:
            parse(result.correction, bound)
    else:
        result.graph.check()
        assert all(note.isprintable() for note in result.notes)
        for place in result.graph.places:
            assert place is None or 0 <= place.start < place.end <= len(text)


@given(st.lists(TEXTS, max_size=2))
@settings(max_examples=300, deadline=None)
def test_points_raise_nothing_but_user_errors(texts: list[str]) -> None:
    result = attempt(lambda: parse_point([f"x={text}" for text in texts]))
    if isinstance(result, DiffcliError):
        assert result.exit_code == 2
        assert result.message.isprintable()
    else:
        assert all(math.isfinite(value.value) for value in result.values())


@st.composite
def programs(draw: st.DrawFn) -> tuple[str, Graph]:
    """A random expression, printed with a bracket around every operand, and the graph it must be read as."""
    builder = Builder()
    inputs: dict[str, int] = {}
    stack: list[tuple[str, int]] = []
    for _ in range(draw(st.integers(1, 25))):
        kind = draw(st.sampled_from(["name", "number", "unary", "binary", "neg", "abs"]))
        if kind == "binary" and len(stack) > 1:
            (right, second), (left, first) = stack.pop(), stack.pop()
            op = draw(st.sampled_from(BINARY))
            text = f"({left}){OPS[op].symbol}({right})" if OPS[op].symbol else f"{op}({left},{right})"
            stack.append((text, builder.apply(op, first, second)))
        elif kind == "unary" and stack:
            text, position = stack.pop()
            op = draw(st.sampled_from(UNARY))
            stack.append((f"{op}({text})", builder.apply(op, position)))
        elif kind in ("neg", "abs") and stack:
            text, position = stack.pop()
            stack.append((f"-({text})" if kind == "neg" else f"|{text}|", builder.apply(kind, position)))
        elif kind == "number":
            literal = draw(NUMBERS)
            stack.append((literal, builder.constant(literal)))
        else:
            name = draw(NAMES)
            inputs.setdefault(name, builder.input(name))
            stack.append((name, inputs[name]))
    while len(stack) > 1:
        (right, second), (left, first) = stack.pop(), stack.pop()
        stack.append((f"({left})+({right})", builder.apply("add", first, second)))
    text, position = stack[0]
    return text, builder.graph(list(inputs.values()), [position])


@given(programs())
@settings(max_examples=300, deadline=None)
def test_what_is_written_with_brackets_is_read_as_written(program: tuple[str, Graph]) -> None:
    text, graph = program
    read = parse(text, graph.variables).graph
    assert read.nodes == graph.nodes
    assert read.inputs == graph.inputs
    assert read.outputs == graph.outputs


@pytest.mark.parametrize("character", [chr(code) for code in [*range(32), 127, 0x85, 0x202E, 0xD800, 0xE000, 0x10FFFF]])
def test_control_characters_are_named_by_their_code(character: str) -> None:
    result = attempt(lambda: parse(f"x{character}+1"))
    if isinstance(result, DiffcliError):
        assert f"U+{ord(character):04X}" in result.message
        assert result.message.isprintable()
        assert result.correction is None
    else:
        assert character in "\t\n\r\v\f"
