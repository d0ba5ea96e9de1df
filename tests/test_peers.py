"""Other libraries beside the methods: what they are given, what they answer, and that they cannot do harm."""

import json
import math
import os

import pytest
from test_executors import HAS_COMPILER

from diffcli.cli.groups import Evaluation
from diffcli.cli.invocation import read_request
from diffcli.cli.words import with_all_names
from diffcli.graph.program import Builder
from diffcli.language import library, parse
from diffcli.methods.symbolic_worker import encoded
from diffcli.studies.compare import Subject, compare
from diffcli.studies.judge import judge
from diffcli.studies.peers import program, registry, team
from diffcli.studies.peers.peer import NotApplicable
from diffcli.studies.peers.process import Lost, Process
from diffcli.studies.peers.registry import PEERS, Peer

MATH = {"sin": math.sin, "exp": math.exp, "sqrt": math.sqrt, "abs": abs}
DECK = {  # values and gradients of the lectures
    "ln(x1) + x1*x2 - sin(x2)": ((2.0, 5.0), 11.652071455223084, (5.5, 1.7163378145367738)),
    "exp(x*z) + x*z/ln(x) + sin(ln(x))/(x*z)": (
        (2.0, 3.0), 412.19145728412118, (1208.3812151266096, 809.70747921856408),
    ),
    "(a+b)*(b+1)": ((2.0, 1.0), 6.0, (2.0, 5.0)),
}  # fmt: skip


def graph_of(text):
    return parse(text).graph


# What a peer is given


def test_program_is_what_a_user_would_have_written():
    text = program.source(program.written_out(graph_of("2*x^2 - sin(y)/4"), MATH.keys() | program.OPERATORS, ""), MATH)
    lines = [line.strip() for line in text.splitlines()]
    assert lines[0] == "def program(v0, v1):"
    assert any(" ** 2" in line for line in lines)
    assert any(line.endswith("/ 4") for line in lines)
    assert "sin(" in text


@pytest.mark.parametrize("make", [program.straight_line, program.looped])
def test_program_computes_the_function(make):
    known = program.written_out(graph_of("x^2*exp(-y) + abs(sin(x)) / sqrt(2*pi)"), MATH.keys() | program.OPERATORS, "")
    expected = 1.5**2 * math.exp(-0.5) + abs(math.sin(1.5)) / math.sqrt(2 * math.pi)
    assert make(known, MATH)(1.5, 0.5) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("make", [program.straight_line, program.looped])
def test_constants_are_computed_before(make):
    known = program.written_out(graph_of("x*sqrt(2/pi)"), {"mul"}, "")  # neither sqrt nor / is needed
    assert make(known, {})(3.0) == 3.0 * math.sqrt(2 / math.pi)


@pytest.mark.parametrize("text", ["x + 1e300*1e300", "x - 1e300*1e300", "x^-2", "x*(0-3)"])
def test_numbers_are_written_so_that_they_read_in_again(text):
    known = program.written_out(graph_of(text), program.OPERATORS, "")
    expected = {"x + 1e300*1e300": math.inf, "x - 1e300*1e300": -math.inf, "x^-2": 0.25, "x*(0-3)": -6.0}[text]
    assert program.straight_line(known, {})(2.0) == expected


def test_no_name_of_the_user_reaches_generated_code():
    graph = parse("__import__ + lambda^2", bound=("__import__", "lambda")).graph
    text = program.source(program.written_out(graph, program.OPERATORS, ""), {})
    assert "import" not in text
    assert "lambda" not in text


def test_what_a_peer_lacks_is_written_out_or_named():
    assert program.function(graph_of("relu(x)"), {"max": max}, "it")(-2.0) == 0
    with pytest.raises(NotApplicable, match="it has no erf"):
        program.function(graph_of("erf(x)"), {}, "it")


def test_many_operations_run_as_a_loop():
    builder = Builder()
    x = last = builder.input("x")
    for _ in range(2 * program.MAX_NODES):
        last = builder.apply("sub", x, last)
    assert program.function(builder.graph([x], [last]), {}, "")(3.0) == 3.0


# The peers that are installed


@pytest.fixture(scope="module", params=list(PEERS))
def peer(request):
    found = PEERS[request.param]
    if not found.is_installed:
        pytest.skip(f"{found.package} is not installed")
    if request.param == "diffcli-c" and not HAS_COMPILER:
        pytest.skip("no C compiler")
    process = Process(request.param)
    yield request.param, process
    process.end()


