"""The derivative program as source: what is printed runs, and gives the numbers that diffcli gives itself."""

import ast
import math
import os
import re
import shutil
import subprocess
import sys

import pytest

from diffcli.cli.groups import Evaluation
from diffcli.cli.invocation import read_request
from diffcli.errors import UsageError
from diffcli.execute.python_source import compiled
from diffcli.language import library
from diffcli.methods.forward import PreparedForward
from diffcli.methods.reverse import PreparedReverse
from diffcli.render.source import numpy as numpy_language
from diffcli.render.source import python as python_language
from diffcli.render.source.registry import STYLES, source_text
from diffcli.studies.source import source_listing

TEXTS = {
    "pow(x, n), its base and exponent": ("x^n + 2^x + x^-2", "x=1.5,n=2.5"),
    "comparisons": ("where(x > y, x*y, x/y) + where(x <= y, sin(x), 0) + where(x != y, x, 0)", "x=1,y=2"),
    "a branch not taken": ("where(x > 0, sqrt(x), 0)*y + where(y > 0, 1/x, ln(x))", "x=0,y=-1"),
    "ties": ("max(x, y)*min(x, y) + relu(x - y)", "x=2,y=2"),
    "erf": ("erf(x)*erfc(y) + hypot(x, y)", "x=0.3,y=0.7"),
    "definitions": ("sec(x) + csc(x)*cot(x) + sigmoid(x)*softplus(x) + sign(x)*abs(x)", "x=0.8"),
    "logarithms": ("log2(x) + log10(x) + log1p(x) + expm1(x) + cbrt(x)", "x=0.9"),
    "inverse functions": ("asin(x) + acos(x)*atan(x) + atan2(x, y) + asinh(x)*acosh(y) + atanh(x)", "x=0.4,y=1.7"),
    "rounding": ("floor(x)*x + ceil(x)*x^2 + round(x)*x^3", "x=2.5"),
    "special names": ("lambda*class + if^double/v1 + sin(y)*x1", "lambda=1.1,class=2,if=3,double=0.5,v1=4,y=5,x1=6"),
    "names of ours": (
        "gradient*value + exp(math)*t1 + max(x_bar, x)*div",
        "gradient=1,value=2,math=0.3,t1=4,x_bar=5,x=6,div=7",
    ),
    "names of C": ("M_PI*unix + INFINITY*x + g*point - NAN", "M_PI=2,unix=3,INFINITY=4,x=5,g=6,point=7,NAN=8"),
    "Greek": ("α*sin(β)/γ_1", "α=1,β=2,γ_1=3"),
    "constants": ("pi*x + e^x + 0.1*x - 1e-3/x + 3.14159265358979323846*x^2", "x=0.7"),
    "decimals": ("(0.1 + 0.2 - 0.3)*x", "x=1"),
    "overflow": ("1/(1 + exp(x)) + y", "x=1000,y=1"),
    "infinite slope": ("sqrt(x) + ln(y)", "x=0,y=0"),
    "names of intermediates": ("a = x*z; b = ln(x); exp(a) + a/b", "x=2,z=3"),
    "several outputs": ("a = x*y; sin(a); a^2; x - y; 7", "x=1.5,y=2"),
    "a constant": ("2 + pi", ""),
    "an input": ("x", "x=3"),
    "not every input": ("0*x + y", "x=3,y=4"),
    "signs": ("-(-x)^2 - -(y - (x - y)) + x*(-y)*(x/(y/x))", "x=3,y=4"),
}  # fmt: skip
NAMES = """deck-001 rosenbrock beale van-der-waals voigt-like deck-002-adam rnn-two-steps decimal-literals hill
logistic softplus gaussian helmholtz""".split()
METHODS = {"reverse": PreparedReverse, "forward": PreparedForward}
COMPILER = shutil.which("cc")
POSIX = {"PATH": os.environ.get("PATH", ""), "PYTHONIOENCODING": "utf-8"}


