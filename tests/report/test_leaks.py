import pandas as pd

from idfsr.report.leaks import add_marks, describe_leaks, lay_out_judges, marks_of

LEAKS = pd.DataFrame(
    [["dmdnet", "psnr", "‡"], ["dmdnet", "ids", "‡§"], ["bicubic", "ids", "§"]],
    columns=["method", "metric", "marks"],
)


def test_marks_in_a_column_of_the_table() -> None:
    table = pd.DataFrame({"method": ["bicubic", "dmdnet", "idfsr-ft"]})
    marked = add_marks(table, ["psnr", "ids"], marks_of(LEAKS))
    assert marked["leaks"].tolist() == ["ids §", "psnr ‡ ids ‡§", ""]


def test_a_footnote_for_each_mark_of_the_tables() -> None:
    seen, people = describe_leaks(["psnr", "ids"], marks_of(LEAKS))
    assert seen.startswith("‡ A network of the method was trained on this data set")
    assert people.startswith("§ The judge was trained on photographs of people")
    assert people.endswith("(IDS).")
    assert describe_leaks(["ssim"], marks_of(LEAKS)) == []


def test_networks_that_only_restore_come_last() -> None:
    columns = ["network", "part_of", "condition", "loss", "judge", "trained_on", "marks"]
    rows = [["a", "m", None, None, None, "FFHQ", None], ["b", None, None, None, "ids", None, "§"]]
    assert [row["network"] for row in lay_out_judges(pd.DataFrame(rows, columns=columns))] == [
        "b",
        "a",
    ]
