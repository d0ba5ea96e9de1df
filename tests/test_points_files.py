"""`diffcli grad EXPR --points FILE`: files in, files out, and what can be wrong with them."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import diffcli
from diffcli import whole_file
from diffcli.cli import points as command_line
from diffcli.render import point_files as writers
from diffcli.studies import point_files, points

DECK_001 = "ln(x1) + x1*x2 - sin(x2)"
DECK_GRADIENT = "11.652071455223084,5.5,1.7163378145367738"
HEADER = "value,d_x1,d_x2"


def expected(rows):
    """The table for deck 001, by its closed form."""
    x, y = np.asarray(rows, dtype=float).T
    return np.array([np.log(x) + x * y - np.sin(y), 1 / x + y, x - np.cos(y)]).T


def files():
    return sorted(path.name for path in Path().iterdir())


def read_csv(text):
    header, *rows = text.splitlines()
    return header, np.array([[float(cell) for cell in row.split(",")] for row in rows])


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("x1,x2\n2,5\n0.5,-1\n", False),
        ("x2,x1\r\n5,2\r\n-1,.5\r\n", False),
        ("\ufeff x2 , x1 \n# a comment\n\n 5 , 2e0\n-1,0.5", False),
        ('"x₁","x_2"\n2,5\n0.5,-1\n', False),
        ('"x1","x2"\n"2","5"\n"0.5",-1\n', False),
        ("2,5\n0.5,-1\n", True),
        ("# x1, x2 as measured\n2,5\n0.5,-1\n", True),
    ],
)
def test_csv_with_and_without_names(command, text, note):
    Path("p.csv").write_text(text, encoding="utf-8", newline="")
    expression = DECK_001.replace("x1", "x_1").replace("x2", "x_2") if "₁" in text else DECK_001
    code, out, err = command("grad", expression, "--points", "p.csv")
    header, table = read_csv(out)
    assert (code, header.replace("_", ""), "names no columns" in err) == (0, HEADER.replace("_", ""), note)
    assert out.splitlines()[1] == DECK_GRADIENT
    np.testing.assert_allclose(table, expected([[2, 5], [0.5, -1]]), rtol=1e-14)


def records(order):
    data = np.zeros(3, dtype=[(name, kind) for name, kind in zip(order, ("f4", "i2"), strict=True)])
    data["x1"], data["x2"] = [1, 2, 3], [4, 5, 6]
    return data


@pytest.mark.parametrize(
    "data",
    [
        np.array([[1.0, 4], [2, 5], [3, 6]]),
        np.asfortranarray([[1.0, 4], [2, 5], [3, 6]]),
        np.array([[1, 4], [2, 5], [3, 6]], dtype=">i4"),
        np.array([[1, 4], [2, 5], [3, 6]], dtype="f4"),
        np.array([[1, 4], [2, 5], [3, 6]], dtype=np.longdouble),
        np.array([[1, 4], [2, 5], [3, 6]], dtype=">f2"),
        np.asfortranarray(np.array([[1, 4], [2, 5], [3, 6]], dtype=">f4")),
        records(["x1", "x2"]),
        records(["x2", "x1"]),
    ],
    ids=range(9),
)
def test_npy_in_and_out(command, data):
    np.save("p.npy", data)
    assert command("grad", DECK_001, "--points", "p.npy", "-o", "g.npy")[:2] == (0, "")
    found = np.load("g.npy")
    assert (found.dtype, found.shape) == (np.float64, (3, 3))
    np.testing.assert_allclose(found, expected([[1, 4], [2, 5], [3, 6]]), rtol=1e-14)


@pytest.mark.parametrize("suffix", [".csv", ".npy"])
@pytest.mark.parametrize("given", [".csv", ".npy"])
def test_many_blocks(command, monkeypatch, given, suffix):
    rows = np.random.default_rng(3).uniform(0.5, 4, (1000, 2))
    np.save("p.npy", rows)
    np.savetxt("p.csv", rows, delimiter=",", fmt="%.17g")
    monkeypatch.setattr(points, "MOST_ROWS", 7)
    monkeypatch.setattr(point_files, "LONGEST_BLOCK", 150)
    assert command("grad", DECK_001, "--points", f"p{given}", "-o", f"g{suffix}")[0] == 0
    table = np.load("g.npy") if suffix == ".npy" else read_csv(Path("g.csv").read_text())[1]
    np.testing.assert_allclose(table, expected(rows), rtol=1e-13)
    assert files() == sorted(["p.csv", "p.npy", f"g{suffix}"])


def test_csv_keeps_every_bit(command):
    rows = np.random.default_rng(4).uniform(0.5, 4, (100, 2))
    np.save("p.npy", rows)
    command("grad", DECK_001, "--points", "p.npy", "-o", "g.npy")
    command("grad", DECK_001, "--points", "p.npy", "-o", "g.csv")
    np.testing.assert_array_equal(np.load("g.npy"), read_csv(Path("g.csv").read_text())[1])
    value, gradient = diffcli.value_and_grad(DECK_001).batch(*rows.T)
    np.testing.assert_array_equal(np.load("g.npy").T, [value, *gradient])


def test_no_rows(command):
    np.save("p.npy", np.zeros((0, 2)))
    Path("p.csv").write_text("x1,x2\n")
    assert command("grad", DECK_001, "--points", "p.csv")[:2] == (0, f"{HEADER}\n")
    assert command("grad", DECK_001, "--points", "p.npy", "-o", "g.npy")[0] == 0
    assert np.load("g.npy").shape == (0, 3)


def test_at_fixes_variables_and_wrt_chooses(command):
    Path("p.csv").write_text("x2\n5\n-1\n")
    code, out, _ = command("grad", DECK_001, "--points", "p.csv", "--at", "x1=2", "--wrt", "x2", "-o", "-")
    assert (code, out.splitlines()[:2]) == (0, ["value,d_x2", "11.652071455223084,1.7163378145367738"])
    Path("q.csv").write_text("5\n-1\n")
    code, out, err = command("grad", DECK_001, "--points", "q.csv", "--at", "x1=2")
    assert (code, out.splitlines()[1], "taken as x2" in err) == (0, DECK_GRADIENT, True)


def test_an_example_brings_the_values_of_other_variables(command):
    Path("p.csv").write_text("x1\n2\n")
    assert command("grad", "@deck-001", "--points", "p.csv")[1].splitlines()[1] == DECK_GRADIENT


def test_columns_can_be_called_e(command):
    Path("p.csv").write_text("e,x\n3,1\n")
    assert command("grad", "e^x", "--points", "p.csv", "--wrt", "e")[1] == "value,d_e\n3.0,1.0\n"


def test_points_without_a_derivative_are_counted(command):
    Path("p.csv").write_text("x\n0\n4\n-1\n1\n")
    code, out, err = command("grad", "sqrt(x)", "--points", "p.csv")
    assert (code, out) == (3, "value,d_x\n0.0,inf\n2.0,0.25\nnan,nan\n1.0,0.5\n")
    assert "2 of 4 points have no finite gradient" in err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x1,x2\n1,2\n3,four\n", "p.csv, line 3: 'four' is not a number"),
        ("x1,x2\n1,2\n3\n", "p.csv, line 3 has 1 number, and not 2"),
        ("x1,x2\n# c\n\n1,2,3\n", "p.csv, line 4 has 3 numbers, and not 2"),
        ("1,2\n1,2,3\n", "p.csv, line 2 has 3 numbers, and not 2"),
        ("x1,x2\n1,\n", "p.csv, line 2: a number is missing"),
        ("x1,x2\n1,nan\n", "p.csv, line 2: nan is not a finite number"),
        ("x1,x2\n1,1e999\n", "p.csv, line 2: 1e999 is not a finite number"),
        ("x1,x2\n1,1_0\n", "p.csv, line 2: '1_0' is not a number"),
        ("x1,x2\n1;2\n", "p.csv, line 2: '1;2' is not a number"),
        ("x1,4\n1,2\n", "p.csv, line 1: 'x1' is not a number"),
        ("x1,x2,t\n1,2,3\n", "the column 't' is no variable"),
        ("x1\n1\n", "no column is named x2"),
        ("x1,x1\n1,2\n", "stands there twice"),
        ("x1,\n1,2\n", "the name of a column is empty"),
        ("x1;x2\n1;2\n", "columns are separated by commas"),
        ('x1,x2\n"1","two"\n', "p.csv, line 2: 'two' is not a number"),
        ("1\n2\n", "the file has 1 column for 2 variables"),
        ("", "holds no points"),
    ],
)
def test_mistakes_in_csv(command, text, message):
    Path("p.csv").write_text(text)
    Path("g.csv").write_text("old")
    code, _, err = command("grad", DECK_001, "--points", "p.csv", "-o", "g.csv")
    assert code == 2
    assert message in " ".join(err.split())
    assert Path("g.csv").read_text() == "old"
    assert files() == ["g.csv", "p.csv"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.zeros((2, 2, 2)), "has 3 axes"),
        (np.zeros((2, 0)), "the file has 0 columns"),
        (np.zeros(2, dtype=[("x1", "f8", (2,))]), "and not real numbers"),
        (np.zeros((2, 3)), "the file has 3 columns for 2 variables"),
        (np.array([[1.0, 2], [3, np.inf]]), "the number at [1, 1] is inf"),
        (np.array([["a", "b"]]), "and not real numbers"),
        (np.array([[1j, 2]]), "and not real numbers"),
        (np.array([[None, 2]]), "no whole .npy file of numbers"),
        (np.float64(3), "has 0 axes"),
    ],
    ids=range(9),
)
def test_mistakes_in_npy(command, data, message):
    np.save("p.npy", data)
    code, out, err = command("grad", DECK_001, "--points", "p.npy")
    assert code == 2
    assert message in " ".join(err.split())
    assert len(out.splitlines()) <= 1


def test_a_file_that_is_cut_off(command):
    np.save("p.npy", np.ones((100, 2)))
    Path("p.npy").write_bytes(Path("p.npy").read_bytes()[:-1])
    assert command("grad", DECK_001, "--points", "p.npy")[0] == 2
    Path("p.npy").write_bytes(b"PK\x03\x04")
    assert command("grad", DECK_001, "--points", "p.npy")[0] == 2
    Path("p.csv").write_bytes(b"x1,x2\n\xff,1\n")
    code, _, err = command("grad", DECK_001, "--points", "p.csv")
    assert code == 2
    assert "UTF-8" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--points", "nothing.csv"], "no such file"),
        (["--points", "."], "read from .csv or .npy"),
        (["--points", "p.txt"], "read from .csv or .npy"),
        (["--points", "p.csv", "-o", "g.json"], "written to .csv or .npy"),
        (["--points", "p.csv", "-o", "none/g.csv"], "its folder does not exist"),
        (["--points", "p.csv", "--at", "x1=1"], "x1 is a column of the file and given by --at"),
        (["--points", "p.csv", "--at", "z=1"], "is no variable"),
        (["--points", "p.csv", "--wrt", "z"], "there is no variable"),
        (["--points", "p.csv", "--methods", "finite"], "--methods does not go with --points"),
        (["--points", "p.csv", "--scheme", "richardson"], "--scheme does not go with --points"),
        (["--points", "p.csv", "--notation", "g"], "--notation does not go with --points"),
        (["--points", "p.csv", "--dtype", "float32"], "--dtype does not go with --points"),
        (["--points", "p.csv", "--format", "json"], "--format does not go with --points"),
    ],
)
def test_usage(command, words, message):
    Path("p.csv").write_text("x1,x2\n2,5\n")
    code, out, err = command("grad", DECK_001, *words)
    assert code == 2
    assert message in " ".join((err + out).split())


def test_programs_that_have_no_one_gradient(command):
    Path("p.csv").write_text("x\n2\n")
    for text, message in (("sum([x, x])", "for each variable"), ("3", "no variable")):
        code, _, err = command("grad", text, "--points", "p.csv")
        assert (code, message in err) == (2, True), err


@pytest.mark.parametrize("problem", [KeyboardInterrupt, OSError(28, "No space left on device")])
@pytest.mark.parametrize("has_nameless", [True, False])
def test_the_output_is_whole_or_absent(command, monkeypatch, problem, has_nameless):
    if not has_nameless or not whole_file._has_nameless_files(Path("g.csv")):
        monkeypatch.setattr(whole_file, "_has_nameless_files", lambda _: False)
        has_nameless = False
    Path("p.csv").write_text("x1,x2\n2,5\n")

    def broken(*_):
        assert len(files()) == (1 if has_nameless else 2)  # a temporary file with a name is there
        raise problem

    monkeypatch.setattr(writers.CsvWriter, "write", broken)
    code, _, err = command("grad", DECK_001, "--points", "p.csv", "-o", "g.csv")
    assert files() == ["p.csv"]
    assert code == (130 if problem is KeyboardInterrupt else 2)
    assert "No space" in err or problem is KeyboardInterrupt


def test_an_output_keeps_its_permissions(command):
    Path("p.csv").write_text("x1,x2\n2,5\n")
    Path("g.csv").write_text("old")
    Path("g.csv").chmod(0o640)
    assert command("grad", DECK_001, "--points", "p.csv", "-o", "g.csv")[0] == 0
    assert Path("g.csv").read_text() == f"{HEADER}\n{DECK_GRADIENT}\n"
    assert Path("g.csv").stat().st_mode & 0o777 == 0o640


def test_points_are_not_replaced_by_their_gradients(command):
    Path("p.csv").write_text("x1,x2\n2,5\n")
    Path("link.csv").symlink_to("p.csv")
    Path("hard.csv").hardlink_to("p.csv")
    for name in ("p.csv", "link.csv", "./hard.csv"):
        code, _, err = command("grad", DECK_001, "--points", "p.csv", "-o", name)
        assert (code, "would be lost" in err) == (2, True)
    assert Path("p.csv").read_text() == "x1,x2\n2,5\n"


def test_lines_have_a_limit(command, monkeypatch):
    monkeypatch.setattr(point_files, "LONGEST_LINE", 20)
    Path("p.csv").write_text("x1,x2\n2,5\n" + "1" * 30 + ",2\n")
    code, _, err = command("grad", DECK_001, "--points", "p.csv")
    assert (code, "line 3 is longer than 20 characters" in err) == (2, True)


def test_progress_is_shown_in_a_terminal_only(command, monkeypatch):
    Path("p.csv").write_text("x1,x2\n2,5\n")
    with command_line._progress(is_shown=True) as advance:
        advance(0.5, 1)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    code, _, err = command("grad", DECK_001, "--points", "p.csv", "-o", "g.csv")
    assert code == 0
    assert "points" in err or "%" in err


def test_memory_does_not_grow_with_the_file(tmp_path):
    """In a process of its own, a file with holes for its zeros: 128 MB, of which a fifth would be noticed."""
    with (tmp_path / "p.npy").open("wb") as stream:
        header = {"descr": "<f16", "fortran_order": False, "shape": (4_000_000, 2)}
        np.lib.format.write_array_header_1_0(stream, header)
        stream.truncate(stream.tell() + 4_000_000 * 32)

    def peak(rows):
        words = ["grad", "x*y", "--points", rows, "--wrt", "x", "-o", "g.npy"]
        run = f"from diffcli.cli.main import main\ntry:\n    main({words})\nfinally:\n"
        code = f"{run}    import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        return int(subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=False).stdout)

    np.save(tmp_path / "small.npy", np.ones((200_000, 2)))
    assert peak("p.npy") < peak("small.npy") + 25_000
    assert np.load(tmp_path / "g.npy", mmap_mode="r").shape == (200_000, 2)


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_versions_and_orders_of_npy_in_blocks(command, monkeypatch, version, order):
    rows = np.asarray(np.random.default_rng(5).uniform(0.5, 4, (50, 2)), order=order)
    with Path("p.npy").open("wb") as stream:
        np.lib.format.write_array(stream, rows, version=version)
    monkeypatch.setattr(points, "MOST_ROWS", 7)
    assert command("grad", DECK_001, "--points", "p.npy", "-o", "g.npy")[0] == 0
    np.testing.assert_allclose(np.load("g.npy"), expected(rows), rtol=1e-13)


def test_later_rows_have_as_many_numbers_as_the_first(command, monkeypatch):
    monkeypatch.setattr(points, "MOST_ROWS", 2)
    Path("p.csv").write_text("1,2\n3,4\n1,2,3\n4,5,6\n")
    code, _, err = command("grad", DECK_001, "--points", "p.csv")
    assert (code, "line 3 has 3 numbers, and not 2" in err) == (2, True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda stream: stream.truncate(500), "became shorter while it was read"),
        (lambda stream: stream.write(b"x"), "was changed while it was read"),
    ],
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_file_that_changes_meanwhile(command, monkeypatch, change, message, order):
    np.save("p.npy", np.ones((1000, 2), order=order))
    monkeypatch.setattr(points, "MOST_ROWS", 100)
    write = writers.NpyWriter.write

    def changed(self, table):
        with Path("p.npy").open("r+b") as stream:
            stream.seek(0, 2)
            change(stream)
        write(self, table)

    monkeypatch.setattr(writers.NpyWriter, "write", changed)
    code, _, err = command("grad", DECK_001, "--points", "p.npy", "-o", "g.npy")
    assert (code, message in err, files()) == (2, True, ["p.npy"])


def test_text_that_changes_meanwhile(command, monkeypatch):
    Path("p.csv").write_text("x1,x2\n2,5\n")

    def changed(*_):
        Path("p.csv").write_text("x1,x2\n2,5\n3,4\n")

    monkeypatch.setattr(writers.CsvWriter, "write", changed)
    code, _, err = command("grad", DECK_001, "--points", "p.csv", "-o", "g.csv")
    assert (code, "was changed while it was read" in err, files()) == (2, True, ["p.csv"])


def test_several_outputs(command):
    Path("p.csv").write_text("x,y\n3,2\n-1,0\n")
    code, out, _ = command("grad", "f = x*y; g = sqrt(x); f; g", "--points", "p.csv", "--wrt", "x")
    assert code == 3
    assert out.splitlines()[:2] == ["y1,d_y1_x,y2,d_y2_x", f"6.0,2.0,{3**0.5!r},{0.5 / 3**0.5!r}"]
    assert out.splitlines()[2] == "-0.0,0.0,nan,nan"


MODEL = """
import numpy as np

