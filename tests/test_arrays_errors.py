"""Bad input with arrays: what is wrong, where, and how to mend it; nothing takes long."""

import time

import pytest

from diffcli.errors import DiffcliError, ExpressionError, LimitError, ShapeError
from diffcli.language import Limits, parse
from diffcli.language.array_functions import ARRAY_FUNCTIONS, ROWS

SHAPES = {"W": (2, 3), "A": (3, 3), "x": (3,), "y": (3,), "b": (2,), "c": ()}

BAD = [
    # text, fragment of the message, the place's text, fragment of the hint
    ("W @ b", "the shapes 2×3 and 2 cannot be multiplied with @", "W @ b", "W.T @ b would fit: 3×2 and 2"),
    ("x @ W", "the shapes 3 and 2×3 cannot be multiplied with @", "x @ W", "x @ W.T would fit: 3 and 3×2"),
    ("W @ W", "the shapes 2×3 and 2×3 cannot", "W @ W", "W.T @ W would fit: 3×2 and 2×3"),
    ("A @ W", "the shapes 3×3 and 2×3 cannot", "A @ W", "A @ W.T would fit: 3×3 and 3×2"),
    ("1 + W @ (x + 1)[1:]", "the shapes 2×3 and 2 cannot", "W @ (x + 1)[1:]", "W.T @ (x + 1)[1:] would fit"),
    ("x @ b", "the shapes 3 and 2 cannot be multiplied with @", "x @ b", None),
    ("c @ x", "@ multiplies vectors and matrices, not a number and 3", "c @ x", "give c a value such as c=[[1,2]"),
    ("2 @ x", "@ multiplies vectors and matrices", "2 @ x", "numbers are multiplied with *"),
    ("x + b", "the shapes 3 and 2 do not fit together", "x + b", "counted from the last axis"),
    ("max(x, b)", "the shapes 3 and 2 do not fit together", "max(x, b)", "counted from the last axis"),
    ("where(x > b, 1, 0)", "the shapes 3 and 2 do not fit together", "x > b", "counted from the last axis"),
    ("where(x > 0, b, 0)", "the shapes 3 and 2 and a number do not fit", "where(x > 0, b, 0)", None),
    ("W x", "a product of two arrays needs its sign", "W x", "write W @ x for the matrix product, W*x for element"),
    ("2(x)(y)", "a product of two arrays needs its sign", "2(x)(y)", "2(x) @ (y)"),
    ("W^T", "a power T is no transpose", "W^T", "write W.T"),
    ("W'", "a prime is no part of an expression", "'", "the transpose is x.T"),
    ("x[3]", "the index 3 lies outside 0 to 2 in an array of shape 3", "x[3]", "0 to 2; negative ones from the end"),
    ("x[-4]", "the index -4 lies outside 0 to 2", "x[-4]", "0 to 2"),
    ("W[0, 3]", "the index 3 lies outside 0 to 2", "W[0, 3]", "axis 0: 0 to 1; axis 1: 0 to 2"),
    ("W[0, 0, 0]", "3 indices are too many for an array of shape 2×3", "W[0, 0, 0]", "at most 2"),
    ("x[0][0]", "x[0] is a number, and only arrays have elements", "[", None),
    ("c[0]", "c is a number, and only arrays have elements", "[", "give c a value such as c=[1,2,3]"),
    ("2[0]", "2 is a number, and only arrays have elements", "[", "a product is written with *"),
    ("x[2:1]", "this index selects nothing of an array of shape 3", "x[2:1]", "the end is not included"),
    ("x[7:9]", "this index selects nothing", "x[7:9]", "the end is not included"),
    ("x[::0]", "the step of a slice cannot be 0", "0", "x[::-1] goes backwards"),
    ("x[c]", "an index is written as whole numbers", "c", "for example x[0]"),
    ("x[1.5]", "an index is written as whole numbers", "1.5", "for example x[0]"),
    ("x[]", "this index is empty", "[]", "for example x[0]"),
    ("x[0", "this bracket is never closed", "[", "add ]"),
    ("x[0)", "an index is written as whole numbers", ")", None),
    ("x[1:2:3:4]", "an index is written as whole numbers", ":", None),
    ("x[[0, 2]]", "an index is written as whole numbers", "[", "[x[0], x[2]]"),
    ("x[0] = 3", "the elements of an array cannot be assigned", "=", "make a new array"),
    ("x.sum", "functions stand before their argument", "sum", "write sum(x)"),
    ("W.t", "'.t' is nothing known here", "t", "the transpose is x.T"),
    ("c.T", "c is a number, and only arrays are transposed", "c.T", "give c a value"),
    ("[[1, 2], [3]] @ b", "the rows of this list have different lengths: 2 and 1", "[3]", "concatenate(x, y)"),
    ("[x, b]", "the rows of this list have different lengths: 3 and 2", "b", "concatenate(x, y)"),
    ("[x, W]", "the elements of this list have different shapes: 3 and 2×3", "W", None),
    ("[1, x]", "the elements of this list have different shapes: a number and 3", "x", None),
    ("[] @ x", "this list is empty", "[]", "for example [1, 2, 3]"),
    ("[1, 2,] @ b", "an element is missing after ','", ",", "drop the comma"),
    ("[1 2] @ b", "a comma is missing between these elements", "1 2", "separated by commas"),
    ("[1, 2; 3, 4]", "this bracket is never closed", "[", "rows are lists themselves"),
    ("[1, 2) @ b", "this parenthesis does not match the bracket before it", ")", "write ]"),
    ("sum(x] + 1", "this bracket does not match the parenthesis before it", "]", "write )"),
    ("x]", "this bracket was never opened", "]", "remove it, or add ["),
    ("sum(x, 0)", "sum takes 1 array, not 2", "sum(x, 0)", "an axis is given as sum(x, axis=0)"),
    ("sum()", "sum takes 1 array, not 0", "sum()", "write sum(x, axis=…, keepdims=…)"),
    ("sum(c)", "c is a number, and sum works on arrays", "sum(c)", "give c a value such as c=[1,2,3]"),
    ("sum(x, axis=1)", "there is no axis 1 in an array of shape 3", "sum(x, axis=1)", "only the axis 0"),
    ("mean(W, axis=(0, 0))", "there is no axis 0, 0 in an array of shape 2×3", "mean(W, axis=(0, 0))", "0 to 1"),
    ("sum(x, axis=c)", "axis= takes whole numbers", "axis=c", "for example axis=0 or (0, 1)"),
    ("sum(x, keepdims=1)", "keepdims= takes true or false", "keepdims=1", "keepdims=true"),
    ("sum(x, axes=0)", "sum has no 'axes'", "axes", "its keywords are axis, keepdims"),
    ("sum(x, axis=0, axis=0)", "'axis' is given twice", "axis", "give it once"),
    ("sum(x, axis=)", "axis= takes whole numbers", "axis=)", None),
    ("sin(x, axis=0)", "sin has no 'axis'", "axis", "sin takes no keywords"),
    ("dot(x, b)", "the shapes 3 and 2 cannot be multiplied", "dot(x, b)", None),
    ("dot(x)", "dot takes 2 arrays, not 1", "dot(x)", "write dot(x, y)"),
    ("concatenate([x, y])", "concatenate takes 2 or more arrays, not 1", "concatenate([x, y])", "concatenate(x, y)"),
    ("concatenate(x, c)", "the shapes 3 and a number cannot be joined along axis 0", "concatenate(x, c)", None),
    ("concatenate(x, y, axis=1)", "there is no axis 1", "concatenate(x, y, axis=1)", "only the axis 0"),
    ("stack(x, b)", "the shapes 3 and 2 cannot be stacked", "stack(x, b)", None),
    ("reshape(x, 2, 2)", "an array of shape 3 cannot be given the shape 2×2", "reshape(x, 2, 2)", None),
    ("reshape(x, c)", "the shape is written in whole numbers", "c", "for example reshape(x, 2, 3)"),
    ("reshape(x)", "reshape lacks the new shape", "reshape(x)", "for example reshape(x, 2, 3)"),
    ("reshape(x, -1, -1)", "is no shape", "reshape(x, -1, -1)", None),
    ("broadcast(x, 2)", "the shapes 3 and 2 do not fit together", "broadcast(x, 2)", None),
    ("broadcast(x, -1)", "-1 is no shape", "broadcast(x, -1)", "lengths are 1 or more"),
    ("transpose(W, (0, 0))", "the axes (0, 0) are not those of an array", "transpose(W, (0, 0))", None),
    ("transpose(W, c)", "the axes are written in whole numbers", "c", "transpose(x, (1, 0))"),
    ("det(W)", "a square matrix is needed, not 2×3", "det(W)", None),
    ("solve(A, b)", "a matrix of shape 3×3 cannot be solved for 2", "solve(A, b)", None),
    ("cross_entropy_of_logits(c, x)", "the logits are the elements of an array", "cross_entropy_of_logits(c, x)", None),
    ("einsum(W, x)", "'einsum' is no function known here", "einsum", "write it with @"),
    ("argmax(x)", "'argmax' is no function known here", "argmax", "no derivative"),
    ("softmaks(x)", "'softmaks' is no function known here", "softmaks", "did you mean softmax?"),
    ("x @", "an operand is missing after '@'", "@", None),
    ("@ x", "nothing stands before '@'", "@", None),
    ("sum x", "the function sum lacks its argument", "sum", "write sum(x)"),
    ("‖x‖", "'‖' (U+2016 DOUBLE VERTICAL LINE) has no meaning here", "‖", "norm(x)"),
    (r"\left[x\right] W", "square brackets are not read in LaTeX", "[", "arrays only in plain text"),
    (r"W^{T} x", "a power T is no transpose", "W^{T}", "write W.T"),
]  # fmt: skip


