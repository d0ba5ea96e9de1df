"""Hostile and mistaken inputs of everything with arrays: a clear error, soon, and nothing of the user is executed."""

import json
import os
import pickle
import struct
import subprocess
import sys
import tracemalloc
from pathlib import Path
from time import process_time

import numpy as np
import pytest

DATA = Path(__file__).parent / "data/bad_arrays.jsonl"
CASES = [json.loads(line) for line in DATA.read_text(encoding="utf-8").strip().split("\n")]
PLAIN = [case for case in CASES if "--format" not in case["words"]]
SECONDS = 5
"""For one case on a busy machine; on an idle one almost all take less than 0.05."""


class Trap:
    """Would leave a file behind if it were ever loaded."""

    def __reduce__(self):
        return os.mkdir, ("EXECUTED",)


def npy(shape="(3,)", kind="'<f8'", data=bytes(24), version=1):
    header = f"{{'descr': {kind}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H", len(header)) + header.encode() + data


TEXTS = {
    "text.csv": "a,b\n1,2\n", "ragged.csv": "1,2\n3\n", "empty.csv": "", "semi.csv": "1;2;3\n", "cell.csv": "1,,2\n",
    "inf.csv": "1,1e999\n", "under.csv": "1_000,2\n", "esc.csv": "\x1b[31mred,1\n", "hex.csv": "0x10,2\n",
    "header.csv": "x,y\n1,2\n", "longcell.csv": f"1,{'a' * 100_000}\n", "nul.csv": "1,\0\n", "arabic.csv": "١,٢\n",
    "python.csv": "__import__('os').mkdir('EXECUTED'),1\n", "nan.csv": "1,nan\n",
    "dict.json": '{"a": 1}', "nan.json": "[NaN]", "dup.json": '{"a": 1, "a": 2}', "str.json": '["1", "2"]',
    "null.json": "[null]", "true.json": "[true, 1]", "hugeint.json": f"[1{'0' * 5000}]", "ragged.json": "[[1,2],[3]]",
    "mixed.json": "[1,[2]]", "emptyin.json": "[[],[]]", "nothing.json": "", "trail.json": "[1,2,]",
    "deep.json": "[" * 100_000 + "]" * 100_000, "deepd.json": '{"a":' * 100_000 + "1" + "}" * 100_000,
}  # fmt: skip
BYTES = {
    "pickle.npy": pickle.dumps(Trap()),
    "obj.npy": npy("(1,)", "'|O'", pickle.dumps([Trap()])),
    "complex.npy": npy("(1,)", "'<c16'"),
    "str.npy": npy("(1,)", "'<U1'"),
    "rec.npy": npy("(1,)", "[('a', '<i4')]"),
    "empty.npy": npy("(0, 3)"),
    "nan.npy": npy("(1, 2)", data=struct.pack("<dd", 1, float("nan"))),
    "trunc.npy": npy(data=bytes(20)),
    "lying.npy": npy("(1000000,)"),
    "neg.npy": npy("(-3,)"),
    "huge.npy": npy("(999999999999999,)"),
    "hugezero.npy": npy("(999999999999999,0,3)"),
    "manyax.npy": npy(f"({'1,' * 40})"),
    "evalhdr.npy": npy("(__import__('os').mkdir('EXECUTED'),)"),
    "v9.npy": npy(version=9),
    "hdrlen.npy": b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + b"x" * 100,
    "zero.npy": b"",
    "redos2.npy": b"\x93NUMPY\x01\x00" + struct.pack("<H", 9000) + b"'shape':".ljust(9000),
    "latin.csv": "1,é\n".encode("latin-1"),
    "x.npz": b"PK\x03\x04" + bytes(30),
}


@pytest.fixture
def files(tmp_path):
    """A folder of broken files."""
    for name, text in TEXTS.items():
        (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    for name, content in BYTES.items():
        (tmp_path / name).write_bytes(content)
    np.save(tmp_path / "good3.npy", np.array([1.0, 2.0, 3.0]))
    (tmp_path / "dir.npy").mkdir()
    os.mkfifo(tmp_path / "fifo.csv")
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    (tmp_path / "broken.npy").symlink_to(tmp_path / "nowhere")
    with (tmp_path / "sparse.json").open("wb") as stream:
        stream.truncate(10**11)
    return tmp_path


def check(out, err, code):
    """The manners of every error."""
    assert code == 2
    assert out == ""
    assert err.startswith("error: ")
    assert "internal error" not in err
    assert not [c for c in err if c != "\n" and (ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c == "\u202e")]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in CASES])
