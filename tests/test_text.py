"""Graphs written as text: what is written reads in as the same graph."""

import tracemalloc

import pytest
from language_cases import same_program

from diffcli.graph.folding import FoldingBuilder
from diffcli.graph.text import LATEX, PLAIN, PRETTY, latex_name, program_text
from diffcli.language import parse
from diffcli.language.library import examples
from diffcli.language.points import parse_point, point_shapes

READINGS = [
    ("ln(x1)+x1*x2-sin(x2)", "ln(x1) + x1*x2 - sin(x2)", "ln(x1) + x1·x2 − sin(x2)"),
    ("-x^2", "-x^2", "−x²"),
    ("(-x)^2", "(-x)^2", "(−x)²"),
    ("-(a*b)", "-(a*b)", "−(a·b)"),
    ("-a*b", "-a*b", "−a·b"),
    ("2^3^2*x", "2^3^2*x", "2^3²·x"),
    ("(2^x)^3", "(2^x)^3", "(2^x)³"),
    ("a-(b-c)", "a - (b - c)", "a − (b − c)"),
    ("a-b-c", "a - b - c", "a − b − c"),
    ("a/(b/c)", "a/(b/c)", "a/(b/c)"),
    ("a/b/c", "a/b/c", "a/b/c"),
    ("x^-2", "x^(-2)", "x⁻²"),
    ("a*(-b)", "a*(-b)", "a·(−b)"),
    ("a+(-b)", "a + (-b)", "a + (−b)"),
    ("--x", "-(-x)", "−(−x)"),
    ("where(x>=0,x,-x)", "where(x >= 0, x, -x)", "where(x ≥ 0, x, −x)"),
    ("max(max(x,y),2)", "max(max(x, y), 2)", "max(max(x, y), 2)"),
    ("1e-3*x+.5", "1e-3*x + 0.5", "1e-3·x + 0.5"),
    ("pi*x", "pi*x", "π·x"),
    ("a=x*z;b=ln(x);exp(a)+a/b", "a = x*z; b = ln(x); exp(a) + a/b", "a = x·z; b = ln(x); exp(a) + a/b"),
    ("a=x^2;b=a+1", "a = x^2; b = a + 1", "a = x²; b = a + 1"),
    ("x*y;x+y", "x*y; x + y", "x·y; x + y"),
]


@pytest.mark.parametrize(("text", "plain", "pretty"), READINGS)
def test_text_of_a_graph(text, plain, pretty):
    graph = parse(text).graph
    assert program_text(graph, PLAIN) == plain
    assert program_text(graph, PRETTY) == pretty


@pytest.mark.parametrize("text", [text for text, _, _ in READINGS])
def test_plain_text_reads_in_as_the_same_graph(text):
    graph = parse(text).graph
    again = parse(program_text(graph, PLAIN)).graph
    assert (again.nodes, again.outputs, again.names) == (graph.nodes, graph.outputs, graph.names)


@pytest.mark.parametrize("entry", [pytest.param(e, id=e.name) for e in examples().values()])
def test_every_example_reads_in_again_as_itself(entry):
    shapes = point_shapes(parse_point([entry.at] if entry.at else []))
    graph = parse(entry.text, bound=tuple(entry.point), shapes=shapes).graph
    for style in (PLAIN, PRETTY):
        again = parse(program_text(graph, style), bound=tuple(entry.point), shapes=shapes).graph
        assert same_program(again, graph)
        assert set(again.variables) == set(graph.variables)


def test_latex():
    assert program_text(parse("ln(x1) + x1*x2 - sin(x2)/2").graph, LATEX) == (
        r"\ln\left(x_{1}\right) + x_{1} \, x_{2} - \frac{\sin\left(x_{2}\right)}{2}"
    )
    assert program_text(parse("abs(x)^(1/3)").graph, LATEX) == r"{\left|x\right|}^{\frac{1}{3}}"
    assert program_text(parse("1e-3*alpha").graph, LATEX) == r"1 \cdot 10^{-3} \, \alpha"


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("x", "x"), ("x1", "x_{1}"), ("x_1", "x_{1}"), ("alpha_2", r"\alpha_{2}"), ("rate", r"\mathrm{rate}"),
        ("x_max", r"x_{\mathrm{max}}"), ("v-1", "v_{-1}"), ("_x", r"\mathrm{\_x}"), ("W1_2", "W_{1,2}"),
    ],
)  # fmt: skip
def test_names_in_latex(name, latex):
    assert latex_name(name) == latex


@pytest.mark.parametrize(
    ("text", "tidied"),
    [
        ("3*x^(3-1)", "3*x^2"), ("1*x", "x"), ("x*1", "x"), ("0*x", "0"), ("x+0", "x"), ("x-0", "x"), ("0-x", "-x"),
        ("x/1", "x"), ("x^1", "x"), ("x^0", "1"), ("x*(1/y)", "x/y"), ("x*(-1)", "-x"), ("--x", "x"),
        ("x*(-y)", "-(x*y)"), ("(1/3-1)*x", "-2/3*x"), ("(0.1+0.2)*x", "0.3*x"), ("x*(2-3)", "-x"),
    ],
)  # fmt: skip
def test_folding_builder_tidies_what_rules_emit(text, tidied):
    graph = parse(text).graph
    builder = FoldingBuilder()
    copies: list[int] = []
    for node in graph.nodes:
        leaf = builder.input if node.op == "input" else builder.constant
        copies.append(builder.apply(node.op, *[copies[a] for a in node.args]) if node.args else leaf(node.literal))
    folded = builder.graph([copies[p] for p in graph.inputs], [copies[p] for p in graph.outputs])
    assert program_text(folded.pruned(), PLAIN) == tidied


def test_long_chains_need_little_memory():
    """Half a gigabyte of strings if every intermediate one were kept."""
    graph = parse("x*" * 20_000 + "x").graph
    tracemalloc.start()
    text = program_text(graph, PLAIN)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(text) == 40_001
    assert peak < 50_000_000
