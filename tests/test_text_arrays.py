"""Arrays written as text: plain and pretty text read in again as the same graph, LaTeX as it is printed."""

import pytest
from language_cases import same_program

from diffcli.graph.program import Builder
from diffcli.graph.structural import Indices
from diffcli.graph.text import LATEX, PLAIN, PRETTY, as_rule, program_text, write
from diffcli.language import parse

SHAPES = {"W": (2, 3), "A": (2, 2), "S": (2, 3, 4), "x": (3,), "b": (2,), "y": (3,), "c": (), "d": ()}

READINGS = [
    ("W@x+b", "W @ x + b", "W @ x + b"),
    ("matmul(W,x)", "W @ x", "W @ x"),
    ("W@(x*y)", "W @ (x*y)", "W @ (x ⊙ y)"),
    ("W*2@x", "W*2 @ x", "W·2 @ x"),
    ("x*y", "x*y", "x ⊙ y"),
    ("c*x", "c*x", "c·x"),
    ("(b@A)@b", "b @ A @ b", "b @ A @ b"),
    ("b@(A@b)", "b @ (A @ b)", "b @ (A @ b)"),
    ("-A@b", "-A @ b", "−A @ b"),
    ("-(A@b)", "-(A @ b)", "−(A @ b)"),
    ("W.T@b", "W.T @ b", "Wᵀ @ b"),
    ("(W+1).T", "(W + 1).T", "(W + 1)ᵀ"),
    ("W.T^2", "W.T^2", "Wᵀ²"),
    ("(W^2).T", "(W^2).T", "(W²)ᵀ"),
    ("exp(W).T", "exp(W).T", "exp(W)ᵀ"),
    ("transpose(S,(0,2,1))", "transpose(S, (0, 2, 1))", "transpose(S, (0, 2, 1))"),
    ("transpose(S)", "S.T", "Sᵀ"),
    ("x[0]*x[-1]", "x[0]*x[2]", "x[0]·x[2]"),
    ("x[1:]", "x[1:]", "x[1:]"),
    ("x[:2]", "x[:2]", "x[:2]"),
    ("x[-2:]", "x[1:]", "x[1:]"),
    ("x[::2]", "x[::2]", "x[::2]"),
    ("x[::-1]", "x[::-1]", "x[::-1]"),
    ("x[1::-1]", "x[1::-1]", "x[1::-1]"),
    ("x[2:0:-1]", "x[:0:-1]", "x[:0:-1]"),
    ("x[:]", "x[:]", "x[:]"),
    ("W[0]", "W[0]", "W[0]"),
    ("W[:,1]", "W[:, 1]", "W[:, 1]"),
    ("W[0,1:]", "W[0, 1:]", "W[0, 1:]"),
    ("S[...,0]", "S[:, :, 0]", "S[:, :, 0]"),
    ("S[1,...]", "S[1]", "S[1]"),
    ("(x+y)[0]", "(x + y)[0]", "(x + y)[0]"),
    ("x[:,None]", "reshape(x, (3, 1))", "reshape(x, (3, 1))"),
    ("x[None,0]", "reshape(x[0], 1)", "reshape(x[0], 1)"),
    ("sum(x)", "sum(x)", "sum(x)"),
    ("sum(W,axis=0)", "sum(W, axis=0)", "sum(W, axis=0)"),
    ("sum(W,axis=-1,keepdims=True)", "sum(W, axis=1, keepdims=true)", "sum(W, axis=1, keepdims=true)"),
    ("sum(S,axis=(0,2))", "sum(S, axis=(0, 2))", "sum(S, axis=(0, 2))"),
    ("max(W,axis=1)", "max(W, axis=1)", "max(W, axis=1)"),
    ("min(x)", "min(x)", "min(x)"),
    ("max(x,0)", "max(x, 0)", "max(x, 0)"),
    ("norm(x)+logsumexp(W,axis=0)", "norm(x) + logsumexp(W, axis=0)", "norm(x) + logsumexp(W, axis=0)"),
    ("mean(x)", "sum(x)/3", "sum(x)/3"),
    ("softmax(x)", "softmax(x)", "softmax(x)"),
    ("softmax(W)", "softmax(W)", "softmax(W)"),
    ("softmax(W,axis=0)", "softmax(W, axis=0)", "softmax(W, axis=0)"),
    ("cumsum(W,axis=0)", "cumsum(W, axis=0)", "cumsum(W, axis=0)"),
    ("cross_entropy(x,y)", "-sum(xlogy(y, x))", "−sum(xlogy(y, x))"),
    ("reshape(W,3,-1)", "reshape(W, (3, 2))", "reshape(W, (3, 2))"),
    ("reshape(W,6)", "reshape(W, 6)", "reshape(W, 6)"),
    ("reshape(x[:1],())", "reshape(x[:1], ())", "reshape(x[:1], ())"),
    ("broadcast(x,(2,3))", "broadcast(x, (2, 3))", "broadcast(x, (2, 3))"),
    ("concatenate(x,b)", "concatenate(x, b)", "concatenate(x, b)"),
    ("concatenate(W,A,axis=1)", "concatenate(W, A, axis=1)", "concatenate(W, A, axis=1)"),
    ("[1,2,3]@x", "[1, 2, 3] @ x", "[1, 2, 3] @ x"),
    ("[[1,2],[3,4]]@b", "[[1, 2], [3, 4]] @ b", "[[1, 2], [3, 4]] @ b"),
    ("[c,d,c*d]@x", "[c, d, c*d] @ x", "[c, d, c·d] @ x"),
    ("sum([x,y])", "sum([x, y])", "sum([x, y])"),
    ("sum([c])", "sum([c])", "sum([c])"),
    ("stack(x,y,axis=1)", "stack(x, y, axis=1)", "stack(x, y, axis=1)"),
    ("inv(A)@b", "inv(A) @ b", "inv(A) @ b"),
    ("solve(A,b)", "solve(A, b)", "solve(A, b)"),
    ("det(A)+logabsdet(A)", "det(A) + logabsdet(A)", "det(A) + logabsdet(A)"),
    ("where(x>0,x,0)", "where(x > 0, x, 0)", "where(x > 0, x, 0)"),
    ("norm^2(x)", "norm(x)^2", "norm(x)²"),
    ("z=W@x;p=softmax(z);sum(p*b)", "z = W @ x; p = softmax(z); sum(p*b)", "z = W @ x; p = softmax(z); sum(p ⊙ b)"),
]  # fmt: skip


