"""The stand-in for an array while a function is recorded: it has a shape and no elements.

It looks like a NumPy array to the function: operators, NumPy's functions, methods and indices add nodes to the
recording. What would turn it into plain numbers, and so lose the derivative, is refused with the rewrite.
"""

from collections.abc import Iterable, Iterator
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any, NoReturn
from weakref import ref

import numpy as np

from diffcli.errors import FunctionError, ShapeError
from diffcli.graph.shapes import shown
from diffcli.tracing import numpy_functions
from diffcli.tracing.indexing import indexed, selects_a_view

if TYPE_CHECKING:
    from diffcli.graph.primitive import Term
    from diffcli.graph.shapes import Shape
    from diffcli.tracing.recorder import Recorder


def _binary(op: str, ufunc: "np.ufunc") -> Any:
    """An operator and its reflection: one primitive, or what NumPy's function is made of."""
    is_sum = op == "add"

    def forward(self: "Recorded", other: Any) -> Any:
        if type(other) is Recorded and (
            other.recorder is not self.recorder or (is_sum and self.recorder.is_truth(other.position))
        ):
            return ufunc(self, other)
        try:
            position = self.recorder.position(other)
        except TypeError:
            return NotImplemented
        return Recorded(self.recorder, self.recorder.nodes.asked(op, (self.position, position)))

    def reflected(self: "Recorded", other: Any) -> Any:
        try:
            position = self.recorder.position(other)
        except TypeError:
            return NotImplemented
        return Recorded(self.recorder, self.recorder.nodes.asked(op, (position, self.position)))

    return forward, reflected, _in_place(forward)


def _by_ufunc(ufunc: "np.ufunc") -> Any:
    """The same for operators that take more than one primitive."""

    def forward(self: "Recorded", other: Any) -> Any:
        return ufunc(self, other)

    def reflected(self: "Recorded", other: Any) -> Any:
        return ufunc(other, self)

    return forward, reflected, _in_place(forward)


def _in_place(operator: Any) -> Any:
    """A new array for x += y, after which the old one must not be used under another name: NumPy would change it."""

    def changed(self: "Recorded", other: Any) -> Any:
        result = operator(self, other)
        if result is NotImplemented or (not self.shape and self.family is None):  # numbers are never changed in place
            return result
        if result.shape != self.shape:
            raise ShapeError(f"an array of shape {shown(self.shape)} cannot become one of shape {shown(result.shape)}")
        relatives = [] if self.family is None else [relative() for relative in self.family]
        for one in (self, *relatives):
            if one is not None:
                one.recorder = _CHANGED
        return result

    return changed


class _Changed:
    """In the place of the recorder of an array that was changed in place."""

    def __getattr__(self, name: str) -> NoReturn:
        """Whatever is asked for."""
        raise FunctionError(
            "a recorded array was changed in place (x += …) and then used under another name, or by a view of it",
            hint="write y = x + … in the place of y = x; y += …; or copy a view before: y = x[:2].copy()",
        )


_CHANGED: Any = _Changed()


