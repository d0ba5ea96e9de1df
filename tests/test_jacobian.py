"""Jacobians: closed forms, both modes one by one and all at once, the identity that ties them, the command."""

import json
import math
import random

import pytest

from diffcli.errors import LimitError
from diffcli.execute.python_source import compiled
from diffcli.graph.primitive import Term
from diffcli.graph.program import Builder
from diffcli.language import parse
from diffcli.methods import at_once
from diffcli.methods.registry import prepare
from diffcli.studies.jacobian import jacobian
from diffcli.studies.jacobian_identity import identity
from diffcli.studies.running import executor_for
from diffcli.studies.study import Settings

POLAR = "r*cos(t); r*sin(t)"
QUICK = Settings(("finite", "forward", "reverse"), seconds=0)
UNARY = ("sin", "cos", "exp", "tanh", "atan")


def random_program(seed: int, inputs: int = 3, operations: int = 25, outputs: int = 4):
    generator = random.Random(seed)
    builder = Builder()
    nodes = [builder.input(f"x{k}") for k in range(inputs)]
    for _ in range(operations):
        if generator.random() < 0.4:
            nodes.append(builder.apply(generator.choice(UNARY[:2] + UNARY[3:]), generator.choice(nodes)))
        else:
            nodes.append(builder.apply(generator.choice(("add", "sub", "mul")), *generator.choices(nodes, k=2)))
    names = [f"y{k}" for k in range(outputs)]
    point = [generator.uniform(-1, 1) for _ in range(inputs)]
    return builder.graph(nodes[:inputs], nodes[-outputs:], names), point


def array_program():
    """z = tanh(W x s) and its square sum, from a matrix, a vector and a number."""
    builder = Builder()
    x, s, w = (Term(builder, builder.input(n, shape=shape)) for n, shape in (("x", (3,)), ("s", ()), ("W", (2, 3))))
    z = w @ x * s
    outputs = (z.apply("tanh").position, (z * z).sum((0,)).position)
    return builder.graph([x.position, s.position, w.position], outputs, ["z", "y"])


def array_point():
    np = pytest.importorskip("numpy")
    return [np.array([1.0, 2.0, 3.0]), 0.5, np.arange(6.0).reshape(2, 3) / 10]


def test_polar_coordinates():
    r, t = 2.0, 0.5
    record = jacobian(parse(POLAR).graph, [r, t], settings=Settings(seconds=0))
    truth = [[math.cos(t), -r * math.sin(t)], [math.sin(t), r * math.cos(t)]]
    for method, tolerance in (("finite", 1e-9), ("symbolic", 1e-15), ("forward", 1e-15), ("reverse", 1e-15)):
        for row, expected in zip(record.matrix(method), truth, strict=True):
            assert row == pytest.approx(expected, rel=tolerance)
    assert record.exit_code == 0


def test_sweeps_are_counted_by_inputs_and_outputs():
    record = jacobian(parse("a = x*y; a*z; sin(a); a + z; x; exp(z)").graph, [1.0, 2.0, 3.0], settings=QUICK)
    forward, reverse = record.sweeps
    assert (record.inputs, record.outputs) == (3, 5)
    assert (forward.cost.sweeps, reverse.cost.sweeps) == (3, 5)
    assert (forward.at_once.sweeps, reverse.at_once.sweeps) == (1, 1)
    assert forward.at_once.operations < forward.cost.operations
    assert reverse.at_once.operations < reverse.cost.operations


@pytest.mark.parametrize(
    ("text", "point", "cheaper"),
    [("x1*x2*x3*x4*x5*x6", [1.0] * 6, "reverse"), ("sin(x); x^3; exp(x); x*cos(x); ln(x)", [2.0], "forward")],
)
def test_the_cheaper_mode_follows_from_the_counts(text, point, cheaper):
    record = jacobian(parse(text).graph, point, settings=QUICK)
    assert record.cheaper == cheaper
    counts = {way.mode: way.cost.operations for way in record.sweeps}
    assert min(counts, key=counts.get) == cheaper


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_all_at_once_is_one_by_one_on_random_programs(seed, mode):
    graph, point = random_program(seed)
    compiler = executor_for(graph, point).compiler
    together = at_once.at_once(mode, graph, graph.inputs, compiler)(point)
    single = prepare(mode, graph, graph.inputs, compiler)(point)
    assert together == single


