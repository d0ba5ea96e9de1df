"""The arithmetic of arrays for the interpreter: every value is kept, as traces need it."""

from typing import Any

from diffcli.execute.array_library import Library, constant
from diffcli.execute.floats import function
from diffcli.graph.ops import OPS


class ArrayArithmetic:
    """Arrays of one library and type, and Python floats, which stand for constants."""

    def __init__(self, library: Library) -> None:
        """Operations are those of `library`."""
        self.library = library

    @staticmethod
    def constant(literal: str) -> float:
        """A number, which takes on the type of the arrays it meets."""
        return constant(literal)

    def apply(self, op: str, *args: Any, **params: Any) -> Any:
        """The primitive `op` on arrays; on floats alone it is a float."""
        with self.library.quiet():
            if OPS[op].is_structural:
                arrays = [self.library.lifted(arg) for arg in args]
                return self.library.structural(op, [array.shape for array in arrays], **params)(*arrays)
            if all(isinstance(arg, float) for arg in args):
                return function(op)(*args)
            return self.library.elementwise(op)(*args)
