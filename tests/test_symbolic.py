"""Symbolic derivatives: formulas, accuracy, and a child process that always ends."""

import json
import math
import subprocess
import sys
import time

import pytest
from formula_rows import interpreted, rows

from diffcli.graph.ops import ELEMENTWISE
from diffcli.graph.program import Builder
from diffcli.graph.text import PLAIN, names_of, write
from diffcli.language import parse
from diffcli.methods import symbolic
from diffcli.methods.method import GaveUp, Meter
from diffcli.methods.reverse import PreparedReverse
from diffcli.methods.symbolic import PreparedSymbolic, formulas, request, start
from diffcli.methods.symbolic_worker import answer, encoded
from diffcli.methods.sympy_process import Worker


class Here:
    """A job done in this process, by the function that the child runs."""

    seconds = 0.0

    def __init__(self, graph, wrt=None):
        wrt = graph.inputs if wrt is None else wrt
        self._answer = json.loads(json.dumps(answer(json.dumps(request(graph, wrt)).encode())))
        self._arguments = graph, wrt

    def result(self):
        return formulas(*self._arguments, self._answer)

    @property
    def written_out(self):
        return self._answer["written_out"]


def prepared(graph, compiler=interpreted):
    return PreparedSymbolic(graph, graph.inputs, compiler, Here(graph))


def written(text):
    """The derivatives as text."""
    graph = parse(text).graph
    result = Here(graph).result()
    result.check()
    names = names_of(result, PLAIN)
    outputs = result.outputs[len(graph.outputs) :]
    return [names.get(position) or write(result, position, names, PLAIN) for position in outputs]


@pytest.mark.parametrize(
    ("text", "derivatives"),
    [
        ("ln(x1) + x1*x2 - sin(x2)", ["1/x1 + x2", "x1 - cos(x2)"]),
        ("(a + b)*(b + 1)", ["b + 1", "a + 2*b + 1"]),
        ("x^3 - 2*x^2 + x/3 - 7", ["3*x^2 - 4*x + 1/3"]),
        ("100*(x2 - x1^2)^2 + (1 - x1)^2", ["200*x2 - 200*x1^2", "2*x1 - 400*x1*(x2 - x1^2) - 2"]),
        ("x^n", ["n*x^(n - 1)", "x^n*ln(x)"]),
        ("sqrt(x)", ["1/(2*sqrt(x))"]),
        ("cos(2*pi*x)", ["-(2*pi*sin(2*pi*x))"]),
        ("abs(x)", ["sign(x)"]),
        ("abs(ln(x))", ["sign(ln(x))/x"]),
        ("x*floor(x) + x*round(x) + x*sign(x)", ["floor(x) + round(x) + sign(x)"]),
        ("where(x > 0, x^2, 3*x)", ["where(x > 0, 2*x, 3)"]),
        ("max(x, 1)", ["where(x > 1, 1, 0) + where(x == 1, 1, 0)/2"]),
        ("x*9^9^9^9", ["9^9^9^9"]),
        ("x*gamma(10^6)", ["gamma(10^6)"]),
        ("0.044715*x", ["0.044715"]),
        ("7; x", ["0", "1"]),
    ],
)
def test_formulas_read_as_a_person_would_write_them(text, derivatives):
    assert [text.replace(" ", "") for text in written(text)] == [text.replace(" ", "") for text in derivatives]


DECKS = [
    ("ln(x1) + x1*x2 - sin(x2)", (2.0, 5.0), (5.5, 1.7163378145367738)),
    ("exp(x*z) + x*z/ln(x) + sin(ln(x))/(x*z)", (2.0, 3.0), (1208.3812151266096, 809.70747921856408)),
    ("(a + b)*(b + 1)", (2.0, 1.0), (2.0, 5.0)),
    ("(sin x)*x^2*(x^2 + exp x)", (1.0,), (12.236946046552138,)),
]


@pytest.mark.parametrize(("text", "point", "gradient"), DECKS)
def test_decks(text, point, gradient):
    graph = parse(text).graph
    assert prepared(graph)(point).rows[0] == pytest.approx(gradient, rel=1e-15)


def _domain_points(row):
    """Three points inside the row's domain, none of them special."""
    for share in (0.137, 0.519, 0.883):
        yield tuple(low + share * (high - low) for low, high in row.domain)


WRITTEN = [row for row in ELEMENTWISE.values() if row.callable or row.symbol]


