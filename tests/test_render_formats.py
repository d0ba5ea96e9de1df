"""Every format takes text as data: nothing a user types is markup, a command, a formula or a control character."""

import csv
import io
import json
import shutil
import subprocess
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from render_records import DECK_001, DECK_002, comparison_of, study_of, trace_of

from diffcli.errors import DiffcliError, Place
from diffcli.render import latex, markdown
from diffcli.render.ascii import ascii_text, in_ascii
from diffcli.render.csv import defused, table_text
from diffcli.render.document import (
    GLUE,
    Column,
    Document,
    Excerpt,
    Flow,
    Lines,
    Options,
    Section,
    Span,
    Table,
    printable,
    text,
    text_width,
)
from diffcli.render.json import object_text
from diffcli.render.layout import lines
from diffcli.render.registry import FORMATS, document, error_text, render
from diffcli.render.shell import quoted
from diffcli.render.terminal import document_text
from diffcli.render.wrapping import wrapped
from diffcli.studies.catalogue import example_list, installation
from diffcli.studies.operations import function_entry, function_list

HOSTILE = (
    "[bold red]x[/]",
    "**b** _i_ `c` | pipe",
    "<script>alert(1)</script>",
    "\\input{/etc/passwd}",
    "\\end{align*}\\end{document}",
    "50% & #1 $x^2$ ~ {}",
    "=cmd|'/C calc'!A0",
    "\x1b[31mred\x1b[0m",
    "a\x07b\x9bc\x7f",
    "rtl \u202e evil",
    "line\nbreak",
    "naïve α β ∂ 中文 ⊗",
    "``fence``` \\`",
    "v̄₅ ẋ² −1",
    "--flag",
    "{0} {x!r} %s",
    "# heading",
    "1. item",
    "- item",
    "+1",
    "&amp;",
)
OPTIONS = Options()


def everywhere(words: str) -> Document:
    """A document with the words in every kind of block."""
    cell = text(words)
    return Document(
        (
            Flow((text(words, role="title"), cell)),
            Lines((cell, text(words, role="code"), text(words, role="bad"))),
            Excerpt(words, 0, len(words), words),
            Table((Column(words), Column("b", flexible=True)), (Section(((cell, cell),), title=cell),), title=words),
        )
    )


@pytest.mark.parametrize("words", HOSTILE)
def test_no_control_character_gets_through(words):
    for shown in (document_text(everywhere(words), OPTIONS), markdown.document_text(everywhere(words))):
        assert all(character.isprintable() or character == "\n" for character in shown)
    assert all(character.isprintable() or character == "\n" for character in latex.document_text(everywhere(words)))


@pytest.mark.parametrize("words", HOSTILE)
def test_terminal_shows_the_words_as_they_are(words):
    assert printable(words) in document_text(everywhere(words), OPTIONS)


@given(st.text())
def test_printable_is_printable_and_idempotent(words):
    assert printable(words).replace(GLUE, " ").isprintable()
    assert printable(printable(words)) == printable(words)


@given(st.text())
def test_ascii_is_ascii(words):
    assert ascii_text(printable(words)).isascii()


@pytest.mark.parametrize(
    ("words", "plain"),
    [
        ("v̄₅ = v̄₋₁ · v₀", "v5_bar = v-1_bar * v0"),
        ("ẏ", "y_dot"),
        ("∂y/∂α", "dy/dalpha"),
        ("x² − 1 ≤ 2", "x^2 - 1 <= 2"),
        ("5¦5…", "5|5..."),
        ("Γ", "Gamma"),
        ("é", "\\u00e9"),
        ("5 µs ± 2", "5 us +- 2"),
    ],
)
def test_ascii_words(words, plain):
    assert ascii_text(words) == plain


