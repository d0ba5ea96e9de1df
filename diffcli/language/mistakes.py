"""The errors of the grammar: what is wrong, where, how to mend it, and the corrected text where it can be built."""

from diffcli.errors import ExpressionError, Place
from diffcli.graph.ops import CALLABLE
from diffcli.language.characters import describe, shown
from diffcli.language.suggestions import INSTEAD, WORDS, nearest_function
from diffcli.language.tokens import END, LETTER, NUMBER, OTHER, POWER, WORDLIKE, Token

OPERATORS = frozenset("+-*/@^=<>,") | {"<=", ">=", "==", "!=", "//"}
CLOSERS = {"(": ")", "|": "|", "[": "]"}
SIGNS = {
    '"': ("text in quotes is no part of an expression", "write names without quotes"),
    "'": ("a prime or a quote is no part of an expression", "give the function itself; diffcli computes derivatives"),
    "`": ("backticks are no part of an expression", "write names without quotes"),
    "$": ("dollar signs are not part of the formula", "give the text between them"),
    "[": ("square brackets are not read in LaTeX", "use parentheses ( ) for grouping; arrays only in plain text"),
    "]": ("square brackets are not read in LaTeX", "use parentheses ( ) for grouping; arrays only in plain text"),
    "%": ("% has no meaning here", "a percentage is x/100; the remainder of x by y is x - y*floor(x/y)"),
    "!": ("! has no meaning here", "n! is gamma(n + 1)"),
    "//": ("// has no meaning here", "whole quotients are floor(x/y)"),
    "&": ("& has no meaning here", "give one formula on one line"),
    ".": ("a dot has no meaning here", "numbers are written 0.5; products x*y"),
    ":": (": has no meaning here", "programs are written a = x*z; exp(a)"),
    "->": ("-> has no meaning here", "programs are written f(x, z) = x*z"),
    "?": ("? has no meaning here", "write where(condition, a, b)"),
}


MEANINGLESS = SIGNS.keys() - OPERATORS | {OTHER}
"""Kinds of tokens that no expression contains."""


def unexpected(token: Token, text: str, operand: tuple[int, int] | None = None, after: str = END) -> ExpressionError:
    """For a character that no expression contains.

    `operand` is the range of the text that it follows, `after` the kind of the token after it.
    """
    correction = None
    sign = token.text
    if sign == "$":
        correction = text.replace("$", "").strip()
    elif sign in ('"', "`") and len(text) > 2 and text.count(sign) == 2 and text[0] == text[-1] == sign:
        correction = text[1:-1]
    elif operand and sign == ".":
        correction = text[: token.start] + "*" + text[token.end :]
    elif operand and (sign == "!" or (sign == "%" and after in OPERATORS | {END, ")"})):
        before = text[operand[0] : operand[1]]
        value = int(before) + 1 if before.isdecimal() and before.isascii() and len(before) < 10 else f"{before} + 1"
        better = f"gamma({value})" if sign == "!" else f"{before}/100"
        correction = text[: operand[0]] + better + text[token.end :]
    elif sign in ("[", "]") and not operand:
        correction = text.replace("[", "(").replace("]", ")")
    message, hint = SIGNS.get(sign, (f"{describe(sign[:1])} has no meaning here", None))
    if correction and sign == "!":
        hint = f"n! is gamma(n + 1): {shown(better)}"
    return ExpressionError(message, place=token.place, hint=hint, correction=correction)


def missing_operand(tokens: list[Token], at: int, text: str) -> ExpressionError:
    """For tokens[at], which stands where a number, a name or a bracket should."""
    token, before = tokens[at], tokens[at - 1] if at else None
    if before is None and token.kind == END:
        return ExpressionError("the expression is empty", hint='for example "ln(x1) + x1*x2 - sin(x2)"')
    if before and before.kind == "(" and token.kind == ")":
        place = Place(before.start, token.end)
        return ExpressionError("these parentheses are empty", place=place, hint="write an expression between them")
    if before and (before.kind in OPERATORS or before.kind in ("(", "|")):
        return _nothing_after(before, token, text)
    correction = text[: token.start] + text[token.end :] if token.kind in OPERATORS else None
    return ExpressionError(
        f"nothing stands before '{shown(token.text)}'" if token.text else "something is missing here",
        place=token.place,
        hint="an expression begins with a number, a name, a bracket or a sign",
        correction=correction,
    )


