"""Training data: files, the sets that come with diffcli, splits, and what is said about broken ones."""

import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from diffcli.errors import DiffcliError
from diffcli.learn.data import read_shares, split
from diffcli.learn.data_files import read_data
from diffcli.learn.data_sets import data_set

ROWS = "".join(f"{k},{k * k},{'ab'[k % 2]}\n" for k in range(12))


def written(folder: Path, text: str | bytes, name: str = "data.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(("name", "shape", "classes"), [("digits", (1797, 64), 10), ("iris", (150, 4), 3),
                                                        ("moons:200,0.1", (200, 2), 2)])  # fmt: skip
def test_sets_are_what_their_sources_say(name: str, shape: tuple[int, int], classes: int) -> None:
    data = data_set(name, 0)
    assert data.x.shape == shape
    assert len(data.classes) == classes
    assert data.source


def test_digits_are_those_of_scikit_learn() -> None:
    datasets = pytest.importorskip("sklearn.datasets")
    known = datasets.load_digits()
    data = data_set("digits", 0)
    assert np.array_equal(data.x, known.data)
    assert np.array_equal(data.labels, known.target)
    known, data = datasets.load_iris(), data_set("iris", 0)
    assert np.array_equal(data.x, known.data)
    assert np.array_equal(data.labels, known.target)


def test_digits_by_known_sums() -> None:
    """From scikit-learn's documentation and its load_digits: classes by count, and the sum of all pixels."""
    data = data_set("digits", 0)
    assert data.counts == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert data.x.sum() == 561718
    assert data.x.min() == 0
    assert data.x.max() == 16


def test_moons_lie_on_half_circles_and_follow_the_seed() -> None:
    quiet = data_set("moons:101,0", 0)
    upper, lower = quiet.x[quiet.labels == 0], quiet.x[quiet.labels == 1]
    assert np.hypot(*upper.T) == pytest.approx(1)
    assert np.hypot(lower[:, 0] - 1, lower[:, 1] - 0.5) == pytest.approx(1)
    assert (upper[:, 1] > -1e-12).all()
    assert (lower[:, 1] < 0.5 + 1e-12).all()
    assert data_set("moons", 1).digest == data_set("moons", 1).digest != data_set("moons", 2).digest


def test_tables_with_and_without_names(tmp_path: Path) -> None:
    plain = read_data(written(tmp_path, ROWS))
    named = read_data(written(tmp_path, "x,y,kind\n" + ROWS))
    first = read_data(written(tmp_path, "".join(f"{'ab'[k % 2]},{k},{k * k}\n" for k in range(12))), "1")
    for data in (plain, named, first):
        assert data.classes == ("a", "b")
        assert data.x[:, 1].tolist() == [k * k for k in range(12)]
        assert data.labels.tolist() == [k % 2 for k in range(12)]
    assert named.features == ("x", "y")
    quoted = read_data(written(tmp_path, 'x,"y, of all",kind\n# a remark\n\n' + ROWS), "kind")
    assert quoted.features == ("x", "y, of all")


@pytest.mark.parametrize(
    ("names", "separator", "mark"),
    [("u,v,label", ",", "."), ("u;v;label", ";", "."), ("u;v;label", ";", ","), ("", ";", ","),
     ("u\tv\tlabel", "\t", "."), ("# made by hand, twice\nu;v;label", ";", ","), ("u;v,w,label", ",", ".")],
)  # fmt: skip
def test_separators_and_decimal_marks_as_spreadsheets_write_them(
    tmp_path: Path, names: str, separator: str, mark: str
) -> None:
    rows = [(k / 4 - 1, -0.5 * k, "ab"[k % 2]) for k in range(12)]
    lines = [separator.join(str(cell).replace(".", mark) for cell in row) for row in rows]
    data = read_data(written(tmp_path, "\r\n".join([*([names] if names else []), *lines])))
    assert data.x.tolist() == [list(row[:2]) for row in rows]
    assert data.classes == ("a", "b")


