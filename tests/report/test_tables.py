from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from idfsr.errors import IdfsrError
from idfsr.io.tables import read_table, write_table
from idfsr.io.texts import write_json
from idfsr.report.intervals import correct_holm
from idfsr.report.tables import (
    Measurements,
    build_table,
    compare_pairs,
    read_csv,
    read_measurements,
    write_csv,
)

METHODS = ("bicubic", "idfsr-pt", "idfsr-ft")
WriteRun = Callable[..., tuple[list[Path], list[Path]]]


def test_rows_values_and_columns(measurements: Measurements) -> None:
    table = build_table(measurements, ("psnr", "ssim", "mobilenetv2_fd"), METHODS, 200)
    assert list(table) == [
        "method", "scale_factor", "num_images", "num_identities",
        "psnr", "psnr_lo", "psnr_hi", "ssim", "ssim_lo", "ssim_hi",
        "mobilenetv2_fd", "model_digest",
    ]  # fmt: skip
    assert list(zip(table["method"], table["scale_factor"], strict=True)) == [
        (method, scale_factor) for scale_factor in (8, 16) for method in METHODS
    ]
    assert table["psnr"].tolist() == [22, 24, 25.25, 21, 23, 24.25]
    assert table["psnr_lo"].tolist()[:3] == [21, 22, 24]
    assert table["psnr_hi"].tolist()[:3] == [25, 30, 29]
    assert table["ssim_lo"].tolist() == pytest.approx([0.5, 0.6, 0.7] * 2)
    assert table["ssim_hi"].tolist() == pytest.approx([0.5, 0.6, 0.7] * 2)
    assert table["mobilenetv2_fd"].tolist()[:3] == [10, 10, 10]
    assert table["mobilenetv2_fd"].isna().tolist()[3:] == [True, True, True]
    assert set(table["num_images"]) == {4}
    assert set(table["num_identities"]) == {2}


def test_age_difference_has_mean_and_spread(measurements: Measurements) -> None:
    table = build_table(measurements, ("age_diff_embedded", "idv_sface"), METHODS, 100)
    assert set(table["age_diff_embedded_mean"]) == {3}
    assert table["age_diff_embedded_std"].iloc[0] == pytest.approx((14 / 4) ** 0.5)
    assert set(table["idv_sface"]) == {0.5}
    assert "age_diff_embedded" not in table


@pytest.mark.parametrize("name", ["brisque", "mobilenetv2_distance"])
def test_what_could_not_be_computed_is_empty(
    measurements: Measurements, name: str, tmp_path: Path
) -> None:
    table = build_table(measurements, (name,), METHODS, 100)
    write_csv(table, tmp_path / "table.csv")
    lines = (tmp_path / "table.csv").read_text().splitlines()
    assert lines[1] == "bicubic,8,4,2,,,,"
    assert lines[2] == "idfsr-pt,8,4,2,,,,0123456789012e45"


def test_digest_survives_the_file(measurements: Measurements, tmp_path: Path) -> None:
    write_csv(build_table(measurements, ("psnr",), METHODS, 100), tmp_path / "table.csv")
    digests = read_csv(tmp_path / "table.csv")["model_digest"]
    assert digests.dropna().unique().tolist() == ["0123456789012e45"]