def test_carets_stay_below_their_place_in_ascii():
    before, inside = "x² − ", "α"
    source = f"{before}{inside} + 1"
    shown = document_text(in_ascii(Document((Excerpt(source, len(before), len(before) + 1),))), OPTIONS).splitlines()
    assert shown[0][shown[1].index("^") : shown[1].rindex("^") + 1] == "alpha"


@given(st.text(alphabet="ab -·中", max_size=80), st.integers(8, 40), st.integers(0, 4))
def test_wrapped_text_keeps_its_words_and_fits(words, room, hanging):
    broken = wrapped((Span(words),), room, hanging)
    assert all(text_width(line) <= room + 1 for line in broken)
    assert "".join(s.text for line in broken for s in line).replace(" ", "") == words.replace(" ", "")


@pytest.mark.parametrize(
    ("words", "room", "broken"),
    [
        ("exp(z[0])·exp(z[1])+exp(−z[2])", 22, ["exp(z[0])·exp(z[1])+", "  exp(−z[2])"]),
        ("a + exp(z[0])·exp(z[1])", 16, ["a + exp(z[0])·", "  exp(z[1])"]),
        ("[[−0.0768,−0.0384],[0.0666,1e-16]]", 15, ["[[−0.0768,", "  −0.0384],", "  [0.0666,", "  1e-16]]"]),
        ("z = [−0.07687985552561234, 1]", 24, ["z =", "  [−0.07687985552561234,", "  1]"]),
        ("2.5e+16·x−3·x", 9, ["2.5e+16·", "  x−3·x"]),
    ],
)
def test_long_words_are_broken_behind_operators(words, room, broken):
    assert ["".join(span.text for span in line) for line in wrapped((Span(words),), room, 2)] == broken


def test_the_digits_of_one_number_stay_together():
    number = (Span("a·b·c·d·"), Span("0.07"), Span("¦", "mark"), Span("6879"))
    assert ["".join(s.text for s in line) for line in wrapped(number, 14, 2)] == ["a·b·c·d·", "  0.07¦6879"]


def test_a_column_is_not_narrower_than_its_numbers():
    columns = (Column("name"), Column("operation", flexible=True), Column("value", flexible=True))
    value = "[−0.07687985552561234, −0.03843992776280617]"
    table = Table(columns, (Section(((text("n"), text("a " * 30), text(value)),)),))
    shown = [line for line in document_text(Document((table,)), Options(width=60)).splitlines() if line]
    assert max(map(len, shown)) <= 60
    assert all("".join(shown).count(number) == 1 for number in ("−0.07687985552561234", "−0.03843992776280617"))


def test_a_table_that_is_too_wide_loses_columns_then_wraps():
    columns = (Column("name"), Column("long", flexible=True), Column("extra", droppable=1))
    table = Table(columns, (Section(((text("n"), text("several words that wrap at need"), text("x" * 30)),)),))
    shown = [text_width(line) for line in lines(Document((table,)), 30)]
    assert max(shown) <= 30
    assert "x" * 30 not in document_text(Document((table,)), Options(width=30))
    assert "x" * 30 in document_text(Document((table,)), OPTIONS)


@pytest.mark.parametrize(
    ("words", "escaped"),
    [
        ("a|b", r"a\|b"),
        ("x1*x2", r"x1\*x2"),
        ("x_1", "x_1"),
        ("_x_", r"\_x\_"),
        ("<b>", r"\<b\>"),
        ("[a](b)", r"\[a\](b)"),
        ("`c`", r"\`c\`"),
        ("$x$", r"\$x\$"),
        ("\\", r"\\"),
        ("&lt;", r"\&lt;"),
        ("#1", r"\#1"),
    ],
)
def test_markdown_escapes(words, escaped):
    assert markdown.escaped(words) == escaped


@pytest.mark.parametrize("words", HOSTILE)
def test_markdown_tables_keep_their_shape(words):
    import re

    table = Table((Column("a"), Column("b")), (Section(((text(words), text(words, role="code")),)),))
    rows = markdown.document_text(Document((table,))).splitlines()
    assert len(rows) == 3
    assert all(len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 3 for row in rows)


