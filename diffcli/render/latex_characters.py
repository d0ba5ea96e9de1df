r"""Text as LaTeX that compiles with pdflatex, booktabs and amsmath, whatever characters are in it."""

import re
import unicodedata

SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "`": r"\`{}",
}  # fmt: skip
MATHEMATICS = {
    "·": r"\cdot", "−": "-", "×": r"\times", "÷": r"\div", "¦": "|", "…": r"\ldots", "∂": r"\partial", "≤": r"\le",
    "≥": r"\ge", "≠": r"\ne", "±": r"\pm", "√": r"\surd", "∞": r"\infty", "→": r"\to", "≈": r"\approx", "µ": r"\mu",
    "ε": r"\varepsilon", "ϵ": r"\epsilon", "ϑ": r"\vartheta", "φ": r"\varphi", "ϕ": r"\phi", "ς": r"\varsigma",
    "ο": "o", "°": r"^\circ", "ᵀ": "^{T}", "⟨": r"\langle", "⟩": r"\rangle", "⊙": r"\odot", "‖": r"\|", "∇": r"\nabla",
    "∑": r"\sum", "∏": r"\prod", "∫": r"\int", "∈": r"\in", "ℝ": "R", "⋅": r"\cdot", "∙": r"\cdot", "∗": "*",
    "←": r"\leftarrow", "↦": r"\mapsto", "′": "'", "∣": "|", "⊤": r"\top", "─": "-",
}  # fmt: skip
WORDS = {"\u00a0": "~", "—": "---", "–": "--", "’": "'", "‘": "`", "“": "``", "”": "''", "•": r"\textbullet{}"}
SUBSCRIPTS = str.maketrans("₋₀₁₂₃₄₅₆₇₈₉", "-0123456789")
SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
ACCENTS = {"\u0302": r"\hat", "\u0304": r"\bar", "\u0307": r"\dot"}
SAME_AS_LATIN = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True))
GREEK_NAMES = {"lamda": "lambda"}


def escaped(text: str) -> str:
    """Plain text: no character of it is a command."""
    return compilable("".join(SPECIAL.get(character, character) for character in text).replace("--", "-{}-"))


def compilable(latex: str) -> str:
    """LaTeX without the characters that pdflatex does not know."""
    if latex.isascii():
        return latex
    latex = "".join(map(_marks_apart, latex))
    latex = re.sub(r"(\w)([\u0302\u0304\u0307])", lambda m: rf"\ensuremath{{{ACCENTS[m[2]]}{{{m[1]}}}}}", latex)
    latex = re.sub(r"[₋₀-₉]+", lambda m: rf"\ensuremath{{_{{{m[0].translate(SUBSCRIPTS)}}}}}", latex)
    latex = re.sub(r"[⁻⁰¹²³⁴-⁹]+", lambda m: rf"\ensuremath{{^{{{m[0].translate(SUPERSCRIPTS)}}}}}", latex)
    return "".join(character if character.isascii() else _character(character) for character in latex)


def _marks_apart(character: str) -> str:
    """ȳ as y and its bar."""
    parts = unicodedata.normalize("NFD", character)
    return parts if parts[1:] in ACCENTS else character


def _character(character: str) -> str:
    if character in WORDS:
        return WORDS[character]
    command = MATHEMATICS.get(character) or SAME_AS_LATIN.get(character) or _greek(character)
    if command:
        return rf"\ensuremath{{{command}}}"
    if "À" <= character <= "ſ":
        return rf"\text{{{character}}}"
    return rf"\texttt{{U+{ord(character):04X}}}"


def _greek(character: str) -> str:
    words = unicodedata.name(character, "").split()
    if words[:1] != ["GREEK"] or len(words) != 4 or words[2] != "LETTER":
        return ""
    name = GREEK_NAMES.get(words[3].lower(), words[3].lower())
    return "\\" + (name if words[1] == "SMALL" else name.capitalize())
