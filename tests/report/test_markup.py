from idfsr.report.layout import Cell, Column, Layout, Row
from idfsr.report.markup import PrintedTable, escape_latex, to_latex, to_markdown

COLUMNS = (Column("psnr", "PSNR", "dB", "higher", 1), Column("idv", "IDV", "share", "higher", 3))


def make_table() -> PrintedTable:
    best, second = Cell("2.0", "[1.0, 3.0]", "best"), Cell("1.0", "", "second")
    plain = Cell("50.0", "", "")
    rows = (
        Row("One_two", ((best, plain), (second, plain))),
        Row("Three", ((second, plain), (best, plain))),
    )
    return PrintedTable("Table 1", "Caption, 100 %.", Layout(COLUMNS, (8, 16), rows))


def test_markdown() -> None:
    lines = to_markdown([make_table()], ["First.", "Second."]).splitlines()
    assert lines == [
        "**Table 1: Caption, 100 %.**",
        "",
        "| Method | ×8 PSNR (dB) ↑ | ×8 IDV (%) ↑ | ×16 PSNR (dB) ↑ | ×16 IDV (%) ↑ |",  # noqa: RUF001
        "| --- | ---: | ---: | ---: | ---: |",
        "| One_two | **2.0** | 50.0 | <u>1.0</u> | 50.0 |",
        "| Three | <u>1.0</u> | 50.0 | **2.0** | 50.0 |",
        "",
        "- First.",
        "- Second.",
    ]


def test_latex() -> None:
    text = to_latex([make_table()], ["5 % of a_b"])
    assert r"\caption{Caption, 100 \%.}" in text
    assert r"\label{tab:table1}" in text
    assert r"\begin{tabular}{lrrrr}" in text
    assert r" & \multicolumn{2}{c}{$\times8$} & \multicolumn{2}{c}{$\times16$} \\" in text
    assert r"\cmidrule(lr){2-3} \cmidrule(lr){4-5}" in text
    assert r"One\_two & \textbf{2.0} & 50.0 & \underline{1.0} & 50.0 \\" in text
    assert r"PSNR (dB) $\uparrow$ & IDV (\%) $\uparrow$ & PSNR" in text
    assert r"\item 5 \% of a\_b" in text
    assert text.count("{") == text.count("}")
    assert text.count(r"\begin{") == text.count(r"\end{")


def test_latex_is_ascii() -> None:
    assert escape_latex("×8 ± 2 ↑ ↓ – & #").isascii()  # noqa: RUF001
