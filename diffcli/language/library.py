"""The expression library: worked examples, one TOML file each, that `@NAME` stands for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from diffcli.errors import UsageError
from diffcli.language.characters import shown
from diffcli.language.suggestions import nearest

FOLDER = "expressions"
AGREE = "agree"
PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Example:
    """An expression with its point, what must come out, and what it teaches."""

    name: str
    text: str
    point: Mapping[str, str] = field(default_factory=dict)
    """Values as typed, by name."""
    title: str = ""
    tags: tuple[str, ...] = ()
    notes: str = ""
    source: str = ""
    """Where the expected numbers come from."""
    value: str | None = None
    gradient: Mapping[str, str] = field(default_factory=dict)
    values: tuple[str, ...] = ()
    """The expected values of several outputs, and below their gradients."""
    gradients: tuple[Mapping[str, str], ...] = ()
    expect: str = AGREE
    """agree, not differentiable, outside the domain, overflow, or off: some method is expected to be wrong."""
    off: tuple[str, ...] = ()
    """The methods that are expected to be wrong."""
    folder: str = ""
    """The sub-folder that the file lies in, such as "hard"."""

    @property
    def at(self) -> str:
        """The point as `--at` takes it."""
        return ",".join(f"{name}={value}" for name, value in self.point.items())


def examples() -> dict[str, Example]:
    """All examples by name, in the order of their folders and names."""
    return {name: _load(name, path) for name, path in _files().items()}


def example(name: str) -> Example:
    """The example called `name`, with or without the @ before it."""
    name = name.removeprefix("@")
    path = _files().get(name)
    if path is None:
        guess = nearest(name, _files())
        raise UsageError(
            f"no example is called '{shown(name[:60])}'",
            hint=f"did you mean @{guess}?" if guess else "`diffcli examples` lists them",
            correction=f"@{guess}" if guess else None,
        )
    return _load(name, path)


@cache
def _files() -> dict[str, Path]:
    """The files by name. Names are only ever looked up here, never joined to a path."""
    for folder in (PACKAGE / FOLDER, PACKAGE.parent / FOLDER):
        if folder.is_dir():
            paths = sorted(folder.rglob("*.toml"), key=lambda path: (path.parent, path.stem))
            return {path.stem: path for path in paths}
    return {}


@cache
def _load(name: str, path: Path) -> Example:
    import tomllib

    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        return _example(name, "" if path.parent.name == FOLDER else path.parent.name, data)
    except (OSError, UnicodeError, tomllib.TOMLDecodeError, KeyError, AttributeError, TypeError) as error:
        raise UsageError(f"the example {name} cannot be read: {error}", hint=str(path)) from error


def _example(name: str, folder: str, data: Mapping[str, Any]) -> Example:
    return Example(
        name=name,
        text=data["text"].strip(),
        point=_texts(data.get("at", {})),
        title=data.get("title", ""),
        tags=tuple(data.get("tags", ())),
        notes=data.get("notes", "").strip(),
        source=data.get("source", ""),
        value=str(data["value"]) if "value" in data else None,
        gradient=_texts(data.get("gradient", {})),
        values=tuple(str(value) for value in data.get("values", ())),
        gradients=tuple(_texts(gradient) for gradient in data.get("gradients", ())),
        expect=data.get("expect", AGREE),
        off=tuple(data.get("off", ())),
        folder=folder,
    )


def _texts(table: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in table.items()}
