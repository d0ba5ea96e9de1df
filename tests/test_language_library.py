"""The expression library: files are found by name, and read tolerantly."""

from pathlib import Path

import pytest

from diffcli.errors import UsageError
from diffcli.language import library
from diffcli.language.library import Example, example, examples


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library of its own for one test."""
    monkeypatch.setattr(library, "PACKAGE", tmp_path / "package")
    root = tmp_path / "expressions"
    (root / "hard").mkdir(parents=True)
    monkeypatch.setattr(library, "_files", library._files.__wrapped__)
    monkeypatch.setattr(library, "_load", library._load.__wrapped__)
    return root


FULL = """
title = "Survey example"
text = "ln(x1) + x1*x2 - sin(x2)"
tags = ["lecture"]
value = "11.65"
source = "deck 001"
expect = "off"
off = ["finite"]
[at]
x1 = "2"
x2 = 5
[gradient]
x1 = "5.5"
"""


def test_all_fields(folder: Path) -> None:
    (folder / "hard" / "survey.toml").write_text(FULL, encoding="utf-8")
    expected = Example(
        name="survey",
        text="ln(x1) + x1*x2 - sin(x2)",
        point={"x1": "2", "x2": "5"},
        title="Survey example",
        tags=("lecture",),
        source="deck 001",
        value="11.65",
        gradient={"x1": "5.5"},
        expect="off",
        off=("finite",),
        folder="hard",
    )
    assert examples() == {"survey": expected}
    assert example("@survey") == example("survey") == expected
    assert expected.at == "x1=2,x2=5"


def test_only_the_text_is_required(folder: Path) -> None:
    (folder / "short.toml").write_text('text = "x"', encoding="utf-8")
    assert example("short") == Example("short", "x")
    assert example("short").expect == "agree"


@pytest.mark.parametrize("name", ["../secret", "hard/../short", "/etc/passwd", "..", "", "short.toml", "\x1b[31m"])
def test_names_are_no_paths(folder: Path, name: str) -> None:
    (folder.parent / "secret.toml").write_text('text = "x"', encoding="utf-8")
    (folder / "short.toml").write_text('text = "x"', encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        example(name)
    assert caught.value.message.isprintable()


def test_the_nearest_name_is_offered(folder: Path) -> None:
    (folder / "rosenbrock.toml").write_text('text = "x"', encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        example("@rosenbrok")
    assert (caught.value.hint, caught.value.correction) == ("did you mean @rosenbrock?", "@rosenbrock")


@pytest.mark.parametrize("content", ["text = ", "title = 'no text'", "text = 3"])
def test_broken_files_are_named(folder: Path, content: str) -> None:
    (folder / "broken.toml").write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match="the example broken cannot be read"):
        example("broken")


def test_the_library_itself_is_found() -> None:
    assert examples()
    assert all(one.text for one in examples().values())
