r"""LaTeX, as copied from slides, to the same tokens as plain text, so that there is one grammar.

\frac{a}{b} becomes ( ( a ) / ( b ) ), \sqrt[3]{x} becomes cbrt ( ( x ) ), and x_{12} the name x_12; every token keeps
its place in the user's own text. Letters are single variables here: xz is a product.

A command that takes arguments leaves on a stack what must follow its arguments, so no depth of braces needs recursion.
"""

import re
from collections.abc import Callable
from collections.abc import Set as AbstractSet

from diffcli.errors import ExpressionError, Place
from diffcli.graph.ops import CALLABLE
from diffcli.language.array_functions import FUNCTIONS
from diffcli.language.characters import Spelling, shown
from diffcli.language.latex_commands import BRACKETED, CALLED, FRACTIONS, LETTERS, REFUSED, ROMAN, SIGNS, SILENT
from diffcli.language.limits import Limits
from diffcli.language.suggestions import nearest
from diffcli.language.tokens import LETTER, NAME, NUMBER, OTHER, TOKEN, Token, end_token

SPACE = re.compile(r"(?:\s|\\[,;:!> ]|~|\\\n)*")
COMMAND = re.compile(r"\\([A-Za-z]+)\*?")
WORD = re.compile(r"[^\W\d_]+")
GIVEN = re.compile(r"[^\W\d]\w*")
INDEX = re.compile(r"\s*_\s*(?:([^\W_])|\{\s*([^\W_][\w, ]*?)\s*\})")
GROUPED_NAME = re.compile(r"\s*\{\s*([^\W\d]\w*)\s*\}")
ROOT = re.compile(r"\s*\[\s*([0-9]+|[A-Za-z])\s*\]")
CLOSING = re.compile(r"\s*\}")
DIGITS = re.compile(r"[0-9]{2,}")
PARENTHESIS = re.compile(r"\s*(?:\\left|\\[bB]ig+l?)?\s*\(")
BASE = re.compile(r"\s*_\s*(?:([0-9A-Za-z])|\{\s*(\w+)\s*\})")

Step = Token | Callable[[], None]
"""A token to put out, or the reading of one argument."""


