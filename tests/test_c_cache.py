"""Compiled programs are kept, are never trusted when damaged or strange, and are never needed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from test_batch import adjoint
from test_executors import DECK_001, needs_compiler

import diffcli
from diffcli.errors import LibraryError
from diffcli.execute import c_cache, c_compiler
from diffcli.execute.blocks import Batch
from diffcli.execute.c_compiler import CompilerError

RUN = """
import sys, numpy as np, diffcli
x = np.linspace(1, 2, 1000)
value, (first, second) = diffcli.value_and_grad(sys.argv[1], executor=sys.argv[2] or None).batch(x, x)
np.testing.assert_allclose(first, 1 / x + x, rtol=1e-14)
print("right")
"""


SHARED = (1, 2, 3, 4)
"""The libraries for one program: its own, and those that all programs share, which may be loaded already."""


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty one, in a folder whose way has a space."""
    folder = tmp_path / "the cache"
    monkeypatch.setenv("DIFFCLI_CACHE_DIR", str(folder))
    monkeypatch.delenv("DIFFCLI_NO_COMPILER", raising=False)
    return folder


def process(executor="c", **environment):
    words = [sys.executable, "-c", RUN, DECK_001, executor]
    return subprocess.Popen(
        words, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def is_right():
    """Whether a program that is compiled, or taken from the cache, computes."""
    x = np.linspace(1, 2, 100)
    _, first, _ = Batch(adjoint(DECK_001), "c")([x, x])
    np.testing.assert_allclose(first, 1 / x + x, rtol=1e-14)
    return True


@needs_compiler
def test_two_processes_build_at_once(cache):
    both = [process(), process(), process()]
    assert [one.communicate(timeout=100) for one in both] == [("right\n", "")] * 3
    names = sorted(path.name for path in cache.iterdir())
    assert len(names) in SHARED
    assert all(name.endswith(".so") for name in names)
    assert cache.stat().st_mode & 0o777 == 0o700


@needs_compiler
@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda content: content[:4096],
        lambda content: content[:-1],
        lambda content: content + b"x",
        lambda content: content[:9000] + bytes([content[9000] ^ 1]) + content[9001:],
        lambda _: b"not a library" * 1000,
    ],
    ids=["empty", "cut off", "cut off late", "longer", "one bit", "something else"],
)
def test_what_is_damaged_is_built_again(cache, damage):
    assert is_right()
    whole = {path: path.read_bytes() for path in cache.glob("*.so")}
    assert len(whole) in SHARED
    for path, content in whole.items():
        path.unlink()  # what is loaded stays as it is
        path.write_bytes(damage(content))
        path.chmod(0o700)
    done = process()
    assert done.communicate(timeout=100) == ("right\n", "")
    assert all(c_cache.cached(path.stem) for path in whole)


@needs_compiler
def test_the_file_of_another_writer_is_not_loaded(cache):
    assert is_right()
    for path in cache.glob("*.so"):
        path.chmod(0o777)
        assert c_cache.cached(path.stem) is None
        path.chmod(0o700)
        assert c_cache.cached(path.stem) == path
        link = path.with_name(f"{'0' * 40}.so")
        link.unlink(missing_ok=True)
        link.symlink_to(path)
        assert c_cache.cached(link.stem) is None


def test_a_directory_that_others_can_write_to_is_refused(cache):
    cache.mkdir()
    cache.chmod(0o777)
    place = c_cache.directory()
    assert place != cache
    assert place.stat().st_mode & 0o777 == 0o700
    cache.chmod(0o700)
    assert c_cache.directory() == cache


def test_a_directory_of_another_user_is_refused(cache, monkeypatch):
    cache.mkdir(mode=0o700)
    user = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: user + 1)
    assert not c_cache._is_private(cache)


def test_a_link_or_file_in_its_place_is_refused(cache, tmp_path):
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    cache.symlink_to(tmp_path / "elsewhere")
    assert c_cache.directory() != cache
    cache.unlink()
    cache.write_text("a file")
    assert c_cache.directory() != cache


