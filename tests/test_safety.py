"""No text of a user is ever executed: the calls that could do it do not stand in the source."""

import ast
import re
from pathlib import Path

import pytest

import diffcli
from diffcli.execute.python_source import function_source, source
from diffcli.language import parse

SOURCES = sorted(Path(diffcli.__file__).parent.rglob("*.py"))
FORBIDDEN = {"eval", "sympify", "parse_expr", "lambdify", "literal_eval", "__import__", "parse_latex", "S"}
ALLOWED = {"execute/python_source.py", "execute/array_source.py", "execute/block_plan.py", "studies/peers/program.py"}
ON_EXPRESSIONS = {"studies/peers/sympy_lambdify.py": {"lambdify"}}
"""Takes SymPy's expressions over symbols of ours, never text."""


def called_names(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            names.add(function.id if isinstance(function, ast.Name) else getattr(function, "attr", ""))
            if (
                isinstance(function, ast.Attribute)
                and isinstance(function.value, ast.Name)
                and function.value.id == "re"
            ):
                names.discard("compile")
    return names


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(SOURCES[0].parent)))
def test_nothing_executes_text(path):
    names = called_names(ast.parse(path.read_text(encoding="utf-8")))
    allowed = next((calls for end, calls in ON_EXPRESSIONS.items() if str(path).endswith(end)), set())
    assert not names & (FORBIDDEN - allowed)
    if not any(str(path).endswith(allowed) for allowed in ALLOWED):
        assert "exec" not in names


@pytest.mark.parametrize("name", ["lambda", "__import__", "class", "x_1", "α", "None", "os"])
def test_generated_code_contains_no_name_of_the_user(name):
    text = source(parse(f"{name}^2 + sin({name})", bound=(name,)).graph)
    assert text.isascii()
    words = {
        word
        for line in text.splitlines()
        for word in line.replace("(", " ").replace(")", " ").replace(",", " ").split()
    }
    assert name not in words
    assert words <= {
        "def",
        "program",
        ":",
        "values",
        "=",
        "+",
        "return",
        "v0",
        "v1",
        "v2",
        "v3",
        "v4",
        "2.0",
        "pow",
        "sin",
    }


@pytest.mark.parametrize("name", ["x", "lambda", "α", "os"])
def test_plain_functions_get_the_names_of_the_user_without_their_text(name):
    text = function_source(parse(f"{name}^2 + sin({name})", bound=(name,)).graph)
    assert text.isascii()
    assert name not in re.findall(r"\w+", text)