def read(text):
    graph = parse(text, bound=SHAPES, shapes=SHAPES).graph
    return graph, {graph.nodes[position].literal for position in graph.inputs}


@pytest.mark.parametrize(("text", "plain", "pretty"), READINGS)
def test_text_of_a_graph(text, plain, pretty):
    graph, _ = read(text)
    assert program_text(graph, PLAIN) == plain
    assert program_text(graph, PRETTY) == pretty


@pytest.mark.parametrize("text", [text for text, _, _ in READINGS])
@pytest.mark.parametrize("style", [PLAIN, PRETTY], ids=["plain", "pretty"])
def test_text_reads_in_as_the_same_graph(text, style):
    graph, _ = read(text)
    again, _ = read(program_text(graph, style))
    assert same_program(again, graph)
    assert set(again.names.values()) == set(graph.names.values())


def test_a_list_as_an_output_of_numbers_is_written_as_a_call():
    graph = parse("stack(a*b, a)").graph
    assert program_text(graph, PLAIN) == "stack(a*b, a)"
    assert parse("stack(a*b, a)").graph.nodes == graph.nodes


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("W@x+b", r"W \, x + b"),
        ("W@(x+y)", r"W \, \left(x + y\right)"),
        ("x*y", r"x \odot y"),
        ("(W+1).T", r"{\left(W + 1\right)}^{T}"),
        ("x[1:]", r"{x}_{[1:]}"),
        ("sum(W,axis=0)", r"\operatorname{sum}\left(W, \mathrm{axis}=0\right)"),
        ("max(W,keepdims=true)", r"\max\left(W, \mathrm{keepdims}=\mathrm{true}\right)"),
        ("max(x)", r"\max\left(x\right)"),
        ("[c,d]@b", r"\left[c, d\right] \, b"),
        ("inv(A)@b", r"{A}^{-1} \, b"),
        ("solve(A+1,b)", r"{\left(A + 1\right)}^{-1} b"),
        ("reshape(x,3,1)", r"\operatorname{reshape}\left(x, (3, 1)\right)"),
        ("cross_entropy(x,y)", r"-\operatorname{sum}\left(y \ln x\right)"),
    ],
)  # fmt: skip
def test_latex(text, latex):
    assert program_text(read(text)[0], LATEX) == latex


def test_what_only_rules_of_differentiation_make():
    builder = Builder()
    x = builder.input("x", shape=(2,))
    indices = Indices((2,), (3).to_bytes(8, "little") + (1).to_bytes(8, "little"))
    cases = {
        "place(x, at=[1:3], shape=5)": builder.apply("place", x, key=((1, 3, 1),), shape=(5,)),
        "place(x, at=[0], shape=(3, 2))": builder.apply("place", x, key=(0, (0, 2, 1)), shape=(3, 2)),
        "scatter(x, at=[3, 1], shape=5)": builder.apply("scatter", x, indices=indices, shape=(5,)),
    }
    graph = builder.graph([x], list(cases.values()), ["a", "b", "c"])
    assert [write(graph, position, {}, PLAIN) for position in graph.outputs] == list(cases)


def test_rows_of_a_trace():
    graph, _ = read("cross_entropy(softmax(W@x), b)")
    names = {position: f"v{position}" for position in range(len(graph.nodes))}
    rows = [write(graph, p, names, as_rule(PRETTY)) for p in range(len(graph.nodes)) if graph.nodes[p].args]
    assert rows == ["v0 @ v1", "softmax(v2)", "v4·ln(v3)", "sum(v5)", "−v6"]