@pytest.mark.parametrize("words", ["- item", "+1", "1. item", "2) b", "=== x"])
def test_markdown_lines_begin_no_list(words):
    line = markdown.document_text(Document((Lines((text(words),)),)))
    assert "\\" in line[:3]


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("@deck-001", "'@deck-001"),
        ("-x", "'-x"),
        ("+x", "'+x"),
        ("-1.5", "-1.5"),
        ("1e-3", "1e-3"),
        (-1.5, "-1.5"),
        (None, ""),
        (True, "true"),
        (float("inf"), "inf"),
        ("\t=1", "' =1"),
        ("x1", "x1"),
        (" =1", "' =1"),
    ],
)
def test_csv_defuses_formulas(cell, shown):
    assert defused(cell) == shown


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=4))
def test_csv_reads_in_again(rows):
    parsed = list(csv.reader(io.StringIO(table_text(("a", "b"), rows))))
    assert len(parsed) == len(rows) + 1
    assert all(len(row) == 2 for row in parsed)


@example({"": "\x7f\u200b"})
@given(st.dictionaries(st.text(), st.text() | st.floats(allow_nan=False, allow_infinity=False) | st.none(), max_size=3))
def test_json_is_the_object_without_raw_control_characters(data):
    shown = object_text(data)
    assert json.loads(shown) == data
    assert all(
        character.isprintable() or (character.isspace() and character not in "\r\t\x85\u2028") for character in shown
    )


def test_csv_in_ascii_is_defused_after_the_change():
    assert table_text(("ä",), [("−x",), ('“é”, "α"',)], ascii_only=True).splitlines() == [
        "\\u00e4",
        "'-x",
        '"""\\u00e9"", ""alpha"""',
    ]


def test_json_in_ascii():
    shown = object_text({"α": "v̄5 \u202e 𝔸"}, ascii_only=True)
    assert shown.isascii()
    assert json.loads(shown) == {"α": "v̄5 \u202e 𝔸"}


