"""C99, with nothing but its math library."""

from collections.abc import Iterator, Sequence

from diffcli.execute import c_functions
from diffcli.execute.polygamma import MOST_ORDER
from diffcli.render.source.expressions import ExpressionWriter
from diffcli.render.source.identifiers import Identifiers
from diffcli.render.source.language import ARITHMETIC, CHOICE, Language, Template
from diffcli.render.source.words import Words, aligned, main_name, sweep_names
from diffcli.studies.source import Line, Procedure, SourceListing

KEYWORDS = (
    "auto break case char const continue default do double else enum extern float for goto if inline int long register "
    "restrict return short signed sizeof static struct switch typedef union unsigned void volatile while asm typeof "
    "alignas alignof bool constexpr false nullptr static_assert thread_local true typeof_unqual main printf "
    "unix linux i386 stdin stdout stderr errno signbit isnan isinf isfinite isnormal fpclassify isgreater isless "
    "isgreaterequal islessequal islessgreater isunordered"
).split()
"""Its words, the names in the text around a program, and what headers and compilers define as macros."""


def _is_macro_like(name: str) -> bool:
    """Names in capitals may be macros of a header."""
    return sum(letter.isupper() for letter in name) > 1 and not any(letter.islower() for letter in name)


LANGUAGE = Language(
    name="c",
    title="C99",
    comment="//",
    operations=ARITHMETIC,
    truth="(double)({0})",
    choice=Template("{0} ? {1} : {2}", CHOICE, (CHOICE + 1, CHOICE + 1, CHOICE)),
    functions=c_functions.FUNCTIONS,
    supplied=c_functions.SUPPLIED,
    constants=c_functions.CONSTANT_TEXTS,
    infinity=c_functions.INFINITY,
    missing=frozenset(),
    most_orders={"polygamma": MOST_ORDER},
    function=c_functions.function_text,
    reserved=frozenset({*KEYWORDS, "copysign"}),
    is_ascii=True,
    is_taken=_is_macro_like,
)


def source_text(listing: SourceListing) -> str:
    """The text of a file."""
    return CFile(listing).text()