def answer(process, graph, point):
    work = {"graph": encoded(graph), "point": point, "threads": os.cpu_count()}
    prepared = process.ask("prepare", 60, **work)
    return prepared if "problem" in prepared else process.ask("evaluate", 60, point=point)


@pytest.mark.parametrize("text", DECK)
def test_peer_gives_the_numbers_of_the_lectures(peer, text):
    point, value, gradient = DECK[text]
    found = answer(peer[1], graph_of(text), point)
    assert found["value"] == pytest.approx(value, rel=1e-14)
    assert found["gradient"] == pytest.approx(gradient, rel=1e-13)


EVERY = {"torch.compile": 40, "jax": 4, "numba": 6, "diffcli-c": 8}
"""Of the examples only every so manieth, where compiling takes long."""
LACKING = {"sympy": 9, "autograd": 16, "torch": 2, "jax": 0, "casadi": 10, "numba": 8, "diffcli": 0, "diffcli-c": 1}
"""How many of the examples a peer may lack functions for; micrograd has few."""
OFF = {
    ("torch", "digamma-difference"): "polygamma with nine digits",
    ("jax", "softplus-stable-at-0"): "takes 1 as the slope of |x| at 0",
}
"""What the peers themselves get wrong."""


def test_peer_agrees_with_the_judge_on_the_library(peer):
    name, process = peer
    subjects = [found for entry in library.examples().values() if (found := _subject(entry))]
    assert len(subjects) > 100
    lacking = []
    for example, graph, point in subjects[:: EVERY.get(name, 1)]:
        found = answer(process, graph, point)
        if "problem" in found:
            assert found["problem"] == "not applicable", (example, found)
            lacking.append(example)
        elif (name, example) not in OFF:
            slopes = judge(graph, point)[0].slopes
            expected = [slope.nearest for slope in slopes]
            assert found["gradient"] == pytest.approx(expected, rel=1e-11, abs=1e-14), example
    assert len(lacking) <= LACKING.get(name, 100), lacking


def _subject(entry):
    if entry.expect != library.AGREE:
        return None
    request = read_request(Evaluation(f"@{entry.name}"))
    graph = request.reading.graph
    return (entry.name, graph, request.point) if graph.is_scalar and len(graph.outputs) == 1 else None


# The protocol, with peers that behave badly


@pytest.fixture
def fakes(monkeypatch):
    monkeypatch.setattr(team, "Process", lambda name: Process(name, module="fake_peers"))


def compared(*names, text="x^2*y", points=2):
    subject = Subject(text, graph_of(text), (3.0, 2.0))
    record = compare([subject], methods=("reverse",), points=points, runs=2, peers=names)
    return record, {summary.method: summary for summary in record.cases[0].peers}


@pytest.mark.usefixtures("fakes")
def test_peers_are_rows_beside_the_methods():
    record, peers = compared("right", "wrong", "infinite")
    assert list(peers) == ["right", "wrong", "infinite"]
    right, wrong = peers["right"], peers["wrong"]
    assert (right.judged, right.agreed, right.version, right.prepare_seconds) == (2, 2, "1.2.3", 0.25)
    assert right.timing.median == 1e-3
    assert right.relative_time == pytest.approx(1e-3 / record.cases[0].function_seconds)
    assert right.relative_to_fastest == pytest.approx(1e-3 / record.cases[0].methods[0].timing.median)
    assert (wrong.judged, wrong.agreed) == (2, 0)
    assert wrong.worst_relative == pytest.approx(1e-9, rel=1e-3)
    assert peers["infinite"].agreed == 0


@pytest.mark.usefixtures("fakes")
def test_peers_never_change_the_verdict():
    record, _ = compared("wrong", "crashes")
    assert record.exit_code == 0


@pytest.mark.parametrize(
    ("name", "problem", "reason"),
    [
        ("crashes", "failed", "its process was ended by SIGSEGV"),
        ("leaves", "failed", "its process ended"),
        ("lacks", "not applicable", "it has no erf"),
        ("raises", "failed", "ValueError: no such thing"),
        ("broken", "failed", "ImportError: a library of it is missing"),
        ("tires", "failed", "its process ended"),
    ],
)
@pytest.mark.usefixtures("fakes")
def test_a_peer_that_fails_is_named_and_the_others_go_on(name, problem, reason):
    _, peers = compared(name, "right")
    failed = peers[name]
    assert (failed.problem, failed.gave_up, failed.judged, failed.timing) == (problem, reason, 0, None)
    assert peers["right"].agreed == 2