def refused(text, shapes=SHAPES, **options):
    with pytest.raises(DiffcliError) as caught:
        parse(text, bound=shapes, shapes=shapes, **options)
    return caught.value


@pytest.mark.parametrize(("text", "message", "piece", "hint"), BAD, ids=[case[0] for case in BAD])
def test_bad_array_input(text, message, piece, hint):
    error = refused(text)
    assert message in error.message
    assert isinstance(error, ExpressionError)
    assert error.exit_code == 2
    assert error.place is not None
    assert text[error.place.start : error.place.end] == piece
    assert hint is None or hint in (error.hint or "")
    assert (error.message + (error.hint or "")).isprintable()


def test_shape_errors_have_a_kind_of_their_own():
    assert refused("W @ b").kind == refused("x[3]").kind == refused("W x").kind == "shape"
    assert isinstance(refused("x + b"), ShapeError)


WITHOUT_ARRAYS = [
    ("W @ x", "@ multiplies vectors and matrices, not a number and a number", "give W a value such as W=[[1,2],[3,4]]"),
    ("x[0] + 1", "x is a number, and only arrays have elements", "give x a value such as x=[1,2,3]"),
    ("softmax(2z)", "2z is a number, and softmax works on arrays", "arrays come from the point, for example W=[1,2,3]"),
    ("norm(v)", "v is a number, and norm works on arrays", "give v a value such as v=[1,2,3]"),
    ("max(x)", "max compares at least two numbers", "for example max(x, 0); or give an array"),
    ("[x, y]", "a list alone is not read as several outputs", "outputs are separated by ;"),
    ("[x + 1]*2", "square brackets make lists, and this one has only one number", "use parentheses ( ) for grouping"),
]