def _nothing_after(before: Token, token: Token, text: str) -> ExpressionError:
    if before.kind == token.kind or token.kind in (END, ")", ",") or before.kind == ",":
        correction = text[: before.start].rstrip() + text[before.end :]
    else:
        correction = text[: token.start] + text[token.end :]
    return ExpressionError(
        f"an operand is missing after '{before.text}'",
        place=before.place,
        hint="write a number, a name or a bracket there",
        correction=correction if before.kind in OPERATORS else None,
    )


def never_closed(sign: str, place: Place, closers: str, end: Token, text: str) -> ExpressionError:
    """For the innermost of the brackets that are still open; `closers` closes them all."""
    name = {"(": "parenthesis", "|": "bar", "[": "bracket"}[sign]
    correction = text[: end.start].rstrip() + closers + text[end.start :] if closers else None
    return ExpressionError(
        f"this {name} is never closed",
        place=place,
        hint="add ]; rows are lists themselves: [[1,2],[3,4]]" if sign == "[" else f"add {CLOSERS[sign]}",
        correction=correction,
    )


def never_opened(token: Token, text: str) -> ExpressionError:
    """For a closing parenthesis or bracket without its opening one."""
    name, opening = ("parenthesis", "(") if token.kind == ")" else ("bracket", "[")
    correction = text[: token.start] + text[token.end :]
    return ExpressionError(
        f"this {name} was never opened", place=token.place, hint=f"remove it, or add {opening}", correction=correction
    )


def mismatched(token: Token, text: str) -> ExpressionError:
    """For ( … ] and [ … )."""
    names, other = (("bracket", "parenthesis"), ")") if token.kind == "]" else (("parenthesis", "bracket"), "]")
    return ExpressionError(
        f"this {names[0]} does not match the {names[1]} before it",
        place=token.place,
        hint=f"write {other}",
        correction=text[: token.start] + other + text[token.end :],
    )


def missing_element(before: Token, token: Token) -> ExpressionError:
    """For [] and [1,]."""
    if before.kind == "[":
        place = Place(before.start, token.end)
        return ExpressionError("this list is empty", place=place, hint="for example [1, 2, 3]")
    return ExpressionError("an element is missing after ','", place=before.place, hint="write it, or drop the comma")


def stray_comma(token: Token, before: Token, after: Token, text: str, *, outside: bool) -> ExpressionError:
    """For a comma that separates no arguments."""
    head, tail = text[: token.start], text[token.end :]
    if before.kind == after.kind == NUMBER and before.end == token.start and token.end == after.start:
        return ExpressionError(
            "a decimal comma cannot be read", place=token.place, hint="write a point", correction=f"{head}.{tail}"
        )
    return ExpressionError(
        "a comma separates the arguments of a function, and nothing else",
        place=token.place,
        hint="several outputs are separated by ;",
        correction=f"{head};{tail}" if outside else None,
    )


def unknown_function(token: Token, text: str) -> ExpressionError:
    """For a name that is called and is neither a function nor a variable."""
    base = token.text[4:] if token.text.startswith("log_") else ""
    guess = None if base or token.text in INSTEAD else nearest_function(token.text)
    if token.text in INSTEAD or token.text in WORDS:
        hint: str | None = INSTEAD.get(token.text) or WORDS[token.text]
    elif base:
        hint = f"write log(x, {base})"
    elif guess:
        hint = f"did you mean {guess}?"
    else:
        hint = f"for a product write {token.text}*(…); `diffcli ops` lists the functions"
    replaced = text[: token.start] + guess + text[token.end :] if guess else None
    return ExpressionError(
        f"'{token.text}' is no function known here", place=token.place, hint=hint, correction=replaced
    )


def no_argument(token: Token, argument: Token | None, text: str) -> ExpressionError:
    """For a function's name without an argument; `argument` is the last token of what could be one, after a sign."""
    name, correction = token.text, None
    if argument:
        inside = text[token.end : argument.end].strip()
        correction = f"{text[: token.start]}{name}({inside}){text[argument.end :]}"
    return ExpressionError(
        f"the function {name} lacks its argument",
        place=token.place,
        hint=f"write {name}(x); if {name} is your variable, give it a value",
        correction=correction,
    )