@pytest.mark.usefixtures("fakes")
def test_a_peer_that_hangs_is_ended(monkeypatch):
    monkeypatch.setattr(team, "SECONDS_TO_PREPARE", 0.5)
    _, peers = compared("hangs")
    assert (peers["hangs"].problem, peers["hangs"].gave_up) == ("failed", "it took longer than 0.5 s")


@pytest.mark.usefixtures("fakes")
def test_a_peer_that_broke_down_is_started_again_for_the_next_expression():
    subjects = [Subject("x^2*y", graph_of("x^2*y"), (3.0, 2.0))] * 2
    record = compare(subjects, methods=("reverse",), runs=1, peers=("tires",))
    assert [case.peers[0].version for case in record.cases] == ["1.2.3"] * 2


@pytest.mark.parametrize("text", ["x*y; x+y", "sum([x, y])"])
@pytest.mark.usefixtures("fakes")
def test_peers_get_numbers_and_one_output(text):
    _, peers = compared("right", text=text, points=1)
    assert peers["right"].problem == "not applicable"


@pytest.mark.usefixtures("fakes")
def test_no_process_stays_behind():
    before = set(Process._all)
    compared("right", "lacks")
    assert before == Process._all


def test_a_process_that_ended_is_lost():
    process = Process("leaves", module="fake_peers")
    with pytest.raises(Lost, match="its process ended"):
        process.ask("prepare", 30, graph={"nodes": []}, point=[], threads=1)
    assert not process.is_alive


# The command


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (["x^2", "--peers"], ["x^2", "--peers=all"]),
        (["--peers", "x^2"], ["--peers=all", "x^2"]),
        (["--peers", "@deck-001"], ["--peers=all", "@deck-001"]),
        (["--peers", "--runs", "3"], ["--peers=all", "--runs", "3"]),
        (["--peers", "numba,torch.compile", "x^2"], ["--peers", "numba,torch.compile", "x^2"]),
        (["--peers=jax", "x^2"], ["--peers=jax", "x^2"]),
        (["--", "--peers"], ["--", "--peers"]),
    ],
)
def test_names_of_peers_are_optional(words, completed):
    assert with_all_names(words) == completed


@pytest.mark.parametrize(
    ("names", "hint"),
    [("nosuch", "the peers are diffcli, diffcli-c"), ("sympy,numbaa", "did you mean numba?"), ("--peers=", "")],
)
def test_unknown_peers_are_usage_errors(command, names, hint):
    words = [names] if names.startswith("--") else ["--peers", names]
    code, _, err = command("compare", "x^2", *words)
    assert code == 2
    assert hint in err


def test_a_peer_that_is_named_must_be_installed(command, monkeypatch):
    monkeypatch.setitem(registry.PEERS, "jax", Peer(".jax_jit", "no_such_package_here", ""))
    code, out, err = command("compare", "x^2", "--peers", "sympy,jax")
    assert code == 4
    assert not out
    assert "the peer jax is not installed" in err
    assert "pip install no_such_package_here" in err


def test_all_peers_are_those_that_are_installed(command, monkeypatch):
    for name in set(PEERS) - {"sympy"}:
        monkeypatch.setitem(registry.PEERS, name, Peer(PEERS[name].module, "no_such_package_here", ""))
    words = ["compare", "x^2*y", "--at", "x=3,y=2", "--peers", "--runs", "1", "--methods", "reverse"]
    code, out, _ = command(*words, "--format", "json")
    record = json.loads(out)
    assert code == 0
    (found,) = record["cases"][0]["peers"]
    assert (found["method"], found["agreed"], found["judged"]) == ("sympy", 1, 1)
    assert "jax is not installed: pip install no_such_package_here" in record["notes"]


@pytest.mark.parametrize("form", ["rich", "markdown", "csv", "latex"])
def test_every_format_has_the_rows(command, form):
    code, out, _ = command(
        "compare",
        "erf(x)*y^2",
        "--at",
        "x=1,y=2",
        "--peers",
        "diffcli,sympy",
        "--runs",
        "1",
        "-m",
        "reverse",
        "-f",
        form,
    )
    assert code == 0
    assert "sympy" in out
    assert "diffcli" in out


def test_without_peers_no_process_is_started(command, monkeypatch):
    monkeypatch.setattr(team, "Process", lambda *_: pytest.fail("a process was started"))
    code, out, _ = command("compare", "x^2", "--runs", "1", "-f", "json", "-m", "reverse")
    assert code == 0
    assert json.loads(out)["cases"][0]["peers"] == []
