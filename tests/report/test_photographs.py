from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from idfsr.errors import IdfsrError
from idfsr.io.tables import write_table
from idfsr.report.photographs import (
    choose_metrics,
    describe_knee,
    draw_curves,
    normalise,
    read_baseline,
    read_scores,
    summarise,
)

METRICS = {
    "Pixels": ["psnr"], "Identity": ["ids_sface"], "Attributes": ["acc_gender_embedded"],
}  # fmt: skip


@pytest.fixture
def table(tmp_path: Path) -> pd.DataFrame:
    """Two people with one image each, restored with 2, 3 and 4 photographs by two methods."""
    paths = []
    for number, gain in ((2, 0.0), (3, 0.95), (4, 1.0)):
        for method in ("idfsr-mean", "idfsr-ft"):
            key = pd.DataFrame({"identity": ["a", "b"], "image": "0", "scale_factor": 16})
            share = gain * (method == "idfsr-ft")
            families = {
                "psnr": {"psnr": [20 + share, 22 + share]},
                "sface": {"ids_sface": [0.6 - 0.1 * share] * 2},
                "attributes": {"acc_gender_embedded": [share, share]},
            }
            for family, columns in families.items():
                paths.append(tmp_path / f"counts/{number}/{family}/{method}.parquet")
                # scores of another family come in another order
                rows = key.assign(method=method, **columns).iloc[:: 1 if family == "psnr" else -1]
                write_table(rows, paths[-1])
    return read_scores(paths)


def test_scores_are_joined_by_image_and_number(table: pd.DataFrame) -> None:
    assert len(table) == 3 * 2 * 2
    row = table[(table["num_photographs"] == 4) & (table["method"] == "idfsr-ft")]
    assert row.set_index("identity").loc["b", ["psnr", "ids_sface"]].tolist() == [23.0, 0.5]
    assert choose_metrics(table) == METRICS


def test_worst_mean_is_0_and_best_is_1_whatever_the_direction(table: pd.DataFrame) -> None:
    scores = normalise(table, METRICS)
    means = scores.groupby(["method", "num_photographs"])[list(METRICS)].mean()
    np.testing.assert_allclose(means.loc["idfsr-ft"].to_numpy().T, [[0, 0.95, 1]] * 3, atol=1e-9)
    np.testing.assert_allclose(means.loc["idfsr-mean"], 0, atol=1e-9)


def test_knee_and_curves(table: pd.DataFrame, tmp_path: Path) -> None:
    baseline = table[table["num_photographs"] == 2].assign(method="idfsr-pt")
    write_table(baseline, tmp_path / "pt.parquet")
    with_pt = pd.concat([table, read_baseline([tmp_path / "pt.parquet"], ["a"])])
    assert len(with_pt) == len(table) + 2
    summary = summarise(normalise(with_pt, METRICS), with_pt, METRICS)
    assert describe_knee(summary, "idfsr-ft").endswith("beyond 2 photographs with 3.")
    assert describe_knee(summary, "idfsr-mean").endswith(
        "gains nothing from more than 2 photographs."
    )
    row = summary[(summary["quantity"] == "psnr") & (summary["method"] == "idfsr-pt")]
    assert row[["mean", "num_people"]].to_numpy().tolist() == [[20.0, 1]]
    panels = draw_curves(summary).axes
    assert [len(axes.lines) for axes in panels] == [3, 3, 3]


def test_group_without_a_metric_and_a_strange_name_are_one_line(table: pd.DataFrame) -> None:
    with pytest.raises(IdfsrError, match="found no metric of identity, wanted one of ids"):
        choose_metrics(table.drop(columns="ids_sface"))
    with pytest.raises(IdfsrError, match=r"wanted <photographs>/<family>/<method>\.parquet"):
        read_scores([Path("psnr/idfsr-ft.parquet")])
