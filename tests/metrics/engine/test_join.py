from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from idfsr.errors import IdfsrError
from idfsr.io.tables import write_table
from idfsr.metrics.engine.join import join_scores
from idfsr.metrics.engine.score_table import make_scores, write_scores


def make_rows(scale_factor: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "identity": ["a", "b"], "image": ["0", "0"], "method": "dr2",
            "scale_factor": scale_factor, "model_digest": "e1", "sr_image": b"",
        }
    )  # fmt: skip


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    """Scores of psnr, inception and attributes at x8 and x16; ten times as high at x16."""
    words = {"gt_gender_embedded": np.array(["female", "male"])}
    families = {
        "psnr": ({"psnr": np.array([1.0, 2.0]), "psnr_y": np.array([3.0, 4.0])}, {}),
        "inception": ({}, {"fid": 5.0, "kid": np.nan}),
        "attributes": (
            words
            | {
                "sr_gender_embedded": words["gt_gender_embedded"],
                "acc_gender_embedded": np.array([1.0, np.nan]),
            },
            {},
        ),
    }
    paths = []
    for name, (columns, of_the_set) in families.items():
        tables = []
        for scale_factor, factor in ((8, 1), (16, 10)):
            scaled = {
                column: values * factor if values.dtype == np.float64 else values
                for column, values in columns.items()
            }
            values = {metric: value * factor for metric, value in of_the_set.items()}
            tables.append(make_scores(make_rows(scale_factor), scaled, values))
        paths.append(tmp_path / f"{name}.parquet")
        write_scores(tables, paths[-1])
    return paths


def test_columns_are_in_the_order_of_the_settings_and_rows_of_one_scale(paths: list[Path]) -> None:
    names = ["acc_gender_embedded", "fid", "psnr", "kid"]
    table, facts = join_scores(paths, names, ["lpips"], 16)
    assert list(table) == [
        "identity", "image", "method", "scale_factor", "acc_gender_embedded", "gt_gender_embedded",
        "sr_gender_embedded", "psnr", "lpips", "model_digest",
    ]  # fmt: skip
    assert table["psnr"].tolist() == [10, 20]
    assert table["gt_gender_embedded"].tolist() == ["female", "male"]
    assert table["lpips"].isna().all()
    assert facts == {
        "method": "dr2", "scale_factor": 16, "num_images": 2, "fid": 50, "kid": None,
    }  # fmt: skip


def test_a_metric_of_the_set_without_weights_is_none(paths: list[Path]) -> None:
    table, facts = join_scores(paths[:1], ["psnr"], ["fid"], 8)
    assert facts["fid"] is None
    assert "fid" not in table


def test_what_does_not_belong_together_is_one_line(paths: list[Path], tmp_path: Path) -> None:
    with pytest.raises(IdfsrError, match="no scores given"):
        join_scores([], ["psnr"], [], 8)
    with pytest.raises(IdfsrError, match=r"found no scores of brisque at x8, wanted its family's"):
        join_scores(paths, ["psnr", "brisque"], [], 8)
    with pytest.raises(IdfsrError, match=r"psnr\.parquet: found scale factors 8, 16, wanted 4"):
        join_scores(paths, ["psnr"], [], 4)
    other = tmp_path / "other.parquet"
    write_scores([make_scores(make_rows(8)[:1], {"brisque": np.array([1.0])}, {})], other)
    with pytest.raises(IdfsrError, match=r"other\.parquet: found other images than in .*psnr"):
        join_scores([*paths, other], ["psnr"], [], 8)
    write_table(pd.DataFrame({"a": [1]}), other)
    with pytest.raises(IdfsrError, match=r"other\.parquet: found columns a, wanted identity, im"):
        join_scores([other], ["psnr"], [], 8)
    other.write_bytes(paths[0].read_bytes()[:-10])
    with pytest.raises(IdfsrError, match=r"other\.parquet: not a Parquet table"):
        join_scores([other], ["psnr"], [], 8)