def test_classes_that_are_numbers_stand_in_their_order(tmp_path: Path) -> None:
    data = read_data(written(tmp_path, "".join(f"{k},{(10, 9, 2)[k % 3]}\n" for k in range(12))))
    assert data.classes == ("2", "9", "10")
    chosen = read_data(written(tmp_path, ROWS), classes=["b", "a"])
    assert chosen.classes == ("b", "a")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no rows"), ("x,y,kind\n", "no rows of numbers"), ("1\n2\n", "one column"),
        (ROWS + "1,,a\n", "line 13, column 2 (column 2): the value is missing"),
        ("x,y,kind\n" + ROWS + "NA,3,a\n", "line 14, column 1 (x): the value is missing"),
        (ROWS + "1,nan,a\n", "line 13, column 2 (column 2): the value is missing"),
        (ROWS + "1,2,?\n", "line 13, column 3 (column 3): the value is missing"),
        ("x,y,kind\n" + ROWS + "1,abc,a\n", "line 14, column 2 (y): 'abc' is not a finite number"),
        (ROWS + "1,inf,a\n", "not a finite number"), (ROWS + "1,1e999,a\n", "not a finite number"),
        (ROWS + "1,1_0,a\n", "not a finite number"), (ROWS + "1,٣,a\n", "not a finite number"),
        (ROWS + "1,2\n", "line 13 has 2 cells, and there are 3 columns"), (ROWS + "1,2,3,a\n", "4 cells"),
        (ROWS + "1,2,bb\n", "3 samples of each class are needed, and 'bb' has 1 (line 13)"),
        ("".join(f"{k},{k * 1.5}\n" for k in range(99)), "99 different values"),
        ("".join(f"{k},a\n" for k in range(9)), "all samples have the label 'a'"),
        ("".join(f"{k},{k * 1.5}\n" for k in range(20)), "20 different values"),
        (ROWS + '"0,5",2,a\n', "'0,5' is not a finite number"),
        (ROWS.replace(",", ";") + "0.5;0,5;a\n", "'0,5' is not"),
        (ROWS.replace(",", ";") + "1.000,5;2;a\n", "'1.000,5' is not"),
        (b"\xff\xfe\x00x", "not UTF-8"), (ROWS + '"' + "1" * 200_000 + '",2,a\n', ""),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_table_is_said_with_its_place(tmp_path: Path, text: str | bytes, words: str) -> None:
    with pytest.raises(DiffcliError) as caught:
        read_data(written(tmp_path, text))
    assert words in caught.value.message
    assert caught.value.exit_code == 2


def test_hints_know_what_was_meant(tmp_path: Path) -> None:
    path = written(tmp_path, "x,y,species\n" + ROWS.replace("a", "setosa").replace("b", "virginica") + "1,2,setsa\n")
    with pytest.raises(DiffcliError) as caught:
        read_data(path)
    assert "did you mean 'setosa'" in (caught.value.hint or "")
    with pytest.raises(DiffcliError) as caught:
        read_data(path, classes=["setosa", "virginica"])
    assert "line 14: the label 'setsa' is none of the classes" in caught.value.message
    with pytest.raises(DiffcliError) as caught:
        read_data(path, label="specis")
    assert "did you mean 'species'" in (caught.value.hint or "")
    with pytest.raises(DiffcliError) as caught:
        read_data(tmp_path / "dat.csv")
    assert "did you mean data.csv" in (caught.value.hint or "")
    with pytest.raises(DiffcliError, match="digits"):
        data_set("digits:3", 0)


def saved(folder: Path, **arrays: object) -> Path:
    path = folder / "data.npz"
    np.savez(path, **arrays)
    return path


X, LABELS = np.arange(24.0).reshape(12, 2), np.array(["a", "b"] * 6)


