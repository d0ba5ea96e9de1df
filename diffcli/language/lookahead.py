"""What a name is can depend on what follows it: a function or a variable, a call or a product."""

from typing import NamedTuple

from diffcli.graph.ops import CALLABLE
from diffcli.language import mistakes
from diffcli.language.array_functions import FUNCTIONS, Function
from diffcli.language.scope import CONSTANTS, Scope
from diffcli.language.suggestions import WORDS, nearest_function
from diffcli.language.tokens import LETTER, NAME, NUMBER, POWER, WORDLIKE, Token

LETTERS = frozenset(("gamma", "Gamma", "psi"))
"""Functions that are letters too, and as likely a variable as long as no point says more."""
MANY = 60
"""Among more variables than these nobody looks for a misspelt function."""


class Call(NamedTuple):
    """A function's name with an argument after it."""

    row: Function
    exponent: str
    """n in sin^n x."""
    argument: int
    """Which token its argument begins with."""


class Lookahead:
    """Answers questions about the tokens of one expression; never changes anything."""

    def __init__(self, tokens: list[Token], scope: Scope) -> None:
        """`tokens` end with an `end` token."""
        self.tokens, self.scope = tokens, scope
        self._variables: frozenset[str] | None = None

    def call(self, at: int, *, in_bars: bool) -> Call | None:
        """Whether tokens[at] calls a function; `in_bars` if the innermost open bracket is a bar.

        A function's name is a variable where no argument follows, and where the program itself defines it.
        """
        token = self.tokens[at]
        row = FUNCTIONS.get(token.text) if token.kind == NAME else None
        if row is None or self.scope.defined(token.text):
            return None
        exponent, after = self._function_power(at + 1)
        if not self._begins_argument(after, token.text, in_bars=in_bars):
            return None
        if exponent and not exponent.isdecimal() and self.scope.known(token.text):
            return None
        return Call(row, exponent, after)

    def _function_power(self, at: int) -> tuple[str, int]:
        """N of sin^n, sin^{n} or sin², and the place after it; ("", at) if there is none."""
        tokens, start = self.tokens, at
        if tokens[at].kind == POWER:
            return tokens[at].text, at + 1
        if tokens[at].kind != "^":
            return "", start
        at += 1
        wrapped = tokens[at].kind == "("
        at += wrapped
        sign = "-" if tokens[at].kind == "-" else ""
        at += len(sign)
        exponent = tokens[at]
        if exponent.kind not in (NUMBER, NAME, LETTER) or (wrapped and tokens[at + 1].kind != ")"):
            return "", start
        return sign + exponent.text, at + 1 + wrapped

    def _begins_argument(self, at: int, name: str, *, in_bars: bool) -> bool:
        """Whether tokens[at] is an argument of the function `name` before it."""
        token = self.tokens[at]
        if name not in CALLABLE:
            return token.kind == "("
        if token.kind == "|":
            return not (in_bars and self.may_be_variable(name))
        if token.kind == NAME and token.text in CALLABLE:
            return not self.scope.known(name)
        return token.kind in ("(", NUMBER, NAME, LETTER)

    def may_be_variable(self, name: str) -> bool:
        """Whether a function's name can stand for a variable."""
        return self.scope.known(name) or (not self.scope.closed and (name in LETTERS or name not in CALLABLE))

    def multiplies(self, token: Token) -> bool:
        """Whether x in x(y + 1) is a variable, so that a product is meant and not a call."""
        name = token.text
        if name in self.scope.functions:
            return False
        if self.scope.known(name) or name in CONSTANTS:
            return True
        if self.scope.closed:
            return False
        letter = name.rstrip("0123456789").rstrip("_")
        return (len(letter) == 1 and letter not in "fgh") or token.kind == LETTER or name in self._plain_names()

    def _plain_names(self) -> frozenset[str]:
        """The names that somewhere stand without a parenthesis after them."""
        if self._variables is None:
            pairs = zip(self.tokens, self.tokens[1:], strict=False)
            self._variables = frozenset(a.text for a, b in pairs if a.kind in WORDLIKE and b.kind != "(")
        return self._variables

    def check_exponent(self, at: int) -> None:
        """Refuse 3e and 1e+ at the number tokens[at]; but 2e^x is 2·e^x."""
        number, name, after = self.tokens[at : at + 3]
        if name.text in ("e", "E") and not self.scope.known(name.text) and after.kind not in ("^", POWER):
            raise mistakes.broken_exponent(number, name, after)

    def check_factors(self, before: Token, token: Token, *, in_list: bool) -> None:
        """Refuse `x 2`, `x if y`, `not x` and `sine x`, which nobody means as products."""
        if token.kind == NUMBER and before.kind in (NUMBER, POWER, NAME, LETTER):
            raise mistakes.adjacent_numbers(before, token, self.scope.text, in_list=in_list)
        for word in (before, token):
            if word.kind == NAME and word.text in WORDS and not self.scope.known(word.text):
                raise mistakes.programming_word(word, WORDS[word.text])
        name = before.text
        misspelt = before.kind == NAME and len(name) > 2 and self.scope.closed and not self.scope.known(name)
        if misspelt and name not in FUNCTIONS and len(self.scope.inputs) < MANY and nearest_function(name):
            raise mistakes.unknown_function(before, self.scope.text)

    def would_be_argument(self, at: int) -> Token | None:
        """The end of what follows the function tokens[at] and one sign: `2x` in `sin -2x`."""
        if self.tokens[at + 1].kind not in ("-", "+"):
            return None
        last = at + 1
        while self.tokens[last + 1].kind in (NUMBER, NAME, LETTER, POWER):
            last += 1
        return self.tokens[last] if last > at + 1 else None
