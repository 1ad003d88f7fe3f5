"""Layouts as Markdown and as LaTeX: the best number bold, the second best underlined."""

from collections.abc import Sequence
from dataclasses import dataclass

from idfsr.report.layout import NOT_COMPUTED, TIMES, Cell, Layout, scale_label


@dataclass(frozen=True)
class PrintedTable:
    """A layout with its caption."""

    title: str
    """E.g. "Table 1"."""
    caption: str
    layout: Layout


_MARKDOWN_RANKS = {"": "{}", "best": "**{}**", "second": "<u>{}</u>"}
_LATEX_RANKS = {"": "{}", "best": r"\textbf{{{}}}", "second": r"\underline{{{}}}"}

_LATEX_SPECIAL = str.maketrans(
    {
        "%": r"\%",
        "&": r"\&",
        "_": r"\_",
        "#": r"\#",
        "↑": r"$\uparrow$",
        "↓": r"$\downarrow$",
        "±": r"$\pm$",
        TIMES: r"$\times$",
        "†": r"\dag{}",
        "‡": r"\ddag{}",
        "§": r"\S{}",
        "¶": r"\P{}",
        NOT_COMPUTED: "--",
    }
)


def _markdown_cell(cell: Cell) -> str:
    return _MARKDOWN_RANKS[cell.rank].format(cell.text)


def markdown_table(table: PrintedTable) -> list[str]:
    """Return the lines of a table as Markdown."""
    layout = table.layout
    headings = [
        f"{scale_label(scale_factor)} {column.heading}"
        for scale_factor in layout.scale_factors
        for column in layout.columns
    ]
    lines = [f"**{table.title}: {table.caption}**", "", f"| Method | {' | '.join(headings)} |"]
    lines.append(f"| --- |{' ---: |' * len(headings)}")
    for row in layout.rows:
        cells = [_markdown_cell(cell) for group in row.groups for cell in group]
        lines.append(f"| {row.label} | {' | '.join(cells)} |")
    return lines


def to_markdown(tables: Sequence[PrintedTable], footnotes: Sequence[str]) -> str:
    """Print tables one below the other, with footnotes below all of them."""
    blocks = ["\n".join(markdown_table(table)) for table in tables]
    blocks.append("\n".join(f"- {note}" for note in footnotes))
    return "\n\n".join(blocks) + "\n"


def escape_latex(text: str) -> str:
    """Return plain text as LaTeX."""
    return text.translate(_LATEX_SPECIAL)


def _label(title: str) -> str:
    """Return a name for LaTeX's references, e.g. "table1x8" for "Table 1, x8"."""
    return "".join(filter(str.isalnum, title.lower().replace(TIMES, "x")))


def latex_table(table: PrintedTable) -> list[str]:
    """Return the lines of a table as LaTeX."""
    layout = table.layout
    width = len(layout.columns)
    spans = [
        rf"\multicolumn{{{width}}}{{c}}{{$\times{scale_factor}$}}"
        for scale_factor in layout.scale_factors
    ]
    rules = [
        rf"\cmidrule(lr){{{2 + width * number}-{1 + width * (number + 1)}}}"
        for number in range(len(layout.scale_factors))
    ]
    headings = [escape_latex(column.heading) for column in layout.columns]
    lines = [
        r"\begin{table*}",
        r"\centering",
        rf"\caption{{{escape_latex(table.caption)}}}",
        rf"\label{{tab:{_label(table.title)}}}",
        r"\resizebox{\textwidth}{!}{%",
        rf"\begin{{tabular}}{{l{('r' * width) * len(layout.scale_factors)}}}",
        r"\toprule",
        rf" & {' & '.join(spans)} \\",
        " ".join(rules),
        rf"Method & {' & '.join(headings * len(layout.scale_factors))} \\",
        r"\midrule",
    ]
    for row in layout.rows:
        cells = [
            _LATEX_RANKS[cell.rank].format(escape_latex(cell.text))
            for group in row.groups
            for cell in group
        ]
        lines.append(rf"{escape_latex(row.label)} & {' & '.join(cells)} \\")
    return [*lines, r"\bottomrule", r"\end{tabular}}", r"\end{table*}"]


def to_latex(tables: Sequence[PrintedTable], footnotes: Sequence[str]) -> str:
    """Print tables for a document with `booktabs` and `graphicx`, footnotes below all of them."""
    lines = [r"% Needs \usepackage{booktabs,graphicx}."]
    for table in tables:
        lines += ["", *latex_table(table)]
    lines += ["", r"\begin{itemize}\footnotesize"]
    lines += [rf"\item {escape_latex(note)}" for note in footnotes]
    return "\n".join([*lines, r"\end{itemize}"]) + "\n"