def test_bad_input(case, command, request):
    if "@" in "".join(case["words"][2:]):
        request.getfixturevalue("files")
    start = process_time()
    code, out, err = command(*case["words"])
    assert process_time() - start < SECONDS
    check(out, err, code)
    assert case["message"] in err.partition("\n")[0]
    assert not Path("EXECUTED").exists()


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in PLAIN[::9]])
def test_bad_input_as_json(case, command, request):
    request.getfixturevalue("files")
    code, out, err = command(*case["words"], "--format", "json")
    assert (code, err) == (2, "")
    assert json.loads(out)["error"]["message"].startswith(case["message"][:60])


@pytest.mark.parametrize("name", ["ragged.csv", "empty.csv", "hex.csv", "nothing.json", "emptyin.json", "neg.npy"])
@pytest.mark.usefixtures("files")
def test_what_a_file_should_hold_is_said(name, command):
    _, _, err = command("grad", "sum(x^2)", "--at", f"x=@{name}")
    assert "  hint: " in err


def test_one_huge_cell_is_not_copied_many_times(command):
    Path("x.csv").write_bytes(bytes(20_000_000))
    tracemalloc.start()
    code, out, err = command("grad", "sum(x^2)", "--at", "x=@x.csv")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    check(out, err, code)
    assert peak < 120_000_000


FUNCTIONS = [
    ("def f(x):\n    raise ValueError('no \\x1b[31m')\n", "stopped at line 2: ValueError: no"),
    ("def f(x:\n    return\n", "cannot be read: line 1"),
    ("import sys\ndef f(x):\n    sys.exit(0)\n", "stopped at line 3: SystemExit: 0"),
    ("def f(x):\n    return f(x)\n", "stopped at line 2: RecursionError"),
    ("class E(BaseException): pass\ndef f(x):\n    raise E('base')\n", "stopped at line 3: E: base"),
    ("def f(x):\n    raise GeneratorExit\n", "stopped at line 2: GeneratorExit"),
    ("class E(Exception):\n    def __str__(self): raise OSError\ndef f(x):\n    raise E\n", "stopped at line 4: E"),
    ("def f(x):\n    raise ValueError('a'*10**7)\n", "ValueError: aaa"),
    ("f = max\n", "the parameters of this function cannot be found out"),
    ("class C:\n    __signature__ = 3\n    def __call__(self, x): return x.sum()\nf = C()\n", "the parameters of this"),
    (
        "class C:\n    def __call__(self, x): return x\n    def __getattr__(self, n): raise KeyError(n)\nf = C()\n",
        "Key",
    ),
    ("# -*- coding: latin-1 -*-\n# \xe9\ndef g(x): return x.sum()\n", "it has g"),
    ("def f(x):\n    return 'abc'\n", "m.py"),
    ("", "has no function 'f'"),
    ("f = 3\n", "is no function"),
    ("1/0\n", "stopped at line 1: ZeroDivisionError"),
]


@pytest.mark.parametrize(("text", "message"), FUNCTIONS)
def test_bad_function(text, message, command):
    Path("m.py").write_bytes(text.encode("latin-1"))
    code, out, err = command("grad", "m.py:f", "--at", "x=[1,2,3]")
    check(out, err, code)
    assert message in err or message == "m.py"
    assert len(err) < 1000


@pytest.mark.parametrize(("wrt", "message"), [("", "no variable is named"), ("y", "there is no variable y")])
def test_bad_variables_of_a_function(wrt, message, command):
    Path("m.py").write_text("def f(x): return x.sum()\n", encoding="utf-8")
    code, out, err = command("grad", "m.py:f", "--at", "x=[1,2,3]", "--wrt", wrt)
    check(out, err, code)
    assert message in err
    assert command("grad", "m.py:f", "--at", "x=[1,2,3]", "--wrt", "x,x")[0] == 0


def test_a_huge_file_is_no_python_file(command):
    with Path("m.py").open("wb") as stream:
        stream.truncate(10**10)
    code, out, err = command("grad", "m.py:f", "--at", "x=[1,2,3]")
    check(out, err, code)
    assert "10000000000 bytes" in err


