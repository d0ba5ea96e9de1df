"""Limits: what is too large is refused at once, by the limit's name, and the limit can be raised."""

import time
from contextlib import suppress

import pytest

from diffcli.errors import DiffcliError, LimitError, UsageError
from diffcli.language.limits import DEFAULT, Limits, parse_limits
from diffcli.language.reading import parse

TOO_LARGE = [
    ("length", "(" * 1_000_000 + "x" + ")" * 1_000_000),
    ("length", "x*" * 500_000 + "x"),
    ("nesting", "sin(" * 3000 + "x" + ")" * 3000),
    ("nesting", "(" * 100_000),
    ("nesting", "-" * 100_000 + "x"),
    ("nesting", "x^" * 50_000 + "x"),
    ("nesting", "sin " * 5000 + "x"),
    ("nesting", "{" * 100_000),
    ("nesting", r"\sqrt" * 20_000),
    ("nesting", "|" * 100_000),
    (
        "nodes",
        "+".join(f"x*{n}" for n in range(60_000))[:199_000].rpartition("+")[0] + "".join("+z" for _ in range(400)),
    ),
    ("digits", "1" * 5000),
    ("digits", "1" * 4000 + "*x"),
    ("digits", "0." + "1" * 2000),
    ("exponent", "1e-999999999"),
    ("exponent", "1e-" + "9" * 900),
    ("name", "a" * 101),
    ("name", "e\u0301" * 90_000),
    ("name", "x" + "₁" * 90_000),
]


@pytest.mark.parametrize(("name", "text"), TOO_LARGE)
def test_what_is_too_large_is_refused_by_name(name: str, text: str) -> None:
    limits = Limits(nodes=20_000) if name == "nodes" else DEFAULT
    with pytest.raises(LimitError) as caught:
        parse(text, limits=limits)
    assert f"--limit {name}=" in (caught.value.hint or "")
    assert str(getattr(limits, name)) in caught.value.message


LARGE = [
    "+".join(f"x{n}*{n}" for n in range(9_000)),
    "x*" * 50_000 + "x",
    "x " * 50_000 + "x",
    "(x)" * 30_000,
    "{x}" * 30_000,
    "sin x^2 z " * 10_000,
    "x!" * 80_000,
    "$" * 90_000,
    "х" * 90_000,
    '"' * 90_000,
    "#" * 90_000,
    "x;" * 30_000,
    "foo(x)+" * 20_000,
    "".join(f"ab{n} " for n in range(20_000)),
    "|x|" * 30_000,
    "1e9999*x+" * 20_000,
    "where(" + "(" * 990 + "x<" * 30_000,
]


@pytest.mark.parametrize("text", LARGE, ids=[text[:12] for text in LARGE])
def test_large_texts_end_soon(text: str) -> None:
    start = time.process_time()
    with suppress(DiffcliError):
        parse(text, ("x", "z"))
    assert time.process_time() - start < 5, "reading is linear: about 0.3 s where this was written"


def test_time_grows_linearly() -> None:
    def seconds(terms: int) -> float:
        text = "+".join(f"x{n}*{n}" for n in range(terms))
        return min(_timed(text) for _ in range(3))

    assert seconds(8000) < 40 * seconds(1000)  # quadratic time would take 64 times as long


def _timed(text: str) -> float:
    start = time.process_time()
    parse(text)
    return time.process_time() - start


def test_limits_are_raised_by_name() -> None:
    limits = parse_limits(["nesting=5000", " nodes = 200000 "])
    assert limits == Limits(nesting=5000, nodes=200_000)
    graph = parse("sin(" * 3000 + "x" + ")" * 3000, limits=limits).graph
    assert graph.operations == 3000


def test_defaults_without_options() -> None:
    assert parse_limits([]) == DEFAULT


@pytest.mark.parametrize("text", ["depth=3", "nodes", "nodes=", "nodes=-1", "nodes=0", "nodes=1e5", "nodes=²", "=", ""])
def test_options_that_are_no_limits(text: str) -> None:
    with pytest.raises(UsageError):
        parse_limits([text])


def test_every_limit_is_documented() -> None:
    import inspect

    source = inspect.getsource(Limits)
    for name in Limits._fields:
        assert f"    {name}: int" in source
    assert source.count('"""') == 2 * (len(Limits._fields) + 2)