@pytest.mark.parametrize("row", WRITTEN, ids=lambda row: row.name)
def test_every_primitive_is_understood(row):
    """SymPy's derivative of x·row + row² against reverse mode, which uses the table's partials."""
    builder = Builder()
    inputs = [builder.input(f"x{k}") for k in range(row.arity)]
    fixed = [builder.constant("2")] if row.name == "polygamma" else inputs[:1]
    result = builder.apply(row.name, *fixed, *inputs[1:])
    square = builder.apply("pow", result, builder.constant("2"))
    graph = builder.graph(inputs, [builder.apply("add", builder.apply("mul", inputs[-1], result), square)])
    ours, theirs = PreparedReverse(graph, inputs, interpreted), prepared(graph)
    for point in _domain_points(row):
        assert theirs(point).rows[0] == pytest.approx(ours(point).rows[0], rel=1e-12, abs=0)


@pytest.mark.parametrize(
    ("text", "x", "slope"),
    [
        ("cbrt(x)", -8.0, 1 / 12),
        ("lgamma(x)", -0.5, 0.03648997397857652),  # digamma(-1/2)
        ("asin(sin(x))", 2.0, -1.0),
        ("(x^2)^(1/3)", -8.0, -1 / 3),
        ("sqrt(x^2)", -2.0, -1.0),
        ("x*abs(x)", -3.0, 6.0),
        ("max(x, 2) + min(x, 2)", 2.0, 1.0),
        ("ln(abs(x))", -4.0, -0.25),
        ("where(x < 0, ln(-x), sqrt(x))", -4.0, -0.25),
        ("where(x < 0, ln(-x), sqrt(x))", 4.0, 0.25),
        ("x^e + e^x + pi*x", 1.0, 2 * math.e + math.pi),
        ("atan2(x, -1)", 1.0, -0.5),
        ("x^200/3^500", 3.0, 200 * 3.0**-301),
    ],
)
def test_derivatives_in_the_real_numbers(text, x, slope):
    assert prepared(parse(text).graph)((x,)).rows[0][0] == pytest.approx(slope, rel=1e-12, abs=0)


def test_formulas_of_the_literature():
    errors = [row.error(prepared(row.graph)(row.point).rows[0]) for row in rows("formulas")]
    assert sum(error <= 1e-12 for error in errors) >= 0.97 * len(errors)


def test_outputs_are_values_then_derivatives_row_by_row():
    graph = parse("x*y; x + y^2; 3", bound=("x", "y")).graph
    result = Here(graph).result()
    assert result.output_names[3:] == tuple(f"d{f}_d{x}" for f in graph.output_names for x in "xy")
    assert result.nodes[: len(graph.nodes)] == graph.nodes
    jacobian = prepared(graph)((2.0, 5.0))
    assert jacobian.values == (10.0, 27.0, 3.0)
    assert jacobian.rows == ((5.0, 2.0), (1.0, 10.0), (0.0, 0.0))


def test_only_the_inputs_asked_for():
    graph = parse("x*y; x + y^2", bound=("x", "y")).graph
    for wrt, expected in ((graph.inputs[1:], ((2.0,), (10.0,))), ((), ((), ()))):
        assert PreparedSymbolic(graph, wrt, interpreted, Here(graph, wrt))((2.0, 5.0)).rows == expected


def test_one_run_of_the_formulas_and_no_sweep():
    meter, graph = Meter(), parse("sin(x*y)").graph
    run = prepared(graph, meter.wrap(interpreted))
    assert run((1.0, 2.0)) == run((1.0, 2.0))
    assert (meter.evaluations, meter.sweeps) == (2, 0)


def test_expression_swell_is_measured():
    statements = "; ".join(f"v_{k + 1} = 4*v_{k}*(1 - v_{k})" for k in range(1, 9))
    result = prepared(parse(f"v_1 = x; {statements}; v_9").graph)
    assert result.written_out > 10 * result.shared
    assert "expression swell" in result.notes[0]
    assert not prepared(parse("x^2").graph).notes


def _chain(op, count, other):
    builder = Builder()
    x = builder.input("x")
    result = x
    for k in range(count):
        result = builder.apply(op, result, other(builder, x, str(k + 2)))
    return builder.graph([x], [result])


def test_a_chain_is_one_sum(monkeypatch):
    import sympy

    from diffcli.methods import sympy_expressions

    calls = []

    def one_sum(*terms):
        calls.append(len(terms))
        return sympy.Add(*terms)

    monkeypatch.setitem(sympy_expressions._CHAINS, "add", (one_sum, None))
    monkeypatch.setitem(sympy_expressions._CHAINS, "sub", (one_sum, lambda x: -x))
    graph = _chain("add", 300, lambda b, x, k: b.apply("sin", b.apply("mul", b.constant(k), x)))
    assert len(sympy_expressions.Expressions(graph).outputs[0].args) == 301
    assert calls == [301]


def test_names_of_the_user_stay_at_home():
    builder = Builder()
    hostile = '__import__("os").system("touch hostile")'
    x = builder.input(hostile)
    graph = builder.graph([x], [builder.apply("sin", x)], [hostile])
    assert "os" not in json.dumps(encoded(graph))
    result = Here(graph).result()
    assert result.variables == (hostile,)
    assert prepared(graph)((0.0,)).rows == ((1.0,),)