@pytest.mark.parametrize(("text", "message", "hint"), WITHOUT_ARRAYS)
@pytest.mark.parametrize("bound", [(), ("x", "y", "W", "z", "v")], ids=["no point", "point of numbers"])
def test_numbers_used_as_arrays(text, message, hint, bound):
    with pytest.raises(DiffcliError) as caught:
        parse(text, bound=bound)
    assert (caught.value.message, caught.value.hint) == (message, hint)


@pytest.mark.parametrize(
    ("text", "correction"),
    [("[x, y]", "x; y"), ("a = x*y; [a, x]", "a = x*y; a; x"), ("2*[x + 1]", "2*(x + 1)"),
     ("([x] + 1)^2", "((x) + 1)^2"), ("softmax([x, y]", "softmax([x, y])")],
)  # fmt: skip
def test_corrections_can_be_read(text, correction):
    with pytest.raises(DiffcliError) as caught:
        parse(text)
    assert caught.value.correction == correction
    parse(correction)


NAMES = [
    ("sum + 1", {"sum": ()}, "add(sum, 1)"),
    ("sum*T", {"sum": (), "T": ()}, "mul(sum, T)"),
    ("T^2 + T", {"T": ()}, "add(pow(T, 2), T)"),
    ("mean x", {"mean": (), "x": ()}, "mul(mean, x)"),
    ("T*x.T", {"T": (), "x": (2,)}, "mul(T, transpose(x))"),
    ("norm/norm(x)", {"norm": (), "x": (2,)}, "div(norm, norm(x))"),
    ("x^T", {"x": (2,), "T": ()}, "pow(x, T)"),
    ("dot - mean", {}, "sub(dot, mean)"),
    ("max = x@x; max*2", {"x": (2,)}, "mul(matmul(x, x), 2)"),
    ("sum = 3; sum(x + 1)", {"x": (2,)}, "mul(3, add(x, 1))"),
]


