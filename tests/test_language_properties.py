"""Whatever is typed, nothing but a user's error comes back; and what is written with brackets is read as written."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffcli.errors import DiffcliError
from diffcli.graph.ops import OPS
from diffcli.graph.program import Builder, Graph
from diffcli.language.points import match_point, parse_point
from diffcli.language.reading import parse

PIECES = [
    *string.printable, *"−·×√π²₁½θé|", "sin", "ln ", "gamma", "max(", "where(", "x", "x_1", "e", "2e", "^-", "**", "1.5",
    "\\frac", "\\sqrt[3]", "\\left", "\\log_", "{", "}", "\u200b", "\u001b", "\u0301", "х", "f(x)=", "a=", "; ", "\n", "=",
]  # fmt: skip
TEXTS = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
NAMES = st.sampled_from(["x", "y", "z_1", "theta", "gamma", "N"])
NUMBERS = st.sampled_from(["2", "0.10", "1e-3", "123456789", "pi", "e"])
UNARY = [name for name, row in OPS.items() if row.callable and row.arity == 1]
BINARY = ["add", "sub", "mul", "div", "pow", "max", "min", "atan2", "hypot"]


@given(TEXTS, st.sampled_from([(), ("x",), ("x", "e", "gamma")]))
@settings(max_examples=600, deadline=None)
def test_reading_raises_nothing_but_user_errors(text: str, bound: tuple[str, ...]) -> None:
    try:
        reading = parse(text, bound)
    except DiffcliError as error:
        assert error.exit_code == 2
        assert error.message.isprintable()
        assert (error.hint or "").isprintable()
        if error.place is not None:
            assert 0 <= error.place.start <= error.place.end <= len(text)
        if error.correction is not None:
            parse(error.correction, bound)
    else:
        reading.graph.check()
        assert all(note.isprintable() for note in reading.notes)
        for place in reading.graph.places:
            assert place is None or 0 <= place.start < place.end <= len(text)


@given(st.lists(TEXTS, max_size=2))
@settings(max_examples=300, deadline=None)
def test_points_raise_nothing_but_user_errors(texts: list[str]) -> None:
    try:
        point = parse_point([f"x={text}" for text in texts])
        match_point(parse("x", point), point)
    except DiffcliError as error:
        assert error.exit_code == 2
        assert error.message.isprintable()


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
    try:
        parse(f"x{character}+1")
    except DiffcliError as error:
        assert f"U+{ord(character):04X}" in error.message
        assert error.message.isprintable()
        assert error.correction is None
    else:
        assert character in "\t\n\r\v\f"