def nothing_assigned(name: Token) -> ExpressionError:
    """For `a =` with nothing after it."""
    return ExpressionError(f"nothing is assigned to '{name.text}'", place=name.place, hint="for example a = x*z")


def needs_parentheses(token: Token) -> ExpressionError:
    """For a function of several arguments without parentheses."""
    name = token.text
    return ExpressionError(
        f"the arguments of {name} stand in parentheses", place=token.place, hint=f"for example {name}(x, y)"
    )


def function_power(token: Token, following: Token, *, inverse: bool) -> ExpressionError:
    """For sin^-1 x and the like; `following` is the first token after the exponent."""
    name, argument = token.text, following.text if following.kind in WORDLIKE else "x"
    place = Place(token.start, following.start)
    if not inverse:
        message = "only a positive whole number can stand as the power of a function"
        return ExpressionError(message, place=place, hint=f"write ({name}({argument}))^n")
    guess = f"a{name}"
    better = f"{guess}({argument}) for the inverse function, or " if guess in CALLABLE else ""
    return ExpressionError(
        f"{name}^-1 could be the inverse function or the reciprocal",
        place=place,
        hint=f"write {better}1/{name}({argument})",
    )


def adjacent_numbers(before: Token, token: Token, text: str, *, in_list: bool) -> ExpressionError:
    """For a number that follows a number or a name without an operator."""
    if in_list:
        return ExpressionError(
            "a comma is missing between these elements",
            place=Place(before.start, token.end),
            hint="elements are separated by commas: [1, 2, 3]",
            correction=f"{text[: before.end]}, {text[token.start :]}",
        )
    what = "two numbers stand" if before.kind in (NUMBER, POWER) else "a name and a number stand"
    head, tail = text[: before.end], text[token.start :]
    number = f"0{tail}" if tail.startswith(".") else tail
    subscript = before.kind == LETTER and before.end == token.start
    return ExpressionError(
        f"{what} side by side without an operator",
        place=Place(before.start, token.end),
        hint=f"an index is written {before.text}_{token.text}" if subscript else "write * between them",
        correction=None if before.kind == NUMBER or subscript else f"{head}*{number}",
    )


def broken_exponent(token: Token, name: Token, sign: Token) -> ExpressionError:
    """For 3e and 1e+, which look like numbers whose exponent is missing."""
    end = sign.end if sign.kind in ("+", "-") and sign.start == name.end else name.end
    return ExpressionError(
        "the exponent of this number is missing",
        place=Place(token.start, end),
        hint=f"write {token.text[:40]}{name.text}3, or {token.text[:40]}*{name.text} for a product",
    )


def equals(token: Token, before: Token, *, inside: bool) -> ExpressionError:
    """For an = that assigns nothing."""
    if before.kind == "]":
        message = "the elements of an array cannot be assigned"
        return ExpressionError(message, place=token.place, hint="make a new array: [a, b, c], or concatenate(x, y)")
    return ExpressionError(
        "'=' only gives a name to an expression: a = x*z",
        place=token.place,
        hint="comparisons are written =="
        if inside
        else "an equation has no derivative; give one side, or the difference of both sides",
    )


def chained_comparison(token: Token) -> ExpressionError:
    """For 0 < x < 1."""
    message = "comparisons cannot be chained"
    return ExpressionError(message, place=token.place, hint="put one where(condition, a, b) into another")


def comparison(token: Token) -> ExpressionError:
    """For a comparison that is not the condition of a where."""
    return ExpressionError(
        f"'{token.text}' only stands in the condition of where", place=token.place, hint="where(x < 0, a, b)"
    )


def called(token: Token) -> ExpressionError:
    """For f(3) where the program itself defines f."""
    return ExpressionError(
        f"'{token.text}' is defined by this program and cannot be called in it",
        place=token.place,
        hint="name an intermediate instead: a = x^2; a + 1",
    )


def programming_word(token: Token, hint: str) -> ExpressionError:
    """For `and`, `if`, `import` and the like."""
    return ExpressionError(f"'{token.text}' is no word of this language", place=token.place, hint=hint)