class CFile:
    """The parts of a file under construction; other languages of C's family say what differs."""

    language = LANGUAGE
    headers = ("#include <math.h>", "#include <stdio.h>")
    """What it always needs, and what it needs to print."""
    compile_by = "cc -std=c99 {main}.c -lm"
    prefix = ""
    """What stands before a function that others may call."""

    def __init__(self, listing: SourceListing) -> None:
        """Names first: the user's own keep theirs."""
        self.listing = listing
        self.names = Identifiers(self.language)
        self.main = self.names.claim(main_name(listing))
        self.arguments = [self.names[variable] for variable in listing.variables]
        self.writer = ExpressionWriter(self.language, self.names)
        for procedure in listing.procedures:
            for line in procedure.lines:
                self.names[line.symbol]  # the user's names first
        self.x, self.y, self.g = map(self._array, ("x", "y", "g"), ("point", "values", "derivatives"))
        self.words = Words(listing, self.names, ascii_only=True)

    def text(self) -> str:
        """Comment, headers, functions that the language lacks, the program, the point."""
        functions, point = self._functions(), list(self._point())
        comment = [self.words.title(), *self.words.legend(), f"Compile it by: {self.compile_by.format(main=self.main)}"]
        headers = self.headers if point else self.headers[:1]
        top = "\n".join([*(f"// {line}" for line in comment), *headers])
        return "\n\n".join([top, *self.writer.supplied, *functions, *point]) + "\n"

    def _array(self, wanted: str, other: str) -> str:
        """What an array is called: `wanted`, or something else where the user has that name."""
        return self.names.claim(wanted if self.names.is_free(wanted) else other)

    def _functions(self) -> list[str]:
        procedures = self.listing.procedures
        if self.listing.mode != "forward" and len(procedures) == 1:
            return [self._function(self.main, procedures[0], self.prefix)]
        names = sweep_names(self.listing, self.names)
        functions = [
            self._function(name, p, f"static {self.prefix}") for name, p in zip(names, procedures, strict=True)
        ]
        return [*functions, self._together(names)]

    def _head(self, name: str, count: int, purpose: str, prefix: str) -> list[str]:
        """One value is returned, several are written to y; derivatives are written to g."""
        parameters = [f"const double *{self.x}", *([f"double *{self.y}"] if count > 1 else [])]
        parameters += [f"double *{self.g}"] if self.listing.mode != "primal" else []
        returned = "double" if count == 1 else "void"
        return [f"// {purpose}", f"{prefix}{returned} {name}({', '.join(parameters)})", "{"]

    def _function(self, name: str, procedure: Procedure, prefix: str) -> str:
        head = self._head(name, len(procedure.values), self.words.purpose(procedure), prefix)
        needed = {symbol for line in procedure.lines for symbol in line.expression.variables}
        needed |= {symbol for result in (*procedure.values, *procedure.derivatives) for symbol in result.variables}
        inputs = [
            f"    const double {argument} = {self.x}[{number}];"
            for number, (argument, symbol) in enumerate(zip(self.arguments, self.listing.variables, strict=True))
            if symbol in needed
        ]
        grown = {line.symbol for line in procedure.lines if line.adds}
        code = [(f"    {self._line(line, grown)}", self.words.comment(line)) for line in procedure.lines]
        results = [f"    {self.g}[{k}] = {self.writer.text(result)};" for k, result in enumerate(procedure.derivatives)]
        values = [self.writer.text(value) for value in procedure.values]
        if len(values) == 1:
            results.append(f"    return {values[0]};")
        else:
            results = [*(f"    {self.y}[{k}] = {value};" for k, value in enumerate(values)), *results]
        unused = [] if inputs else [f"    (void){self.x};"]
        unused += [f"    (void){self.g};"] if self.listing.mode != "primal" and not procedure.derivatives else []
        return "\n".join([*head, *inputs, *unused, *aligned(code, self.language.comment), *results, "}"])

    def _line(self, line: Line, grown: set[str]) -> str:
        name, text = self.names[line.symbol], self.writer.text(line.expression)
        if line.adds:
            return f"{name} += {text};"
        return f"{'' if line.symbol in grown else 'const '}double {name} = {text};"

    def _together(self, names: Sequence[str]) -> str:
        """The function that runs all sweeps and writes the matrix of derivatives row by row."""
        outputs, inputs, x, y, g = len(self.listing.outputs), len(self.listing.wrt), self.x, self.y, self.g
        head = self._head(self.main, outputs, self.words.together(), self.prefix)
        if self.listing.mode == "reverse":
            calls = [f"    {y}[{k}] = {name}({x}, {g} + {k * inputs});" for k, name in enumerate(names)]
        elif outputs == 1:
            first, *others = [f"{name}({x}, {g} + {k});" for k, name in enumerate(names)]
            result = self.names.claim("value")
            calls = [
                f"    const double {result} = {first}",
                *(f"    {call}" for call in others),
                f"    return {result};",
            ]
        else:
            column = self.names.claim("column")
            calls = [f"    double {column}[{outputs}];"]
            for k, name in enumerate(names):
                calls.append(f"    {name}({x}, {y}, {column});")
                calls += [f"    {g}[{row * inputs + k}] = {column}[{row}];" for row in range(outputs)]
        return "\n".join([*head, *calls, "}"])

    def _point(self) -> Iterator[str]:
        if not self.listing.point and self.listing.variables:
            return
        outputs = len(self.listing.outputs)
        count = 0 if self.listing.mode == "primal" else outputs * len(self.listing.wrt)
        point = ", ".join(self.writer.number(repr(value)).text for value in self.listing.point) or "0.0"
        lines = [f"    const double x[] = {{{point}}};"]
        arguments = ["x", *(["y"] if outputs > 1 else []), *(["g"] if self.listing.mode != "primal" else [])]
        call = f"{self.main}({', '.join(arguments)})"
        lines += [f"    double y[{outputs}];"] if outputs > 1 else []
        lines += [f"    double g[{max(count, 1)}];"] if self.listing.mode != "primal" else []
        lines += [f"    {call};"] if outputs > 1 else [f'    printf("%.17g\\n", {call});']
        for name, number in (("y", outputs if outputs > 1 else 0), ("g", count)):
            if number:
                lines += [f"    for (int i = 0; i < {number}; i++)", f'        printf("%.17g\\n", {name}[i]);']
        yield "\n".join(["int main(void)", "{", *lines, "    return 0;", "}"])