@pytest.mark.parametrize(("text", "shapes", "expected"), NAMES)
def test_names_of_functions_are_variables_where_no_argument_follows(text, shapes, expected):
    graph = parse(text, bound=shapes, shapes=shapes).graph
    texts = []
    for node in graph.nodes:
        arguments = ", ".join(texts[argument] for argument in node.args)
        texts.append(f"{node.op}({arguments})" if node.args else node.literal)
    assert texts[graph.outputs[0]] == expected


NOTES = [
    ("cross_entropy(softmax(x), y)", "cross_entropy_of_logits(z, y) is the stable form"),
    ("x·y", "a dot between arrays multiplies element by element; the sum of products is x @ y"),
    ("|x - y|", "|x| is taken element by element; the length of a vector is norm(x)"),
    ("A^-1", "a power of a matrix is taken element by element; its inverse is inv(A)"),
    ("x.T @ y", "x.T is the vector itself, which has one axis; see outer(x, y)"),
    ("[x + 1]*2", "square brackets make a list, here of one element; parentheses group"),
]


@pytest.mark.parametrize(("text", "note"), NOTES)
def test_what_a_reader_could_doubt_is_said(text, note):
    assert any(note in said for said in parse(text, bound=SHAPES, shapes=SHAPES).notes)


@pytest.mark.parametrize("text", ["x*y", "x @ y", "cross_entropy(x, y)", "c·x", "A^2", "W.T @ b", "sum([c])", "2x"])
def test_what_is_clear_has_no_note(text):
    assert parse(text, bound=SHAPES, shapes=SHAPES).notes == ()


LARGE = {"u": (1_000_000,), "v": (1_000_000,), "B": (3000, 3000)}


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("1 + sum(outer(u, v))", "outer(u, v)"),
        ("u[:, None]*v", "u[:, None]*v"),
        ("broadcast(u, 999999999999, 1000000)", "broadcast(u, 999999999999, 1000000)"),
        ("stack(" + "u, " * 20 + "u)", None),
        ("a = B*2; b = B*3; c = a*b" + "".join(f"; d{n} = c*{n}" for n in range(9)), None),
    ],
)
def test_arrays_that_are_too_large(text, piece):
    error = refused(text, LARGE)
    assert isinstance(error, LimitError)
    assert "--limit elements=" in (error.hint or "")
    assert error.place is not None
    assert piece is None or text[error.place.start : error.place.end] == piece


def test_the_limit_on_elements_can_be_raised():
    text, limits = "sum(outer(u, u))", Limits(elements=10**13)
    assert parse(text, bound=LARGE, shapes=LARGE, limits=limits).graph.operations > 10**12


SLOW = [
    "sum([" + "1," * 90_000 + "2])",
    "[" * 190_000,
    "x" + "[:]" * 60_000,
    "x" + ".T" * 90_000,
    "x[" + "0," * 90_000 + "0]",
    "x[None" + ",None" * 30_000 + "]",
    "reshape(x," + "1," * 90_000 + "3)",
    "sum(x,axis=(" + "0," * 90_000 + "0))",
    "[" * 40 + "x" + "]" * 40,
    "stack(" + "x," * 90_000 + "x)",
    "sum(x," * 30_000,
    "+".join(f"prod(u*{n})" for n in range(15_000)),
    "prod(u)+" * 20_000 + "1",
]


@pytest.mark.parametrize("text", SLOW, ids=[text[:20] for text in SLOW])
def test_large_texts_end_soon(text):
    start = time.process_time()
    shapes = SHAPES | LARGE
    message = ""
    try:
        parse(text, bound=shapes, shapes=shapes)
    except DiffcliError as error:
        message = error.message + (error.hint or "")
    assert len(message) < 400
    assert time.process_time() - start < 5


def test_every_function_is_described():
    assert len(ARRAY_FUNCTIONS) == sum(1 + len(row.aliases) for row in ROWS)
    for row in ROWS:
        assert row.signature.startswith(f"{row.name}(")
        assert row.doc.isprintable()
        assert row.doc
        assert row.trailing == "" or row.trailing in row.keywords
        for keyword in row.keywords:
            assert keyword in row.signature or keyword == row.trailing