def test_a_derivative_that_is_too_large_is_given_up(monkeypatch):
    monkeypatch.setattr(symbolic, "MAX_NODES", 50)
    with pytest.raises(GaveUp, match="more than 50 operations"):
        prepared(_chain("mul", 40, lambda b, x, k: b.apply("sin", b.apply("mul", b.constant(k), x))))


@pytest.mark.parametrize(
    "text", ["x*1e300^1000", "x^(10^30)", "(3*x)^(10^9)", "sin(x)^(9^9^9)", "floor(10^300*pi)*x", "2^(2^(2^x))"]
)
def test_giant_numbers_are_left_alone(text):
    begin = time.perf_counter()
    Here(parse(text).graph).result()
    assert time.perf_counter() - begin < 2


@pytest.fixture
def children(monkeypatch):
    """The processes that are started."""
    started = []
    original = Worker.__init__

    def starting(self, *arguments):
        original(self, *arguments)
        started.append(self.process)

    monkeypatch.setattr(Worker, "__init__", starting)
    Worker.end_all()
    yield started
    Worker.end_all()


@pytest.mark.usefixtures("children")
def test_the_child_answers_from_any_folder(tmp_path, monkeypatch):
    """A file named sympy.py in the user's folder is not run, and nothing of the child reaches the terminal."""
    (tmp_path / "sympy.py").write_text("raise SystemExit('hostile')")
    monkeypatch.chdir(tmp_path)
    graph = parse("ln(x1) + x1*x2 - sin(x2)").graph
    job = start(graph, graph.inputs)
    assert job.result() == Here(graph).result() == job.result()
    assert 0 < job.seconds < symbolic.TIME_LIMIT
    assert PreparedSymbolic(graph, graph.inputs, interpreted, job)((2.0, 5.0)).rows[0] == pytest.approx(
        (5.5, 1.7163378145367738)
    )


def test_one_child_answers_many_questions_and_is_gone_in_the_end(children):
    for power in range(2, 6):
        graph = parse(f"x^{power}").graph
        assert PreparedSymbolic(graph, graph.inputs, interpreted)((1.0,)).rows == ((float(power),),)
    assert len(children) == 1
    Worker.end_all()
    assert children[0].returncode is not None


def test_a_child_that_is_expected_answers_the_first_question(children):
    for _ in range(2):
        Worker.expect()
    graph = parse("x^2").graph
    jobs = [start(graph, graph.inputs) for _ in range(2) if not time.sleep(0.05)]
    assert jobs[0].result() == jobs[1].result() == Here(graph).result()
    assert jobs[0].seconds >= 0.05, "loading SymPy is a part of preparing"
    assert len(children) <= 2


def test_where_no_process_can_be_started_the_question_says_so(children, monkeypatch):
    def refused(*_, **__):
        raise OSError(11, "no more processes")

    monkeypatch.setattr(subprocess, "Popen", refused)
    Worker.expect()
    graph = parse("x^2").graph
    with pytest.raises(GaveUp, match="no process can be started"):
        start(graph, graph.inputs).result()
    assert not children


@pytest.mark.parametrize(
    ("limits", "reason"),
    [({"time_limit": 0.05}, "more than 0.05 s"), ({"memory": 50 * 2**20}, "memory|broke down")],
)
def test_the_child_is_ended_at_its_limits(children, limits, reason, capfd):
    graph = _chain("add", 50, lambda b, x, k: b.apply("sin", b.apply("mul", b.constant(k), x)))
    job = start(graph, graph.inputs, **limits)
    for _ in range(2):
        with pytest.raises(GaveUp, match=reason):
            job.result()
    Worker.end_all()
    assert all(child.poll() is not None for child in children)
    assert capfd.readouterr() == ("", "")


def test_the_parent_does_not_import_sympy():
    program = "import sys, diffcli.methods.symbolic; sys.exit('sympy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_x_ln_y_has_its_slope_where_x_is_zero():
    """∂(x·ln y)/∂x = ln y at x = 0 too: cross-entropy with labels 0 and 1."""
    graph = parse("xlogy(x, p) + xlogy(y, q)", bound=("x", "y", "p", "q")).graph
    point = dict(zip(graph.variables, (0.0, 0.25, 1.0, 0.75), strict=True))
    (row,) = PreparedSymbolic(graph, graph.inputs, interpreted, Here(graph))(list(point.values())).rows
    assert dict(zip(graph.variables, row, strict=True)) == pytest.approx(
        {"x": math.log(0.25), "p": 0.0, "y": math.log(0.75), "q": 1 / 0.75}, rel=1e-15
    )