TOO_MANY = [
    ("grad", "x*2", "1000×1000 derivatives"),
    ("compare", "x*2", "1000×1000 derivatives"),
    ("jacobian", "x*2", "1000×1000 entries"),
    ("jvp", "outer(x,x)", "1000000×1 derivatives"),
]


@pytest.mark.parametrize(("name", "text", "message"), TOO_MANY)
def test_too_many_derivatives_are_refused_at_once(name, text, message, command):
    np.save("x.npy", np.linspace(0.5, 1.5, 1000))
    start = process_time()
    code, out, err = command(name, text, "--at", "x=@x.npy")
    assert process_time() - start < SECONDS
    check(out, err, code)
    assert message in err
    assert "hint: --wrt" in err


@pytest.mark.parametrize("text", ["sum(x^3)", "norm(x*2)"])
def test_a_gradient_by_very_many_elements_ends_soon(text, command):
    np.save("x.npy", np.linspace(0.5, 1.5, 100_000))
    start = process_time()
    code, out, _ = command("grad", text, "--at", "x=@x.npy", "-f", "json", "--methods", "reverse,finite,forward")
    assert process_time() - start < SECONDS
    assert (code, json.loads(out)["methods"]["finite"]["status"]) == (3, "gave up")


def test_directions_of_what_is_not_finite(command):
    np.save("x.npy", np.linspace(-1e200, 1e200, 60_000))
    code, out, err = command("grad", "sum(x^3)", "--at", "x=@x.npy", "--methods", "reverse", "-f", "json")
    assert (code, err) == (3, "")
    assert "reverse: along 3 random directions centered differences confirm 0.0 digits" in json.loads(out)["notes"]


def test_long_programs_of_numbers_on_arrays(command):
    Path("m.py").write_text("def f(x):\n    s = x.sum()\n    for _ in range(8000): s = s*1.0001\n    return s\n")
    start = process_time()
    code, _, _ = command("grad", "m.py:f", "--at", "x=[1,2,3]", "--methods", "reverse")
    assert (code, process_time() - start < SECONDS) == (0, True)


TINY = [
    ("hessian", "sum(x^3)", "--h", "1e-300"),
    ("hessian", "x[0]*x[1]", "--h", "1e-200"),
    ("hessian", "sum(x^3)", "--direction", "x=[1e-320,0]"),
    ("jvp", "sum(x^3)", "--tangent", "x=[1e-320,0]"),
]


@pytest.mark.parametrize("words", TINY, ids=[" ".join(words) for words in TINY])
def test_tiny_steps_and_directions(words, command):
    name, text, *options = words
    code, out, err = command(name, text, "--at", "x=[1,2]", *options, "-f", "json")
    assert code in (0, 1)
    assert err == ""
    json.loads(out)


@pytest.mark.parametrize("point", ["x=[1e39,1]", "x=[1,-1e39]", "x=1e300"])
def test_a_point_beyond_single_precision(point, command):
    code, out, err = command("grad", "x*2", "--at", point, "--dtype", "float32")
    check(out, err, code)
    assert "too large for single precision" in err


@pytest.mark.parametrize("name", ["grad", "vjp"])
def test_gradients_that_are_too_long_are_refused(name, command):
    np.save("x.npy", np.zeros(2_100_000, dtype="int8"))
    code, out, err = command(name, "sum(x)", "--at", "x=@x.npy")
    check(out, err, code)
    assert "1×2100000 derivatives" in err


def test_what_does_not_fit_into_memory_is_no_fault_of_ours(command, monkeypatch):
    def full(*_, **__):
        raise MemoryError

    monkeypatch.setattr("diffcli.studies.study.judge_elements", full)
    code, out, err = command("grad", "sum(x)", "--at", "x=[1,2]")
    check(out, err, code)
    assert "there is not enough memory" in err


def test_numbers_beyond_single_precision_are_no_warning(command):
    code, _, err = command("grad", "sum(x)*1e300", "--at", "x=[1,2]", "--dtype", "float32", "--methods", "reverse")
    assert (code, err) == (1, "")


def test_an_error_while_sympy_starts_is_the_only_one():
    words = [sys.executable, "-m", "diffcli", "jacobian", "x^2", "--at", "x=[1,2]", "--h", "-1"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1])
    check(done.stdout, done.stderr, done.returncode)
    assert done.stderr.count("\n") == 2