@pytest.mark.parametrize(
    ("variables", "place"),
    [
        ({"DIFFCLI_CACHE_DIR": "/a/b", "XDG_CACHE_HOME": "/c"}, "/a/b"),
        ({"XDG_CACHE_HOME": "/c"}, "/c/diffcli"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/home/x"}, "/home/x/.cache/diffcli"),
    ],
)
@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has a place of its own")
def test_where_it_is(variables, place, monkeypatch):
    for name in ("DIFFCLI_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert str(c_cache.wanted_directory()) == place


def test_it_stays_small(cache, monkeypatch):
    monkeypatch.setattr(c_cache, "MOST_FILES", 3)
    for number in range(6):
        path = c_cache.built(f"{number:040}", lambda target: target.write_bytes(b"x" * 100))
        os.utime(path, (number, number))
    assert sorted(path.name[39] for path in cache.iterdir()) == ["3", "4", "5"]
    monkeypatch.setattr(c_cache, "MOST_BYTES", 200)
    old = cache / "abandoned.part"
    old.touch()
    os.utime(old, (0, 0))
    (cache / "fresh.part").touch()
    c_cache.built(f"{7:040}", lambda target: target.write_bytes(b"x" * 100))
    assert sorted(path.name for path in cache.iterdir()) == [f"{5:040}.so", f"{7:040}.so", "fresh.part"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, CompilerError("no"), OSError(28, "no space")])
def test_what_is_interrupted_leaves_nothing(cache, error):
    def build(target):
        target.write_bytes(b"half of a library")
        raise error

    with pytest.raises(error if isinstance(error, type) else type(error)):
        c_cache.built("0" * 40, build)
    assert list(cache.iterdir()) == []


@needs_compiler
def test_a_killed_build_leaves_nothing_that_is_loaded(cache, tmp_path):
    slow = script(tmp_path / "slow-cc", "sleep 5\n")
    one = process(CC=str(slow))
    for _ in range(1000):
        if list(cache.glob("*.part")):
            break
        time.sleep(0.01)
    assert list(cache.glob("*.part"))
    one.send_signal(signal.SIGKILL)
    one.communicate()
    assert not list(cache.glob("*.so"))
    assert is_right()


def script(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}")
    path.chmod(0o755)
    return path


@pytest.mark.usefixtures("cache")
def test_a_compiler_that_takes_too_long_is_ended(tmp_path, monkeypatch):
    monkeypatch.setenv("CC", str(script(tmp_path / "slow-cc", "sleep 60 & sleep 60\n")))
    monkeypatch.setattr(c_compiler, "TRYING", 0.1)
    begin = time.monotonic()
    with pytest.raises(CompilerError, match=r"ended after 0\.1 s") as caught:
        diffcli.value_and_grad("x*y", executor="c").batch([1.0], [2.0])
    assert time.monotonic() - begin < 20
    assert "slow-cc" in caught.value.hint


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("executor", ["c", None])
def test_a_compiler_that_hangs_is_waited_for_once(tmp_path, monkeypatch, executor):
    compiler = script(tmp_path / "hanging-cc", f"echo once more >> {tmp_path}/runs\nexec sleep 60\n")
    monkeypatch.setenv("CC", str(compiler))
    monkeypatch.setattr(c_compiler, "TRYING", 0.2)
    x = np.linspace(1, 2, 1_000_000)
    for text in ("sin(x)*cos(x)", "cos(x)*exp(sin(x))"):
        if executor:
            with pytest.raises(CompilerError, match=r"ended after 0\.2 s"):
                diffcli.value_and_grad(text, executor=executor)
        else:
            function = diffcli.value_and_grad(text)
            for _ in range(6):
                function.batch(x)
    assert (tmp_path / "runs").read_text().splitlines() == ["once more"]


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("echo 'x.c:1: error: bad luck' >&2\nexit 1", "bad luck"),
        ("exit 0", "no message"),
        ('for last; do :; done\nwhile [ $# -gt 1 ]; do [ "$1" = -o ] && echo junk > "$2"; shift; done', "loaded"),
    ],
)
def test_a_compiler_that_fails_is_named_or_passed_over(tmp_path, monkeypatch, body, message):
    compiler = script(tmp_path / "my-cc", body)
    monkeypatch.setenv("CC", f"{compiler} -some-option")
    with pytest.raises(CompilerError, match=message) as caught:
        diffcli.value_and_grad("x*y", executor="c").batch([1.0], [2.0])
    assert caught.value.exit_code == LibraryError.exit_code == 4
    assert message == "loaded" or "my-cc -some-option" in caught.value.hint
    x = np.linspace(1, 2, 600_000)
    (value, _) = diffcli.value_and_grad("sin(x*y)*sin(x)*cos(y)*sin(x+y)").batch(x, x)
    np.testing.assert_allclose(value, np.sin(x * x) * np.sin(x) * np.cos(x) * np.sin(x + x), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    "environment",
    [{"PATH": ""}, {"DIFFCLI_NO_COMPILER": "1"}, {"CC": "no-such-compiler"}, {"CC": "'"}],
    ids=["path", "off", "absent", "quote"],
)
def test_without_a_compiler_everything_runs(cache, environment):
    assert process("", **environment).communicate(timeout=60) == ("right\n", "")
    out, err = process("c", **environment).communicate(timeout=60)
    assert out == ""
    assert "CompilerError" in err
    assert not list(cache.glob("*"))