class LatexReader:
    """Reads one text from left to right; `waiting` holds open braces and what must follow pending arguments."""

    def __init__(self, text: str, spelling: Spelling, bound: AbstractSet[str], limits: Limits) -> None:
        """`bound` names with several letters are read as names, not as products of letters."""
        self.text = text
        self.spelling, self.plain, self.bound, self.limits = spelling, spelling.plain, bound, limits
        self.at = 0
        self.tokens: list[Token] = []
        self.waiting: list[Token | list[Step]] = []
        self.notes: dict[str, None] = {}

    def read(self) -> list[Token]:
        """All tokens, closed by an `end` token."""
        while True:
            steps = self.waiting[-1] if self.waiting else None
            if isinstance(steps, list):
                self._step(steps)
            elif self._skip_space():
                self._item()
            else:
                break
        if self.waiting:
            brace = self.waiting[-1]
            assert isinstance(brace, Token)
            closed = self.text.rstrip() + "}" * sum(isinstance(frame, Token) for frame in self.waiting)
            raise ExpressionError("this brace is never closed", place=brace.place, hint="add }", correction=closed)
        return [*self.tokens, end_token(self.spelling)]

    def _step(self, steps: list[Step]) -> None:
        if not steps:
            self.waiting.pop()
            return
        step = steps.pop()
        if isinstance(step, Token):
            self.tokens.append(step)
        else:
            step()

    def _expect(self, *steps: Step) -> None:
        """Put these out in turn; each argument among them is read when its turn comes."""
        self.waiting.append(list(reversed(steps)))
        self.limits.check("nesting", len(self.waiting), "the braces are nested too deeply")

    def _skip_space(self) -> bool:
        """Go to the next character that means something; False at the end."""
        match = SPACE.match(self.plain, self.at)
        self.at = match.end() if match else self.at
        return self.at < len(self.plain)

    def _item(self) -> None:
        """One letter, number, sign, brace or command."""
        character = self.plain[self.at]
        if character == "\\":
            self._command()
        elif character == "{":
            self._open()
        elif character == "}":
            self._close()
        elif character.isalpha():
            self._word()
        else:
            self._sign()

    def _token(self, kind: str, text: str, start: int, end: int) -> Token:
        return Token(kind, text, *self.spelling.place(start, end))

    def _put(self, kind: str, text: str, start: int) -> None:
        self.tokens.append(self._token(kind, text, start, self.at))

    def _open(self) -> None:
        start = self.at
        self.at += 1
        if (nothing := CLOSING.match(self.plain, self.at)) is not None:
            self.at = nothing.end()  # {} only separates
            return
        self._put("(", "(", start)
        self.waiting.append(self._token("(", "{", start, self.at))
        self.limits.check("nesting", len(self.waiting), "the braces are nested too deeply")

    def _close(self) -> None:
        start = self.at
        self.at += 1
        if not self.waiting:
            raise ExpressionError("this brace was never opened", place=Place(*self.spelling.place(start, self.at)))
        self.waiting.pop()
        self._put(")", ")", start)

    def _sign(self) -> None:
        match = TOKEN.match(self.plain, self.at)
        kind = (match and match.lastgroup) or OTHER
        text = match[kind] if match else self.plain[self.at]
        start = self.at
        self.at = match.end() if match else self.at + 1
        if text == "_" or kind == NAME:
            place = Place(*self.spelling.place(start, self.at))
            raise ExpressionError("this index cannot be read", place=place, hint="for example x_1 or x_{12}")
        self._put("^" if text == "**" else text if kind == "sign" else kind, "^" if text == "**" else text, start)
        if text == "^":
            self._power()

    def _power(self) -> None:
        """In LaTeX x^10 is x¹0, and hardly ever meant."""
        self._skip_space()
        digits = DIGITS.match(self.plain, self.at)
        if digits:
            place = Place(*self.spelling.place(self.at, digits.end()))
            raise ExpressionError(
                "in LaTeX only the first digit belongs to the exponent", place=place, hint=f"write ^{{{digits[0]}}}"
            )

    def _word(self) -> None:
        """A run of letters: a name the user gave, a function, or else single variables."""
        start = self.at
        given = GIVEN.match(self.plain, start)
        word = WORD.match(self.plain, start)
        assert given
        assert word
        if given[0] in self.bound and len(given[0]) > 1:
            self.at = given.end()
            self._put(LETTER, given[0], start)
        elif len(word[0]) > 1 and word[0] in CALLABLE and word[0] not in self.bound:
            self.at = word.end()
            self._put(NAME, word[0], start)
        elif word[0] == "pi" and not {"p", "i"} & self.bound:
            self.at = word.end()
            self._letter("pi", start)
        else:
            self.at += 1
            self._letter(self.plain[start], start)

    def _letter(self, letter: str, start: int) -> None:
        """A variable of one letter with its index."""
        index = INDEX.match(self.plain, self.at)
        if index:
            self.at = index.end()
            letter += "_" + re.sub(r"[, ]+", "_", index[1] or index[2])
        kind = LETTER
        if letter in CALLED and letter not in self.bound and self._parenthesis_follows():
            self.notes[f"{letter}(…) is read as {CALLED[letter]}(…)"] = None
            kind, letter = NAME, CALLED[letter]
        self._put(kind, letter, start)

    def _parenthesis_follows(self) -> bool:
        return PARENTHESIS.match(self.plain, self.at) is not None

    def _command(self) -> None:
        start = self.at
        match = COMMAND.match(self.plain, start)
        if match is None:
            raise self._unknown(start, start + 2)
        name = match[1]
        self.at = match.end()
        if name in FRACTIONS:
            self._fraction(start)
        elif name == "sqrt":
            self._root(start)
        elif name in ROMAN:
            self._roman(start)
        elif name == "log":
            self._logarithm(start)
        elif name not in SILENT:
            self._symbol(name, start)

    def _symbol(self, name: str, start: int) -> None:
        """A command that takes no argument."""
        if name in SIGNS:
            self._put(SIGNS[name], SIGNS[name], start)
        elif name in BRACKETED:
            for text in BRACKETED[name]:
                self._put(NAME if text.isalpha() else text, text, start)
        elif name in LETTERS:
            self._letter(LETTERS[name], start)
        elif name in CALLABLE:
            self._put(NAME, name, start)
        else:
            raise self._unknown(start, self.at)

    def _fraction(self, start: int) -> None:
        opening, slash = (self._token(sign, sign, start, self.at) for sign in "(/")
        self._expect(opening, self._argument, slash, self._argument, self._closing)

    def _root(self, start: int) -> None:
        r"""\sqrt{x}, \sqrt[3]{x} (the real cube root) and \sqrt[n]{x}, which is x^(1/n)."""
        degree = ROOT.match(self.plain, self.at)
        opening, slash, power = (self._token(sign, sign, start, self.at) for sign in "(/^")
        if degree is None or degree[1] in ("2", "3"):
            name = "cbrt" if degree and degree[1] == "3" else "sqrt"
            self._expect(self._token(NAME, name, start, self.at), opening, self._argument, self._closing)
        else:
            kind = NUMBER if degree[1].isdigit() else LETTER
            root = self._token(kind, degree[1], degree.start(1), degree.end(1))
            one = self._token(NUMBER, "1", start, self.at)
            self._expect(opening, self._argument, power, opening, one, slash, root, self._closing, self._closing)
        self.at = degree.end() if degree else self.at

    def _argument(self) -> None:
        r"""One argument of a command: a group, a command, or one character, as in \frac12."""
        if not self._skip_space() or self.plain[self.at] == "}":
            place = Place(*self.spelling.place(max(0, self.at - 1), self.at))
            raise ExpressionError(
                "a command lacks its argument", place=place, hint=r"for example \frac{a}{b} or \sqrt{x}"
            )
        start = self.at
        if self.plain[start].isdigit():
            self.at += 1
            self._put(NUMBER, self.plain[start], start)
        else:
            self._item()

    def _closing(self) -> None:
        """The end of a command and its arguments."""
        self._put(")", ")", self.at - 1)

    def _roman(self, start: int) -> None:
        r"""\operatorname{erf}, \mathrm{speed}: one name of several letters."""
        name = GROUPED_NAME.match(self.plain, self.at)
        if name is None:
            raise self._unknown(start, self.at)
        self.at = name.end()
        if name[1] in CALLABLE or (name[1] in FUNCTIONS and self._parenthesis_follows()):
            self._put(NAME, name[1], start)
        else:
            self._letter(name[1], start)

    def _logarithm(self, start: int) -> None:
        base = BASE.match(self.plain, self.at)
        name = f"log_{base[1] or base[2]}" if base else "log"
        self.at = base.end() if base else self.at
        if name not in CALLABLE and name != "log_e":
            place = Place(*self.spelling.place(start, self.at))
            raise ExpressionError(f"{name} is not known", place=place, hint=f"write log(x, {name[4:]})")
        self._put(NAME, "ln" if name == "log_e" else name, start)

    def _unknown(self, start: int, end: int) -> ExpressionError:
        name = self.plain[start + 1 : end]
        known = {*LETTERS, *SIGNS, *FRACTIONS, *CALLABLE, "sqrt", "left", "right"}
        guess = nearest(name, known)
        hint = REFUSED.get(name) or (guess and f"did you mean \\{guess}?")
        place = Place(*self.spelling.place(start, min(end, len(self.plain))))
        return ExpressionError(f"\\{shown(name)} has no meaning here", place=place, hint=hint)


def tokenize_latex(
    text: str, spelling: Spelling, bound: AbstractSet[str], limits: Limits
) -> tuple[list[Token], tuple[str, ...]]:
    """The tokens of a LaTeX text, and notes on what a reader could doubt."""
    reader = LatexReader(text, spelling, bound, limits)
    return reader.read(), tuple(reader.notes)
