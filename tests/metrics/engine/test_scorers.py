import logging
from pathlib import Path

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from idfsr.io.weights_list import read_manifest
from idfsr.metrics.engine.pairs import Pairs
from idfsr.metrics.engine.registry import METRICS, find_metrics
from idfsr.metrics.engine.scorers import drop_missing, score_psnr, score_ssim


def test_columns_of_colours_and_luma(degraded: list[np.ndarray]) -> None:
    gt, sr = np.stack(degraded[:1] * 2), np.stack(degraded[2:4])
    crops = np.zeros((2, 112, 112, 3), np.uint8)
    columns = score_psnr(Pairs(gt, sr, crops, crops)) | score_ssim(Pairs(gt, sr, crops, crops))
    assert set(columns) == {"psnr", "psnr_y", "ssim", "ssim_y"}
    for row in range(2):
        assert columns["psnr"][row] == pytest.approx(peak_signal_noise_ratio(gt[row], sr[row]))
        wanted = structural_similarity(
            gt[row], sr[row], gaussian_weights=True, use_sample_covariance=False, channel_axis=-1
        )
        assert columns["ssim"][row] == pytest.approx(wanted, abs=0.02)  # which treats the border


def test_metrics_whose_weights_are_not_there_are_left_out_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / read_manifest()["inception"].path
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    with caplog.at_level(logging.WARNING):
        metrics, missing = drop_missing(find_metrics(METRICS), tmp_path)
    names = [metric.name for metric in metrics]
    assert {"psnr", "fid", "kid", "ids_sface"} < set(names)
    assert missing == [
        "lpips", "clipiqa", "musiq", "ids", "idv", "acc_gender", "acc_emotion", "acc_race",
        "age_diff",
    ]  # fmt: skip
    assert len(caplog.records) == len(missing)
    assert f"ids: not computed, its column stays empty: no {tmp_path}/.deepface" in caplog.text
