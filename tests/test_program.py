"""Building a graph: one node for what is the same, shapes inferred, nothing used before it is there."""

import pytest

from diffcli.errors import Place, ShapeError
from diffcli.graph.program import Builder, Node


def test_the_same_operation_is_the_same_node_with_its_first_place():
    builder = Builder()
    x, first, second = builder.input("x"), Place(0, 1), Place(5, 6)
    position = builder.apply("sin", x, place=first)
    assert builder.apply("sin", x, place=second) == position
    assert builder.apply("mul", x, x) == position + 1, "nothing was added in between"
    assert builder.places == [None, first, None]


def test_nothing_is_simplified():
    builder = Builder()
    x, one = builder.input("x"), builder.constant("1")
    builder.apply("mul", one, x)
    assert builder.nodes[-1] == Node("mul", (one, x))


@pytest.mark.parametrize("argument", [1, 2, 100])
def test_an_operation_on_a_node_that_is_not_there_yet(argument):
    builder = Builder()
    x = builder.input("x")
    with pytest.raises(IndexError):
        builder.apply("add", x, argument)
    builder.graph([x], [x]).check()
    assert builder.nodes == [Node("input", (), "x")]


def test_an_unknown_operation():
    builder = Builder()
    with pytest.raises(KeyError):
        builder.apply("sine", builder.input("x"))


@pytest.mark.parametrize("continued", [False, True])
def test_shapes_are_inferred_as_soon_as_there_is_an_array(continued):
    builder = Builder()
    x = builder.input("x")
    number = builder.apply("sin", x)
    vector, matrix = builder.input("v", shape=(3,)), builder.input("m", shape=(2, 3))
    if continued:
        builder = Builder(builder.graph([x, vector, matrix], [number]))
    assert builder.shape(builder.apply("mul", number, vector)) == (3,)
    assert builder.shape(builder.apply("mul", vector, matrix)) == (2, 3)
    assert builder.shape(builder.apply("mul", matrix, matrix)) == (2, 3)
    assert builder.shape(builder.apply("cos", number)) == ()
    with pytest.raises(ShapeError) as caught:
        builder.apply("add", matrix, builder.input("w", shape=(2,)), place=Place(1, 4))
    assert caught.value.place == Place(1, 4)


def test_numbers_that_become_an_array():
    builder = Builder()
    copies = builder.apply("broadcast", builder.input("x"), shape=(4,))
    assert builder.shape(builder.apply("exp", copies)) == (4,)


def test_operations_on_arrays_refuse_numbers():
    builder = Builder()
    x = builder.input("x")
    with pytest.raises(ShapeError):
        builder.apply("matmul", x, x)
