"""A listing as a module of Python, for numbers or for NumPy's arrays."""

from collections.abc import Iterator, Sequence

from diffcli.graph.program import Graph
from diffcli.render.source.expressions import ExpressionWriter
from diffcli.render.source.identifiers import Identifiers
from diffcli.render.source.language import SUM, Language
from diffcli.render.source.words import Words, aligned, main_name, sweep_names
from diffcli.studies.source import Line, Procedure, SourceListing


def module_text(listing: SourceListing, language: Language, *, ascii_only: bool = False) -> str:
    """The text of the module."""
    return _Module(listing, language, ascii_only=ascii_only).text()


class _Module:
    """The parts of a module under construction."""

    def __init__(self, listing: SourceListing, language: Language, *, ascii_only: bool) -> None:
        self.listing, self.language, self.is_numpy = listing, language, language.name == "numpy"
        self.names = Identifiers(language, ascii_only=ascii_only)
        self.main = self.names.claim(main_name(listing))
        self.arguments = [self.names[variable] for variable in listing.variables]
        self.writer = ExpressionWriter(language, self.names)
        self.words = Words(listing, self.names, ascii_only=ascii_only)

    def text(self) -> str:
        """Docstring, imports, functions that the language lacks, the program, the point."""
        if self.is_numpy and self.arguments:
            self.writer.supply("points")
        functions = self._functions()
        body = "\n\n\n".join([*self._supplied(), *functions, *self._point()])
        used = self.language.words(body)
        imports = [line for name, line in (("math", "import math"), ("np", "import numpy as np")) if name in used]
        title, legend = self.words.title(), list(self.words.legend())
        top = '"""' + "\n\n".join([title, "\n".join(legend)] if legend else [title]) + ('\n"""' if legend else '"""')
        parts = ["\n\n".join([top, "\n".join(imports)]) if imports else top, body]
        return "\n\n\n".join(parts) + "\n"

    def _supplied(self) -> list[str]:
        """The functions in front of the program, those of one line together."""
        texts = list(self.writer.supplied)
        long = [text for text in texts if "\n" in text]
        short = [text for text in texts if "\n" not in text]
        return [*long, *(["\n".join(short)] if short else [])]

    def _functions(self) -> list[str]:
        procedures = self.listing.procedures
        if self.listing.mode != "forward" and len(procedures) == 1:
            return [self._function(self.main, procedures[0])]
        names = sweep_names(self.listing, self.names)
        return [*map(self._function, names, procedures), self._together(names)]

    def _head(self, name: str, purpose: str) -> list[str]:
        guard = ['@np.errstate(all="ignore")'] if self.is_numpy else []
        return [*guard, f"def {name}({', '.join(self.arguments)}):", f'    """{purpose}"""']

    def _function(self, name: str, procedure: Procedure) -> str:
        arguments, varying = ", ".join(self.arguments), set(self.listing.variables)
        head = self._head(name, self.words.purpose(procedure))
        if arguments:
            comma = "," if self.is_numpy and len(self.arguments) == 1 else ""
            converted = ", ".join(f"float({argument})" for argument in self.arguments)
            head.append(f"    {arguments}{comma} = {f'points({arguments})' if self.is_numpy else converted}")
        code = [(f"    {self._line(line, varying)}", self.words.comment(line)) for line in procedure.lines]
        values = [self._result(value, varying) for value in procedure.values]
        derivatives = [self._result(derivative, varying) for derivative in procedure.derivatives]
        result = self._listed(values, self._values_are_one(procedure))
        if self.listing.mode != "primal":
            is_one = self.listing.mode == "forward" and self._values_are_one(procedure)
            result = f"{result}, {self._listed(derivatives, is_one)}"
        return "\n".join([*head, *aligned(code, self.language.comment), f"    return {result}"])

    @staticmethod
    def _values_are_one(procedure: Procedure) -> bool:
        return len(procedure.values) == 1

    @staticmethod
    def _listed(texts: Sequence[str], is_one: bool) -> str:
        return texts[0] if is_one else f"({', '.join(texts)}{',' if len(texts) == 1 else ''})"

    def _line(self, line: Line, varying: set[str]) -> str:
        name = self.names[line.symbol]
        if line.is_seed and self.is_numpy and self.arguments:
            varying.add(line.symbol)
            return f"{name} = np.ones_like({self.arguments[0]})"
        if not varying.isdisjoint(line.expression.variables):
            varying.add(line.symbol)
        if line.adds and self.is_numpy:  # in place it would change arrays of other names
            return f"{name} = {name} + {self.writer.text(line.expression, SUM + 1)}"
        return f"{name} {'+=' if line.adds else '='} {self.writer.text(line.expression)}"

    def _result(self, expression: Graph, varying: set[str]) -> str:
        text = self.writer.text(expression)
        if self.is_numpy and self.arguments and varying.isdisjoint(expression.variables):
            return f"np.full_like({self.arguments[0]}, {text})"
        return text

    def _together(self, names: Sequence[str]) -> str:
        """The function that runs all sweeps."""
        head = self._head(self.main, self.words.together())
        calls = [f"{name}({', '.join(self.arguments)})" for name in names]
        lines = ["    sweeps = (", *(f"        {call}," for call in calls), "    )"]
        if self.listing.mode == "reverse":
            values, rows = "tuple([value for value, _ in sweeps])", "tuple([row for _, row in sweeps])"
        elif len(self.listing.outputs) == 1:
            values, rows = "sweeps[0][0]", "tuple([derivative for _, derivative in sweeps])"
        else:
            values, rows = "sweeps[0][0]", "tuple(zip(*[column for _, column in sweeps]))"
        return "\n".join([*head, *lines, f"    return {values}, {rows}"])

    def _point(self) -> Iterator[str]:
        if self.listing.point or not self.listing.variables:
            point = ", ".join(self.writer.number(repr(value)).text for value in self.listing.point)
            yield f'if __name__ == "__main__":\n    print({self.main}({point}))'