def test_csv_has_six_digits_and_the_same_bytes(tmp_path: Path) -> None:
    table = pd.DataFrame({"a": [1 / 3, 1234567.0, float("nan")], "b": [1, 2, 3]})
    for name in ("one", "two"):
        write_csv(table, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == b"a,b\n0.333333,1\n1.23457e+06,2\n,3\n"
    assert (tmp_path / "two").read_bytes() == (tmp_path / "one").read_bytes()


def test_paired_differences_by_hand(measurements: Measurements) -> None:
    paired = compare_pairs(measurements, ("psnr", "mobilenetv2_fd", "ids_sface"), METHODS, 500)
    rows = paired.set_index(["method_b", "scale_factor", "metric"])
    assert set(paired["method_a"]) == {"idfsr-ft"}
    # FT minus bicubic is 3, 3, 3 for a and 4 for b; minus PT it is 2, 2, 2 and -1
    assert rows.loc[("bicubic", 8, "psnr"), ["difference", "lo", "hi"]].tolist() == [3.25, 3, 4]
    assert rows.loc[("idfsr-pt", 8, "psnr"), ["difference", "lo", "hi"]].tolist() == [1.25, -1, 2]
    assert rows.loc[("idfsr-pt", 16, "ids_sface"), "difference"] == pytest.approx(-0.2)
    assert "mobilenetv2_fd" not in set(paired["metric"])
    assert set(paired["num_identities"]) == {2}
    families = paired.groupby(["scale_factor", "metric"])
    for _, family in families:
        assert sorted(family["p_holm"]) == sorted(correct_holm(family["p"].tolist()))
        assert (family["p_holm"] >= family["p"]).all()


def test_paired_rows_are_matched_by_name_not_by_place(write_run: WriteRun) -> None:
    metrics, set_metrics = write_run()
    write_table(read_table(metrics[2]).iloc[::-1], metrics[2])
    straight = read_measurements(*write_run(), METHODS)
    turned = read_measurements(metrics, set_metrics, METHODS)
    for name in ("psnr", "idv_sface"):
        pd.testing.assert_frame_equal(
            compare_pairs(straight, (name,), METHODS, 100),
            compare_pairs(turned, (name,), METHODS, 100),
        )


def test_no_fitted_model_no_pairs(write_run: WriteRun) -> None:
    metrics, set_metrics = write_run()
    measurements = read_measurements(metrics[:2], set_metrics[:2], METHODS)
    assert compare_pairs(measurements, ("psnr",), METHODS, 100).empty


def test_images_that_a_method_could_not_restore_are_counted_out(write_run: WriteRun) -> None:
    def drop_first(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.iloc[1:] if rows["method"].iloc[0] == "bicubic" else rows

    part = read_measurements(*write_run(drop_first), METHODS)
    whole = read_measurements(*write_run(), METHODS)
    table = build_table(part, ("psnr",), METHODS, 10)
    counts = table[table["scale_factor"] == 8].set_index("method")["num_images"]
    assert counts.to_dict() == {"bicubic": 3, "idfsr-pt": 4, "idfsr-ft": 4}
    pairs, all_pairs = (compare_pairs(run, ("psnr",), METHODS, 10) for run in (part, whole))
    # without 23 - 20, there are 24 - 21, 25 - 22 and 29 - 25 left
    assert pairs["difference"].iloc[0] == pytest.approx(10 / 3)
    assert all_pairs["difference"].iloc[0] == pytest.approx(13 / 4)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda rows: rows.drop(columns="model_digest"), "wanted model_digest"),
        (lambda rows: rows.assign(method="other"), "found other, wanted bicubic, idfsr-pt"),
        (lambda rows: pd.concat([rows, rows.iloc[:1]]), ": a/0, wanted it once for "),
        (
            lambda rows: rows.assign(psnr=[float("nan"), 1.0, 1.0, 1.0]),
            "/bicubic: psnr of 3 images among 4, wanted all or none",
        ),
    ],
)
def test_bad_metrics_are_refused(
    write_run: WriteRun, edit: Callable[[pd.DataFrame], pd.DataFrame], words: str
) -> None:
    with pytest.raises(IdfsrError) as caught:
        read_measurements(*write_run(edit), METHODS)
    assert words in str(caught.value)


def test_two_models_in_a_row_are_refused(write_run: WriteRun) -> None:
    files = write_run(lambda rows: rows.assign(model_digest=["1", "1", "2", "2"]))
    with pytest.raises(IdfsrError, match="models 1, 2, wanted the images of one model"):
        build_table(read_measurements(*files, METHODS), ("psnr",), METHODS, 100)


def test_bad_files_are_refused(write_run: WriteRun, tmp_path: Path) -> None:
    metrics, _ = write_run()
    path = tmp_path / "set.json"
    with pytest.raises(IdfsrError, match="no such file"):
        read_measurements(metrics, [path], METHODS)
    write_json(path, {"method": "bicubic"})
    with pytest.raises(IdfsrError, match="wanted JSON with method"):
        read_measurements(metrics, [path], METHODS)
    with pytest.raises(IdfsrError, match="at least one Parquet file"):
        read_measurements([], [], METHODS)
    with pytest.raises(IdfsrError, match="no such file, wanted a table of comma-sep"):
        read_csv(tmp_path / "none.csv")


def test_unknown_metric_is_refused(measurements: Measurements) -> None:
    with pytest.raises(IdfsrError, match="found niqe"):
        build_table(measurements, ("niqe",), METHODS, 100)


def test_images_without_a_face_are_counted_and_may_be_left_out(write_run: WriteRun) -> None:
    def leave_out(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(
            ids=[0.5, 0.7, np.nan, 0.6],
            gt_num_faces=[1.0, 1.0, 1.0, 2.0],
            sr_num_faces=[1.0, 1.0, 0.0, 1.0],
        )

    table = build_table(read_measurements(*write_run(leave_out), METHODS), ("ids",), METHODS, 10)
    assert table["ids"].tolist() == pytest.approx([0.6] * 6)
    assert set(table["num_sr_without_face"]) == {1}
    assert set(table["num_gt_without_face"]) == {0}
