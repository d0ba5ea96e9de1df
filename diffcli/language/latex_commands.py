"""The LaTeX commands that are read, and what to do instead of those that are not."""

_GREEK = """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon
phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"""
_SILENT = """left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr bigm quad qquad enspace thinspace
displaystyle textstyle limits nolimits space"""

LETTERS = {
    **{name: name for name in _GREEK.split()},
    **{f"var{name}": name for name in ("epsilon", "theta", "pi", "rho", "sigma", "phi", "kappa")},
    "ell": "l",
}
CALLED = {"sigma": "sigmoid", "psi": "digamma", "Gamma": "gamma"}
"""Letters that are functions where a parenthesis follows, unless the user gave them a value."""
SIGNS = {
    "cdot": "*", "times": "*", "ast": "*", "odot": "*", "div": "/", "lvert": "|", "rvert": "|", "vert": "|", "mid": "|",
    "le": "<=", "leq": "<=", "leqslant": "<=", "ge": ">=", "geq": ">=", "geqslant": ">=", "ne": "!=", "neq": "!=",
    "lt": "<", "gt": ">", "lbrack": "[", "rbrack": "]", "lparen": "(", "rparen": ")",
}  # fmt: skip
BRACKETED = {"lfloor": ("floor", "("), "lceil": ("ceil", "("), "rfloor": (")",), "rceil": (")",)}
SILENT = frozenset(_SILENT.split())
FRACTIONS = frozenset(("frac", "dfrac", "tfrac", "cfrac"))
ROMAN = frozenset(
    ("operatorname", "mathrm", "mathit", "mathbf", "mathsf", "text", "textrm", "boldsymbol", "bm", "mathop")
)
REFUSED = {
    **dict.fromkeys(("partial", "nabla", "int"), "give the function itself; diffcli computes its derivatives"),
    **dict.fromkeys(("dots", "ldots", "cdots"), "write all terms out"),
    **dict.fromkeys(("sum", "prod"), "write all terms out, or the sum of an array in plain text: sum(x)"),
    **dict.fromkeys(("top", "intercal", "otimes"), "products of arrays are written in plain text: W.T @ x"),
    **dict.fromkeys(("hat", "bar", "tilde", "vec", "dot"), "give the variable a plain name, such as x_{bar}"),
    **dict.fromkeys(("begin", "end"), "give one formula without its environment; cases are where(condition, a, b)"),
    **dict.fromkeys(("pm", "mp"), "write + or -"),
    **dict.fromkeys("{}", "group with parentheses"),
    **dict.fromkeys("*+-/^_=()", "write it without the backslash"),
    "infty": "infinity is not a number that can be computed with",
    **dict.fromkeys(("|", "lVert", "rVert", "Vert"), "the length of a vector is norm(x), in plain text"),
    "\\": "give one formula on one line",
    "": r"a backslash begins a LaTeX command, for example \sin x",
}
