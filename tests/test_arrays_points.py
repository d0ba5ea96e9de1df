"""Arrays in points: nested lists, and files that are only ever read as data."""

import json
import math
import os
import time
from pathlib import Path

import numpy as np
import pytest

from diffcli.errors import LimitError, PointError
from diffcli.language import Limits, parse
from diffcli.language.array_value import ArrayValue
from diffcli.language.points import match_point, parse_point, point_shapes


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Paths begin in the current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def array_of(text, **options):
    value = parse_point([text], **options)[text.partition("=")[0]].value
    assert isinstance(value, ArrayValue)
    return np.reshape(value.elements, value.shape)


LISTS = [
    ("[1,2,3]", [1, 2, 3]),
    (" [ 1 , -2.5 , +3e2 ] ", [1, -2.5, 300]),
    ("[[1,2],[3,4]]", [[1, 2], [3, 4]]),
    ("[[1],[2]]", [[1], [2]]),
    ("[[[1,2]],[[3,4]]]", [[[1, 2]], [[3, 4]]]),
    ("[5]", [5]),
    ("[pi/2, sqrt(2), 1/3, 2pi, max(1, 2)]", [math.pi / 2, math.sqrt(2), 1 / 3, 2 * math.pi, 2]),
    ("[−1, 2·3]", [-1, 6]),
    ("[(1+2)*3,\n4]", [9, 4]),
    ("[1e-400, 0.1]", [0, 0.1]),
]


@pytest.mark.parametrize(("text", "expected"), LISTS)
def test_list(text, expected):
    found = array_of(f"x={text}")
    assert found.shape == np.shape(expected)
    np.testing.assert_array_equal(found, expected)


def test_what_is_kept_of_a_list():
    point = parse_point(["W=[[1,2],[3,4]], b=[0.1,1e-400], c=2"])
    assert list(point) == ["W", "b", "c"]
    assert point["W"].value.shape == (2, 2)
    assert point["W"].value.dtype == "float64"
    assert (point["W"].text, point["W"].exact, point["W"].place) == ("[[1,2],[3,4]]", True, (2, 15))
    assert (point["b"].exact, point["b"].note) == (False, "1e-400 is 0 in double precision")
    assert point["c"].value == 2.0
    assert point_shapes(point) == {"W": (2, 2), "b": (2,)}


def test_values_in_the_order_of_the_variables():
    point = parse_point(["x=[1,2],W=[[1,2],[3,4]],c=3"])
    values = match_point(parse("c*(W @ x)", bound=point, shapes=point_shapes(point)), point)
    assert values == (3.0, point["W"].value, point["x"].value)