def f(x, y, w=np.ones(2), k=3.0):
    if x > 1:
        return x * y * w[0]
    return x + y * w[1] * k

def wrong(x):
    return np.stack([x, x])
"""


@pytest.mark.parametrize(
    ("words", "header", "row"),
    [
        ([], "value,d_x,d_y", "6.0,2.0,3.0"),
        (["--at", "w=[2,5]"], "value,d_x,d_y", "12.0,4.0,6.0"),
        (["--at", "w=[2,5]", "--at", "k=2", "--wrt", "k,y"], "value,d_k,d_y", "12.0,0.0,6.0"),
    ],
)
def test_python_functions(command, words, header, row):
    Path("model.py").write_text(MODEL)
    Path("p.csv").write_text("x,y\n3,2\n0.5,4\n")
    code, out, err = command("grad", "model.py:f", "--points", "p.csv", *words)
    assert (code, out.splitlines()[:2]) == (0, [header, row]), err
    Path("p.csv").write_text("3,2\n0.5,4\n")
    assert command("grad", "model.py:f", "--points", "p.csv", *words)[1] == out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["model.py:f", "--at", "z=1"], "no parameter of the function"),
        (["model.py:f", "--at", "k=1"], "the parameters before the last one given"),
        (["model.py:f", "--wrt", "z"], "there is no variable z"),
        (["model.py:wrong"], "the column 'y' is no variable"),
        (["model.py:wrong", "--points", "x.csv"], "a gradient needs one number"),
        (["model.py"], "model.py is a file"),
    ],
)
def test_mistakes_with_python_functions(command, words, message):
    Path("model.py").write_text(MODEL)
    Path("p.csv").write_text("x,y\n3,2\n")
    Path("x.csv").write_text("x\n3\n")
    code, out, err = command("grad", "--points", "p.csv", *words)
    assert (code, message in " ".join((out + err).split())) == (2, True), err