class Recorded:
    """An array (or a number) whose elements are not known yet."""

    __slots__ = ("__weakref__", "family", "position", "recorder")
    __array_priority__ = 1000.0
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, recorder: "Recorder", position: int) -> None:
        """The node at `position` of a recording."""
        self.recorder = recorder
        self.position = position
        self.family: list[ref[Recorded]] | None = None
        """Those that are this array and views of it, which NumPy would change with it; None where there are none."""

    # What is known of it.

    @property
    def shape(self) -> "Shape":
        """The lengths of its axes."""
        return self.recorder.nodes.nodes[self.position].shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return prod(self.shape)

    @property
    def dtype(self) -> Any:
        """The type of its elements."""
        return np.dtype(bool) if self.recorder.is_truth(self.position) else self.recorder.dtype

    @property
    def term(self) -> "Term":
        """The node as a term for formulas."""
        return self.recorder.term(self)

    def __len__(self) -> int:
        """The length of the first axis."""
        if not self.shape:
            raise TypeError("a number has no length")
        return self.shape[0]

    def __iter__(self) -> Iterator["Recorded"]:
        """The elements along the first axis."""
        return iter([self[k] for k in range(len(self))])

    def __repr__(self) -> str:
        """The value, for prints inside of the function."""
        return f"Recorded({self.recorder.concrete(self.position, decides=False)!r})"

    def __format__(self, spec: str) -> str:
        """The value in the wanted format, for prints inside of the function."""
        return format(self.recorder.concrete(self.position, decides=False), spec)

    # Operators.

    __add__, __radd__, __iadd__ = _binary("add", np.add)
    __sub__, __rsub__, __isub__ = _binary("sub", np.subtract)
    __mul__, __rmul__, __imul__ = _binary("mul", np.multiply)
    __truediv__, __rtruediv__, __itruediv__ = _binary("div", np.divide)
    __pow__, __rpow__, __ipow__ = _binary("pow", np.power)
    __matmul__, __rmatmul__, __imatmul__ = _binary("matmul", np.matmul)
    __floordiv__, __rfloordiv__, __ifloordiv__ = _by_ufunc(np.floor_divide)
    __mod__, __rmod__, __imod__ = _by_ufunc(np.remainder)
    __divmod__, __rdivmod__ = _by_ufunc(np.divmod)[:2]
    __and__, __rand__, __iand__ = _by_ufunc(np.bitwise_and)
    __or__, __ror__, __ior__ = _by_ufunc(np.bitwise_or)
    __xor__, __rxor__, __ixor__ = _by_ufunc(np.bitwise_xor)
    __lt__, __gt__ = _binary("lt", np.less)[0], _binary("gt", np.greater)[0]
    __le__, __ge__ = _binary("le", np.less_equal)[0], _binary("ge", np.greater_equal)[0]
    __eq__ = _binary("eq", np.equal)[0]
    __ne__ = _binary("ne", np.not_equal)[0]

    def __neg__(self) -> "Recorded":
        """Negation."""
        return self.recorder.apply("neg", self)

    def __pos__(self) -> "Recorded":
        """The same."""
        return Recorded(self.recorder, self.position)

    def __abs__(self) -> "Recorded":
        """Absolute value."""
        return self.recorder.apply("abs", self)

    def __invert__(self) -> Any:
        """The opposite of truth values."""
        return np.logical_not(self) if self.dtype == bool else numpy_functions.unsupported("invert of floats")

    def __round__(self, digits: int = 0) -> Any:
        """Nearest whole number, or decimal."""
        return np.round(self, digits)

    # NumPy's functions, methods, indices.

    def __array_ufunc__(self, ufunc: "np.ufunc", method: str, *inputs: Any, **options: Any) -> Any:
        """NumPy's universal functions come here."""
        return numpy_functions.universal(_innermost(inputs), ufunc, method, inputs, options)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """NumPy's other functions come here."""
        return numpy_functions.call(_innermost((*args, *kwargs.values())), function, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        """The methods of arrays, each the function of the same name."""
        if name.startswith("__"):
            raise AttributeError(name)
        if name in numpy_functions.ATTRIBUTES:
            return numpy_functions.ATTRIBUTES[name](self)
        if name in numpy_functions.METHODS:
            return partial(numpy_functions.METHODS[name], self)
        if hasattr(np.ndarray, name):
            raise numpy_functions.not_supported(f"the method .{name} of recorded arrays", name)
        raise AttributeError(f"arrays have no attribute {name!r}")

    def __getitem__(self, key: Any) -> "Recorded":
        """The elements that an index selects."""
        found = Recorded(self.recorder, indexed(self.term, key).position)
        if selects_a_view(key, found.shape):
            share_memory(self, [found])
        return found

    def __copy__(self) -> "Recorded":
        """The same elements, as an array that can be used on when this one is changed in place."""
        return +self

    def __deepcopy__(self, _: Any) -> "Recorded":
        """The same."""
        return +self

    # What would lose the derivative.

    def __reduce__(self) -> NoReturn:
        """Refused."""
        raise FunctionError("a recorded array cannot be stored or sent to another process")

    def __setitem__(self, key: Any, value: Any) -> NoReturn:
        """Refused."""
        raise FunctionError(
            "a recorded array cannot be changed in place (x[…] = …)",
            hint="build a new one: np.where(mask, new, x), np.concatenate or np.stack",
        )

    def __bool__(self) -> bool:
        """What `if` and `while` see."""
        return self.recorder.truth(self.position)

    def __float__(self) -> float:
        """Refused."""
        raise _loss(
            "float(), a function of math, or an assignment a[i] = x",
            "leave float() out; np.sin(x) for math.sin(x); np.stack or np.concatenate for a[i] = x",
        )

    def __int__(self) -> int:
        """Refused."""
        raise _loss(
            "int()", "np.floor(x) and np.trunc(x) round; whole numbers that count are no arguments to derive by"
        )

    def __index__(self) -> int:
        """Refused."""
        raise _loss("an index or a count", "pass whole numbers as arguments that argnums leaves out, or by keyword")

    def __complex__(self) -> complex:
        """Refused."""
        raise _loss("complex()", "write real and imaginary parts as two arrays")

    def __array__(self, *_: Any, **__: Any) -> Any:
        """Refused."""
        raise _loss(
            "np.array, np.asarray, an index a[x] or an assignment a[…] = x",
            "np.stack([x, y]) for np.array([x, y]); np.stack or np.concatenate for a[i] = x; leave np.asarray(x) out; "
            "what selects is data: leave it out of argnums",
        )


def share_memory(array: Recorded, views: Iterable[Recorded]) -> None:
    """From now on a change in place of one of them is seen by all, and so none of the others may be used."""
    family = array.family
    if family is None:
        family = array.family = [ref(array)]
    for view in views:
        if view.family is None:
            view.family = family
            family.append(ref(view))
        elif view.family is not family:
            joined = [(one, one()) for one in view.family]
            family += [one for one, _ in joined]
            for _, relative in joined:
                if relative is not None:
                    relative.family = family


def _loss(what: str, hint: str) -> FunctionError:
    return FunctionError(f"{what} would make plain numbers of a recorded array and lose the derivative", hint=hint)


def _innermost(things: Any) -> "Recorder":
    """The recording that began last among those of the operands, also in lists of operands."""
    if len(things) == 1 and type(things[0]) is Recorded:
        return things[0].recorder
    found = [thing for thing in things if type(thing) is Recorded]
    if len(found) == len(things) == 2 and found[0].recorder is found[1].recorder:
        return found[0].recorder
    nested = (one for thing in things if isinstance(thing, (list, tuple)) for one in thing)
    found += [one for one in nested if type(one) is Recorded]
    if not found:
        inner = [one for thing in things if isinstance(thing, (list, tuple)) for one in thing]
        return _innermost(inner)
    return found[0].recorder if len(found) == 1 else max((f.recorder for f in found), key=lambda r: r.level)