@pytest.mark.parametrize("block", [2**18, 40, 1])
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_all_at_once_on_arrays_in_blocks(mode, block, monkeypatch):
    graph, point = array_program(), array_point()
    monkeypatch.setattr(at_once, "BLOCK", block)
    compiler = executor_for(graph, point).compiler
    together = at_once.at_once(mode, graph, graph.inputs, compiler)(point)
    single = prepare(mode, graph, graph.inputs, compiler)(point)
    assert together.values == pytest.approx(single.values, rel=1e-15)
    for row, other in zip(together.rows, single.rows, strict=True):
        assert row == pytest.approx(other, rel=1e-14)


@pytest.mark.parametrize("seed", range(20))
def test_dot_product_identity_on_random_programs(seed):
    graph, point = random_program(seed)
    found = identity(graph, point, graph.inputs, executor_for(graph, point).compiler)
    assert found.relative < 1e-14
    assert found.forward != 0


def test_dot_product_identity_on_arrays():
    graph, point = array_program(), array_point()
    found = identity(graph, point, graph.inputs, executor_for(graph, point).compiler)
    assert found.relative < 1e-14
    assert found.size > 0


def test_the_identity_finds_a_wrong_rule():
    """With a program of another function on one side the identity fails."""
    graph, point = random_program(3)
    other, _ = random_program(4)

    def compiler(program, work):
        is_reverse = any(name.endswith(" bar") for name in program.variables)
        chosen = other if work == "evaluation" and is_reverse else program
        run = compiled(chosen)
        return (lambda values: [2 * value for value in run(values)]) if is_reverse else run

    assert identity(graph, point, graph.inputs, compiler).relative > 0.1


def test_arrays_agree_with_the_judge():
    record = jacobian(array_program(), array_point(), settings=QUICK)
    assert (record.inputs, record.outputs) == (10, 3)
    assert record.exit_code == 0
    z = [0.5 * product for product in (0.8, 2.6)]  # rows (0, 0.1, 0.2), (0.3, 0.4, 0.5) times (1, 2, 3), times s
    assert record.matrix("reverse")[2][3] == pytest.approx(2 * sum(value * value for value in z) / 0.5)


def test_a_large_jacobian_is_refused():
    builder = Builder()
    x = Term(builder, builder.input("x", shape=(200,)))
    graph = builder.graph([x.position], [x.apply("sin").position], ["y"])
    np = pytest.importorskip("numpy")
    with pytest.raises(LimitError, match="200×200"):
        jacobian(graph, [np.ones(200)])


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["jacobian", POLAR, "--at", "r=2,t=0.5"], 0),
        (["jacobian", "x^2*y", "--at", "x=2,y=3"], 0),
        (["jacobian", "(1-cos(x))/x^2; x", "--at", "x=1e-8"], 1),
        (["jacobian", "abs(x); x", "--at", "x=0"], 3),
        (["jacobian", POLAR], 2),
        (["jacobian", POLAR, "--at", "r=2"], 2),
        (["jacobian", POLAR, "--at", "r=2,t=1", "--wrt", "z"], 2),
        (["jacobian", "2; 3"], 0),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_exit_codes(words, code, command):
    found, out, err = command(*words, "--methods", "finite,forward,reverse")
    assert found == code
    assert "internal" not in err
    assert (out or err).strip()


def test_a_missing_point_is_proposed(command):
    code, _, err = command("jacobian", POLAR)
    assert code == 2
    assert f'diffcli jacobian "{POLAR}" --at' in err or f"diffcli jacobian '{POLAR}' --at" in err


def test_json(command):
    code, out, _ = command("jacobian", POLAR, "--at", "r=2,t=0.5", "--methods", "forward,reverse", "--format", "json")
    found = json.loads(out)
    assert (code, found["schema"], found["command"]) == (0, "diffcli/1", "jacobian")
    assert (found["rows"], found["columns"]) == (["y1", "y2"], ["r", "t"])
    assert found["jacobian"]["reverse"][0] == pytest.approx([math.cos(0.5), -2 * math.sin(0.5)])
    assert found["reference"]["jacobian"][1][0].startswith("0.4794255386042030002732879352155713880818033679406")
    assert found["modes"]["forward"]["sweeps"] == 2
    assert set(found["identity"]) == {"forward", "reverse", "size", "seed", "ulps"}
    assert found["verdict"] == "agree"


@pytest.mark.parametrize(("form", "piece"), [("latex", r"\begin{pmatrix}"), ("markdown", "| y1 |"), ("csv", "y2,t,")])
def test_formats(form, piece, command):
    code, out, _ = command("jacobian", POLAR, "--at", "r=2,t=0.5", "--methods", "reverse", "--format", form)
    assert code == 0
    assert piece in out


def test_ascii(command):
    code, out, _ = command("jacobian", POLAR, "--at", "r=2,t=0.5", "--methods", "reverse", "--ascii")
    assert code == 0
    assert out.isascii()