def test_archives_of_arrays(tmp_path: Path) -> None:
    data = read_data(saved(tmp_path, X=X, y=LABELS))
    assert data.classes == ("a", "b")
    images = read_data(saved(tmp_path, images=X.reshape(12, 2, 1).astype(np.uint8), target=np.arange(12) % 3))
    assert images.x.tolist() == X.tolist()
    assert images.classes == ("0", "1", "2")
    floats = read_data(saved(tmp_path, data=X, kind=(np.arange(12) % 2).astype(float)), label="kind")
    assert floats.classes == ("0", "1")


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"X": X}, "arrays X and y are expected"), ({"X": X, "y": LABELS[:5]}, "X is 12×2 of float64"),
        ({"X": X[:, 0], "y": LABELS}, "one row"), ({"X": X.astype(str), "y": LABELS}, "of <U"),
        ({"X": X + 1j, "y": LABELS}, "neither numbers nor text"), ({"X": X[:0], "y": LABELS[:0]}, "0×2"),
        ({"X": np.where(X == 7, np.nan, X), "y": LABELS}, "X[3, 1] is missing"),
        ({"X": np.where(X == 7, np.inf, X), "y": LABELS}, "X[3, 1] is infinite"),
        ({"X": X, "y": np.where(np.arange(12) == 4, np.nan, 1.0)}, "label y[4] is missing"),
        ({"X": X, "y": np.where(np.arange(12) == 4, 0.5, 1.0)}, "y[4] is 0.5"),
        ({"X": X, "y": np.array([None] * 12)}, "neither numbers nor text"),
        ({"X": X, "y": np.eye(2)[[0, 1] * 6]}, "y.argmax(axis=1)"), ({"X": X, "y": LABELS[:, None]}, "y[:, 0]"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_archive_is_said(tmp_path: Path, arrays: dict, words: str) -> None:
    with pytest.raises(DiffcliError) as caught:
        read_data(saved(tmp_path, **arrays))
    assert words in caught.value.message + (caught.value.hint or "")


def test_damaged_and_malicious_archives_are_refused(tmp_path: Path) -> None:
    whole = saved(tmp_path, X=X, y=LABELS).read_bytes()
    for cut in (0, 10, 100, len(whole) // 2, len(whole) - 30):
        with pytest.raises(DiffcliError):
            read_data(written(tmp_path, whole[:cut], "cut.npz"))
    for place in range(30, len(whole) - 1, 97):
        broken = whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]
        path = written(tmp_path, broken, "broken.npz")
        with suppress(DiffcliError):  # and nothing else
            read_data(path)
    huge = tmp_path / "huge.npz"
    with zipfile.ZipFile(huge, "w") as archive:
        header = b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 9), }"
        archive.writestr("X.npy", header.ljust(127) + b"\n")
        archive.writestr("y.npy", header.ljust(127) + b"\n")
    with pytest.raises(DiffcliError, match="cut off"):
        read_data(huge)
    with pytest.raises(DiffcliError):
        read_data(tmp_path)
    with pytest.raises(DiffcliError, match=r"csv and \.npz"):
        read_data(written(tmp_path, "1", "data.txt"))


def test_splits_share_every_class_and_no_sample() -> None:
    data = data_set("iris", 0)
    parts = split(data, (70, 15, 15), np.random.default_rng(0), outputs=3, dtype=np.dtype(float), is_standardised=True)
    assert [len(part) for part in (parts.training, parts.validation, parts.test)] == [102, 24, 24]
    rows = np.concatenate([part.x for part in (parts.training, parts.validation, parts.test)])
    assert sorted(map(tuple, (rows * parts.scale + parts.mean).round(6))) == sorted(map(tuple, data.x.round(6)))
    assert [list(np.bincount(part.labels)) for part in (parts.training, parts.validation)] == [[34] * 3, [8] * 3]
    assert parts.training.x.mean(axis=0) == pytest.approx(np.zeros(4), abs=1e-12)
    assert parts.training.x.std(axis=0) == pytest.approx(np.ones(4))
    assert np.array_equal(parts.training.y.argmax(axis=1), parts.training.labels)
    other = split(data, (70, 15, 15), np.random.default_rng(1), outputs=3, dtype=np.dtype(float), is_standardised=True)
    assert not np.array_equal(other.training.x, parts.training.x)


def test_constant_features_stay_finite() -> None:
    from dataclasses import replace

    data = data_set("iris", 0)
    flat = replace(data, x=np.column_stack([data.x, np.full(150, 7.0)]))
    parts = split(flat, (2, 1, 1), np.random.default_rng(0), outputs=3, dtype=np.dtype(float), is_standardised=True)
    assert (parts.test.x[:, -1] == 0).all()


def test_features_too_large_to_be_scaled_are_named(tmp_path: Path) -> None:
    path = written(tmp_path, "x,y,kind\n" + ROWS + "1,1e300,a\n")
    data = read_data(path)
    with pytest.raises(DiffcliError, match="y"):
        split(data, (1, 0, 0), np.random.default_rng(0), outputs=1, dtype=np.dtype(float), is_standardised=True)


@pytest.mark.parametrize("text", ["", "1,2", "0,1,1", "a,b,c", "-1,1,1", "nan,1,1", "inf,1,1", "1,1,1,1"])
def test_shares_are_three_numbers(text: str) -> None:
    with pytest.raises(DiffcliError):
        read_shares(text)
