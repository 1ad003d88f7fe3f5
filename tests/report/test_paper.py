from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from deepface.config.threshold import thresholds

from idfsr.constants import DEEPFACE_THRESHOLD
from idfsr.errors import IdfsrError
from idfsr.report.paper import COLUMNS, lay_out_paper, read_paper

PAPER = Path("config/paper.tsv")


def test_numbers_of_the_paper() -> None:
    rows = pd.read_csv(PAPER, sep="\t").set_index(["table", "method", "scale_factor", "metric"])
    values = rows["value"]
    assert len(values) == 8 * 2 * 7 + 7 * 5
    assert values.index.is_unique
    assert values[1, "idfsr-ft", 8, "psnr"] == 28.85
    assert values[1, "codeformer", 16, "ids"] == 0.6673
    assert values[1, "dmdnet", 16, "psnr"] == 17.38
    assert values[2, "idfsr-ft", 16, "idv"] == 0.896
    assert values[2, "difface", 16, "acc_emotion"] == 0.674
    assert rows.loc[(2, "asffnet", 16, "age_diff"), ["value", "spread"]].tolist() == [7.5, 7.2]


def test_smaller_identity_distance_goes_with_more_verified_identities() -> None:
    tables = read_paper(PAPER)
    distances = tables[1].query("scale_factor == 16").set_index("method")["ids"]
    shares = tables[2].set_index("method")["idv"]
    joined = pd.DataFrame({"ids": distances, "idv": shares}).dropna().sort_values("ids")
    assert joined.index[0] == "idfsr-ft"
    assert joined["idv"].is_monotonic_decreasing
    assert len(joined) == 7


def test_half_are_verified_where_the_distance_is_deepfaces_threshold() -> None:
    """The curve of the paper's own numbers tells VGG-Face's threshold from other recognisers'."""
    tables = read_paper(PAPER)
    distances = tables[1].query("scale_factor == 16").set_index("method")["ids"]
    joined = pd.DataFrame({"ids": distances, "idv": tables[2].set_index("method")["idv"]})
    joined = joined.dropna().sort_values("idv")
    median = np.interp(0.5, joined["idv"], joined["ids"])
    others = {row["cosine"] for name, row in thresholds.items() if row["cosine"] < 0.64}
    assert median == pytest.approx(DEEPFACE_THRESHOLD, abs=0.02)
    assert thresholds["VGG-Face"]["cosine"] == DEEPFACE_THRESHOLD
    assert all(abs(median - other) > 0.05 for other in others)


def test_eight_is_easier_than_sixteen() -> None:
    table = read_paper(PAPER)[1].pivot_table(index="method", columns="scale_factor")
    for name, direction in (("psnr", 1), ("ssim", 1), ("lpips", -1), ("fid", -1), ("ids", -1)):
        assert (direction * (table[name][8] - table[name][16]) > 0).all()


def test_best_and_second_best_are_those_the_paper_marks() -> None:
    layouts = lay_out_paper(PAPER)
    assert layouts[1].scale_factors == (8, 16)
    assert layouts[2].scale_factors == (16,)
    fitted = layouts[1].rows[-1]
    assert fitted.label == "IDFSR (FT)"
    fid = [column.key for column in layouts[1].columns].index("fid")
    assert [group[fid].rank for group in fitted.groups] == ["second", "best"]
    assert [group[0].rank for group in fitted.groups] == ["best", "best"]
    assert layouts[2].rows[-1].groups[0][4].text == "3.3 ± 1.7"
    assert layouts[2].rows[-1].groups[0][2].text == "66.2"


def test_every_number_is_printed() -> None:
    for number, table in read_paper(PAPER).items():
        assert {column.key for column in COLUMNS[number]} <= set(table)
        assert table[[column.key for column in COLUMNS[number]]].notna().all(axis=None)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(IdfsrError, match="no such file"):
        read_paper(tmp_path / "none.tsv")
    (tmp_path / "other.tsv").write_text("a\tb\n1\t2\n")
    with pytest.raises(IdfsrError, match="found columns a, b, wanted table, method"):
        read_paper(tmp_path / "other.tsv")