def cases():
    """Our own texts, and the examples of the library that have no digamma."""
    for label, (text, at) in TEXTS.items():
        yield pytest.param(text, at, id=label)
    chosen = [name for name in library.examples() if name in NAMES]
    assert len(chosen) >= 6
    for name in chosen:
        yield pytest.param(f"@{name}", "", id=name)


def listing(text, at, mode, language="python"):
    request = read_request(Evaluation(text, [at] if at else []), needs_point=False)
    style = STYLES.get(language, "pretty")
    return source_listing(request.reading.graph, mode, request.wrt, style=style, point=request.point)


def expected(text, at, mode):
    """Values, then rows of derivatives, as the method itself computes them."""
    request = read_request(Evaluation(text, [at] if at else []), needs_point=False)
    method = METHODS[mode](request.reading.graph, request.wrt, lambda graph, _: compiled(graph))
    jacobian = method([float(value) for value in request.point])
    return [*jacobian.values, *(entry for row in jacobian.rows for entry in row)]


def assert_close(found, wanted, ulps=4):
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        same = one == other or (math.isnan(one) and math.isnan(other))
        assert same or abs(one - other) <= ulps * math.ulp(other), (one, other)


def run_python(text, folder):
    """What the module prints, in a process that knows nothing of diffcli."""
    (folder / "module.py").write_text(text, encoding="utf-8")
    words = [sys.executable, "-I", "-S", "-W", "error", "module.py"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=60, check=False, env=POSIX)
    assert (done.returncode, done.stderr) == (0, "")
    return [float(number) for number in re.findall(r"-?(?:inf|nan|[0-9][0-9.]*(?:e[+-]?[0-9]+)?)", done.stdout)]


@pytest.mark.parametrize(("text", "at"), list(cases()))
@pytest.mark.parametrize("mode", METHODS)
def test_python_gives_the_numbers_of_the_method(text, at, mode, tmp_path):
    if mode == "forward" and not at and "@" not in text:
        pytest.skip("no variable to differentiate by")
    assert_close(run_python(source_text(listing(text, at, mode), "python"), tmp_path), expected(text, at, mode))


@pytest.mark.skipif(COMPILER is None, reason="no C compiler")
@pytest.mark.parametrize(("text", "at"), list(cases()))
def test_c_gives_the_numbers_of_the_method(text, at, tmp_path):
    source = source_text(listing(text, at, "reverse", "c"), "c")
    assert source.isascii()
    assert_close(run_c(source, tmp_path), expected(text, at, "reverse"))


@pytest.mark.skipif(COMPILER is None, reason="no C compiler")
@pytest.mark.parametrize("label", ["special names", "several outputs", "an input", "ties"])
def test_c_in_forward_mode(label, tmp_path):
    text, at = TEXTS[label]
    source = source_text(listing(text, at, "forward", "c"), "c")
    assert_close(run_c(source, tmp_path), expected(text, at, "forward"))


