r"""A table as LaTeX with booktabs, ready for `\input`; and all tables as one document that compiles."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from mlbench.report.tables.model import Table, TableColumn, TableEntry

LONG = 34
"""Letters from which a column of words is set as a paragraph."""
LETTER, GAP = 0.0095, 0.017
"""What a letter, and the room between two columns, take of the line."""
FLOATS = 6
"""Tables that wait for a place at a time; LaTeX holds no more than some."""
WIDTH = 6
"""Columns beside the first that fit a page; a wider table is set in panels."""

_REPLACED = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\char34{}",
    "–": "--",
    "—": "---",
    "±": r"$\pm$",
    "−": r"$-$",
    "×": r"$\times$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "Δ": r"$\Delta$",
    "γ": r"$\gamma$",
    "τ": r"$\tau$",
    "α": r"$\alpha$",
    "β": r"$\beta$",
    "’": "'",
    "“": "``",
    "”": "''",
    "…": r"\dots{}",
    "·": r"$\cdot$",
}


@lru_cache(8192)
def escape(text: str) -> str:
    """Text that LaTeX prints as it stands; a letter that Latin fonts lack becomes its name's code point."""
    return "".join(_letter(letter) for letter in " ".join(text.split()))


def _letter(letter: str) -> str:
    if letter in _REPLACED:
        return _REPLACED[letter]
    if ord(letter) < 127 or (ord(letter) < 0x180 and letter.isalpha()):
        return letter
    plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return "".join(_REPLACED.get(part, part) for part in plain) or f"[U+{ord(letter):04X}]"


def to_latex(table: Table) -> str:
    """A `table` environment; a table wider than a page becomes several panels in it."""
    panels = []
    for columns, rows in table.panels(WIDTH):
        shape = _shape(columns, rows)
        head = _line(escape(column.title) for column in columns)
        body: list[tuple[str, str]] = []
        for row, entries in zip(table.rows, rows, strict=True):
            if row.kind == "reference" and (not body or body[-1][0] != "reference"):
                body.append(("reference", r"\midrule"))
            body.append((row.kind, _line(map(_entry, entries))))
        lines = [rf"\begin{{tabular}}{{{shape}}}", r"\toprule", head, r"\midrule"]
        lines += [line for _, line in body]
        panels.append("\n".join([*lines, r"\bottomrule", r"\end{tabular}"]))
    label = "tab:" + "".join(letter if letter.isalnum() or letter in "-." else "-" for letter in table.key)
    caption = escape(f"{table.title}. {table.caption}".strip())
    return "\n".join(
        [
            r"\begin{table}[!htbp]",
            r"\centering\footnotesize\setlength{\tabcolsep}{4pt}",
            rf"\caption{{{caption}}}",
            rf"\label{{{label}}}",
            "\n\n\\medskip\n".join(panels),
            r"\end{table}",
            "",
        ]
    )


def _shape(columns: Sequence[TableColumn], rows: Sequence[Sequence[TableEntry]]) -> str:
    """Numbers to the right, words to the left; long words in paragraphs that share what the others leave."""
    longest = [max((len(row[place].plain) for row in rows), default=0) for place in range(len(columns))]
    long = [not column.numeric and length > LONG for column, length in zip(columns, longest, strict=True)]
    total = sum(length for length, is_long in zip(longest, long, strict=True) if is_long)
    others = sum(
        max(length, len(column.title)) * LETTER
        for column, length, is_long in zip(columns, longest, long, strict=True)
        if not is_long
    )
    room = max(0.3, 0.98 - others - GAP * len(columns))
    return "".join(
        rf"p{{{max(0.12, room * length / total):.2f}\linewidth}}"
        if is_long
        else "r"
        if column.numeric
        else "l"
        for column, length, is_long in zip(columns, longest, long, strict=True)
    )


DocumentPart = tuple[str, Sequence[Table], Sequence[str]]
"""What a document has to say of one thing: its title, tables and paragraphs."""


def document(
    title: str, tables: Sequence[Table], lines: Sequence[str] = (), others: Sequence[DocumentPart] = ()
) -> str:
    """A document of paragraphs and tables, which needs booktabs and what every LaTeX brings; `others` follow, each on
    a page of its own."""
    body = _part(tables, lines) + "".join(
        f"\\clearpage\n\\section*{{{escape(heading)}}}\n{_part(more, said)}" for heading, more, said in others
    )
    return (
        "\\documentclass[10pt]{article}\n\\usepackage[T1]{fontenc}\n\\usepackage[utf8]{inputenc}\n"
        "\\usepackage{booktabs}\n\\usepackage[margin=18mm]{geometry}\n\\setlength{\\parindent}{0pt}\\setlength{\\parskip}{4pt}\n"
        f"\\title{{{escape(title)}}}\n\\date{{}}\n\\begin{{document}}\n\\maketitle\n{body}\n\\end{{document}}\n"
    )


def _part(tables: Sequence[Table], lines: Sequence[str]) -> str:
    groups = (
        "\n".join(map(to_latex, tables[start : start + FLOATS])) for start in range(0, len(tables), FLOATS)
    )
    return "\n\n".join(map(escape, lines)) + "\n\n" + "\\clearpage\n".join(groups)


def _line(cells: Iterable[str]) -> str:
    r"""A row; the braces keep `\\` and the rules before it from reading its first letters as their options."""
    return "{}" + " & ".join(cells) + r" \\"


def _entry(entry: TableEntry) -> str:
    text = escape(entry.text)
    if entry.best:
        text = rf"\textbf{{{text}}}"
    elif entry.near_best:
        text = rf"\underline{{{text}}}"
    if entry.spread:
        text += rf" {{\scriptsize$\pm${entry.spread}}}"
    return text + (rf" {{\scriptsize({escape(entry.note)})}}" if entry.note else "")