def test_latex_in_ascii_still_names_its_characters():
    shown = latex.document_text(everywhere("é α"), ascii_only=True)
    assert shown.isascii()
    assert r"\texttt{U+00E9}" in shown
    assert r"\alpha" in shown


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_json_refuses_what_json_lacks(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        object_text({"x": value})


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("ascii_only", [False, True])
def test_every_record_in_every_format(form, ascii_only):
    style = {"latex": "latex"}.get(form, "ascii" if ascii_only else "pretty")
    options = Options(ascii=ascii_only)
    records = [
        study_of(DECK_001, 2.0, 5.0),
        study_of("sqrt(x)", 0.0),
        study_of("x/0", 1.0),
        study_of("3 + 4"),
        study_of("ln(-x^2)", 1.0),
        trace_of(DECK_002, 2.0, 3.0, style=style),
        trace_of(DECK_002, 2.0, 3.0, mode="forward", style=style),
        comparison_of("x^2", "sin(x)*y"),
        replace(study_of(DECK_001, 2.0, 5.0), trace=trace_of(DECK_001, 2.0, 5.0, style=style)),
        function_list(),
        function_entry("polygamma"),
        example_list(),
        installation(),
    ]
    for record in records:
        shown = render(record, form, options)
        assert shown.endswith("\n")
        if form == "json":
            assert json.loads(shown) == record.to_dict()
        assert shown.isascii() or not ascii_only


def test_json_numbers_are_those_on_the_screen():
    record = study_of(DECK_001, 2.0, 5.0)
    data, screen = json.loads(render(record, "json", OPTIONS)), render(record, "rich", OPTIONS)
    shown = screen.replace("¦", "")
    for method in data["methods"].values():
        assert all(
            f"  {value:.17g}" in shown or f"  {value!r}".removesuffix(".0") in shown
            for value in method["gradient"].values()
        )


def test_csv_of_a_study_has_the_numbers_of_the_record():
    record = study_of(DECK_001, 2.0, 5.0)
    rows = list(csv.DictReader(io.StringIO(render(record, "csv", OPTIONS))))
    assert len(rows) == 2 * 4
    assert {row["method"] for row in rows} == {"judge", "finite", "forward", "reverse"}
    found = {(row["variable"], row["method"]): row["derivative"] for row in rows}
    assert found["x1", "reverse"] == "5.5"
    assert found["x2", "judge"].startswith("1.71633781453677373553336")


@pytest.mark.parametrize("form", ["rich", "json"])
@pytest.mark.parametrize("words", HOSTILE)
def test_errors_show_no_control_characters(form, words):
    error = DiffcliError(words, hint=words, text=words, place=Place(0, 1))
    shown = error_text(error, form, OPTIONS)
    assert all(character.isprintable() or character == "\n" for character in shown)
    if form == "json":
        assert json.loads(shown)["error"]["message"] == words


def test_the_lines_of_a_hint_stand_below_each_other():
    shown = error_text(DiffcliError("no", hint="write\na = x\n"), "rich", OPTIONS)
    assert shown.splitlines() == ["error: no", "  hint: write", "        a = x"]


def test_a_corrected_command_that_fills_the_screen_is_left_out():
    error = DiffcliError("no")
    error.command = "diffcli grad " + "x" * 10_000
    assert error_text(error, "rich", OPTIONS) == "error: no\n"


def test_caret_points_into_the_right_line_of_a_program():
    error = DiffcliError("no", text="a = x\nb = y +\na*b", place=Place(12, 13))
    shown = error_text(error, "rich", OPTIONS).splitlines()
    assert shown[1].strip() == "b = y +"
    assert shown[1][shown[2].index("^")] == "+"


def test_caret_in_a_very_long_line_stays_on_the_screen():
    error = DiffcliError("no", text="x" * 500 + "?" + "y" * 500, place=Place(500, 501))
    shown = error_text(error, "rich", Options(width=80)).splitlines()
    assert max(map(len, shown)) <= 80
    assert shown[1][shown[2].index("^")] == "?"


@pytest.mark.parametrize(
    ("word", "typed"),
    [
        ("x+y", '"x+y"'),
        ("@deck-001", "@deck-001"),
        ("x1=2,x2=5", "x1=2,x2=5"),
        ("$x$", "'$x$'"),
        ('a"b', "'a\"b'"),
        ("", "''"),
        ("a*b", '"a*b"'),
    ],
)
def test_quoted(word, typed):
    import shlex

    assert quoted(word) in (typed, f'"{word}"', word)
    assert shlex.split(quoted(word)) == [word]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_latex_compiles(tmp_path):
    """All screens and all hostile texts in one document, with no packages but the two that are named."""
    parts = [latex.document_text(everywhere(words)) for words in HOSTILE]
    parts += [
        render(study_of(DECK_001, 2.0, 5.0), "latex", OPTIONS),
        render(study_of("|x|*y", 0.0, 3.0), "latex", OPTIONS),
    ]
    parts += [
        render(trace_of(DECK_002, 2.0, 3.0, mode=mode, style="latex"), "latex", OPTIONS)
        for mode in ("reverse", "forward")
    ]
    parts += [
        render(r, "latex", OPTIONS)
        for r in (comparison_of("x^2", "sin(x)*y"), function_list(), function_entry("hypot"))
    ]
    page = "\\documentclass{article}\\usepackage{booktabs,amsmath}\\begin{document}\n%s\n\\end{document}\n"
    (tmp_path / "all.tex").write_text(page % "\n\n".join(parts), encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:].decode(errors="replace")


def test_a_document_is_data():
    """The same record gives equal documents, and none of them knows a format."""
    record = study_of(DECK_001, 2.0, 5.0)
    assert document(record, OPTIONS) == document(record, OPTIONS)