def run_c(source, folder):
    (folder / "program.c").write_text(source)
    words = [COMPILER, "-std=c99", "-Wall", "-Wextra", "-Werror", "-Wno-unused-variable", "program.c", "-o", "program"]
    built = subprocess.run([*words, "-lm"], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert built.returncode == 0, built.stderr
    done = subprocess.run([folder / "program"], capture_output=True, text=True, timeout=60, check=True)
    return [float(line) for line in done.stdout.split()]


@pytest.mark.parametrize(("text", "at"), list(cases()))
@pytest.mark.parametrize("mode", METHODS)
def test_numpy_at_many_points(text, at, mode):
    import numpy as np

    if mode == "forward" and not at and "@" not in text:
        pytest.skip("no variable to differentiate by")
    program = listing(text, at, mode)
    names = {"__name__": "module"}
    exec(compile(source_text(program, "numpy"), "module", "exec"), names)
    function = names["gradient" if len(program.outputs) == 1 else "jacobian"]
    found = function(*[np.full((2, 1), value) for value in program.point])
    arrays = list(leaves(found))
    assert all(np.shape(array) == ((2, 1) if program.point else ()) for array in arrays)
    wanted = expected(text, at, mode)
    for array, number in zip(arrays, wanted, strict=True):
        np.testing.assert_allclose(array, number, rtol=1e-13)


def leaves(value):
    """The arrays in nested tuples."""
    if isinstance(value, tuple):
        for part in value:
            yield from leaves(part)
    else:
        yield value


def test_numpy_broadcasts():
    import numpy as np

    names = {"__name__": "module"}
    text = source_text(listing("x*y + where(x > y, x, 0)", "x=1,y=2", "reverse"), "numpy")
    exec(compile(text, "module", "exec"), names)
    x, y = np.array([[1.0], [3.0]]), np.array([0.0, 2.0, 4.0])
    value, (by_x, by_y) = names["gradient"](x, y)
    np.testing.assert_array_equal(value, x * y + np.where(x > y, x, 0))
    np.testing.assert_array_equal(by_x, y + (x > y))
    np.testing.assert_array_equal(by_y, x + 0 * y)


@pytest.mark.parametrize("text", ["gamma(x)*lgamma(y)", "erf(x) + gamma(y)", "round(x)/floor(y)"])
@pytest.mark.parametrize("at", ["x=0.5,y=3", "x=-2,y=0", "x=200,y=1e300", "x=-0.0,y=-0.5"])
def test_values_of_special_functions(text, at, tmp_path):
    request = read_request(Evaluation(text, [at]))
    wanted = compiled(request.reading.graph)(request.point)
    assert_close(run_python(source_text(listing(text, at, "primal"), "python"), tmp_path), wanted)
    if COMPILER:
        assert_close(run_c(source_text(listing(text, at, "primal", "c"), "c"), tmp_path), wanted, ulps=16)


def test_the_text_for_the_deck():
    text = source_text(listing("@deck-001", "", "reverse"), "python")
    lines = [line.strip() for line in text.splitlines() if "#" in line]
    assert [line.split("  #")[0].strip() for line in lines][:5] == [
        "v1 = ln(x1)", "v2 = x1 * x2", "v3 = sin(x2)", "v4 = v1 + v2", "v5 = v4 - v3",
    ]  # fmt: skip
    assert lines[-2] == "x2_bar += v2_bar * x1      # v̄₀ += v̄₂ · v₋₁"
    assert "print(gradient(2.0, 5.0))" in text
    assert "def cos" not in text
    assert "cos = quiet(math.cos)" in text
    assert "power" not in text


def test_literals_keep_their_digits():
    text = source_text(listing("x*3.14159265358979323846 + .5", "x=1", "primal"), "python")
    assert "3.14159265358979323846" in text
    assert "v1 + 0.5 " in text


def test_latex_is_the_program():
    text = source_text(listing("@deck-001", "", "reverse", "latex"), "latex")
    assert r"v_{1} &= \ln v_{-1} \\" in text
    assert r"\bar{v}_{0} &{}+= \bar{v}_{2} \cdot v_{-1}" in text
    assert text.count(r"\begin{align*}") == text.count(r"\end{align*}") == 1


@pytest.mark.parametrize("language", ["python", "numpy"])
def test_what_a_language_lacks_is_named(language):
    with pytest.raises(UsageError, match="has no digamma"):
        source_text(listing("gamma(x)", "x=2", "reverse", language), language)


@pytest.mark.parametrize("language", ["c", "cuda"])
def test_orders_that_a_language_lacks_are_named(language):
    assert "polygamma(12.0, x)" in source_text(listing("polygamma(11, x)", "x=2", "reverse", language), language)
    assert "polygamma(12.0, x)" in source_text(listing("polygamma(12, x)", "x=2", "primal", language), language)
    for text, mode in (("polygamma(13, x)", "primal"), ("polygamma(12, x)", "reverse")):
        with pytest.raises(UsageError, match="has no polygamma of an order above 12"):
            source_text(listing(text, "x=2", mode, language), language)


def test_every_primitive_can_be_written_or_is_missing():
    from diffcli.execute.floats import function
    from diffcli.graph.ops import ELEMENTWISE
    from diffcli.graph.program import Builder
    from diffcli.render.source.expressions import ExpressionWriter
    from diffcli.render.source.identifiers import Identifiers

    points = (0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 1e300, -1e300, 710.0, -745.0, math.inf, -math.inf, math.nan)
    for row in ELEMENTWISE.values():
        if row.name in python_language.LANGUAGE.missing:
            continue
        builder = Builder()
        inputs = [builder.input(name) for name in "abc"[: row.arity]]
        graph = builder.graph(inputs, [builder.apply(row.name, *inputs)])
        writer = ExpressionWriter(python_language.LANGUAGE, Identifiers(python_language.LANGUAGE))
        text = f"def f({', '.join('abc'[: row.arity])}):\n    return {writer.text(graph)}"
        names = {"math": math}
        exec("\n".join([*writer.supplied, text]), names)
        for x in points:
            for y in points:
                args = (x, y, 2.0)[: row.arity]
                found, wanted = names["f"](*args), function(row.name)(*args)
                close = found == wanted or math.isclose(found, wanted, rel_tol=1e-15)
                assert close or (math.isnan(found) and math.isnan(wanted)), (row.name, args, found, wanted)


def test_no_function_supplied_needs_itself():
    for language in (python_language.LANGUAGE, numpy_language.LANGUAGE):
        for text in language.supplied.values():
            ast.parse(text)


@pytest.mark.parametrize(("file", "start"), [("p.py", '"""Value'), ("p.c", "// Value"), ("p.tex", "% ")])
def test_the_suffix_chooses_the_language(file, start, command, tmp_path):
    assert command("source", "x^2", "--at", "x=3", "-o", file) == (0, "", "")
    assert (tmp_path / file).read_text(encoding="utf-8").startswith(start)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["x^2", "--lang", "cuda", "-o", "p.c"], "does not look like cuda"),
        (["x^2", "-o", "p.rs"], "suffix"),
        (["x^2", "--lang", "c", "-o", "p.py"], "does not look like c"),
        (["x^2", "-o", "absent/p.py"], "folder"),
        (["sum(x)", "--at", "x=[1,2]"], "arrays"),
        (["gamma(x)", "-o", "p.py"], "digamma"),
        (["2", "--mode", "forward"], "no variable"),
        (["x*y", "--at", "x=1"], "y"),
    ],
)
def test_what_cannot_be_written_is_said(words, message, command, tmp_path):
    code, out, err = command("source", *words)
    assert (code, out) == (2, "")
    assert message in err
    assert not list(tmp_path.iterdir())


def test_arrays_element_by_element(command, tmp_path):
    code, out, _ = command("source", "sum(x*y)", "--at", "x=[1,2],y=[3,4]", "--scalars")
    assert code == 0
    assert run_python(out, tmp_path) == [11.0, 3.0, 4.0, 1.0, 2.0]


def test_ascii(command):
    code, out, _ = command("source", "α*sin(x)", "--at", "α=1,x=2", "--ascii")
    assert code == 0
    assert out.isascii()
    ast.parse(out)


def test_no_point_no_main(command):
    code, out, _ = command("source", "x*y")
    assert code == 0
    assert "__main__" not in out


@pytest.mark.parametrize("mode", ["reverse", "forward"])
def test_nested_branches_stay_short(mode, tmp_path):
    text = "x"
    for k in range(150):
        text = f"where(x > {k}, sin({text}) + {k}, cos(x))"
    written = source_text(listing(text, "x=30", mode), "python")
    assert max(map(len, written.splitlines())) < 1500
    assert_close(run_python(written, tmp_path), expected(text, "x=30", mode))
