"""A function from a user's own file: `file.py:name`. The file runs as Python runs it, and only when it is asked for."""

import difflib
import functools
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Any

from diffcli.errors import DiffcliError, FunctionError

FORM = "write it as file.py:function"
MOST_BYTES = 10_000_000
"""Of a file with functions; what is larger is none."""
MOST_CHARACTERS = 200
"""Of what an error of the file says."""


def load(path_and_name: str) -> Callable[..., Any]:
    """The function; the file's own errors, also those of later calls, become errors that name the line."""
    path_text, _, name = path_and_name.rpartition(":")
    if not path_text or not name.isidentifier():
        raise FunctionError(f"'{path_and_name}' names no function of a file", hint=FORM)
    path = Path(path_text)
    if path.suffix != ".py":
        raise FunctionError(f"{path.name} is no Python file", hint=FORM)
    if not path.is_file():
        raise FunctionError(f"there is no file {path}")
    if path.stat().st_size > MOST_BYTES:
        raise FunctionError(f"{path.name} has {path.stat().st_size} bytes; the limit is {MOST_BYTES}")
    found = getattr(_module(path), name, None)
    if found is None:
        raise FunctionError(f"{path.name} has no function '{name}'", hint=_guess(path, name))
    if not callable(found):
        raise FunctionError(f"'{name}' in {path.name} is no function")
    with _running(path):  # objects with a call can do anything when they are asked for their name
        return _guarded(found, path)


def parameters(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """The parameters of a function by name; classes and built-in functions need not have any that can be known."""
    try:
        return inspect.signature(function).parameters
    except Exception:  # noqa: BLE001 - an object of the user answers
        raise FunctionError("the parameters of this function cannot be found out", hint="write one with def") from None


def _module(path: Path) -> ModuleType:
    """The file, run."""
    where = path.resolve()
    spec = importlib.util.spec_from_file_location(f"diffcli_user_file_{where.stem}", where)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)  # where dataclasses look for it
    try:
        with _running(path):
            spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(spec.name, None)
        raise
    return module


@contextmanager
def _running(path: Path) -> Iterator[None]:
    """What the file does: it can import its neighbours, and its prints are no results."""
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)
    try:
        with _named_errors(path), redirect_stdout(sys.stderr):
            yield
    finally:
        sys.path.remove(folder)


@contextmanager
def _named_errors(path: Path) -> Iterator[None]:
    """Errors of the file as errors of the user, with the line."""
    try:
        yield
    except DiffcliError:
        raise
    except SyntaxError as error:
        raise FunctionError(f"{path.name} cannot be read: line {error.lineno}: {error.msg}") from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        refused = _refusal(error)
        if refused is not None:
            raise refused from error
        own = str(path.resolve())
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == own]
        place = f" at line {lines[-1]}" if lines else ""
        raise FunctionError(f"{path.name} stopped{place}: {type(error).__name__}{_said(error)}") from error


def _said(error: BaseException) -> str:
    """What the error says, if it says something."""
    try:
        said = str(error)
    except Exception:  # noqa: BLE001 - the user's own class
        return ""
    return f": {said[:MOST_CHARACTERS]}" if said else ""


def _refusal(error: BaseException | None) -> DiffcliError | None:
    """What a recorded array refused, where NumPy or the file turned it into an error of its own."""
    while error is not None and not isinstance(error, DiffcliError):
        error = error.__cause__ or error.__context__
    return error


def _guarded(function: Callable[..., Any], path: Path) -> Callable[..., Any]:
    @functools.wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        with _running(path):
            return function(*args, **kwargs)

    return guarded


def _guess(path: Path, name: str) -> str | None:
    """The functions that the file defines, as far as its text says so."""
    import ast

    names = [node.name for node in ast.parse(path.read_bytes()).body if isinstance(node, ast.FunctionDef)]
    near = difflib.get_close_matches(name, names, 1)
    if near:
        return f"did you mean {near[0]}?"
    return f"it has {', '.join(names[:8])}" if names else None