BAD_LISTS = [
    ("x=[[1,2],[3]]", "the rows have different lengths: 2 and 1", "[3]", "every row has the same length"),
    ("x=[[1],[2],[3,4]],y=1", "the rows have different lengths: 1 and 2", "[3,4]", "every row"),
    ("x=[[[1],[2]],[[3]]]", "the lists in this list have different shapes: 2×1 and 1×1", "[[3]]", "every row"),
    ("x=[1,[2]]", "numbers and lists stand side by side in one list", "[2]", None),
    ("x=[[1],2]", "numbers and lists stand side by side in one list", "2", None),
    ("x=[]", "this list is empty", "[]", "for example x=[1,2,3]"),
    ("x=[[],[]]", "this list is empty", "[]", "for example x=[1,2,3]"),
    ("x=[1,,2]", "a number is missing here", ",,", "for example x=[1,2,3]"),
    ("x=[1,2,]", "a number is missing here", ",]", "for example x=[1,2,3]"),
    ("x=[1 2]", "a comma is missing between these numbers", "1 2", None),
    ("x=[[1,2][3,4]]", "a comma is missing before this bracket", "[", None),
    ("x=[[1,2]3]", "a comma is missing after this list", "3", None),
    ("x=[1,2", "this bracket is never closed", "[", "add ]"),
    ("x=[1,2]]", "nothing may follow a list", "]", "values are separated by commas"),
    ("x=[1,2]*2", "nothing may follow a list", "*2", "values are separated by commas"),
    ("x=[1;2]", "one value is expected", "1;2", None),
    ("x=[1,a]", "'a' is not a number", "a", "for example x=pi/2"),
    ("x=[1,nan]", "'nan' is not a finite number", "nan", None),
    ("x=[1,1/0]", "it divides by 0", "1/0", None),
    ("x=[1e999]", "this number is too large for double precision", "1e999", None),
    ("x=[--1]", "'--1' has two signs", "--1", None),
    ("x=['a']", "a prime or a quote is no part of an expression", "'", None),
    ("x=[1+2j]", "'j' is not a number", "j", None),
    ("x=[(1,2]", "this bracket is never closed", "[", "add ]"),
    ("x=" + "[" * 33 + "1" + "]" * 33, "more than 32 lists stand in each other", "[", None),
    ("x=[x[0]]", "a comma is missing before this bracket", "[", None),
    ("x=[1,2],x=3", "'x' is given twice", "3", None),
    ("x=[__import__('os')]", "'__import__' is no function known here", "__import__", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message", "piece", "hint"), BAD_LISTS, ids=[case[0][:30] for case in BAD_LISTS])
def test_bad_list(text, message, piece, hint):
    with pytest.raises(PointError) as caught:
        parse_point([text])
    error = caught.value
    assert message in error.message
    assert (error.exit_code, error.text) == (2, text)
    assert error.place is not None
    assert text[error.place.start : error.place.end] == piece
    assert hint is None or hint in (error.hint or "")


@pytest.mark.parametrize("value", ["1.5," * 49_000, "pi/2," * 39_000, "[1]," * 39_000, "[," * 90_000, "(" * 190_000])
def test_long_lists_end_soon(value):
    start = time.process_time()
    try:
        parse_point([f"x=[{value}1]"])
    except PointError as error:
        refusal = error.message
        assert len(refusal) < 200
    assert time.process_time() - start < 6


TYPES = ["f4", "f8", ">f4", ">f8", "i1", "i2", ">i4", "i8", "u1", "u2", "u4", ">u8", "?"]


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", [(3,), (2, 3), (4, 1), (2, 3, 4), (3, 1, 2, 4, 2), (1, 1)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy(dtype, shape, order):
    original = np.asarray(np.random.default_rng(1).normal(size=shape) * 50)
    if dtype.startswith(("u", ">u")):
        original = abs(original)
    original = np.asarray(original.astype(dtype), order=order)
    np.save("data.npy", original)
    np.testing.assert_array_equal(array_of("x=@data.npy"), original.astype(float))
    assert parse_point(["x=@data.npy"])["x"].value.dtype == ("float32" if dtype in ("f4", ">f4") else "float64")


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_versions_of_npy(version):
    with Path("data.npy").open("wb") as stream:
        np.lib.format.write_array(stream, np.arange(3.0), version=version)
    np.testing.assert_array_equal(array_of("x=@data.npy"), [0, 1, 2])


TEXTS = [
    ("data.csv", "1,2,3\n", [1, 2, 3]),
    ("data.csv", "1\n2\n3", [1, 2, 3]),
    ("data.csv", "1,2\r\n3,4\r\n", [[1, 2], [3, 4]]),
    ("data.csv", "# a, b\n1, 2.5e1\n\n -3 ,+4\n", [[1, 25], [-3, 4]]),
    ("data.csv", "\ufeff1,2\n3,4", [[1, 2], [3, 4]]),
    ("DATA.CSV", "1,2", [1, 2]),
    ("data.json", "[1, 2.5, -3e2]", [1, 2.5, -300]),
    ("data.json", "[[1, 2], [3, 4]]", [[1, 2], [3, 4]]),
    ("data.json", "[[[1]], [[2]]]", [[[1]], [[2]]]),
    ("a b.json", "[1]", [1]),
]


@pytest.mark.parametrize(("name", "content", "expected"), TEXTS)
def test_text_files(folder, name, content, expected):
    (folder / name).write_text(content, encoding="utf-8", newline="")
    found = array_of(f"x= @{name} ")
    assert found.shape == np.shape(expected)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(("name", "content"), [("one.csv", "5\n"), ("one.json", "5")])
def test_a_single_number_is_a_number(folder, name, content):
    (folder / name).write_text(content, encoding="utf-8")
    np.save("one.npy", np.float32(5))
    assert parse_point([f"x=@{name}, y=@one.npy"])["x"].value == parse_point(["y=@one.npy"])["y"].value == 5.0


def test_exact_values_survive_every_kind_of_file(folder):
    numbers = np.random.default_rng(2).normal(size=(20, 5)) * 10.0 ** np.arange(-150, 150, 60)
    np.save("a.npy", numbers)
    (folder / "a.csv").write_text("\n".join(",".join(map(repr, row)) for row in numbers.tolist()), encoding="utf-8")
    (folder / "a.json").write_text(json.dumps(numbers.tolist()), encoding="utf-8")
    for name in ("a.npy", "a.csv", "a.json"):
        np.testing.assert_array_equal(array_of(f"x=@{name}"), numbers)


BAD_ARRAYS = [
    (np.array([1 + 2j]), "it holds complex numbers"),
    (np.array(["a"]), "it holds text"),
    (np.array([b"a"]), "it holds text"),
    (np.array([None], dtype=object), "it holds Python objects, which are never loaded"),
    (np.array(["2020-01-01"], dtype="M8[D]"), "it holds dates"),
    (np.zeros(2, dtype=[("a", "f4"), ("b", "i4")]), "it holds records"),
    (np.zeros(2, dtype="f2"), "it holds numbers of the type f2"),
    (np.zeros((0, 3)), "its array of shape 0×3 holds no numbers"),
    (np.array([1, np.nan]), "the number at [1] is nan"),
    (np.array([[1, 2], [np.inf, 1]]), "the number at [1, 0] is an infinity"),
    (np.zeros((1,) * 33) if np.__version__ >= "2" else np.zeros(0), "more than 32 axes"),
]


@pytest.mark.parametrize(("original", "message"), BAD_ARRAYS, ids=[case[1][:30] for case in BAD_ARRAYS])
def test_bad_npy(original, message):
    np.save("data.npy", original, allow_pickle=True)
    error = refused("x=@data.npy")
    assert error.message.startswith("the file 'data.npy' for 'x' cannot be used: ")
    assert message in error.message


def npy(header, data=b""):
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data


GOOD_HEADER = b"{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n"
BAD_BYTES = [
    ("data.npy", b"", "it is no .npy file"),
    ("data.npy", b"PK\x03\x04 a zip", "it is no .npy file"),
    ("data.npy", b"\x93NUMPY\x09\x00", "version 9 of the .npy format is not known"),
    ("data.npy", b"\x93NUMPY\x01\x00\xff\xff{", "its header is damaged"),
    ("data.npy", npy(b"{'shape': (2,)}"), "its header is damaged"),
    ("data.npy", npy(GOOD_HEADER.replace(b"(2,)", b"(-2,)")), "its header is damaged"),
    ("data.npy", npy(GOOD_HEADER.replace(b"(2,)", b"(__import__('os').getpid(),)")), "its header is damaged"),
    ("data.npy", npy(GOOD_HEADER, b"12345678"), "it is cut off: 8 of 16 bytes"),
    ("data.csv", b"", "it holds no numbers"),
    ("data.csv", b"a,b\n1,2\n", "line 1, column 1: 'a' is not a number"),
    ("data.csv", b"1,2\n3,\n", "line 2, column 2 is empty"),
    ("data.csv", b"1,2\n\n3,4,5\n", "line 3 has 3 numbers, line 1 has 2 numbers"),
    ("data.csv", b"1;2\n", "line 1, column 1: '1;2' is not a number"),
    ("data.csv", b"1,1_000\n", "line 1, column 2: '1_000' is not a number"),
    ("data.csv", "1,١\n".encode(), "line 1, column 2"),
    ("data.csv", b"1,0x1F\n", "line 1, column 2: '0x1F' is not a number"),
    ("data.csv", b"1,nan\n", "the number at [1] is nan"),
    ("data.csv", b"1,2\n3,1e999\n", "the number at [1, 1] is an infinity"),
    ("data.csv", b"\xff\xfe1", "it is not UTF-8 text"),
    ("data.csv", b"1,\x1b[31m\n", "'U+001B[31m' is not a number"),
    ("data.json", b"", "line 1, column 1"),
    ("data.json", b"[1, 2", "line 1, column 6"),
    ("data.json", b"[[1, 2], [3]]", "its lists have different lengths: 1 and 2"),
    ("data.json", b"[1, [2]]", "numbers and lists stand side by side in one list"),
    ("data.json", b"[]", "it holds no numbers"),
    ("data.json", b"[[], []]", "its array of shape 2×0 holds no numbers"),
    ("data.json", b'{"a": 1}', "it holds an object in braces where a number should stand"),
    ("data.json", b'["1"]', "it holds text where a number should stand"),
    ("data.json", b"[true]", "it holds true or false where a number should stand"),
    ("data.json", b"[null, null]", "it holds null where a number should stand"),
    ("data.json", b"[1, NaN]", "NaN is not a finite number"),
    ("data.json", b"[1e999]", "the number at [0] is an infinity"),
    ("data.json", b"[" * 100_000, "more than 32 lists stand in each other"),
    ("data.json", b"[" * 40 + b"1" + b"]" * 40, "more than 32 lists stand in each other"),
    ("data.txt", b"1 2", "an array is read from .npy, .csv or .json"),
    ("data", b"1 2", "an array is read from .npy, .csv or .json"),
    ("data.pkl", b"", "an array is read from .npy, .csv or .json"),
]


def refused(text, **options):
    with pytest.raises(PointError) as caught:
        parse_point([text], **options)
    error = caught.value
    assert (error.message + (error.hint or "")).isprintable()
    assert error.place is not None
    assert text[error.place.start : error.place.end] == text.partition("=")[2]
    return error


@pytest.mark.parametrize(("name", "content", "message"), BAD_BYTES, ids=[str(case[1])[:40] for case in BAD_BYTES])
def test_bad_file(folder, name, content, message):
    (folder / name).write_bytes(content)
    assert message in refused(f"x=@{name}").message


def test_what_is_no_file(folder):
    (folder / "data.npy").mkdir()
    os.mkfifo(folder / "pipe.csv")
    (folder / "weights.npy").write_bytes(b"")
    assert "it is no ordinary file" in refused("x=@data.npy").message
    assert "it is no ordinary file" in refused("x=@pipe.csv").message
    assert "there is no such file" in refused("x=@nothing.csv").message
    assert refused("x=@weigths.npy").hint == "did you mean @weights.npy?"
    assert "it cannot be read" in refused("x=@\0.npy").message
    assert "cannot be used" in refused("x=@" + "a" * 5000 + ".npy").message
    assert refused("x=@").message == "the file for 'x' is missing"


def test_size_is_limited_before_anything_is_read(folder):
    (folder / "large.npy").write_bytes(npy(GOOD_HEADER.replace(b"(2,)", b"(999999999999, 999999999999)")))
    with (folder / "large.csv").open("wb") as stream:
        stream.truncate(10**12)  # a sparse file
    (folder / "small.json").write_text(json.dumps(list(range(100))), encoding="utf-8")
    for name, limits in (("large.npy", Limits()), ("large.csv", Limits()), ("small.json", Limits(elements=99))):
        with pytest.raises(LimitError) as caught:
            parse_point([f"x=@{name}"], limits)
        assert "--limit elements=" in (caught.value.hint or "")
        assert caught.value.place == (2, 3 + len(name))
    with pytest.raises(LimitError):
        parse_point(["x=[1,2,3,4]"], Limits(elements=3))
    assert array_of("x=@small.json", limits=Limits(elements=100)).shape == (100,)
